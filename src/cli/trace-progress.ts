/** How far reading, making or replaying a trace has come: one line on standard error for whoever waits. */
import { printable } from '../report/printable.ts';
import { thousands } from '../report/quantities.ts';
import { paint } from '../report/style.ts';
import type { CommandContext } from './command.ts';

/** What a progress line counts. */
export interface ProgressOf {
  /** What is worked on: the file, the policy. */
  readonly name: string;
  /** How much there will be, in the unit of `count`; null when nobody knows beforehand. */
  readonly total: number | null;
  /** Amounts as text, such as `12 MB`. */
  readonly text: (count: number) => string;
  /** What stands behind them, such as `runs`. */
  readonly unit?: string;
  /** What is told besides, such as the references so far; asked for only when the line is drawn. */
  readonly also?: () => string;
}

/** Nothing is told of what is over in this time. */
const SILENT_MS = 500;
/** Between two lines: drawn over each other on a terminal, one below the other in a log. */
const REDRAW_MS = 100;
const LOG_MS = 5000;
const BAR_CELLS = 24;
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/**
 * The line is there while standard error is a terminal, or where `--progress` asks for it; else nothing is written.
 *
 * ```
 *   ls.lackey.gz  █████████▌                42 %  840 MB of 2,000 MB, 56,000,000 references, 35 s left
 *   standard input  840 MB, 56,000,000 references                                  (who knows how many are to come)
 * ```
 */
export class TraceProgress {
  private readonly context: CommandContext;
  private readonly of: ProgressOf;
  /** A terminal draws over its line; a log gets lines. Null: nobody looks. */
  private readonly manner: 'terminal' | 'log' | null;
  private readonly started: number;
  private next: number;
  private name: string;
  private done: number;
  private shown: boolean;

  /** @param asked `--progress` or `--no-progress`; undefined where neither was given */
  constructor(context: CommandContext, of: ProgressOf, asked: boolean | undefined) {
    const { io } = context;
    this.context = context;
    this.of = of;
    this.manner = asked === false ? null : io.stderr.isTTY ? 'terminal' : asked === true ? 'log' : null;
    this.started = io.now();
    this.next = this.started + SILENT_MS;
    this.name = printable(of.name);
    this.done = 0;
    this.shown = false;
  }

  /** So much more is done. */
  add(count: number): void {
    this.done += count;
    if (this.manner === null) return;
    const now = this.context.io.now();
    if (now < this.next) return;
    this.next = now + (this.manner === 'terminal' ? REDRAW_MS : LOG_MS);
    this.draw(now - this.started);
  }

  /** From now on something else is worked on. */
  at(name: string): void {
    this.name = printable(name);
  }

  /** Before anything else is written to the terminal. */
  clear(): void {
    if (this.shown && this.manner === 'terminal') this.context.io.stderr.write('\r\u001b[K');
    this.shown = false;
  }

  private draw(elapsedMs: number): void {
    const { io, errorStyle } = this.context;
    const { total, text, unit, also } = this.of;
    const { done, name } = this;
    const share = total === null || total === 0 ? null : Math.min(1, done / total);
    const amount = share === null ? text(done) : `${text(done)} of ${text(total ?? 0)}`;
    const facts = [unit === undefined ? amount : `${amount} ${unit}`];
    if (also !== undefined) facts.push(also());
    if (share !== null && share > 0) facts.push(`${duration((elapsedMs * (1 - share)) / share)} left`);
    const percent = share === null ? '' : `${String(Math.floor(100 * share)).padStart(3)} %  `;
    const bar = share === null || this.manner === 'log' ? '' : `${barOf(share)} `;
    this.shown = true;
    if (this.manner === 'log') {
      io.stderr.write(`${name}  ${percent}${facts.join(', ')}\n`);
      return;
    }
    // The line must not wrap: what has wrapped cannot be drawn over.
    const width = Math.min(errorStyle.width, io.stderr.columns ?? errorStyle.width) - 1;
    const front = `${name}  `.slice(0, width);
    const back = `${percent}${facts.join(', ')}`.slice(0, Math.max(0, width - front.length - bar.length));
    io.stderr.write(`\r\u001b[K${front}${paint(errorStyle, 'cyan', bar)}${back}`);
  }
}

/** A bar of block characters, to an eighth of a cell. */
function barOf(share: number): string {
  const eighths = Math.floor(share * BAR_CELLS * 8);
  return `${'█'.repeat(eighths >> 3)}${EIGHTHS[eighths & 7]}`.padEnd(BAR_CELLS);
}

/** `12 s`, `3 min 05 s`, `2 h 10 min`. */
function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${two(seconds % 60)} s`;
  return `${thousands(Math.floor(minutes / 60))} h ${two(minutes % 60)} min`;
}

const two = (value: number): string => String(value).padStart(2, '0');

/** Bytes, as people count files. */
export const megabytes = (bytes: number): string =>
  bytes < 1e6 ? `${thousands(Math.ceil(bytes / 1e3))} kB` : `${thousands(Math.round(bytes / 1e6))} MB`;
