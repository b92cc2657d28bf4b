/**
 * Memory that has an identity of its own: a shared anonymous mapping (a tmpfs file without a name, as in Linux) or a
 * segment of the program image. Areas map it; its pages outlive any one mapping of them.
 *
 *     page index ──► frame             resident (the page cache): the object holds one reference on the frame
 *                ──► -(slot + 1)       swapped out (shared memory only)
 *                ──► (absent)          never touched: zeros for shared memory, the file's bytes for an image
 *
 * The object lives while an area refers to it; the last area's end frees its frames and slots.
 */
export class MemoryObject {
  readonly id: number;
  readonly kind: 'shared' | 'file';
  readonly name: string;
  /** Bytes of the file; past them a page reads zero. Empty for shared memory. */
  readonly contents: Uint8Array;
  /** Pages the object has; beyond them an access is SIGBUS. */
  readonly pageCount: number;
  readonly pages = new Map<number, number>();
  /** Pages promised to it (Linux Committed_AS). */
  committedPages = 0;
  /** Areas that refer to it. */
  areas = 0;

  constructor(id: number, kind: 'shared' | 'file', name: string, pageCount: number, contents: Uint8Array) {
    this.id = id;
    this.kind = kind;
    this.name = name;
    this.pageCount = pageCount;
    this.contents = contents;
  }
}
