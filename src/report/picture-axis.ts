/**
 * The y axis of a picture of curves: what is drawn, on which scale, from where to where, and the round numbers beside it.
 * Terminal and page ask here, so that they show the same.
 *
 * Real programs hit in 98 to 99.97 % of their references, whatever the policy: from 0 % on all curves are one flat line. So
 *
 * - values that differ by more than a factor of ten lie on a logarithmic axis, between two of 1, 2, 5, 10, 20, …
 * - values that are near each other lie on an axis that does not begin at 0, but at a round number below the least
 * - all others on one from 0
 *
 * Of hit ratios that means the misses: 98 and 99.97 % differ little, 2 and 0.03 % do.
 */
import { scaleLinear } from 'd3-scale';
import { exactPercent, thousands } from './quantities.ts';

export interface PictureAxis {
  /** `miss ratio, logarithmic`. */
  readonly label: string;
  readonly log: boolean;
  /** Above 0 where it is logarithmic; below `to`. */
  readonly from: number;
  readonly to: number;
  /** Ascending, the ends among them. */
  readonly ticks: readonly number[];
  /** A number beside the axis, and one of a point. */
  readonly tickText: (y: number) => string;
  readonly text: (y: number) => string;
}

/** As a heading. */
export const axisTitle = ({ label }: PictureAxis): string => label.replace(/^./, (letter) => letter.toUpperCase());

type Point = readonly [x: number, y: number];

/** From one to ten times this a linear axis shows what there is to see. */
const DECADE = 10;
/** Of the greatest value: with less between the values the axis does not begin at 0. */
const NEAR = 0.5;
const TICKS = 5;
/** Where there are more, powers of ten alone. */
const LOG_TICKS_MAX = 10;
const STEPS = [1, 2, 5] as const;

/** @param name what the values are: `page faults` */
export function countAxis(name: string, values: readonly number[]): PictureAxis {
  return { ...scaleOf(name, values), tickText: thousands, text: (y) => thousands(Math.round(y)) };
}

/** Of parts of a whole, 0 to 1. */
export function ratioAxis(name: string, values: readonly number[]): PictureAxis {
  const scale = scaleOf(name, values);
  return {
    ...scale,
    tickText: (y) => `${rounded(100 * y)} %`,
    text: scale.log ? fewDigits : (y) => exactPercent(y, 1),
  };
}

/**
 * Curves of hit ratios and their axis: as they are or, where only the misses differ, as miss ratios.
 * @param name `hit ratio`, or one that ends so
 */
export function hitRatioPicture<Curve extends { readonly points: readonly Point[] }>(
  name: string,
  curves: readonly Curve[],
): { readonly axis: PictureAxis; readonly curves: readonly Curve[] } {
  const ratios = curves.flatMap(({ points }) => points.map(([, y]) => y));
  if (!spansDecade(ratios.map(missRatio))) return { axis: ratioAxis(name, ratios), curves };
  const missed = curves.map((curve) => ({
    ...curve,
    points: curve.points.map(([x, y]): Point => [x, missRatio(y)]),
  }));
  return { axis: ratioAxis(name.replace(/hit ratio$/, 'miss ratio'), ratios.map(missRatio)), curves: missed };
}

/** 1 − 0.9 is not quite 0.1. */
const missRatio = (hitRatio: number): number => rounded(1 - hitRatio);

const rounded = (value: number): number => Number(value.toPrecision(12));

/** A logarithmic axis has no place for 0. */
const spansDecade = (values: readonly number[]): boolean => {
  const least = Math.min(...values);
  return least > 0 && Math.max(...values) > DECADE * least;
};

function scaleOf(name: string, values: readonly number[]): Omit<PictureAxis, 'text' | 'tickText'> {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  if (spansDecade(values)) {
    const [from, to] = [roundBelow(least), roundAbove(most)];
    return { label: `${name}, logarithmic`, log: true, from, to, ticks: roundBetween(from, to) };
  }
  const isNear = most > least && most - least < NEAR * most;
  const scale = scaleLinear()
    .domain([isNear ? least : 0, most > 0 ? most : 1])
    .nice(TICKS);
  const [from = 0, to = 1] = scale.domain();
  return { label: from > 0 ? `${name}, not from 0` : name, log: false, from, to, ticks: scale.ticks(TICKS) };
}

/** A number of three digits and its unit. */
const fewDigits = (y: number): string => `${Number((100 * y).toPrecision(3))} %`;

const roundBelow = (value: number): number => roundNear(value).findLast((round) => round <= value)!;
const roundAbove = (value: number): number => roundNear(value).find((round) => round >= value)!;

/** Those of 1, 2, 5 times a power of ten that are next to a value, ascending. */
function roundNear(value: number): number[] {
  const power = Math.floor(Math.log10(value));
  return [power - 1, power, power + 1].flatMap((each) => STEPS.map((step) => roundOf(step, each)));
}

function roundBetween(from: number, to: number): number[] {
  const [first, last] = [Math.floor(Math.log10(from)), Math.ceil(Math.log10(to))];
  const all = Array.from({ length: last - first + 1 }, (_, at) => STEPS.map((step) => roundOf(step, first + at)));
  const within = all.flat().filter((round) => round >= from && round <= to);
  if (within.length <= LOG_TICKS_MAX) return within;
  return within.filter((round) => round === from || round === to || Number.isInteger(Math.log10(round)));
}

/** Exactly the number that is written so, whatever a power of ten comes to. */
const roundOf = (step: number, power: number): number => Number(`${step}e${power}`);
