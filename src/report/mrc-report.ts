/** Miss-ratio curves as text and as CSV. */
import type { Anomaly, MissCurve } from '../trace/mrc/curve.ts';
import type { CurveReport, Sampling } from '../trace/mrc/gatherer.ts';
import { columns } from './columns.ts';
import { axisTitle, ratioAxis } from './picture-axis.ts';
import { plotLines } from './plot.ts';
import { printable } from './printable.ts';
import { counted, percent, thousands } from './quantities.ts';
import { paint, type Style } from './style.ts';

const ANOMALIES_SHOWN = 5;
/** In place of a number, and in front of one. */
const UNRESOLVED = '–';
const AT_LEAST = '≥ ';

export function mrcLines(report: CurveReport, file: string, style: Style): string[] {
  const { references, pages, sampling, curves } = report;
  return [
    ` ${paint(style, 'bold', printable(file))}`,
    ` ${paint(style, 'dim', `${counted(references, 'page reference')} to ${counted(pages, 'page')}`)}`,
    ...(sampling === null ? [] : [` ${paint(style, 'dim', samplingText(sampling, references))}`]),
    '',
    ...picture(curves, style),
    '',
    ...tableLines(curves, style),
    ...noteLines(report, style),
    ...curves.flatMap((curve) => anomalyLines(curve, style)),
  ];
}

function picture(curves: readonly MissCurve[], style: Style): string[] {
  const series = curves.map(({ policy, points }) => ({
    name: policy,
    points: points.flatMap(({ frames, missRatio }) => (missRatio === null ? [] : [[frames, missRatio] as const])),
  }));
  const axis = ratioAxis(
    'miss ratio',
    series.flatMap(({ points }) => points.map(([, missRatio]) => missRatio)),
  );
  return [
    ` ${paint(style, 'bold', axisTitle(axis))}`,
    ...plotLines(series, style, { logX: true, y: axis, xText: thousands, xLabel: 'frames' }),
  ];
}

const samplingText = ({ rate, references: sampled, pages }: Sampling, references: number): string =>
  `estimated (SHARDS, adjusted) from ${counted(pages, 'page')}, at the end ${percent(Number(rate.toPrecision(3)), 1)} of all: ${counted(sampled, 'reference')}, ${percent(sampled, references)}`;

function tableLines(curves: readonly MissCurve[], style: Style): string[] {
  const sizes = curves[0]?.points ?? [];
  const head = ['frames', ...curves.flatMap(({ policy }) => [policy, ''])];
  const rows = sizes.map(({ frames }, index) => [
    thousands(frames),
    ...curves.flatMap(({ points }) => {
      const { misses, missRatio, note } = points[index]!;
      if (misses === null || missRatio === null) return [UNRESOLVED, UNRESOLVED];
      const mark = note === 'at least' ? AT_LEAST : '';
      return [paint(style, 'cyan', `${mark}${thousands(Math.round(misses))}`), `${(100 * missRatio).toFixed(2)} %`];
    }),
  ]);
  return columns([head, ...rows], { align: 'r'.repeat(head.length), indent: '   ' });
}

/** What the marks of a sample mean, where there are any. */
function noteLines({ sampling, pages, curves }: CurveReport, style: Style): string[] {
  const notes = new Set(curves.flatMap(({ points }) => points.map(({ note }) => note)));
  const finest = sampling === null ? 1 : Math.ceil(1 / sampling.rate);
  const lines = [
    ...(notes.has('unresolved')
      ? [`${UNRESOLVED} the sample tells no sizes below ${counted(finest, 'frame')} apart`]
      : []),
    ...(notes.has('at least')
      ? [`${AT_LEAST}the sample says less, but each of ${counted(pages, 'page')} misses once`]
      : []),
  ];
  return lines.length === 0 ? [] : ['', ...lines.map((line) => `   ${paint(style, 'dim', line)}`)];
}

/** Named for what it is, as nobody expects it. */
function anomalyLines({ policy, anomalies }: MissCurve, style: Style): string[] {
  if (anomalies.length === 0) return [];
  const shown = anomalies.slice(0, ANOMALIES_SHOWN).map((anomaly) => `   ${anomalyText(anomaly)}`);
  const more = anomalies.length - shown.length;
  return [
    '',
    ` ${paint(style, 'yellow', 'Belady’s anomaly')}: ${policy} misses more with more frames`,
    ...shown,
    ...(more > 0 ? [`   and ${counted(more, 'more time')}`] : []),
  ];
}

const anomalyText = ({ frames, misses, moreFrames, moreMisses }: Anomaly): string =>
  `${counted(frames, 'frame')}: ${counted(misses, 'miss', 'misses')}; ${counted(moreFrames, 'frame')}: ${thousands(moreMisses)}, ${thousands(moreMisses - misses)} more`;

/** `policy,frames,misses,missRatio` with a header line; of a sample also `note`, and no numbers where it cannot tell. */
export function mrcCsv({ sampling, curves }: CurveReport): string {
  const isSample = sampling !== null;
  const rows = curves.flatMap(({ policy, points }) =>
    points.map(
      ({ frames, misses, missRatio, note }) =>
        `${policy},${frames},${misses ?? ''},${missRatio ?? ''}${isSample ? `,${note ?? ''}` : ''}`,
    ),
  );
  return `${[`policy,frames,misses,missRatio${isSample ? ',note' : ''}`, ...rows].join('\n')}\n`;
}
