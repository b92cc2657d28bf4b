/**
 * A process's memory as a spectator sees it: nothing faults, nothing is counted, no accessed bit is set. Pages that are
 * swapped out are read in their slots; pages never touched read as what they would be filled with.
 *
 * Views, heap walks and invariants look through this. Reads outside every area answer zero and set `strayed`: a heap walk
 * over corrupted links must end in a report, not in a signal.
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Process } from '../kernel/process.ts';
import type { Area } from '../kernel/vm/area.ts';
import { PTE_PROT_NONE, PTE_SWAP, PTE_VALID } from '../mmu/pte-flags.ts';
import type { MemoryReader } from './program-memory.ts';

export class PeekMemory implements MemoryReader {
  /** A read went outside the areas of the process. */
  strayed = false;
  private readonly kernel: Kernel;
  private readonly process: Process;
  /** Base address of the page in `page`; -1: none yet. */
  private pageAddress = -1;
  private page: Uint8Array;
  private readonly buffer: Uint8Array;

  constructor(kernel: Kernel, process: Process) {
    this.kernel = kernel;
    this.process = process;
    this.buffer = new Uint8Array(kernel.pageBytes);
    this.page = this.buffer;
  }

  load8(address: number): number {
    const offset = address % this.kernel.pageBytes;
    if (address - offset !== this.pageAddress) this.turnTo(address - offset);
    return this.page[offset] ?? 0;
  }

  load32(address: number): number {
    const offset = address % this.kernel.pageBytes;
    if (offset + 4 > this.kernel.pageBytes) {
      return this.load16(address) + this.load16(address + 2) * 2 ** 16;
    }
    if (address - offset !== this.pageAddress) this.turnTo(address - offset);
    const { page } = this;
    return ((page[offset]! | (page[offset + 1]! << 8) | (page[offset + 2]! << 16)) >>> 0) + page[offset + 3]! * 2 ** 24;
  }

  load64(address: number): number {
    return this.load32(address) + this.load32(address + 4) * 2 ** 32;
  }

  loadBig(address: number): bigint {
    return BigInt(this.load32(address)) | (BigInt(this.load32(address + 4)) << 32n);
  }

  bytes(address: number, length: number): Uint8Array {
    const { pageBytes } = this.kernel;
    const target = new Uint8Array(length);
    for (let done = 0; done < length; ) {
      const offset = (address + done) % pageBytes;
      if (address + done - offset !== this.pageAddress) this.turnTo(address + done - offset);
      const span = Math.min(length - done, pageBytes - offset);
      target.set(this.page.subarray(offset, offset + span), done);
      done += span;
    }
    return target;
  }

  /**
   * The first page of [page, end) that may hold more than zeros; `end` when there is none. Anonymous memory that was never
   * touched is passed over a page table's reach at a time: a mapping of a terabyte takes no longer than what is in it.
   */
  nextHeld(page: number, end: number): number {
    const { pageTable, pageBytes, format } = this.kernel;
    const { root } = this.process.space!;
    let at = page;
    while (at < end) {
      const entry = pageTable.find(root, at);
      const isEmpty = pageTable.isEmpty(entry < 0 ? pageTable.stoppedEntry : entry);
      if (!isEmpty || this.process.space!.areas.find(at)?.object != null) return at;
      const reach = entry < 0 ? format.levels[pageTable.stoppedLevel]!.pageBytes : pageBytes;
      at = (Math.floor(at / reach) + 1) * reach;
    }
    return end;
  }

  private load16(address: number): number {
    return this.load8(address) + this.load8(address + 1) * 2 ** 8;
  }

  private turnTo(address: number): void {
    this.pageAddress = address;
    this.page = this.buffer;
    const area = this.process.space?.areas.find(address) ?? null;
    if (area === null || area.start > address) {
      this.strayed = true;
      this.buffer.fill(0);
      return;
    }
    const { kernel } = this;
    const { pageTable, pageBytes, memory } = kernel;
    const entry = pageTable.find(this.process.space!.root, address);
    if (entry < 0) {
      const { stoppedEntry, stoppedLevel } = pageTable;
      if (pageTable.isEmpty(stoppedEntry)) {
        this.untouched(area, address);
        return;
      }
      // A superpage.
      const within = address % kernel.format.levels[stoppedLevel]!.pageBytes;
      this.page = memory.readBytes(pageTable.frame(stoppedEntry, stoppedLevel) * pageBytes + within, pageBytes);
      return;
    }
    const flags = pageTable.flags(entry);
    if ((flags & PTE_SWAP) !== 0) kernel.swap.peek(pageTable.frame(entry), memory, this.buffer);
    else if ((flags & (PTE_VALID | PTE_PROT_NONE)) === 0) this.untouched(area, address);
    else this.page = memory.readBytes(pageTable.frame(entry) * pageBytes, pageBytes);
  }

  /** No page is mapped: what a first read would find. */
  private untouched(area: Area, address: number): void {
    const { memory, swap, pageBytes } = this.kernel;
    this.buffer.fill(0);
    if (area.object === null) return;
    const index = area.pageAt(address, pageBytes);
    const held = area.object.pages.get(index);
    if (held === undefined) this.buffer.set(area.object.store?.peek(index) ?? []);
    else if (held >= 0) this.page = memory.readBytes(held * pageBytes, pageBytes);
    else swap.peek(-held - 1, memory, this.buffer);
  }
}
