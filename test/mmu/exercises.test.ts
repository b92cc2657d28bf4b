/**
 * Published exercises on the bare hardware. Numbers come from /shared/reference/exercises.md (ids D1 … F12 there name the
 * sources) and exercise-data.json; OSTEP's seeded problems are regenerated with Python's random numbers.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  type AddressField,
  addressBits,
  cacheFields,
  indexFields,
  tlbFields,
  virtualFields,
} from '../../src/mmu/address-fields.ts';
import { Cpu } from '../../src/mmu/cpu.ts';
import { type CustomFormat, compileCustomFormat } from '../../src/mmu/page-table/custom-format.ts';
import { FORMATS } from '../../src/mmu/page-table/formats.ts';
import { PageTable } from '../../src/mmu/page-table/page-table.ts';
import { PhysicalMemory } from '../../src/mmu/physical-memory.ts';
import { PTE_EXEC, PTE_READ, PTE_USER, PTE_VALID, PTE_WRITE } from '../../src/mmu/pte-flags.ts';
import type { TlbConfig } from '../../src/mmu/tlb/config.ts';
import { FETCH, LOAD } from '../../src/mmu/units.ts';
import { PythonRandom } from '../../src/trace/ostep.ts';

interface ExerciseData {
  readonly csapp_9_6_4: {
    readonly page_table: Readonly<Record<string, number>>;
    readonly tlb: Readonly<Record<string, readonly { readonly tag: number; readonly ppn: number | null }[]>>;
    readonly cache: Readonly<Record<string, { readonly tag: number; readonly bytes: readonly number[] }>>;
  };
  readonly wisconsin_quiz3_E5: { readonly pdbr: number; readonly pages_hex: Readonly<Record<string, string>> };
  readonly ostep_multilevel: Readonly<Record<'seed0' | 'seed1', { readonly pages: Readonly<Record<string, string>> }>>;
}
const DATA: ExerciseData = JSON.parse(readFileSync(new URL('../fixtures/exercise-data.json', import.meta.url), 'utf8'));

const RIGHTS = PTE_VALID | PTE_READ | PTE_WRITE | PTE_EXEC | PTE_USER;

function bareMachine(custom: CustomFormat, memoryBytes: number, root: number, tlb: TlbConfig | null = null) {
  const format = compileCustomFormat(custom);
  const memory = new PhysicalMemory(memoryBytes, format.pageBytes);
  const table = new PageTable(memory, format);
  const cpu = new Cpu({ index: 0, memory, format, tlb, seed: 0, hardwareAccessedDirty: true });
  cpu.setAddressSpace(root, 0);
  return { format, memory, table, cpu };
}

const named = (fields: readonly AddressField[]) => Object.fromEntries(fields.map(({ name, value }) => [name, value]));

describe('linear page tables', () => {
  it('D1: OSTEP 18, 64-byte space: virtual 21 is page 1 offset 5, physical 117', () => {
    const { format, table, cpu } = bareMachine({ pageBytes: 16, pteBytes: 1, levels: [2] }, 128, 0);
    table.writeLeaf(1, 7, PTE_VALID);
    expect(named(virtualFields(21, format))).toEqual({ VPN: 1, VPO: 5 });
    expect(cpu.translate(21, LOAD)).toBe(117);
  });

  it.for([
    ['1k', 2 ** 10, '1m', 2 ** 20, 1024],
    ['1k', 2 ** 10, '2m', 2 ** 21, 2048],
    ['1k', 2 ** 10, '4m', 2 ** 22, 4096],
    ['2k', 2 ** 11, '1m', 2 ** 20, 512],
    ['4k', 2 ** 12, '1m', 2 ** 20, 256],
  ] as const)('D3: %s pages, %s%s%s space: %d entries', ([, page, , space, entries]) => {
    const format = compileCustomFormat({ pageBytes: page, pteBytes: 4, levels: [Math.log2(space / page)] });
    const table = new PageTable(new PhysicalMemory(2 ** 20, page), format);
    expect(table.tableBytes(0) / format.pteBytes).toBe(entries);
    expect(2 ** format.virtualBits).toBe(space);
  });

  it('D6: 1 MiB space of 64 KiB pages, frame numbers past 16 bits', () => {
    const { table, cpu } = bareMachine({ pageBytes: 65536, pteBytes: 4, levels: [4] }, 128 * 2 ** 20, 0);
    const frames = [
      0xa,
      0x131,
      0xc6,
      0xa5,
      null,
      0x23f,
      null,
      0x16b,
      0x5d,
      0x1a6,
      0x97,
      0xc2,
      0x18,
      0x3de,
      0x2fa,
      null,
    ];
    for (const [vpn, pfn] of frames.entries()) if (pfn !== null) table.writeLeaf(vpn * 4, pfn, PTE_VALID);
    const answers = [
      [0xdeea9, 0x3deeea9],
      [0xc5557, 0x185557],
      [0x2dcab, 0xc6dcab],
      [0x1978d, 0x131978d],
      [0xe2b29, 0x2fa2b29],
      [0x93fd7, 0x1a63fd7],
      [0xbc90b, 0xc2c90b],
      [0x3b8d1, 0xa5b8d1],
      [0xf0b37, -1],
      [0x6a1ed, -1],
    ];
    expect(answers.map(([va]) => [va, cpu.translate(va!, LOAD)])).toEqual(answers);
  });

  it('D7: UW CSE378, the table at 0xe0a8', () => {
    const { memory, cpu } = bareMachine({ pageBytes: 4096, pteBytes: 4, levels: [4] }, 65536, 0xe0a8);
    memory.store32(0xe0b0, 0x8000000e);
    const { walk, physical } = cpu.peek(0x20b7, LOAD);
    expect(walk).toMatchObject([{ pteAddress: 0xe0b0, pteValue: '0x8000000e' }]);
    expect(physical).toBe(0xe0b7);
  });
});

/** OSTEP's paging-linear-translate.py: the page table, then five addresses, from one stream of random numbers. */
function ostepLinear(options: { seed: number; space: number; physical: number; page: number; used: number }) {
  const random = new PythonRandom(options.seed);
  const { cpu, table } = bareMachine(
    { pageBytes: options.page, pteBytes: 4, levels: [Math.log2(options.space / options.page)] },
    options.physical,
    0,
  );
  const frames = options.physical / options.page;
  const taken = new Set<number>();
  const entries = new Map<number, number>();
  for (let vpn = 0; vpn < options.space / options.page; ) {
    if (random.random() * 100 > 100 - options.used) {
      const pfn = Math.floor(frames * random.random());
      if (taken.has(pfn)) continue;
      taken.add(pfn);
      entries.set(vpn, pfn);
    }
    vpn++;
  }
  const addresses = Array.from({ length: 5 }, () => Math.floor(options.space * random.random()));
  // The table lies in frame 0, as the homework's does nowhere: nothing is loaded through it, so nothing is disturbed.
  for (const [vpn, pfn] of entries) table.writeLeaf(vpn * 4, pfn, PTE_VALID);
  return addresses.map((va) => [va, cpu.translate(va, LOAD)]);
}

describe('OSTEP paging-linear-translate', () => {
  it('D2: -s 0', () => {
    expect(ostepLinear({ seed: 0, space: 16384, physical: 65536, page: 4096, used: 50 })).toEqual([
      [0x3229, 0x6229],
      [0x1369, -1],
      [0x1e80, -1],
      [0x2556, -1],
      [0x3a1e, 0x6a1e],
    ]);
  });

  const full = [
    [0x2e0f, 0x4e0f],
    [0x1986, 0x7d86],
    [0x34ca, 0x6cca],
    [0x2ac3, 0xec3],
    [0x0012, 0x6012],
  ] as const;
  it.for([
    [0, []],
    [25, [[0x2bc6, 0x4fc6]]],
    [
      50,
      [
        [0x3385, 0x3f85],
        [0x00e6, 0x60e6],
        [0x1986, 0x7586],
      ],
    ],
    [75, full],
    [100, full],
  ] as const)('D4: -P 1k -a 16k -p 32k -u %d', ([used, valid]) => {
    const answers = ostepLinear({ seed: 0, space: 16384, physical: 32768, page: 1024, used });
    expect(answers.filter(([, pa]) => pa !== -1).toSorted()).toEqual(valid.toSorted());
    expect(answers).toHaveLength(5);
  });
});

describe('multi-level page tables', () => {
  const OSTEP = { pageBytes: 32, pteBytes: 1, levels: [5, 5] } as const;

  it('E1: OSTEP 20, 16 x 16 entries: 0x3f80 is 15, 14 and lands at 0x0dc0', () => {
    const { format, table, cpu } = bareMachine({ pageBytes: 64, pteBytes: 4, levels: [4, 4] }, 4096, 0);
    table.writeTable(15 * 4, 2, 1, true);
    table.writeLeaf(2 * 64 + 14 * 4, 55, PTE_VALID);
    expect(indexFields(0x3f80, format).map(({ value }) => value)).toEqual([15, 14, 0]);
    expect(cpu.translate(0x3f80, LOAD)).toBe(0x0dc0);
  });

  function ostepMachine(pdbr: number, pages: Readonly<Record<string, string>>) {
    const machine = bareMachine(OSTEP, 128 * 32, pdbr * 32);
    for (const [page, hex] of Object.entries(pages)) {
      machine.memory.writeBytes(Number(page) * 32, Uint8Array.from(Buffer.from(hex.replaceAll(' ', ''), 'hex')));
    }
    return machine;
  }
  /** `0x6bc=08`, or the level at which the walk faulted. */
  const answerTo = ({ cpu, format }: ReturnType<typeof ostepMachine>, va: number) => {
    const value = cpu.load8(va);
    if (cpu.faulted) return `${cpu.fault.ruleName} ${format.levels[cpu.fault.level]?.name}`;
    return `0x${cpu.peek(va, LOAD).physical?.toString(16)}=${value.toString(16).padStart(2, '0')}`;
  };
  const PTE_FAULT = 'not-present L0';
  const PDE_FAULT = 'not-present L1';

  it('E2: paging-multilevel-translate -s 0', () => {
    const machine = ostepMachine(108, DATA.ostep_multilevel.seed0.pages);
    expect(machine.cpu.peek(0x611c, LOAD).walk).toMatchObject([
      { index: 0x18, pteValue: '0xa1', kind: 'table' },
      { index: 8, pteValue: '0xb5', kind: 'leaf' },
    ]);
    expect(answerTo(machine, 0x611c)).toBe('0x6bc=08');
    expect(answerTo(machine, 0x17f5)).toBe('0x9d5=1c');
    expect(answerTo(machine, 0x2592)).toBe('0x7b2=1b');
    expect(answerTo(machine, 0x3e99)).toBe('0x959=1e');
    for (const va of [0x3da8, 0x7f6c, 0x0bad, 0x6d60, 0x2a5b, 0x4c5e]) expect(answerTo(machine, va)).toBe(PTE_FAULT);
  });

  it('E3: paging-multilevel-translate -s 1', () => {
    const machine = ostepMachine(17, DATA.ostep_multilevel.seed1.pages);
    expect(answerTo(machine, 0x6c74)).toBe('0xc34=06');
    expect(answerTo(machine, 0x6b22)).toBe('0x8e2=1a');
    expect(answerTo(machine, 0x03df)).toBe('0xbf=0f');
    expect(answerTo(machine, 0x317a)).toBe('0x6ba=1e');
    expect(answerTo(machine, 0x2c03)).toBe('0xae3=16');
    expect(answerTo(machine, 0x390e)).toBe(PDE_FAULT);
    for (const va of [0x69dc, 0x4546, 0x7fd7, 0x748b]) expect(answerTo(machine, va)).toBe(PTE_FAULT);
  });

  it('E5: Wisconsin CS537 quiz 3', () => {
    const { pdbr, pages_hex } = DATA.wisconsin_quiz3_E5;
    const machine = ostepMachine(pdbr, pages_hex);
    const refused = machine.cpu.peek(0x1787, LOAD);
    expect(refused.walk).toMatchObject([{ index: 5, pteValue: '0x7f', kind: 'absent' }]);
    expect(refused.fault?.rule).toBe('not-present');
    expect(machine.cpu.peek(0x2665, LOAD).walk).toMatchObject([{ pteValue: '0xf2' }, { pteValue: '0x86' }]);
    expect(answerTo(machine, 0x2665)).toBe('0xc5=1a');
  });

  it('E7: Harvard CS61, indices of x86-64 addresses (its L1 is the root; bits above 47 do not count)', () => {
    const split = (address: bigint) => indexFields(address, FORMATS.x86_64).map(({ value }) => value);
    const [, l2, l3, l4] = split(0x70000fffn);
    expect([l2, l3, l4]).toEqual([1, 0x180, 0]); // the published sheet prints 0x300 for L3: wrong
    const second = split(0x00f0089a00801000n);
    expect([second[0], second[3]]).toEqual([17, 1]);
    const third = split(0x0080100000f0089an);
    expect(third.slice(1, 3)).toEqual([0, 7]);
    expect(third[4]).toBe(0x89a);
    expect(split(0x0000029004080100n)).toEqual([5, 64, 32, 128, 0x100]);
    expect(addressBits(0xffff_ffff_ffff_ffffn, 39, 9)).toBe(511);
  });

  it('E9: xv6, the entries of its first process', () => {
    const memory = new PhysicalMemory(8192, 4096);
    const table = new PageTable(memory, FORMATS.sv39);
    const decode = (pte: number, level = 0) => {
      memory.store32(0, pte);
      const { kind, letters, pfn } = table.describe(0, level);
      return `${kind} ${letters} 0x${((pfn ?? 0) * 4096).toString(16)}`;
    };
    expect(decode(0x21fda801, 1)).toBe('table V------- 0x87f6a000');
    expect(decode(0x21fdac1f)).toBe('leaf VRWXU--- 0x87f6b000');
    expect(decode(0x21fda00f)).toBe('leaf VRWX---- 0x87f68000');
    expect(decode(0x21fd9c1f)).toBe('leaf VRWXU--- 0x87f67000');
    expect(decode(0x21fdd807)).toBe('leaf VRW----- 0x87f76000');
    expect(decode(0x2000200b)).toBe('leaf VR-X---- 0x80008000');
    const trampoline = indexFields(2 ** 38 - 4096, FORMATS.sv39).map(({ value }) => value);
    expect(trampoline).toEqual([255, 511, 511, 0]);
    expect(table.indexOf(2 ** 38 - 8192, 0)).toBe(510);
  });
});

describe('CSAPP 9.6.4, the simple memory system', () => {
  const ROOT = 28 * 64; // four frames that no entry names
  function machine() {
    const bare = bareMachine({ pageBytes: 64, pteBytes: 1, levels: [8] }, 4096, ROOT, { entries: 16, ways: 4 });
    for (const [vpn, ppn] of Object.entries(DATA.csapp_9_6_4.page_table))
      bare.table.writeLeaf(ROOT + Number(vpn), ppn, PTE_VALID);
    for (const [set, entries] of Object.entries(DATA.csapp_9_6_4.tlb)) {
      for (const [way, { tag, ppn }] of entries.entries()) {
        if (ppn === null) continue; // present in the book's table, but invalid
        bare.cpu.presetTlb('L1', Number(set), way, { page: tag * 4 + Number(set), pfn: ppn, flags: RIGHTS });
      }
    }
    return bare;
  }

  it.for([
    { id: 'F1', va: 0x03d4, vpn: 0x0f, set: 3, tag: 0x03, hit: 'L1', pa: 0x354, cache: [0x5, 0x0d, 0], byte: 0x36 },
    { id: 'F2', va: 0x0175, vpn: 0x05, set: 1, tag: 0x01, hit: null, pa: 0x5b5, cache: [0xd, 0x16, 1], byte: 0x96 },
    { id: 'F3', va: 0x0add, vpn: 0x2b, set: 3, tag: 0x0a, hit: 'L1', pa: 0xd1d, cache: [0x7, 0x34, 1], byte: null },
    { id: 'F5', va: 0x03d7, vpn: 0x0f, set: 3, tag: 0x03, hit: 'L1', pa: 0x357, cache: [0x5, 0x0d, 3], byte: 0x1d },
    { id: 'F7', va: 0x0b8f, vpn: 0x2e, set: 2, tag: 0x0b, hit: null, pa: null, cache: null, byte: null },
    { id: 'F8', va: 0x027c, vpn: 0x09, set: 1, tag: 0x02, hit: null, pa: 0x5fc, cache: [0xf, 0x17, 0], byte: null },
    { id: 'F10', va: 0x0040, vpn: 0x01, set: 1, tag: 0x00, hit: null, pa: null, cache: null, byte: null },
  ] as const)('$id: $va', ({ va, vpn, set, tag, hit, pa, cache, byte }) => {
    const { cpu, format } = machine();
    const peeked = cpu.peek(va, LOAD);
    expect(peeked).toMatchObject({ vpn, physical: pa, tlb: { set, tag, hit } });
    expect(named(tlbFields(va, format, 4))).toEqual({ TLBT: tag, TLBI: set });
    expect(cpu.translate(va, LOAD)).toBe(pa ?? -1);
    expect(cpu.counters).toMatchObject({ tlbHits: hit === null ? 0 : 1, tlbMisses: hit === null ? 1 : 0 });
    expect(cpu.fault.ruleName === 'not-present' && cpu.faulted).toBe(pa === null);
    if (pa === null || cache === null) return;
    // A one-byte entry leaves seven bits for the frame; the book's physical addresses have twelve in all.
    const physical = compileCustomFormat({ pageBytes: 64, pteBytes: 1, levels: [8], physicalBits: 12 });
    const { CI, CT, CO } = named(cacheFields(pa, physical, { sets: 16, blockBytes: 4 }));
    expect([CI, CT, CO]).toEqual(cache);
    const line = DATA.csapp_9_6_4.cache[String(CI)];
    expect(line?.tag === CT ? line?.bytes[CO!] : null).toBe(byte);
  });

  it('F12: OSTEP 19, ten integers from 100 on in 16-byte pages: 3 misses, 7 hits, then only hits', () => {
    const { table, cpu } = bareMachine({ pageBytes: 16, pteBytes: 1, levels: [4] }, 2048, 1024, {
      entries: 8,
      ways: 8,
    });
    for (let vpn = 0; vpn < 16; vpn++) table.writeLeaf(1024 + vpn, vpn + 1, PTE_VALID);
    const pass = () => {
      for (let i = 0; i < 10; i++) cpu.load32(100 + 4 * i);
      const { tlbHits, tlbMisses } = cpu.counters;
      return { tlbHits, tlbMisses };
    };
    expect(pass()).toEqual({ tlbHits: 7, tlbMisses: 3 });
    expect(pass()).toEqual({ tlbHits: 17, tlbMisses: 3 });
    expect(cpu.tlbEntries().map(({ vpn }) => vpn)).toEqual([6, 7, 8]);
    expect(cpu.translate(100, FETCH)).toBe(7 * 16 + 4);
  });
});
