/** Counts in expectations: exact, or between bounds. */
import type { Amount } from '../schema/amount.ts';

export function amountHolds(amount: Amount, actual: number): boolean {
  if (typeof amount === 'number') return actual === amount;
  return actual >= (amount.min ?? Number.NEGATIVE_INFINITY) && actual <= (amount.max ?? Number.POSITIVE_INFINITY);
}

export function amountText(amount: Amount): string {
  if (typeof amount === 'number') return String(amount);
  const { min, max } = amount;
  if (min !== undefined && max !== undefined) return `${min} to ${max}`;
  if (min !== undefined) return `at least ${min}`;
  return max === undefined ? 'any number' : `at most ${max}`;
}
