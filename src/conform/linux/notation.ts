/** How the recordings write addresses, sizes, protections and flags (FORMAT.md, sections 2 and 3). */
import { MAP_FLAGS, PROT_FLAGS, PROT_LETTERS } from '../../kernel/flag-names.ts';

/** Places of the recording machine (CONSTANTS.json); STACK and TOP are end addresses. */
export const BASES = {
  TEXT: 0x400000,
  HEAP: 0x401000,
  ARENA: 0x100000000000,
  SCRATCH: 0x200000000000,
  TOP: 0x7ffff7fff000,
  STACK: 0x7ffffffff000,
} as const;

const FIXED_SYMBOLS: Readonly<Record<string, number>> = {
  TEXT: BASES.TEXT,
  HEAP: BASES.HEAP,
  ARENA: BASES.ARENA,
  TOP: BASES.TOP,
  STACK: BASES.STACK,
};
const HEAP_END = 2 ** 40;
/** Between the scratch area and what counts as "somewhere below TOP" nothing symbolic is near. */
const BELOW_TOP = 0x400000000000;

/** Names bound by `as`. */
export type Bindings = Map<string, bigint>;

/** `SYM+N-N…` modulo 2^64, or null when a symbol is not bound. */
export function parseAddress(text: string, bindings: Bindings): number | bigint | null {
  let sum = 0n;
  for (const [, sign, term] of text.matchAll(/([+-]?)\s*([A-Za-z0-9_]+)/g)) {
    let value: bigint;
    if (/^[0-9]/.test(term!)) {
      value = BigInt(term!);
    } else {
      const fixed = Object.hasOwn(FIXED_SYMBOLS, term!) ? FIXED_SYMBOLS[term!] : undefined;
      const bound = fixed === undefined ? bindings.get(term!) : BigInt(fixed);
      if (bound === undefined) return null;
      value = bound;
    }
    sum += sign === '-' ? -value : value;
  }
  return narrow(BigInt.asUintN(64, sum));
}

/** A length, offset or limit: a number, or a string above 2^53. */
export function parseSize(value: number | string): number | bigint {
  return narrow(BigInt.asUintN(64, BigInt(value)));
}

/** A number where that is exact. */
export function narrow(value: bigint): number | bigint {
  return value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value;
}

/** The one canonical form of an address in results. */
export function formatAddress(address: number | bigint): string {
  const hex = (value: number | bigint) => `0x${value.toString(16)}`;
  if (typeof address === 'bigint' || address > BASES.STACK) return hex(address);
  if (address > BASES.TOP) return `STACK-${hex(BASES.STACK - address)}`;
  if (address >= BELOW_TOP) return `TOP-${hex(BASES.TOP - address)}`;
  if (address >= BASES.ARENA && address < BASES.SCRATCH) return `ARENA+${hex(address - BASES.ARENA)}`;
  if (address >= BASES.HEAP && address < HEAP_END) return `HEAP+${hex(address - BASES.HEAP)}`;
  return hex(address);
}

const PROT_NAMES = { none: 0, '-': 0, ...PROT_FLAGS };

/** PROT_* bits of `rw|growsdown|0x80`; null for a word that is none of these. */
export function parseProtection(text: string): number | null {
  let bits = 0;
  for (const part of text.split('|')) {
    const whole = parseFlags(part, PROT_NAMES);
    const found = whole ?? parseFlags([...part].join('|'), PROT_LETTERS);
    if (found === null) return null;
    bits |= found;
  }
  return bits;
}

const MAP_NAMES = { ...MAP_FLAGS, anon: MAP_FLAGS.anonymous, uninit: MAP_FLAGS.uninitialized };

/** MAP_* bits of `private|anon|fixed`; null for a name this emulator does not know. */
export const parseMapFlags = (text: string): number | null => parseFlags(text, MAP_NAMES);

/** Bits of names, or of numbers, joined by `|`; null for a name that is not among these. */
export function parseFlags(text: string | number, names: Readonly<Record<string, number>>): number | null {
  let bits = 0;
  for (const part of String(text).split('|')) {
    const value = Object.hasOwn(names, part) ? names[part]! : isNumber(part) ? Number(part) : null;
    if (value === null) return null;
    bits |= value;
  }
  return bits;
}

const isNumber = (text: string): boolean => /^(?:0x[0-9a-f]+|-?\d+)$/i.test(text);

/** `3m2.` of single letters. */
export function runLengths(letters: string): string {
  return letters.replace(/(.)\1*/g, (run, letter: string) => `${run.length}${letter}`);
}

/** Where two run-length coded texts differ first: which letter of them, and what stands there; undefined behind the end. */
export interface RunDifference {
  readonly at: number;
  readonly left: string | undefined;
  readonly right: string | undefined;
}

/** Null when they are equal. Runs are not spelt out: an area may have 2^35 pages. */
export function firstRunDifference(left: string, right: string): RunDifference | null {
  const [ends, others] = [runEnds(left), runEnds(right)];
  let [i, j, at] = [0, 0, 0];
  while (i < ends.length || j < others.length) {
    const [one, other] = [ends[i], others[j]];
    if (one === undefined || other === undefined || one.letter !== other.letter) {
      return { at, left: one?.letter, right: other?.letter };
    }
    at = Math.min(one.end, other.end);
    if (one.end === at) i++;
    if (other.end === at) j++;
  }
  return null;
}

/** Each run's letter and where it ends, from the beginning of the text. */
function runEnds(text: string): { readonly letter: string; readonly end: number }[] {
  let end = 0;
  return Array.from(text.matchAll(/(\d+)(.)/g), ([, count, letter]) => {
    end += Number(count);
    return { letter: letter!, end };
  });
}
