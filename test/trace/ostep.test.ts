import { describe, expect, test } from 'vitest';
import { ostepReferences, PythonRandom } from '../../src/trace/ostep.ts';

describe('Python’s random numbers', () => {
  // From `python3 -c "import random; random.seed(S); print(random.random(), …)"`, CPython 3.11.
  test.for([
    [0, [0.8444218515250481, 0.7579544029403025, 0.420571580830845]],
    [1, [0.13436424411240122, 0.8474337369372327, 0.763774618976614]],
    [-1, [0.13436424411240122, 0.8474337369372327, 0.763774618976614]],
  ] as const)('seed %d', ([seed, expected]) => {
    const random = new PythonRandom(seed);
    expect(expected.map(() => random.random())).toEqual(expected);
  });

  test('a seed beyond 32 bits counts whole', () => {
    // random.seed(2**40 + 5); [int(10 * random.random()) for _ in range(10)]
    expect(ostepReferences({ seed: 2 ** 40 + 5 })).toEqual([5, 2, 9, 5, 8, 7, 9, 8, 1, 7]);
  });

  test('the state is renewed after 624 words', () => {
    // random.seed(0); [random.random() for _ in range(1000)][-1]
    const random = new PythonRandom(0);
    for (let draw = 0; draw < 999; draw++) random.random();
    expect(random.random()).toBe(0.4804125346981437);
  });
});

describe('paging-policy.py', () => {
  test('-s 0 -n 10', () => expect(ostepReferences({ seed: 0, count: 10 })).toEqual([8, 7, 4, 2, 5, 4, 7, 3, 4, 5]));
  test('-s 1 -n 10', () => expect(ostepReferences({ seed: 1, count: 10 })).toEqual([1, 8, 7, 2, 4, 4, 6, 7, 0, 0]));
});
