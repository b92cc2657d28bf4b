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
    ...curves.flatMap((curve) => anomalyLines(curve, style)),
  ];
}

function picture(curves: readonly MissCurve[], style: Style): string[] {
  const series = curves.map(({ policy, points }) => ({
    name: policy,
    points: points.map(({ frames, missRatio }) => [frames, missRatio] as const),
  }));
  const axis = ratioAxis(
    'miss ratio',
    curves.flatMap(({ points }) => points.map(({ missRatio }) => missRatio)),
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
      const { misses, missRatio } = points[index]!;
      return [paint(style, 'cyan', thousands(Math.round(misses))), `${(100 * missRatio).toFixed(2)} %`];
    }),
  ]);
  return columns([head, ...rows], { align: 'r'.repeat(head.length), indent: '   ' });
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

/** `policy,frames,misses,missRatio` with a header line. */
export function mrcCsv({ curves }: CurveReport): string {
  const rows = curves.flatMap(({ policy, points }) =>
    points.map(({ frames, misses, missRatio }) => `${policy},${frames},${misses},${missRatio}`),
  );
  return `${['policy,frames,misses,missRatio', ...rows].join('\n')}\n`;
}
