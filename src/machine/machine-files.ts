/**
 * The machine's files, for whoever sets the scene: made, written, read, truncated from outside, by no process and at no
 * process's cost.
 *
 *     machine.files.create('data', 'disk');
 *     machine.files.write('data', 0, new Uint8Array(8192));
 *     machine.files.sync('data');
 *     const fd = machine.calls.open(shell, 'data', { canRead: true, canWrite: true });
 *
 * Results are 0 or a count, or -errno. Sizes, offsets and lengths are bytes: InputError MEM-API-008 for what is no whole
 * number, -EINVAL for one below 0. MEM-API-028 for what is no name, or no bytes to write.
 */
import { createFile, unlinkFile } from '../kernel/fs/descriptors.ts';
import { readFile, writeFile } from '../kernel/fs/file-data.ts';
import type { Inode } from '../kernel/fs/inode.ts';
import { ReadAhead } from '../kernel/fs/read-ahead.ts';
import { punchHole, truncateFile } from '../kernel/fs/truncate.ts';
import { dropCache, writeBack } from '../kernel/fs/write-back.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { byNobody } from '../kernel/memory-group.ts';
import { InputError } from '../mmu/input-error.ts';
import { requireAddress, SIZE_MAX } from './check-access.ts';
import { wordAmong } from './known-names.ts';
import { shown } from './options-check.ts';

const FILE_KINDS = ['tmpfs', 'disk'] as const;

export class MachineFiles {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /**
   * An empty file. `tmpfs`: its pages are in memory and swap only. `disk`: as ext4. -EEXIST when the name is taken.
   * @throws InputError MEM-API-026 for another kind, MEM-API-028 for no name
   */
  create(name: string, type: 'tmpfs' | 'disk'): number {
    requireName(name);
    const made = createFile(this.kernel, name, wordAmong(FILE_KINDS, type, 'kinds of files'));
    return typeof made === 'number' ? made : 0;
  }

  /** Take the name away; whoever has the file open or mapped keeps it. */
  unlink(name: string): number {
    return unlinkFile(this.kernel, name);
  }

  /** Set the size, bytes. What is behind it is lost, in every mapping as well. */
  truncate(name: string, size: number): number {
    requireAddress(size);
    return this.with(name, (inode) => truncateFile(this.kernel, inode, size));
  }

  write(name: string, offset: number, bytes: Uint8Array): number {
    requireAddress(offset);
    if (!(bytes instanceof Uint8Array)) {
      const hint = 'pass a Uint8Array: new TextEncoder().encode(text) makes one';
      throw new InputError({ code: 'MEM-API-028', message: `${shown(bytes)} is no bytes to write`, hint });
    }
    return this.with(name, (inode) => writeFile(this.kernel, inode, offset, bytes));
  }

  /** At most `length` bytes and at most 1 GiB at once, or -errno. */
  read(name: string, offset: number, length: number): Uint8Array | number {
    requireAddress(offset);
    requireAddress(length);
    const inode = this.regular(name);
    if (typeof inode === 'number') return inode;
    return byNobody(this.kernel, () =>
      readFile(this.kernel, inode, new ReadAhead(), offset, Math.min(length, SIZE_MAX)),
    );
  }

  /** fsync: what was changed is on the disk then, and mappings are write-protected to notice the next change. */
  sync(name: string): number {
    return this.with(name, (inode) => {
      writeBack(this.kernel, inode, 0, Number.POSITIVE_INFINITY);
      return 0;
    });
  }

  /** Zero a range and give its whole pages back; the size stays. */
  punch(name: string, offset: number, length: number): number {
    requireAddress(offset);
    requireAddress(length);
    return this.with(name, (inode) => punchHole(this.kernel, inode, offset, length));
  }

  /** fsync, then drop the pages that nobody maps from the page cache. Nothing happens on tmpfs. */
  dropCache(name: string): number {
    return this.with(name, (inode) => {
      dropCache(this.kernel, inode);
      return 0;
    });
  }

  private with(name: string, action: (inode: Inode) => number): number {
    const inode = this.regular(name);
    return typeof inode === 'number' ? inode : byNobody(this.kernel, () => action(inode));
  }

  private regular(name: string): Inode | number {
    const inode = this.kernel.files.get(name);
    if (inode === undefined) return this.kernel.refuse('ENOENT', `no file is called ${name}`);
    return inode.isRegular ? inode : this.kernel.refuse('EINVAL', `${name} is no ordinary file`);
  }
}

function requireName(name: unknown): void {
  if (typeof name === 'string' && name !== '') return;
  const hint = 'a text with at least one character';
  throw new InputError({ code: 'MEM-API-028', message: `${shown(name)} is no name for a file`, hint });
}
