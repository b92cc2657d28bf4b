/**
 * mmap(2) of anonymous memory, private and shared, and of files (mmap-file.ts) [mm/mmap.c:ksys_mmap_pgoff, do_mmap; mm/vma.c:mmap_region].
 * The checks stand in the kernel's order: the first that fails decides the errno.
 */
import { alignDown } from '../../mmu/units.ts';
import { accountPages, isAccountable, mayCommit } from '../accounting.ts';
import { type Argument, alignLength, isAligned, numberOf } from '../arguments.ts';
import { populate } from '../fault/populate.ts';
import type { OpenFile } from '../fs/inode.ts';
import type { Kernel } from '../kernel.ts';
import { mayExpand, mayLock } from '../limits.ts';
import {
  fail,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_HUGETLB,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  MAP_SHARED_VALIDATE,
  MAP_STACK,
  MAP_SYNC,
  MAP_TYPE,
  VM_ACCESS,
  VM_ACCOUNT,
  VM_DONTDUMP,
  VM_DONTEXPAND,
  VM_DROPPABLE,
  VM_GROWSDOWN,
  VM_HUGETLB,
  VM_LOCKED,
  VM_LOCKONFAULT,
  VM_MAYEXEC,
  VM_MAYREAD,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_NOHUGEPAGE,
  VM_NORESERVE,
  VM_SHARED,
  VM_SYNC,
  VM_WIPEONFORK,
} from '../linux-abi.ts';
import type { Process } from '../process.ts';
import type { AddressSpace } from './address-space.ts';
import { Area } from './area.ts';
import { addArea, mergeWithNeighbours } from './edit.ts';
import { mappableSuperpage, reserveSuperpages } from './hugetlb.ts';
import { backingOf, FILE_BYTES_MAX, fileMappingFlags, mappedFile, whyNoFile } from './mmap-file.ts';
import {
  findUnmapped,
  isPlacedByOffset,
  lowestHint,
  MMAP_MIN_PAGES,
  naturalAlignment,
  placeFile,
} from './placement.ts';
import { splitAtEnds, unmapRange } from './unmap.ts';

export interface MmapArguments {
  readonly address: Argument;
  readonly length: Argument;
  readonly prot: number;
  readonly flags: number;
  readonly offset: Argument;
  /** Descriptor of the file to map, used without MAP_ANONYMOUS; default -1. */
  readonly fd?: number;
  /** An open file without a descriptor, instead of `fd`. */
  readonly file?: OpenFile;
}

/** Address of the new mapping, or -errno. */
export function mmap(kernel: Kernel, process: Process, args: MmapArguments): number {
  const space = process.space!;
  const { pageBytes } = kernel;
  const { flags } = args;
  if (!isAligned(args.offset, pageBytes)) return kernel.refuse('EINVAL', 'the offset is not a whole number of pages');
  const file = (flags & MAP_ANONYMOUS) === 0 ? mappedFile(process, args) : null;
  if (file === null && (flags & MAP_ANONYMOUS) === 0) return kernel.refuse('EBADF', whyNoFile(process, args));
  if (file !== null && (flags & MAP_HUGETLB) !== 0)
    return kernel.refuse('EINVAL', 'MAP_HUGETLB: a file of ordinary pages is not mapped with superpages');
  const huge = (flags & MAP_HUGETLB) !== 0 ? mappableSuperpage(kernel) : 0;
  if (huge < 0) return huge;
  if (numberOf(args.length) === 0) return kernel.refuse('EINVAL', 'the length is zero');
  const length = alignLength(args.length, huge || pageBytes);
  if (length === 0) {
    return kernel.refuse(
      huge > 0 ? 'EINVAL' : 'ENOMEM',
      'the length, rounded up to whole pages, does not fit into 64 bits',
    );
  }
  // The sum of page numbers that would be EOVERFLOW cannot exceed 64 bits.
  if (space.areas.count > kernel.sysctl.max_map_count)
    return kernel.refuse('ENOMEM', `the process has ${space.areas.count} areas, more than max_map_count`);

  const address = placeMapping(kernel, space, args, length, huge, file);
  if (address < 0) return address;
  const overlap = space.areas.find(address);
  const occupied = overlap !== null && overlap.start < address + length;
  if ((flags & MAP_FIXED_NOREPLACE) !== 0 && occupied)
    return kernel.refuse('EEXIST', 'MAP_FIXED_NOREPLACE: something is mapped in this range already');
  const pages = length / pageBytes;
  if ((flags & MAP_LOCKED) !== 0 && process.limits.memlock === 0)
    return kernel.refuse('EPERM', 'MAP_LOCKED: RLIMIT_MEMLOCK is 0, so the process may not lock any memory');
  const isLocked = (flags & MAP_LOCKED) !== 0 || (space.defaultFlags & VM_LOCKED) !== 0;
  if (isLocked && !mayLock(kernel, process.limits, space, pages)) return fail('EAGAIN');

  // The file that superpages stand for has a largest offset as any other.
  if (huge > 0 && numberOf(args.offset) > FILE_BYTES_MAX - length - pageBytes)
    return kernel.refuse('EOVERFLOW', 'offset and length together are beyond the largest file');
  const kind = file === null ? anonymousFlags(kernel, flags) : fileMappingFlags(kernel, file, args, length);
  if (kind < 0) return kind;
  const vmFlags = space.defaultFlags | areaFlags(kernel, args, kind);
  const isShmem = (kind & VM_SHARED) !== 0 && (file === null || file.inode.type === 'zero');
  const made = makeRoom(kernel, process, address, length, vmFlags, isShmem);
  if (made < 0) return made;
  const reserved = huge > 0 ? reserveSuperpages(kernel, length, numberOf(args.offset), vmFlags) : 0;
  if (reserved < 0) return reserved;
  // A file system on a disk cannot promise MAP_SYNC; it is asked only now [fs/ext4/file.c:ext4_file_mmap].
  if (file?.inode.type === 'disk' && (vmFlags & VM_SYNC) !== 0)
    return kernel.refuse('EOPNOTSUPP', 'MAP_SYNC needs a file of a DAX file system, and this one is on a plain disk');

  const object = backingOf(kernel, file, pages, isShmem, (vmFlags & VM_NORESERVE) === 0);
  const anonymousPage = object === null ? Math.floor(address / pageBytes) : 0;
  const pageOffset = file === null ? anonymousPage : numberOf(args.offset) / pageBytes;
  const area = new Area(address, address + length, vmFlags, object, pageOffset);
  // Shared memory made of /dev/zero is a file of its own.
  area.file = isShmem ? null : file;
  addArea(space, area);
  accountPages(kernel, space, vmFlags, pages);
  // Superpages stay where they are anyway [mm/vma.c:__mmap_complete].
  if (area.has(VM_HUGETLB)) area.flags &= ~(VM_LOCKED | VM_LOCKONFAULT);
  else if (area.has(VM_LOCKED)) space.lockedPages += pages;
  mergeWithNeighbours(kernel, space, area);
  const isWanted = (flags & (MAP_POPULATE | MAP_NONBLOCK)) === MAP_POPULATE || isLocked;
  if (isWanted) populate(kernel, process, address, address + length);
  return address;
}

/**
 * Check the limits and the promise of memory, and unmap what is in the way: 0 or -errno. A refusal comes after the old
 * areas were cut at the ends of the range, and they stay cut; a shared object is charged only when they are gone.
 */
function makeRoom(
  kernel: Kernel,
  process: Process,
  address: number,
  length: number,
  vmFlags: number,
  isShmem: boolean,
): number {
  const space = process.space!;
  const end = address + length;
  const pages = length / kernel.pageBytes;
  const cut = splitAtEnds(kernel, space, address, end);
  if (cut < 0) return cut;
  const added = pages - pagesIn(kernel, space, address, end);
  if (!mayExpand(kernel, process.limits, space, vmFlags, added)) return fail('ENOMEM');
  // What is replaced gives its promise back.
  const promised = pages - pagesIn(kernel, space, address, end, VM_ACCOUNT);
  if ((vmFlags & VM_ACCOUNT) !== 0 && promised > 0 && !mayCommit(kernel, space, promised)) return fail('ENOMEM');
  const unmapped = unmapRange(kernel, space, address, end);
  if (unmapped < 0) return unmapped;
  const isCharged = isShmem && (vmFlags & VM_NORESERVE) === 0;
  return isCharged && !mayCommit(kernel, space, pages) ? fail('ENOMEM') : 0;
}

/** Mapped pages of [start, end), at whose ends no area is cut; with `flag`, those of areas that have it. */
function pagesIn(kernel: Kernel, space: AddressSpace, start: number, end: number, flag = 0): number {
  let bytes = 0;
  for (let area = space.areas.find(start); area !== null && area.start < end; area = area.next) {
    if ((area.flags & flag) === flag) bytes += area.end - area.start;
  }
  return bytes / kernel.pageBytes;
}

/** get_unmapped_area: where it goes, or -errno. */
function placeMapping(
  kernel: Kernel,
  space: AddressSpace,
  args: MmapArguments,
  length: number,
  huge: number,
  file: OpenFile | null,
): number {
  const { pageBytes, format } = kernel;
  const lowest = MMAP_MIN_PAGES * pageBytes;
  if (length > format.userEnd) return kernel.refuse('ENOMEM', 'the length is more than all of user space');
  if ((args.flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) !== 0) {
    const address = numberOf(args.address);
    if (address > format.userEnd - length) return kernel.refuse('ENOMEM', 'the range reaches beyond user space');
    if (!isAligned(args.address, huge || pageBytes))
      return kernel.refuse('EINVAL', 'the address is not page-aligned, as MAP_FIXED wants it');
    return address < lowest
      ? kernel.refuse('EPERM', 'the lowest pages may not be mapped (mmap_min_addr), so that null pointers fault')
      : address;
  }
  let hint = alignDown(numberOf(args.address), pageBytes);
  if (hint !== 0) hint = Math.max(hint, lowestHint(kernel));
  if (huge !== 0) hint -= hint % huge;
  // Large mappings of some files are where a superpage could map them.
  if (isPlacedByOffset(file, (args.flags & MAP_SHARED) !== 0)) {
    const found = placeFile(kernel, space, hint, length, numberOf(args.offset));
    return found < 0 ? kernel.refuse('ENOMEM', NO_GAP) : found;
  }
  const isPlain = hint === 0 && file === null && (args.flags & MAP_SHARED) === 0;
  const alignment = huge || (isPlain ? naturalAlignment(kernel, length) : pageBytes);
  const found = findUnmapped(kernel, space, hint, length, alignment, huge !== 0);
  return found < 0 ? kernel.refuse('ENOMEM', NO_GAP) : found;
}

/** VM_* that the type of an anonymous mapping decides, or -EINVAL. */
function anonymousFlags(kernel: Kernel, flags: number): number {
  const type = flags & MAP_TYPE;
  if (type === MAP_PRIVATE) {
    // To Linux such memory is a private mapping of a file of superpages, and files are no stacks [mm/mmap.c:do_mmap].
    return (flags & MAP_HUGETLB) !== 0 && (flags & MAP_GROWSDOWN) !== 0
      ? kernel.refuse('EINVAL', 'MAP_GROWSDOWN: a stack does not grow by superpages')
      : VM_MAYWRITE;
  }
  if (type === MAP_DROPPABLE) {
    // What may go at any time is not worth promising, handing on to a child or keeping in a core dump.
    if ((flags & (MAP_LOCKED | MAP_HUGETLB | MAP_GROWSDOWN)) !== 0)
      return kernel.refuse('EINVAL', 'MAP_DROPPABLE: such memory is neither locked, nor of superpages, nor a stack');
    return VM_MAYWRITE | VM_DROPPABLE | VM_NORESERVE | VM_WIPEONFORK | VM_DONTDUMP;
  }
  // Shared superpages would need a hugetlb file behind them.
  const refused = type !== MAP_SHARED || (flags & (MAP_GROWSDOWN | MAP_HUGETLB)) !== 0;
  return refused ? kernel.refuse('EINVAL', whyNoType(flags)) : VM_MAYWRITE | VM_SHARED | VM_MAYSHARE;
}

const NO_GAP = 'no gap in the address space is that long';

/** Why this is no anonymous mapping: the first of the rules that it breaks. */
function whyNoType(flags: number): string {
  const type = flags & MAP_TYPE;
  if (type === MAP_SHARED_VALIDATE) return 'MAP_SHARED_VALIDATE is for files only';
  if (type !== MAP_SHARED) return 'a mapping must be MAP_SHARED or MAP_PRIVATE, this is neither';
  if ((flags & MAP_GROWSDOWN) !== 0) return 'shared memory cannot grow downwards';
  return 'MAP_HUGETLB: shared superpages would need a hugetlb file behind them';
}

/** `kind`: what type and file decide, VM_MAYWRITE, VM_SHARED and VM_MAYSHARE above all. */
function areaFlags(kernel: Kernel, args: MmapArguments, kind: number): number {
  const { flags } = args;
  let vmFlags = (args.prot & VM_ACCESS) | VM_MAYREAD | VM_MAYEXEC | kind;
  if ((flags & MAP_GROWSDOWN) !== 0) vmFlags |= VM_GROWSDOWN;
  if ((flags & MAP_LOCKED) !== 0) vmFlags |= VM_LOCKED;
  if ((flags & MAP_STACK) !== 0) vmFlags |= VM_NOHUGEPAGE;
  // Meaningless for anonymous memory, but noted and compared when areas merge.
  if ((flags & MAP_SYNC) !== 0) vmFlags |= VM_SYNC;
  if ((flags & MAP_HUGETLB) !== 0) vmFlags |= VM_HUGETLB | VM_DONTEXPAND;
  if ((flags & MAP_NORESERVE) !== 0 && kernel.sysctl.overcommit_memory !== 2) vmFlags |= VM_NORESERVE;
  // A shared object is charged as a whole, so its areas do not carry the flag.
  if (isAccountable(vmFlags)) vmFlags |= VM_ACCOUNT;
  return vmFlags;
}
