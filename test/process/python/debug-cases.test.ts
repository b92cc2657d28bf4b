/**
 * Every recorded debug-hook case: 675 short programs that real CPython 3.11.7, 3.8.18 and 3.7.16 ran, with what they were given,
 * what they read, what stood on standard error and how they ended.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import {
  type DebugCase,
  type DebugCaseResult,
  profileOfRelease,
  replayDebugCase,
} from '../../../src/conform/cpython/debug-hook-cases.ts';

interface RecordedCase {
  readonly case: string;
  readonly python: string;
  readonly debug_hooks: boolean;
  readonly ops: readonly string[];
  readonly out: readonly string[];
  readonly stderr: string;
  readonly returncode: number;
}

const FILE = new URL('../../fixtures/cpython/debug-hooks.json.gz', import.meta.url);
const recording = JSON.parse(gunzipSync(readFileSync(FILE)).toString('utf8')) as { cases: readonly RecordedCase[] };
const CASES: readonly DebugCase[] = recording.cases.map((item) => ({
  name: item.case,
  python: item.python,
  debugHooks: item.debug_hooks,
  ops: item.ops,
  out: item.out,
  stderr: item.stderr,
  returnCode: item.returncode,
}));

function replay(recorded: DebugCase): DebugCaseResult {
  return replayDebugCase(recorded, profileOfRelease(recorded.python)!);
}

describe('recorded debug-hook cases', () => {
  it('are all there', () => {
    expect(CASES.length).toBe(675);
    expect(CASES.filter(({ returnCode }) => returnCode === -6).length).toBe(221);
    expect(CASES.filter(({ returnCode }) => returnCode === -11 || returnCode === -7).length).toBe(9);
  });

  for (const python of new Set(CASES.map((recorded) => recorded.python))) {
    for (const debugHooks of [true, false]) {
      it(`go as recorded on ${python} ${debugHooks ? 'with' : 'without'} the hooks`, () => {
        const cases = CASES.filter((recorded) => recorded.python === python && recorded.debugHooks === debugHooks);
        const failures = cases.flatMap((recorded) => {
          const { passed, divergence } = replay(recorded);
          return passed ? [] : [{ name: recorded.name, ...divergence }];
        });
        expect(failures).toEqual([]);
        expect(cases.length).toBeGreaterThan(0);
      });
    }
  }
});

describe('a case that was not recorded', () => {
  const base = CASES.find(
    ({ name, python, debugHooks }) => name === 'api_free_r_m' && python === '3.8.18' && debugHooks,
  )!;

  it('fails at the first answer that differs', () => {
    expect(replay({ ...base, out: ['@0x300000000030', 'W'] }).divergence).toEqual({
      where: 'out',
      op: 1,
      expected: '@0x300000000030',
      actual: '@0x300000000020',
    });
    expect(replay({ ...base, out: [...base.out, 'F'] }).divergence).toEqual({
      where: 'out',
      op: 3,
      expected: 'F',
      actual: 'no answer',
    });
  });

  it('fails at the first line of standard error that differs', () => {
    expect(replay({ ...base, stderr: base.stderr.replace('12 bytes', '13 bytes') }).divergence).toEqual({
      where: 'stderr',
      op: 3,
      expected: 'line 2:     13 bytes originally requested',
      actual: 'line 2:     12 bytes originally requested',
    });
    expect(replay({ ...base, stderr: base.stderr.slice(0, -1) }).divergence).toMatchObject({ where: 'stderr' });
  });

  it('fails at an end of another kind', () => {
    expect(replay({ ...base, returnCode: -11 }).divergence).toEqual({
      where: 'end',
      op: 3,
      expected: 'SIGSEGV',
      actual: 'SIGABRT',
    });
    expect(replay({ ...base, returnCode: 1 }).divergence).toMatchObject({ expected: 'return code 1' });
  });

  it('is refused when an op is none', () => {
    for (const op of ['m x 1 2', 'm r 1', 'f r 1 2', 'c r 1 2', 'w 1 0 4', 'p 1 0', 'm r 1 18446744073709551616', '']) {
      expect(() => replay({ ...base, ops: [op] })).toThrow('no op of a debug-hook case');
    }
  });
});

describe('a release', () => {
  it('belongs to the profile of its series, or to the one before blocks were aligned to 16 bytes', () => {
    const profileOf = (release: string): string | undefined => profileOfRelease(release)?.name;
    expect(['3.11.7', '3.8.18', '3.7.16', '3.7.4', '3.7.3', '3.6.15', '3.6.8', '3.6.0', '3.13'].map(profileOf)).toEqual(
      ['3.11', '3.8', '3.7', '3.7', '3.7.3', '3.6', '3.6.0', '3.6.0', '3.13'],
    );
    expect(profileOf('1.5.2')).toBe(undefined);
    expect(profileOf('three')).toBe(undefined);
  });
});
