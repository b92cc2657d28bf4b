/** Zeroing a part of a page of a file: behind its end, or at the edges of a hole. */
import { FLAG_DIRTY, FLAG_UNREAD } from '../frames/frame-table.ts';
import { markAccessed } from '../frames/lru-batches.ts';
import type { Kernel } from '../kernel.ts';
import type { Inode } from './inode.ts';
import { frameOf } from './page-cache.ts';

/** Zero what follows byte `from` in its page: there the file ends, or ended until now. */
export function zeroTail(kernel: Kernel, inode: Inode, from: number): void {
  zeroPart(kernel, inode, from, Math.ceil(from / kernel.pageBytes) * kernel.pageBytes);
}

/**
 * Zero bytes [from, to) of one page. tmpfs has nothing to do in a hole; ext4 brings the page into the cache to look, and
 * leaves it there unread: only its block has been read [fs/ext4/inode.c:__ext4_block_zero_page_range].
 */
export function zeroPart(kernel: Kernel, inode: Inode, from: number, to: number): void {
  const { pageBytes, memory, frames } = kernel;
  const page = Math.floor(from / pageBytes);
  if (from >= to || (inode.type === 'tmpfs' && !inode.pages.has(page))) return;
  const wasCached = inode.frameAt(page) >= 0;
  const pfn = frameOf(kernel, inode, page);
  if (pfn < 0) return;
  if (inode.type === 'disk') markAccessed(kernel, pfn);
  memory.writeBytes(pfn * pageBytes + (from % pageBytes), new Uint8Array(to - from));
  const isHole = inode.store?.has(page) === false && !frames.has(pfn, FLAG_DIRTY);
  if (!isHole) frames.set(pfn, FLAG_DIRTY);
  if (inode.type === 'disk' && !wasCached) frames.set(pfn, FLAG_UNREAD);
}
