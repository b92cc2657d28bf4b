/**
 * The naive model of one file and of who maps it: byte arrays, one for the file and one for each private page that was
 * written. No cache, no disk, no frames.
 *
 * Bytes behind the end, up to the end of its page, are not the file's, but mappings may store there; they are kept, with
 * what happens to them on either kind of file: tmpfs lets them be until the file is cut, a disk clears them when the file
 * grows over them or is written back (what Linux 6.18 does: file-ends.test.ts).
 */
export const PAGE = 4096;

export class FileModel {
  readonly onDisk: boolean;
  size = 0;
  /** As long as the file may get; zeros wherever nothing was stored. */
  readonly bytes: Uint8Array;

  constructor(onDisk: boolean, pages: number) {
    this.onDisk = onDisk;
    this.bytes = new Uint8Array(pages * PAGE);
  }

  /** The end of the page with the last byte: what mappings may touch. */
  get reach(): number {
    return Math.ceil(this.size / PAGE) * PAGE;
  }

  write(offset: number, bytes: Uint8Array): void {
    if (offset > this.size) this.clearTail(Math.min(offset, this.reach));
    this.bytes.set(bytes, offset);
    this.size = Math.max(this.size, offset + bytes.length);
  }

  truncate(size: number): void {
    if (size > this.size) this.clearTail(this.reach);
    else this.bytes.fill(0, size);
    this.size = size;
  }

  punch(offset: number, length: number): void {
    if (this.onDisk && offset >= this.size) return;
    const end = this.onDisk && offset + length > this.size ? this.reach : offset + length;
    this.bytes.fill(0, offset, end);
  }

  /** Written back as a whole. */
  sync(): void {
    this.clearTail(this.reach);
  }

  /** [size, to) of a file on a disk. */
  private clearTail(to: number): void {
    if (this.onDisk) this.bytes.fill(0, this.size, to);
  }
}

/** A mapping of the whole of what the file may become, in one process. */
export class MappingModel {
  readonly file: FileModel;
  readonly isShared: boolean;
  /** Private pages that were written, by number. */
  readonly copies = new Map<number, Uint8Array>();

  constructor(file: FileModel, isShared: boolean) {
    this.file = file;
    this.isShared = isShared;
  }

  fork(): MappingModel {
    const child = new MappingModel(this.file, this.isShared);
    for (const [page, bytes] of this.copies) child.copies.set(page, bytes.slice());
    return child;
  }

  /** Where the first byte of the range is that cannot be reached, or -1. Private copies behind the end are gone, too. */
  firstRefused(offset: number, length: number): number {
    if (offset + length <= this.file.reach) return -1;
    return Math.max(offset, this.file.reach);
  }

  read(offset: number, length: number): Uint8Array {
    return Uint8Array.from({ length }, (_, i) => this.byteAt(offset + i));
  }

  write(offset: number, bytes: Uint8Array): void {
    for (const [i, byte] of bytes.entries()) {
      const at = offset + i;
      if (this.isShared) this.file.bytes[at] = byte;
      else this.copyOf(Math.floor(at / PAGE))[at % PAGE] = byte;
    }
  }

  /** MADV_DONTNEED of pages [first, end). */
  forget(first: number, end: number): void {
    for (let page = first; page < end; page++) this.copies.delete(page);
  }

  /** The file was cut: what is wholly behind its end is gone from private mappings as well. */
  cut(): void {
    for (const page of [...this.copies.keys()]) if (page * PAGE >= this.file.reach) this.copies.delete(page);
  }

  private byteAt(at: number): number {
    const copy = this.copies.get(Math.floor(at / PAGE));
    return copy === undefined ? this.file.bytes[at]! : copy[at % PAGE]!;
  }

  private copyOf(page: number): Uint8Array {
    let copy = this.copies.get(page);
    if (copy === undefined) {
      copy = this.file.bytes.slice(page * PAGE, (page + 1) * PAGE);
      this.copies.set(page, copy);
    }
    return copy;
  }
}
