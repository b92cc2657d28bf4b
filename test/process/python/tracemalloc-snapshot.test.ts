/** The Python half of tracemalloc against what Python 3.11.7 answered (test/fixtures/cpython/tracemalloc/record.py). */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { TraceFilter } from '../../../src/process/python/tracemalloc/filter.ts';
import { matchesGlob } from '../../../src/process/python/tracemalloc/glob.ts';
import { sizeText } from '../../../src/process/python/tracemalloc/size-text.ts';
import { type PythonError, Snapshot, type Trace } from '../../../src/process/python/tracemalloc/snapshot.ts';
import type { KeyType } from '../../../src/process/python/tracemalloc/statistics.ts';
import { Traceback, type TraceFrame } from '../../../src/process/python/tracemalloc/traceback.ts';

type RawFrame = [string, number];
type RawTrace = [number, number, RawFrame[], number];
interface Recorded {
  readonly sizes: [number, string, string, string][];
  readonly globs: [string, string, boolean][];
  readonly groups: {
    readonly old: RawTrace[];
    readonly new: RawTrace[];
    readonly statistics: [KeyType, boolean, unknown[]][];
    readonly differences: [KeyType, boolean, unknown[]][];
    readonly filters: [TraceFilter[], number[]][];
  }[];
  readonly formats: {
    readonly frames: RawFrame[];
    readonly text: string;
    readonly lines: [number | null, boolean, string[]][];
  };
  readonly errors: [KeyType, boolean, string, string][];
}

const FIXTURE = new URL('../../fixtures/cpython/tracemalloc/recorded-3.11.7.json', import.meta.url);
const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Recorded;

const frameOf = ([file, line]: RawFrame): TraceFrame => ({ file, line });
const rawFrame = ({ file, line }: TraceFrame): RawFrame => [file, line];

function snapshotOf(traces: readonly RawTrace[], oldestFirst = true): Snapshot {
  const made = traces.map(
    ([domain, size, frames, totalFrames]): Trace => ({ domain, size, frames: frames.map(frameOf), totalFrames }),
  );
  return new Snapshot(made, 3, oldestFirst);
}

function answered<T>(result: T[] | PythonError): T[] {
  if (!Array.isArray(result)) throw new Error(result.message);
  return result;
}

describe('as Python prints', () => {
  it('sizes, ties and signs', () => {
    for (const [size, plain, signed, negative] of recorded.sizes) {
      expect([size, sizeText(size, false), sizeText(size, true)]).toEqual([size, plain, signed]);
      if (size !== 0) expect([size, sizeText(-size, true)]).toEqual([size, negative]);
    }
    expect(recorded.sizes.length).toBeGreaterThan(200);
  });

  it('tracebacks, with the source lines that are known', () => {
    const { frames, text, lines } = recorded.formats;
    const traceback = new Traceback(frames.map(frameOf).toReversed(), 4);
    expect(traceback.text).toBe(text);
    const code = ['first', '  second = 2  ', ''];
    const source = (file: string, line: number): string | undefined => (file === 'app.py' ? code[line - 1] : undefined);
    for (const [limit, mostRecentFirst, expected] of lines) {
      expect(traceback.format({ limit: limit ?? undefined, mostRecentFirst, source })).toEqual(expected);
    }
    expect(traceback.format({ limit: 1 })).toEqual(['  File "app.py", line 1']);
  });
});

describe('patterns', () => {
  it('match what fnmatch matches', () => {
    const wrong = recorded.globs.filter(([text, pattern, matched]) => matchesGlob(text, pattern) !== matched);
    expect(wrong).toEqual([]);
    expect(recorded.globs.filter(([, , matched]) => matched).length).toBeGreaterThan(50);
  });
});

describe.each(recorded.groups)('a snapshot of $new.length traces', ({ old, new: newer, ...expected }) => {
  const before = snapshotOf(old);
  const after = snapshotOf(newer);

  it.each(expected.statistics)('has the statistics by %s, cumulative %s', (keyType, cumulative, wanted) => {
    const statistics = answered(after.statistics(keyType, cumulative));
    const rows = statistics.map(({ text, size, count, traceback }) => [
      text,
      size,
      count,
      traceback.frames.map(rawFrame),
    ]);
    expect(rows).toEqual(wanted);
  });

  it.each(expected.differences)('compares by %s, cumulative %s', (keyType, cumulative, wanted) => {
    const differences = answered(after.compareTo(before, keyType, cumulative));
    const rows = differences.map((difference) => {
      const { text, size, sizeDiff, count, countDiff, traceback } = difference;
      return [text, size, sizeDiff, count, countDiff, traceback.frames.map(rawFrame)];
    });
    expect(rows).toEqual(wanted);
  });

  it('is filtered alike', () => {
    for (const [filters, kept] of expected.filters) {
      const filtered = after.filterTraces(filters).traces.map((trace) => after.traces.indexOf(trace));
      expect({ filters, kept: filtered }).toEqual({ filters, kept });
    }
  });
});

describe('key types', () => {
  it.each(recorded.errors)('%s, cumulative %s is refused', (keyType, cumulative, error, message) => {
    const snapshot = snapshotOf([]);
    expect(snapshot.statistics(keyType, cumulative)).toEqual({ error, message });
    expect(snapshot.compareTo(snapshot, keyType, cumulative)).toEqual({ error, message });
  });
});

describe('before 3.7', () => {
  it('lists the most recent frame first', () => {
    const snapshot = snapshotOf(
      [
        [
          0,
          8,
          [
            ['inner.py', 2],
            ['outer.py', 1],
          ],
          2,
        ],
      ],
      false,
    );
    expect(answered(snapshot.statistics('traceback')).map(({ text }) => text)).toEqual([
      'inner.py:2: size=8 B, count=1, average=8 B',
    ]);
    expect(snapshot.tracebackOf(snapshot.traces[0]!).frames.map(rawFrame)).toEqual([
      ['inner.py', 2],
      ['outer.py', 1],
    ]);
  });
});
