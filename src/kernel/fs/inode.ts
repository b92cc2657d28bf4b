/**
 * Files: what a name leads to (Inode) and what a descriptor leads to (OpenFile).
 *
 *     kernel.files      name ──► Inode ◄── OpenFile ◄── process.files: descriptor ──► OpenFile
 *                                  ▲          ▲
 *                                  └── Area ──┘          an area maps the inode's pages, through one open of it
 *
 * tmpfs        pages live in the page cache and in swap, nowhere else      (Linux shmem)
 * disk         pages have blocks in a store; shared writes are tracked     (ext4)
 * zero, null   /dev/zero, whose mappings are anonymous memory, and /dev/null
 * directory    can be opened, not mapped
 *
 * An inode lives while it has a name, an open file or an area; an open file while a descriptor names it. An area keeps
 * its open file as identity alone: two opens of one file are two backings when areas merge.
 */
import { MemoryObject } from '../memory-object.ts';
import type { BlockStore } from './block-store.ts';
import { ReadAhead } from './read-ahead.ts';

export type FileType = 'tmpfs' | 'disk' | 'zero' | 'null' | 'directory';

/** ext4 numbers blocks of 4 KiB with 32 bits, and the last number is no block's [fs/ext4/super.c:ext4_max_size]. */
const DISK_FILE_MAX = 2 ** 44 - 4096;
/** Linux MAX_LFS_FILESIZE, 2^63 - 1, as the largest double below it. */
const TMPFS_FILE_MAX = 2 ** 63 - 1024;

export class Inode extends MemoryObject {
  readonly type: FileType;

  constructor(id: number, name: string, type: FileType, store: BlockStore | null) {
    super(id, type === 'disk' ? 'file' : 'shared', name, 0, store, type === 'disk');
    this.type = type;
  }

  get isRegular(): boolean {
    return this.type === 'tmpfs' || this.type === 'disk';
  }

  /** Bytes it may have (Linux s_maxbytes). */
  get sizeMax(): number {
    return this.type === 'disk' ? DISK_FILE_MAX : TMPFS_FILE_MAX;
  }
}

/** What every machine has. They hold no pages, so they need no number among the memory objects. */
export function specialFiles(): Map<string, Inode> {
  const files = new Map<string, Inode>();
  for (const [name, type] of [
    ['/dev/zero', 'zero'],
    ['/dev/null', 'null'],
    ['/', 'directory'],
  ] as const) {
    const inode = new Inode(-1, name, type, null);
    inode.handles = 1;
    files.set(name, inode);
  }
  return files;
}

export interface OpenMode {
  readonly canRead: boolean;
  readonly canWrite: boolean;
  /** O_PATH: it names the file and nothing else can be done with it. */
  readonly isPath: boolean;
}

export class OpenFile {
  readonly inode: Inode;
  readonly canRead: boolean;
  readonly canWrite: boolean;
  readonly isPath: boolean;
  readonly readAhead = new ReadAhead();
  /** Descriptors of all processes that name it. */
  descriptors = 0;

  constructor(inode: Inode, { canRead, canWrite, isPath }: OpenMode) {
    this.inode = inode;
    this.canRead = canRead;
    this.canWrite = canWrite;
    this.isPath = isPath;
  }
}
