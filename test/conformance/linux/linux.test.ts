/**
 * The kernel against recordings of the real Linux kernel. Set LINUX_RECORDINGS to a folder of `*.jsonl.gz` to replay
 * all of them instead of the sample in test/fixtures/linux.
 */
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { describeDifference, LEVELS } from './compare.ts';
import { type Result, readTraces, type Trace } from './recording.ts';
import { isWhollySupported, replayableLength, treatmentOf } from './selection.ts';
import { type Outcome, replayTrace, summarize } from './sweep.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/linux', import.meta.url));
const FOLDER = process.env.LINUX_RECORDINGS ?? FIXTURES;
const SHOWN_MAX = 20;

it('the kernel answers as Linux does, call by call', { timeout: 600_000 }, () => {
  const outcomes: Outcome[] = [];
  for (const trace of readTraces(FOLDER)) outcomes.push(replayTrace(trace));
  console.log(summarize(outcomes));
  const failures = outcomes.filter(({ found }) => found.length > 0);
  const shown = failures.slice(0, SHOWN_MAX).map(({ found }) => describeDifference(found[0]!));
  expect(shown, `${failures.length} traces differ`).toEqual([]);
  expect(outcomes.flatMap(({ trace, broken }) => broken.map((rule) => `${trace.trace}: ${rule}`))).toEqual([]);
  // The sample holds what it is said to hold: a selection gone wrong must not pass as agreement.
  expect(outcomes.filter(({ whole }) => whole).length).toBeGreaterThanOrEqual(100);
  expect(outcomes.reduce((sum, { compared }) => sum + compared, 0)).toBeGreaterThan(4500);
});

const sample: readonly Trace[] = [...readTraces(FIXTURES)];
const supported = sample.filter(isWhollySupported);

/** The recording with one field of one answer replaced. */
function doctored(trace: Trace, at: number, field: keyof Result, value: unknown): Trace {
  const results = trace.results.map((result, i) => (i === at ? { ...result, [field]: value } : result));
  return { ...trace, results };
}

/** The first replayed answer that has the field. */
function findField(field: keyof Result): { trace: Trace; at: number } {
  for (const trace of sample) {
    const at = trace.results.findIndex((result) => result[field] !== undefined);
    if (at >= 0 && at < replayableLength(trace) && treatmentOf(trace.ops[at]!, trace.results[at]!) === 'replay') {
      return { trace, at };
    }
  }
  throw new Error(`no recorded answer has ${field}`);
}

it.for(Object.values(LEVELS).flat())('a recording with another `%s` is noticed, where it is', (field) => {
  const { trace, at } = findField(field);
  const other = doctored(trace, at, field, field === 'maps' || field === 'pt' ? { P9: [] } : 'another');
  expect(replayTrace(other).found.map((difference) => [difference.at, difference.field])).toEqual([[at, field]]);
});

it('an answer that Linux leaves open is not compared', () => {
  const { trace, at } = findField('min');
  const open = doctored(doctored(trace, at, 'min', 99), at, 'nd', ['min']);
  expect(replayTrace(open).found).toEqual([]);
});

it('what is not built yet is passed over when it changed nothing, and ends the replay when it did', () => {
  const call = { op: 'mremap', addr: 'ARENA', len: 4096 };
  expect(treatmentOf(call, { err: 'EINVAL', min: 0, maj: 0 })).toBe('pass over');
  expect(treatmentOf(call, { ret: 'ARENA+0x0', min: 0, maj: 0, maps: {} })).toBe('stop');
  expect(treatmentOf({ op: 'madvise', advice: 'GUARD_INSTALL' }, { ret: 0, min: 0, maj: 0 })).toBe('stop');
  expect(treatmentOf({ op: 'mmap', flags: 'private', fd: 'f' }, { ret: 'ARENA+0x0', maps: {} })).toBe('stop');
  expect(treatmentOf({ op: 'mmap', flags: 'private|anon', probe: 1 }, { ret: 'TOP-0x1000' })).toBe('stop');

  const trace = supported[0]!;
  const cut = { ...trace, ops: [...trace.ops.slice(0, 3), { op: 'reclaim' }, ...trace.ops.slice(4)] };
  expect(replayableLength(cut)).toBe(3);
  expect(isWhollySupported(cut)).toBe(false);
});
