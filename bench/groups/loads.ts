/**
 * Loads through the MMU against loads of a plain typed array, same words in the same order. Both sides add up what they
 * read, and the sums are compared: a benchmark that reads the wrong word fails.
 */
import type { Cpu } from '../../src/mmu/cpu.ts';
import { Random } from '../../src/mmu/random.ts';
import type { TlbConfig } from '../../src/mmu/tlb/config.ts';
import { type Aim, type Comparison, type Group, stopwatch, type Timed } from '../harness.ts';
import { expect, MIB, makeWorkbench, mapPages, PAGE, TWO_LEVEL_TLB } from '../workbench.ts';

const WORDS_PER_PAGE = PAGE / 4;
const REFERENCES = 2 ** 16;

// Each pattern has loops of its own, so that V8 compiles each for what it really sees.

function rawSequential(words: Uint32Array, count: number, passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) for (let i = 0; i < count; i++) sum = (sum + words[i]!) | 0;
  return sum;
}

function cpuSequential(cpu: Cpu, base: number, count: number, passes: number): number {
  let sum = 0;
  // Not `va += 4`: V8 would keep that variable, whose first value may be anything, boxed, and time allocations.
  for (let pass = 0; pass < passes; pass++) for (let i = 0; i < count; i++) sum = (sum + cpu.load32(base + i * 4)) | 0;
  return sum;
}

function rawScattered(words: Uint32Array, offsets: Int32Array, passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass++)
    for (let i = 0; i < offsets.length; i++) sum = (sum + words[offsets[i]! >>> 2]!) | 0;
  return sum;
}

function cpuScattered(cpu: Cpu, base: number, offsets: Int32Array, passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass++)
    for (let i = 0; i < offsets.length; i++) sum = (sum + cpu.load32(base + offsets[i]!)) | 0;
  return sum;
}

/** The same in batches, so short that the addresses stay in the caches as those of a trace do. */
const BATCH = 2048;

function cpuBatch(cpu: Cpu, addresses: Float64Array, values: Uint32Array, passes: number): number {
  let sum = 0;
  for (let pass = 0; pass < passes; pass++) {
    for (let from = 0; from < addresses.length; from += BATCH) {
      const batch = addresses.subarray(from, from + BATCH);
      cpu.loadBatch(batch, 0, batch.length, values);
      for (let i = 0; i < batch.length; i++) sum = (sum + values[i]!) | 0;
    }
  }
  return sum;
}

interface Pattern {
  readonly id: string;
  readonly title: string;
  readonly pages: number;
  readonly order: 'sequential' | 'random';
  readonly tlb: TlbConfig | null;
  readonly passes: number;
  readonly aim: Aim | null;
  /** Of loads in batches; absent: they are not timed. */
  readonly batchAim?: Aim | null;
}

const PATTERNS: readonly Pattern[] = [
  {
    id: 'hit-sequential',
    title: 'TLB hits, sequential in 64 pages',
    pages: 64,
    order: 'sequential',
    tlb: TWO_LEVEL_TLB,
    passes: 4,
    aim: { good: 0.12, goal: 0.19 },
    batchAim: { good: 0.18, goal: 0.33 },
  },
  {
    id: 'hit-random-64',
    title: 'TLB hits, random in 64 pages',
    pages: 64,
    order: 'random',
    tlb: TWO_LEVEL_TLB,
    passes: 1,
    aim: { good: 0.2, goal: 0.33 },
    batchAim: { good: 0.35, goal: 0.55 },
  },
  {
    id: 'miss-random-2048',
    title: 'random in 2,048 pages, 1 in 4 walks',
    pages: 2048,
    order: 'random',
    tlb: TWO_LEVEL_TLB,
    passes: 1,
    aim: null,
    batchAim: null,
  },
  {
    id: 'miss-random-16384',
    title: 'random in 16,384 pages, 9 in 10 walk',
    pages: 16384,
    order: 'random',
    tlb: TWO_LEVEL_TLB,
    passes: 1,
    aim: null,
  },
  {
    id: 'walk-sequential',
    title: 'no TLB: every load walks, sequential in 64 pages',
    pages: 64,
    order: 'sequential',
    tlb: null,
    passes: 1,
    aim: null,
  },
  {
    id: 'walk-random-2048',
    title: 'no TLB: every load walks, random in 2,048 pages',
    pages: 2048,
    order: 'random',
    tlb: null,
    passes: 1,
    aim: null,
  },
];

export const loadGroups: readonly Group[] = PATTERNS.map((pattern) => ({
  name: 'loads',
  timings: () => timingsOf(pattern),
  comparisons: comparisonsOf(pattern),
}));

function comparisonsOf({ id, title, aim, batchAim }: Pattern): Comparison[] {
  const reference = 'typed array';
  const single: Comparison = { id, title, subject: 'Cpu.load32', reference, kind: 'speed', aim };
  if (batchAim === undefined) return [single];
  const batch: Comparison = {
    id: `batch-${id}`,
    title: `  in batches of ${BATCH.toLocaleString('en-US')}`,
    subject: 'Cpu.loadBatch',
    reference,
    kind: 'speed',
    aim: batchAim,
  };
  return [single, batch];
}

function timingsOf({ pages, order, tlb, passes }: Pattern): Readonly<Record<string, Timed>> {
  const bench = makeWorkbench({ memory: pages * PAGE + 4 * MIB, tlb });
  const base = mapPages(bench, bench.process, pages);
  const words = new Uint32Array(pages * WORDS_PER_PAGE);
  for (let i = 0; i < words.length; i++) {
    words[i] = Math.imul(i, 0x9e3779b1);
    bench.cpu.store32(base + i * 4, words[i]!);
  }
  const random = new Random(pages);
  const offsets = Int32Array.from({ length: REFERENCES }, () => random.below(words.length) * 4);

  let expected = 0;
  const loads = order === 'sequential' ? words.length * passes : REFERENCES * passes;
  const raw: Timed = {
    operations: loads,
    run: () =>
      stopwatch(() => {
        expected =
          order === 'sequential' ? rawSequential(words, words.length, passes) : rawScattered(words, offsets, passes);
      }),
  };
  const emulated = (load: () => number): Timed => ({
    operations: loads,
    run() {
      let sum = 0;
      const before = bench.cpu.counters;
      const nanoseconds = stopwatch(() => {
        sum = load();
      });
      const after = bench.cpu.counters;
      expect(after.loads - before.loads === loads, 'every load is counted');
      if (tlb === null) expect(after.walks - before.walks === loads, 'without a TLB every load walks');
      if (expected !== 0) expect(sum === expected, 'the machine reads the words that were written');
      return nanoseconds;
    },
  });
  const values = new Uint32Array(BATCH);
  const addresses = Float64Array.from(
    { length: order === 'sequential' ? words.length : REFERENCES },
    (_, i) => base + (order === 'sequential' ? i * 4 : offsets[i]!),
  );
  const { cpu } = bench;
  const single =
    order === 'sequential'
      ? () => cpuSequential(cpu, base, words.length, passes)
      : () => cpuScattered(cpu, base, offsets, passes);
  return {
    'typed array': raw,
    'Cpu.load32': emulated(single),
    'Cpu.loadBatch': emulated(() => cpuBatch(cpu, addresses, values, passes)),
  };
}
