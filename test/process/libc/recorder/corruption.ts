/**
 * Programs that break the heap so that one check of the library finds it. Each says what it is meant to end with, for the
 * recording to be held against what its author wanted.
 *
 * A chunk's header lies 16 bytes before the block: at -16 the size of a free chunk before it, at -8 its own size and flags.
 */
import type { Script } from './script.ts';

export interface Corruption {
  readonly name: string;
  /** The line on the standard error stream, or the signal when there is none; null: the program carries on. */
  readonly message: string | null;
  readonly write: (script: Script) => void;
}

/** Requests that fastbins, small bins and large bins serve, once the tcache is full. */
export const FAST = 40;
export const SMALL = 200;
export const LARGE = 1500;

/** Bytes of the chunk for a request. */
export function chunkOf(size: number): number {
  return Math.max(32, (size + 8 + 15) & ~15);
}

/** Seven blocks in the tcache list of `size`, then `count` more of that size, still allocated, a guard behind each. */
export function beyondTcache(script: Script, size: number, count: number): number[] {
  const cached = script.mallocs(7, size);
  script.malloc(24);
  const blocks: number[] = [];
  for (let index = 0; index < count; index++) {
    blocks.push(script.malloc(size));
    script.malloc(24);
  }
  for (const slot of cached) script.free(slot);
  return blocks;
}
