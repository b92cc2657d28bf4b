/**
 * The kernel's log: what `dmesg` shows [kernel/printk/printk.c]. A ring: the newest entries push the oldest out.
 *
 *     [    7.000000] stub invoked oom-killer: gfp_mask=…
 *     [    7.000000] Mem-Info:
 *     [    7.000000] active_anon:470546 inactive_anon:…       one entry may have several lines: those that follow
 *                     active_file:1255 inactive_file:…        are indented by the width of the time
 *
 * The time is the machine's step: it has no other clock. Text is made only when there is something to say.
 */

/** Entries kept; a report of the OOM killer has a few dozen. */
const CAPACITY = 1024;
const SECONDS_WIDTH = 5;

interface LogEntry {
  readonly step: number;
  readonly text: string;
}

export class KernelLog {
  /** Set by whoever drives the machine, before each step. */
  step = 0;
  private readonly entries: LogEntry[] = [];
  /** Where the next entry goes once the ring is full: the oldest is there. */
  private next = 0;

  append(text: string): void {
    const entry = { step: this.step, text };
    if (this.entries.length < CAPACITY) this.entries.push(entry);
    else this.entries[this.next] = entry;
    this.next = (this.next + 1) % CAPACITY;
  }

  /** Oldest first, one string a line, as dmesg prints them. */
  lines(): string[] {
    const isFull = this.entries.length === CAPACITY;
    const inOrder = isFull ? [...this.entries.slice(this.next), ...this.entries.slice(0, this.next)] : this.entries;
    return inOrder.flatMap(({ step, text }) => {
      const time = `[${String(step).padStart(SECONDS_WIDTH)}.000000] `;
      return text.split('\n').map((line, index) => (index === 0 ? time : ' '.repeat(time.length)) + line);
    });
  }
}
