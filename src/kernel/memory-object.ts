/**
 * Memory that has an identity of its own, and so a page cache: a file of tmpfs or of a disk (fs/inode.ts), a shared
 * anonymous mapping (a tmpfs file without a name, as in Linux) or a segment of the program image. Areas map it; its
 * pages outlive any one mapping of them.
 *
 *     page index ──► frame             resident (the page cache): the object holds one reference on the frame
 *                ──► -(slot + 1)       swapped out (shared memory only)
 *                ──► (absent)          zeros, or what the object's store has
 *
 * `shared`: the page cache is the only place of its bytes, so a page leaves memory for swap (Linux shmem). `file`: the
 * store has them too, so a clean page is dropped and a dirty one written back first.
 *
 * The object lives while an area, a name or an open file refers to it; then its frames and slots are freed.
 */
import type { BlockStore } from './fs/block-store.ts';
import type { Area } from './vm/area.ts';

/** Which part of a program's or library's file an object is. It is nobody's to open: only /proc tells of it. */
export interface FilePart {
  readonly path: string;
  /** Differs from those of other programs and libraries; of no meaning else. */
  readonly inode: number;
  /** Bytes into the file at which the object begins. */
  readonly offset: number;
}

export class MemoryObject {
  readonly id: number;
  readonly kind: 'shared' | 'file';
  readonly name: string;
  /** Bytes; an access of a page that lies wholly behind them is SIGBUS. */
  size: number;
  /** Where a `file` object's pages come from and go to; null for shared memory. */
  readonly store: BlockStore | null;
  readonly pages = new Map<number, number>();
  /** What evicted pages left in their places, for when they come back (reclaim/refault.ts). */
  readonly shadows = new Map<number, number>();
  /** Pages promised to it (Linux Committed_AS). */
  committedPages = 0;
  /** Areas that refer to it, and names and open files. */
  areas = 0;
  handles = 0;
  /** Head of the list of the areas that map it (vm/object-areas.ts). */
  firstArea: Area | null = null;
  /** The kernel wants to see the first write to each clean page, so shared PTEs start write-protected. */
  readonly tracksWrites: boolean;

  /** The identifier of the System V segment it is (fs/shm.ts), null for all else. */
  segmentId: number | null = null;
  /** For segments of programs and libraries, null for all else. */
  part: FilePart | null = null;

  constructor(
    id: number,
    kind: 'shared' | 'file',
    name: string,
    size: number,
    store: BlockStore | null,
    tracksWrites = false,
  ) {
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.size = size;
    this.store = store;
    this.tracksWrites = tracksWrites;
  }

  /** Does a read fault map the neighbours, too? Not in System V shared memory [ipc/shm.c:shm_vm_ops]. */
  get mapsAround(): boolean {
    return this.segmentId === null;
  }

  /** Pages that hold a byte of it. */
  pageCount(pageBytes: number): number {
    return Math.ceil(this.size / pageBytes);
  }

  /** The frame that holds the page now, or -1. */
  frameAt(page: number): number {
    const held = this.pages.get(page);
    return held === undefined || held < 0 ? -1 : held;
  }
}
