/** One change to one expectation of a scenario file at a time, each of which must make it fail. */
import { type Document, isMap, isScalar, isSeq, type Node, type Pair, parseDocument, type Scalar } from 'yaml';

export interface Mutation {
  /** `steps.4.expect.fault: copy-on-write → none`. */
  readonly what: string;
  readonly text: string;
}

/** For each expectation word, one that it is not. */
const OTHER: Readonly<Record<string, string>> = {
  hit: 'miss',
  miss: 'hit',
  ok: 'EINVAL',
  SEGV_MAPERR: 'SEGV_ACCERR',
  SEGV_ACCERR: 'SEGV_MAPERR',
  SI_KERNEL: 'SEGV_MAPERR',
  BUS_ADRERR: 'SEGV_MAPERR',
  'not-present': 'write',
  block: 'NULL',
  NULL: 'block',
  'invalid-read': 'invalid-write',
  'invalid-write': 'invalid-read',
  'invalid-free': 'mismatched-free',
  'mismatched-free': 'invalid-free',
};

/** Every scalar below an `expect:`, changed. */
export function mutations(text: string): Mutation[] {
  const document = parseDocument(text);
  const found: Mutation[] = [];
  visit(document.contents as Node | null, [], false, (path, scalar, key) => {
    // The word NULL without quotes, which YAML reads as nothing.
    const before = scalar.value ?? (key === 'result' ? 'NULL' : null);
    const after = changed(before, key);
    if (after === null || !scalar.range) return;
    const [start, end] = scalar.range;
    found.push({
      what: `${path.join('.')}: ${String(before)} → ${String(after)}`,
      text: text.slice(0, start) + JSON.stringify(after) + text.slice(end),
    });
  });
  return found;
}

function visit(
  node: Node | Document | null,
  path: readonly string[],
  inside: boolean,
  found: (path: readonly string[], scalar: Scalar, key: string) => void,
): void {
  if (isMap(node)) {
    for (const pair of node.items as Pair<Scalar, Node>[]) {
      const key = String(pair.key.value);
      visit(pair.value, [...path, key], inside || key === 'expect', found);
    }
  } else if (isSeq(node)) {
    for (const [index, item] of node.items.entries()) visit(item as Node, [...path, String(index)], inside, found);
  } else if (isScalar(node) && inside) {
    found(path, node, path.findLast((part) => !/^\d+$/.test(part)) ?? '');
  }
}

/** Another value of the same kind that cannot hold as well; null when there is none to be had by rule. */
function changed(value: unknown, key: string): string | number | boolean | null {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'boolean') return !value;
  if (typeof value !== 'string') return null;
  switch (key) {
    // One page further on, whatever it was.
    case 'address':
    case 'evicted':
    case 'physical':
      return `(${value})+4096`;
    case 'value':
    case 'byte':
    case 'free':
    case 'largestFree':
      return `(${value})+1`;
    // Names of processes: one that the file has not got would not load.
    case 'processes':
      return null;
    case 'maps':
      return value.replace(/(?<= )[r-][w-][x-][ps]/, (perms) => (perms === '--xs' ? '---p' : '--xs'));
    case 'output':
    case 'prints':
      return `${value}?`;
    case 'result':
      return OTHER[value] ?? `${value}?`;
    case 'errors':
      return OTHER[value] ?? 'invalid-read';
    case 'bytes':
      return value.replace(/^./, (digit) => (digit === '1' ? '2' : '1'));
    // As many bytes as before: another number of them is refused before the run.
    case 'text':
      return `${value.slice(0, -1)}${value.endsWith('?') ? '!' : '?'}`;
    case 'signal':
      return value === 'SIGBUS' ? 'SIGSEGV' : 'SIGBUS';
    case 'killedBy':
      return value === 'SIGBUS' ? 'SIGKILL' : 'SIGBUS';
    case 'errno':
      return value === 'ok' ? 'EINVAL' : 'ok';
    case 'fault':
    case 'kind':
      return value === 'reuse' ? 'copy-on-write' : 'reuse';
    case 'vec':
      return value.replace(/.$/, (digit) => (digit === '1' ? '0' : '1'));
    default:
      return OTHER[value] ?? ofKernel(value);
  }
}

/** Kernel figures stand under names that the file chose: bytes, a VmFlag, all VmFlags of an area. */
function ofKernel(value: string): string | null {
  if (/^\d+KiB$/.test(value)) return `${Number.parseInt(value, 10) + 4}KiB`;
  if (/^-?[a-z]{2}$/.test(value)) return value.startsWith('-') ? value.slice(1) : `-${value}`;
  return /^[a-z]{2}( [a-z]{2})+$/.test(value) ? value.slice(0, -3) : null;
}
