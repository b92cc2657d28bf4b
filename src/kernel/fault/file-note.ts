/**
 * What a fault on a file did, in words: was the page in the page cache, what was read with it, what was mapped around it.
 * Only asked for while somebody listens.
 */
import { Inode } from '../fs/inode.ts';
import type { Kernel } from '../kernel.ts';
import { VM_SHARED } from '../linux-abi.ts';
import type { MemoryObject } from '../memory-object.ts';
import type { Area } from '../vm/area.ts';

/** The page of the file, and how the fault came by it. */
export interface FilePage {
  readonly area: Area;
  readonly page: number;
  readonly write: boolean;
  /** Pages of the object in memory, or its slots in swap, before anything was done. */
  readonly before: number;
  /** It had to be read from the disk. */
  readonly major: boolean;
  /** A swapped page of tmpfs. */
  readonly swapped: boolean;
  /** It was in the page cache. */
  readonly cached: boolean;
}

/** How the page is called: `page 3 of data`. */
export const pageName = (object: MemoryObject, page: number): string => `page ${page} of ${object.name}`;

export function noteFilePage(kernel: Kernel, fault: FilePage, mappedAround: number): void {
  const { area, page, write } = fault;
  const object = area.object!;
  if (!(object instanceof Inode)) return;
  const name = pageName(object, page);
  kernel.faultNote = `${source(object, name, fault)}${write ? written(area) : around(mappedAround)}`;
}

/** The first write to a clean page that is mapped read-only so that it is noticed. */
export function noteSharedWriteOf(kernel: Kernel, object: MemoryObject, page: number): void {
  const name = pageName(object, page);
  kernel.faultNote = `${name} was clean, and mapped read-only so that its first write is noticed: it is dirty and writable from now on (until it is written back)`;
}

function source(object: Inode, name: string, { before, major, swapped, cached }: FilePage): string {
  if (cached) return `${name} is in the page cache: no I/O`;
  if (swapped)
    return `${name} had been swapped out, as pages of tmpfs are: ${major ? 'read back' : 'its frame was still there'}`;
  if (!major) return `${name} is a hole: a page of zeros is put into the page cache`;
  const more = object.pages.size - before - 1;
  const readAround = more > 0 ? `, and ${more} more around it (read-around)` : '';
  return `${name} is not in the page cache: it was read from the disk${readAround}`;
}

const around = (pages: number): string =>
  pages > 0 ? `; ${pages} more that are there were mapped with it (fault-around)` : '';

const written = (area: Area): string =>
  area.has(VM_SHARED)
    ? '; the write goes to it and makes it dirty, and no neighbour is mapped'
    : '; the write goes to a copy of its own, which the file never sees';
