/**
 * Physical memory as a map, one letter a frame, then the table of who owns what.
 *
 *   0x00000  KZTTTaab....
 *
 * `a`, `b`, … are private pages of one process each, `+` a private page several processes still share (copy on
 * write). Rows that repeat are folded into one line.
 */
import type { FrameView, MachineView } from '../../machine/view.ts';
import { columns } from '../columns.ts';
import { counted, percent } from '../quantities.ts';
import { type Ink, paint, visibleWidth } from '../style.ts';
import type { ViewOptions } from './view-options.ts';

const FRAMES_PER_ROW = 64;
const OWNERS_SHOWN = 3;

const USES: Readonly<Record<Exclude<FrameView['use'], 'anon'>, readonly [string, string, Ink]>> = {
  kernel: ['K', 'kernel', 'dim'],
  zero: ['Z', 'the zero page', 'dim'],
  table: ['T', 'page table', 'blue'],
  shared: ['S', 'shared memory', 'yellow'],
  file: ['F', 'file', 'green'],
  'swap-cache': ['C', 'swap cache', 'magenta'],
};
const PROCESS_LETTERS = 'abcdefghijklmnopqrstuvwxyz';

export function framesView(view: MachineView, options: ViewOptions): string[] {
  const { style } = options;
  const letters = processLetters(view);
  const { frames: total, freeFrames } = view.memory;
  const used = total - freeFrames;
  const head = `${counted(total, 'frame')} of ${view.memory.pageBytes} bytes, ${used} used (${percent(used, total)}), ${freeFrames} free`;
  return [
    paint(style, 'bold', head),
    '',
    ...mapLines(view, letters, options),
    '',
    ...legendLines(view, letters, options),
    '',
    ...ownerLines(view, options),
  ];
}

/** Lower-case letters by pid, in the order of the pids; the 27th process starts again at `a`. */
function processLetters(view: MachineView): Map<number, string> {
  const pids = Object.values(view.processes).map((process) => process.pid);
  return new Map(pids.map((pid, index) => [pid, PROCESS_LETTERS[index % PROCESS_LETTERS.length]!]));
}

const ownersOf = (frame: FrameView): number[] => [...new Set(frame.mappings.map((mapping) => mapping.pid))];

function letterOf(frame: FrameView | undefined, letters: ReadonlyMap<number, string>): readonly [string, Ink | null] {
  if (frame === undefined) return ['.', 'dim'];
  if (frame.use !== 'anon') {
    const [letter, , ink] = USES[frame.use];
    return [letter, ink];
  }
  const owners = ownersOf(frame);
  if (owners.length > 1) return ['+', 'yellow'];
  return [letters.get(owners[0] ?? -1) ?? '?', 'cyan'];
}

function mapLines(view: MachineView, letters: ReadonlyMap<number, string>, { style }: ViewOptions): string[] {
  const lines: string[] = [];
  const { frames: total, pageBytes } = view.memory;
  const digits = Math.max(5, ((total - 1) * pageBytes).toString(16).length);
  let freeRows = 0;
  const flush = () => {
    if (freeRows > 0)
      lines.push(
        paint(style, 'dim', `  ${'⋮'.padStart(digits + 2)}  ${counted(freeRows * FRAMES_PER_ROW, 'free frame')}`),
      );
    freeRows = 0;
  };
  for (const first of rowsInUse(view)) {
    if (first.gapRows > 0) {
      freeRows = first.gapRows;
      flush();
    }
    if (first.pfn >= total) break;
    let row = '';
    for (let pfn = first.pfn; pfn < Math.min(total, first.pfn + FRAMES_PER_ROW); pfn++) {
      const [letter, ink] = letterOf(view.frames[pfn], letters);
      row += ink === null ? letter : paint(style, ink, letter);
    }
    lines.push(`  ${paint(style, 'dim', `0x${(first.pfn * pageBytes).toString(16).padStart(digits, '0')}`)}  ${row}`);
  }
  return lines;
}

/** First frames of the rows that have something in them, with the empty rows before each; a 64 GiB machine has few. */
function rowsInUse(view: MachineView): { pfn: number; gapRows: number }[] {
  const used = new Set(Object.values(view.frames).map((frame) => Math.floor(frame.pfn / FRAMES_PER_ROW)));
  const rowCount = Math.ceil(view.memory.frames / FRAMES_PER_ROW);
  // A short map is shown whole; so is the last, partial row.
  if (rowCount <= 4) for (let row = 0; row < rowCount; row++) used.add(row);
  const rows: { pfn: number; gapRows: number }[] = [];
  let previous = -1;
  for (const row of [...used].sort((left, right) => left - right)) {
    rows.push({ pfn: row * FRAMES_PER_ROW, gapRows: row - previous - 1 });
    previous = row;
  }
  const rest = rowCount - previous - 1;
  if (rest > 0) rows.push({ pfn: rowCount * FRAMES_PER_ROW, gapRows: rest });
  return rows;
}

function legendLines(view: MachineView, letters: ReadonlyMap<number, string>, { style, names }: ViewOptions): string[] {
  const frames = Object.values(view.frames);
  const uses = new Set(frames.map((frame) => frame.use));
  const parts = [`${paint(style, 'dim', '.')} free`];
  for (const [use, [letter, meaning, ink]] of Object.entries(USES)) {
    if (uses.has(use as FrameView['use'])) parts.push(`${paint(style, ink, letter)} ${meaning}`);
  }
  const anonymous = frames.filter((frame) => frame.use === 'anon');
  const single = new Set(anonymous.filter((frame) => ownersOf(frame).length === 1).flatMap(ownersOf));
  for (const [pid, letter] of letters) {
    if (single.has(pid)) parts.push(`${paint(style, 'cyan', letter)} ${names.process(pid)}`);
  }
  if (anonymous.some((frame) => ownersOf(frame).length > 1))
    parts.push(`${paint(style, 'yellow', '+')} shared until written`);
  return legendRows(parts, style.width - 4).map((row) => `  ${row}`);
}

/** Entries are kept whole when the legend needs a second row. */
function legendRows(parts: readonly string[], width: number): string[] {
  const rows: string[] = [];
  for (const part of parts) {
    const last = rows.at(-1);
    if (last !== undefined && visibleWidth(last) + 3 + visibleWidth(part) < width)
      rows[rows.length - 1] = `${last}   ${part}`;
    else rows.push(part);
  }
  return rows;
}

function ownerLines(view: MachineView, { style, names, process }: ViewOptions): string[] {
  const header = ['frame', 'use', 'refs', 'flags', 'mapped by'].map((cell) => paint(style, 'dim', cell));
  const rows = runsOf(Object.values(view.frames).sort((left, right) => left.pfn - right.pfn))
    .filter(({ frame }) => process === null || frame.mappings.some((mapping) => mapping.pid === process))
    .map(({ frame, count }) => {
      const shown = frame.mappings
        .slice(0, OWNERS_SHOWN)
        .map(({ pid, address }) => `${names.process(pid)} ${names.address(address)}`);
      const more = frame.mappings.length > shown.length ? ` and ${frame.mappings.length - shown.length} more` : '';
      return [
        count === 1 ? String(frame.pfn) : `${frame.pfn}–${frame.pfn + count - 1}`,
        frame.use,
        String(frame.references),
        `${frame.accessed ? 'A' : '-'}${frame.dirty ? 'D' : '-'}`,
        shown.length === 0 ? paint(style, 'dim', '-') : `${shown.join(', ')}${more}${count === 1 ? '' : ' …'}`,
      ];
    });
  return columns([header, ...rows], { align: 'rlrll', indent: '  ' });
}

/** Neighbouring frames of one use whose mappings advance page by page. */
function runsOf(frames: readonly FrameView[]): { frame: FrameView; count: number }[] {
  const runs: { frame: FrameView; last: FrameView; count: number }[] = [];
  for (const frame of frames) {
    const run = runs.at(-1);
    if (run !== undefined && follows(run.last, frame)) {
      run.last = frame;
      run.count++;
    } else {
      runs.push({ frame, last: frame, count: 1 });
    }
  }
  return runs;
}

function follows(last: FrameView, next: FrameView): boolean {
  if (next.pfn !== last.pfn + 1 || next.use !== last.use || next.references !== last.references) return false;
  if (next.dirty !== last.dirty || next.accessed !== last.accessed) return false;
  if (next.mappings.length !== last.mappings.length) return false;
  return next.mappings.every((mapping, index) => {
    const before = last.mappings[index]!;
    // All frames of a superpage carry the one mapping it has.
    return mapping.pid === before.pid && mapping.address >= before.address;
  });
}
