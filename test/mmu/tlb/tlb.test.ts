import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cpu } from '../../../src/mmu/cpu.ts';
import { FORMATS } from '../../../src/mmu/page-table/formats.ts';
import { PageTable } from '../../../src/mmu/page-table/page-table.ts';
import { PhysicalMemory } from '../../../src/mmu/physical-memory.ts';
import { PTE_EXEC, PTE_GLOBAL, PTE_READ, PTE_USER, PTE_VALID, PTE_WRITE } from '../../../src/mmu/pte-flags.ts';
import { TLB_POLICIES, type TlbConfig, validateTlbConfig } from '../../../src/mmu/tlb/config.ts';
import { SOFT_FOLD, SOFT_INDEX_MASK, SoftTlb } from '../../../src/mmu/tlb/soft-tlb.ts';
import { ACCESS_NAMES, type AccessKind, FETCH, STORE } from '../../../src/mmu/units.ts';
import { NaiveTlbs } from './naive-tlb.ts';

const PAGE = 4096;
const SUPERPAGE = 512 * PAGE;
const RIGHTS = PTE_VALID | PTE_READ | PTE_WRITE | PTE_EXEC | PTE_USER;
const SEED = 7;
/** Small pages 0 to 19 (5 and 13 global), then superpages 1 and 2; the same numbers in both address spaces. */
const SMALL_PAGES = 20;
const GLOBAL_PAGES = new Set([5, 13]);
const SUPERPAGES = [1, 2];

const place = fc.integer({ min: 0, max: SMALL_PAGES + SUPERPAGES.length - 1 });
const space = fc.constantFrom(1, 2);
const kind = fc.constantFrom<AccessKind>(0, 0, 1, 2);
const operations = fc.array(
  fc.oneof(
    {
      weight: 40,
      arbitrary: fc.record({
        do: fc.constant('access' as const),
        kind,
        place,
        // Aligned, so that every access is one page; superpages are met all over, past the soft TLB's 256 pages.
        offset: fc.integer({ min: 0, max: 511 }).map((page) => page * PAGE + 8),
      }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('switch' as const), space }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('page' as const), place, space }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('space' as const), space }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('all' as const), global: fc.boolean() }) },
  ),
  { minLength: 20, maxLength: 200 },
);

/** Where the three superpages of addresses begin: at 0, and so that they are the last of the upper half. */
const BASES = [
  ['lower', 0],
  ['upper', -3 * SUPERPAGE],
] as const;

const address = (base: number, where: number, offset: number) =>
  base + (where < SMALL_PAGES ? where * PAGE + (offset % PAGE) : SUPERPAGES[where - SMALL_PAGES]! * SUPERPAGE + offset);

/** Number of the page that maps the address, as its bits have it: without sign. */
const vpnOf = (va: number, pageBytes: number) => Number(BigInt.asUintN(39, BigInt(va)) / BigInt(pageBytes));

/** Tables of space 1 in frames 0-2, of space 2 in frames 3-5. */
function build(base: number): PhysicalMemory {
  const memory = new PhysicalMemory(8 * 2 ** 20, PAGE);
  const table = new PageTable(memory, FORMATS.sv39);
  for (const root of [0, 3]) {
    const upper = base < 0 ? 511 * 8 : 0;
    const middle = (root + 1) * PAGE + (base < 0 ? 509 * 8 : 0);
    table.writeTable(root * PAGE + upper, root + 1, 2, true);
    table.writeTable(middle, root + 2, 1, true);
    for (const number of SUPERPAGES) table.writeLeaf(middle + number * 8, number * 512, RIGHTS, 1);
    for (let page = 0; page < SMALL_PAGES; page++) {
      const global = GLOBAL_PAGES.has(page);
      const pfn = 16 + page + (root === 0 || global ? 0 : 32);
      table.writeLeaf((root + 2) * PAGE + page * 8, pfn, global ? RIGHTS | PTE_GLOBAL : RIGHTS);
    }
  }
  return memory;
}

const CONFIGS: readonly (readonly [string, TlbConfig])[] = [
  ...TLB_POLICIES.flatMap((policy): (readonly [string, TlbConfig])[] => [
    [`4x1 ${policy}`, { entries: 4, ways: 1, policy }],
    [`8x2 ${policy}, no ASIDs`, { entries: 8, ways: 2, policy, asids: false }],
    [`8 fully associative ${policy}`, { entries: 8, ways: 8, policy }],
    [
      `4x4 split ${policy} + 16x4 ${policy}`,
      { entries: 4, ways: 4, policy, split: true, l2: { entries: 16, ways: 4, policy } },
    ],
  ]),
  ['4x2 lru + 12x4 fifo (3 sets)', { entries: 4, ways: 2, l2: { entries: 12, ways: 4, policy: 'fifo' } }],
  ['6x3 lru', { entries: 6, ways: 3 }],
  [
    '8x4 plru + 24x8 plru, no ASIDs',
    { entries: 8, ways: 4, policy: 'plru', asids: false, l2: { entries: 24, ways: 8, policy: 'plru' } },
  ],
];

describe.for(CONFIGS)('TLB %s', ([, config]) => {
  it.for(BASES)('has the counters and the contents of the naive model, soft TLB and all: %s half', ([, base]) => {
    let evictions = 0;
    fc.assert(
      fc.property(operations, (list) => {
        const memory = build(base);
        const cpu = new Cpu({
          index: 0,
          memory,
          format: FORMATS.sv39,
          tlb: config,
          seed: SEED,
          hardwareAccessedDirty: true,
        });
        const naive = new NaiveTlbs(config, SEED);
        const dirty = new Set<string>();
        const asids = config.asids !== false;
        let current = 1;
        const tag = (of: number) => (asids ? of : of === current ? 0 : -2);
        cpu.setAddressSpace(0, 1);
        const counted = { loads: 0, stores: 0, fetches: 0 };
        for (const operation of list) {
          if (operation.do === 'switch') {
            current = operation.space;
            cpu.setAddressSpace(current === 1 ? 0 : 3 * PAGE, current);
            if (!asids) naive.remove((entry) => !entry.global);
          } else if (operation.do === 'page') {
            const va = address(base, operation.place, 0);
            cpu.invalidatePage(va, operation.space);
            const size = (level: number) => (level === 0 ? PAGE : SUPERPAGE);
            naive.remove(
              (entry) =>
                entry.page === vpnOf(va, size(entry.level)) && (entry.global || entry.space === tag(operation.space)),
            );
          } else if (operation.do === 'space') {
            cpu.invalidateAsid(operation.space);
            naive.remove((entry) => !entry.global && entry.space === tag(operation.space));
          } else if (operation.do === 'all') {
            cpu.invalidateAll(operation.global);
            naive.remove((entry) => operation.global || !entry.global);
          } else {
            const va = address(base, operation.place, operation.offset);
            const small = operation.place < SMALL_PAGES;
            const key = `${current}:${operation.place}`;
            const mapping = {
              page: vpnOf(va, small ? PAGE : SUPERPAGE),
              level: small ? 0 : 1,
              space: tag(current),
              global: GLOBAL_PAGES.has(operation.place),
              dirty: dirty.has(key),
            };
            const pages = [vpnOf(va, PAGE), vpnOf(va, SUPERPAGE)];
            naive.access(pages, tag(current), ACCESS_NAMES[operation.kind], mapping, () => dirty.add(key));
            counted[operation.kind === STORE ? 'stores' : operation.kind === FETCH ? 'fetches' : 'loads']++;
            if (operation.kind === STORE) cpu.store32(va, 1);
            else if (operation.kind === FETCH) cpu.translate(va, FETCH);
            else cpu.load32(va);
          }
        }
        const { l1TlbMisses, l2TlbHits, dirtyWalks } = naive;
        const accesses = counted.loads + counted.stores + counted.fetches;
        const tlbMisses = l1TlbMisses - l2TlbHits;
        expect(cpu.counters).toMatchObject({
          ...counted,
          accesses,
          l1TlbMisses,
          l2TlbHits,
          tlbMisses,
          dirtyWalks,
          tlbHits: accesses - tlbMisses,
          walks: tlbMisses + dirtyWalks,
        });
        const contents = [...naive.arrays].flatMap(([name, array]) =>
          array.slots.flatMap((ways, set) =>
            ways.flatMap((entry, way) =>
              entry === null
                ? []
                : [
                    {
                      tlb: name,
                      set,
                      way,
                      vpn: entry.page * (entry.level === 0 ? 1 : 512),
                      global: entry.global,
                      dirty: entry.dirty,
                    },
                  ],
            ),
          ),
        );
        const mine = cpu.tlbEntries().map(({ tlb, set, way, vpn, global, letters }) => ({
          tlb,
          set,
          way,
          vpn,
          global,
          dirty: letters.endsWith('D'),
        }));
        const order = (entry: { tlb: string; set: number; way: number }) => `${entry.tlb} ${entry.set} ${entry.way}`;
        const sorted = <T extends { tlb: string; set: number; way: number }>(entries: T[]) =>
          entries.toSorted((a, b) => order(a).localeCompare(order(b)));
        expect(sorted(mine)).toEqual(sorted(contents));
        if (tlbMisses > config.entries) evictions++;
      }),
      { numRuns: 80, seed: 11 },
    );
    expect(evictions).toBeGreaterThan(15);
  });
});

describe('What a TLB remembers of a miss', () => {
  it('a retry finds what was entered between the fault and it', () => {
    const tlb: TlbConfig = { entries: 4, ways: 4, l2: { entries: 16, ways: 4 } };
    const format = FORMATS.sv39;
    const cpu = new Cpu({ index: 0, memory: build(0), format, tlb, seed: SEED, hardwareAccessedDirty: true });
    cpu.setAddressSpace(0, 1);
    const unmapped = 100;
    cpu.memory.store32(40 * PAGE, 1234);
    cpu.trap = {
      pageFault: () => {
        cpu.presetTlb('L2', unmapped % 4, 0, { page: unmapped, pfn: 40, flags: RIGHTS, asid: 1 });
        // A second fault gives up: were the retry to miss, it would go on for ever.
        cpu.trap = null;
        return true;
      },
    };
    expect(cpu.load32(unmapped * PAGE)).toBe(1234);
    expect(cpu.counters).toMatchObject({ accesses: 1, tlbMisses: 1, l1TlbMisses: 1, l2TlbHits: 0, walks: 1 });
    cpu.invalidatePage(unmapped * PAGE, 1);
    cpu.load32(unmapped * PAGE);
    expect(cpu.faulted).toBe(true);
  });
});

describe('Soft TLB', () => {
  it.for([2, 12, 25, 28])('keeps a page of 2^%i bytes where the low 32 bits of its address say', (pageShift) => {
    const soft = new SoftTlb(pageShift);
    const page = 2 ** 12 + 2 ** 7 + 5;
    const address = page * 2 ** pageShift;
    const low = (address | 0) >>> pageShift;
    const index = (low ^ (low >>> SOFT_FOLD)) & SOFT_INDEX_MASK;
    soft.fill(address, true, false, 3, 0, 0);
    expect([soft.tags[index], soft.storeTags[index]]).toEqual([address, Number.NaN]);
    soft.dropSlot(2, page, true);
    expect(soft.tags[index]).toBe(address);
    soft.dropSlot(3, page, true);
    expect(soft.tags[index]).toBeNaN();
    soft.fill(address, true, true, 3, 0, 0);
    expect([soft.tags[index], soft.storeTags[index]]).toEqual([address, address]);
    soft.dropPage(page);
    expect([soft.tags[index], soft.storeTags[index]]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe('TLB configuration', () => {
  it.for([
    [{ entries: 0, ways: 1 }, ['MEM-TLB-001']],
    [{ entries: 4, ways: 0.5 }, ['MEM-TLB-002']],
    [{ entries: 10, ways: 4 }, ['MEM-TLB-003']],
    [{ entries: 6, ways: 3, policy: 'plru' }, ['MEM-TLB-005']],
    [{ entries: 0, ways: -1, l2: { entries: 7, ways: 2 } }, ['MEM-TLB-001', 'MEM-TLB-002', 'MEM-TLB-003']],
    [{ entries: 64, ways: 4, l2: { entries: 1536, ways: 12 } }, []],
  ] as const)('%j: %j', ([config, codes]) => {
    expect(validateTlbConfig(config).map((error) => error.code)).toEqual(codes);
  });
});
