/** What a trace is like, as text. */

import type { DistanceRow, TraceFacts } from '../trace/facts.ts';
import type { TraceFormat } from '../trace/formats/format.ts';
import type { TraceUnit } from '../trace/reference.ts';
import { columns } from './columns.ts';
import { printable } from './printable.ts';
import { counted, hex, percent, size, thousands } from './quantities.ts';
import { paint, type Style } from './style.ts';

const BARS = '▁▂▃▄▅▆▇█';
/** Eighths of a bar that lies. */
const PARTS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'] as const;
/** Where the format does not say. */
const UNKNOWN = '–';
const PLOT_WIDTH = 64;
const BAR_WIDTH = 32;

/** What was read, and as what. */
export interface TraceRead {
  readonly file: string;
  readonly format: TraceFormat;
  /** What its numbers were taken for. */
  readonly unit: TraceUnit;
}

export function traceInfoLines(facts: TraceFacts, read: TraceRead, style: Style): string[] {
  const { file, format } = read;
  const title = (text: string): string => ` ${paint(style, 'bold', text)}`;
  const { workingSet } = facts;
  return [
    title(printable(file)),
    ` ${paint(style, 'dim', `${format.name}: ${format.title}`)}`,
    '',
    ...table(overview(facts, read), style),
    '',
    title(`Working set: pages of the last ${counted(workingSet.window, 'page reference')}`),
    ...plot(workingSet.sizes, style),
    `   ${paint(style, 'dim', `mean ${workingSet.mean.toFixed(1)}, peak ${thousands(workingSet.peak)}; a column of the picture is about ${thousands(Math.ceil((workingSet.every * workingSet.sizes.length) / Math.min(PLOT_WIDTH, Math.max(1, workingSet.sizes.length))))} page references`)}`,
    '',
    title('Mean working set by window'),
    ...columns(
      workingSet.byWindow.map(({ window, pages }) => [
        thousands(window),
        paint(style, 'cyan', pages.toFixed(1)),
        'pages',
      ]),
      { align: 'rrl', indent: '   ' },
    ),
    '',
    title('Page references from one use of a page to the next'),
    ...histogram(
      facts.reuse.intervals.map(({ from, to, count }) => ({ from, to: to - 1, count })),
      facts,
      style,
    ),
    '',
    title('Reuse distance: different pages from one use to the next, itself counted'),
    ...histogram(facts.reuse.distances, facts, style),
  ];
}

/** For JSON: null for what a format does not say, and for the size of pages that are counted. */
export function traceInfoData(facts: TraceFacts, { file, format, unit }: TraceRead): object {
  const { references, pages } = facts;
  const noKinds = { fetches: null, loads: null, stores: null, modifies: null };
  const noUses = { fetched: null, read: null, written: null };
  const hasKinds = format.carries.kinds !== 'none';
  return {
    file,
    format: format.name,
    unit,
    ...facts,
    references: {
      ...references,
      ...(hasKinds ? {} : noKinds),
      bytes: format.carries.sizes ? references.bytes : null,
    },
    pages: { ...pages, pageBytes: unit === 'page' ? null : pages.pageBytes, ...(hasKinds ? {} : noUses) },
  };
}

function overview(
  { references, processes, pages, lowest, highest }: TraceFacts,
  { format, unit }: TraceRead,
): [string, string, string][] {
  const kinds = [
    counted(references.fetches, 'fetch', 'fetches'),
    counted(references.loads, 'load'),
    counted(references.stores, 'store'),
    counted(references.modifies, 'modify', 'modifies'),
  ];
  const uses = `: ${thousands(pages.fetched)} fetched from, ${thousands(pages.read)} read, ${thousands(pages.written)} written`;
  const range = unit === 'address' ? `${hex(lowest)} to ${hex(highest)}` : `${lowest} to ${highest}`;
  return [
    [
      'references',
      thousands(references.total),
      format.carries.kinds === 'none' ? 'of no known kind' : kinds.join(', '),
    ],
    ['bytes', format.carries.sizes ? thousands(references.bytes) : UNKNOWN, range],
    ['processes', thousands(processes), ''],
    [
      'page references',
      thousands(pages.references),
      `${counted(pages.crossings, 'reference')} crossed a page boundary`,
    ],
    [
      'footprint',
      thousands(pages.distinct),
      `${unit === 'page' ? 'pages' : `pages of ${size(pages.pageBytes)}, ${size(pages.distinct * pages.pageBytes)}`}${format.carries.kinds === 'none' ? '' : uses}`,
    ],
  ];
}

const table = (rows: readonly (readonly [string, string, string])[], style: Style): string[] =>
  columns(
    rows.map(([name, number, meaning]) => [name, paint(style, 'cyan', number), paint(style, 'dim', meaning)]),
    { align: 'lrl', indent: '   ' },
  );

/** One line of bars, the highest of the sizes that share a column; and how high the highest is. */
function plot(sizes: readonly number[], style: Style): string[] {
  const width = Math.min(PLOT_WIDTH, sizes.length);
  const most = Math.max(1, ...sizes);
  const bars = Array.from({ length: width }, (_, column) => {
    const from = Math.floor((column * sizes.length) / width);
    const to = Math.max(from + 1, Math.floor(((column + 1) * sizes.length) / width));
    const highest = Math.max(...sizes.slice(from, to));
    return BARS[Math.min(BARS.length - 1, Math.floor((highest / most) * BARS.length))]!;
  });
  return [`   ${paint(style, 'cyan', bars.join(''))}`];
}

function histogram(rows: readonly DistanceRow[], { reuse, pages }: TraceFacts, style: Style): string[] {
  const most = Math.max(1, ...rows.map(({ count }) => count));
  const bar = (count: number): string => {
    // To an eighth: a few among millions are no more than a stroke.
    const eighths = Math.ceil((count / most) * BAR_WIDTH * 8);
    return `${'█'.repeat(Math.floor(eighths / 8))}${PARTS[eighths % 8]}`;
  };
  const lines = rows.map(({ from, to, count }) => [
    to === from ? thousands(from) : `${thousands(from)} … ${thousands(to)}`,
    thousands(count),
    percent(count, pages.references),
    paint(style, 'cyan', bar(count)),
  ]);
  lines.push(['first use', thousands(reuse.first), percent(reuse.first, pages.references), '']);
  return columns(lines, { align: 'rrrl', indent: '   ' });
}
