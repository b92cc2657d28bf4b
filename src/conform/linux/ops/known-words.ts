/**
 * Words that fields of ops may hold. The format's own reader takes any text there; an op with a word that nothing here
 * stands for cannot be replayed, and says which it is.
 */
import { parseFlags } from '../notation.ts';
import type { Op } from '../recording.ts';

type Known = (value: string | number) => boolean;

/** `flags a|b`: what cannot be replayed of the first of these fields that holds an unknown word; null when all are known. */
export function onlyWith(fields: Readonly<Partial<Record<keyof Op, Known>>>): (op: Op) => string | null {
  const entries = Object.entries(fields) as readonly (readonly [keyof Op, Known])[];
  return (op) => {
    for (const [field, known] of entries) {
      const value = op[field];
      if (value !== undefined && !known(value)) return `${field} ${value}`;
    }
    return null;
  };
}

/** One of these. */
export const oneOf =
  (words: readonly (string | number)[]): Known =>
  (value) =>
    words.includes(value);

/** Some of these, or numbers, joined by `|`. */
export const flagsOf =
  (names: Readonly<Record<string, number>>): Known =>
  (value) =>
    parseFlags(value, names) !== null;

/** A whole number, in digits where it is a text. */
export const isNumeral: Known = (value) =>
  typeof value === 'number' ? Number.isSafeInteger(value) : /^(?:0x[0-9a-f]+|-?\d+)$/i.test(value);

/** Bytes as pairs of hexadecimal digits. */
export const isHex: Known = (value) => /^(?:[0-9a-f]{2})*$/i.test(String(value));
