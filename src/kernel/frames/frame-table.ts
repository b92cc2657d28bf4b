/**
 * The frame table (Linux `struct page`): for every physical frame, who uses it and from how many places.
 *
 *     pfn      0        1        2        3    …
 *     use      zero     table    anon     free …       one of FRAME_*
 *     refs     1        1        2        0    …       everyone who holds the frame: mappings + page cache + swap
 *                                                      cache + page-table parent + short pins
 *     maps     0        0        2        0    …       PTEs that map it (kept equal to the reverse map's length)
 *     flags    …                                       FLAG_*
 *
 * States: free -> (allocate) -> in use -> (last put) -> free. Fields of a free frame are all zero.
 *
 * I1: refs = 0  <=>  use = free                     I2: refs >= maps
 * I3: anon: refs = maps + (in swap cache ? 1 : 0)   I4: shared/file: refs = maps + 1 (the cache's own)
 * (pins, held only inside one kernel operation, come on top)
 *
 * One typed array per field: the host commits only the pages that are touched, so the table of a 64 GiB machine costs
 * nothing until its frames are used. For that reason 0 always means "nothing" and indices are stored plus one.
 */
export const FRAME_FREE = 0;
export const FRAME_KERNEL = 1;
export const FRAME_ZERO = 2;
export const FRAME_TABLE = 3;
export const FRAME_ANON = 4;
export const FRAME_SHARED = 5;
export const FRAME_FILE = 6;
/** Head of a superpage block. */
export const FRAME_HUGE = 7;
/** Any other frame of a superpage block: only its head is counted. */
export const FRAME_TAIL = 8;
export const FRAME_USE_NAMES = ['free', 'kernel', 'zero', 'table', 'anon', 'shared', 'file', 'huge', 'tail'] as const;

/** The frame's bytes differ from its copy in swap or file (in addition to the dirty bits of PTEs still mapping it). */
export const FLAG_DIRTY = 1;
/** An anonymous frame that belongs to exactly one mapping (Linux PG_anon_exclusive): it may be written in place. */
export const FLAG_EXCLUSIVE = 2;
/** The frame is in the swap cache: `swapSlot` names its slot. */
export const FLAG_SWAP_CACHE = 4;
/** The frame is known to the replacement policy. */
export const FLAG_TRACKED = 8;
/** Used by the kernel for a process (populate), whatever the accessed bits of the PTEs say (Linux PG_referenced). */
export const FLAG_REFERENCED = 16;
/** Used again after that (Linux PG_active). */
export const FLAG_ACTIVE = 32;
/** A read of this page of a file starts reading the next pages (Linux PG_readahead). */
export const FLAG_READ_AHEAD = 64;
/** In the page cache, but nobody has read its bytes from the disk yet (Linux: not PG_uptodate). */
export const FLAG_UNREAD = 512;
/** An anonymous frame given up by MADV_FREE (Linux: swapbacked clear): dropped by reclaim unless written since. */
export const FLAG_LAZY_FREE = 128;
/** On no list that reclaim goes through yet, but about to be (lru-batches.ts; Linux: PG_lru clear). */
export const FLAG_UNLISTED = 256;

/** The frame that every untouched anonymous page reads as. Never freed, never counted. */
export const ZERO_PFN = 0;

export class FrameTable {
  readonly frames: number;
  readonly use: Uint8Array;
  readonly references: Int32Array;
  readonly mapCount: Int32Array;
  readonly flags: Uint16Array;
  /** Order of the block this frame heads (0 for single frames). */
  readonly order: Uint8Array;
  /** Swap slot plus one, valid with FLAG_SWAP_CACHE. */
  readonly swapSlot: Int32Array;
  /** Memory object plus one and page index in it; meaningful for FRAME_SHARED and FRAME_FILE. */
  readonly object: Int32Array;
  readonly objectPage: Float64Array;
  /** Index of the memory group that pays for it (memory-group.ts). */
  readonly group: Uint8Array;
  /** How often the frame waits in a batch (lru-batches.ts): a reference each in Linux, kept apart from `references`. */
  readonly batched: Uint8Array;

  constructor(frames: number) {
    this.frames = frames;
    this.use = new Uint8Array(frames);
    this.references = new Int32Array(frames);
    this.mapCount = new Int32Array(frames);
    this.flags = new Uint16Array(frames);
    this.order = new Uint8Array(frames);
    this.swapSlot = new Int32Array(frames);
    this.object = new Int32Array(frames);
    this.objectPage = new Float64Array(frames);
    this.group = new Uint8Array(frames);
    this.batched = new Uint8Array(frames);
  }

  has(pfn: number, flag: number): boolean {
    return (this.flags[pfn]! & flag) !== 0;
  }

  set(pfn: number, flag: number): void {
    this.flags[pfn]! |= flag;
  }

  unset(pfn: number, flag: number): void {
    this.flags[pfn]! &= ~flag;
  }

  useName(pfn: number): (typeof FRAME_USE_NAMES)[number] {
    return FRAME_USE_NAMES[this.use[pfn]!]!;
  }

  /** A page of a process, which reclaim may take: not a table, a superpage of hugetlb or the zero page. */
  isUserPage(pfn: number): boolean {
    const use = this.use[pfn]!;
    return use === FRAME_ANON || use === FRAME_SHARED || use === FRAME_FILE;
  }
}
