/**
 * System V shared memory: shmget(2), shmat(2), shmdt(2) and shmctl(2) with IPC_RMID [ipc/shm.c].
 *
 *     kernel.segments   identifier ──► Inode (tmpfs, named `sysv`) ◄── OpenFile ◄── Area     one open per shmat
 *
 * A segment is a file of tmpfs whose size never changes and that no directory lists. IPC_PRIVATE is its only key and 0600
 * its mode. Its areas are its attachments, and their number is shm_nattch: a fork, a split and a mremap that copies attach,
 * an unmapping, an exit and a kill detach. Its identifier is one handle of it, which IPC_RMID puts: it can be found and
 * attached as long as anybody is attached, and the last detachment ends it (objects.ts). No identifier is used twice.
 */

import { mayCommit } from '../accounting.ts';
import { type Argument, alignLength, isAligned, numberOf, roundDown, TWO_64_NUMBER } from '../arguments.ts';
import type { Kernel } from '../kernel.ts';
import { fail, MAP_FIXED, MAP_SHARED, PROT_READ, PROT_WRITE } from '../linux-abi.ts';
import { nextObjectId, putHandle } from '../objects.ts';
import type { Process } from '../process.ts';
import type { Area } from '../vm/area.ts';
import { mmap } from '../vm/mmap.ts';
import { FILE_BYTES_MAX } from '../vm/mmap-file.ts';
import { unmapRange } from '../vm/unmap.ts';
import { Inode, OpenFile } from './inode.ts';

const NO_SEGMENT = 'there is no segment of that identifier (any more)';

export const SHM_RDONLY = 0o10000;
export const SHM_RND = 0o20000;
export const SHM_REMAP = 0o40000;
export const SHM_EXEC = 0o100000;

/** Segments that there may be (Linux SHMMNI). */
const SEGMENTS_MAX = 4096;

/** shmget(IPC_PRIVATE, size, 0600): the identifier of a new segment, or -EINVAL, -ENOSPC, -ENOMEM. */
export function shmget(kernel: Kernel, process: Process, size: Argument): number {
  const bytes = numberOf(size);
  if (bytes < 1 || bytes >= FILE_BYTES_MAX)
    return kernel.refuse('EINVAL', 'a segment has at least one byte, and no more than the largest file');
  if (kernel.segments.size >= SEGMENTS_MAX)
    return kernel.refuse('ENOSPC', `there are ${SEGMENTS_MAX} segments, as many as there may be`);
  const pages = Math.ceil(bytes / kernel.pageBytes);
  if (!mayCommit(kernel, process.space!, pages)) return fail('ENOMEM');
  const inode = new Inode(nextObjectId(kernel), 'sysv', 'tmpfs', null);
  kernel.objects[inode.id] = inode;
  inode.size = bytes;
  inode.handles = 1;
  inode.committedPages = pages;
  kernel.committedPages += pages;
  inode.segmentId = kernel.nextSegmentId++;
  kernel.segments.set(inode.segmentId, inode);
  return inode.segmentId;
}

/** shmctl(id, IPC_RMID): the segment ends when nobody is attached. 0, also when that was said before, or -EINVAL. */
export function shmrm(kernel: Kernel, id: number): number {
  const segment = kernel.segments.get(id);
  if (segment === undefined) return kernel.refuse('EINVAL', NO_SEGMENT);
  if (segment.handles > 0) putHandle(kernel, segment);
  return 0;
}

/**
 * Address of the attached segment, or -errno. Address 0: anywhere. `flags`: SHM_RND rounds the address down to a page,
 * SHM_REMAP replaces what is there, SHM_EXEC asks for a right that the mode withholds.
 */
export function shmat(kernel: Kernel, process: Process, id: number, address: Argument, flags: number): number {
  const { pageBytes } = kernel;
  const segment = kernel.segments.get(id);
  const isPlaced = numberOf(address) !== 0;
  const mayReplace = (flags & SHM_REMAP) !== 0;
  if (isPlaced && !isAligned(address, pageBytes) && (flags & SHM_RND) === 0)
    return kernel.refuse('EINVAL', 'the address is not page-aligned, and without SHM_RND it is not rounded down');
  const start = roundDown(address, pageBytes);
  if (mayReplace && start === 0) return kernel.refuse('EINVAL', 'SHM_REMAP needs an address');
  if (segment === undefined) return kernel.refuse('EINVAL', NO_SEGMENT);
  if ((flags & SHM_EXEC) !== 0)
    return kernel.refuse('EACCES', 'SHM_EXEC: the segment’s mode (0600) does not allow execution');
  if (isPlaced && !mayReplace) {
    if (segment.size >= TWO_64_NUMBER - start)
      return kernel.refuse('EINVAL', 'address and size together reach beyond 2^64');
    const inTheWay = process.space!.areas.find(start);
    if (inTheWay !== null && inTheWay.start < start + segment.size)
      return kernel.refuse('EINVAL', 'something is mapped there, and without SHM_REMAP it is not replaced');
  }
  const canWrite = (flags & SHM_RDONLY) === 0;
  // Attached from here on: what the new area replaces may be the last attachment of a removed segment.
  segment.handles++;
  const attached = mmap(kernel, process, {
    address: start,
    length: segment.size,
    prot: canWrite ? PROT_READ | PROT_WRITE : PROT_READ,
    flags: isPlaced ? MAP_SHARED | MAP_FIXED : MAP_SHARED,
    offset: 0,
    file: new OpenFile(segment, { canRead: true, canWrite, isPath: false }),
  });
  putHandle(kernel, segment);
  return attached;
}

/**
 * Unmap what is left of the attachment that began at the address: the first piece that is where it was attached tells
 * which, the others are looked for within the segment's size. 0, or -EINVAL when there is none.
 */
export function shmdt(kernel: Kernel, process: Process, address: Argument): number {
  const { pageBytes } = kernel;
  if (!isAligned(address, pageBytes)) return kernel.refuse('EINVAL', 'the address is not page-aligned');
  const space = process.space!;
  const start = numberOf(address);
  let file: OpenFile | null = null;
  let end = Number.POSITIVE_INFINITY;
  let area: Area | null = space.areas.find(start);
  while (area !== null && area.end <= end) {
    const { next }: Area = area;
    const isInPlace = (area.start - start) / pageBytes === area.pageOffset;
    const isAttachment = area.file !== null && area.file.inode.segmentId !== null;
    if (isAttachment && isInPlace && (file === null || area.file === file)) {
      file = area.file!;
      end = start + alignLength(file.inode.size, pageBytes);
      // A sealed piece stays, and nobody hears of it.
      unmapRange(kernel, space, area.start, area.end);
    }
    area = next;
  }
  return file === null ? kernel.refuse('EINVAL', 'no segment was attached at this address') : 0;
}
