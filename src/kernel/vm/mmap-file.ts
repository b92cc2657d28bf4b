/**
 * The part of mmap(2) that concerns the file: may this descriptor be mapped so, and what does that do to the rights
 * [mm/mmap.c:do_mmap, file_mmap_ok; drivers/char/mem.c:mmap_zero].
 */
import { numberOf, TWO_64_NUMBER } from '../arguments.ts';
import type { OpenFile } from '../fs/inode.ts';
import type { Kernel } from '../kernel.ts';
import {
  MAP_32BIT,
  MAP_ABOVE4G,
  MAP_ANONYMOUS,
  MAP_DENYWRITE,
  MAP_EXECUTABLE,
  MAP_FIXED,
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
  PROT_WRITE,
  VM_MAYSHARE,
  VM_MAYWRITE,
  VM_SHARED,
} from '../linux-abi.ts';
import type { MemoryObject } from '../memory-object.ts';
import { makeSharedObject } from '../objects.ts';
import type { Process } from '../process.ts';
import type { MmapArguments } from './mmap.ts';

const MAP_HUGE_2MB = 21 << 26;
const MAP_HUGE_1GB = 30 << 26;
/** What MAP_SHARED_VALIDATE accepts (Linux LEGACY_MAP_MASK). */
const KNOWN_FLAGS =
  MAP_SHARED |
  MAP_PRIVATE |
  MAP_FIXED |
  MAP_ANONYMOUS |
  MAP_DENYWRITE |
  MAP_EXECUTABLE |
  MAP_GROWSDOWN |
  MAP_LOCKED |
  MAP_NORESERVE |
  MAP_POPULATE |
  MAP_NONBLOCK |
  MAP_STACK |
  MAP_HUGETLB |
  MAP_32BIT |
  MAP_ABOVE4G |
  MAP_HUGE_2MB |
  MAP_HUGE_1GB;

/** Highest offset in a file of a file system, and in a device (Linux MAX_LFS_FILESIZE, ULONG_MAX). */
export const FILE_BYTES_MAX = 2 ** 63;

/** The open file that a mapping without MAP_ANONYMOUS names, or null for EBADF. */
export function mappedFile(process: Process, args: MmapArguments): OpenFile | null {
  const file = args.file ?? process.files.get(args.fd ?? -1);
  return file === undefined || file.isPath ? null : file;
}

/** Why the mapping has no file, though without MAP_ANONYMOUS it needs one. */
export function whyNoFile(process: Process, { fd = -1 }: MmapArguments): string {
  const isPath = process.files.get(fd)?.isPath === true;
  return isPath
    ? `descriptor ${fd} was opened with O_PATH: it only names the file`
    : `without MAP_ANONYMOUS a file is mapped, and ${fd} is no open descriptor`;
}

function whyNotValid(unknown: number): string {
  const bits = `0x${(unknown >>> 0).toString(16)}`;
  return unknown === MAP_SYNC
    ? 'MAP_SYNC needs a file of a DAX file system, and this one is on none'
    : `MAP_SHARED_VALIDATE refuses flags that the file’s file system does not know: ${bits}`;
}

/** VM_* of a mapping of the file so far as its type and mode decide them, or -errno. `length`: bytes, whole pages. */
export function fileMappingFlags(kernel: Kernel, file: OpenFile, args: MmapArguments, length: number): number {
  const { pageBytes } = kernel;
  const { inode, canRead, canWrite } = file;
  const most = inode.isRegular ? FILE_BYTES_MAX : TWO_64_NUMBER;
  // The last page that begins before the limit cannot be mapped: the limit is odd by one byte.
  if (length > most || numberOf(args.offset) > most - length - pageBytes)
    return kernel.refuse('EOVERFLOW', 'offset and length together are beyond the largest file there can be');
  const type = args.flags & MAP_TYPE;
  let vmFlags = 0;
  // A file system on a disk knows MAP_SYNC, and refuses it only when it is asked to map [fs/ext4/file.c].
  const known = inode.type === 'disk' ? KNOWN_FLAGS | MAP_SYNC : KNOWN_FLAGS;
  const isUnknown = (args.flags & ~known) !== 0 || Math.floor(args.flags / 2 ** 32) !== 0;
  if (type === MAP_SHARED_VALIDATE && isUnknown) return kernel.refuse('EOPNOTSUPP', whyNotValid(args.flags & ~known));
  if (type === MAP_SHARED || type === MAP_SHARED_VALIDATE) {
    if ((args.prot & PROT_WRITE) !== 0 && !canWrite)
      return kernel.refuse('EACCES', 'a shared mapping that is writable needs a descriptor open for writing');
    vmFlags |= VM_MAYSHARE | (canWrite ? VM_SHARED | VM_MAYWRITE : 0);
  } else if (type === MAP_PRIVATE) {
    vmFlags |= VM_MAYWRITE;
  } else {
    return kernel.refuse('EINVAL', 'a mapping must be MAP_SHARED or MAP_PRIVATE, this is neither');
  }
  if (!canRead) return kernel.refuse('EACCES', 'every mapping of a file needs a descriptor open for reading');
  if (inode.type === 'null' || inode.type === 'directory')
    return kernel.refuse('ENODEV', `${inode.name} cannot be mapped: it has no pages`);
  return (args.flags & MAP_GROWSDOWN) !== 0
    ? kernel.refuse('EINVAL', 'MAP_GROWSDOWN: the mapping of a file is no stack')
    : vmFlags;
}

/**
 * What backs a new area: the file's own pages, a shared memory object made for it (`isShmem`; `promised`: charged), or
 * null for private anonymous memory, which mapping /dev/zero gives as well.
 */
export function backingOf(
  kernel: Kernel,
  file: OpenFile | null,
  pages: number,
  isShmem: boolean,
  promised: boolean,
): MemoryObject | null {
  if (isShmem) return makeSharedObject(kernel, pages, promised);
  return file === null || file.inode.type === 'zero' ? null : file.inode;
}
