/** What checking against recordings showed: text for people, a document for programs. */

import type { Divergence, ExplainedDifference, FileConformance, Scene } from '../conform/outcome.ts';
import type { InputError } from '../mmu/input-error.ts';
import { columns } from './columns.ts';
import { errorDocument } from './json.ts';
import { makeNames } from './names.ts';
import { printable } from './printable.ts';
import { counted } from './quantities.ts';
import { type Ink, paint, type Style } from './style.ts';
import { whyLines } from './why.ts';

interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const MARKS: Readonly<Record<FileConformance['outcome'], readonly [mark: string, ink: Ink]>> = {
  passed: ['✓', 'green'],
  failed: ['✗', 'red'],
  skipped: ['-', 'yellow'],
};

export function conformanceLines(result: FileConformance, style: Style): string[] {
  const [mark, ink] = MARKS[result.outcome];
  const lines = [`${paint(style, ink, mark)} ${printable(result.file)}  ${paint(style, 'dim', factsText(result))}`];
  if (result.reason !== null) lines.push(`    ${paint(style, 'yellow', 'skipped')}: ${printable(result.reason)}`);
  for (const divergence of result.divergences) lines.push(...divergenceLines(divergence, style));
  if (result.unlisted > 0) lines.push(`    and ${counted(result.unlisted, 'more divergence')} after these`);
  return lines;
}

/** `cp311, 200 ops`; for many recordings in one file how each ended. */
function factsText({ kind, profile, ops, passed, failed, skipped }: FileConformance): string {
  const recordings = passed + failed + skipped;
  const what = recordings > 1 ? `${kind}, ${tallyText({ passed, failed, skipped })}` : counted(ops, 'op');
  return printable(`${profile}, ${what}`);
}

function divergenceLines(divergence: Divergence, style: Style): string[] {
  const { where, what, expected, actual, notes, scene } = divergence;
  const [first, ...others] = divergence.differences ?? [];
  const title = what === null ? where : `${where}  ${what}`;
  return [
    `    ${paint(style, 'bold', printable(title))}`,
    ...columns(
      [
        [paint(style, 'green', 'expected'), printable(expected)],
        [paint(style, 'red', 'actual'), printable(actual)],
      ],
      { indent: '      ' },
    ),
    ...(first === undefined || first.meaning === null ? [] : [`      ${printable(first.meaning)}`]),
    ...[
      ...others.map(otherText),
      ...didText(scene),
      ...(scene?.before ?? []).map((line) => `before: ${line}`),
      ...notes,
    ].map((line) => paint(style, 'dim', `      ${printable(line)}`)),
  ];
}

/** Characters shown of a difference besides the first. */
const SHORT_MAX = 160;
const short = (text: string): string => (text.length <= SHORT_MAX ? text : `${text.slice(0, SHORT_MAX)}…`);

const otherText = ({ path, expected, actual, meaning }: ExplainedDifference): string =>
  `also ${path}: ${meaning ?? `expected ${short(expected)}, actual ${short(actual)}`}`;

/** What the machine did for the op, with its reasons. */
function did({ events, processes, symbols }: Scene): string[] {
  return whyLines(events, makeNames(processes, symbols)).map(({ text }) => text);
}

/** Lines shown of what the machine did: touching a range says much the same for every page. */
const DID_MAX = 4;

function didText(scene: Scene | undefined): string[] {
  const lines = scene === undefined ? [] : did(scene);
  const shown = lines.slice(0, DID_MAX).map((line) => `here: ${line}`);
  return lines.length <= DID_MAX ? shown : [...shown, `here: and ${counted(lines.length - DID_MAX, 'line')} more`];
}

/** `3 passed, 0 failed, 1 skipped`. */
export function conformanceSummary(results: readonly FileConformance[], style: Style): string {
  const tally = tallyOf(results);
  return paint(style, tally.failed > 0 ? 'red' : 'green', tallyText(tally));
}

const tallyText = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

function tallyOf(results: readonly FileConformance[]): Tally {
  const sum = (of: (result: FileConformance) => number) => results.reduce((total, result) => total + of(result), 0);
  return {
    passed: sum((result) => result.passed),
    failed: sum((result) => result.failed),
    skipped: sum((result) => result.skipped),
  };
}

/**
 * `{ mmulator, version: 1, passed, failed, skipped, files: [ FileConformance … ], errors }`; a divergence's scene is told as
 * `before` and `did`, a sentence each. docs/conform.md describes it.
 */
export function conformanceDocument(
  results: readonly FileConformance[],
  errors: readonly InputError[],
  version: string,
): unknown {
  const files = results.map((result) => ({ ...result, divergences: result.divergences.map(divergenceDocument) }));
  return { mmulator: version, version: 1, ...tallyOf(results), files, errors: errors.map(errorDocument) };
}

function divergenceDocument({ scene, ...told }: Divergence): unknown {
  return scene === undefined ? told : { ...told, before: scene.before, did: did(scene) };
}
