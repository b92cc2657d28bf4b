/**
 * The blocks of a file on the emulated disk, one a page: what is there when the page cache is not.
 *
 *     page index ──► bytes of one page        written
 *                ──► (absent)                 a hole: zeros
 *
 * Blocks are replaced as a whole, never changed in place.
 */
export class BlockStore {
  private readonly blocks = new Map<number, Uint8Array>();
  /** Pages read from and written to the disk. */
  reads = 0;
  writes = 0;

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

  /** The store keeps `bytes`. */
  write(page: number, bytes: Uint8Array): void {
    this.writes++;
    this.blocks.set(page, bytes);
  }

  /** Make pages [first, end) holes. */
  discard(first: number, end: number): void {
    for (const page of [...this.blocks.keys()]) if (page >= first && page < end) this.blocks.delete(page);
  }
}
