/**
 * Going back to step n: the nearest checkpoint at or before it, then replay. The same configuration, script and seed give
 * the same bytes, so what is replayed is what happened.
 *
 *     steps     0        K       2K                          latest
 *     kept      ●────────────────●────────────●──────●───●──●●   sparser the further back
 *
 * A checkpoint is taken every `every` steps. When there are more than `countMax`, the one that is missed least is dropped:
 * the one whose neighbours are closest together for how far back they lie (redux-devtools kept them all; it is its classic
 * complaint). Position 0 and the newest always stay.
 *
 * I1: there is a checkpoint at position 0, and never more than `countMax`.
 * I2: positions are multiples of `every`, ascending.
 * I3: if countMax ≥ 2·log2(latest / every) + 6, reaching a position `age` steps before the newest checkpoint replays at
 *     most max(age, every) steps. (So many checkpoints put three in some age range [a, 2a); dropping the middle one leaves
 *     a gap of at most a, so the one that is dropped leaves no wider gap for its age; and gaps do not grow while ages do.)
 *
 * Going back keeps later checkpoints, since replay leads to the same states: back and forth costs little.
 */
import { InputError } from '../mmu/input-error.ts';
import { invariant } from '../mmu/invariant.ts';

/** What can be rewound. A snapshot must not share anything with the running state, and survives being restored. */
export interface Rewindable<Snapshot> {
  snapshot(): Snapshot;
  restore(snapshot: Snapshot): void;
}

export interface RewinderOptions {
  /** Steps from one checkpoint to the next. Default 64. */
  readonly every?: number;
  /** How many checkpoints to keep, at least 2. Default 48: enough for I3 up to 2^21 checkpoints' worth of steps. */
  readonly countMax?: number;
}

interface Checkpoint<Snapshot> {
  /** How many steps were done. */
  readonly position: number;
  readonly snapshot: Snapshot;
}

export class Rewinder<Snapshot> {
  private readonly machine: Rewindable<Snapshot>;
  private readonly replay: (step: number) => void;
  private readonly every: number;
  private readonly countMax: number;
  private readonly kept: Checkpoint<Snapshot>[] = [];
  private at = 0;

  /**
   * The machine stands before step 0. `replay(step)` makes it do step `step` (0-based), with no effect but on the machine.
   * @throws InputError `MEM-REW-001` for options out of range.
   */
  constructor(machine: Rewindable<Snapshot>, replay: (step: number) => void, options: RewinderOptions = {}) {
    this.machine = machine;
    this.replay = replay;
    this.every = wholeNumber('every', options.every ?? 64, 1);
    this.countMax = wholeNumber('countMax', options.countMax ?? 48, 2);
    this.keep();
  }

  /** How many steps are done. */
  get position(): number {
    return this.at;
  }

  /** Where checkpoints are now, ascending. */
  get checkpoints(): readonly number[] {
    return this.kept.map((checkpoint) => checkpoint.position);
  }

  /** Do the next step. */
  forward(): void {
    this.replay(this.at);
    this.at += 1;
    if (this.at % this.every === 0 && this.at > this.newest().position) this.keep();
  }

  /**
   * Bring the machine to where it was (or will be) after `position` steps. Returns how many steps were replayed.
   * @throws InputError `MEM-REW-002` when the position is not a whole number from 0.
   */
  goTo(position: number): number {
    if (!Number.isSafeInteger(position) || position < 0) {
      throw new InputError({
        code: 'MEM-REW-002',
        message: `there is no step ${position} to go to`,
        hint: 'steps are counted from 0',
      });
    }
    const nearest = this.kept.findLast((checkpoint) => checkpoint.position <= position);
    invariant(nearest !== undefined, 'the checkpoint at position 0 is never dropped');
    // Going on from here is cheaper when no checkpoint lies between.
    if (position < this.at || nearest.position > this.at) {
      this.machine.restore(nearest.snapshot);
      this.at = nearest.position;
    }
    const replayed = position - this.at;
    while (this.at < position) this.forward();
    return replayed;
  }

  private newest(): Checkpoint<Snapshot> {
    const checkpoint = this.kept.at(-1);
    invariant(checkpoint !== undefined, 'the checkpoint at position 0 is never dropped');
    return checkpoint;
  }

  private keep(): void {
    this.kept.push({ position: this.at, snapshot: this.machine.snapshot() });
    if (this.kept.length > this.countMax) this.kept.splice(this.leastMissed(), 1);
  }

  /** Index of the checkpoint whose loss leaves the smallest gap for its age; never the first or the newest. */
  private leastMissed(): number {
    const latest = this.newest().position;
    let best = 1;
    let bestRatio = Number.POSITIVE_INFINITY;
    for (let index = 1; index < this.kept.length - 1; index += 1) {
      const before = this.kept[index - 1]!.position;
      const after = this.kept[index + 1]!.position;
      const ratio = (after - before) / (latest - after + this.every);
      if (ratio < bestRatio) {
        best = index;
        bestRatio = ratio;
      }
    }
    return best;
  }
}

function wholeNumber(name: string, value: number, min: number): number {
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new InputError({
    code: 'MEM-REW-001',
    message: `${name} must be a whole number from ${min}, not ${value}`,
    hint: 'checkpoints cost memory each; a few dozen serve long runs',
  });
}
