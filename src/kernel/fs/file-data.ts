/**
 * The bytes of a file, read and written through the page cache [mm/filemap.c:filemap_read, generic_perform_write;
 * mm/shmem.c:shmem_file_read_iter].
 */
import { FLAG_DIRTY, FLAG_READ_AHEAD, FLAG_UNREAD } from '../frames/frame-table.ts';
import { markAccessed } from '../frames/lru-batches.ts';
import { holdFrame, putFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import { NO_SPACE } from './disk.ts';
import type { Inode } from './inode.ts';
import { frameOf } from './page-cache.ts';
import { type ReadAhead, readOn, readSequentially } from './read-ahead.ts';
import { zeroPart } from './zero-tail.ts';

const NO_FRAME = 'no frame was left for a page of the page cache';

/** The page differs from what the disk has. */
export function markDirty(kernel: Kernel, pfn: number): void {
  kernel.frames.set(pfn, FLAG_DIRTY);
}

/**
 * The frame to read the page from, or -1 for a hole of tmpfs (zeros, and no page is made for it), -ENOMEM. `pages`: how
 * many the read wants from here on.
 */
export function pageForReading(kernel: Kernel, inode: Inode, state: ReadAhead, page: number, pages: number): number {
  if (inode.type === 'disk') {
    const cached = inode.frameAt(page);
    if (cached < 0) readSequentially(kernel, inode, state, page, pages);
    else if (kernel.frames.has(cached, FLAG_READ_AHEAD)) readOn(kernel, inode, state, page, pages);
  } else if (!inode.pages.has(page)) {
    return -1;
  }
  const pfn = frameOf(kernel, inode, page);
  if (pfn < 0) return kernel.refuse('ENOMEM', NO_FRAME);
  kernel.frames.unset(pfn, FLAG_UNREAD);
  return pfn;
}

/** Bytes [at, at + count) of the file, all in one page, are being read. */
export function noteRead(kernel: Kernel, inode: Inode, state: ReadAhead, at: number, count: number): void {
  const { pageBytes } = kernel;
  const page = Math.floor(at / pageBytes);
  const pfn = inode.frameAt(page);
  // tmpfs counts reads of a page's beginning; a disk's files those of another page than the last one's.
  const isLast = state.position > 0 && Math.floor((state.position - 1) / pageBytes) === page;
  if (pfn >= 0 && (inode.type === 'disk' ? !isLast : at % pageBytes === 0)) markAccessed(kernel, pfn);
  state.position = at + count;
}

/**
 * The frame to write byte `at` to, or -ENOMEM, -ENOSPC, when `left` bytes are to be written from there on. A file on a disk gets
 * the pages of a whole block of them at once, as large as the write fills [mm/filemap.c:__filemap_get_folio]; those that
 * were holes are new and zero, and as such to be written to the disk.
 */
export function pageForWriting(kernel: Kernel, inode: Inode, at: number, left: number): number {
  const { pageBytes } = kernel;
  const page = Math.floor(at / pageBytes);
  const pages = inode.type === 'disk' && inode.frameAt(page) < 0 ? blockPages(kernel, inode, page, left) : 1;
  // What will be overwritten as a whole is not read for that [fs/ext4/inode.c:ext4_block_write_begin].
  const isWhole = at % pageBytes === 0 && left >= pageBytes;
  const staysUnread = isWhole && inode.frameAt(page) < 0 && inode.store?.has(page) === true;
  const pfn = newPage(kernel, inode, page);
  if (pfn === FULL) return kernel.refuse('ENOSPC', NO_SPACE);
  if (pfn < 0) return kernel.refuse('ENOMEM', NO_FRAME);
  if (staysUnread) kernel.frames.set(pfn, FLAG_UNREAD);
  holdFrame(kernel, pfn);
  for (let next = page + 1; next < page + pages; next++) {
    if (!inode.store!.has(next) && newPage(kernel, inode, next) === FULL) break;
  }
  putFrame(kernel, pfn);
  if (inode.type === 'tmpfs') markAccessed(kernel, pfn);
  return pfn;
}

/** Bytes [at, at + count) of the file, which has grown to `at`, were written into the frame. */
export function noteWritten(kernel: Kernel, inode: Inode, pfn: number, at: number, count: number): void {
  markDirty(kernel, pfn);
  kernel.frames.unset(pfn, FLAG_UNREAD);
  inode.size = Math.max(inode.size, at + count);
}

/**
 * Not a byte could be had to write at `at`. tmpfs has made the page dirty nevertheless; a file on a disk only where the
 * write was to begin within a block, which has been looked at for what stays of it [mm/shmem.c:shmem_write_end;
 * fs/buffer.c:block_commit_write with nothing to commit].
 */
export function noteNothingWritten(kernel: Kernel, inode: Inode, pfn: number, at: number): void {
  if (inode.type === 'disk' && at % kernel.pageBytes === 0) return;
  markDirty(kernel, pfn);
  kernel.frames.unset(pfn, FLAG_UNREAD);
}

/**
 * Something is written at byte `at`: a file that ended before has zeros in between, and one on a disk has the page with
 * its old end looked at for them [fs/ext4/inode.c:ext4_da_do_write_end].
 */
export function growTo(kernel: Kernel, inode: Inode, at: number): void {
  const { size } = inode;
  if (at <= size) return;
  inode.size = at;
  const pageEnd = Math.ceil(size / kernel.pageBytes) * kernel.pageBytes;
  if (inode.type === 'disk') zeroPart(kernel, inode, size, Math.min(at, pageEnd));
}

/** The disk has no block for the page. */
const FULL = -2;

/** The page, with a block promised and made dirty if it is new: -1 when memory is exhausted, FULL. */
function newPage(kernel: Kernel, inode: Inode, page: number): number {
  const isNew = inode.frameAt(page) < 0 && inode.store?.has(page) === false;
  const pfn = frameOf(kernel, inode, page);
  if (pfn < 0) return -1;
  if (inode.store?.promise(page) === false) return FULL;
  if (isNew) markDirty(kernel, pfn);
  kernel.frames.unset(pfn, FLAG_UNREAD);
  return pfn;
}

/** Pages that one allocation for the page cache serves at most: those of a superpage of 2 MiB (Linux MAX_PAGECACHE_ORDER). */
const BLOCK_PAGES_MAX = 512;

/** Pages from `page` on, none of them cached, that one allocation serves: a power of two, aligned, not more than filled. */
function blockPages(kernel: Kernel, inode: Inode, page: number, left: number): number {
  let pages = 1;
  while (pages < BLOCK_PAGES_MAX && pages * 2 * kernel.pageBytes <= left && page % (pages * 2) === 0) pages *= 2;
  // None of them is cached before the first that is, so that one decides for all sizes.
  let cached = page;
  while (cached < page + pages && inode.frameAt(cached) < 0) cached++;
  while (pages > 1 && page + pages > cached) pages /= 2;
  return pages;
}

/** Bytes [offset, offset + length) of the file, fewer at its end; or -EINVAL, -ENOMEM. */
export function readFile(
  kernel: Kernel,
  inode: Inode,
  state: ReadAhead,
  offset: number,
  length: number,
): Uint8Array | number {
  if (offset < 0 || length < 0) return kernel.refuse('EINVAL', 'the offset or the length is negative');
  const { pageBytes, memory } = kernel;
  const end = Math.max(offset, Math.min(offset + length, inode.size));
  const bytes = new Uint8Array(end - offset);
  const lastPage = Math.ceil(end / pageBytes);
  state.positionBefore = state.position;
  for (let at = offset; at < end; ) {
    const page = Math.floor(at / pageBytes);
    const within = at % pageBytes;
    const count = Math.min(end - at, pageBytes - within);
    const pfn = pageForReading(kernel, inode, state, page, lastPage - page);
    if (pfn < -1) return pfn;
    if (pfn >= 0) bytes.set(memory.readBytes(pfn * pageBytes + within, count), at - offset);
    noteRead(kernel, inode, state, at, count);
    at += count;
  }
  return bytes;
}

/** Write the bytes at `offset`, extending the file as needed: how many, or -EINVAL, -EFBIG; -ENOMEM or -ENOSPC when not even one could be. */
export function writeFile(kernel: Kernel, inode: Inode, offset: number, bytes: Uint8Array): number {
  const { pageBytes, memory } = kernel;
  if (offset < 0) return kernel.refuse('EINVAL', 'the offset is negative');
  if (offset + bytes.length > inode.sizeMax)
    return kernel.refuse('EFBIG', 'the bytes reach behind the file system’s largest file');
  let done = 0;
  while (done < bytes.length) {
    const at = offset + done;
    const within = at % pageBytes;
    const count = Math.min(bytes.length - done, pageBytes - within);
    const pfn = pageForWriting(kernel, inode, at, bytes.length - done);
    if (pfn < 0) return done === 0 ? pfn : done;
    // Held: to look at the page with the old end may take another frame.
    holdFrame(kernel, pfn);
    growTo(kernel, inode, at);
    memory.writeBytes(pfn * pageBytes + within, bytes.subarray(done, done + count));
    noteWritten(kernel, inode, pfn, at, count);
    putFrame(kernel, pfn);
    done += count;
  }
  return done;
}
