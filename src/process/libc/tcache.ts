/**
 * The thread's cache: recently freed chunks of up to 0x410 bytes, given out again last in, first out, before anything else
 * is looked at. Its chunks still look used to their neighbours, so nothing is joined.
 *
 *     tcache_perthread_struct, the payload of the heap's first chunk (0x290 bytes)
 *       +0    counts[64]   16 bits each, at most 7
 *       +128  entries[64]  payload of the youngest chunk of each size, 0x20, 0x30 ... 0x410
 *     a cached chunk's payload
 *       +0    next         protected (layout.ts:protect)
 *       +8    key          marks "freed already"; zeroed when given out
 *
 * glibc draws the key at random; here it is a constant, so that runs repeat.
 */
import { corrupted } from './failure.ts';
import {
  INEXACT,
  isMisaligned,
  moveRevealed,
  protect,
  reveal,
  TCACHE_BINS,
  TCACHE_FILL,
  WORD_BYTES,
} from './layout.ts';
import type { Arena } from './state.ts';

export const TCACHE_BYTES = TCACHE_BINS * 10;
/** Below 2^53, so that comparing with it needs no exact read: a rounded word is never equal. */
export const TCACHE_KEY = 0x1b_7c3a_91e5_d24f;
const ENTRIES = TCACHE_BINS * 2;
const KEY = WORD_BYTES;

export function entryAt(tcache: number, index: number): number {
  return tcache + ENTRIES + WORD_BYTES * index;
}

export function countAt(tcache: number, index: number): number {
  return tcache + 2 * index;
}

/** tcache_get: the youngest payload of the bin, of which there is one. `count`: how many. */
export function takeCached(arena: Arena, tcache: number, index: number, count: number): number {
  const { memory } = arena;
  const slot = tcache + ENTRIES + WORD_BYTES * index;
  const payload = memory.load64(slot);
  if ((payload & 15) !== 0 || payload >= INEXACT) checkAlignment(arena, payload, slot);
  const link = memory.load64(payload);
  if (link < INEXACT) memory.store64(slot, protect(payload, link));
  else moveRevealed(memory, slot, payload);
  memory.store16(tcache + 2 * index, count - 1);
  memory.store64(payload + KEY, 0);
  return payload;
}

function checkAlignment(arena: Arena, payload: number, slot: number): void {
  if (isMisaligned(arena.memory, payload, slot)) {
    corrupted(arena.memory, 'malloc(): unaligned tcache chunk detected');
  }
}

/** tcache_put: the payload goes in front of the `count` that are there. */
export function putCached(arena: Arena, tcache: number, index: number, count: number, payload: number): void {
  const { memory } = arena;
  const slot = tcache + ENTRIES + WORD_BYTES * index;
  memory.store64(payload + KEY, TCACHE_KEY);
  const first = memory.load64(slot);
  if (first < INEXACT) memory.store64(payload, protect(payload, first));
  else memory.storeBig(payload, memory.loadBig(slot) ^ (BigInt(payload) >> 12n));
  memory.store64(slot, payload);
  memory.store16(tcache + 2 * index, count + 1);
}

/** A payload that holds the key is being freed: by chance, or for the second time. */
export function checkDoubleFree(arena: Arena, tcache: number, index: number, payload: number): void {
  const { memory } = arena;
  let at = entryAt(tcache, index);
  let entry = memory.load64(at);
  let low = entry < INEXACT ? entry : memory.load8(at);
  for (let seen = 0; entry !== 0; seen++) {
    if (seen >= TCACHE_FILL) corrupted(memory, 'free(): too many chunks detected in tcache');
    if ((low & 15) !== 0) corrupted(memory, 'free(): unaligned chunk detected in tcache 2');
    if (entry === payload) corrupted(memory, 'free(): double free detected in tcache 2');
    at = entry;
    entry = reveal(memory, at);
    low = entry < INEXACT ? entry : memory.load8(at) ^ (Math.floor(at / 4096) & 15);
  }
}
