import { describe, expect, it } from 'vitest';
import { InputErrors } from '../../../src/mmu/input-error.ts';
import { type BitLayout, decodeFields, overlappingFields } from '../../../src/mmu/page-table/bit-layout.ts';
import { type CustomFormat, compileCustomFormat } from '../../../src/mmu/page-table/custom-format.ts';
import { FORMAT_NAMES, FORMATS, type PageTableFormat } from '../../../src/mmu/page-table/formats.ts';
import { PageTable } from '../../../src/mmu/page-table/page-table.ts';
import { PhysicalMemory } from '../../../src/mmu/physical-memory.ts';
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_GLOBAL,
  PTE_GUARD,
  PTE_PROT_NONE,
  PTE_READ,
  PTE_SWAP,
  PTE_SWAP_EXCLUSIVE,
  PTE_USER,
  PTE_VALID,
  PTE_WRITE,
} from '../../../src/mmu/pte-flags.ts';

/** Eight-byte entries with every flag and spare bits: a custom format that a kernel can run on. */
const ROOMY: CustomFormat = {
  pageBytes: 256,
  pteBytes: 8,
  levels: [6, { name: 'middle', indexBits: 5, canBeLeaf: true }, 5],
  physicalBits: 40,
  fields: {
    frame: { bit: 20, width: 32 },
    valid: 63,
    read: 0,
    write: 33 + 20,
    noExecute: 62,
    user: 2,
    global: 3,
    accessed: 4,
    dirty: 61,
    leaf: 5,
  },
};

const formats: readonly (readonly [string, PageTableFormat])[] = [
  ...FORMAT_NAMES.map((name) => [name, FORMATS[name]] as const),
  ['a roomy custom format', compileCustomFormat(ROOMY)],
];

describe.for(formats)('%s', ([, format]) => {
  const memory = new PhysicalMemory(64 * format.pageBytes, format.pageBytes);
  const table = new PageTable(memory, format);
  const ENTRY = format.pteBytes * 3;
  const everything = PTE_VALID | PTE_READ | PTE_WRITE | PTE_EXEC | PTE_USER | PTE_GLOBAL | PTE_ACCESSED | PTE_DIRTY;

  it('has fields that do not overlap and fit the entry', () => {
    for (const layout of [format.layout, format.softwareLayout ?? {}] as BitLayout[]) {
      expect(overlappingFields(layout)).toEqual([]);
      for (const { bit, width } of Object.values(layout)) expect(bit + width).toBeLessThanOrEqual(format.pteBytes * 8);
    }
  });

  it('has levels that add up to the virtual address', () => {
    const bits = format.levels.reduce((sum, level) => sum + level.indexBits, format.pageShift);
    expect(bits).toBe(format.virtualBits);
    expect(format.userEnd).toBeLessThanOrEqual(2 ** Math.min(52, format.virtualBits));
    for (const level of format.levels) expect(level.pageBytes).toBe(2 ** level.shift);
  });

  it('reads back the leaf it wrote: every flag by itself, the widest frame number', () => {
    const readOnlyWays = format.layout.read === undefined ? PTE_READ : 0;
    const noNx = format.has.execute ? 0 : PTE_EXEC;
    for (const frame of [0, 1, 2 ** format.layout.frame!.width - 1]) {
      for (let flags = PTE_VALID; flags < everything; flags += 2) {
        table.writeLeaf(ENTRY, frame, flags);
        expect(table.flags(ENTRY)).toBe(flags | readOnlyWays | noNx);
        expect(table.frame(ENTRY)).toBe(frame);
        expect(table.isTable(ENTRY, 0)).toBe(false);
      }
    }
  });

  it('keeps the frame when flags change, and nothing beside the entry', () => {
    table.clear(ENTRY);
    table.clear(ENTRY + format.pteBytes);
    table.writeLeaf(ENTRY, 21, everything);
    table.setFlags(ENTRY, PTE_VALID | PTE_READ | PTE_USER);
    expect(table.frame(ENTRY)).toBe(21);
    expect(table.flags(ENTRY) & PTE_WRITE).toBe(0);
    expect(table.isEmpty(ENTRY - format.pteBytes) && table.isEmpty(ENTRY + format.pteBytes)).toBe(true);
  });

  it('tests and clears A', () => {
    table.writeLeaf(ENTRY, 21, everything);
    expect([table.testAndClearAccessed(ENTRY), table.testAndClearAccessed(ENTRY)]).toEqual([true, false]);
    expect(table.flags(ENTRY)).toBe(everything & ~PTE_ACCESSED);
  });

  it('tells swap, PROT_NONE, guard, empty and table entries apart', () => {
    const kinds: unknown[] = [];
    const note = () =>
      kinds.push([table.describe(ENTRY, 0).kind, table.flags(ENTRY) & PTE_VALID, table.isEmpty(ENTRY)]);
    table.clear(ENTRY);
    note();
    table.writeSwap(ENTRY, 0, false);
    note();
    expect(table.flags(ENTRY)).toBe(PTE_SWAP);
    const slot = 2 ** format.layout.frame!.width - 1;
    table.writeSwap(ENTRY, slot, true);
    expect(table.flags(ENTRY)).toBe(PTE_SWAP | PTE_SWAP_EXCLUSIVE);
    expect(table.frame(ENTRY)).toBe(slot);
    table.writeGuard(ENTRY);
    expect(table.flags(ENTRY)).toBe(PTE_GUARD);
    note();
    table.writeLeaf(ENTRY, 0, PTE_PROT_NONE | PTE_READ | PTE_WRITE | PTE_DIRTY);
    expect(table.flags(ENTRY) & (PTE_PROT_NONE | PTE_DIRTY | PTE_SWAP | PTE_GUARD)).toBe(PTE_PROT_NONE | PTE_DIRTY);
    note();
    expect(kinds).toEqual([
      ['empty', 0, true],
      ['swap', 0, false],
      ['guard', 0, false],
      ['prot-none', 0, false],
    ]);
  });

  it('finds entries through tables, and says where it stopped', () => {
    const top = format.levels.length - 1;
    const va = format.levels.reduce((sum, level) => sum + 2 ** level.shift, 0); // index 1 everywhere
    const root = 2 * format.pageBytes;
    for (let frame = 2; frame < 60; frame++) memory.zeroFrame(frame);
    expect(table.find(root, va)).toBe(-1);
    expect([table.stoppedLevel, table.stoppedEntry]).toEqual([top, root + format.pteBytes]);
    let entry = root + format.pteBytes;
    let frame = 4;
    for (let level = top; level > 0; level--) {
      table.writeTable(entry, frame, level, true);
      expect(table.isTable(entry, level)).toBe(true);
      entry = frame * format.pageBytes + format.pteBytes;
      frame += table.framesPerTable(level - 1);
    }
    expect(table.find(root, va)).toBe(entry);
    const large = format.levels.findIndex((level, number) => number > 0 && level.canBeLeaf);
    const at = table.find(root, va, large);
    table.writeLeaf(at, 0, everything, large);
    expect(table.find(root, va)).toBe(-1);
    expect([table.stoppedLevel, table.stoppedEntry]).toEqual([large, at]);
    expect(table.describe(at, large)).toMatchObject({ kind: 'leaf', pfn: 0 });
  });
});

describe('bit layouts', () => {
  it('decode an entry into named fields', () => {
    expect(decodeFields(FORMATS.sv39.layout, 0x2000_0000_21fd_ac1fn)).toMatchObject({
      valid: 1n,
      user: 1n,
      dirty: 0n,
      frame: 0x87f6bn,
      pbmt: 1n,
    });
  });
});

describe('custom formats that are wrong', () => {
  const codes = (custom: CustomFormat) => {
    try {
      compileCustomFormat(custom);
      return [];
    } catch (error) {
      if (!(error instanceof InputErrors)) throw error;
      return error.errors.map(({ code }) => code);
    }
  };
  const good: CustomFormat = { pageBytes: 64, pteBytes: 2, levels: [4, 4] };
  it.for<readonly [string, Partial<CustomFormat>, readonly string[]]>([
    ['is in order', {}, []],
    ['page size', { pageBytes: 48 }, ['MEM-FMT-001']],
    ['page size too small', { pageBytes: 2 }, ['MEM-FMT-001']],
    ['several at once', { pageBytes: 0, pteBytes: 3 as 4, levels: [] }, ['MEM-FMT-001', 'MEM-FMT-002', 'MEM-FMT-003']],
    ['index bits', { levels: [4, 0] }, ['MEM-FMT-004']],
    ['bits that do not add up', { virtualBits: 16 }, ['MEM-FMT-005']],
    ['too wide', { levels: [24, 24] }, ['MEM-FMT-006']],
    ['field past the entry', { fields: { valid: 16 } }, ['MEM-FMT-007']],
    ['overlap', { fields: { valid: 3, write: 3 } }, ['MEM-FMT-008']],
    ['frame over flag', { fields: { valid: 3, frame: { bit: 0, width: 8 } } }, ['MEM-FMT-008']],
    ['both execute bits', { fields: { execute: 13, noExecute: 14 } }, ['MEM-FMT-009']],
    ['physical bits', { physicalBits: 3 }, ['MEM-FMT-010']],
    ['narrow frame', { physicalBits: 30, fields: { frame: { bit: 0, width: 4 } } }, ['MEM-FMT-011']],
    ['large page without leaf bit', { levels: [{ indexBits: 4, canBeLeaf: true }, 4] }, ['MEM-FMT-012']],
  ])('%s', ([, change, expected]) => {
    expect(codes({ ...good, ...change })).toEqual(expected);
  });

  it('without spare bits have no room for software', () => {
    expect(compileCustomFormat({ pageBytes: 32, pteBytes: 1, levels: [5, 5] }).has.software).toBe(false);
  });
});
