/** What counts as a difference, at which level, and where it is found: recordings with one answer replaced. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { fieldsOf, LEVEL_MAX } from '../../../src/conform/linux/compare.ts';
import { whyUnsupported } from '../../../src/conform/linux/ops/registry.ts';
import type { Result, Trace } from '../../../src/conform/linux/recording.ts';
import { replayTrace } from '../../../src/conform/linux/replay-trace.ts';
import { familiesIn, SAMPLE_FOLDER, tracesOf } from './recordings.ts';

/** Those without an op that cannot be replayed. The longest are left out: they are replayed elsewhere. */
const sample = familiesIn(SAMPLE_FOLDER)
  .filter((family) => !['long', 'matrix'].includes(family))
  .flatMap((family) => tracesOf(SAMPLE_FOLDER, family))
  .filter(({ ops }) => ops.every((op) => whyUnsupported(op) === null));

/** The recording with one field of one answer replaced, or without it. */
function doctored(trace: Trace, at: number, field: string, value: unknown): Trace {
  const results = trace.results.map((result, index) => {
    if (index !== at) return result;
    const others = Object.entries(result).filter(([name]) => name !== field);
    return Object.fromEntries(value === undefined ? others : [...others, [field, value]]);
  });
  return { ...trace, results };
}

function findField(field: keyof Result): { trace: Trace; at: number } | undefined {
  for (const trace of sample) {
    const at = trace.results.findIndex((result) => result[field] !== undefined);
    if (at >= 0) return { trace, at };
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

interface Verdict {
  readonly trace: string;
  readonly at: number;
  readonly field: string;
  /** Null: the field is taken away. */
  readonly value: unknown;
  /** Levels at which the recordings' own compare.py says that the two differ. */
  readonly flagged: readonly number[];
}

const VERDICTS = JSON.parse(
  readFileSync(fileURLToPath(new URL('../../fixtures/linux/compare-verdicts.json', import.meta.url)), 'utf8'),
) as readonly Verdict[];

describe('compare.py of the recordings says the same', () => {
  const verdicts = VERDICTS.map((verdict) => [`${verdict.trace} op ${verdict.at} ${verdict.field}`, verdict] as const);

  it.for(verdicts)('%s', ([, { trace: name, at, field, value, flagged }]) => {
    const trace = sample.find((one) => one.trace === name)!;
    const other = doctored(trace, at, field, value ?? undefined);
    // A level has the fields of those below it, so the levels flagged are the upper ones.
    const [least = LEVEL_MAX + 1] = flagged;
    expect(flagged).toEqual(Array.from({ length: LEVEL_MAX + 1 - least }, (_, index) => least + index));
    if (least > 1) expect(replayTrace(other, least - 1).failure).toBeNull();
    if (least <= LEVEL_MAX) expect(replayTrace(other, least).failure?.at).toBe(at);
  });

  it('of differences at every level, and of changes that are none', () => {
    expect(new Set(VERDICTS.map(({ flagged }) => flagged[0]))).toEqual(new Set([1, 2, 3, 4, 5, 6, undefined]));
  });
});

it('an answer that Linux leaves open is not compared', () => {
  const { trace, at } = findField('min')!;
  const open = doctored(doctored(trace, at, 'min', 99), at, 'nd', ['min']);
  expect(replayTrace(open, LEVEL_MAX).failure).toBeNull();
});

it('a trace is compared up to the first op that cannot be replayed', () => {
  const trace = sample[0]!;
  const cut = { ...trace, ops: [...trace.ops.slice(0, 3), { op: 'teleport' }, ...trace.ops.slice(4)] };
  expect(replayTrace(cut, LEVEL_MAX)).toMatchObject({
    compared: 3,
    failure: null,
    stopped: { at: 3, why: 'teleport' },
  });
  const wrong = doctored(cut, 1, 'min', 99);
  expect(replayTrace(wrong, LEVEL_MAX)).toMatchObject({ compared: 2, failure: { at: 1 }, stopped: null });
});

it('the state before the first op is compared as far as it is told', () => {
  const { base, ...rest } = sample[0]!;
  expect(replayTrace(rest, LEVEL_MAX).failure).toBeNull();
  const { maps = {}, ...others } = base!;
  expect(replayTrace({ ...rest, base: others }, LEVEL_MAX).failure).toBeNull();
  const wrong = { ...rest, base: { maps: { ...maps, P0: [] } } };
  expect(replayTrace(wrong, LEVEL_MAX).failure).toMatchObject({ at: -1, op: null });
  // Maps are compared from level 4 on.
  expect(replayTrace(wrong, 3).failure).toBeNull();
});
