import { TickCounters } from './tick-counters.ts';

/**
 * Not frequently used: a counter adds up the ticks in which the page was referenced. It never forgets: a page much used
 * once stays for long, which is what `aging` cures.
 */
export class Nfu extends TickCounters {
  readonly name = 'nfu';

  note(slot: number): string {
    return String(this.counterOf(slot));
  }

  protected counted(counter: number, referenced: boolean): number {
    return referenced ? counter + 1 : counter;
  }
}
