/** The functions that programs call, by what they do, with arguments. */
import { expect } from 'vitest';
import type { Argument, Family, ProgramFunction } from '../../../src/process/functions/function.ts';
import { PROGRAM_FUNCTIONS } from '../../../src/process/functions/registry.ts';

type Role = 'allocates' | 'reallocates' | 'frees';

export function functionsOf(role: Role, family: Family, isGlibc: boolean): ProgramFunction[] {
  return PROGRAM_FUNCTIONS.filter(
    ({ effect, of }) => effect.kind === role && effect.family === family && (of !== 'glibc' || isGlibc),
  );
}

/** Every function that gives, resizes or takes blocks: a program must have called each. */
export const HEAP_FUNCTIONS: readonly string[] = PROGRAM_FUNCTIONS.filter(({ effect }) => effect.kind !== 'other').map(
  ({ name }) => name,
);

/** Arguments for `size` bytes: elements of one type come to that, or to a little more. */
export function argumentsFor(called: ProgramFunction, address: number, wanted: number, parts: number) {
  const elements = Math.max(1, parts);
  const each = Math.ceil(wanted / elements);
  const alignment = 16 * 2 ** (parts % 6);
  const isArray = called.parameters.some(({ name }) => name === 'nmemb' || name === 'nelem');
  const values: Readonly<Record<string, number>> = {
    ptr: address,
    size: isArray ? each : wanted,
    nmemb: elements,
    nelem: elements,
    elsize: each,
    type: each,
    alignment,
  };
  const args = called.parameters.map(
    ({ name }): Argument => values[name] ?? expect.fail(`${called.name} has \`${name}\``),
  );
  return { args, bytes: isArray ? each * elements : wanted, alignment: called.name === 'memalign' ? alignment : 1 };
}
