/** What happens to the machine from outside: files are made and taken away, caches dropped, settings changed. */
import { errnoName, fail } from '../../kernel/linux-abi.ts';
import { type SysctlName, sysctlRange } from '../../kernel/sysctl.ts';
import type { Machine } from '../../machine/machine.ts';
import { InputError, InputErrors } from '../../mmu/input-error.ts';
import type { Scenario } from '../scenario.ts';
import type { FileSpec } from '../schema/file-steps.ts';
import type { ActionStep, WorldStepName } from '../schema/steps.ts';
import type { Executed } from './executed.ts';
import { answered } from './memory-calls.ts';
import type { StepContext } from './state.ts';

/**
 * Files that the scenario has from the start.
 * @throws InputErrors when a file does not fit into the machine
 */
export function prepareMachine(machine: Machine, scenario: Scenario): void {
  const errors = scenario.files.flatMap(({ name, spec, range }) => {
    const result = makeFile(machine, name, spec);
    if (result >= 0) return [];
    const message = `the file \`${name}\` cannot be made: ${errnoName(result)}`;
    const hint =
      result === fail('EEXIST') ? 'there is such a file already' : 'give the machine more memory, or the file less';
    return [new InputError({ code: 'MEM-SCN-038', message, hint, range, file: scenario.file })];
  });
  if (errors.length > 0) throw new InputErrors(errors);
}

type WorldStep = Extract<ActionStep, { do: WorldStepName }>;

const NO_ROOM = 'memory is full before all of the file is written';

const ENCODER = new TextEncoder();

export function happen(context: StepContext, step: WorldStep): Executed {
  const { kernel } = context.machine;
  kernel.refusal = null;
  const executed = answered(change(context, step));
  const { outcome } = executed;
  if (outcome.kind !== 'errno' || kernel.refusal === null) return executed;
  return { ...executed, outcome: { ...outcome, why: kernel.refusal } };
}

/** 0 or -errno, with the kernel's note why. */
function change(context: StepContext, step: WorldStep): number {
  const { machine } = context;
  switch (step.do) {
    case 'create':
      return makeFile(machine, step.file, step);
    case 'unlink':
      return machine.files.unlink(step.file);
    case 'drop_caches':
      return dropCaches(machine, step.file);
    case 'group_create': {
      const { limit, swappiness = null } = step;
      return machine.groups.create(step.group, { limit: limitOf(limit), swappiness });
    }
    case 'group_limit':
      return changeGroup(machine, step.group, step);
    case 'group_move':
      return machine.groups.move(context.runningProcess(step.process), step.group);
    case 'reclaim':
      return machine.groups.reclaim(step.group);
    case 'sysctl':
      return setSysctl(machine, step.name, step.value);
    default:
      return step satisfies never;
  }
}

interface GroupSettings {
  readonly limit?: number | 'infinity' | undefined;
  readonly swappiness?: number | undefined;
}

function changeGroup({ groups }: Machine, name: string, { limit, swappiness }: GroupSettings): number {
  // First how it may reclaim, then what for.
  const set = swappiness === undefined ? 0 : groups.setSwappiness(name, swappiness);
  if (set < 0 || limit === undefined) return set;
  return groups.setLimit(name, limitOf(limit));
}

const limitOf = (limit: number | 'infinity' = 'infinity'): number =>
  limit === 'infinity' ? Number.POSITIVE_INFINITY : limit;

/** 0 or -errno. A file that could not be filled is not there. */
export function makeFile(machine: Machine, name: string, spec: FileSpec): number {
  const { files } = machine;
  const made = files.create(name, spec.kind ?? 'disk');
  if (made < 0) return made;
  const result = fillFile(machine, name, spec);
  if (result < 0) files.unlink(name);
  return result;
}

function fillFile({ files, format, kernel }: Machine, name: string, spec: FileSpec): number {
  const start = spec.hex ?? (spec.text === undefined ? new Uint8Array() : ENCODER.encode(spec.text));
  const size = spec.size ?? start.length;
  const { pageBytes } = format;
  for (let at = 0; spec.fill !== undefined && at < size; at += pageBytes) {
    const bytes = new Uint8Array(Math.min(pageBytes, size - at));
    const written = files.write(name, at, bytes.fill(spec.fill === 'page' ? at / pageBytes : spec.fill));
    if (written < bytes.length) return kernel.refuse('ENOMEM', NO_ROOM);
  }
  if (start.length > 0 && files.write(name, 0, start) < start.length) return kernel.refuse('ENOMEM', NO_ROOM);
  const sized = files.truncate(name, size);
  if (sized < 0) return sized;
  return spec.cached === false ? files.dropCache(name) : files.sync(name);
}

function setSysctl({ sysctl, kernel }: Machine, name: SysctlName, value: number): number {
  const { least, most } = sysctlRange(name);
  const takes = `${name} takes whole numbers from ${least} to ${most}`;
  return sysctl.set(name, value) === 0 ? 0 : kernel.refuse('EINVAL', takes);
}

/** Everything that is clean and not mapped, of one file or of all, what is dirty written before. */
function dropCaches({ files, kernel }: Machine, file: string | undefined): number {
  if (file !== undefined) return files.dropCache(file);
  for (const [name, inode] of kernel.files) if (inode.isRegular) files.dropCache(name);
  return 0;
}
