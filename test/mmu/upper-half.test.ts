/** The upper half of sign-extended formats: negative numbers inside, 64-bit addresses for people. */
import { describe, expect, it } from 'vitest';
import { Cpu } from '../../src/mmu/cpu.ts';
import { compileCustomFormat } from '../../src/mmu/page-table/custom-format.ts';
import { FORMAT_NAMES, FORMATS, type PageTableFormat } from '../../src/mmu/page-table/formats.ts';
import { PageTable } from '../../src/mmu/page-table/page-table.ts';
import { PhysicalMemory } from '../../src/mmu/physical-memory.ts';
import { PTE_EXEC, PTE_READ, PTE_USER, PTE_VALID, PTE_WRITE } from '../../src/mmu/pte-flags.ts';
import type { TlbConfig } from '../../src/mmu/tlb/config.ts';
import { FETCH, LOAD, STORE } from '../../src/mmu/units.ts';

const RIGHTS = PTE_VALID | PTE_READ | PTE_WRITE | PTE_EXEC | PTE_USER;
const FRAMES = 128;

/** Maps pages (by any address in them) to frames, making tables from frame 1 on; root in frame 0. */
function machine(
  format: PageTableFormat,
  pages: readonly (readonly [address: number, frame: number])[],
  tlb: TlbConfig | null = { entries: 16, ways: 4 },
) {
  const { pageBytes } = format;
  const memory = new PhysicalMemory(FRAMES * pageBytes, pageBytes);
  const table = new PageTable(memory, format);
  let next = table.framesPerTable(format.levels.length - 1);
  for (const [address, frame] of pages) {
    for (;;) {
      const entry = table.find(0, address);
      if (entry !== -1) {
        table.writeLeaf(entry, frame, RIGHTS);
        break;
      }
      table.writeTable(table.stoppedEntry, next, table.stoppedLevel, true);
      next += table.framesPerTable(table.stoppedLevel - 1);
    }
  }
  const cpu = new Cpu({ index: 0, memory, format, tlb, seed: 1, hardwareAccessedDirty: true });
  cpu.setAddressSpace(0, 1);
  return { cpu, memory, table };
}

const SIGN_EXTENDED = FORMAT_NAMES.filter((name) => FORMATS[name].canonical === 'sign-extended');
const PAGE = 4096;

describe.for(SIGN_EXTENDED)('upper half of %s', (name) => {
  const format = FORMATS[name];
  const start = Math.max(-(2 ** (format.virtualBits - 1)), -(2 ** 53));
  /** First and last page, and pages whose numbers differ from another's in one index only. */
  const pages = [start, start + PAGE, -(2 ** 30) - PAGE, -(2 ** 21), -PAGE, 0].map((at, i) => [at, 100 + i] as const);

  it.for([['no TLB', null] as const, ['a TLB', { entries: 4, ways: 2 }] as const])(
    'translates with %s: the same twice, by the indices of the 64-bit address',
    ([, tlb]) => {
      const { cpu } = machine(format, pages, tlb);
      for (const round of [1, 2]) {
        for (const [at, frame] of pages) {
          for (const offset of [0, 1, 0x123, PAGE - 1]) {
            const peeked = cpu.peek(at + offset, LOAD, { walkAlways: true });
            expect(peeked.physical).toBe(frame * PAGE + offset);
            const whole = BigInt.asUintN(64, BigInt(at + offset));
            expect(BigInt(peeked.address)).toBe(whole);
            expect(peeked.walk.map(({ index }) => index)).toEqual(
              format.levels.map(({ shift }) => Number((whole >> BigInt(shift)) & 511n)).toReversed(),
            );
            expect(BigInt(peeked.vpn)).toBe(BigInt.asUintN(format.virtualBits, whole) >> 12n);
            expect(peeked.offset).toBe(offset);
            expect(cpu.translate(at + offset, round === 1 ? LOAD : FETCH)).toBe(frame * PAGE + offset);
          }
        }
      }
    },
  );

  it('loads and stores of all sizes reach their bytes, through the soft TLB too', () => {
    const { cpu, memory } = machine(format, pages);
    for (const round of [1, 2, 3]) {
      for (const [at, frame] of pages) {
        cpu.store8(at + 3, round);
        cpu.store16(at + 6, 0x1234);
        cpu.store32(at + PAGE - 12, 0xdeadbeef);
        cpu.store64(at + 16, 5, round);
        expect(memory.load8(frame * PAGE + 3)).toBe(round);
        expect([cpu.load8(at + 3), cpu.load16(at + 6), cpu.load32(at + PAGE - 12)]).toEqual([
          round,
          0x1234,
          0xdeadbeef,
        ]);
        expect([cpu.load64(at + 16), cpu.highWord]).toEqual([5, round]);
      }
    }
    const { accesses, tlbHits, tlbMisses, walks, dirtyWalks } = cpu.counters;
    expect({ accesses, tlbMisses, walks, dirtyWalks }).toEqual({
      accesses: 3 * 8 * pages.length,
      tlbMisses: pages.length,
      walks: pages.length,
      dirtyWalks: 0,
    });
    expect(tlbHits).toBe(accesses - tlbMisses);
    expect(
      cpu
        .tlbEntries()
        .map(({ vpn }) => BigInt(vpn))
        .sort(),
    ).toEqual(pages.map(([at]) => BigInt.asUintN(format.virtualBits, BigInt(at)) >> 12n).sort());
  });

  it('an access over the end of the address space goes on at 0', () => {
    const { cpu, memory } = machine(format, pages);
    cpu.store32(-2, 0x44332211);
    expect([memory.load16(105 * PAGE - 2), memory.load16(105 * PAGE)]).toEqual([0x2211, 0x4433]);
    expect(cpu.load32(-2)).toBe(0x44332211);
  });

  it('forgets a page when told, soft TLB and all', () => {
    const { cpu, table } = machine(format, pages);
    expect(cpu.translate(-PAGE, LOAD)).toBe(104 * PAGE);
    table.writeLeaf(table.find(0, -PAGE), 90, RIGHTS);
    expect(cpu.translate(-1, LOAD)).toBe(105 * PAGE - 1); // the TLB does not know
    cpu.invalidatePage(-1, 1);
    expect(cpu.translate(-1, LOAD)).toBe(91 * PAGE - 1);
  });

  it('refuses what is not canonical, and says which 64-bit address it was', () => {
    const { cpu } = machine(format, pages);
    if (start > -(2 ** 53)) {
      const below = BigInt.asUintN(64, BigInt(start - 1));
      const { fault, walk, tlb } = cpu.peek(start - 1, STORE);
      expect({ walk, tlb }).toEqual({ walk: [], tlb: null });
      expect(fault).toMatchObject({ rule: 'non-canonical', address: below, level: null });
      expect(fault?.sentence).toContain(` at 0x${below.toString(16)} refused`);
      cpu.load8(start - 1);
      expect(cpu.faulted).toBe(true);
      expect(cpu.counters).toMatchObject({ refusedAddresses: 1, walks: 0 });
    }
    const constant = 0x8000_0000_0000_0123n;
    const { address, fault, offset } = cpu.peek(constant, LOAD);
    expect({ address, offset }).toEqual({ address: constant, offset: 0x123 });
    expect(fault).toMatchObject({ rule: 'non-canonical', address: constant });
    expect(fault?.sentence).toContain('at 0x8000000000000123 refused');
  });

  it('tells a missing page by its 64-bit address', () => {
    const { fault } = machine(format, pages).cpu.peek(-(2 ** 29) - 0xedd, LOAD);
    expect(fault).toMatchObject({ rule: 'not-present', address: 0xffff_ffff_dfff_f123n });
    expect(fault?.sentence).toContain('at 0xffffffffdffff123 refused');
  });
});

describe('TLB entries of the upper half', () => {
  it('a page of level 7 with the number -1 is no empty slot', () => {
    const format = compileCustomFormat({
      pageBytes: 32,
      pteBytes: 4,
      levels: Array.from({ length: 8 }, () => ({ indexBits: 3, canBeLeaf: true })),
      canonical: 'sign-extended',
      physicalBits: 28,
      fields: { valid: 31, leaf: 30, dirty: 29 },
    });
    const memory = new PhysicalMemory(2 ** 12, 32);
    const cpu = new Cpu({
      index: 0,
      memory,
      format,
      tlb: { entries: 4, ways: 2 },
      seed: 1,
      hardwareAccessedDirty: true,
    });
    new PageTable(memory, format).writeLeaf(7 * 4, 0, RIGHTS, 7);
    cpu.setAddressSpace(0, 1);
    // The last leaf of the root maps 2^26 bytes; memory holds the first of them.
    const first = -(2 ** 26);
    for (const at of [first, first + 33, first]) cpu.translate(at, LOAD);
    expect(cpu.counters).toMatchObject({ accesses: 3, tlbMisses: 1, walks: 1 });
    expect(cpu.tlbEntries()).toHaveLength(1);
    expect(cpu.tlbEntries()[0]).toMatchObject({ vpn: 7 * 2 ** 21, pageBytes: 2 ** 26 });
    expect(cpu.peek(first + 33, LOAD)).toMatchObject({ physical: 33, tlb: { hit: 'L1', set: 1, tag: 3 } });
    cpu.invalidatePage(-1, 1);
    expect(cpu.tlbEntries()).toEqual([]);
  });

  it.for([4, 3])('presets name the page by its VPN, with %i sets', (sets) => {
    const { cpu } = machine(FORMATS.sv39, [], { entries: 2 * sets, ways: 2 });
    const vpn = 2 ** 27 - 2;
    cpu.presetTlb('L1', vpn % sets, 1, { page: vpn, pfn: 77, flags: RIGHTS, asid: 1 });
    expect(cpu.peek(-2 * PAGE + 5, LOAD)).toMatchObject({
      physical: 77 * PAGE + 5,
      vpn,
      tlb: { hit: 'L1', set: vpn % sets, tag: Math.floor(vpn / sets), way: 1 },
    });
    expect(cpu.peek(-3 * PAGE, LOAD).tlb).toMatchObject({ hit: null, set: (vpn - 1) % sets });
    expect(cpu.tlbEntries()).toMatchObject([{ vpn, set: vpn % sets, way: 1 }]);
  });

  it('zero-extended formats have no upper half', () => {
    for (const name of ['sv32', 'i386'] as const) {
      const { cpu } = machine(FORMATS[name], [[2 ** 32 - PAGE, 100]]);
      expect(cpu.peek(2 ** 32 - 1, LOAD).physical).toBe(101 * PAGE - 1);
      expect(cpu.peek(-1, LOAD).fault).toMatchObject({ rule: 'out-of-range', address: 2n ** 64n - 1n });
    }
  });
});

describe('a store that finds a clean TLB entry', () => {
  it.for([LOAD, STORE] as const)('peek tells the walk that sets D, after a first access of kind %i', (first) => {
    const { cpu } = machine(FORMATS.sv39, [[0, 100]]);
    cpu.translate(0, first);
    const peeked = cpu.peek(8, STORE);
    const before = cpu.counters;
    cpu.store32(8, 1);
    const walked = cpu.counters.pteReads - before.pteReads;
    expect(peeked.tlb?.hit).toBe('L1');
    expect(peeked.dirtyWalk).toBe(first === LOAD ? true : undefined);
    expect(peeked.walk).toHaveLength(walked);
    expect(walked).toBe(first === LOAD ? 3 : 0);
    // The leaf as the walker reads it: still clean.
    if (first === LOAD) expect(peeked.walk.at(-1)?.letters).toBe('VRWXU-A-');
    expect(cpu.peek(8, STORE)).toMatchObject({ walk: [] });
    expect(cpu.peek(8, STORE)).not.toHaveProperty('dirtyWalk');
  });

  it('in the second level too; a miss is just a walk', () => {
    const { cpu } = machine(
      FORMATS.sv39,
      [
        [0, 100],
        [PAGE, 101],
      ],
      { entries: 1, ways: 1, l2: { entries: 4, ways: 4 } },
    );
    cpu.load8(0);
    cpu.load8(PAGE);
    expect(cpu.peek(0, STORE)).toMatchObject({ tlb: { hit: 'L2' }, dirtyWalk: true });
    cpu.invalidateAll(true);
    expect(cpu.peek(0, STORE)).not.toHaveProperty('dirtyWalk');
  });
});

it('the same word twice is no run of words, where an address and the next word’s are one double', () => {
  const address = 2 ** 55 + 0x4000;
  const { cpu } = machine(FORMATS.sv57, [[address, 100]]);
  cpu.store64(address, 1, 2);
  const values = new Uint32Array(3);
  expect(cpu.loadBatch(Float64Array.of(address, address, address), 0, 3, values)).toBe(3);
  expect([...values]).toEqual([1, 1, 1]);
});
