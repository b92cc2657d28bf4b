/**
 * Which areas map an object, of whatever address space (Linux i_mmap): so that pages which a file loses are unmapped
 * without a look at anybody else's areas [mm/memory.c:unmap_mapping_pages].
 *
 *     object.firstArea ──► area ⇄ area ⇄ area        the latest first
 *                          space  space  space       where each of them is mapped
 *
 * An area is on its object's list exactly while it is in an address space; areas without an object are on none.
 */
import type { Kernel } from '../kernel.ts';
import { holdObject, putObject } from '../objects.ts';
import type { AddressSpace } from './address-space.ts';
import type { Area } from './area.ts';

/** The area has come into the space: it refers to its object from now on. */
export function joinObject(space: AddressSpace, area: Area): void {
  const { object } = area;
  if (object === null) return;
  const first = object.firstArea;
  area.space = space;
  area.objectNext = first;
  if (first !== null) first.objectPrevious = area;
  object.firstArea = area;
  holdObject(object);
}

/** The area has left its space; the object ends with the last area that refers to it. */
export function leaveObject(kernel: Kernel, area: Area): void {
  const { object, objectPrevious, objectNext } = area;
  if (object === null) return;
  if (objectPrevious === null) object.firstArea = objectNext;
  else objectPrevious.objectNext = objectNext;
  if (objectNext !== null) objectNext.objectPrevious = objectPrevious;
  area.space = null;
  area.objectNext = null;
  area.objectPrevious = null;
  putObject(kernel, object);
}
