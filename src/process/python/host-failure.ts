/**
 * When code that somebody else wrote as an allocator goes wrong: it throws, recurses without end, or answers or asks for
 * what no allocator can. Neither the program's fault nor ours, so an InputError that says whose function it was.
 */
import { InputError } from '../../mmu/input-error.ts';
import { InvariantError } from '../../mmu/invariant.ts';
import { SIZE_BITS, type Size, sizeOf } from '../allocator.ts';
import { ProgramStopped } from '../program-stopped.ts';

/** MEM-API-022. The program's allocators may be halfway through something. */
export class HostFailure extends InputError {}

const SIZE_END = 2n ** BigInt(SIZE_BITS);

function failure(name: string, method: string, what: string, hint: string): HostFailure {
  return new HostFailure({
    code: 'MEM-API-022',
    message: `the allocator \`${name}\` ${what} in its \`${method}\``,
    hint,
  });
}

/**
 * What to throw on when `reason` came out of a host allocator's function: a failure of the allocator. What is not its doing
 * stays as it is: the program stopped by a signal, a failure told already, a rule of our own that broke below it.
 */
export function hostReason(name: string, method: string, reason: unknown): unknown {
  if (reason instanceof ProgramStopped || reason instanceof InputError || reason instanceof InvariantError) {
    return reason;
  }
  return failure(name, method, `threw ${described(reason)}`, 'to refuse a request, return 0; errors end the step');
}

/** `answer` as the address that it must be. */
export function hostAddress(name: string, method: string, answer: unknown): number {
  if (typeof answer === 'number' && Number.isSafeInteger(answer) && answer >= 0) return answer;
  throw failure(name, method, `answered ${described(answer)}`, 'an address is a whole number, 0 or more; 0 is NULL');
}

/** A size that it passes on. */
export function hostSize(name: string, method: string, size: unknown): Size {
  const isWhole = typeof size === 'bigint' || (typeof size === 'number' && Number.isInteger(size));
  if (isWhole && size >= 0 && size < SIZE_END) return sizeOf(size);
  throw failure(name, `call.lower.${method}`, `passed on ${described(size)}`, 'a size is a whole number of 64 bits');
}

/** A pointer that it passes on: the program's, and so any at all, but a number. */
export function hostPointer(name: string, method: string, pointer: unknown): number {
  if (typeof pointer === 'number' && Number.isInteger(pointer) && pointer >= 0) return pointer;
  throw failure(name, `call.lower.${method}`, `passed on ${described(pointer)}`, 'a pointer is a whole number');
}

/** Index of one of its own words. */
export function hostIndex(name: string, method: string, words: number, index: unknown): number {
  if (typeof index === 'number' && Number.isInteger(index) && index >= 0 && index < words) return index;
  const hint =
    words === 0 ? 'it was added with `words: 0`' : `it was added with \`words: ${words}\`: 0 to ${words - 1}`;
  throw failure(name, `call.${method}`, `named word ${described(index)}`, hint);
}

export function hostWord(name: string, value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw failure(name, 'call.setWord', `set ${described(value)}`, 'a word holds a whole number from 0 to 2^53 - 1');
}

const SHOWN = 120;

function described(what: unknown): string {
  let text: string;
  try {
    text = typeof what === 'string' ? `'${what}'` : String(what);
  } catch {
    text = 'what has no text';
  }
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
}
