import type { PolicyContext } from './policy.ts';
import { TickCounters } from './tick-counters.ts';

/**
 * Aging: at every tick the counter is shifted to the right and the reference bit put in front, so that later ticks weigh
 * more and those further back than the counter has bits (`counterBits`, 8 by default) are forgotten.
 *
 * ```
 *   R = 1:  0110 1100 → 1011 0110        R = 0:  0110 1100 → 0011 0110
 * ```
 */
export class Aging extends TickCounters {
  readonly name = 'aging';
  private readonly bits: number;
  private readonly highest: number;

  constructor(context: PolicyContext) {
    super(context);
    this.bits = context.options?.counterBits ?? 8;
    this.highest = 2 ** (this.bits - 1);
  }

  /** The history of its reference bits, the latest tick in front. */
  note(slot: number): string {
    return this.counterOf(slot).toString(2).padStart(this.bits, '0');
  }

  protected counted(counter: number, referenced: boolean): number {
    return Math.floor(counter / 2) + (referenced ? this.highest : 0);
  }
}
