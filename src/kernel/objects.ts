/** Making and ending memory objects. Ids are reused; `kernel.objects` finds an object by the id a frame carries. */
import { putFrame } from './frames/page-allocator.ts';
import type { Kernel } from './kernel.ts';
import { MemoryObject } from './memory-object.ts';

const NO_BYTES = new Uint8Array(0);

/** Shared anonymous memory of so many pages: each mapping is an object of its own, as in Linux. `promised`: charged. */
export function makeSharedObject(kernel: Kernel, pages: number, promised: boolean): MemoryObject {
  const object = register(kernel, (id) => new MemoryObject(id, 'shared', 'shared', pages, NO_BYTES));
  object.committedPages = promised ? pages : 0;
  kernel.committedPages += object.committedPages;
  return object;
}

/** A segment of the program image: `contents`, then zeros up to `pages` pages. */
export function makeImageObject(kernel: Kernel, name: string, contents: Uint8Array, pages: number): MemoryObject {
  return register(kernel, (id) => new MemoryObject(id, 'file', name, pages, contents));
}

function register(kernel: Kernel, make: (id: number) => MemoryObject): MemoryObject {
  const gap = kernel.objects.indexOf(null);
  const id = gap >= 0 ? gap : kernel.objects.length;
  const object = make(id);
  kernel.objects[id] = object;
  return object;
}

export function holdObject(object: MemoryObject): void {
  object.areas++;
}

/** One area less refers to it; the last one frees its frames and swap slots. */
export function putObject(kernel: Kernel, object: MemoryObject): void {
  object.areas--;
  if (object.areas > 0) return;
  for (const held of object.pages.values()) {
    if (held >= 0) {
      putFrame(kernel, held);
    } else {
      const slot = -held - 1;
      kernel.swap.counts[slot] = 0;
      kernel.swap.release(slot);
    }
  }
  object.pages.clear();
  kernel.committedPages -= object.committedPages;
  kernel.objects[object.id] = null;
}
