/**
 * The kernel against recordings of the real Linux kernel. Set LINUX_RECORDINGS to a folder of `*.jsonl.gz` to replay
 * all of them instead of the sample in test/fixtures/linux (as `mmulator conform linux FOLDER` does).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { Mistakes } from '../../../src/conform/fields.ts';
import { fieldsOf, LEVEL_MAX } from '../../../src/conform/linux/compare.ts';
import { whyUnsupported } from '../../../src/conform/linux/ops/registry.ts';
import type { Result, Trace } from '../../../src/conform/linux/recording.ts';
import { replayTrace, type TraceOutcome } from '../../../src/conform/linux/replay-trace.ts';
import { readTraces } from '../../../src/conform/linux/trace-file.ts';

const FIXTURES = fileURLToPath(new URL('../../fixtures/linux', import.meta.url));
const FOLDER = process.env.LINUX_RECORDINGS ?? FIXTURES;
const SHOWN_MAX = 20;

const tracesOf = (folder: string): readonly Trace[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl.gz'))
    .sort()
    .flatMap((name) => {
      const text = gunzipSync(readFileSync(`${folder}/${name}`)).toString('utf8');
      return readTraces(text, new Mistakes(name));
    });

const textOf = ({ trace, failure }: TraceOutcome): string =>
  `${trace.trace} op ${failure!.at} ${JSON.stringify(failure!.op)}\n${JSON.stringify(failure!.found, null, 2)}`;

const sample = tracesOf(FIXTURES);

it('the kernel answers as Linux does, call by call', { timeout: 600_000 }, () => {
  const traces = FOLDER === FIXTURES ? sample : tracesOf(FOLDER);
  const failures: string[] = [];
  const broken: string[] = [];
  let whole = 0;
  let compared = 0;
  for (const trace of traces) {
    const outcome = replayTrace(trace, LEVEL_MAX);
    compared += outcome.compared;
    if (outcome.failure !== null) failures.push(textOf(outcome));
    else if (outcome.stopped === null) whole++;
    broken.push(...outcome.world.machine.checkInvariants().map((rule) => `${trace.trace}: ${rule}`));
  }
  expect(failures.slice(0, SHOWN_MAX), `${failures.length} traces differ`).toEqual([]);
  expect(broken).toEqual([]);
  // The sample holds what it is said to hold: a selection gone wrong must not pass as agreement.
  expect(whole).toBeGreaterThanOrEqual(330);
  expect(compared).toBeGreaterThan(16_000);
});

/** The recording with one field of one answer replaced. */
function doctored(trace: Trace, at: number, field: keyof Result, value: unknown): Trace {
  const results = trace.results.map((result, i) => (i === at ? { ...result, [field]: value } : result));
  return { ...trace, results };
}

/** The first answer that has the field, of a trace whose ops are all supported up to there; undefined: there is none yet. */
function findField(field: keyof Result): { trace: Trace; at: number } | undefined {
  for (const trace of sample) {
    const at = trace.results.findIndex((result) => result[field] !== undefined);
    if (at >= 0 && trace.ops.slice(0, at + 1).every((op) => whyUnsupported(op) === null)) return { trace, at };
  }
  return undefined;
}

const seen = fieldsOf(LEVEL_MAX).filter((field) => findField(field) !== undefined);

it('nearly every field is among the answers that are compared', () => {
  const always = fieldsOf(LEVEL_MAX).filter((field) => !['killed', 'wsig'].includes(field));
  expect(seen).toEqual(expect.arrayContaining(always));
});

it.for(seen)('a recording with another `%s` is noticed, where it is', (field) => {
  const { trace, at } = findField(field)!;
  const other = doctored(trace, at, field, field === 'maps' || field === 'pt' ? { P9: [] } : 'another');
  const { failure } = replayTrace(other, LEVEL_MAX);
  expect([failure?.at, failure?.found.map(({ path }) => path.split(/[.[]/)[0])]).toEqual([at, [field]]);
});

it.for([1, 2, 3, 4, 5])('below its level a difference does not count: level %i', (level) => {
  const [field] = fieldsOf(level + 1).filter((name) => !fieldsOf(level).includes(name));
  const { trace, at } = findField(field!)!;
  const other = doctored(trace, at, field!, { P9: [] });
  expect(replayTrace(other, level).failure).toBeNull();
  expect(replayTrace(other, level + 1).failure).not.toBeNull();
});

it('an answer that Linux leaves open is not compared', () => {
  const { trace, at } = findField('min')!;
  const open = doctored(doctored(trace, at, 'min', 99), at, 'nd', ['min']);
  expect(replayTrace(open, LEVEL_MAX).failure).toBeNull();
});

it('a trace is compared up to the first op that cannot be replayed', () => {
  const trace = sample.find(({ ops }) => ops.every((op) => whyUnsupported(op) === null))!;
  const cut = { ...trace, ops: [...trace.ops.slice(0, 3), { op: 'teleport' }, ...trace.ops.slice(4)] };
  expect(replayTrace(cut, LEVEL_MAX)).toMatchObject({
    compared: 3,
    failure: null,
    stopped: { at: 3, why: 'teleport' },
  });
  const wrong = doctored(cut, 1, 'min', 99);
  expect(replayTrace(wrong, LEVEL_MAX)).toMatchObject({ compared: 2, failure: { at: 1 }, stopped: null });
});
