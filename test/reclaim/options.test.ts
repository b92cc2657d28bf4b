import { describe, expect, test } from 'vitest';
import {
  checkReplacementOptions,
  parseReplacementOption,
  REPLACEMENT_OPTIONS,
} from '../../src/kernel/reclaim/option-table.ts';
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import { POLICIES } from '../../src/kernel/reclaim/registry.ts';
import { InputError } from '../../src/mmu/input-error.ts';
import { Replay } from '../../src/trace/replay.ts';

const refused = (action: () => unknown): InputError => {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
};

describe('the table of options', () => {
  test('every option belongs to policies there are', () => {
    for (const entry of Object.values(REPLACEMENT_OPTIONS)) {
      expect(entry.policies.length).toBeGreaterThan(0);
      for (const policy of entry.policies) expect(Object.keys(POLICIES)).toContain(policy);
    }
  });

  test.for([
    [{ counterBits: 0 }, 'a whole number from 1 to 30'],
    [{ counterBits: 1.5 }, 'a whole number from 1 to 30'],
    [{ inPart: -0.1 }, 'a number from 0 to 1'],
    [{ inPart: Number.NaN }, 'a number from 0 to 1'],
    [{ lfuTies: 'newest' }, 'one of longest-at-count'],
    [{ lfuKeepsCounts: 1 }, 'true or false'],
    [{ windows: 3 }, 'window'],
    [{ toString: 3 }, ''],
  ] as const)('%o is refused', ([options, hint]) => {
    const error = refused(() => checkReplacementOptions(options as ReplacementOptions));
    expect(error.code).toBe('MEM-POL-003');
    expect(error.hint).toContain(hint);
  });

  test('options as they are typed', () => {
    expect(parseReplacementOption('window=50')).toEqual({ window: 50 });
    expect(parseReplacementOption('inPart=0.5')).toEqual({ inPart: 0.5 });
    expect(parseReplacementOption('lfuKeepsCounts')).toEqual({ lfuKeepsCounts: true });
    expect(parseReplacementOption('referenceOnLoad=false')).toEqual({ referenceOnLoad: false });
    expect(parseReplacementOption('lirsVariant=libcachesim')).toEqual({ lirsVariant: 'libcachesim' });
    for (const text of ['window=', 'window=ten', 'window', 'referenceOnLoad=no', 'tau=4', '']) {
      expect(refused(() => parseReplacementOption(text)).code).toBe('MEM-POL-003');
    }
  });
});

describe('libCacheSim’s variant of lirs', () => {
  const options = { lirsVariant: 'libcachesim' } as const;

  test('needs a second frame', () => {
    expect(refused(() => new Replay({ policy: 'lirs', frames: 1, options })).code).toBe('MEM-POL-003');
  });

  test('does not tell victims, so neither write-backs', () => {
    expect(refused(() => new Replay({ policy: 'lirs', frames: 8, options, writeBacks: true })).code).toBe(
      'MEM-POL-004',
    );
  });

  test('exists as a loop only', () => {
    const error = refused(() => new Replay({ policy: 'lirs', frames: 8, options, withoutLoop: true }));
    expect(error.message).toContain('evicts pages on hits');
  });
});
