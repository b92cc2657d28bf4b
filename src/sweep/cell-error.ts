import { InputError, InputErrors } from '../mmu/input-error.ts';
import type { Cell } from './cell.ts';
import type { CellError, Row } from './row.ts';

/** What a cell that cannot be says instead of figures. What is no fault of the user's is thrown on. */
export function cellErrorOf(thrown: unknown): CellError {
  if (thrown instanceof InputError) {
    const { code, message, hint, file, range } = thrown;
    const place = file === undefined ? '' : `${file}${range === undefined ? '' : `:${range.line}:${range.column}`}: `;
    return { code, message: `${place}${message}`, hint: hint ?? null };
  }
  if (!(thrown instanceof InputErrors) || thrown.errors[0] === undefined) throw thrown;
  const first = cellErrorOf(thrown.errors[0]);
  const more = thrown.errors.length - 1;
  return more === 0 ? first : { ...first, message: `${first.message} (and ${more} more)` };
}

export const errorRow = ({ index, id }: Cell, error: CellError): Row => ({ index, id, figures: null, error });
