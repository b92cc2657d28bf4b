/** One line on standard error that says how far a long run is; there only while a person watches. */
import type { CommandContext } from './command.ts';

/** Fewer files than this are done before one has read the line. */
const FILES_MIN = 4;

export class Progress {
  private readonly context: CommandContext;
  private readonly total: number;
  private readonly watched: boolean;
  private shown = false;

  constructor(context: CommandContext, total: number) {
    this.context = context;
    this.total = total;
    this.watched = context.io.stderr.isTTY && total >= FILES_MIN;
  }

  at(index: number, file: string): void {
    if (!this.watched) return;
    const { io, errorStyle } = this.context;
    const line = `[${String(index + 1).padStart(String(this.total).length)}/${this.total}] ${file}`;
    io.stderr.write(`\r\u001b[K${line.slice(0, errorStyle.width - 1)}`);
    this.shown = true;
  }

  /** Before anything else is written to the terminal. */
  clear(): void {
    if (this.shown) this.context.io.stderr.write('\r\u001b[K');
    this.shown = false;
  }
}
