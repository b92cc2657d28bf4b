/**
 * The swap device: page-sized slots on emulated disk, how many swap entries name each, and the swap cache.
 *
 *     slot       0     1     2
 *     count      2     0     1        swap PTEs (and shared-memory entries) that name the slot
 *     cached     -     7     -        frame that holds the same page right now (the swap cache), plus one
 *
 * States of a slot: free (count 0, not cached) -> taken by swap-out -> freed when the last entry is gone and the
 * cached frame, if any, let go of it. A slot with count 0 that is still cached is kept so that an unchanged page can
 * be evicted again without writing; such an idle slot is the first to be given up when the device fills.
 *
 * I1: free = slots with count 0 and no cached frame      I2: cached[slot] = pfn+1 <=> swapSlot[pfn] = slot+1
 * I3: idle slots (count 0, cached) are not below `idleFrom`
 */

import { invariant } from '../../mmu/invariant.ts';
import type { PhysicalMemory } from '../../mmu/physical-memory.ts';

/** Host memory is committed for the device a chunk of slots at a time. */
const CHUNK_SLOTS = 256;

/**
 * What is behind the slots:
 *
 * `disk`    Writes take their time: what MADV_PAGEOUT writes stays in the swap cache until memory is wanted, and until
 *           then a touch finds it there.
 * `zswap`   A compressed store in memory takes the page at once, and gives it back for good: the slot of a page that was
 *           read holds nothing any more [mm/zswap.c:zswap_store, zswap_load].
 */
export const SWAP_KINDS = ['disk', 'zswap'] as const;
export type SwapKind = (typeof SWAP_KINDS)[number];

export class SwapDevice {
  readonly kind: SwapKind;
  readonly slots: number;
  readonly pageBytes: number;
  readonly counts: Int32Array;
  readonly cached: Int32Array;
  /** Index of the memory group whose page the slot holds. */
  readonly group: Uint8Array;
  /** What evicted pages left with their slots, for when they come back (reclaim/refault.ts). */
  readonly shadows = new Map<number, number>();
  private readonly chunks: (Uint8Array | null)[];
  private readonly freeStack: Int32Array;
  private freeTop = 0;
  /** Slots never used yet start here. */
  private frontier = 0;
  /** No slot below is idle, so nobody need look there: infinite when there is none at all. */
  idleFrom = Number.POSITIVE_INFINITY;
  reads = 0;
  writes = 0;
  /** Those of them that were of pages full of zeros, for which no device was needed. */
  zeroReads = 0;
  zeroWrites = 0;
  /** 1: the slot's page is all zeros, which is noted here instead of written [mm/page_io.c:swap_writeout]. */
  private readonly zeros: Uint8Array;

  constructor(bytes: number, pageBytes: number, kind: SwapKind) {
    this.kind = kind;
    this.slots = Math.floor(bytes / pageBytes);
    this.pageBytes = pageBytes;
    this.zeros = new Uint8Array(this.slots);
    this.counts = new Int32Array(this.slots);
    this.cached = new Int32Array(this.slots);
    this.group = new Uint8Array(this.slots);
    this.freeStack = new Int32Array(this.slots);
    this.chunks = new Array<Uint8Array | null>(Math.ceil(this.slots / CHUNK_SLOTS)).fill(null);
  }

  get free(): number {
    return this.freeTop + (this.slots - this.frontier);
  }

  /** A free slot (count 0), or -1 when the device is full. */
  allocate(): number {
    if (this.freeTop > 0) return this.freeStack[--this.freeTop]!;
    if (this.frontier < this.slots) return this.frontier++;
    return -1;
  }

  /** Return a slot that nobody names and no frame caches. */
  release(slot: number): void {
    invariant(this.counts[slot] === 0 && this.cached[slot] === 0, 'a swap slot in use is freed');
    this.freeStack[this.freeTop++] = slot;
  }

  /** One entry less names the slot: how many still do. */
  unname(slot: number): number {
    const left = --this.counts[slot]!;
    if (left === 0) this.noteIdle(slot);
    return left;
  }

  /** Nobody names the slot, which a frame may still cache. */
  noteIdle(slot: number): void {
    if (slot < this.idleFrom) this.idleFrom = slot;
  }

  /** The lowest idle slot, or -1: its frame has to let go of it before it can be taken. Slots are gone through once only. */
  findIdle(): number {
    while (this.idleFrom < this.slots) {
      if (this.counts[this.idleFrom] === 0 && this.cached[this.idleFrom] !== 0) return this.idleFrom;
      this.idleFrom++;
    }
    this.idleFrom = Number.POSITIVE_INFINITY;
    return -1;
  }

  write(slot: number, memory: PhysicalMemory, pfn: number): void {
    const chunk = this.chunkOf(slot);
    const start = (slot % CHUNK_SLOTS) * this.pageBytes;
    memory.readFrameInto(pfn, chunk, start);
    const isZero = isAllZeros(chunk, start, start + this.pageBytes);
    this.zeros[slot] = isZero ? 1 : 0;
    this.writes++;
    if (isZero) this.zeroWrites++;
  }

  read(slot: number, memory: PhysicalMemory, pfn: number): void {
    memory.writeFrameFrom(pfn, this.chunkOf(slot), (slot % CHUNK_SLOTS) * this.pageBytes);
    this.reads++;
    if (this.holdsZeros(slot)) this.zeroReads++;
  }

  holdsZeros(slot: number): boolean {
    return this.zeros[slot] === 1;
  }

  /** Does writing to the slot take until some time after it was asked for? */
  writesLater(slot: number): boolean {
    return this.kind === 'disk' && !this.holdsZeros(slot);
  }

  /** Does the slot still hold its page after that was read? */
  keepsCopy(slot: number): boolean {
    return this.kind === 'disk' || this.holdsZeros(slot);
  }

  /** The slot's page without reading the device: for those who only look. A page whose frame still caches it is read there. */
  peek(slot: number, memory: PhysicalMemory, target: Uint8Array): void {
    const cached = this.cached[slot]!;
    if (cached > 0) memory.readFrameInto(cached - 1, target, 0);
    else
      target.set(
        this.chunkOf(slot).subarray((slot % CHUNK_SLOTS) * this.pageBytes, ((slot % CHUNK_SLOTS) + 1) * this.pageBytes),
      );
  }

  /** Slots in use, for views and invariants. */
  inUse(): number[] {
    const slots: number[] = [];
    for (let slot = 0; slot < this.frontier; slot++) {
      if (this.counts[slot] !== 0 || this.cached[slot] !== 0) slots.push(slot);
    }
    return slots;
  }

  private chunkOf(slot: number): Uint8Array {
    const index = Math.floor(slot / CHUNK_SLOTS);
    let chunk = this.chunks[index]!;
    if (chunk === null) {
      chunk = new Uint8Array(Math.min(CHUNK_SLOTS, this.slots - index * CHUNK_SLOTS) * this.pageBytes);
      this.chunks[index] = chunk;
    }
    return chunk;
  }
}

export function isAllZeros(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if (bytes[at] !== 0) return false;
  return true;
}
