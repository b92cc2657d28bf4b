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
import { checkTextbookOptions, TEXTBOOK_POLICIES, type TextbookOptions } from '../process/textbook/options.ts';
import type { MachineConfig } from './config.ts';
import type { PythonSpawnOptions, SpawnOptions } from './machine-api.ts';
import { ANYTHING, checkOptions, FLAG, type OptionKind, shown, TEXT } from './options-check.ts';
import { pythonSettings } from './python-settings.ts';

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
  const name = options.name ?? `process${kernel.nextPid}`;
  if (!loadImage(kernel, space, `/bin/${name}`, options.image ?? defaultImage(kernel.pageBytes), config.aslr)) {
    destroySpace(kernel, space);
    throw new InputError({
      code: 'MEM-API-004',
      message: `the program image does not fit into the ${kernel.format.userEnd} bytes of user space`,
      hint: 'make its sections smaller',
    });
  }
  return addProcess(kernel, name, null, space, cpu, options.signals ?? 'kill');
}

const CODE = 'MEM-API-021';
const SIGNALS: OptionKind = {
  what: "'kill' or 'survive'",
  holds: (value) => value === 'kill' || value === 'survive',
};
const OPTIONS: Readonly<Record<keyof SpawnOptions, OptionKind>> = {
  name: TEXT,
  image: ANYTHING,
  cpu: ANYTHING,
  signals: SIGNALS,
  malloc: ANYTHING,
  python: ANYTHING,
  memcheck: FLAG,
};

/**
 * What a process is spawned to run, on pages of so many bytes.
 * @throws InputError MEM-API-016 for a Python that is not known, MEM-API-020 for one that such pages are too small for,
 * MEM-API-021 for options that are none
 */
export function programOptions(options: SpawnOptions, pageBytes: number): ProgramOptions {
  checkOptions(CODE, 'spawn', options, OPTIONS);
  const { malloc, python, memcheck } = options;
  return {
    malloc: mallocOptions(malloc),
    memcheck,
    ...(python === undefined ? {} : { python: pythonOptions(python, pageBytes) }),
  };
}

function mallocOptions(malloc: SpawnOptions['malloc']): ProgramOptions['malloc'] {
  if (malloc === undefined || malloc === 'glibc') return malloc;
  const hint = `\`malloc\` is 'glibc', a textbook's policy (${TEXTBOOK_POLICIES.join(', ')}), or { policy, … }`;
  if (typeof malloc !== 'string' && (typeof malloc !== 'object' || malloc === null)) {
    throw new InputError({ code: CODE, message: `${shown(malloc)} is no allocator`, hint });
  }
  // The check is told by the policy whether the other keys are its own.
  const options = (typeof malloc === 'string' ? { policy: malloc } : malloc) as TextbookOptions;
  const problems = checkTextbookOptions(options);
  if (problems.length > 0) throw new InputError({ code: CODE, message: problems.join('; '), hint });
  return options;
}

function pythonOptions(python: string | PythonSpawnOptions, pageBytes: number): NonNullable<ProgramOptions['python']> {
  const { version, ...rest } = pythonSettings(python);
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
