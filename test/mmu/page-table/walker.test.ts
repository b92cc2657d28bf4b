import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Cpu } from '../../../src/mmu/cpu.ts';
import { FORMAT_NAMES, FORMATS, type FormatName } from '../../../src/mmu/page-table/formats.ts';
import { PhysicalMemory } from '../../../src/mmu/physical-memory.ts';
import { ACCESS_NAMES, type AccessKind } from '../../../src/mmu/units.ts';
import { naiveWalk, readEntry } from '../naive-walker.ts';

const PAGE = 4096;
/** Frame 0 is the root, frame k mostly a table k levels down; entries may name frames up to 9, past the end. */
const FRAMES = 8;
/** Indices used in each table: few, so that walks meet the entries that were written. Also counted from the end. */
const INDICES = [0, 1, 2, 3];

/** Flag bits that matter, in both families' positions; high bits now and then. */
const entryArbitrary = (name: FormatName) => {
  const { family, pteBytes } = FORMATS[name];
  const high = pteBytes === 8 ? [54n, 57n, 60n, 61n, 62n, 63n] : [];
  return fc
    .record({
      // RISC-V pointers must have RWX clear, so give them a good share.
      flags: fc.oneof(
        { weight: 3, arbitrary: fc.constantFrom(0b0000_0001, 0b0010_0001, 0b0000_0111, 0b0110_0111) },
        { weight: 4, arbitrary: fc.constantFrom(0b1101_1111, 0b0001_1111, 0b0101_0111, 0b0000_1111, 0b0001_1011) },
        { weight: 2, arbitrary: fc.integer({ min: 0, max: 0x1ff }) },
      ),
      frame: fc.oneof(
        { weight: 8, arbitrary: fc.integer({ min: 0, max: FRAMES + 1 }) },
        { weight: 1, arbitrary: fc.constantFrom(1 << 9, 1 << 10, 1 << 18, 2 ** 19) },
      ),
      highBit: fc.option(fc.constantFrom(...(high.length > 0 ? high : [3n])), { freq: 12 }),
    })
    .map(({ flags, frame, highBit }) => {
      const pte = BigInt(flags) | (BigInt(frame) << (family === 'riscv' ? 10n : 12n));
      return BigInt.asUintN(pteBytes * 8, highBit === null || highBit === undefined ? pte : pte | (1n << highBit));
    });
};

/** A pointer to the table in `frame`; on x86 sometimes without US or RW, or with NX. */
const pointerArbitrary = (name: FormatName, frame: number) => {
  const { family, pteBytes } = FORMATS[name];
  if (family === 'riscv') return fc.constantFrom(0b1n, 0b10_0001n).map((flags) => flags | (BigInt(frame) << 10n));
  const flags = [0b111n, 0b10_0111n, 0b111n, 0b10_0111n, 0b101n, 0b011n];
  if (pteBytes === 8) flags.push(0b111n | (1n << 63n));
  return fc.constantFrom(...flags).map((bits) => bits | (BigInt(frame) << 12n));
};

/** Any rights, valid, any frame of memory. */
const leafArbitrary = (name: FormatName) =>
  fc
    .tuple(fc.integer({ min: 0, max: 255 }), fc.integer({ min: 0, max: FRAMES }))
    .map(([flags, frame]) => BigInt(flags | 1) | (BigInt(frame) << (FORMATS[name].family === 'riscv' ? 10n : 12n)));

const scenario = (name: FormatName) => {
  const { levels, virtualBits } = FORMATS[name];
  const tables = levels.map((_, depth) => {
    const leafTable = depth === levels.length - 1;
    const entry = fc.oneof(
      { weight: 3, arbitrary: entryArbitrary(name) },
      // Mostly sound chains, or walks of five levels would seldom reach a page.
      { weight: leafTable ? 9 : 17, arbitrary: leafTable ? leafArbitrary(name) : pointerArbitrary(name, depth + 1) },
    );
    return fc.array(entry, { minLength: INDICES.length, maxLength: INDICES.length });
  });
  const entries = fc.tuple(...tables).map((lists) => lists.flat());
  const address = fc
    .record({
      indices: fc.array(fc.constantFrom(...INDICES), { minLength: levels.length, maxLength: levels.length }),
      offset: fc.integer({ min: 0, max: PAGE - 1 }),
      upper: fc.boolean(),
      far: fc.option(
        fc.constantFrom(2 ** (virtualBits - 1), 2 ** virtualBits, 2 ** 52 + 1, -(2 ** (virtualBits - 1)) - PAGE),
        {
          freq: 10,
        },
      ),
    })
    .map(({ indices, offset, far, upper }) => {
      const inside = indices.reduce((sum, index, level) => {
        const { shift, indexBits } = levels[level]!;
        if (!upper) return sum + index * 2 ** shift;
        // The root's index alone carries the sign; of a format without upper half this is out of range.
        return sum + (index - INDICES.length + (level === levels.length - 1 ? 0 : 2 ** indexBits)) * 2 ** shift;
      }, offset);
      return far ?? inside;
    });
  return fc.record({
    entries,
    accesses: fc.array(fc.record({ address, kind: fc.constantFrom<AccessKind>(0, 1, 2) }), {
      minLength: 1,
      maxLength: 12,
    }),
    user: fc.boolean(),
    sum: fc.boolean(),
    mxr: fc.boolean(),
    hardwareAccessedDirty: fc.boolean(),
  });
};

function buildMemory(name: FormatName, entries: readonly bigint[]): PhysicalMemory {
  const memory = new PhysicalMemory(FRAMES * PAGE, PAGE);
  const { pteBytes } = FORMATS[name];
  for (const [number, pte] of entries.entries()) {
    const table = Math.floor(number / INDICES.length) * PAGE;
    const index = number % INDICES.length;
    for (const at of [index, PAGE / pteBytes - INDICES.length + index]) {
      const address = table + at * pteBytes;
      for (let i = 0; i < pteBytes; i++) memory.store8(address + i, Number((pte >> BigInt(8 * i)) & 0xffn));
    }
  }
  return memory;
}

/** `toEqual` on 32 KiB arrays compares element by element, thousands of times slower. */
const sameBytes = (one: Uint8Array, other: Uint8Array) => Buffer.compare(one, other) === 0;

describe.for(FORMAT_NAMES)('walks of %s', (name) => {
  it('agree with the naive walker on random tables: rule, level, entry, address, A and D', () => {
    const met = new Set<string>();
    fc.assert(
      fc.property(scenario(name), ({ entries, accesses, user, sum, mxr, hardwareAccessedDirty }) => {
        const memory = buildMemory(name, entries);
        const cpu = new Cpu({ index: 0, memory, format: FORMATS[name], tlb: null, seed: 1, hardwareAccessedDirty });
        cpu.setAddressSpace(0, 0);
        cpu.user = user;
        cpu.sumBit = sum;
        cpu.mxrBit = mxr;
        for (const { address, kind } of accesses) {
          const access = ACCESS_NAMES[kind];
          const before = memory.readBytes(0, memory.bytes);
          const naive = naiveWalk(name, memory, 0, address, access, { user, sum, mxr, hardwareAccessedDirty });
          met.add(naive.rule ?? `level ${naive.level}${address < 0 ? ' upper' : ''}`);
          const peeked = cpu.peek(address, kind);
          expect(sameBytes(memory.readBytes(0, memory.bytes), before)).toBe(true);
          expect(peeked.fault?.rule ?? null).toBe(naive.rule);
          expect(peeked.physical).toBe(naive.physical === null ? null : Number(naive.physical));
          if (naive.rule !== null) {
            expect(peeked.fault).toMatchObject({ level: naive.level, pteAddress: naive.pteAddress });
          }

          const physical = cpu.translate(address, kind);
          expect(physical).toBe(naive.physical === null ? -1 : Number(naive.physical));
          expect(cpu.faulted).toBe(naive.rule !== null);
          if (naive.rule !== null) expect(cpu.fault.ruleName).toBe(naive.rule);
          const expected = new PhysicalMemory(memory.bytes, PAGE);
          expected.writeBytes(0, before);
          for (const [entry, value] of naive.updates) {
            const { pteBytes } = FORMATS[name];
            for (let i = 0; i < pteBytes; i++) expected.store8(entry + i, Number((value >> BigInt(8 * i)) & 0xffn));
          }
          expect(sameBytes(memory.readBytes(0, memory.bytes), expected.readBytes(0, memory.bytes))).toBe(true);
        }
      }),
      { numRuns: 400, seed: 20 },
    );
    // The generator must reach what the test is about.
    const upper = FORMATS[name].canonical === 'sign-extended' ? ['level 0 upper', 'non-canonical'] : ['out-of-range'];
    expect([...met]).toEqual(
      expect.arrayContaining([...upper, 'level 0', 'not-present', 'reserved-bit', 'user', 'write', 'bad-frame']),
    );
  });
});

describe.for(FORMAT_NAMES)('pointers of %s', (name) => {
  const { levels, family, pteBytes } = FORMATS[name];
  const shift = family === 'riscv' ? 10n : 12n;
  const flagsOf = (leaf: boolean) => (family === 'x86' ? 0b110_0111n : leaf ? 0b1101_1111n : 1n);
  const top = levels.length - 1;
  const pointers = Array.from({ length: top }, (_, depth) => depth);
  const bits = Array.from({ length: pteBytes * 8 }, (_, bit) => bit);
  const options = { user: true, sum: false, mxr: false, hardwareAccessedDirty: true };

  /** A sound chain to the page in the last frame, by the first entry of each table, but one bit of one pointer flipped. */
  function chain(depth: number, bit: number): PhysicalMemory {
    const entries = levels.map((_, at) => flagsOf(at === top) | (BigInt(at === top ? FRAMES - 1 : at + 1) << shift));
    entries[depth] = entries[depth]! ^ (1n << BigInt(bit));
    return buildMemory(
      name,
      entries.flatMap((entry) => INDICES.map(() => entry)),
    );
  }

  it.for(pointers)(
    'are followed as the naive walker follows them with any one bit flipped, %i below the root',
    (depth) => {
      for (const bit of bits) {
        for (const kind of [0, 1, 2] as const) {
          const memory = chain(depth, bit);
          const cpu = new Cpu({
            index: 0,
            memory,
            format: FORMATS[name],
            tlb: null,
            seed: 1,
            hardwareAccessedDirty: true,
          });
          cpu.setAddressSpace(0, 0);
          const naive = naiveWalk(name, memory, 0, 0, ACCESS_NAMES[kind], options);
          const expected = naive.physical === null ? -1 : Number(naive.physical);
          expect([bit, kind, cpu.translate(0, kind)]).toEqual([bit, kind, expected]);
          if (naive.rule !== null) expect([bit, kind, cpu.fault.ruleName]).toEqual([bit, kind, naive.rule]);
          for (const [entry, value] of naive.updates) expect(readEntry(memory, entry, pteBytes)).toBe(value);
        }
      }
    },
  );

  it.for(pointers)('make global in RISC-V alone what lies below, %i below the root', (depth) => {
    const globalBit = family === 'riscv' ? 5 : 8;
    const tlb = { entries: 4, ways: 4 };
    const memory = chain(depth, globalBit);
    const cpu = new Cpu({ index: 0, memory, format: FORMATS[name], tlb, seed: 1, hardwareAccessedDirty: true });
    cpu.setAddressSpace(0, 1);
    cpu.load32(0);
    expect(cpu.tlbEntries().map((entry) => entry.global)).toEqual([family === 'riscv']);
  });
});
