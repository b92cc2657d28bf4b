/** Every function that programs can call, by name. */
import { C_LIBRARY } from './c-library.ts';
import type { ProgramFunction } from './function.ts';
import { PYTHON_ALLOCATORS } from './python-allocators.ts';
import { PYTHON_MEMORY } from './python-memory.ts';
import { TRACEMALLOC } from './tracemalloc.ts';

export const PROGRAM_FUNCTIONS: readonly ProgramFunction[] = [
  ...C_LIBRARY,
  ...PYTHON_MEMORY,
  ...PYTHON_ALLOCATORS,
  ...TRACEMALLOC,
];

const BY_NAME: ReadonlyMap<string, ProgramFunction> = new Map(PROGRAM_FUNCTIONS.map((called) => [called.name, called]));

export const FUNCTION_NAMES: readonly string[] = [...BY_NAME.keys()];

export function programFunction(name: string): ProgramFunction | undefined {
  return BY_NAME.get(name);
}
