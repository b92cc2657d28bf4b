/** The functions that programs call, by what they do, with arguments. */
import { expect } from 'vitest';
import {
  type Argument,
  type Family,
  missingSince,
  type ProgramFunction,
} from '../../../src/process/functions/function.ts';
import { PROGRAM_FUNCTIONS } from '../../../src/process/functions/registry.ts';
import type { Program } from '../../../src/process/program.ts';

type Role = 'allocates' | 'reallocates' | 'frees';

/** Those that the program's C library and its version of Python have. */
export function functionsOf(role: Role, family: Family, { glibc, python }: Program): ProgramFunction[] {
  return PROGRAM_FUNCTIONS.filter((called) => {
    const { effect, of } = called;
    if (effect.kind !== role || effect.family !== family || (of === 'glibc' && glibc === null)) return false;
    return python === null || missingSince(called, python.profile.name) === null;
  });
}

/** The family that a step means in this program: without a Python the C library's, without domains obj. */
export function familyIn({ python }: Program, wanted: Family): Family {
  if (python === null) return 'libc';
  return wanted === 'raw' && !python.profile.hasDomains ? 'obj' : wanted;
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
