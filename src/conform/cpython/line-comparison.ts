/**
 * The lines of a replay held against those of a recording: one by one where they are recorded, by their running hashes where
 * only those are.
 */
import { type Divergence, LISTED_MAX, type MakeHash, type RunningHash } from '../outcome.ts';
import type { Checkpoints, ResultFile } from './result-file.ts';
import { opText, type TraceOp } from './trace-file.ts';

/** Digits of a running hash that a checkpoint has. */
const CHECKPOINT_DIGITS = 16;
/** Lines of our own shown from a stretch whose hash differs. */
const SAMPLE_LINES = 6;
/** Lines hashed at once. */
const BATCH_LINES = 256;

export class LineComparison {
  readonly divergences: Divergence[] = [];
  unlisted = 0;
  private readonly recording: ResultFile;
  private readonly lines: BatchedHash;
  private readonly placements: BatchedHash;
  /** The first ops of the stretch since the last checkpoint. */
  private sample: string[] = [];
  private checkpointsDiffer = false;

  constructor(recording: ResultFile, makeHash: MakeHash) {
    this.recording = recording;
    this.lines = new BatchedHash(makeHash());
    this.placements = new BatchedHash(makeHash());
  }

  /**
   * The next op and what came of it, as a line and as one without the calls of the lowest raw allocator. `number`: from 1.
   * @throws InputErrors when the recording has no line for it
   */
  add(number: number, op: TraceOp, line: string, placement: string): void {
    this.lines.add(line);
    this.placements.add(placement);
    const { checkpoints } = this.recording;
    if (checkpoints === null) {
      const recorded = this.recording.nextLine();
      if (recorded !== line) this.noteLine(number, op, recorded, line, placement);
      return;
    }
    if (this.checkpointsDiffer) return;
    if (this.sample.length < SAMPLE_LINES) this.sample.push(`op ${number}  ${opText(op)}  ->  ${line}`);
    if (number % checkpoints.every === 0) this.compareCheckpoint(number, checkpoints);
  }

  /** Behind the last op: the hashes of the whole. */
  end(): void {
    const { header } = this.recording;
    const { divergences } = this;
    // Lines or checkpoints have told more already.
    if (divergences.length > 0) return;
    const hint = header.detail === 'full' ? ['every line agrees: the hash in the header is not that of its lines'] : [];
    this.compareHash('sha256', header.sha256, this.lines.digest(), hint);
    this.compareHash('placement_sha256', header.placementSha256, this.placements.digest(), hint);
  }

  private noteLine(number: number, op: TraceOp, recorded: string, line: string, placement: string): void {
    const samePlacement = withoutRawEvents(recorded) === placement;
    this.note({
      where: `op ${number}`,
      op: number,
      what: opText(op),
      expected: recorded,
      actual: line,
      notes: samePlacement ? [PLACEMENT_AGREES] : [],
    });
  }

  /** The stretch of ops that ends with op `number`. */
  private compareCheckpoint(number: number, { every, lines, placement }: Checkpoints): void {
    const { sample } = this;
    this.sample = [];
    const index = number / every - 1;
    const actual = this.lines.digest().slice(0, CHECKPOINT_DIGITS);
    if (lines[index] === actual) return;
    this.checkpointsDiffer = true;
    const samePlacement = placement[index] === this.placements.digest().slice(0, CHECKPOINT_DIGITS);
    const first = number - every + 1;
    this.note({
      where: `ops ${first} to ${number}`,
      op: first,
      what: null,
      expected: `running sha256 ${lines[index]}`,
      actual: `running sha256 ${actual}`,
      notes: [
        samePlacement ? PLACEMENT_AGREES : 'placement differs',
        'only hashes are recorded; here the stretch begins with',
        ...sample,
      ],
    });
  }

  private compareHash(name: string, expected: string, actual: string, notes: readonly string[]): void {
    if (expected === actual) return;
    this.note({ where: name, op: null, what: null, expected, actual, notes });
  }

  private note(divergence: Divergence): void {
    if (this.divergences.length < LISTED_MAX) this.divergences.push(divergence);
    else this.unlisted++;
  }
}

const PLACEMENT_AGREES = 'placement agrees: the calls of the raw domain differ';

const withoutRawEvents = (line: string): string => line.replace(/ r[mcrf]:\S+/g, '');

/** Lines are handed over in batches: a call for each would cost more than the hashing. */
class BatchedHash {
  private readonly hash: RunningHash;
  private batch = '';
  private count = 0;

  constructor(hash: RunningHash) {
    this.hash = hash;
  }

  add(line: string): void {
    this.batch += `${line}\n`;
    if (++this.count >= BATCH_LINES) this.flush();
  }

  digest(): string {
    this.flush();
    return this.hash.digest();
  }

  private flush(): void {
    this.hash.update(this.batch);
    this.batch = '';
    this.count = 0;
  }
}
