/**
 * TLBs and the MMU against the same in C, compiled for this run (bench/native/tlb-model.c, mmu-loads.c). Both sides count
 * what missed and add up what they read, and both have to agree.
 */
import type { Cpu } from '../../src/mmu/cpu.ts';
import { Random } from '../../src/mmu/random.ts';
import type { TlbConfig } from '../../src/mmu/tlb/config.ts';
import { TraceGenerator } from '../../src/trace/generate.ts';
import { PageNumbering } from '../../src/trace/page-numbering.ts';
import { TlbReplay } from '../../src/trace/tlb-replay.ts';
import { type Aim, type Comparison, type Group, stopwatch, type Timed } from '../harness.ts';
import { askNative, compileNative } from '../native-linux.ts';
import { expect, MIB, makeWorkbench, mapPages, PAGE, TWO_LEVEL_TLB } from '../workbench.ts';
import { wordFile } from '../zipf-trace.ts';

const NATIVE = 'C';
const TLB_AIM: Aim = { good: 0.25, goal: 0.5 };
const WALK_AIM: Aim = { good: 0.35, goal: 0.6 };
const REFERENCES = 2_000_000;
const LOADS = 2 ** 18;
const WORDS_PER_PAGE = PAGE / 4;

export function nativeModelGroups(): Group[] {
  return [tlbGroup(), ...mmuGroups()];
}

/** Few pages hit the first level mostly, many walk often. */
const TLB_PAGES = [256, 16_384] as const;

function tlbGroup(): Group {
  const native = compileNative('tlb-model');
  return {
    name: 'exact model of a two-level TLB, a reference of a zipf trace',
    timings: () => Object.assign({}, ...TLB_PAGES.map((pages) => tlbTimings(pages, native))),
    comparisons: TLB_PAGES.map((pages) => ({
      id: `tlb-model-${pages}`,
      title: `${pages.toLocaleString('en')} pages`,
      subject: `of ${pages}`,
      reference: native === null ? null : `${NATIVE}, of ${pages}`,
      kind: 'speed',
      aim: native === null ? null : TLB_AIM,
    })),
    notes: native === null ? ['the TLB model and the MMU over native C: no C compiler (cc)'] : [],
  };
}

function tlbTimings(pages: number, native: string | null): Readonly<Record<string, Timed>> {
  const numbers = new Int32Array(REFERENCES);
  const ids = new Int32Array(REFERENCES);
  const numbering = new PageNumbering();
  let at = 0;
  const sink = {
    access(_kind: number, _high: number, page: number): void {
      numbers[at] = page;
      ids[at++] = numbering.idOf(page);
    },
  };
  new TraceGenerator('zipf', { count: REFERENCES, pages, seed: 1 }).feed(sink, REFERENCES);
  const pageNumbers = Float64Array.from({ length: numbering.count }, (_, id) => numbering.pageOf(id));
  let counted: readonly number[] | null = null;
  const agree = (counts: readonly number[]): void => {
    counted ??= counts;
    expect(counted[0] === counts[0] && counted[1] === counts[1], `TLB: ${counted.join(', ')} as ${counts.join(', ')}`);
  };
  const replay: Timed = {
    operations: REFERENCES,
    run() {
      const model = new TlbReplay(TWO_LEVEL_TLB);
      const nanoseconds = stopwatch(() => model.feed(ids, pageNumbers, 0, REFERENCES));
      const { l2Hits, walks } = model.end();
      agree([l2Hits, walks]);
      return nanoseconds;
    },
  };
  return {
    [`of ${pages}`]: replay,
    ...(native === null
      ? {}
      : { [`${NATIVE}, of ${pages}`]: askNative(native, [wordFile(numbers)], REFERENCES, agree) }),
  };
}

interface Mmu {
  readonly id: string;
  readonly title: string;
  /** What the C program calls it. */
  readonly name: 'direct' | 'two-level';
  readonly tlb: TlbConfig;
}

const MMUS: readonly Mmu[] = [
  { id: 'direct', title: 'direct-mapped TLB of 256', name: 'direct', tlb: { entries: 256, ways: 1 } },
  { id: 'two-level', title: 'exact two-level TLB', name: 'two-level', tlb: TWO_LEVEL_TLB },
];

function mmuGroups(): Group[] {
  const native = compileNative('mmu-loads');
  if (native === null) return [];
  return MMUS.flatMap((mmu) =>
    [64, 2048].map((pages): Group => {
      const comparison: Comparison = {
        id: `mmu-${mmu.id}-${pages}`,
        title: `random in ${pages.toLocaleString('en')} pages, ${mmu.title}`,
        subject: 'Cpu.load32',
        reference: NATIVE,
        kind: 'speed',
        aim: pages === 2048 ? WALK_AIM : null,
      };
      return {
        name: 'loads over the same MMU in C',
        timings: () => mmuTimings(mmu, pages, native),
        comparisons: [comparison],
      };
    }),
  );
}

function loadScattered(cpu: Cpu, base: number, offsets: Int32Array): number {
  let sum = 0;
  for (let i = 0; i < offsets.length; i++) sum = (sum + cpu.load32(base + offsets[i]!)) | 0;
  return sum;
}

function mmuTimings({ name, tlb }: Mmu, pages: number, native: string): Readonly<Record<string, Timed>> {
  const bench = makeWorkbench({ memory: pages * PAGE + 4 * MIB, tlb });
  const { cpu } = bench;
  const base = mapPages(bench, bench.process, pages);
  for (let word = 0; word < pages * WORDS_PER_PAGE; word++) cpu.store32(base + word * 4, Math.imul(word, 0x9e3779b1));
  const random = new Random(pages);
  const offsets = Int32Array.from({ length: LOADS }, () => random.below(pages * WORDS_PER_PAGE) * 4);
  let expected: number | null = null;
  let walks: number | null = null;
  /** The first run of each side finds a TLB that depends on what came before. */
  const agree = (isFirst: boolean, sum: number, walked: number): void => {
    expected ??= sum >>> 0;
    expect(expected === sum >>> 0, 'both sides read the same words');
    if (isFirst) return;
    walks ??= walked;
    expect(walks === walked, `both sides walk as often: ${walks} and ${walked}`);
  };
  let runs = 0;
  const emulated: Timed = {
    operations: LOADS,
    run() {
      let sum = 0;
      const before = cpu.counters.walks;
      const nanoseconds = stopwatch(() => {
        sum = loadScattered(cpu, base, offsets);
      });
      agree(runs++ === 0, sum, cpu.counters.walks - before);
      return nanoseconds;
    },
  };
  let answers = 0;
  const asked = askNative(native, [wordFile(offsets), pages, name], LOADS, ([sum, walked]) =>
    agree(answers++ === 0, sum!, walked!),
  );
  return { 'Cpu.load32': emulated, [NATIVE]: asked };
}
