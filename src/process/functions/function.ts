/**
 * What a function that programs call is to those who call it by name: scenario steps, `machine.call`, reports.
 *
 * The effect tells the tools that watch the heap what a call means, so that no tool has a list of names of its own.
 */
import { type Size, sizeOf } from '../allocator.ts';
import type { Program } from '../program.ts';

/** A pointer, size, count or number; or a name (`domain`, `hook`), as the parameter's kind says. */
export type Argument = number | bigint | string;
/** What a call answers: a pointer or number, a text, or nothing. */
export type Value = number | bigint | string | null;

export type ParameterKind = 'pointer' | 'size' | 'number' | 'domain' | 'text';

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** What it stands for, in a few words. */
  readonly about: string;
  /** Value when it is left out; undefined: it must be given. */
  readonly default?: Argument;
}

/** The allocator family a block belongs to: blocks go back to the family they came from. */
export type Family = 'libc' | 'raw' | 'mem' | 'obj';

export type Effect =
  | { readonly kind: 'allocates'; readonly family: Family; readonly bytes: (args: readonly Argument[]) => Size }
  | {
      readonly kind: 'reallocates';
      readonly family: Family;
      /** Index of the pointer among the arguments. */
      readonly pointer: number;
      readonly bytes: (args: readonly Argument[]) => Size;
      /** realloc(p, 0) frees p and answers NULL, as the C library's does. */
      readonly zeroFrees: boolean;
    }
  | { readonly kind: 'frees'; readonly family: Family; readonly pointer: number }
  | { readonly kind: 'other' };

export interface ProgramFunction {
  /** As C spells it. */
  readonly name: string;
  /** What must be there: any C library, glibc's malloc, or Python. */
  readonly of: 'libc' | 'glibc' | 'python';
  /** The first CPython version that has it, `3.4`; undefined: all that are known here do. */
  readonly since?: string | undefined;
  readonly parameters: readonly Parameter[];
  readonly result: 'pointer' | 'number' | 'text' | 'nothing';
  readonly effect: Effect;
  /** One sentence for help and reference. */
  readonly about: string;
  readonly run: (program: Program, args: readonly Argument[]) => Value;
}

/** The version it came with, when the Python of that version name has it not yet; null: it has it. */
export function missingSince({ since }: ProgramFunction, version: string): string | null {
  if (since === undefined) return null;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [firstMajor = 0, firstMinor = 0] = since.split('.').map(Number);
  return major > firstMajor || (major === firstMajor && minor >= firstMinor) ? null : since;
}

const SIZE_END = 2n ** 64n;
const SIZE_LEAST = -(2n ** 63n);

/** Is it what 64 bits can hold as a size: unsigned, or below 0 as C would convert it? */
export function isSize(value: number | bigint): boolean {
  return value >= SIZE_LEAST && value < SIZE_END;
}

export const pointerAt = (args: readonly Argument[], index: number): number => Number(args[index] ?? 0);

/** A size_t: a negative number is what C would make of it. */
export function sizeAt(args: readonly Argument[], index: number): Size {
  const value = args[index] ?? 0;
  return sizeOf(typeof value === 'string' ? Number(value) : value);
}

export const textAt = (args: readonly Argument[], index: number): string => String(args[index] ?? '');
