/** Making and ending memory objects. Ids are reused; `kernel.objects` finds an object by the id a frame carries. */
import { BlockStore } from './fs/block-store.ts';
import { dropPages } from './fs/page-cache.ts';
import type { Kernel } from './kernel.ts';
import { MemoryObject } from './memory-object.ts';

/** Shared anonymous memory of so many pages: each mapping is an object of its own, as in Linux. `promised`: charged. */
export function makeSharedObject(kernel: Kernel, pages: number, promised: boolean): MemoryObject {
  const object = new MemoryObject(nextObjectId(kernel), 'shared', 'shared', pages * kernel.pageBytes, null);
  kernel.objects[object.id] = object;
  object.committedPages = promised ? pages : 0;
  kernel.committedPages += object.committedPages;
  return object;
}

/** A segment of the program image: `contents`, then zeros up to `pages` pages. */
export function makeImageObject(kernel: Kernel, name: string, contents: Uint8Array, pages: number): MemoryObject {
  const { pageBytes } = kernel;
  const store = new BlockStore(null);
  for (let at = 0; at < contents.length; at += pageBytes) {
    store.write(at / pageBytes, contents.slice(at, at + pageBytes));
  }
  const object = new MemoryObject(nextObjectId(kernel), 'file', name, pages * pageBytes, store);
  kernel.objects[object.id] = object;
  return object;
}

/** An id that no object has; the caller enters its object under it. */
export function nextObjectId({ idleObjectIds, objects }: Kernel): number {
  return idleObjectIds.pop() ?? objects.length;
}

export function holdObject(object: MemoryObject): void {
  object.areas++;
}

/** One area less refers to it. */
export function putObject(kernel: Kernel, object: MemoryObject): void {
  object.areas--;
  endIfUnused(kernel, object);
}

/** One name or open file less refers to it. */
export function putHandle(kernel: Kernel, object: MemoryObject): void {
  object.handles--;
  endIfUnused(kernel, object);
}

function endIfUnused(kernel: Kernel, object: MemoryObject): void {
  if (object.areas > 0 || object.handles > 0) return;
  dropPages(kernel, object, 0, Number.POSITIVE_INFINITY);
  object.store?.discard(0, Number.POSITIVE_INFINITY);
  kernel.committedPages -= object.committedPages;
  kernel.objects[object.id] = null;
  kernel.idleObjectIds.push(object.id);
  if (object.segmentId !== null) kernel.segments.delete(object.segmentId);
}
