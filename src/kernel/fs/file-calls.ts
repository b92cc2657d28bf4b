/**
 * The system calls that change a file through a descriptor or a name: ftruncate(2), truncate(2), fallocate(2), fsync(2)
 * [fs/open.c:do_sys_ftruncate, do_sys_truncate, vfs_fallocate; fs/attr.c:inode_newsize_ok; fs/sync.c:do_fsync].
 */
import { type Argument, numberOf } from '../arguments.ts';
import { FALLOC_FLAGS } from '../flag-names.ts';
import type { Kernel } from '../kernel.ts';
import type { Process } from '../process.ts';
import { deliver } from '../signal.ts';
import type { Inode } from './inode.ts';
import { punchHole, truncateFile } from './truncate.ts';
import { writeBack } from './write-back.ts';

/** Lengths and offsets are signed 64-bit numbers: from here on they are negative. */
const SIGNED_LIMIT = 2 ** 63;
const { keep_size: KEEP_SIZE, punch_hole: PUNCH_HOLE } = FALLOC_FLAGS;
const MODES_KNOWN = Object.values(FALLOC_FLAGS).reduce((all, bit) => all | bit, 0);

/** Give the open file `size` bytes: 0, or -EBADF, -EINVAL; beyond RLIMIT_FSIZE -EFBIG and SIGXFSZ. */
export function ftruncate(kernel: Kernel, process: Process, fd: number, size: Argument): number {
  if (numberOf(size) >= SIGNED_LIMIT) return kernel.refuse('EINVAL', 'the size is negative');
  const file = process.files.get(fd);
  if (file === undefined || file.isPath) return kernel.refuse('EBADF', `${fd} is no open descriptor, or one of O_PATH`);
  if (!file.inode.isRegular || !file.canWrite)
    return kernel.refuse('EINVAL', 'the descriptor is not open for writing, or of no ordinary file');
  return resize(kernel, process, file.inode, numberOf(size));
}

/** The same by name: 0, or -EINVAL, -ENOENT, -EISDIR, -EFBIG. */
export function truncate(kernel: Kernel, process: Process, name: string, size: Argument): number {
  if (numberOf(size) >= SIGNED_LIMIT) return kernel.refuse('EINVAL', 'the size is negative');
  const inode = kernel.files.get(name);
  if (inode === undefined) return kernel.refuse('ENOENT', `no file is called ${name}`);
  if (inode.type === 'directory') return kernel.refuse('EISDIR', 'a directory has no size to set');
  if (!inode.isRegular) return kernel.refuse('EINVAL', 'only ordinary files have a size to set');
  return resize(kernel, process, inode, numberOf(size));
}

function resize(kernel: Kernel, process: Process, inode: Inode, size: number): number {
  const limit = process.limits.fileSize;
  if (size > inode.size && size > limit) {
    const reason = `a file made larger than files may be, 0x${limit.toString(16)} bytes (RLIMIT_FSIZE)`;
    deliver(kernel, process, { signal: 'SIGXFSZ', code: null, address: 0, errorCode: null, reason });
    return kernel.refuse('EFBIG', reason);
  }
  return truncateFile(kernel, inode, size);
}

/**
 * `mode`: FALLOC_FL_* bits. Only holes can be punched here: nothing is ever promised a place on the disk. 0, or -EINVAL,
 * -EOPNOTSUPP, -EBADF, -ENODEV, -EFBIG.
 */
export function fallocate(
  kernel: Kernel,
  process: Process,
  fd: number,
  mode: number,
  offset: Argument,
  length: Argument,
): number {
  const file = process.files.get(fd);
  if (file === undefined || file.isPath) return kernel.refuse('EBADF', `${fd} is no open descriptor, or one of O_PATH`);
  const [start, bytes] = [numberOf(offset), numberOf(length)];
  if (start >= SIGNED_LIMIT || bytes >= SIGNED_LIMIT || bytes === 0)
    return kernel.refuse('EINVAL', 'the offset is negative, or the length is not positive');
  if ((mode & ~MODES_KNOWN) !== 0) return kernel.refuse('EOPNOTSUPP', 'the mode has a bit that none of FALLOC_FL_* is');
  if ((mode & PUNCH_HOLE) !== 0 && (mode & KEEP_SIZE) === 0)
    return kernel.refuse(
      'EOPNOTSUPP',
      'FALLOC_FL_PUNCH_HOLE must be said together with FALLOC_FL_KEEP_SIZE: a hole never changes the size',
    );
  if (!file.canWrite) return kernel.refuse('EBADF', `${fd} is no descriptor open for writing`);
  if (file.inode.type === 'directory') return kernel.refuse('EISDIR', 'a directory has no holes');
  if (!file.inode.isRegular) return kernel.refuse('ENODEV', 'only ordinary files have holes');
  if (start + bytes > file.inode.sizeMax)
    return kernel.refuse('EFBIG', 'offset and length together are beyond the largest file');
  if (mode !== (PUNCH_HOLE | KEEP_SIZE))
    return kernel.refuse(
      'EOPNOTSUPP',
      'this kernel’s file systems punch holes, and do nothing else that fallocate is for',
    );
  return punchHole(kernel, file.inode, start, bytes);
}

/** Write what was changed to the disk: 0, or -EBADF, -EINVAL for what has no bytes. */
export function fsync(kernel: Kernel, process: Process, fd: number): number {
  const file = process.files.get(fd);
  if (file === undefined || file.isPath) return kernel.refuse('EBADF', `${fd} is no open descriptor, or one of O_PATH`);
  // A directory has nothing of its own here that could be lost.
  if (file.inode.type === 'directory') return 0;
  if (!file.inode.isRegular) return kernel.refuse('EINVAL', 'what the descriptor is of has nothing to write back');
  writeBack(kernel, file.inode, 0, Number.POSITIVE_INFINITY);
  return 0;
}
