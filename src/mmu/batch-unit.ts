/**
 * Many accesses in one call, for whoever knows them beforehand: a recorded trace, a copy, a touch of a range.
 *
 *     loadBatch:  hits ─► hits ─► miss: load32 ─► hits ─► …          until the end, or an access that is abandoned
 *     touchBatch: hits ─► hits ─► miss: translate ─► hits ─► …       until the end, or just after an access that trapped
 *
 * Counters, faults and states are those of the same accesses made one by one, to the last time stamp (a property test holds
 * them together). What is saved is all that a single access does anew: the arrays are reached, the clock is read and
 * written once for a run of hits, and addresses come as doubles without an object each.
 */
import { SegmentUnit } from './segment-unit.ts';
import { SOFT_FOLD, SOFT_INDEX_MASK, SOFT_NEAR } from './tlb/soft-tlb.ts';
import { type AccessKind, FETCH, STORE } from './units.ts';

/** A constant of this module is compiled in; an imported one is read, and checked for being initialised, at each use. */
const INDEX_MASK = SOFT_INDEX_MASK;
const FOLD = SOFT_FOLD;
const NEAR = SOFT_NEAR;
const STORING = STORE;
const FETCHING = FETCH;

const WORD = 4;
/** Loads are made in groups where pages have 4 KiB, as those of all real formats do. */
const GROUPED_SHIFT = 12;
const GROUPED_MASK = 2 ** GROUPED_SHIFT - WORD;
/** Runs from here on are copied by the host. */
const LONG_RUN = 32;

export abstract class BatchUnit extends SegmentUnit {
  abstract load32(va: number): number;

  /**
   * `values[i] = load32(addresses[i])` for `from` <= i < `to`. Answers where it stopped: at `to`, or at the access that was
   * abandoned (`faulted`), whose value is left as it was.
   */
  loadBatch(addresses: Float64Array, from: number, to: number, values: Uint32Array): number {
    for (let at = from; ; at++) {
      at = this.loadHits(addresses, at, to, values);
      if (at >= to) return to;
      const value = this.load32(addresses[at]!);
      if (this.faulted) return at;
      values[at] = value;
    }
  }

  /**
   * `translate(addresses[i], kinds[i])` for `from` <= i < `to`, each within its page. Answers how far it came: to `to`, or
   * behind an access that trapped, so that the caller can look what that changed; `faulted`: that one was abandoned.
   */
  touchBatch(addresses: Float64Array, kinds: Uint8Array, from: number, to: number): number {
    for (let at = from; at < to; at++) {
      at = this.touchHits(addresses, kinds, at, to);
      if (at >= to) return to;
      const traps = this.trapCount;
      this.translate(addresses[at]!, kinds[at] as AccessKind);
      if (this.trapCount !== traps) return at + 1;
    }
    return to;
  }

  /**
   * The loads from `from` on that the soft TLB answers, in near memory: where they end. A load that begins a run of words,
   * one behind the other, is made with it; behind any other, loads are made in groups as long as whole groups hit.
   */
  private loadHits(addresses: Float64Array, from: number, to: number, values: Uint32Array): number {
    const { loadTags, places, dataTouched, pageShift, wordMask } = this;
    const words = this.memory.nearWords;
    let at = from;
    while (at < to) {
      const va = addresses[at]!;
      const bits = va | 0;
      const page = bits >>> pageShift;
      const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
      const offset = bits & wordMask;
      if (loadTags[index] !== va - offset) break;
      const near = places[index + NEAR]!;
      if (near < 0) break;
      const word = (near + offset) >>> 2;
      const next = at + 1;
      // By the difference, as where doubles lie 8 apart (from 2^55) `va + WORD` may be `va`.
      if (next < to && addresses[next]! - va === WORD) {
        const pageEnd = next + ((wordMask - offset) >>> 2);
        const end = runEnd(addresses, next, Math.min(pageEnd, to), va + WORD);
        copyRun(words, word, values, at, end);
        this.clock += end - at;
        dataTouched[places[index]!] = this.clock;
        at = end;
      } else {
        values[at] = words[word]!;
        const time = this.clock + 1;
        this.clock = time;
        dataTouched[places[index]!] = time;
        at = pageShift === GROUPED_SHIFT ? this.loadGroups(addresses, next, to, values) : next;
      }
    }
    return at;
  }

  /**
   * Loads from `from` on, four at a time, up to the first group that does not hit near memory as a whole or may be a run:
   * where that begins. V8 11 takes up each array anew, its kind checked, in every round of a loop; so a round is four loads,
   * and they are made step by step together, as six arrays do not fit the processor's registers. A page's shift that is
   * known when this is compiled saves a twentieth.
   */
  private loadGroups(addresses: Float64Array, from: number, to: number, values: Uint32Array): number {
    const { loadTags, places, dataTouched } = this;
    const words = this.memory.nearWords;
    const last = (to - 3) | 0;
    let time = this.clock;
    let at = from | 0;
    for (; at < last; at = (at + 4) | 0) {
      const va0 = addresses[at]!;
      const bits0 = va0 | 0;
      const index0 = ((bits0 >>> GROUPED_SHIFT) ^ (bits0 >>> (GROUPED_SHIFT + FOLD))) & INDEX_MASK;
      const offset0 = bits0 & GROUPED_MASK;
      if (loadTags[index0] !== va0 - offset0) break;
      const va1 = addresses[(at + 1) | 0]!;
      const bits1 = va1 | 0;
      const index1 = ((bits1 >>> GROUPED_SHIFT) ^ (bits1 >>> (GROUPED_SHIFT + FOLD))) & INDEX_MASK;
      const offset1 = bits1 & GROUPED_MASK;
      if (loadTags[index1] !== va1 - offset1) break;
      const va2 = addresses[(at + 2) | 0]!;
      const bits2 = va2 | 0;
      const index2 = ((bits2 >>> GROUPED_SHIFT) ^ (bits2 >>> (GROUPED_SHIFT + FOLD))) & INDEX_MASK;
      const offset2 = bits2 & GROUPED_MASK;
      if (loadTags[index2] !== va2 - offset2) break;
      const va3 = addresses[(at + 3) | 0]!;
      const bits3 = va3 | 0;
      const index3 = ((bits3 >>> GROUPED_SHIFT) ^ (bits3 >>> (GROUPED_SHIFT + FOLD))) & INDEX_MASK;
      const offset3 = bits3 & GROUPED_MASK;
      if (loadTags[index3] !== va3 - offset3 || va3 - va0 === 3 * WORD) break;
      const near0 = places[index0 + NEAR]!;
      const near1 = places[index1 + NEAR]!;
      const near2 = places[index2 + NEAR]!;
      const near3 = places[index3 + NEAR]!;
      if ((near0 | near1 | near2 | near3) < 0) break;
      dataTouched[places[index0]!] = time + 1;
      dataTouched[places[index1]!] = time + 2;
      dataTouched[places[index2]!] = time + 3;
      time += 4;
      dataTouched[places[index3]!] = time;
      values[at] = words[(near0 + offset0) >>> 2]!;
      values[(at + 1) | 0] = words[(near1 + offset1) >>> 2]!;
      values[(at + 2) | 0] = words[(near2 + offset2) >>> 2]!;
      values[(at + 3) | 0] = words[(near3 + offset3) >>> 2]!;
    }
    this.clock = time;
    return at;
  }

  /** The accesses from `from` on that the soft TLBs answer: where they end. */
  private touchHits(addresses: Float64Array, kinds: Uint8Array, from: number, to: number): number {
    const { loadTags, storeTags, places, dataTouched, pageShift, offsetMask } = this;
    const { tags: fetchTags, places: fetchPlaces } = this.soft.fetches;
    let time = this.clock;
    let stores = 0;
    let fetches = 0;
    let at = from;
    for (; at < to; at++) {
      const va = addresses[at]!;
      const kind = kinds[at]!;
      const bits = va | 0;
      const page = bits >>> pageShift;
      const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
      const start = va - (bits & offsetMask);
      if (kind === FETCHING) {
        if (fetchTags[index] !== start) break;
        fetches++;
        time++;
        dataTouched[fetchPlaces[index]!] = time;
      } else if (kind === STORING) {
        if (storeTags[index] !== start) break;
        stores++;
        time++;
        dataTouched[places[index]!] = time;
      } else {
        if (loadTags[index] !== start) break;
        time++;
        dataTouched[places[index]!] = time;
      }
    }
    this.clock = time;
    this.stores += stores;
    this.fetches += fetches;
    return at;
  }
}

/** `addresses[i]` for `from` <= i < `to` ascend by words, the first being `va`, up to here. */
function runEnd(addresses: Float64Array, from: number, to: number, va: number): number {
  const last = (to - 7) | 0;
  let expected = va;
  let at = from | 0;
  for (; at < last; at = (at + 8) | 0) {
    if (
      addresses[at] !== expected ||
      addresses[(at + 1) | 0] !== expected + WORD ||
      addresses[(at + 2) | 0] !== expected + 2 * WORD ||
      addresses[(at + 3) | 0] !== expected + 3 * WORD ||
      addresses[(at + 4) | 0] !== expected + 4 * WORD ||
      addresses[(at + 5) | 0] !== expected + 5 * WORD ||
      addresses[(at + 6) | 0] !== expected + 6 * WORD ||
      addresses[(at + 7) | 0] !== expected + 7 * WORD
    ) {
      break;
    }
    expected += 8 * WORD;
  }
  for (; at < to && addresses[at] === expected; at++) expected += WORD;
  return at;
}

/** The words from `word` on to `values[i]` for `from` <= i < `to`. */
function copyRun(words: Uint32Array, word: number, values: Uint32Array, from: number, to: number): void {
  const count = to - from;
  if (count >= LONG_RUN) values.set(words.subarray(word, word + count), from);
  else for (let i = 0; i < count; i++) values[from + i] = words[word + i]!;
}
