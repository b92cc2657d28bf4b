/**
 * Which fields the ops of the trace format have, and what stands in them; likewise those of the results. A reader checks them
 * once, so that whoever replays can rely on them.
 *
 *     address   `SYM`, `SYM+N-N…` or `0x…`           size   0 to 2^64 - 1, a number or a text
 *     whole     a whole number of either sign         word   a text         words   a text or a number
 *
 *     maps, pages, shares, memory   the state, as recording.ts has it
 *
 * A `?` behind a field: it may be missing. Ops that are not here are not refused: they cannot be replayed.
 */
import { isObject } from '../fields.ts';

type FieldKind =
  | 'address'
  | 'size'
  | 'whole'
  | 'word'
  | 'words'
  | 'names'
  | 'list'
  | 'object'
  | 'maps'
  | 'pages'
  | 'shares'
  | 'memory';
type FieldTable = Readonly<Record<string, FieldKind>>;

/** An address is resolved whatever the op is, before it is done. */
const COMMON: FieldTable = {
  'p?': 'word',
  'as?': 'word',
  'probe?': 'whole',
  'addr?': 'address',
  'naddr?': 'address',
  'vec?': 'address',
};
const RANGE: FieldTable = { addr: 'address', len: 'size' };
const FILE_RANGE: FieldTable = { file: 'word', off: 'size', len: 'size' };
const FILE_CALL: FieldTable = { fd: 'words', addr: 'address', len: 'size', off: 'size' };

export const OP_FIELDS: Readonly<Record<string, FieldTable>> = {
  mmap: { 'addr?': 'address', len: 'size', prot: 'word', flags: 'words', 'fd?': 'words', 'off?': 'size' },
  munmap: RANGE,
  mprotect: { ...RANGE, prot: 'word' },
  mremap: { addr: 'address', old: 'size', new: 'size', flags: 'words', 'naddr?': 'address' },
  madvise: { ...RANGE, advice: 'words' },
  mlock: RANGE,
  munlock: RANGE,
  mlock2: { ...RANGE, flags: 'words' },
  mlockall: { flags: 'words' },
  munlockall: {},
  msync: { ...RANGE, flags: 'words' },
  mincore: { ...RANGE, 'vec?': 'address' },
  mseal: { ...RANGE, 'flags?': 'words' },
  remap_file_pages: { ...RANGE, 'prot?': 'words', pgoff: 'size', 'flags?': 'words' },
  brk: { addr: 'address' },
  sbrk: { delta: 'whole' },
  read: { addr: 'address', 'size?': 'size' },
  write: { addr: 'address', 'size?': 'size', val: 'size' },
  rmw: { addr: 'address', val: 'size' },
  touch: { ...RANGE, rw: 'word', 'val?': 'size' },
  exec: { addr: 'address' },
  fork: { child: 'word' },
  exit: { 'code?': 'whole' },
  wait: {},
  setrlimit: { res: 'word', 'val?': 'words', 'rel?': 'whole' },
  file: { file: 'word', fs: 'word', size: 'size', fill: 'word' },
  open: { fd: 'word', file: 'word', mode: 'word' },
  close: { fd: 'word' },
  ftruncate: { file: 'word', size: 'size' },
  fwrite: { file: 'word', off: 'size', hex: 'word' },
  fread: FILE_RANGE,
  fsync: { file: 'word' },
  punch: FILE_RANGE,
  dropcache: { file: 'word' },
  sysread: FILE_CALL,
  syswrite: FILE_CALL,
  shmget: { shm: 'word', size: 'size' },
  shmat: { shm: 'word', 'addr?': 'address', flags: 'words' },
  shmdt: { addr: 'address' },
  shmrm: { shm: 'word' },
  peek: { addr: 'address' },
  poke: { addr: 'address', val: 'size' },
  reclaim: {},
  memlimit: { val: 'words', 'noswap?': 'whole' },
  sysctl: { name: 'word', val: 'words', 'add?': 'whole' },
  sleep: { ms: 'whole' },
  snap: {},
};

/** The state, of `base` or in a result. */
export const STATE_FIELDS: FieldTable = { 'maps?': 'maps', 'pt?': 'pages', 'share?': 'shares' };

export const RESULT_FIELDS: FieldTable = {
  'ret?': 'words',
  'err?': 'word',
  'sig?': 'word',
  'code?': 'word',
  'fa?': 'word',
  'pfec?': 'whole',
  'val?': 'word',
  'vec?': 'word',
  'hex?': 'word',
  'n?': 'whole',
  'f?': 'word',
  'skip?': 'word',
  'status?': 'whole',
  'wsig?': 'word',
  'killed?': 'word',
  'min?': 'whole',
  'maj?': 'whole',
  'pg?': 'word',
  ...STATE_FIELDS,
  'mem?': 'memory',
  'nd?': 'names',
};

export const TRACE_FIELDS: FieldTable = {
  trace: 'word',
  family: 'word',
  'note?': 'word',
  'nostack?': 'words',
  'zswap?': 'words',
  ops: 'list',
  'base?': 'object',
  results: 'list',
};

const KINDS: Readonly<Record<FieldKind, { readonly holds: (value: unknown) => boolean; readonly what: string }>> = {
  address: { holds: isAddress, what: 'an address: `ARENA+0x1000`, `A-4096`, `0x…`' },
  size: { holds: isSize, what: 'a whole number from 0 to 2^64 - 1' },
  whole: { holds: isWhole, what: 'a whole number' },
  word: { holds: isText, what: 'a text' },
  words: { holds: (value) => typeof value === 'string' || Number.isSafeInteger(value), what: 'a text or a number' },
  names: { holds: (value) => Array.isArray(value) && value.every(isText), what: 'a list of names of fields' },
  list: { holds: Array.isArray, what: 'a list' },
  object: { holds: isObject, what: 'an object' },
  maps: {
    holds: ofEachProcess((row) => isRow(row, ['string', 'string', 'string', 'number', 'string', 'string'])),
    what: 'lists of [start, end, perms, offset, name, VmFlags] by process',
  },
  pages: {
    holds: ofEachProcess((row) => isRow(row, ['string', 'string'])),
    what: 'lists of [start of the area, page classes] by process',
  },
  shares: {
    holds: (value) => Array.isArray(value) && value.every(isShare),
    what: 'a list of [place, place, …, pages]',
  },
  memory: { holds: isMemory, what: 'the figures of `status` and `smaps` by process' },
};

/** What is wrong with the first wrong field of the object; null when all are right. */
export function wrongField(object: Readonly<Record<string, unknown>>, table: FieldTable): string | null {
  for (const [field, kind] of Object.entries(table)) {
    const name = field.replace('?', '');
    const value = object[name];
    if (value === undefined && field !== name) continue;
    const { holds, what } = KINDS[kind];
    if (holds(value)) continue;
    const got = value === undefined ? 'it is missing' : `not ${JSON.stringify(value).slice(0, SHOWN_MAX)}`;
    return `\`${name}\` must be ${what}: ${got}`;
  }
  return null;
}

/** What is wrong with an op, whatever it is. */
export function wrongOp(op: Readonly<Record<string, unknown>>): string | null {
  if (typeof op.op !== 'string') return '`op` must be a text: it names the operation';
  const own = Object.hasOwn(OP_FIELDS, op.op) ? OP_FIELDS[op.op]! : {};
  return wrongField(op, { ...COMMON, ...own });
}

const SHOWN_MAX = 40;

/** A name or a number, then numbers added to it or taken from it; of several signs the recorder went by the last. */
const ADDRESS = /^(?:[A-Za-z_]\w*|0x[0-9a-fA-F]+|\d+)(?:[+-]+(?:0x[0-9a-fA-F]+|\d+))*$/;

function isAddress(value: unknown): boolean {
  return typeof value === 'string' && ADDRESS.test(value);
}

function isSize(value: unknown): boolean {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  return typeof value === 'string' && isInteger(value) && BigInt(value) >= 0n && BigInt(value) < 2n ** 64n;
}

function isWhole(value: unknown): boolean {
  return typeof value === 'number' ? Number.isSafeInteger(value) : typeof value === 'string' && isInteger(value);
}

const isInteger = (text: string): boolean => /^(?:0x[0-9a-fA-F]+|-?\d+)$/.test(text);

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function ofEachProcess(holds: (row: unknown) => boolean): (value: unknown) => boolean {
  return (value) => isObject(value) && Object.values(value).every((rows) => Array.isArray(rows) && rows.every(holds));
}

function isRow(row: unknown, types: readonly ('string' | 'number')[]): boolean {
  return Array.isArray(row) && row.length === types.length && row.every((item, index) => typeof item === types[index]);
}

function isShare(row: unknown): boolean {
  return Array.isArray(row) && typeof row.at(-1) === 'number' && row.slice(0, -1).every(isText);
}

function isMemory(value: unknown): boolean {
  const isFigures = (figures: unknown) =>
    isObject(figures) && Object.values(figures).every((kib) => typeof kib === 'number');
  const isAreaFigures = (row: unknown) => Array.isArray(row) && row.length === 2 && isText(row[0]) && isFigures(row[1]);
  const isProcess = (process: unknown) =>
    isObject(process) &&
    isFigures(process.status) &&
    Array.isArray(process.smaps) &&
    process.smaps.every(isAreaFigures);
  return isObject(value) && Object.values(value).every(isProcess);
}
