/**
 * The blocks of a file on the emulated disk, one a page: what is there when the page cache is not.
 *
 *     page index ──► bytes of one page        written
 *                ──► (promised)               a hole whose page in the cache is dirty: there is room for it
 *                ──► (absent)                 a hole: zeros
 *
 * Blocks are replaced as a whole, never changed in place.
 *
 * - I1: no page is both written and promised
 * - I2: what all files of a disk have written and were promised is what the disk counts as taken
 */
import type { Disk } from './disk.ts';

export class BlockStore {
  private readonly blocks = new Map<number, Uint8Array>();
  private readonly promised = new Set<number>();
  /** Null for a program's image, which no disk has to find room for. */
  private readonly disk: Disk | null;
  /** Pages read from and written to the disk. */
  reads = 0;
  writes = 0;

  constructor(disk: Disk | null) {
    this.disk = disk;
  }

  /** Blocks that the disk counts for it. */
  get taken(): number {
    return this.blocks.size + this.promised.size;
  }

  /** The page's bytes (fewer than a page: zeros follow), or null for a hole. Not to be changed. */
  read(page: number): Uint8Array | null {
    this.reads++;
    return this.peek(page);
  }

  /** The same for those who only look. */
  peek(page: number): Uint8Array | null {
    return this.blocks.get(page) ?? null;
  }

  /** Is the page no hole? */
  has(page: number): boolean {
    return this.blocks.has(page);
  }

  /** Is there, or will there be, a block for the page? */
  hasRoomFor(page: number): boolean {
    return this.disk === null || this.blocks.has(page) || this.promised.has(page);
  }

  /** The page is going to be dirty: see to it that there is room for it. False when the disk is full. */
  promise(page: number): boolean {
    if (this.hasRoomFor(page)) return true;
    if (this.disk === null || this.disk.isFull) return false;
    this.promised.add(page);
    this.disk.taken++;
    return true;
  }

  /** The store keeps `bytes`. */
  write(page: number, bytes: Uint8Array): void {
    this.writes++;
    if (!this.promised.delete(page) && !this.blocks.has(page) && this.disk !== null) this.disk.taken++;
    this.blocks.set(page, bytes);
  }

  /** Make pages [first, end) holes. Takes as long as the shorter: the range, or the file. */
  discard(first: number, end: number): void {
    const before = this.taken;
    if (end - first < before) {
      for (let page = first; page < end; page++) this.forget(page);
    } else {
      for (const page of this.blocks.keys()) if (page >= first && page < end) this.blocks.delete(page);
      for (const page of this.promised) if (page >= first && page < end) this.promised.delete(page);
    }
    if (this.disk !== null) this.disk.taken -= before - this.taken;
  }

  private forget(page: number): void {
    this.blocks.delete(page);
    this.promised.delete(page);
  }
}
