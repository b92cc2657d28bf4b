import type { ReplacementOptions } from '../../kernel/reclaim/options.ts';
import type { PageRecording } from '../page-recording.ts';
import { Replay } from '../replay.ts';

/** A policy with a number of frames over a recording, in steps: only LRU's curve comes from a single pass. */
export class RecordingReplay {
  private readonly run: Replay;
  private readonly recording: PageRecording;
  private at = 0;

  /** @throws InputError as Replay */
  constructor(recording: PageRecording, policy: string, frames: number, options: ReplacementOptions, seed: number) {
    this.run = new Replay({ policy, frames, options, seed });
    this.recording = recording;
  }

  /** @returns true when all references are fed */
  step(references: number): boolean {
    const { ids, kinds, length } = this.recording;
    const to = Math.min(length, this.at + references);
    this.run.feed(ids.subarray(this.at, to), kinds.subarray(this.at, to), to - this.at);
    this.at = to;
    return to === length;
  }

  misses(): number {
    return this.run.end().faults;
  }
}
