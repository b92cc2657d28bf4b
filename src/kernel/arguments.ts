/**
 * System-call arguments as the kernel sees them: 64-bit unsigned, wrapping.
 *
 * Below 2^53 they are plain numbers. A larger one (always beyond every user address) is kept as a double near its
 * value: it can only fail a range check, so its last bits never matter, except for alignment and for rounding a
 * length up past 2^64, which are answered here from the exact value.
 */
export type Argument = number | bigint;

const TWO_64 = 1n << 64n;
export const TWO_64_NUMBER = 2 ** 64;

/** The argument modulo 2^64. */
function exact(argument: Argument): bigint {
  return BigInt.asUintN(64, BigInt(argument));
}

function isSmall(argument: Argument): argument is number {
  return typeof argument === 'number' && argument >= 0 && argument <= Number.MAX_SAFE_INTEGER;
}

/** The value as a double (exact below 2^53). */
export function numberOf(argument: Argument): number {
  return isSmall(argument) ? argument : Number(exact(argument));
}

export function isAligned(argument: Argument, unitBytes: number): boolean {
  return isSmall(argument) ? argument % unitBytes === 0 : exact(argument) % BigInt(unitBytes) === 0n;
}

/** The address rounded down, as a double. */
export function roundDown(argument: Argument, unitBytes: number): number {
  if (isSmall(argument)) return argument - (argument % unitBytes);
  const whole = exact(argument);
  return Number(whole - (whole % BigInt(unitBytes)));
}

/** PAGE_ALIGN of a length: 0 when it wraps past 2^64. */
export function alignLength(argument: Argument, unitBytes: number): number {
  if (isSmall(argument)) return Math.ceil(argument / unitBytes) * unitBytes;
  const unit = BigInt(unitBytes);
  const rounded = ((exact(argument) + unit - 1n) / unit) * unit;
  return rounded >= TWO_64 ? 0 : Number(rounded);
}
