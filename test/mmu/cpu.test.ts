import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cpu, type Fault, type TrapHandler } from '../../src/mmu/cpu.ts';
import { describeFault } from '../../src/mmu/fault-latch.ts';
import { FORMATS, type FormatName } from '../../src/mmu/page-table/formats.ts';
import { PageTable } from '../../src/mmu/page-table/page-table.ts';
import { PhysicalMemory } from '../../src/mmu/physical-memory.ts';
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_READ,
  PTE_USER,
  PTE_VALID,
  PTE_WRITE,
} from '../../src/mmu/pte-flags.ts';
import type { TlbConfig } from '../../src/mmu/tlb/config.ts';
import { FETCH, LOAD, STORE } from '../../src/mmu/units.ts';

const PAGE = 4096;
const RW = PTE_VALID | PTE_READ | PTE_WRITE | PTE_USER;

/** Two or more levels of tables in frames 1 up, data from frame 8 on; `pages` maps page number to [frame, flags]. */
function machine(
  name: FormatName,
  pages: Readonly<Record<number, readonly [number, number]>>,
  options: { tlb?: TlbConfig | null; hardwareAccessedDirty?: boolean } = {},
) {
  const format = FORMATS[name];
  const memory = new PhysicalMemory(32 * PAGE, PAGE);
  const table = new PageTable(memory, format);
  const { tlb = { entries: 4, ways: 4 }, hardwareAccessedDirty = true } = options;
  const cpu = new Cpu({ index: 0, memory, format, tlb, seed: 1, hardwareAccessedDirty });
  for (let level = format.levels.length - 1; level > 0; level--) {
    table.writeTable((format.levels.length - level) * PAGE, format.levels.length - level + 1, level, true);
  }
  const leaves = format.levels.length * PAGE;
  const entryOf = (page: number) => leaves + page * format.pteBytes;
  for (const [page, [pfn, flags]] of Object.entries(pages)) table.writeLeaf(entryOf(Number(page)), pfn, flags);
  cpu.setAddressSpace(PAGE, 1);
  return { memory, table, cpu, entryOf, format };
}

/** A kernel of one line, that counts. */
class Trap implements TrapHandler {
  count = 0;
  private readonly answer: (cpu: Cpu, fault: Fault) => boolean;
  constructor(answer: (cpu: Cpu, fault: Fault) => boolean) {
    this.answer = answer;
  }
  pageFault(cpu: Cpu, fault: Fault): boolean {
    this.count++;
    return this.answer(cpu, fault);
  }
}

describe('loads and stores', () => {
  it.for([[{ entries: 2, ways: 1 }], [null]] as const)(
    'of all sizes and alignments agree with plain bytes, TLB %j',
    ([tlb]) => {
      const operation = fc.record({
        size: fc.constantFrom(1, 2, 4, 8),
        at: fc.oneof(fc.integer({ min: 0, max: 3 * PAGE - 8 }), fc.integer({ min: PAGE - 9, max: PAGE + 2 })),
        low: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        high: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        store: fc.boolean(),
      });
      fc.assert(
        fc.property(fc.array(operation, { maxLength: 80 }), (list) => {
          // Three virtual pages, their frames in another order.
          const { cpu } = machine('sv39', { 0: [20, RW], 1: [9, RW], 2: [14, RW] }, { tlb });
          const model = new Uint8Array(3 * PAGE);
          const view = new DataView(model.buffer);
          let pages = 0;
          for (const { size, at, low, high, store } of list) {
            pages += at % PAGE > PAGE - size ? 2 : 1;
            if (store) {
              if (size === 1) cpu.store8(at, low);
              else if (size === 2) cpu.store16(at, low);
              else if (size === 4) cpu.store32(at, low);
              else cpu.store64(at, low, high);
              for (let i = 0; i < size; i++) model[at + i] = (i < 4 ? low : high) >>> (8 * (i % 4));
            } else if (size === 1) expect(cpu.load8(at)).toBe(view.getUint8(at));
            else if (size === 2) expect(cpu.load16(at)).toBe(view.getUint16(at, true));
            else if (size === 4) expect(cpu.load32(at)).toBe(view.getUint32(at, true));
            else
              expect([cpu.load64(at), cpu.highWord]).toEqual([view.getUint32(at, true), view.getUint32(at + 4, true)]);
          }
          expect(cpu.counters.accesses).toBe(pages);
          for (let at = 0; at < 3 * PAGE; at += 64) expect(cpu.load8(at)).toBe(model[at]);
        }),
        { numRuns: 60, seed: 5 },
      );
    },
  );

  it('writes nothing when the second page of a straddling store is refused', () => {
    const { cpu, memory } = machine('sv39', { 0: [20, RW], 1: [9, RW & ~PTE_WRITE] });
    cpu.store32(PAGE - 2, 0xffffffff);
    expect(cpu.faulted).toBe(true);
    expect(cpu.fault).toMatchObject({ ruleName: 'write', address: PAGE });
    expect(memory.load16(21 * PAGE - 2)).toBe(0);
    cpu.store32(8, 1);
    expect(cpu.faulted).toBe(false);
  });

  it('starts a straddling access over when the fault on its second page took the first away', () => {
    const { cpu, table, entryOf, memory } = machine('sv39', { 0: [20, RW] });
    let stolen = false;
    cpu.trap = new Trap((_, fault) => {
      const page = Math.floor(fault.address / PAGE);
      if (page === 1 && !stolen) {
        stolen = true;
        table.clear(entryOf(0));
        cpu.invalidatePage(0, 1);
      }
      table.writeLeaf(entryOf(page), page === 0 ? 25 : 9, RW);
      return true;
    });
    cpu.store32(PAGE - 2, 0x44332211);
    expect(cpu.faulted).toBe(false);
    expect(memory.load16(26 * PAGE - 2)).toBe(0x2211); // frame 25, where page 0 is now
    expect(memory.load16(21 * PAGE - 2)).toBe(0);
    expect(memory.load16(9 * PAGE)).toBe(0x4433);
    expect(cpu.counters.accesses).toBe(2);
  });

  it('ends even when the two pages can never be resident together', () => {
    const { cpu, table, entryOf } = machine('sv39', {});
    cpu.trap = new Trap((_, fault) => {
      const page = Math.floor(fault.address / PAGE);
      table.clear(entryOf(1 - page));
      cpu.invalidatePage((1 - page) * PAGE, 1);
      table.writeLeaf(entryOf(page), 20 + page, RW);
      return true;
    });
    cpu.store32(PAGE - 2, 0x44332211);
    expect(cpu.load32(PAGE - 2)).toBe(0x44332211);
    expect(cpu.faulted).toBe(false);
  });
});

describe('faults', () => {
  it('are retried when the kernel says so, and count as one access and one miss', () => {
    const { cpu, table, entryOf } = machine('sv39', {});
    const trap = new Trap((_, fault) => {
      table.writeLeaf(entryOf(Math.floor(fault.address / PAGE)), 11, RW);
      return true;
    });
    cpu.trap = trap;
    cpu.store32(2 * PAGE, 77);
    expect(cpu.load32(2 * PAGE)).toBe(77);
    expect(trap.count).toBe(1);
    expect(cpu.counters).toMatchObject({ accesses: 2, tlbMisses: 1, tlbHits: 1, walks: 2, pteReads: 6 });
  });

  it('abandoned: -1 or 0, `faulted` until the next access, whose page was hit before', () => {
    const { cpu } = machine('sv39', { 0: [20, RW] });
    cpu.store32(0, 5);
    expect(cpu.load32(0)).toBe(5);
    expect([cpu.load32(5 * PAGE), cpu.faulted, cpu.translate(5 * PAGE, FETCH)]).toEqual([0, true, -1]);
    expect([cpu.load32(0), cpu.faulted]).toEqual([5, false]);
  });

  it('name rule, level, entry and, for x86, the error code', () => {
    const { cpu, format, entryOf } = machine('x86_64', {
      0: [20, RW & ~PTE_WRITE],
      1: [21, RW & ~PTE_USER],
      2: [22, RW],
    });
    const codeOf = (va: number, kind: typeof LOAD | typeof STORE | typeof FETCH) => {
      cpu.translate(va, kind);
      const { rule, errorCode } = describeFault(cpu.fault, format);
      return [rule, errorCode];
    };
    expect(codeOf(0, STORE)).toEqual(['write', 7]);
    expect(codeOf(PAGE, LOAD)).toEqual(['user', 5]);
    expect(codeOf(2 * PAGE, FETCH)).toEqual(['execute', 0x15]);
    expect(codeOf(9 * PAGE, STORE)).toEqual(['not-present', 6]);
    expect(codeOf(2 ** 47, LOAD)).toEqual(['non-canonical', null]);
    cpu.user = false;
    expect(codeOf(9 * PAGE, LOAD)).toEqual(['not-present', 0]);
    expect(codeOf(2 * PAGE, LOAD)).toEqual(['supervisor', 1]);
    const info = describeFault(cpu.fault, format);
    expect(info).toMatchObject({ level: 0, levelName: 'PTE', pteAddress: entryOf(2), pteValue: '0x8000000000016007' });
    expect(info.sentence).toBe(
      `supervisor load at 0x2000 refused: a supervisor may not use this user page (PTE entry at 0x${entryOf(2).toString(16)} = 0x8000000000016007)`,
    );
  });

  it('have RISC-V causes', () => {
    const { cpu, format, table, entryOf } = machine('sv39', { 0: [20, RW], 1: [400, RW | PTE_EXEC] });
    const causeOf = (va: number, kind: typeof LOAD | typeof STORE | typeof FETCH) => {
      cpu.translate(va, kind);
      return describeFault(cpu.fault, format).cause;
    };
    expect([causeOf(5 * PAGE, FETCH), causeOf(5 * PAGE, LOAD), causeOf(5 * PAGE, STORE)]).toEqual([12, 13, 15]);
    expect([causeOf(PAGE, FETCH), causeOf(PAGE, LOAD), causeOf(PAGE, STORE)]).toEqual([1, 5, 7]);
    expect(table.flags(entryOf(1)) & (PTE_ACCESSED | PTE_DIRTY)).toBe(0);
  });

  it('from a TLB entry: the stale entry decides until it is invalidated', () => {
    const { cpu, table, entryOf } = machine('sv39', { 0: [20, RW & ~PTE_WRITE] });
    cpu.load8(0);
    table.writeLeaf(entryOf(0), 20, RW);
    cpu.store8(0, 1);
    expect([cpu.faulted, cpu.fault.ruleName, cpu.fault.pteAddress]).toEqual([true, 'write', entryOf(0)]);
    // The entry is shown as it stands in memory now, not as some walk before found it.
    expect([cpu.fault.pteLow, cpu.fault.pteHigh]).toEqual([table.low(entryOf(0)), table.high(entryOf(0))]);
    cpu.invalidatePage(0, 1);
    cpu.store8(0, 1);
    expect(cpu.faulted).toBe(false);
  });

  it('accessed-clear and dirty-clear, when software keeps A and D (Svade)', () => {
    const { cpu, table, entryOf } = machine('sv39', { 0: [20, RW] }, { hardwareAccessedDirty: false });
    const rules: string[] = [];
    cpu.trap = new Trap((_, fault) => {
      rules.push(fault.ruleName);
      const more = fault.ruleName === 'accessed-clear' ? PTE_ACCESSED : PTE_DIRTY;
      table.setFlags(entryOf(0), table.flags(entryOf(0)) | more);
      cpu.invalidatePage(0, 1);
      return true;
    });
    cpu.load8(0);
    cpu.store8(0, 3);
    expect([rules, cpu.load8(0)]).toEqual([['accessed-clear', 'dirty-clear'], 3]);
  });
});

describe('privilege', () => {
  it('SUM, MXR and user pages, with entries already cached', () => {
    const { cpu } = machine('sv39', { 0: [20, RW], 1: [21, PTE_VALID | PTE_EXEC | PTE_USER], 2: [22, RW & ~PTE_USER] });
    const ok = (va: number) => {
      cpu.load8(va);
      return !cpu.faulted;
    };
    expect([ok(0), ok(PAGE), ok(2 * PAGE)]).toEqual([true, false, false]);
    cpu.mxrBit = true;
    expect([ok(0), ok(PAGE), ok(2 * PAGE)]).toEqual([true, true, false]);
    cpu.user = false;
    expect([ok(0), ok(PAGE), ok(2 * PAGE)]).toEqual([false, false, true]);
    cpu.sumBit = true;
    expect([ok(0), ok(PAGE), ok(2 * PAGE)]).toEqual([true, true, true]);
    expect(cpu.translate(PAGE, FETCH)).toBe(-1);
    cpu.mxrBit = false;
    expect([ok(0), ok(PAGE), ok(2 * PAGE)]).toEqual([true, false, true]);
    cpu.user = true;
    expect(cpu.translate(PAGE, FETCH)).toBe(21 * PAGE);
  });
});

describe('bookkeeping', () => {
  it('tells the reference of every access, in order, TLB hit or not', () => {
    const { cpu } = machine('sv39', { 0: [20, RW], 1: [21, RW] });
    const frames: number[] = [];
    cpu.load8(0);
    cpu.reference = { touch: (pfn) => frames.push(pfn) };
    for (const page of [0, 1, 1, 0]) cpu.store8(page * PAGE, 1);
    cpu.load16(PAGE - 1);
    cpu.reference = null;
    cpu.load8(0);
    expect(frames).toEqual([20, 21, 21, 20, 20, 21]);
    expect(cpu.counters.accesses).toBe(8);
  });

  it('peek changes nothing: not the tables, not the counters, not who leaves the TLB next, not the fault', () => {
    const { cpu, memory } = machine(
      'sv39',
      { 0: [20, RW], 1: [21, RW], 2: [22, RW] },
      { tlb: { entries: 2, ways: 2 } },
    );
    cpu.load8(0);
    cpu.load8(PAGE);
    cpu.load8(9 * PAGE);
    const before = [memory.readBytes(0, 8 * PAGE).join(), JSON.stringify(cpu.counters), JSON.stringify(cpu.fault)];
    expect(cpu.peek(0, LOAD)).toMatchObject({ physical: 20 * PAGE, walk: [], tlb: { hit: 'L1', way: 0 } });
    expect(cpu.peek(0, LOAD, { walkAlways: true }).walk).toHaveLength(3);
    expect(cpu.peek(2 * PAGE + 5, STORE).physical).toBe(22 * PAGE + 5);
    expect(cpu.peek(30 * PAGE, STORE).fault?.rule).toBe('not-present');
    expect([memory.readBytes(0, 8 * PAGE).join(), JSON.stringify(cpu.counters), JSON.stringify(cpu.fault)]).toEqual(
      before,
    );
    cpu.load8(2 * PAGE); // page 0 is the least recent, in spite of the peeks
    expect(cpu.tlbEntries().map(({ vpn }) => vpn)).toEqual([2, 1]);
  });

  it('walks for every access without a TLB', () => {
    const { cpu } = machine('sv39', { 0: [20, RW] }, { tlb: null });
    for (let i = 0; i < 5; i++) cpu.load32(0);
    expect(cpu.counters).toMatchObject({ accesses: 5, walks: 5, pteReads: 15, tlbHits: 0, tlbMisses: 0 });
  });

  it('refused addresses are neither hits nor misses', () => {
    const { cpu } = machine('sv39', { 0: [20, RW] });
    for (const va of [2 ** 38, 2 ** 52, -(2 ** 38) - 1]) cpu.load8(va);
    expect(cpu.counters).toMatchObject({ accesses: 3, refusedAddresses: 3, tlbHits: 0, tlbMisses: 0, walks: 0 });
    expect(cpu.fault.ruleName).toBe('non-canonical');
  });

  it('without ASIDs a switch flushes; with them the entries wait', () => {
    for (const asids of [true, false]) {
      const { cpu } = machine('sv39', { 0: [20, RW] }, { tlb: { entries: 4, ways: 4, asids } });
      cpu.load8(0);
      cpu.setAddressSpace(PAGE, 2);
      cpu.load8(0);
      cpu.setAddressSpace(PAGE, 1);
      cpu.load8(0);
      expect(cpu.counters.tlbMisses).toBe(asids ? 2 : 3);
    }
  });
});
