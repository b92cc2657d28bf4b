/** Names and descriptors: creating, opening, closing, inheriting files. */
import type { Kernel } from '../kernel.ts';
import { nextObjectId, putHandle } from '../objects.ts';
import type { Process } from '../process.ts';
import { BlockStore } from './block-store.ts';
import { type FileType, Inode, OpenFile, type OpenMode } from './inode.ts';

/** 0, 1 and 2 are the console. */
const FIRST_DESCRIPTOR = 3;
/** Linux RLIMIT_NOFILE. */
const DESCRIPTORS_MAX = 1024;

/** An empty file of that name, or -EEXIST. */
export function createFile(kernel: Kernel, name: string, type: FileType): Inode | number {
  if (kernel.files.has(name)) return kernel.refuse('EEXIST', 'there is a file of that name');
  const inode = new Inode(nextObjectId(kernel), name, type, type === 'disk' ? new BlockStore(kernel.disk) : null);
  kernel.objects[inode.id] = inode;
  inode.handles++;
  kernel.files.set(name, inode);
  return inode;
}

/** Take the name away; the file itself goes when nobody has it open or mapped. 0 or -ENOENT. */
export function unlinkFile(kernel: Kernel, name: string): number {
  const inode = kernel.files.get(name);
  if (inode === undefined) return kernel.refuse('ENOENT', `no file is called ${name}`);
  kernel.files.delete(name);
  putHandle(kernel, inode);
  return 0;
}

/** A descriptor, the lowest that is free, or -ENOENT, -EMFILE. */
export function openFile(kernel: Kernel, process: Process, name: string, mode: OpenMode): number {
  const inode = kernel.files.get(name);
  if (inode === undefined) return kernel.refuse('ENOENT', `no file is called ${name}`);
  let fd = FIRST_DESCRIPTOR;
  while (process.files.has(fd)) fd++;
  if (fd >= DESCRIPTORS_MAX)
    return kernel.refuse('EMFILE', `the process has ${DESCRIPTORS_MAX} descriptors, as many as there may be`);
  const file = new OpenFile(inode, mode);
  inode.handles++;
  file.descriptors++;
  process.files.set(fd, file);
  return fd;
}

/** 0 or -EBADF. */
export function closeFile(kernel: Kernel, process: Process, fd: number): number {
  const file = process.files.get(fd);
  if (file === undefined) return kernel.refuse('EBADF', `${fd} is no open descriptor`);
  process.files.delete(fd);
  file.descriptors--;
  if (file.descriptors === 0) putHandle(kernel, file.inode);
  return 0;
}

/** A forked child has its parent's descriptors: the same open files. */
export function inheritFiles(parent: Process, child: Process): void {
  for (const [fd, file] of parent.files) {
    file.descriptors++;
    child.files.set(fd, file);
  }
}

export function closeAllFiles(kernel: Kernel, process: Process): void {
  for (const fd of [...process.files.keys()]) closeFile(kernel, process, fd);
}
