/** Curves as an inline SVG picture for a page: the axes by d3-scale, the lines by d3-shape, the colours by the page. */
import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';
import { markup } from './markup.ts';
import type { PictureAxis } from './picture-axis.ts';
import { thousands } from './quantities.ts';
import { INK_COUNT } from './sweep-page-parts.ts';

export interface ChartSeries {
  readonly name: string;
  /** Which colour, from 0; those beyond the page's take them again, dashed. */
  readonly ink: number;
  /** Ascending in x. */
  readonly points: readonly (readonly [x: number, y: number])[];
}

export interface Chart {
  readonly title: string;
  readonly xLabel: string;
  /** x in powers: equal ratios take equal room; all x must be above 0. */
  readonly logX: boolean;
  readonly y: PictureAxis;
  readonly series: readonly ChartSeries[];
}

/** Where curves meet, the one beneath is seen on both sides of the one above. */
const WIDTHS = [1.5, 3, 4.5, 6] as const;
const DASHES = ['', '6 3', '2 3', '8 3 2 3'] as const;

const WIDTH = 720;
const HEIGHT = 320;
const MARGIN = { top: 12, right: 16, bottom: 44, left: 76 };
const X_TICKS = 8;
/** Room that the text of a tick on the x axis needs, in pixels a character. */
const CHARACTER = 8;

/**
 * The picture as an `<svg>` element; empty where no series has a point. It names only classes for its colours
 * (`ink0` … for the series, `axis`, `grid`), so that a page can have them light and dark.
 */
export function chartSvg(chart: Chart): string {
  const points = chart.series.flatMap((series) => series.points);
  if (points.length === 0) return '';
  const [left, right] = [MARGIN.left, WIDTH - MARGIN.right];
  const [top, bottom] = [MARGIN.top, HEIGHT - MARGIN.bottom];
  const xs = points.map(([x]) => x);
  const x = (chart.logX ? scaleLog().base(2) : scaleLinear())
    .domain(widened(Math.min(...xs), Math.max(...xs), chart.logX))
    .range([left, right]);
  const axis = chart.y;
  const y = (axis.log ? scaleLog() : scaleLinear()).domain([axis.from, axis.to]).range([bottom, top]);
  const yTicks = axis.ticks.map((tick) => {
    const at = short(y(tick));
    return (
      `<path class="grid" d="M${left} ${at}H${right}"/>` +
      `<text class="tick" x="${left - 8}" y="${at}" dy="0.32em" text-anchor="end">${markup(axis.tickText(tick))}</text>`
    );
  });
  const xTicks = spread(xTickValues(xs, x.ticks(X_TICKS)), (tick) => x(tick)).map((tick) => {
    const at = short(x(tick));
    return (
      `<path class="axis" d="M${at} ${bottom}v5"/>` +
      `<text class="tick" x="${at}" y="${bottom + 18}" text-anchor="middle">${thousands(tick)}</text>`
    );
  });
  const curves = chart.series.map((series, place) => {
    const path = line<readonly [number, number]>(
      ([at]) => x(at),
      ([, at]) => y(at),
    ).digits(2)(series.points);
    const dots = series.points.map(([px, py]) => {
      const told = `${series.name}, ${thousands(px)} ${chart.xLabel}: ${axis.text(py)}`;
      return `<circle cx="${short(x(px))}" cy="${short(y(py))}" r="3"><title>${markup(told)}</title></circle>`;
    });
    const dash = dashOf(series.ink);
    const drawn =
      path === null
        ? ''
        : `<path d="${path}"${dash === '' ? '' : ` stroke-dasharray="${dash}"`} style="stroke-width: ${WIDTHS[Math.min(place, WIDTHS.length - 1)]}"/>`;
    return `<g class="curve ink${series.ink % INK_COUNT}">${drawn}${dots.join('')}</g>`;
  });
  return [
    `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${markup(chart.title)}">`,
    ...yTicks,
    `<path class="axis" d="M${left} ${bottom}H${right}"/>`,
    ...xTicks,
    `<text class="label" x="${(left + right) / 2}" y="${HEIGHT - 6}" text-anchor="middle">${markup(chart.xLabel)}</text>`,
    `<text class="label" transform="translate(14 ${(top + bottom) / 2}) rotate(-90)" text-anchor="middle">${markup(axis.label)}</text>`,
    // Where curves meet, the one that was named first is seen.
    ...curves.reverse(),
    '</svg>',
  ].join('\n');
}

/** The legend, as a list beside the picture. */
export function chartLegend(series: readonly ChartSeries[]): string {
  const items = series.map(({ name, ink }) => {
    const dash = dashOf(ink);
    const swatch = `<svg viewBox="0 0 24 10" aria-hidden="true"><path d="M0 5H24"${dash === '' ? '' : ` stroke-dasharray="${dash}"`}/></svg>`;
    return `<li class="curve ink${ink % INK_COUNT}">${swatch}${markup(name)}</li>`;
  });
  return `<ul class="legend">${items.join('')}</ul>`;
}

const dashOf = (ink: number): string => DASHES[Math.floor(ink / INK_COUNT) % DASHES.length]!;

/** A domain of one point is none: it gets room on both sides. */
function widened(least: number, most: number, log: boolean): [number, number] {
  if (least < most) return [least, most];
  return log ? [least / 2, most * 2] : [least - 1, most + 1];
}

/** The values themselves where they are few: those are what was asked for. */
function xTickValues(xs: readonly number[], otherwise: readonly number[]): readonly number[] {
  const own = [...new Set(xs)].sort((one, other) => one - other);
  return own.length <= 2 * X_TICKS ? own : otherwise.filter(Number.isInteger);
}

/** Without those whose text would run into the one before. */
function spread(ticks: readonly number[], place: (tick: number) => number): number[] {
  const kept: number[] = [];
  let free = Number.NEGATIVE_INFINITY;
  for (const tick of ticks) {
    const half = (thousands(tick).length * CHARACTER) / 2;
    if (place(tick) - half < free) continue;
    kept.push(tick);
    free = place(tick) + half + CHARACTER;
  }
  return kept;
}

/** Two decimals are finer than any screen. */
const short = (pixels: number): number => Math.round(pixels * 100) / 100;
