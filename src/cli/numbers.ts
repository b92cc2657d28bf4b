/** Numbers on the command line. What cannot be read is an `InputError` that names the option. */
import { InputError } from '../mmu/input-error.ts';
import { SIZE_UNITS } from '../scenario/expression.ts';

export function wholeNumber(option: string, text: string, least = 0): number {
  const value = /^(0x[0-9a-f]+|-?\d+)$/i.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  const wrong = Number.isNaN(value)
    ? `is not a whole number${least > 0 ? ` from ${least} up` : ''}`
    : value < least
      ? `is too small: ${least} is the least`
      : `is too large: ${Number.MAX_SAFE_INTEGER} is the most`;
  throw new InputError({ code: 'MEM-CLI-007', message: `${option}: \`${text}\` ${wrong}` });
}

/** `256KiB`, `1MiB`, `4096`. */
export function sizeInBytes(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text.trim());
  const units: Readonly<Record<string, number>> = SIZE_UNITS;
  const unit = units[match?.[2] || 'B'];
  const bytes = unit === undefined ? Number.NaN : Number(match?.[1]) * unit;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw new InputError({
    code: 'MEM-CLI-007',
    message: `${option}: \`${text}\` is not a size`,
    hint: 'sizes take B, KiB, MiB, GiB or TiB: `256KiB`',
  });
}
