/** What policies made of a trace, as table, picture, CSV and data. */
import { type CostModel, replayTimes } from '../trace/cost-model.ts';
import { ratio } from '../trace/replay.ts';
import type { SimulationRow } from '../trace/simulation.ts';
import { columns } from './columns.ts';
import { axisTitle, hitRatioPicture } from './picture-axis.ts';
import { plotLines } from './plot.ts';
import { printable } from './printable.ts';
import { exactPercent, percent, thousands } from './quantities.ts';
import { paint, type Style } from './style.ts';

export interface SimulationFacts {
  readonly file: string;
  /** Name of the trace's format. */
  readonly format: string;
  /** Null where the trace counts pages itself. */
  readonly pageBytes: number | null;
  readonly references: number;
  readonly pages: number;
  readonly allocation: string;
  /** Pages in memory before the first reference. */
  readonly initial: readonly number[];
  /** Null: nobody asked what it costs. */
  readonly cost: CostModel | null;
}

const UNKNOWN = '–';

export function simulationLines(rows: readonly SimulationRow[], facts: SimulationFacts, style: Style): string[] {
  const { cost, allocation, pageBytes, initial } = facts;
  const dim = (text: string): string => paint(style, 'dim', text);
  const shared = allocation === 'global' ? '' : `, frames divided among the processes: ${allocation}`;
  const before =
    initial.length === 0
      ? ''
      : `, ${thousands(initial.length)} ${initial.length === 1 ? 'page' : 'pages'} in memory at the start`;
  const of = pageBytes === null ? '' : ` of ${pageBytes} bytes`;
  const varies = rows.some(({ meanResident }) => meanResident !== null);
  const head = ['policy', 'frames', 'faults', 'cold', 'write-backs', 'hit ratio', 'warm'];
  if (varies) head.push('in use');
  if (cost !== null) head.push('access time');
  const body = rows.map((row, index) => {
    const cells = [
      rows[index - 1]?.policy === row.policy ? '' : paint(style, 'bold', row.policy),
      thousands(row.frames),
      paint(style, 'cyan', thousands(row.faults)),
      thousands(row.coldFaults),
      row.writeBacks === null ? UNKNOWN : thousands(row.writeBacks),
      exactPercent(row.hits, row.references),
      exactPercent(row.hits, row.references - row.coldFaults),
    ];
    if (varies) cells.push(row.meanResident === null ? 'all' : row.meanResident.toFixed(1));
    if (cost !== null) cells.push(duration(replayTimes(cost, row).effective));
    return cells;
  });
  return [
    ` ${paint(style, 'bold', printable(facts.file))}`,
    ` ${dim(`${facts.format}: ${thousands(facts.references)} page references to ${thousands(facts.pages)} pages${of}${shared}${before}`)}`,
    '',
    ...columns([head.map(dim), ...body], { align: 'lrrrrrrrr', indent: '   ' }),
    ...processLines(rows, style),
    ...(cost === null ? [] : ['', ...costLines(rows, cost, style)]),
    ...picture(rows, style),
  ];
}

function processLines(rows: readonly SimulationRow[], style: Style): string[] {
  const cells = rows.flatMap((row) =>
    (row.processes ?? []).map((one) => [
      row.policy,
      thousands(row.frames),
      String(one.process),
      thousands(one.frames),
      thousands(one.references),
      paint(style, 'cyan', thousands(one.faults)),
      one.writeBacks === null ? UNKNOWN : thousands(one.writeBacks),
    ]),
  );
  if (cells.length === 0) return [];
  const head = ['policy', 'frames', 'process', 'its frames', 'references', 'faults', 'write-backs'];
  return [
    '',
    ` ${paint(style, 'bold', 'Each process')}`,
    ...columns([head.map((text) => paint(style, 'dim', text)), ...cells], { align: 'lrrrrrr', indent: '   ' }),
  ];
}

/** What the restarted access adds to a fault. */
const AGAIN: Readonly<Record<CostModel['again'], readonly string[]>> = {
  walk: ['an access that walks'],
  access: ['an access'],
  nothing: [],
};

function costLines(rows: readonly SimulationRow[], cost: CostModel, style: Style): string[] {
  const [first] = rows;
  if (first === undefined) return [];
  const { access } = replayTimes(cost, first);
  const parts = [
    { name: 'service', nanoseconds: cost.service, share: '' },
    { name: 'swap in', nanoseconds: cost.swapIn, share: '' },
    { name: 'swap out', nanoseconds: cost.swapOut, share: ` × ${cost.dirty ?? 'the dirty share'}` },
    { name: 'restart', nanoseconds: cost.restart, share: '' },
  ].filter(({ nanoseconds }) => nanoseconds > 0);
  const named = parts.map(({ name, nanoseconds, share }) => `${name} ${duration(nanoseconds)}${share}`);
  const fault = [...named, ...AGAIN[cost.again]].join(' + ') || 'costs nothing';
  const lines = [
    `access ${duration(access)}: TLB ${duration(cost.tlb)}, hit ${percent(cost.tlbHit, 1)}, memory ${duration(cost.memory)}, a walk ${cost.levels} of them`,
    `fault: ${fault}`,
  ];
  if (cost.faultRatio !== null) lines.push(`faults per reference: ${cost.faultRatio}, not as measured`);
  if (cost.cpu !== 0 || cost.accesses !== 1) {
    const instructions = rows.map((row) => duration(replayTimes(cost, row).instruction));
    const each = [...new Set(instructions)].join(', ');
    lines.push(`instruction ${each}: ${duration(cost.cpu)} + ${cost.accesses} accesses`);
  }
  return lines.map((line) => `   ${paint(style, 'dim', line)}`);
}

/** Hit or miss ratios over the frames; nothing for a single size. */
function picture(rows: readonly SimulationRow[], style: Style): string[] {
  const policies = [...new Set(rows.map(({ policy }) => policy))];
  const series = policies.map((name) => ({
    name,
    points: rows.filter(({ policy }) => policy === name).map(({ frames, hitRatio }) => [frames, hitRatio] as const),
  }));
  if (series.every(({ points }) => points.length < 2)) return [];
  const { axis, curves } = hitRatioPicture('hit ratio', series);
  const lines = plotLines(curves, style, { logX: true, y: axis, xText: thousands, xLabel: 'frames' });
  return ['', ` ${paint(style, 'bold', axisTitle(axis))}`, ...lines];
}

/** `140 ns`, `8.2 µs`, `1.0001 ms`. */
export function duration(nanoseconds: number): string {
  const [unit, size] =
    nanoseconds < 1e3 ? ['ns', 1] : nanoseconds < 1e6 ? ['µs', 1e3] : nanoseconds < 1e9 ? ['ms', 1e6] : ['s', 1e9];
  return `${Number((nanoseconds / (size as number)).toPrecision(6))} ${unit}`;
}

/** Of the references that are no cold faults, which no policy avoids; 0 where there are none. */
const warmHitRatio = ({ hits, references, coldFaults }: SimulationRow): number => ratio(hits, references - coldFaults);

/** As data: a row's measures and, where there is a cost model, its times in ns. */
export function simulationData(rows: readonly SimulationRow[], facts: SimulationFacts): unknown {
  const { cost, ...rest } = facts;
  const measured = rows.map((row) => ({ ...row, warmHitRatio: warmHitRatio(row) }));
  const withTimes = measured.map((row) => (cost === null ? row : { ...row, nanoseconds: replayTimes(cost, row) }));
  return { ...rest, cost, rows: withTimes };
}

/** One line a run; with frames of their own, one more a process. RFC 4180 needs no quotes here. */
export function simulationCsv(rows: readonly SimulationRow[], { cost }: SimulationFacts): string[] {
  const head = [
    'policy',
    'frames',
    'process',
    'references',
    'hits',
    'faults',
    'cold_faults',
    'write_backs',
    'hit_ratio',
  ];
  head.push('mean_resident');
  if (cost !== null) head.push('access_ns', 'fault_ns', 'effective_ns', 'instruction_ns');
  const lines = rows.flatMap((row) => {
    const { policy, frames, references, hits, faults, coldFaults, writeBacks, hitRatio, meanResident } = row;
    const cells = [
      policy,
      frames,
      '',
      references,
      hits,
      faults,
      coldFaults,
      writeBacks ?? '',
      hitRatio,
      meanResident ?? '',
    ];
    if (cost !== null) {
      const times = replayTimes(cost, row);
      cells.push(times.access, times.fault, times.effective, times.instruction);
    }
    const empty = cost === null ? [] : ['', '', '', ''];
    const own = (row.processes ?? []).map((one) => {
      const found = one.references - one.faults;
      return [
        policy,
        one.frames,
        one.process,
        one.references,
        found,
        one.faults,
        '',
        one.writeBacks ?? '',
        ratio(found, one.references),
        '',
        ...empty,
      ];
    });
    return [cells, ...own].map((line) => line.join(','));
  });
  return [head.join(','), ...lines];
}
