/** Numbers as tracemalloc prints them: Python's `%.0f` and `%.1f`, `1.0 KiB` from 10 KiB on [Lib/tracemalloc.py]. */

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;
const STEP = 1024;
/** Below this a unit above bytes has a decimal. */
const SHORT = 100;

/** `size`: bytes, whole or an average. `signed`: with a `+` when it is not negative. */
export function sizeText(size: number, signed: boolean): string {
  let value = size;
  for (const unit of UNITS) {
    if (unit !== 'B' && Math.abs(value) < SHORT) return `${fixed(value, 1, signed)} ${unit}`;
    if (unit === 'TiB' || Math.abs(value) < 10 * STEP) return `${fixed(value, 0, signed)} ${unit}`;
    value /= STEP;
  }
  return '';
}

/** Python's `%+i`. */
export function signedText(value: number): string {
  return value < 0 ? String(value) : `+${value}`;
}

/** `%.0f` or `%.1f`: C rounds a tie to the even digit, `toFixed` away from zero. */
function fixed(value: number, decimals: 0 | 1, signed: boolean): string {
  const scale = decimals === 1 ? 10 : 1;
  const magnitude = Math.abs(value);
  // A tie is a multiple of 1/2 (of 1/4 with one decimal), and a product with 10 is then exact.
  const isTie = Number.isInteger(magnitude * 4) && (magnitude * scale) % 1 === 0.5;
  const down = Math.floor(magnitude * scale);
  const text = isTie ? ((down % 2 === 0 ? down : down + 1) / scale).toFixed(decimals) : magnitude.toFixed(decimals);
  if (value < 0) return `-${text}`;
  return signed ? `+${text}` : text;
}
