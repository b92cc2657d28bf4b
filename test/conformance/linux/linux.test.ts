/**
 * The kernel against recordings of the real Linux kernel. Set LINUX_RECORDINGS to a folder of `*.jsonl.gz` to replay
 * all of them instead of the sample in test/fixtures/linux (as `mmulator conform linux FOLDER` does).
 */
import { describe, expect, it } from 'vitest';
import { LEVEL_MAX } from '../../../src/conform/linux/compare.ts';
import { replayTrace, type TraceOutcome } from '../../../src/conform/linux/replay-trace.ts';
import { familiesIn, SAMPLE_FOLDER, tracesOf } from './recordings.ts';

const FOLDER = process.env.LINUX_RECORDINGS ?? SAMPLE_FOLDER;
const SHOWN_MAX = 20;

/** The families of FORMAT.md, and how many traces of each the sample has: it must not shrink unseen. */
const SAMPLE: Readonly<Record<string, number>> = {
  anon: 20,
  brkstk: 60,
  disk: 20,
  errno: 20,
  file: 20,
  focussed: 106,
  fork: 20,
  fresh: 102,
  hint: 20,
  lock: 20,
  long: 4,
  matrix: 19,
  mix: 20,
  mremap: 20,
  reclaim: 22,
  shm: 20,
  swap: 20,
  vma: 20,
};

/** What cannot be replayed yet, and why. An op that is not here must be replayed. */
const NOT_YET: Readonly<Record<string, string>> = {};

const textOf = ({ trace, failure }: TraceOutcome): string =>
  `${trace.trace} op ${failure!.at} ${JSON.stringify(failure!.op)}\n${JSON.stringify(failure!.found, null, 2)}`;

describe('the kernel answers as Linux does, call by call', { timeout: 600_000 }, () => {
  it.for(familiesIn(FOLDER))('%s', (family) => {
    const failures: string[] = [];
    const skipped: string[] = [];
    const broken: string[] = [];
    for (const trace of tracesOf(FOLDER, family)) {
      const outcome = replayTrace(trace, LEVEL_MAX);
      if (outcome.failure !== null) failures.push(textOf(outcome));
      else if (outcome.stopped === null) expect(outcome.compared).toBe(trace.ops.length);
      else if (NOT_YET[outcome.stopped.why] === undefined) skipped.push(`${trace.trace}: ${outcome.stopped.why}`);
      broken.push(...outcome.world.machine.checkInvariants().map((rule) => `${trace.trace}: ${rule}`));
    }
    expect(failures.slice(0, SHOWN_MAX), `${failures.length} traces differ`).toEqual([]);
    expect(skipped, 'skipped without a reason in NOT_YET').toEqual([]);
    expect(broken).toEqual([]);
  });
});

describe('the sample', () => {
  it('has every family, and as many traces of each as it is said to have', () => {
    const counted = familiesIn(SAMPLE_FOLDER).map((family) => [family, tracesOf(SAMPLE_FOLDER, family).length]);
    expect(Object.fromEntries(counted)).toEqual(SAMPLE);
  });

  it('names the family of each trace as its file does, and holds each once', () => {
    const traces = Object.keys(SAMPLE).flatMap((file) =>
      tracesOf(SAMPLE_FOLDER, file).map(({ trace, family }) => ({ file, trace, family })),
    );
    expect(traces.filter(({ file, family }) => file !== family)).toEqual([]);
    expect(new Set(traces.map(({ trace }) => trace)).size).toBe(traces.length);
  });
});
