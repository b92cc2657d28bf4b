/** The page of a sweep: one file, well formed, nothing from elsewhere; its script sorts. */
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { countAxis, ratioAxis } from '../../src/report/picture-axis.ts';
import { chartLegend, chartSvg } from '../../src/report/sweep-chart.ts';
import { sweepPage } from '../../src/report/sweep-page.ts';
import { PAGE_SCRIPT } from '../../src/report/sweep-page-parts.ts';
import { policyRows, resultsOf } from './sweep-rows.ts';

const LS = { lru: [100, 500, 900], arc: [120, 510, 900] };
const CHART = { title: 'ls', xLabel: 'frames', logX: true, y: countAxis('faults', [0, 1, 2]) };

/** Elements that are opened and never closed, or closed and never opened. */
function unbalanced(html: string): string[] {
  const open: string[] = [];
  const wrong: string[] = [];
  const text = html.replace(/<(style|script)>[\s\S]*?<\/\1>/g, '');
  for (const [whole, slash, name] of text.matchAll(/<(\/?)([a-z0-9]+)(?:\s[^>]*)?>/g)) {
    if (whole.endsWith('/>') || name === 'meta') continue;
    if (slash === '') open.push(name!);
    else if (open.pop() !== name) wrong.push(whole);
  }
  return [...wrong, ...open];
}

describe('the page', () => {
  const page = sweepPage(resultsOf([...policyRows('ls', LS), ...policyRows('gzip', LS)], { title: 'a & b' }));

  it('is well formed, and says what the terminal says', () => {
    expect(unbalanced(page)).toEqual([]);
    expect(page).toContain('<title>a &amp; b</title>');
    expect(page).toContain('12 cells, 2 inputs, 2 × policy, 3 × frames');
    expect(page).toMatch(/text-anchor="end">80 %<\/text>/);
    expect(page.match(/<svg viewBox="0 0 720/g)).toHaveLength(2);
    expect(page).toContain('<td class="n" data-v="0.51">51.00 %</td>');
  });

  it('needs nothing from anywhere, and tells no time', () => {
    expect(page).not.toMatch(/https?:|src=|@import|url\(|<link|\b20\d\d-\d\d/);
    expect(sweepPage(resultsOf([...policyRows('ls', LS), ...policyRows('gzip', LS)], { title: 'a & b' }))).toBe(page);
  });

  it('lets no name be markup', () => {
    const evil = sweepPage(resultsOf(policyRows('<img onerror="x">', LS), { title: '</title><script>' }));
    expect(evil).not.toContain('<img');
    expect(evil.match(/<script>/g)).toHaveLength(1);
    expect(unbalanced(evil)).toEqual([]);
  });

  it('has no pictures where there is nothing to draw', () => {
    const plain = sweepPage(resultsOf(policyRows('ls', { lru: [5] })));
    expect(plain).not.toContain('<svg');
    expect(unbalanced(plain)).toEqual([]);
  });
});

describe('the picture', () => {
  it('puts points where they belong: powers of x, y from 0 up', () => {
    const svg = chartSvg({
      ...CHART,
      y: ratioAxis('hit ratio', [0, 0.5, 1]),
      series: [
        {
          name: 'lru',
          ink: 0,
          points: [
            [1, 0],
            [4, 0.5],
            [16, 1],
          ],
        },
      ],
    });
    const dots = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map(([, x, y]) => [Number(x), Number(y)]);
    const [[x0, y0], [x1, y1], [x2, y2]] = dots as [number, number][] as [
      [number, number],
      [number, number],
      [number, number],
    ];
    expect(x1 - x0).toBeCloseTo(x2 - x1, 1);
    expect(y0 - y1).toBeCloseTo(y1 - y2, 1);
    expect([x0, y2]).toEqual([76, 12]);
    expect(svg).toContain(`d="M${x0},${y0}L${x1},${y1}L${x2},${y2}"`);
    expect(svg).toContain('<title>lru, 4 frames: 50.00 %</title>');
  });

  it('on a logarithmic axis equal ratios of y take equal room, and the axis says so', () => {
    const points = [0.5, 0.05, 0.005].map((y, at) => [2 ** at, y] as const);
    const y = ratioAxis('miss ratio', [0.5, 0.05, 0.005]);
    const svg = chartSvg({ ...CHART, y, series: [{ name: 'lru', ink: 0, points }] });
    const [high, middle, low] = [...svg.matchAll(/<circle cx="[\d.]+" cy="([\d.]+)"/g)].map(([, at]) => Number(at));
    expect(middle! - high!).toBeCloseTo(low! - middle!, 1);
    expect(svg).toContain('text-anchor="middle">miss ratio, logarithmic</text>');
    expect(svg).toContain('<title>lru, 4 frames: 0.5 %</title>');
  });

  it('draws curves that meet in different widths: none hides another', () => {
    const same = [0, 1, 2].map((ink) => ({ name: `p${ink}`, ink, points: [[1, 1] as const, [2, 2] as const] }));
    const widths = [...chartSvg({ ...CHART, series: same }).matchAll(/stroke-width: ([\d.]+)/g)].map(([, width]) =>
      Number(width),
    );
    expect(widths).toHaveLength(3);
    // What comes later lies above.
    expect(widths).toEqual([...widths].sort((one, other) => other - one));
    expect(new Set(widths).size).toBe(3);
  });

  it('stays finite with one point, and with nothing but zeros', () => {
    for (const points of [
      [[64, 0]],
      [
        [64, 0],
        [128, 0],
      ],
    ] as const) {
      for (const logX of [true, false]) {
        expect(chartSvg({ ...CHART, logX, series: [{ name: 'a', ink: 0, points }] })).not.toMatch(/NaN|Infinity/);
      }
    }
    expect(chartSvg({ ...CHART, series: [] })).toBe('');
  });

  it('dashes what comes behind the last colour', () => {
    const series = [0, 8].map((ink) => ({
      name: `p${ink}`,
      ink,
      points: [
        [1, 1],
        [2, 2],
      ] as const,
    }));
    const svg = chartSvg({ ...CHART, series });
    expect(svg.match(/class="curve ink0"/g)).toHaveLength(2);
    expect(svg.match(/stroke-dasharray/g)).toHaveLength(1);
    expect(chartLegend(series)).toMatch(/ink0"><svg[^>]*><path d="M0 5H24"\/><\/svg>p0.*stroke-dasharray="6 3"/);
  });
});

describe('sorting', () => {
  it('by numbers and words, both ways, the empty last, equal rows as they were', () => {
    const table = new FakeTable(
      ['name', 'count'],
      [
        ['b', '10'],
        ['a', '9'],
        ['c', ''],
        ['d', '10'],
      ],
    );
    runInNewContext(PAGE_SCRIPT, { document: { querySelectorAll: () => [table] } });
    expect(table.clicked(1)).toEqual(['a', 'b', 'd', 'c']);
    expect(table.clicked(1)).toEqual(['b', 'd', 'a', 'c']);
    expect(table.clicked(0)).toEqual(['a', 'b', 'c', 'd']);
    expect(table.sorted).toEqual(['ascending', undefined]);
  });
});

/** As much of a table as the script touches. */
class FakeTable {
  readonly tHead: unknown;
  readonly tBodies: unknown;
  private readonly clicks: (() => void)[] = [];
  private readonly marks: Map<string, string>[];
  private rows: { readonly cells: readonly { readonly dataset: object; readonly textContent: string }[] }[];

  constructor(names: readonly string[], rows: readonly (readonly string[])[]) {
    this.marks = names.map(() => new Map());
    this.rows = rows.map((row) => ({ cells: row.map((text) => ({ dataset: {}, textContent: text })) }));
    const heads = names.map((_, at) => ({
      addEventListener: (_event: string, listener: () => void) => this.clicks.push(listener),
      getAttribute: (name: string) => this.marks[at]?.get(name) ?? null,
      setAttribute: (name: string, value: string) => this.marks[at]?.set(name, value),
      removeAttribute: (name: string) => this.marks[at]?.delete(name),
    }));
    this.tHead = { rows: [{ cells: heads }] };
    const body = {
      append: (...sorted: FakeTable['rows']) => {
        this.rows = sorted;
      },
    };
    Object.defineProperty(body, 'rows', { get: () => this.rows });
    this.tBodies = [body];
  }

  /** First cells from above, after a click on a column's head. */
  clicked(column: number): (string | undefined)[] {
    this.clicks[column]?.();
    return this.rows.map(({ cells }) => cells[0]?.textContent);
  }

  get sorted(): (string | undefined)[] {
    return this.marks.map((mark) => mark.get('aria-sort'));
  }
}
