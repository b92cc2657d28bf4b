import { describe, expect, test } from 'vitest';
import { POLICY_NAMES } from '../../src/kernel/reclaim/policy.ts';
import { createPolicy, POLICIES } from '../../src/kernel/reclaim/registry.ts';
import { InputError } from '../../src/mmu/input-error.ts';
import { Random } from '../../src/mmu/random.ts';
import { describeReplacementPolicy } from './describe-replacement-policy.ts';

describeReplacementPolicy('fifo', {
  except: [{ rule: 'more frames never fault more', reason: 'Belady’s anomaly' }],
});
describeReplacementPolicy('lru');
describeReplacementPolicy('mru');
describeReplacementPolicy('lifo');
describeReplacementPolicy('random', {
  except: [
    { rule: 'more frames never fault more', reason: 'the lots fall differently' },
    { rule: 'agrees with the naive model', reason: 'no model draws the same lots' },
    { rule: 'the seed does not matter', reason: 'the lots are drawn from it' },
    { rule: 'order tells who leaves', reason: 'the lots are not drawn yet' },
  ],
});
describeReplacementPolicy('opt', {
  except: [{ rule: 'a copy goes on as the original does', reason: 'no machine has it, so none copies it' }],
});
describeReplacementPolicy('clock', {
  except: [{ rule: 'more frames never fault more', reason: 'with every bit set it is FIFO, anomaly included' }],
});
describeReplacementPolicy('gclock', {
  except: [{ rule: 'more frames never fault more', reason: 'with every counter equal it is FIFO, anomaly included' }],
});
describeReplacementPolicy('second-chance', {
  except: [{ rule: 'more frames never fault more', reason: 'with every bit set it is FIFO, anomaly included' }],
});
describeReplacementPolicy('enhanced-second-chance', {
  except: [{ rule: 'more frames never fault more', reason: 'with every bit set it is FIFO, anomaly included' }],
});
describeReplacementPolicy('nru', {
  except: [{ rule: 'more frames never fault more', reason: 'within a class it is FIFO, anomaly included' }],
});
describeReplacementPolicy('nfu', {
  except: [{ rule: 'more frames never fault more', reason: 'among equal counters it is FIFO, anomaly included' }],
});
describeReplacementPolicy('aging', {
  except: [{ rule: 'more frames never fault more', reason: 'among equal counters it is FIFO, anomaly included' }],
});
describeReplacementPolicy('lfu', {
  except: [{ rule: 'more frames never fault more', reason: 'a page that left starts counting anew' }],
});
describeReplacementPolicy('working-set', {
  except: [
    { rule: 'room for every page leaves only cold misses', reason: 'it gives memory back that nobody asks for' },
    { rule: 'the books balance', reason: 'pages leave though there is room' },
  ],
});
describeReplacementPolicy('wsclock', {
  except: [
    { rule: 'more frames never fault more', reason: 'with every bit set it is FIFO, anomaly included' },
    { rule: 'order tells who leaves', reason: 'it depends on the time until then' },
  ],
});
describeReplacementPolicy('pff', {
  except: [
    { rule: 'room for every page leaves only cold misses', reason: 'it gives memory back that nobody asks for' },
    { rule: 'the books balance', reason: 'pages leave though there is room' },
    { rule: 'more frames never fault more', reason: 'the time between faults changes with the frames' },
  ],
});
describeReplacementPolicy('2q', {
  except: [
    { rule: 'more frames never fault more', reason: 'parts of the memory grow, and the border between them shifts' },
  ],
});
describeReplacementPolicy('arc', {
  except: [
    { rule: 'more frames never fault more', reason: 'parts of the memory grow, and the border between them shifts' },
  ],
});
describeReplacementPolicy('car', {
  except: [
    { rule: 'more frames never fault more', reason: 'parts of the memory grow, and the border between them shifts' },
  ],
});
describeReplacementPolicy('lirs', {
  except: [
    { rule: 'more frames never fault more', reason: 'parts of the memory grow, and the border between them shifts' },
  ],
});
describeReplacementPolicy('sieve', {
  except: [{ rule: 'more frames never fault more', reason: 'with no page visited it is FIFO, anomaly included' }],
});
describeReplacementPolicy('s3-fifo', {
  except: [
    { rule: 'more frames never fault more', reason: 'parts of the memory grow, and the border between them shifts' },
  ],
});
describeReplacementPolicy('linux', {
  except: [
    { rule: 'more frames never fault more', reason: 'with no page used again it is FIFO, anomaly included' },
    { rule: 'order tells who leaves', reason: 'how much of which list is looked at depends on their lengths then' },
  ],
});
describeReplacementPolicy('mglru', {
  except: [
    { rule: 'more frames never fault more', reason: 'with no page used again it is FIFO, anomaly included' },
    { rule: 'order tells who leaves', reason: 'the bits are looked at when the generations run out' },
  ],
});

const references = { testAndClear: () => false, peek: () => false };
const codeOf = (action: () => unknown): string => {
  try {
    action();
  } catch (error) {
    if (error instanceof InputError) return `${error.code} ${error.hint}`;
    throw error;
  }
  return 'none';
};

describe('the registry', () => {
  test('has an entry for every name', () => {
    expect(Object.keys(POLICIES)).toEqual([...POLICY_NAMES]);
  });

  test('an unknown name is the person’s mistake, answered with the names there are', () => {
    const context = { slots: 4, references, random: new Random(1) };
    expect(codeOf(() => createPolicy('clok', context))).toMatch(/^MEM-POL-001 .*clock/);
    expect(codeOf(() => createPolicy('toString', context))).toMatch(/^MEM-POL-001/);
  });

  test('opt cannot run a machine whose future nobody knows', () => {
    expect(codeOf(() => createPolicy('opt', { slots: 4, references, random: new Random(1) }))).toMatch(/^MEM-POL-002/);
  });
});

describe('clock', () => {
  test('the hand can start elsewhere than at the page loaded first', () => {
    const context = { slots: 4, references, random: new Random(1), options: { handStart: 2 } };
    const clock = createPolicy('clock', context);
    for (let slot = 0; slot < 4; slot++) clock.admit(slot, slot);
    expect(clock.hand()).toBe(2);
    expect(clock.order()).toEqual([2, 3, 0, 1]);
    expect(clock.victim()).toBe(2);
  });

  test('asked twice, it names the same page: the hand moves when the page has left', () => {
    const clock = createPolicy('clock', { slots: 4, references, random: new Random(1) });
    for (let slot = 0; slot < 3; slot++) clock.admit(slot, slot);
    expect([clock.victim(), clock.victim()]).toEqual([0, 0]);
    clock.remove(0);
    expect(clock.hand()).toBe(1);
  });
});

test.for(['random', 'opt'])('%s: what was skipped is a candidate again once something has left', (name) => {
  // Slot 5 is never used again, so opt would take it first; slots 0 … 4 at the positions of their numbers.
  const future = { length: 5, nextUse: (slot: number) => slot, slotAt: (position: number) => position };
  const policy = createPolicy(name, { slots: 6, references, random: new Random(11), future });
  for (let slot = 0; slot < 6; slot++) policy.admit(slot, slot);
  policy.skip(5);
  policy.skip(4);
  for (let ask = 0; ask < 100; ask++) expect(policy.victim()).toBeLessThan(4);
  policy.remove(0);
  expect(policy.order().slice(0, 2)).toEqual(name === 'opt' ? [5, 4] : [1, 2]);
  const drawn = new Set(Array.from({ length: 200 }, () => policy.victim()));
  expect([...drawn].sort()).toEqual(name === 'opt' ? [5] : [1, 2, 3, 4, 5]);
});

test('random draws every page about as often as any other', () => {
  const policy = createPolicy('random', { slots: 8, references, random: new Random(42) });
  for (let slot = 0; slot < 8; slot++) policy.admit(slot, slot);
  const drawn = new Array<number>(8).fill(0);
  for (let draw = 0; draw < 8000; draw++) drawn[policy.victim()]!++;
  // Chi-squared with 7 degrees of freedom: 24.3 is exceeded once in a thousand seeds; this seed is fixed.
  const chiSquared = drawn.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  expect(chiSquared).toBeLessThan(24.3);
});
