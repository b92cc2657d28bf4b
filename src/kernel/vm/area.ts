/**
 * An area (Linux `vm_area_struct`, VMA): one run of pages of an address space that share rights and backing.
 *
 *     [start, end)     page-aligned bytes
 *     flags            VM_* of linux-abi.ts
 *     object           the shared memory or file behind it; null for private anonymous memory
 *     pageOffset       page index of `start` in the object; for private anonymous memory the page number at creation
 *                      (it decides whether two pieces continue each other)
 *     file             the open file it was mapped through (Linux vm_file), null for none: pieces of two opens of one file
 *                      do not merge
 *     anon             identity of the private pages the area has written (Linux anon_vma); null until the first write
 *     forkChild        the area got its `anon` by fork: it never merges with a neighbour on its account
 *
 * Areas are also the nodes of the tree that orders them; the fields below `tree` belong to AreaTree alone, those below
 * `object’s areas` to object-areas.ts.
 */
import type { OpenFile } from '../fs/inode.ts';
import { VM_GROWSDOWN } from '../linux-abi.ts';
import type { MemoryObject } from '../memory-object.ts';
import type { AddressSpace } from './address-space.ts';

/** Identity of a family of private pages. Only ever compared. */
export class AnonVma {
  readonly id: number;
  constructor(id: number) {
    this.id = id;
  }
}

export class Area {
  start: number;
  end: number;
  flags: number;
  object: MemoryObject | null;
  pageOffset: number;
  file: OpenFile | null = null;
  anon: AnonVma | null = null;
  forkChild = false;

  // tree
  left: Area | null = null;
  right: Area | null = null;
  parent: Area | null = null;
  previous: Area | null = null;
  next: Area | null = null;
  height = 1;
  /** Largest gap below any area of this subtree, in bytes. */
  gapMax = 0;

  // object’s areas
  space: AddressSpace | null = null;
  objectNext: Area | null = null;
  objectPrevious: Area | null = null;

  constructor(start: number, end: number, flags: number, object: MemoryObject | null, pageOffset: number) {
    this.start = start;
    this.end = end;
    this.flags = flags;
    this.object = object;
    this.pageOffset = pageOffset;
  }

  /** A twin with the same backing for another range or address space; not in any tree. */
  copy(): Area {
    const twin = new Area(this.start, this.end, this.flags, this.object, this.pageOffset);
    twin.file = this.file;
    twin.anon = this.anon;
    twin.forkChild = this.forkChild;
    return twin;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }

  /** Page of the backing object (or the anonymous numbering) at `address`. */
  pageAt(address: number, pageBytes: number): number {
    return this.pageOffset + Math.floor((address - this.start) / pageBytes);
  }

  /** Highest address that a mapping chosen by the kernel may end at below this area: a growing stack keeps a gap. */
  startWithGap(stackGuardBytes: number): number {
    return (this.flags & VM_GROWSDOWN) !== 0 ? Math.max(0, this.start - stackGuardBytes) : this.start;
  }
}
