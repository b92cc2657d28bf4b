import { describe, expect, it } from 'vitest';
import { countAxis, hitRatioPicture, ratioAxis } from '../../src/report/picture-axis.ts';
import { plotLines } from '../../src/report/plot.ts';
import { PLAIN } from '../../src/report/style.ts';

/** Hit ratios as recorded programs have them. */
const REAL = [
  { name: 'lru', points: [0.978, 0.9912, 0.9968, 0.9997].map((y, at) => [16 * 4 ** at, y] as const) },
  { name: 'opt', points: [0.985, 0.9954, 0.9989, 0.9997].map((y, at) => [16 * 4 ** at, y] as const) },
];

describe('the axis of y', () => {
  it.each([
    [[0, 5, 9], 'faults', false, 0, 10],
    [[90, 95, 99], 'faults, not from 0', false, 90, 100],
    [[40, 100], 'faults', false, 0, 100],
    [[7, 7], 'faults', false, 0, 7],
    [[0, 0], 'faults', false, 0, 1],
    [[0, 1, 50_000], 'faults', false, 0, 50_000],
    [[3, 31], 'faults, logarithmic', true, 2, 50],
    [[10, 1000, 200], 'faults, logarithmic', true, 10, 1000],
  ])('of %j is %s', (values, label, log, from, to) => {
    const axis = countAxis('faults', values);
    expect(axis).toMatchObject({ label, log, from, to });
    expect(axis.ticks[0]).toBe(from);
    expect(axis.ticks.at(-1)).toBe(to);
    expect(axis.ticks).toEqual([...axis.ticks].sort((one, other) => one - other));
  });

  it('holds all values of any size, between round ends', () => {
    for (let power = -9; power < 9; power++) {
      for (const value of [1, 1.01, 1.99, 2, 4.9, 5, 9.99].map((digits) => digits * 10 ** power)) {
        const { from, to, ticks } = countAxis('y', [value, value * 12]);
        expect(from).toBeLessThanOrEqual(value);
        expect(to).toBeGreaterThanOrEqual(value * 12);
        expect(to / from).toBeLessThan(12 * 7);
        for (const tick of ticks) expect(tick.toExponential()).toMatch(/^[125]e/);
      }
    }
  });

  it('tells ratios as percent, small ones too', () => {
    const axis = ratioAxis('miss ratio', [0.000_34, 1]);
    expect(axis.ticks.map(axis.tickText)).toEqual(['0.02 %', '0.1 %', '1 %', '10 %', '100 %']);
    expect(axis.text(0.000_345_6)).toBe('0.0346 %');
    expect(ratioAxis('hit ratio', [0.2, 0.9]).text(0.5)).toBe('50.00 %');
  });
});

describe('hit ratios', () => {
  it('that are all near 100 % are drawn as the misses they differ in', () => {
    const { axis, curves } = hitRatioPicture('TLB hit ratio', REAL);
    expect(axis).toMatchObject({ label: 'TLB miss ratio, logarithmic', from: 0.0002, to: 0.05 });
    expect(curves.map(({ points }) => points[0])).toEqual([
      [16, 0.022],
      [16, 0.015],
    ]);
    expect(curves[0]?.points[3]).toEqual([1024, 0.0003]);
  });

  it('that differ are drawn as they are; near each other, from below the least', () => {
    const far = [{ points: [[1, 0.2] as const, [2, 0.9] as const] }];
    expect(hitRatioPicture('hit ratio', far).axis).toMatchObject({ label: 'hit ratio', from: 0 });
    expect(hitRatioPicture('hit ratio', far).curves).toBe(far);
    const near = [{ points: [[1, 0.978] as const, [2, 0.993] as const] }];
    const { axis } = hitRatioPicture('hit ratio', near);
    expect(axis).toMatchObject({ label: 'hit ratio, not from 0', log: false });
    expect(axis.from).toBeGreaterThan(0.97);
    expect(axis.to).toBeLessThanOrEqual(1);
  });

  it('of no misses at all lie on a linear axis, as do single ones', () => {
    expect(hitRatioPicture('hit ratio', [{ points: [[1, 0.5] as const, [2, 1] as const] }]).axis.log).toBe(false);
    expect(hitRatioPicture('hit ratio', [{ points: [[1, 1] as const] }]).axis).toMatchObject({ from: 0, to: 1 });
  });

  it('of real programs use the whole height of the terminal’s picture, and lie apart', () => {
    const { axis, curves } = hitRatioPicture('hit ratio', REAL);
    const lines = plotLines(curves, PLAIN, { logX: true, y: axis }).slice(1, 13);
    const withMarks = lines.filter((line) => /[█░]/.test(line)).length;
    expect(withMarks).toBeGreaterThan(8);
    expect(lines.filter((line) => line.includes('█') && line.includes('░')).length).toBeGreaterThan(3);
  });
});
