/** Mistakes and bugs, shown on standard error; and the exit code each means. */
import { InputError, InputErrors } from '../mmu/input-error.ts';
import { InvariantError } from '../mmu/invariant.ts';
import { errorDocument, toJson } from '../report/json.ts';
import { printable, printableSource } from '../report/printable.ts';
import { type Ink, paint, type Style } from '../report/style.ts';
import { type Paint, renderDiagnostics } from '../scenario/diagnostic.ts';
import type { CommandContext } from './command.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';

const INKS: Readonly<Record<Parameters<Paint>[0], readonly Ink[]>> = {
  error: ['bold', 'red'],
  code: ['bold', 'red'],
  place: ['cyan'],
  gutter: ['blue'],
  caret: ['bold', 'red'],
  hint: ['yellow'],
};

export const diagnosticPaint =
  (style: Style): Paint =>
  (part, text) =>
    INKS[part].reduce((painted, ink) => paint(style, ink, painted), text);

/** Show the mistakes in one input. `source` is its text, for the lines with carets. */
export function showErrors(errors: readonly InputError[], source: string | null, context: CommandContext): void {
  const text = renderDiagnostics(
    errors.map(printableError),
    source === null ? null : printableSource(source),
    diagnosticPaint(context.errorStyle),
  );
  // The count says nothing where there is one; among several files it would be wrong.
  const shown = errors.length === 1 ? text.slice(0, text.lastIndexOf('\n\n')) : text;
  context.io.stderr.write(`${shown}\n\n`);
}

/** Show the mistakes that kept a command from doing anything: with --json also as its document, `{ errors: [ … ] }`. */
export function refuse(errors: readonly InputError[], source: string | null, context: CommandContext): void {
  showErrors(errors, source, context);
  if (!context.json) return;
  const document = { mmulator: context.version, version: 1, errors: errors.map(errorDocument) };
  context.io.stdout.write(`${toJson(document)}\n`);
}

function printableError({ code, message, hint, file, range }: InputError): InputError {
  return new InputError({
    code,
    message: printable(message),
    hint: hint === undefined ? undefined : printable(hint),
    ...(file === undefined ? {} : { file: printable(file) }),
    ...(range === undefined ? {} : { range }),
  });
}

/** The mistakes a thrown value stands for; null when it is none of the person's. */
export function inputErrorsIn(thrown: unknown): readonly InputError[] | null {
  if (thrown instanceof InputError) return [thrown];
  if (thrown instanceof InputErrors) return thrown.errors;
  return null;
}

/** How to get the bug again. */
export interface Replay {
  readonly file: string;
  readonly seed: number;
  /** As people number steps, from 1; null when unknown. */
  readonly step: number | null;
}

/** A bug of ours: what happened, how to replay it, where to say so. The stack only for those who ask. */
export function showBug(thrown: unknown, replay: Replay | null, context: CommandContext, verbose: boolean): ExitCode {
  const { io, errorStyle, version } = context;
  const what = thrown instanceof InvariantError ? 'an internal rule is broken' : 'something unexpected happened';
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const lines = [`${paint(errorStyle, 'red', `mmulator has a bug: ${what}`)}: ${message}`];
  if (replay !== null) {
    const step = replay.step === null ? '' : ` at step ${replay.step}`;
    lines.push(`  in ${replay.file}${step}, with seed ${replay.seed}`);
    lines.push(`  again: mmulator run ${replay.file} --seed ${replay.seed}`);
  }
  lines.push(`  This is not your mistake. Please report it, with the file and this text (mmulator ${version}).`);
  const debug = verbose || (io.env.MMULATOR_DEBUG ?? '') !== '';
  if (debug && thrown instanceof Error && thrown.stack !== undefined) lines.push('', thrown.stack);
  else lines.push('  --verbose or MMULATOR_DEBUG=1 shows the stack.');
  io.stderr.write(`${lines.join('\n')}\n`);
  return EXIT.ourBug;
}
