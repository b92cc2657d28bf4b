/** The machines that random programs run on: small, short of memory, and each with another way to do things. */
import type { MachineConfig } from '../../src/machine/config.ts';

const CUSTOM_SMALL_PAGES = {
  name: 'small',
  pageBytes: 256,
  pteBytes: 4,
  levels: [6, 6],
  fields: {
    valid: 0,
    read: 1,
    write: 2,
    execute: 3,
    user: 4,
    global: 5,
    accessed: 6,
    dirty: 7,
    frame: { bit: 12, width: 16 },
  },
} as const;

/** Superpages of four pages, so that blocks are made and split all the time. */
const CUSTOM_SUPERPAGES = {
  ...CUSTOM_SMALL_PAGES,
  name: 'superpages',
  levels: [{ indexBits: 10, canBeLeaf: true }, 2],
  fields: { ...CUSTOM_SMALL_PAGES.fields, leaf: 8 },
} as const;

const KIB = 1024;
export const configurations: { name: string; share: number; config: Partial<MachineConfig> }[] = [
  {
    name: 'custom 256-byte pages, clock, 48 frames',
    share: 0.4,
    config: {
      paging: CUSTOM_SMALL_PAGES,
      memory: 12 * KIB,
      swap: 256 * KIB,
      replacement: 'clock',
      tlb: { entries: 8, ways: 2 },
    },
  },
  {
    name: 'custom 256-byte pages, fifo, split TLB, two levels',
    share: 0.2,
    config: {
      paging: CUSTOM_SMALL_PAGES,
      memory: 12 * KIB,
      swap: 128 * KIB,
      replacement: 'fifo',
      tlb: { entries: 4, ways: 4, policy: 'plru', split: true, l2: { entries: 16, ways: 4 } },
    },
  },
  ...(['cow', 'eager'] as const).map((fork) => ({
    name: `custom, transparent superpages of four pages, fork ${fork}`,
    share: 0.2,
    config: {
      paging: CUSTOM_SUPERPAGES,
      memory: 36 * KIB,
      swap: 256 * KIB,
      transparentSuperpages: true,
      fork,
      tlb: { entries: 8, ways: 2 },
    },
  })),
  {
    name: 'sv39, lru, six resident pages, no ASIDs',
    share: 0.1,
    config: {
      paging: 'sv39',
      memory: 256 * KIB,
      swap: 1024 * KIB,
      replacement: 'lru',
      residentPages: 6,
      tlb: { entries: 8, ways: 8, asids: false },
    },
  },
  {
    name: 'x86_64, random, 56 frames, hardware leaves A and D to software',
    share: 0.1,
    config: {
      paging: 'x86_64',
      memory: 224 * KIB,
      swap: 1024 * KIB,
      replacement: 'random',
      hardwareAccessedDirty: false,
    },
  },
  {
    name: 'custom 256-byte pages, linux, 48 frames',
    share: 0.2,
    config: { paging: CUSTOM_SMALL_PAGES, memory: 12 * KIB, swap: 256 * KIB, replacement: 'linux' },
  },
  {
    name: 'x86_64, linux, twelve resident pages',
    share: 0.1,
    config: { paging: 'x86_64', memory: 256 * KIB, swap: 512 * KIB, replacement: 'linux', residentPages: 12 },
  },
  {
    name: 'i386, clock, no TLB, eager fork',
    share: 0.1,
    config: { paging: 'i386', memory: 256 * KIB, swap: 2048 * KIB, replacement: 'clock', tlb: null, fork: 'eager' },
  },
  {
    name: 'sv32, fifo, swap that keeps filling up',
    share: 0.1,
    config: { paging: 'sv32', memory: 160 * KIB, swap: 512 * KIB, replacement: 'fifo', residentPages: 4 },
  },
];
