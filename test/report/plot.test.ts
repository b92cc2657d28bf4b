import { describe, expect, it } from 'vitest';
import { plotLines } from '../../src/report/plot.ts';
import { PLAIN, visibleWidth } from '../../src/report/style.ts';

const small = { ...PLAIN, width: 20 };

describe('a plot in the terminal', () => {
  it('one curve fills what is under it, to an eighth of a line', () => {
    const lines = plotLines(
      [
        {
          name: 'a',
          points: [
            [1, 8],
            [13, 0],
          ],
        },
      ],
      small,
      { height: 2, xLabel: 'frames' },
    );
    expect(lines).toEqual([
      '   8 ┤█▇▅▄▃▁',
      '   4 ┤███████▇▅▄▃▁',
      '   0 ┼─────────────',
      '      1     7    13',
      '      frames',
    ]);
  });

  it('several have a block character each; where they meet, the first is seen', () => {
    const lines = plotLines(
      [
        {
          name: 'high',
          points: [
            [1, 10],
            [100, 10],
          ],
        },
        {
          name: 'both',
          points: [
            [1, 10],
            [100, 0],
          ],
        },
      ],
      small,
      { height: 3, logX: true },
    );
    expect(lines[0]).toBe('   █ high   ░ both');
    expect(lines[1]).toMatch(/10 ┤█+$/);
    expect(lines[2]).toMatch(/6 ┤ +░+$/);
    expect(lines[3]).toMatch(/4 ┤ +░+$/);
    expect(lines[5]).toMatch(/^ +1 +10 +100$/);
  });

  it('in powers equal ratios take equal room', () => {
    const half = (logX: boolean): number =>
      plotLines(
        [
          {
            name: 'a',
            points: [
              [1, 1],
              [100, 1],
              [101, 0],
              [10_000, 0],
            ],
          },
        ],
        PLAIN,
        { height: 1, logX },
      )[0]!.split('█').length;
    expect(half(true)).toBeGreaterThan(30);
    expect(half(false)).toBeLessThan(5);
  });

  it('stays within the width, whatever it shows', () => {
    for (const width of [60, 80, 100]) {
      const series = [
        {
          name: 'a',
          points: [
            [1, 1e9],
            [1e9, 3],
          ] as const,
        },
      ];
      for (const line of plotLines(series, { color: true, width }, { logX: true }))
        expect(visibleWidth(line)).toBeLessThanOrEqual(width);
    }
  });

  it('one point, zeros, nothing', () => {
    expect(plotLines([{ name: 'a', points: [[5, 0]] }], small, { height: 1 })).toEqual([
      '   1 ┤',
      '   0 ┼─────────────',
      '      5',
    ]);
    expect(plotLines([{ name: 'a', points: [] }], small)).toEqual([]);
  });
});
