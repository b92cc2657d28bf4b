/**
 * pread64(2) and pwrite64(2): between a file's page cache and a process's memory, which is touched as by the process
 * itself, faults included. What cannot be accessed ends the transfer: a short count, or EFAULT when nothing was moved.
 */
import type { Cpu } from '../../mmu/cpu.ts';
import { LOAD, STORE } from '../../mmu/units.ts';
import { type Argument, numberOf } from '../arguments.ts';
import { holdFrame, putFrame } from '../frames/page-allocator.ts';
import type { Kernel } from '../kernel.ts';
import type { Process } from '../process.ts';
import { deliver } from '../signal.ts';
import { asSupervisor, isInUserSpace } from '../user-copy.ts';
import { growTo, noteNothingWritten, noteRead, noteWritten, pageForReading, pageForWriting } from './file-data.ts';
import type { OpenFile } from './inode.ts';

/** Linux MAX_RW_COUNT: one call moves no more. */
const COUNT_MAX = 0x7ffff000;
/** Offsets are signed. */
const OFFSET_LIMIT = 2 ** 63;

/** Bytes read, 0 at the end of the file, or -EBADF, -EINVAL, -EFAULT, -EISDIR, -ENOMEM. */
export function pread(
  kernel: Kernel,
  process: Process,
  fd: number,
  address: Argument,
  length: Argument,
  offset: Argument,
): number {
  const refused = refusalOf(kernel, process, fd, 'read', address, length, offset);
  if (refused < 0) return refused;
  const file = process.files.get(fd)!;
  if (file.inode.type === 'directory') return kernel.refuse('EISDIR', 'a directory is not read byte by byte');
  const count = Math.min(numberOf(length), COUNT_MAX);
  if (file.inode.type === 'null') return 0;
  const left = file.inode.type === 'zero' ? count : Math.max(0, file.inode.size - numberOf(offset));
  const cpu = kernel.cpus[process.cpu]!;
  return asSupervisor(cpu, () =>
    copyOut(kernel, cpu, file, numberOf(address), Math.min(count, left), numberOf(offset)),
  );
}

/** Bytes written, or -EBADF, -EINVAL, -EFAULT, -ENOMEM, -ENOSPC; at RLIMIT_FSIZE -EFBIG and SIGXFSZ [fs/read_write.c:generic_write_check_limits]. */
export function pwrite(
  kernel: Kernel,
  process: Process,
  fd: number,
  address: Argument,
  length: Argument,
  offset: Argument,
): number {
  const refused = refusalOf(kernel, process, fd, 'write', address, length, offset);
  if (refused < 0) return refused;
  const file = process.files.get(fd)!;
  const count = Math.min(numberOf(length), COUNT_MAX);
  // What is written to /dev/null and /dev/zero is not even looked at.
  if (!file.inode.isRegular) return count;
  const room = process.limits.fileSize - numberOf(offset);
  if (room <= 0 && count > 0) {
    const reason = `a write behind the largest size that files may have, 0x${process.limits.fileSize.toString(16)} bytes`;
    deliver(kernel, process, { signal: 'SIGXFSZ', code: null, address: 0, errorCode: null, reason });
    return kernel.refuse('EFBIG', reason);
  }
  const roomInFile = file.inode.sizeMax - numberOf(offset);
  if (roomInFile <= 0 && count > 0)
    return kernel.refuse('EFBIG', 'the offset is behind the file system’s largest file');
  const wanted = Math.min(count, room, roomInFile);
  const cpu = kernel.cpus[process.cpu]!;
  return asSupervisor(cpu, () => copyIn(kernel, cpu, file, numberOf(address), wanted, numberOf(offset)));
}

/**
 * What either call asks before it looks at the file, in Linux's order [fs/read_write.c:ksys_pread64, vfs_read, access_ok,
 * rw_verify_area]: 0, or -EINVAL, -EBADF, -EFAULT.
 */
function refusalOf(
  kernel: Kernel,
  process: Process,
  fd: number,
  way: 'read' | 'write',
  address: Argument,
  length: Argument,
  offset: Argument,
): number {
  if (numberOf(offset) >= OFFSET_LIMIT) return kernel.refuse('EINVAL', 'the offset is negative');
  const file = process.files.get(fd);
  if (file === undefined || file.isPath || !(way === 'read' ? file.canRead : file.canWrite)) {
    return kernel.refuse('EBADF', `${fd} is no descriptor open for ${way === 'read' ? 'reading' : 'writing'}`);
  }
  if (!isInUserSpace(kernel, numberOf(address), numberOf(length)))
    return kernel.refuse('EFAULT', 'the buffer reaches beyond user space');
  return numberOf(offset) + numberOf(length) >= OFFSET_LIMIT
    ? kernel.refuse('EINVAL', 'offset and length together are beyond the largest file')
    : 0;
}

/**
 * Copy as x86 does, from the first byte to the last: what a page is given of itself is seen on the way and comes again
 * [arch/x86/lib/copy_user_64.S:rep_movs_alternative].
 */
function copyForward({ memory }: Kernel, from: number, to: number, count: number): void {
  const step = to > from && to < from + count ? to - from : count;
  for (let done = 0; done < count; done += step) {
    memory.writeBytes(to + done, memory.readBytes(from + done, Math.min(step, count - done)));
  }
}

/** Bytes from `at` on that lie in one page of the file and one of the process. */
function stretch(kernel: Kernel, left: number, at: number, address: number): number {
  const { pageBytes } = kernel;
  return Math.min(left, pageBytes - (at % pageBytes), pageBytes - (address % pageBytes));
}

function copyOut(kernel: Kernel, cpu: Cpu, file: OpenFile, address: number, length: number, offset: number): number {
  const { pageBytes, memory } = kernel;
  const { inode, readAhead } = file;
  const lastPage = Math.ceil((offset + length) / pageBytes);
  readAhead.positionBefore = readAhead.position;
  let done = 0;
  while (done < length) {
    const at = offset + done;
    const page = Math.floor(at / pageBytes);
    const count = stretch(kernel, length - done, at, address + done);
    const source = inode.isRegular ? pageForReading(kernel, inode, readAhead, page, lastPage - page) : -1;
    if (source < -1) return done === 0 ? source : done;
    if (source >= 0) {
      noteRead(kernel, inode, readAhead, at, count);
      holdFrame(kernel, source);
    }
    const physical = cpu.translate(address + done, STORE);
    if (physical >= 0) {
      const bytes = source < 0 ? new Uint8Array(count) : memory.readBytes(source * pageBytes + (at % pageBytes), count);
      memory.writeBytes(physical, bytes);
    }
    if (source >= 0) putFrame(kernel, source);
    if (physical < 0)
      return done === 0
        ? kernel.refuse(
            'EFAULT',
            'the buffer cannot be written for the process: not mapped, or without the right; a system call answers EFAULT, no signal is sent',
          )
        : done;
    done += count;
  }
  return done;
}

/**
 * The file's page is had before the process's is looked at [mm/filemap.c:generic_perform_write]: what the write was to
 * fill is there, and the file reaches up to `at`, even where nothing can be copied in the end.
 */
function copyIn(kernel: Kernel, cpu: Cpu, file: OpenFile, address: number, length: number, offset: number): number {
  const { pageBytes } = kernel;
  const { inode } = file;
  let done = 0;
  while (done < length) {
    const at = offset + done;
    const count = stretch(kernel, length - done, at, address + done);
    const target = pageForWriting(kernel, inode, at, length - done);
    if (target < 0) return done === 0 ? target : done;
    holdFrame(kernel, target);
    growTo(kernel, inode, at);
    const physical = cpu.translate(address + done, LOAD);
    if (physical >= 0) {
      copyForward(kernel, physical, target * pageBytes + (at % pageBytes), count);
      noteWritten(kernel, inode, target, at, count);
    } else {
      noteNothingWritten(kernel, inode, target, at);
    }
    putFrame(kernel, target);
    if (physical < 0) break;
    done += count;
  }
  return done === 0 && length > 0
    ? kernel.refuse(
        'EFAULT',
        'the buffer cannot be read for the process: not mapped, or without the right; a system call answers EFAULT, no signal is sent',
      )
    : done;
}
