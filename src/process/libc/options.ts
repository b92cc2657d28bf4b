/** mallopt(3) [malloc/malloc.c:__libc_mallopt]. */
import { consolidate } from './consolidate.ts';
import {
  ARENA_MAX,
  ARENA_TEST,
  type Arena,
  initialize,
  MAX_FAST,
  MMAP_THRESHOLD,
  N_MMAPS_MAX,
  NO_DYN_THRESHOLD,
  PERTURB,
  TOP_PAD,
  TRIM_THRESHOLD,
} from './state.ts';

export const M_MXFAST = 1;
export const M_TRIM_THRESHOLD = -1;
export const M_TOP_PAD = -2;
export const M_MMAP_THRESHOLD = -3;
export const M_MMAP_MAX = -4;
export const M_PERTURB = -6;
export const M_ARENA_TEST = -7;
export const M_ARENA_MAX = -8;

/** MAX_FAST_SIZE: the biggest request that fastbins can be made to serve. */
const MAX_FAST_REQUEST = 160;
/** What max_fast is when no chunk shall be fast: smaller than any. */
const NO_FAST = 16;

/** `value` is an int. 1, or 0 when the value is refused; parameters that glibc does not know are accepted. */
export function setOption(arena: Arena, parameter: number, value: number): 0 | 1 {
  const { memory, at } = arena;
  initialize(arena);
  consolidate(arena);
  switch (parameter) {
    case M_MXFAST:
      if (value < 0 || value > MAX_FAST_REQUEST) return 0;
      memory.store64(at + MAX_FAST, value <= 7 ? NO_FAST : (value + 8) & ~15);
      return 1;
    case M_TRIM_THRESHOLD:
      return setThreshold(arena, TRIM_THRESHOLD, value);
    case M_TOP_PAD:
      return setThreshold(arena, TOP_PAD, value);
    case M_MMAP_THRESHOLD:
      return setThreshold(arena, MMAP_THRESHOLD, value);
    case M_MMAP_MAX:
      memory.store32(at + N_MMAPS_MAX, value >>> 0);
      memory.store32(at + NO_DYN_THRESHOLD, 1);
      return 1;
    case M_PERTURB:
      memory.store32(at + PERTURB, value >>> 0);
      return 1;
    case M_ARENA_TEST:
      if (value > 0) memory.store64(at + ARENA_TEST, value);
      return 1;
    case M_ARENA_MAX:
      if (value > 0) memory.store64(at + ARENA_MAX, value);
      return 1;
    default:
      return 1;
  }
}

/** A negative int becomes a size close to 2^64. Whoever sets one decides for good: the thresholds move no more. */
function setThreshold(arena: Arena, parameter: number, value: number): 1 {
  const { memory, at } = arena;
  memory.storeBig(at + parameter, BigInt(value));
  memory.store32(at + NO_DYN_THRESHOLD, 1);
  return 1;
}
