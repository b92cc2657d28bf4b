import { grownBytes, grownInts } from '../../kernel/reclaim/loops/loop.ts';
import type { ReplacementOptions } from '../../kernel/reclaim/options.ts';
import { Replay } from '../replay.ts';

/**
 * A trace kept as page numbers, to be replayed once for every policy and size: 5 bytes a reference. Only LRU's curve
 * comes from a single pass.
 */
export class KeptReferences {
  count = 0;
  private ids: Int32Array = new Int32Array(0);
  private kinds: Uint8Array = new Uint8Array(0);

  add(ids: Int32Array, kinds: Uint8Array, count: number): void {
    const before = this.count;
    this.count = before + count;
    this.ids = grownInts(this.ids, this.count, 0);
    this.kinds = grownBytes(this.kinds, this.count);
    this.ids.set(ids.subarray(0, count), before);
    this.kinds.set(kinds.subarray(0, count), before);
  }

  /** A replay of them, to be stepped to its end. @throws InputError as Replay */
  replay(policy: string, frames: number, options: ReplacementOptions, seed: number): KeptReplay {
    const run = new Replay({ policy, frames, options, seed });
    return new KeptReplay(run, this.ids.subarray(0, this.count), this.kinds.subarray(0, this.count));
  }
}

export class KeptReplay {
  private readonly run: Replay;
  private readonly ids: Int32Array;
  private readonly kinds: Uint8Array;
  private at = 0;

  constructor(run: Replay, ids: Int32Array, kinds: Uint8Array) {
    this.run = run;
    this.ids = ids;
    this.kinds = kinds;
  }

  /** @returns true when all references are fed */
  step(references: number): boolean {
    const to = Math.min(this.ids.length, this.at + references);
    this.run.feed(this.ids.subarray(this.at, to), this.kinds.subarray(this.at, to), to - this.at);
    this.at = to;
    return to === this.ids.length;
  }

  misses(): number {
    return this.run.end().faults;
  }
}
