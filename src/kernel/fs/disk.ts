/**
 * How much the emulated disk has room for. Blocks are of a page each; which file's they are, the files know (block-store.ts).
 *
 *     [ written | promised to dirty pages of holes | free … ]
 *       └──────────── taken ─────────────────────┘
 *
 * As ext4 delays allocation, a page that becomes dirty in a hole is promised a block, which it gets when it is written
 * back: a program hears of a full disk from its write, never the write-back [fs/ext4/inode.c:ext4_da_reserve_space].
 * What the file system needs for itself, and what Linux keeps back of a nearly full disk, is not modelled.
 */
export const NO_SPACE = 'the disk is full: no block is left for the page';

export class Disk {
  readonly blocks: number;
  /** Blocks written and promised. */
  taken = 0;

  constructor(blocks: number) {
    this.blocks = blocks;
  }

  get isFull(): boolean {
    return this.taken >= this.blocks;
  }
}
