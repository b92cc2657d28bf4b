/**
 * What a new process finds in its address space.
 *
 *     0                 nothing: a null pointer faults
 *     text              r-x   the program's code     ┐ pages of the image, read from "disk" when first touched
 *     rodata            r--   its constants          │ (private: a write to data copies the page)
 *     data              rw-   initialized variables  ┘
 *     bss               rw-   zeroed variables, anonymous
 *     heap              rw-   from the break upwards, empty until brk moves
 *       …
 *     mmap area               kernel-chosen mappings, downwards from `mmapBase`
 *     stack             rw-   grows down from the end of user space, within `stackMax`
 *
 * Places are Linux's for a program that is not relocated: x86-64 text at 0x400000, mmap base = end of user space - the
 * room a stack may take [arch/x86/mm/mmap.c:mmap_base, fs/binfmt_elf.c]. With ASLR text, break, mmap base and stack
 * each move by a number of pages drawn from the machine's seed. Spaces of coursework, smaller than Linux's smallest,
 * get the same picture in proportion.
 */

import { accountPages, isAccountable } from '../kernel/accounting.ts';
import type { Kernel } from '../kernel/kernel.ts';
import {
  VM_ACCOUNT,
  VM_EXEC,
  VM_GROWSDOWN,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_READ,
  VM_WRITE,
} from '../kernel/linux-abi.ts';
import { makeImageObject } from '../kernel/objects.ts';
import type { AddressSpace } from '../kernel/vm/address-space.ts';
import { Area } from '../kernel/vm/area.ts';
import { addArea } from '../kernel/vm/edit.ts';
import { alignUp } from '../mmu/units.ts';

/** Size in bytes (zeros), or contents. */
export type ImageSection = number | Uint8Array;

export interface ImageOptions {
  readonly text?: ImageSection | undefined;
  readonly rodata?: ImageSection | undefined;
  readonly data?: ImageSection | undefined;
  /** Bytes of zeroed variables. */
  readonly bss?: number | undefined;
  /** Bytes of stack set up before the first instruction; default 33 pages, as Linux's exec leaves it. */
  readonly stack?: number | undefined;
}

const MIB = 1024 * 1024;
const X86_TEXT_BASE = 0x400000;
const TEXT_BASE = 0x10000;
const INITIAL_STACK_PAGES = 33;
/** Linux keeps at least 128 MiB, at most five sixths of the space, for the stack. */
const STACK_ROOM_MIN = 128 * MIB;
/** How far ASLR moves things, in pages; Linux x86-64: 28 bits for the mmap base, 22 for the stack, 13 for the break. */
const RANDOM_PAGES = { text: 2 ** 13, brk: 2 ** 13, mmap: 2 ** 28, stack: 2 ** 22 } as const;

const MAY_ALL = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;

/** One page each of text, rodata, data and bss: what a process gets when nobody says otherwise. */
export function defaultImage(pageBytes: number): ImageOptions {
  return { text: pageBytes, rodata: pageBytes, data: pageBytes, bss: pageBytes };
}

/** Lay the image of the program at `path` out in an empty address space. False when it does not fit into user space. */
export function loadImage(
  kernel: Kernel,
  space: AddressSpace,
  path: string,
  image: ImageOptions,
  aslr: boolean,
): boolean {
  const { pageBytes, format, options } = kernel;
  const shift = (what: keyof typeof RANDOM_PAGES): number => {
    if (!aslr) return 0;
    const room = Math.max(1, Math.floor(format.userEnd / pageBytes / 64));
    return kernel.random.below(Math.min(RANDOM_PAGES[what], room, 2 ** 31)) * pageBytes;
  };
  const base = format.family === 'x86' ? X86_TEXT_BASE : TEXT_BASE;
  const lowest = Math.max(1, Math.floor(format.userEnd / pageBytes / 16)) * pageBytes;
  let at = Math.min(base, lowest) + shift('text');
  const rights = { text: VM_READ | VM_EXEC, rodata: VM_READ, data: VM_READ | VM_WRITE } as const;
  let offset = 0;
  for (const name of ['text', 'rodata', 'data'] as const) {
    const section = image[name];
    const bytes = sectionBytes(section);
    if (bytes === 0) continue;
    const pages = Math.ceil(bytes / pageBytes);
    const contents = typeof section === 'number' || section === undefined ? new Uint8Array(0) : section;
    const object = makeImageObject(kernel, name, contents, pages);
    at = place(kernel, space, at, pages, rights[name], object);
    // The process that is being made is the first to run this copy of the program.
    object.part = { path, inode: kernel.nextPid, offset };
    offset += pages * pageBytes;
    if (name === 'text') space.codeBytes = bytes;
    if (name === 'data') space.dataBytes = bytes;
  }
  if (image.bss) at = place(kernel, space, at, Math.ceil(image.bss / pageBytes), VM_READ | VM_WRITE, null);
  space.brkStart = at + shift('brk');
  space.brk = space.brkStart;

  const stackTop = format.userEnd - shift('stack');
  // In proportion on small machines, whose overcommit check would refuse to fork a larger one.
  const proportional = Math.max(1, Math.floor(Math.min(format.userEnd / pageBytes / 32, kernel.memory.frames / 4)));
  const stackBytes = image.stack ?? Math.min(INITIAL_STACK_PAGES, proportional) * pageBytes;
  const stackStart = stackTop - alignUp(stackBytes, pageBytes);
  space.stackTop = stackTop;
  const least = Math.min(STACK_ROOM_MIN, Math.floor(format.userEnd / 8));
  const room = Math.min(
    Math.max(options.stackMax + kernel.stackGuardBytes, least),
    Math.floor((format.userEnd / 6) * 5),
  );
  space.mmapBase = alignUp(format.userEnd - room, pageBytes) - shift('mmap') - (format.userEnd - stackTop);
  if (stackStart <= at || space.mmapBase <= space.brkStart) return false;
  if (stackBytes > 0) {
    const pages = (stackTop - stackStart) / pageBytes;
    place(kernel, space, stackStart, pages, VM_READ | VM_WRITE | VM_GROWSDOWN, null);
  }
  return true;
}

function sectionBytes(section: ImageSection | undefined): number {
  if (section === undefined) return 0;
  return typeof section === 'number' ? section : section.length;
}

/** One area of the image at `start`; returns its end. */
function place(
  kernel: Kernel,
  space: AddressSpace,
  start: number,
  pages: number,
  rights: number,
  object: ReturnType<typeof makeImageObject> | null,
): number {
  const end = start + pages * kernel.pageBytes;
  let flags = rights | MAY_ALL;
  if (isAccountable(flags)) flags |= VM_ACCOUNT;
  const pageOffset = object === null ? Math.floor(start / kernel.pageBytes) : 0;
  addArea(space, new Area(start, end, flags, object, pageOffset));
  accountPages(kernel, space, flags, pages);
  return end;
}
