/**
 * A processor's loads, stores and fetches of bytes at virtual addresses.
 *
 *     load32(va) --soft TLB hit--> host memory        (short; stamps the exact TLB's entry, so statistics stay exact)
 *        \--else--> loadCold --> TranslationUnit.reach
 *
 * The hit paths are spelled out, one for each size, because they are the emulator's inner loop. The mask of each clears
 * the offset bits an aligned access has: a misaligned or straddling one leaves some, so its tag comparison fails and it
 * falls to the cold path by itself.
 */
import { BatchUnit } from './batch-unit.ts';
import type { CpuOptions } from './cpu-options.ts';
import type { Fault } from './fault-latch.ts';
import { SOFT_CHUNK, SOFT_FOLD, SOFT_INDEX_MASK, SOFT_NEAR, SOFT_OFFSET } from './tlb/soft-tlb.ts';
import { type AccessKind, LOAD, STORE } from './units.ts';

export type { CpuOptions } from './cpu-options.ts';
export { describeFault, Fault } from './fault-latch.ts';

export interface TrapHandler {
  /** The kernel's answer to a fault (`cpu.fault`): true, try again; false, give the access up. */
  pageFault(cpu: Cpu, fault: Fault): boolean;
}

/** A constant of this module is compiled in; an imported one is read, and checked for being initialised, at each use. */
const INDEX_MASK = SOFT_INDEX_MASK;
const FOLD = SOFT_FOLD;
const NEAR = SOFT_NEAR;
const CHUNK = SOFT_CHUNK;
const OFFSET = SOFT_OFFSET;
const LOADING = LOAD;
/** How often a straddling access starts over because the second page's fault may have taken the first away. */
const STRADDLE_ATTEMPTS = 8;
/** Pages that 8 bytes can touch when pages are as small as 4 bytes. */
const PIECES_MAX = 3;

export class Cpu extends BatchUnit {
  /** The kernel; null: a fault abandons the access. */
  trap: TrapHandler | null = null;

  private readonly halfMask: number;
  /** Physical addresses of the parts of a straddling access. */
  private readonly pieces = new Float64Array(PIECES_MAX);

  constructor(options: CpuOptions) {
    super(options);
    this.halfMask = this.offsetMask & ~1;
  }

  protected override trapped(): boolean {
    return this.trap?.pageFault(this, this.fault) ?? false;
  }

  load8(va: number): number {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.offsetMask;
    if (this.loadTags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      if (near >= 0) return this.memory.nearBytes[near + offset]!;
      return this.memory.bytesOf[this.places[index + CHUNK]!]![this.places[index + OFFSET]! + offset]!;
    }
    return this.loadCold(va, 1);
  }

  load16(va: number): number {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.halfMask;
    if (this.loadTags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      if (near >= 0) return this.memory.nearHalves[(near + offset) >>> 1]!;
      return this.memory.halvesOf[this.places[index + CHUNK]!]![(this.places[index + OFFSET]! + offset) >>> 1]!;
    }
    return this.loadCold(va, 2);
  }

  /** Unsigned. */
  override load32(va: number): number {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.wordMask;
    if (this.loadTags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      if (near >= 0) return this.memory.nearWords[(near + offset) >>> 2]!;
      return this.memory.wordsOf[this.places[index + CHUNK]!]![(this.places[index + OFFSET]! + offset) >>> 2]!;
    }
    if ((va & 3) !== 0) return this.loadCold(va, 4);
    // The word is read here, as a number that a call answers is looked at by its sign, and that waits for the word.
    const at = this.reachUsual(va, LOADING, 1);
    return at >= 0 ? this.memory.nearWords[at >>> 2]! : this.loadUnusual(va, 4, at);
  }

  /** The low word; the high one is left in `highWord`. Both unsigned. */
  load64(va: number): number {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.doubleMask;
    if (this.loadTags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      const words = near >= 0 ? this.memory.nearWords : this.memory.wordsOf[this.places[index + CHUNK]!]!;
      const at = (this.places[index + OFFSET]! + offset) >>> 2;
      this.highWord = words[at + 1]!;
      return words[at]!;
    }
    return this.loadCold(va, 8);
  }

  store8(va: number, value: number): void {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.offsetMask;
    if (this.storeTags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      this.stores++;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      if (near >= 0) this.memory.nearBytes[near + offset] = value;
      else this.memory.bytesOf[this.places[index + CHUNK]!]![this.places[index + OFFSET]! + offset] = value;
    } else this.storeCold(va, 1, value, 0);
  }

  store16(va: number, value: number): void {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.halfMask;
    if (this.storeTags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      this.stores++;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      if (near >= 0) this.memory.nearHalves[(near + offset) >>> 1] = value;
      else this.memory.halvesOf[this.places[index + CHUNK]!]![(this.places[index + OFFSET]! + offset) >>> 1] = value;
    } else this.storeCold(va, 2, value, 0);
  }

  store32(va: number, value: number): void {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.wordMask;
    if (this.storeTags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      this.stores++;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      if (near >= 0) this.memory.nearWords[(near + offset) >>> 2] = value;
      else this.memory.wordsOf[this.places[index + CHUNK]!]![(this.places[index + OFFSET]! + offset) >>> 2] = value;
    } else this.storeCold(va, 4, value, 0);
  }

  store64(va: number, low: number, high: number): void {
    const bits = va | 0;
    const page = bits >>> this.pageShift;
    const index = (page ^ (page >>> FOLD)) & INDEX_MASK;
    const offset = bits & this.doubleMask;
    if (this.storeTags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      this.stores++;
      this.dataTouched[this.places[index]!] = time;
      const near = this.places[index + NEAR]!;
      const words = near >= 0 ? this.memory.nearWords : this.memory.wordsOf[this.places[index + CHUNK]!]!;
      const at = (this.places[index + OFFSET]! + offset) >>> 2;
      words[at] = low;
      words[at + 1] = high;
    } else this.storeCold(va, 8, low, high);
  }

  protected override loadCold(va: number, size: number): number {
    this.faulted = false;
    this.highWord = 0;
    if ((va & this.offsetMask) + size > this.format.pageBytes) return this.loadStraddling(va, size);
    const near = this.reachUsual(va, LOAD, 1);
    return near >= 0 ? this.loadAt(near, size) : this.loadUnusual(va, size, near);
  }

  /** A load within its page of which `reachUsual` left this to be done. */
  private loadUnusual(va: number, size: number, left: number): number {
    this.faulted = false;
    const pa = this.reachUnusual(va, LOAD, left);
    return pa === -1 ? 0 : this.loadAt(pa, size);
  }

  private loadAt(pa: number, size: number): number {
    const { memory } = this;
    if (size === 1) return memory.load8(pa);
    if (size === 2) return memory.load16(pa);
    if (size === 8) this.highWord = memory.load32(pa + 4);
    return memory.load32(pa);
  }

  protected override storeCold(va: number, size: number, low: number, high: number): void {
    this.faulted = false;
    if ((va & this.offsetMask) + size > this.format.pageBytes) {
      this.storeStraddling(va, size, low, high);
      return;
    }
    const near = this.reachUsual(va, STORE, 1);
    const pa = near >= 0 ? near : this.reachUnusual(va, STORE, near);
    if (pa === -1) return;
    const { memory } = this;
    if (size === 1) memory.store8(pa, low);
    else if (size === 2) memory.store16(pa, low);
    else {
      memory.store32(pa, low);
      if (size === 8) memory.store32(pa + 4, high);
    }
  }

  private loadStraddling(va: number, size: number): number {
    const together = this.reachPieces(va, size, LOAD);
    let low = 0;
    let high = 0;
    for (let at = 0; at < size && !this.faulted; at++) {
      const pa = together ? this.pieceAddress(va, at) : this.reach(va + at, LOAD, false);
      if (pa === -1) break;
      const byte = this.memory.load8(pa);
      if (at < 4) low |= byte << (8 * at);
      else high |= byte << (8 * (at - 4));
    }
    if (this.faulted) return 0;
    this.highWord = high >>> 0;
    return low >>> 0;
  }

  private storeStraddling(va: number, size: number, low: number, high: number): void {
    const together = this.reachPieces(va, size, STORE);
    for (let at = 0; at < size && !this.faulted; at++) {
      const pa = together ? this.pieceAddress(va, at) : this.reach(va + at, STORE, false);
      if (pa === -1) break;
      this.memory.store8(pa, at < 4 ? low >>> (8 * at) : high >>> (8 * (at - 4)));
    }
  }

  /**
   * Translate every page of a straddling access, so that it happens whole or not at all (`faulted`). A fault on a later
   * page may make the kernel take an earlier one away (its last frame); as on hardware the access then starts over. Real
   * hardware would do so for ever; here the answer false means that the pages cannot be had together, and the caller
   * goes byte by byte.
   */
  private reachPieces(va: number, size: number, kind: AccessKind): boolean {
    const { pageBytes } = this.format;
    const start = va - (va & this.offsetMask);
    for (let round = 0; round < STRADDLE_ATTEMPTS; round++) {
      let traps = 0;
      let piece = 0;
      for (let at = va; at < va + size; at = start + piece * pageBytes) {
        const pa = this.reach(at, kind, round === 0);
        if (pa === -1) return false;
        this.pieces[piece] = pa;
        if (piece === 0) traps = this.trapCount;
        piece++;
      }
      if (this.trapCount === traps) return true;
    }
    return false;
  }

  private pieceAddress(va: number, at: number): number {
    const first = va & this.offsetMask;
    const piece = Math.floor((first + at) / this.format.pageBytes);
    const within = piece === 0 ? at : (first + at) % this.format.pageBytes;
    return this.pieces[piece]! + within;
  }
}
