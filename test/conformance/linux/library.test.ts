/** What `mmulator conform linux` does, from the library. */
import { expect, it } from 'vitest';
import { CONFORM_LEVEL_MAX, conformanceLines, conformLinux, PLAIN } from '../../../src/index.ts';
import { text, trace, withResult } from './own-trace.ts';

const replayed = (...args: Parameters<typeof conformLinux>) => {
  const replay = conformLinux(...args)!;
  expect(replay.step(Number.POSITIVE_INFINITY)).toBe(true);
  return replay.result();
};

it('replays every trace at the highest level, unless told otherwise', () => {
  const result = replayed('own.jsonl', text(trace));
  expect(result).toMatchObject({ passed: 1, failed: 0, skipped: 0, ops: 3, level: CONFORM_LEVEL_MAX });
  expect(conformanceLines(result, PLAIN)).toEqual(['✓ own.jsonl  own, 3 ops']);
  const wrong = text(withResult(2, { val: '0x701', pg: '.>A' }));
  expect(replayed('own.jsonl', wrong).divergences[0]).toMatchObject({ op: 2, expected: '"0x701"', actual: '"0x700"' });
  const flipped = text(withResult(2, { pg: '.>A' }));
  expect([1, 2].map((level) => replayed('own.jsonl', flipped, { level }).failed)).toEqual([0, 1]);
});

it('replays the traces that are meant', () => {
  const file = text(trace, { ...trace, trace: 'own-2' });
  const result = replayed('own.jsonl', file, { isMeant: (name) => name === 'own-2' });
  expect(result.cases?.map(({ name }) => name)).toEqual(['own-2']);
  expect(conformLinux('own.jsonl', file, { isMeant: () => false })).toBeNull();
});

it.each([0, 7, 1.5, Number.NaN])('there is no level %s', (level) => {
  expect(() => conformLinux('own.jsonl', text(trace), { level })).toThrow(
    expect.objectContaining({ code: 'MEM-CNF-013' }),
  );
});
