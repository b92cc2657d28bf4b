/** A new process: an address space with the program's image, and what it will run. */
import type { Kernel } from '../kernel/kernel.ts';
import { addProcess, isAtProcessLimit } from '../kernel/lifecycle.ts';
import type { Process } from '../kernel/process.ts';
import { destroySpace, makeSpace } from '../kernel/vm/space-lifecycle.ts';
import { InputError } from '../mmu/input-error.ts';
import { defaultImage, loadImage } from '../process/image.ts';
import type { ProgramOptions } from '../process/program.ts';
import { pageRefusal } from '../process/python/page-size.ts';
import { PYTHON_VERSIONS, pythonProfile } from '../process/python/profiles.ts';
import type { MachineConfig } from './config.ts';
import type { PythonSpawnOptions, SpawnOptions } from './machine-api.ts';

/** @throws InputError MEM-API-002, -003, -004, -005 */
export function spawnProcess(kernel: Kernel, config: MachineConfig, options: SpawnOptions): Process {
  if (config.kernel === 'none') {
    throw new InputError({
      code: 'MEM-API-003',
      message: 'a machine without a kernel has no processes',
      hint: 'use translate',
    });
  }
  const cpu = options.cpu ?? 0;
  if (!Number.isInteger(cpu) || cpu < 0 || cpu >= kernel.cpus.length) throw noSuchCpu(cpu, kernel.cpus.length);
  const space = isAtProcessLimit(kernel) ? null : makeSpace(kernel);
  if (space === null) {
    throw new InputError({
      code: 'MEM-API-002',
      message: 'no memory for another process',
      hint: 'give the machine more memory',
    });
  }
  if (!loadImage(kernel, space, options.image ?? defaultImage(kernel.pageBytes), config.aslr)) {
    destroySpace(kernel, space);
    throw new InputError({
      code: 'MEM-API-004',
      message: `the program image does not fit into the ${kernel.format.userEnd} bytes of user space`,
      hint: 'make its sections smaller',
    });
  }
  const name = options.name ?? `process${kernel.nextPid}`;
  return addProcess(kernel, name, null, space, cpu, options.signals ?? 'kill');
}

/**
 * What a process is spawned to run, on pages of so many bytes.
 * @throws InputError MEM-API-016 for a Python that is not known, MEM-API-020 for one that such pages are too small for
 */
export function programOptions({ malloc, python, memcheck }: SpawnOptions, pageBytes: number): ProgramOptions {
  return { malloc, memcheck, ...(python === undefined ? {} : { python: pythonOptions(python, pageBytes) }) };
}

function pythonOptions(python: string | PythonSpawnOptions, pageBytes: number): NonNullable<ProgramOptions['python']> {
  const { version, ...rest } = typeof python === 'string' ? { version: python } : python;
  const profile = pythonProfile(version);
  if (profile === undefined) {
    throw new InputError({
      code: 'MEM-API-016',
      message: `there is no Python \`${version}\` here`,
      hint: `the versions are ${PYTHON_VERSIONS.join(', ')}`,
    });
  }
  const options = { profile, ...rest };
  const refusal = pageRefusal(options, pageBytes);
  if (refusal !== null) throw new InputError({ code: 'MEM-API-020', ...refusal });
  return options;
}

export function noSuchCpu(cpu: number, count: number): InputError {
  return new InputError({
    code: 'MEM-API-005',
    message: `there is no CPU ${cpu}`,
    hint: count === 1 ? 'the machine has one CPU, number 0' : `the CPUs are 0 to ${count - 1}`,
  });
}
