import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, literal, parseExpression, SIZE_UNITS, toAddress } from '../../src/scenario/expression.ts';
import { ScalarProblem } from '../../src/scenario/scalar-problem.ts';

/** Expressions with their exact value by bigint arithmetic: the naive model. */
interface Sample {
  readonly text: string;
  readonly value: bigint;
}

const SYMBOLS: Readonly<Record<string, number>> = { buf: 0x4000_0000, i: 7, a_2: 4096 };
const lookup = (name: string) => SYMBOLS[name];

const number = fc.oneof(
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((value): Sample => ({ text: value.toString(), value })),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }).map((value): Sample => ({ text: `0x${value.toString(16)}`, value })),
  fc
    .nat(1000)
    .chain((count) =>
      fc
        .constantFrom(...Object.entries(SIZE_UNITS))
        .map(([unit, bytes]): Sample => ({ text: `${count}${unit}`, value: BigInt(count) * BigInt(bytes) })),
    ),
);
const name = fc
  .constantFrom(...Object.entries(SYMBOLS))
  .map(([text, value]): Sample => ({ text, value: BigInt(value) }));
const { expression } = fc.letrec<{ expression: Sample; factor: Sample }>((tie) => ({
  factor: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    number,
    name,
    tie('factor').map(({ text, value }): Sample => ({ text: `-${text}`, value: -value })),
    tie('expression').map(({ text, value }): Sample => ({ text: `( ${text})`, value })),
  ),
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('factor'),
    fc.tuple(tie('factor'), fc.constantFrom('+', '-', '*'), tie('factor')).map(([left, operator, right]): Sample => {
      const value =
        operator === '+'
          ? left.value + right.value
          : operator === '-'
            ? left.value - right.value
            : left.value * right.value;
      return { text: `${left.text} ${operator} ${right.text}`, value };
    }),
  ),
}));

describe('expressions', () => {
  it('agree with exact arithmetic', () => {
    fc.assert(
      fc.property(expression, ({ text, value }) => {
        expect(BigInt(evaluate(parseExpression(text).root, lookup))).toBe(value);
      }),
    );
  });

  it('multiply before they add, and subtract from the left', () => {
    fc.assert(
      fc.property(fc.nat(9999), fc.nat(9999), fc.nat(9999), (a, b, c) => {
        expect(parseExpression(`${a}-${b}-${c}`).constant).toBe(a - b - c);
        expect(parseExpression(`${a}+${b}*${c}`).constant).toBe(a + b * c);
        expect(parseExpression(`(${a}-${b})*${c}`).constant).toBe((a - b) * c + 0);
      }),
    );
  });

  it('are numbers while exact and bigints beyond', () => {
    expect(parseExpression('0x1fffffffffffff').constant).toBe(Number.MAX_SAFE_INTEGER);
    expect(parseExpression('0x20000000000001').constant).toBe(0x20000000000001n);
    expect(parseExpression('0xffff800000000000').constant).toBe(0xffff800000000000n);
    expect(parseExpression('0x20000000000001 - 2').constant).toBe(Number.MAX_SAFE_INTEGER);
  });

  it('wrap around at 64 bits as addresses', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(1n << 80n), max: 1n << 80n }), (value) => {
        expect(BigInt(toAddress(value))).toBe(BigInt.asUintN(64, value));
      }),
    );
  });

  it('keep the names they use, with their places', () => {
    const { names, constant } = parseExpression('buf + i*4KiB');
    expect(names).toEqual([
      { name: 'buf', offset: 0 },
      { name: 'i', offset: 6 },
    ]);
    expect(constant).toBeNull();
  });

  it('parse or throw a ScalarProblem, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'0x1fKiB+-*() bu_.') })), (text) => {
        try {
          parseExpression(text);
        } catch (problem) {
          expect(problem).toBeInstanceOf(ScalarProblem);
          const { offset = 0 } = (problem as ScalarProblem).details;
          expect(offset).toBeLessThanOrEqual(text.length);
        }
      }),
    );
  });

  it('refuse to nest without end', () => {
    expect(() => parseExpression('('.repeat(100_000))).toThrow(/nested too deeply/);
    expect(() => parseExpression(`${'-'.repeat(100_000)}1`)).toThrow(/nested too deeply/);
  });
});

describe.for([
  ['0x', 'MEM-SCN-013', 1],
  ['12abc', 'MEM-SCN-013', 2],
  ['4KB', 'MEM-SCN-013', 1],
  ['', 'MEM-SCN-014', 0],
  ['1 2', 'MEM-SCN-014', 2],
  ['(1', 'MEM-SCN-014', 2],
  ['1+', 'MEM-SCN-014', 2],
  ['a//b', 'MEM-SCN-014', 1],
  ['0x10000000000000000', 'MEM-SCN-015', 0],
  ['16777216TiB', 'MEM-SCN-015', 0],
] as const)('%s', ([text, code, offset]) => {
  it(`is ${code} at ${offset}`, () => {
    expect(() => parseExpression(text)).toThrow(ScalarProblem);
    try {
      parseExpression(text);
    } catch (problem) {
      expect((problem as ScalarProblem).details).toMatchObject({ code, offset });
    }
  });
});

it('literals of the file are checked as constants are', () => {
  expect(literal(0xffffffffffffffffn).constant).toBe(0xffffffffffffffffn);
  expect(literal(-(1n << 63n)).constant).toBe(-(1n << 63n));
  expect(() => literal(1n << 64n)).toThrow(ScalarProblem);
});
