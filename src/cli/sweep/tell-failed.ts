/** Cells that could not be measured, told on standard error. */

import { printable } from '../../report/printable.ts';
import { counted } from '../../report/quantities.ts';
import { paint } from '../../report/style.ts';
import { parameterTexts } from '../../sweep/cell-text.ts';
import type { SweepResults } from '../../sweep/results.ts';
import type { CommandContext } from '../command.ts';

/** The results name them all. */
const TOLD_MAX = 10;

/** @returns whether there are any */
export function tellFailed(results: SweepResults, { io, errorStyle }: CommandContext): boolean {
  const failed = results.rows.filter(({ error }) => error !== null);
  for (const row of failed.slice(0, TOLD_MAX)) {
    if (row.error === null) continue;
    const { code, message, hint } = row.error;
    const title = `${paint(errorStyle, 'red', 'not measured')}: ${printable([row.input, ...parameterTexts(row.parameters)].join(', '))}`;
    const told = [`${title}: ${printable(message)} [${code}]`, ...(hint === null ? [] : [`  ${printable(hint)}`])];
    io.stderr.write(`${told.join('\n')}\n`);
  }
  if (failed.length > TOLD_MAX) io.stderr.write(`… and ${counted(failed.length - TOLD_MAX, 'other cell')}\n`);
  return failed.length > 0;
}
