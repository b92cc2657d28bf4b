/** The figures for people, and against those of an earlier run. */
import { exceedsLimit, type Figure } from './harness.ts';

const HEADERS = ['', 'each', 'against', '', 'ratio', '25–75 %', 'good', 'goal', ''];
const LEFT_ALIGNED = new Set([0, 2, 8]);

export interface Baseline {
  readonly figures: readonly Figure[];
}

export function renderTable(figures: readonly Figure[], baseline: Baseline | null): string {
  const headers = baseline === null ? HEADERS : [...HEADERS, 'since baseline'];
  const before = new Map(baseline?.figures.map((figure) => [figure.id, figure]));
  const rows = figures.map((figure) => {
    const cells = cellsOf(figure);
    return baseline === null ? cells : [...cells, changeSince(figure, before.get(figure.id))];
  });
  const widths = headers.map((header, column) => Math.max(header.length, ...rows.map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (LEFT_ALIGNED.has(column) ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('  ')
      .trimEnd();
  const lines = [line(headers)];
  for (const [index, figure] of figures.entries()) {
    if (figure.group !== figures[index - 1]?.group) lines.push('', figure.group);
    lines.push(line(rows[index]!));
  }
  return `${lines.join('\n')}\n`;
}

function cellsOf(figure: Figure): string[] {
  const { aim, ratio, quartiles, reference, referenceNanoseconds, kind } = figure;
  return [
    `  ${figure.title}`,
    duration(figure.nanoseconds),
    reference ?? '',
    referenceNanoseconds === null ? '' : duration(referenceNanoseconds),
    ratio === null ? '' : `${number(ratio)} ${kind === 'speed' ? '↑' : '↓'}`,
    quartiles === null ? '' : `${number(quartiles[0])}–${number(quartiles[1])}`,
    aim === null || aim.good === null ? '' : number(aim.good),
    aim === null ? '' : number(aim.goal),
    verdictOf(figure),
  ];
}

function verdictOf(figure: Figure): string {
  const { aim, ratio, kind, limit } = figure;
  if (limit !== null) return exceedsLimit(figure) ? `TOO MUCH: at most ${number(limit)}` : `at most ${number(limit)}`;
  if (aim === null || ratio === null) return '';
  const reaches = (mark: number) => (kind === 'speed' ? ratio >= mark : ratio <= mark);
  if (reaches(aim.goal)) return 'goal met';
  return aim.good !== null && reaches(aim.good) ? 'good' : 'below';
}

/** How many times better than the baseline; below 1 is worse. Times alone are compared where there is no ratio. */
function changeSince(figure: Figure, before: Figure | undefined): string {
  if (before === undefined) return 'new';
  if (figure.ratio === null || before.ratio === null)
    return `${number(before.nanoseconds / figure.nanoseconds)}x (time)`;
  const better = figure.kind === 'speed' ? figure.ratio / before.ratio : before.ratio / figure.ratio;
  return `${number(better)}x`;
}

export function duration(nanoseconds: number): string {
  if (nanoseconds >= 1e6) return `${number(nanoseconds / 1e6)} ms`;
  if (nanoseconds >= 1e4) return `${number(nanoseconds / 1e3)} us`;
  return `${number(nanoseconds)} ns`;
}

function number(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value >= 1 ? value.toFixed(2) : value.toFixed(3);
}
