/** What a sweep found, for a terminal: who was best, the rows, the curves; short where there is too much of it. */
import type { ResultRow, SweepResults } from '../sweep/results.ts';
import { columns, wrap } from './columns.ts';
import { plotLines } from './plot.ts';
import { printable } from './printable.ts';
import { counted, thousands } from './quantities.ts';
import { paint, type Style } from './style.ts';
import { AXES, varying } from './sweep-axes.ts';
import { type Ranking, rankings } from './sweep-best.ts';
import { drawnPicture, type SweepPicture, sweepPictures } from './sweep-curves.ts';
import { type SweepTable, sweepTables } from './sweep-table.ts';

/** Unless all is asked for: rows, lines of rankings, pictures, curves in a picture. */
const ROWS_MAX = 60;
const RANKINGS_MAX = 30;
const PICTURES_MAX = 3;
const CURVES_MAX = 8;
const RANKS = 3;
const INDENT = '   ';

export function sweepLines(results: SweepResults, style: Style, { verbose }: { readonly verbose: boolean }): string[] {
  const { rows } = results;
  const most = (few: number): number => (verbose ? Number.POSITIVE_INFINITY : few);
  return [
    ...(results.title === null ? [] : [` ${paint(style, 'bold', printable(results.title))}`]),
    ...wrap(factsOf(results), style.width - 1).map((line) => ` ${paint(style, 'dim', line)}`),
    ...rankingLines(rankings(rows), most(RANKINGS_MAX), style),
    ...sweepTables(rows).flatMap((table) => tableLines(table, most(ROWS_MAX), style)),
    ...pictureLines(sweepPictures(rows), most(PICTURES_MAX), most(CURVES_MAX), style),
  ];
}

/** `40 of 160 cells, 5 policies, 8 frames`: what the grid is made of. */
export function factsOf({ rows, cells }: SweepResults): string {
  const inputs = new Set(rows.map(({ input }) => input)).size;
  const axes = varying(AXES, rows).map((axis) => {
    const values = new Set(rows.map(({ parameters }) => axis.text(parameters))).size;
    return `${values} × ${axis.name}`;
  });
  const failed = rows.filter(({ error }) => error !== null).length;
  return [
    rows.length === cells ? counted(cells, 'cell') : `${thousands(rows.length)} of ${counted(cells, 'cell')}`,
    counted(inputs, 'input'),
    ...axes,
    ...(failed === 0 ? [] : [`${thousands(failed)} not measured`]),
    ...failing(rows),
  ].join(', ');
}

/** Expectations of a scenario may well fail on another machine: told, not wrong. */
function failing(rows: readonly ResultRow[]): string[] {
  const unlike = rows.filter(({ figures }) => figures?.kind === 'scenario' && figures.status !== 'held').length;
  return unlike === 0 ? [] : [`${thousands(unlike)} with expectations that do not hold there`];
}

const heading = (text: string, style: Style): string[] => ['', ` ${paint(style, 'bold', text)}`];

function rankingLines(all: readonly Ranking[], most: number, style: Style): string[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, most);
  const lines = shown.map(({ input, place, ranked }, index) => [
    all[index - 1]?.input === input ? '' : printable(input),
    place,
    ...ranked.slice(0, RANKS).map(({ name, text }) => `${paint(style, 'cyan', name)} ${text}`),
  ]);
  return [
    ...heading('Fewest faults', style),
    ...columns(lines, { indent: INDENT }),
    ...rest(all.length - shown.length, 'line', style),
  ];
}

function tableLines(table: SweepTable, most: number, style: Style): string[] {
  const shown = table.rows.slice(0, most);
  const head = table.columns.map(({ name }) => paint(style, 'dim', name));
  const body = shown.map((row, at) =>
    row.map(({ text }, column) => {
      // The input is told once.
      if (column === 0 && shown[at - 1]?.[0]?.text === text) return '';
      return printable(text);
    }),
  );
  const align = table.columns.map(({ numeric }) => (numeric ? 'r' : 'l')).join('');
  return [
    ...heading('All cells', style),
    ...columns([head, ...body], { align, indent: INDENT }),
    ...rest(table.rows.length - shown.length, 'row', style),
  ];
}

function pictureLines(all: readonly SweepPicture[], most: number, curvesMost: number, style: Style): string[] {
  const shown = all.slice(0, most);
  const lines = shown.flatMap((picture) => {
    const { axis, curves } = drawnPicture(picture);
    const drawn = curves.slice(0, curvesMost);
    const plot = plotLines(drawn, style, { logX: true, y: axis, xText: thousands, xLabel: picture.xLabel });
    const left = curves.length - drawn.length;
    return [...heading(`${printable(picture.title)}: ${axis.label}`, style), ...plot, ...rest(left, 'curve', style)];
  });
  return [...lines, ...rest(all.length - shown.length, 'picture', style)];
}

function rest(count: number, noun: string, style: Style): string[] {
  if (count <= 0) return [];
  return [
    paint(style, 'dim', `${INDENT}… and ${counted(count, `other ${noun}`)}: --verbose, --csv or --html tell all`),
  ];
}
