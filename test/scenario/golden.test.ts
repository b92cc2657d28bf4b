import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/mmu/input-error.ts';
import { compareGolden, goldenFileOf, goldenRecord, goldenText, parseGolden } from '../../src/scenario/golden.ts';
import { runScenarioText } from '../../src/scenario/run.ts';

const file = (value: number): string => `version: 1
name: golden
machine: { memory: 1MiB }
steps:
  - { do: mmap, as: buf, length: 8KiB }
  - { do: for, var: i, in: [1, 2], steps: [{ do: store, at: buf+i*4, value: ${value} }] }
  - { do: load, at: buf+4 }
  - { do: munmap, at: 1, length: 1 }
  - { do: load, at: 0 }
`;
const record = (value: number) => goldenRecord(runScenarioText(file(value)));

describe('golden records', () => {
  it('hold a line for each step, and the counters that are not 0', () => {
    const { steps, counters, stepsRun } = record(7);
    expect(stepsRun).toBe(6);
    expect(steps[1]).toMatch(
      /^2 store buf\+i\*4 = 7 \[i=1\] → ok; demand-zero at 0x[0-9a-f]+; accesses 1, demandZeroFaults 1, /,
    );
    expect(steps[3]).toMatch(/^4 load buf\+4 → value 07 00 00 00; /);
    expect(steps[4]).toMatch(/^5 munmap 1 1 → EINVAL; syscalls 1$/);
    expect(steps[5]).toMatch(/^6 load 0 → SIGSEGV SEGV_MAPERR at 0x0; /);
    expect(counters).toMatchObject({ stores: 2, demandZeroFaults: 1 });
    expect(Object.values(counters)).not.toContain(0);
  });

  it('survive being written and read, and equal the same run again', () => {
    const text = goldenText(record(7));
    expect(text.endsWith('}\n')).toBe(true);
    expect(compareGolden(parseGolden(text, 'x'), record(7))).toEqual([]);
  });

  it('tell what differs', () => {
    const differences = compareGolden(record(7), record(8));
    expect(differences.map(({ what }) => what)).toEqual(['step 2', 'step 3', 'step 4']);
    expect(differences[2]?.actual).toContain('value 08 00 00 00');
    expect(compareGolden(record(7), { ...record(7), seed: 5, counters: {} }).map(({ what }) => what)).toContain(
      'counters.stores',
    );
  });

  it.for(['', '{}', '[]', '{"golden":2,"steps":[],"counters":{}}'])('%j is none', (text) => {
    expect(() => parseGolden(text, 'a.golden.json')).toThrow(InputError);
  });

  it('stand beside their scenario', () => {
    expect(goldenFileOf('scenarios/a.yaml')).toBe('scenarios/a.golden.json');
    expect(goldenFileOf('b.YML')).toBe('b.golden.json');
  });
});
