/** The addresses of OSTEP's homeworks: as its READMEs and the published exercises print them, and by Python's own numbers. */
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/mmu/input-error.ts';
import { PythonRandom } from '../../src/trace/ostep.ts';
import {
  OSTEP_PROGRAMS,
  type OstepProblem,
  type OstepProgram,
  ostepAddresses,
} from '../../src/trace/ostep-addresses.ts';

function addresses(program: OstepProgram, seed: number | bigint, count: number, problem: OstepProblem = {}): number[] {
  const next = ostepAddresses(program, seed, problem);
  return Array.from({ length: count }, next);
}

describe('what the programs print', () => {
  test.for([
    [0, {}, [430, 265, 523, 414, 802]],
    [1, {}, [782, 261, 507, 460, 667]],
  ] as const)('relocation.py -s %d', ([seed, problem, expected]) => {
    expect(addresses('ostep-relocation', seed, 5, problem)).toEqual(expected);
  });

  test('relocation.py -s 0 -n 10: the largest address is 929', () => {
    expect(Math.max(...addresses('ostep-relocation', 0, 10))).toBe(929);
  });

  test.for([
    [0, [108, 97, 53, 33, 65]],
    [1, [17, 108, 97, 32, 63]],
    [2, [122, 121, 7, 10, 106]],
  ] as const)('segmentation.py -a 128 -p 512 -b 0 -l 20 -B 512 -L 20 -s %d', ([seed, expected]) => {
    const problem = { space: 128, physical: 512, base: 0, limit: 20, base1: 512, limit1: 20 };
    expect(addresses('ostep-segmentation', seed, 5, problem)).toEqual(expected);
  });

  test('paging-linear-translate.py -s 0', () => {
    expect(addresses('ostep-linear', 0, 5)).toEqual([0x3229, 0x1369, 0x1e80, 0x2556, 0x3a1e]);
  });

  test.for([
    [25, 0x2bc6],
    [50, 0x3385],
    [50, 0x00e6],
    [50, 0x1986],
  ] as const)('paging-linear-translate.py -P 1k -a 16k -p 32k -u %d', ([used, among]) => {
    expect(addresses('ostep-linear', 0, 5, { pageBytes: 1024, space: 16384, physical: 32768, used })).toContain(among);
  });

  test('of it -u 75 and -u 100', () => {
    const expected = [0x2e0f, 0x1986, 0x34ca, 0x2ac3, 0x0012];
    for (const used of [75, 100]) {
      expect(addresses('ostep-linear', 0, 5, { pageBytes: 1024, space: 16384, physical: 32768, used })).toEqual(
        expected,
      );
    }
  });

  test.for([
    [0, [0x611c, 0x3da8, 0x17f5, 0x7f6c, 0x0bad, 0x6d60, 0x2a5b, 0x4c5e, 0x2592, 0x3e99]],
    [1, [0x6c74, 0x6b22, 0x03df, 0x69dc, 0x317a, 0x4546, 0x2c03, 0x7fd7, 0x390e, 0x748b]],
  ] as const)('paging-multilevel-translate.py -s %d', ([seed, expected]) => {
    expect(addresses('ostep-multilevel', seed, 10)).toEqual(expected);
  });
});

test('seeds of any size and sign are those of CPython', () => {
  // random.seed(S); [int(10 * random.random()) for _ in range(10)], CPython 3.11.7.
  const known: readonly (readonly [bigint, readonly number[]])[] = [
    [0n, [8, 7, 4, 2, 5, 4, 7, 3, 4, 5]],
    [1n, [1, 8, 7, 2, 4, 4, 6, 7, 0, 0]],
    [-1n, [1, 8, 7, 2, 4, 4, 6, 7, 0, 0]],
    [2147483647n, [3, 8, 1, 8, 3, 7, 1, 2, 4, 6]],
    [2147483648n, [3, 5, 8, 1, 1, 6, 3, 3, 8, 7]],
    [4294967295n, [6, 2, 6, 2, 3, 3, 6, 8, 2, 8]],
    [4294967296n, [1, 4, 0, 6, 8, 3, 5, 4, 1, 8]],
    [-4294967296n, [1, 4, 0, 6, 8, 3, 5, 4, 1, 8]],
    [9007199254740991n, [0, 2, 1, 1, 0, 4, 0, 4, 3, 7]],
    [9007199254740993n, [3, 3, 1, 1, 1, 2, 9, 2, 6, 9]],
    [9223372036854775808n, [5, 9, 2, 8, 0, 7, 5, 4, 6, 1]],
    [-18446744073709551623n, [9, 3, 7, 6, 5, 9, 4, 2, 4, 3]],
    [1000000000000000000000000000000n, [9, 5, 3, 3, 1, 4, 8, 4, 3, 7]],
    [1267650600228229401496703217721n, [4, 3, 6, 0, 1, 9, 0, 2, 9, 0]],
    [2n ** 20000n + 1n, [6, 1, 8, 4, 9, 2, 1, 5, 4, 2]],
    [-165041271959n, [0, 9, 4, 3, 6, 0, 6, 8, 1, 2]],
    [315119310078n, [2, 9, 3, 3, 0, 7, 8, 1, 6, 0]],
    [-496720876227n, [1, 8, 4, 8, 6, 5, 9, 5, 5, 4]],
    [-706875219474n, [3, 0, 3, 4, 5, 0, 0, 9, 7, 4]],
    [-807757790216n, [9, 0, 1, 3, 7, 5, 0, 3, 0, 8]],
    [603101486767n, [1, 0, 8, 3, 9, 8, 7, 7, 1, 0]],
    [165581399940n, [0, 7, 1, 1, 7, 1, 0, 2, 2, 8]],
    [540537375197n, [9, 0, 8, 6, 2, 5, 4, 0, 3, 6]],
    [-804413077158n, [2, 1, 7, 3, 6, 1, 8, 4, 8, 3]],
    [374124865314n, [5, 6, 6, 2, 3, 8, 3, 6, 9, 4]],
    [-559811915861n, [4, 3, 1, 9, 6, 7, 6, 2, 0, 0]],
    [586653859170n, [8, 9, 4, 1, 2, 8, 5, 0, 7, 1]],
  ];
  for (const [seed, expected] of known) {
    const random = new PythonRandom(seed);
    expect([seed, expected.map(() => Math.floor(10 * random.random()))]).toEqual([seed, expected]);
  }
});

describe('what the programs refuse, or look for without end', () => {
  test.for([
    ['ostep-relocation', { space: 16384, physical: 16384 }],
    ['ostep-relocation', { space: 0 }],
    ['ostep-relocation', { limit: 16384 }],
    ['ostep-relocation', { limit: 100, base: 16300 }],
    ['ostep-segmentation', { limit: 600 }],
    ['ostep-segmentation', { space: 128, physical: 130, limit: 64, limit1: 64 }],
    ['ostep-segmentation', { limit: 200, base: 100, limit1: 200, base1: 400 }],
    ['ostep-linear', { space: 3 * 4096 }],
    ['ostep-linear', { pageBytes: 3000 }],
    ['ostep-linear', { physical: 2 ** 31 }],
    ['ostep-multilevel', { allocated: 1025 }],
    ['ostep-multilevel', { allocated: 120 }],
  ] as const)('%s %o', ([program, problem]) => {
    expect(() => ostepAddresses(program, 0, problem)).toThrow(InputError);
  });
});

test('addresses lie in the space', () => {
  for (const program of OSTEP_PROGRAMS) {
    const end = { 'ostep-linear': 16384, 'ostep-multilevel': 32768 }[program as string] ?? 1024;
    for (let seed = 0; seed < 50; seed++) {
      for (const address of addresses(program, seed, 100)) expect(address >= 0 && address < end).toBe(true);
    }
  }
});
