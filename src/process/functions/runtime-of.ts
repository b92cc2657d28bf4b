/** The Python of a program that is known to have one: functions `of: 'python'` are only called where there is one. */
import { invariant } from '../../mmu/invariant.ts';
import type { Program } from '../program.ts';
import type { PythonRuntime } from '../python/runtime.ts';

export function runtimeOf({ python }: Program): PythonRuntime {
  invariant(python !== null, 'a Python function is called without Python');
  return python;
}
