/**
 * A shared library in an address space: an executable text whose addresses are what function pointers hold, and zeroed
 * variables (bss) behind it.
 *
 *     text   r-x   named after the file; function i begins at text + 16 i
 *     bss    rw-   anonymous, zeroed on first touch
 *
 * Placed as the dynamic linker does: mapped where the kernel finds room below the mmap base. Except that no library lies
 * across a multiple of 4 GiB: its code reaches its variables by the low words of their addresses (mmu/segment-unit.ts).
 */
import { accountPages, isAccountable, mayCommit } from '../kernel/accounting.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { VM_ACCOUNT, VM_EXEC, VM_MAYEXEC, VM_MAYREAD, VM_MAYWRITE, VM_READ, VM_WRITE } from '../kernel/linux-abi.ts';
import { makeImageObject } from '../kernel/objects.ts';
import type { AddressSpace } from '../kernel/vm/address-space.ts';
import { Area } from '../kernel/vm/area.ts';
import { addArea } from '../kernel/vm/edit.ts';
import { findUnmapped } from '../kernel/vm/placement.ts';
import { alignUp } from '../mmu/units.ts';

/** Bytes from one function's address to the next. */
export const FUNCTION_BYTES = 16;
const MAY_ALL = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
const SEGMENT_BYTES = 2 ** 32;
const NO_CODE = new Uint8Array(0);

export interface Library {
  readonly name: string;
  readonly text: number;
  readonly bss: number;
  readonly bssBytes: number;
}

/** Map a library of `functions` functions and `bssBytes` of variables; null when there is no room. */
export function loadLibrary(
  kernel: Kernel,
  space: AddressSpace,
  name: string,
  functions: number,
  bssBytes: number,
): Library | null {
  const { pageBytes } = kernel;
  const textBytes = alignUp(Math.max(1, functions) * FUNCTION_BYTES, pageBytes);
  const dataBytes = alignUp(bssBytes, pageBytes);
  const bytes = textBytes + dataBytes;
  const text = findRoom(kernel, space, bytes);
  if (text < 0 || !mayCommit(kernel, space, dataBytes / pageBytes)) return null;
  const code = makeImageObject(kernel, name, NO_CODE, textBytes / pageBytes);
  code.part = { path: `/usr/lib/${name}`, inode: code.id, offset: 0 };
  addArea(space, new Area(text, text + textBytes, VM_READ | VM_EXEC | MAY_ALL, code, 0));
  accountPages(kernel, space, VM_READ | VM_EXEC | MAY_ALL, textBytes / pageBytes);
  const bss = text + textBytes;
  let flags = VM_READ | VM_WRITE | MAY_ALL;
  if (isAccountable(flags)) flags |= VM_ACCOUNT;
  if (dataBytes > 0) {
    addArea(space, new Area(bss, bss + dataBytes, flags, null, Math.floor(bss / pageBytes)));
    accountPages(kernel, space, flags, dataBytes / pageBytes);
  }
  return { name, text, bss, bssBytes };
}

/** Free addresses that lie in one segment; -1: none found. */
function findRoom(kernel: Kernel, space: AddressSpace, bytes: number): number {
  const start = findUnmapped(kernel, space, 0, bytes, kernel.pageBytes, false);
  const segmentOf = (address: number) => Math.floor(address / SEGMENT_BYTES);
  const last = segmentOf(start + bytes - 1);
  if (start < 0 || segmentOf(start) === last) return start;
  const below = findUnmapped(kernel, space, last * SEGMENT_BYTES - bytes, bytes, kernel.pageBytes, false);
  return below >= 0 && segmentOf(below) === segmentOf(below + bytes - 1) ? below : -1;
}
