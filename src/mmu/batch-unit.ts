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
   * The loads from `from` on that the soft TLB answers, in near memory: where they end. A page is looked up once for a run
   * of loads, and stamped after it with the time of the last.
   */
  private loadHits(addresses: Float64Array, from: number, to: number, values: Uint32Array): number {
    const { pageShift, wordMask } = this;
    const words = this.memory.nearWords;
    const before = this.clock - from;
    let start = Number.NaN;
    let near = 0;
    let slot = -1;
    let at = from;
    for (; at < to; at++) {
      const va = addresses[at]!;
      let offset = (va - start) & wordMask;
      if (va - start !== offset) {
        if (slot >= 0) this.dataTouched[slot] = before + at;
        const bits = va | 0;
        const page = bits >>> pageShift;
        const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
        offset = bits & wordMask;
        start = va - offset;
        near = this.places[index + NEAR]!;
        slot = -1;
        if (this.loadTags[index] !== start || near < 0) break;
        slot = this.places[index]!;
      }
      values[at] = words[(near + offset) >>> 2]!;
    }
    if (slot >= 0) this.dataTouched[slot] = before + at;
    this.clock = before + at;
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
