/** Curves in a terminal, in block characters: filled bars for one, a shape of its own for each of several. */
import { countAxis, type PictureAxis } from './picture-axis.ts';
import { type Ink, padStart, paint, type Style } from './style.ts';

export interface PlotSeries {
  readonly name: string;
  /** Ascending in x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface PlotOptions {
  /** x in powers: equal ratios take equal room; all x must be above 0. Default false. */
  readonly logX?: boolean;
  /** All y must lie on it. Default: the one for counts. */
  readonly y?: PictureAxis;
  /** Numbers of the x axis as text. Default: as they are. */
  readonly xText?: (x: number) => string;
  /** What x counts, under the axis. */
  readonly xLabel?: string;
  /** Lines of the picture without its axes. Default 12. */
  readonly height?: number;
}

const EIGHTHS = ' ▁▂▃▄▅▆▇█';
const HEIGHT = 12;
const PLOT_WIDTH_MAX = 72;
const INDENT = '   ';
/** Shades and shapes of a cell that are told apart without colour; letters where they do not suffice. */
const MARKS = '█░▚▄▓▌▒▀oxabcdefghijklmnpqrstuvwyz';
const INKS: readonly Ink[] = ['cyan', 'yellow', 'magenta', 'green', 'blue', 'red'];

interface Frame {
  readonly width: number;
  readonly height: number;
}

/**
 * Between two points the curve is a straight line in the picture. Nothing of nothing: no series, or none with points.
 *
 * ```
 *   100 % ┤███▆▄▂▁
 *         │███████▇▅▃▂▁▁
 *     0 % ┼─────────────
 *          1    10   100   frames
 * ```
 */
export function plotLines(series: readonly PlotSeries[], style: Style, options: PlotOptions = {}): string[] {
  const drawn = series.filter(({ points }) => points.length > 0);
  const xs = drawn.flatMap(({ points }) => points.map(([x]) => x));
  if (xs.length === 0) return [];
  const { height = HEIGHT } = options;
  const ys = drawn.flatMap(({ points }) => points.map(([, y]) => y));
  const y = options.y ?? countAxis('', ys);
  const labels = rowLabels(y, height);
  const labelWidth = Math.max(...labels.map((label) => label.length));
  const width = Math.min(PLOT_WIDTH_MAX, style.width - INDENT.length - labelWidth - 3);
  const axis = new XAxis(Math.min(...xs), Math.max(...xs), width, options.logX === true);
  const frame: Frame = { width, height };
  const columnsOf = ({ points }: PlotSeries): (number | null)[] => {
    const parts = points.map(([x, value]) => [x, partOf(value, y)] as const);
    return Array.from({ length: width }, (_, column) => heightAt(parts, axis, column));
  };
  const rows =
    drawn.length === 1 ? bars(columnsOf(drawn[0]!), frame, style) : lines(drawn.map(columnsOf), frame, style);
  return [
    ...(drawn.length === 1 ? [] : [`${INDENT}${legend(drawn, style)}`]),
    ...rows.map((row, index) => {
      const label = labels[index]!;
      return `${INDENT}${padStart(label, labelWidth)} ${label === '' ? '│' : '┤'}${row}`.trimEnd();
    }),
    `${INDENT}${padStart(labels[height]!, labelWidth)} ┼${'─'.repeat(width)}`,
    `${' '.repeat(INDENT.length + labelWidth + 2)}${axis.labels(options.xText ?? String)}`,
    ...(options.xLabel === undefined
      ? []
      : [`${' '.repeat(INDENT.length + labelWidth + 2)}${paint(style, 'dim', options.xLabel)}`]),
  ];
}

/** How far up a y lies, from 0 to 1. */
function partOf(value: number, { log, from, to }: PictureAxis): number {
  return log ? Math.log(value / from) / Math.log(to / from) : (value - from) / (to - from);
}

/**
 * What stands beside each line and, last, beside the axis beneath them: each has room for one number. The ends come first,
 * then powers of ten on a logarithmic axis, then what lies closest to a line.
 */
function rowLabels(y: PictureAxis, height: number): string[] {
  const labels = new Array<string>(height + 1).fill('');
  const lineOf = (tick: number): number => height * (1 - partOf(tick, y));
  const off = (tick: number): number => Math.abs(lineOf(tick) - Math.round(lineOf(tick)));
  const rank = (tick: number): number =>
    tick === y.from || tick === y.to ? 0 : y.log && Number.isInteger(Math.log10(tick)) ? 1 : 2;
  const wanted = [...y.ticks].sort((one, other) => rank(one) - rank(other) || off(one) - off(other));
  for (const tick of wanted) labels[Math.round(lineOf(tick))] ||= y.tickText(tick);
  return labels;
}

class XAxis {
  private readonly from: number;
  private readonly to: number;
  private readonly width: number;
  private readonly log: boolean;

  constructor(least: number, most: number, width: number, log: boolean) {
    this.log = log;
    this.from = this.scaled(least);
    this.to = this.scaled(most);
    this.width = width;
  }

  /** Where an x lies, in columns from the left; fractions count. */
  columnOf(x: number): number {
    return this.to === this.from ? 0 : ((this.scaled(x) - this.from) / (this.to - this.from)) * (this.width - 1);
  }

  /** The least, the greatest, and what lies in the middle. */
  labels(text: (x: number) => string): string {
    const [first, middle, last] = [0, 0.5, 1].map((part) => text(this.at(part)));
    if (this.to === this.from) return first!;
    const room = this.width - last!.length;
    const left = padEndTo(first!, Math.max(first!.length + 1, Math.floor((this.width - middle!.length) / 2)));
    return `${padEndTo(left + middle!, room)}${last!}`;
  }

  private at(part: number): number {
    const x = this.from + part * (this.to - this.from);
    return Math.round(this.log ? Math.exp(x) : x);
  }

  private scaled(x: number): number {
    return this.log ? Math.log(x) : x;
  }
}

const padEndTo = (text: string, width: number): string => text.padEnd(width);

/** The curve's height in a column; null left of its first point and right of its last. */
function heightAt(points: PlotSeries['points'], axis: XAxis, column: number): number | null {
  let before: readonly [number, number] | null = null;
  for (const point of points) {
    const at = axis.columnOf(point[0]);
    if (at >= column - 0.5) {
      if (before === null) return at < column + 0.5 ? point[1] : null;
      const start = axis.columnOf(before[0]);
      const part = at === start ? 1 : Math.max(0, Math.min(1, (column - start) / (at - start)));
      return before[1] + part * (point[1] - before[1]);
    }
    before = point;
  }
  return null;
}

function bars(columns: readonly (number | null)[], { height }: Frame, style: Style): string[] {
  return Array.from({ length: height }, (_, row) => {
    const cells = columns.map((part) => {
      const eighths = part === null ? 0 : Math.round(part * height * 8) - (height - 1 - row) * 8;
      return EIGHTHS[Math.max(0, Math.min(8, eighths))]!;
    });
    return paint(style, 'cyan', cells.join('').trimEnd());
  });
}

/** Where curves meet, the one that was named first is seen. */
function lines(curves: readonly (readonly (number | null)[])[], { width, height }: Frame, style: Style): string[] {
  const rows: string[][] = Array.from({ length: height }, () => new Array<string>(width).fill(' '));
  for (let index = curves.length - 1; index >= 0; index--) {
    for (const [column, part] of curves[index]!.entries()) {
      if (part === null) continue;
      const row = height - 1 - Math.min(height - 1, Math.floor(part * height));
      rows[Math.max(0, row)]![column] = mark(index, style);
    }
  }
  return rows.map((row) => row.join(''));
}

const mark = (index: number, style: Style): string =>
  paint(style, INKS[index % INKS.length]!, MARKS[index % MARKS.length]!);

const legend = (series: readonly PlotSeries[], style: Style): string =>
  series.map(({ name }, index) => `${mark(index, style)} ${name}`).join('   ');
