/**
 * What the floors below find wrong with `machine:`, explained: MEM-CFG (machine/config.ts), MEM-FMT
 * (mmu/page-table/custom-format.ts), MEM-TLB (mmu/tlb/config.ts), MEM-POL (kernel/reclaim/registry.ts). Some of them a scenario never meets, because
 * its schema refuses the same mistake first; who uses the library does.
 */
import type { CatalogueEntry } from './error-catalogue.ts';

const custom = (rest: string): string => `machine: { kernel: none, paging: { pageBytes: 16, pteBytes: 1, ${rest} } }`;

export const MACHINE_ERRORS: readonly CatalogueEntry[] = [
  {
    code: 'MEM-CFG-001',
    title: 'unknown page-table format',
    explanation:
      'The formats that have names are sv32, sv39, sv48, sv57, x86_64, x86_64-la57 and i386; any other is described field by field.',
    example: 'machine: { paging: sv93 }',
    fix: 'machine: { paging: sv39 }',
  },
  {
    code: 'MEM-CFG-008',
    title: 'unknown machine setting',
    explanation:
      'The machine has no setting of that name. In a scenario the schema finds this first; in the library this does.',
    example: 'machine: { pagng: sv39 }',
    fix: 'machine: { paging: sv39 }',
  },
  {
    code: 'MEM-CFG-009',
    title: 'swap larger than an entry can name',
    explanation:
      'A swapped page is found by the slot number in its page-table entry, in the place of the frame number; so there can be no more slots than that field can tell apart. Where it is wider than any device, 2^26 slots are the most.',
    example: 'machine: { paging: i386, swap: 8GiB }',
    fix: 'machine: { paging: i386, swap: 4GiB }',
  },
  {
    code: 'MEM-CFG-002',
    title: 'machine setting out of range',
    explanation: 'The setting is a whole number with a lowest and a highest value, which the message tells.',
    example: 'machine: { stackGuardPages: 9999999 }',
    fix: 'machine: { stackGuardPages: 256 }',
  },
  {
    code: 'MEM-CFG-003',
    title: 'not a whole number of pages',
    explanation: 'Memory and swap consist of whole pages; memory has at least one.',
    example: 'machine: { memory: 5000 }',
    fix: 'machine: { memory: 8KiB }',
  },
  {
    code: 'MEM-CFG-004',
    title: 'too many frames',
    explanation: 'The emulator numbers frames up to 2^24: 64 GiB of 4 KiB pages.',
    example: 'machine: { memory: 1TiB }',
    fix: 'machine: { memory: 64GiB }',
  },
  {
    code: 'MEM-CFG-005',
    title: 'more memory than the format can address',
    explanation:
      'The frame number in a page-table entry has only so many bits; memory beyond what it can say could never be mapped.',
    example: 'machine: { paging: i386, memory: 8GiB }',
    fix: 'machine: { paging: i386, memory: 4GiB }',
  },
  {
    code: 'MEM-CFG-006',
    title: 'a kernel needs write permission',
    explanation: 'Without a write bit in the entry the kernel can neither protect memory nor copy it on write.',
    example: 'machine: { paging: { pageBytes: 4096, pteBytes: 4, levels: [10, 10] } }',
    fix: 'Give the format `fields: { write: … }`, or run it as bare hardware with `kernel: none`.',
  },
  {
    code: 'MEM-CFG-007',
    title: 'a kernel needs room in absent entries',
    explanation:
      'What is swapped out, or held though PROT_NONE, is noted in the entry of a page that is not present: three bits beside valid bit and frame number.',
    example:
      'machine: { memory: 64KiB, paging: { pageBytes: 4096, pteBytes: 1, levels: [4, 4], fields: { write: 6 } } }',
    fix: 'Use wider entries (`pteBytes: 4`), or bare hardware with `kernel: none`.',
  },
  {
    code: 'MEM-TLB-001',
    title: 'TLB entries out of range',
    explanation: 'A TLB has from 1 to 2^20 entries.',
    example: 'machine: { tlb: { entries: 4194304, ways: 4 } }',
    fix: 'machine: { tlb: { entries: 64, ways: 4 } }',
  },
  {
    code: 'MEM-TLB-002',
    title: 'TLB ways out of range',
    explanation: 'A set has at least one way; as many ways as entries make a fully associative TLB.',
    example: 'machine: { tlb: { entries: 64, ways: 0 } }',
    fix: 'machine: { tlb: { entries: 64, ways: 4 } }',
  },
  {
    code: 'MEM-TLB-003',
    title: 'ways do not divide entries',
    explanation: 'Every set has the same number of ways, so entries = sets × ways.',
    example: 'machine: { tlb: { entries: 6, ways: 4 } }',
    fix: 'machine: { tlb: { entries: 8, ways: 4 } }',
  },
  {
    code: 'MEM-TLB-004',
    title: 'unknown TLB policy',
    explanation: 'Who leaves a full set is decided by lru, plru, fifo or random.',
    example: 'machine: { tlb: { entries: 8, ways: 4, policy: clock } }',
    fix: 'machine: { tlb: { entries: 8, ways: 4, policy: lru } }',
  },
  {
    code: 'MEM-TLB-005',
    title: 'tree-PLRU needs a power of two',
    explanation: 'Its tree halves the ways of a set again and again.',
    example: 'machine: { tlb: { entries: 6, ways: 3, policy: plru } }',
    fix: 'machine: { tlb: { entries: 8, ways: 4, policy: plru } }',
  },
  {
    code: 'MEM-POL-001',
    title: 'unknown replacement policy',
    explanation: '`mmulator list policies` tells them all.',
    example: 'machine: { replacement: clok }',
    fix: 'machine: { replacement: clock }',
  },
  {
    code: 'MEM-POL-002',
    title: 'a policy that needs the future',
    explanation:
      'The optimum evicts the page whose next use is furthest ahead. A running machine cannot know that; a recorded trace can.',
    example: 'machine: { replacement: opt }',
    fix: 'machine: { replacement: lru }',
  },
  {
    code: 'MEM-FMT-001',
    title: 'page size',
    explanation: 'A page has a power of two of bytes, from 4 to 2^30.',
    example: 'machine: { kernel: none, memory: 2400, paging: { pageBytes: 24, pteBytes: 1, levels: [4] } }',
    fix: 'machine: { kernel: none, memory: 1KiB, paging: { pageBytes: 16, pteBytes: 1, levels: [4] } }',
  },
  {
    code: 'MEM-FMT-002',
    title: 'entry size',
    explanation: 'A page-table entry has 1, 2, 4 or 8 bytes.',
    example: 'machine: { kernel: none, paging: { pageBytes: 16, pteBytes: 3, levels: [4] } }',
    fix: 'machine: { kernel: none, memory: 1KiB, paging: { pageBytes: 16, pteBytes: 4, levels: [4] } }',
  },
  {
    code: 'MEM-FMT-003',
    title: 'number of levels',
    explanation: 'A page table has 1 to 8 levels.',
    example: custom('levels: [1, 1, 1, 1, 1, 1, 1, 1, 1]'),
    fix: 'Join levels: `levels: [3, 3, 3]`.',
  },
  {
    code: 'MEM-FMT-004',
    title: 'index bits',
    explanation: 'Each level is indexed by 1 to 28 bits of the address.',
    example: custom('levels: [0]'),
    fix: 'Leave out a level that no bit indexes.',
  },
  {
    code: 'MEM-FMT-005',
    title: 'address bits do not add up',
    explanation: 'The index bits of all levels and the page offset make up the virtual address, no bit more.',
    example: custom('levels: [4], virtualBits: 10'),
    fix: 'Leave `virtualBits` out, or make it the sum.',
  },
  {
    code: 'MEM-FMT-006',
    title: 'virtual addresses too wide',
    explanation: 'The emulator’s own formats have up to 52 bits, so that sums of addresses stay exact.',
    example: 'machine: { kernel: none, paging: { pageBytes: 4096, pteBytes: 8, levels: [21, 21] } }',
    fix: 'Use fewer index bits.',
  },
  {
    code: 'MEM-FMT-007',
    title: 'field outside the entry',
    explanation: 'Every field lies within the bits of the entry.',
    example: custom('levels: [4], fields: { valid: 8 }'),
    fix: 'Widen the entry (`pteBytes`), or move the field.',
  },
  {
    code: 'MEM-FMT-008',
    title: 'fields overlap',
    explanation: 'Each bit of an entry belongs to one field.',
    example: custom('levels: [4], fields: { valid: 0, frame: { bit: 0, width: 4 } }'),
    fix: 'Give each field bits of its own.',
  },
  {
    code: 'MEM-FMT-009',
    title: 'execute twice',
    explanation: 'An entry either allows execution by a bit, or forbids it by one.',
    example: custom('levels: [4], fields: { execute: 6, noExecute: 5 }'),
    fix: 'Keep one of `execute` and `noExecute`.',
  },
  {
    code: 'MEM-FMT-010',
    title: 'physical bits',
    explanation: 'A physical address has at least the bits of the page offset, and at most 52.',
    example: custom('levels: [4], physicalBits: 2'),
    fix: 'Leave `physicalBits` out: the frame field then says how many.',
  },
  {
    code: 'MEM-FMT-011',
    title: 'frame field too narrow',
    explanation: 'The frame field must be able to name every frame of the physical address space.',
    example: custom('levels: [4], physicalBits: 12, fields: { frame: { bit: 0, width: 4 } }'),
    fix: 'Widen `fields.frame`, or lower `physicalBits`.',
  },
  {
    code: 'MEM-FMT-012',
    title: 'large pages need a mark',
    explanation: 'Above the last level an entry points to a table or maps a large page; a bit must tell which.',
    example: custom('levels: [{ indexBits: 2, canBeLeaf: true }, 2]'),
    fix: 'Give `fields.leaf` a bit.',
  },
];
