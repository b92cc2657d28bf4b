/** What happens to the machine from outside: files are made and taken away, caches dropped, settings changed. */
import { errnoName, fail } from '../../kernel/linux-abi.ts';
import { isSysctl, setSysctl } from '../../kernel/sysctl.ts';
import type { Machine } from '../../machine/machine.ts';
import { InputError, InputErrors } from '../../mmu/input-error.ts';
import type { Scenario } from '../scenario.ts';
import type { FileSpec } from '../schema/file-steps.ts';
import type { ActionStep, WorldStepName } from '../schema/steps.ts';
import type { Executed } from './executed.ts';
import { answered } from './memory-calls.ts';
import type { StepContext } from './state.ts';

/**
 * Settings and files that the scenario has from the start.
 * @throws InputErrors when a file does not fit into the machine
 */
export function prepareMachine(machine: Machine, scenario: Scenario): void {
  // The loader has checked the values.
  for (const [name, value] of Object.entries(scenario.machine.sysctl ?? {})) {
    if (value !== undefined && isSysctl(name)) setSysctl(machine.kernel.sysctl, name, value);
  }
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

const ENCODER = new TextEncoder();

export function happen(context: StepContext, step: WorldStep): Executed {
  const { machine } = context;
  switch (step.do) {
    case 'create':
      return answered(makeFile(machine, step.file, step));
    case 'unlink':
      return answered(machine.files.unlink(step.file));
    case 'drop_caches':
      return answered(dropCaches(machine, step.file));
    case 'group_create': {
      const made = machine.groups.create(step.group);
      return answered(made < 0 ? made : changeGroup(machine, step.group, step));
    }
    case 'group_limit':
      return answered(changeGroup(machine, step.group, step));
    case 'group_move':
      return answered(machine.groups.move(context.runningProcess(step.process), step.group));
    case 'reclaim':
      return answered(machine.groups.reclaim(step.group));
    case 'sysctl':
      return answered(setSysctl(machine.kernel.sysctl, step.name, step.value));
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
  return groups.setLimit(name, limit === 'infinity' ? Number.POSITIVE_INFINITY : limit);
}

/** 0 or -errno. A file that could not be filled is not there. */
export function makeFile(machine: Machine, name: string, spec: FileSpec): number {
  const { files } = machine;
  const made = files.create(name, spec.kind ?? 'disk');
  if (made < 0) return made;
  const result = fillFile(machine, name, spec);
  if (result < 0) files.unlink(name);
  return result;
}

function fillFile({ files, format }: Machine, name: string, spec: FileSpec): number {
  const start = spec.hex ?? (spec.text === undefined ? new Uint8Array() : ENCODER.encode(spec.text));
  const size = spec.size ?? start.length;
  const { pageBytes } = format;
  for (let at = 0; spec.fill !== undefined && at < size; at += pageBytes) {
    const bytes = new Uint8Array(Math.min(pageBytes, size - at));
    const written = files.write(name, at, bytes.fill(spec.fill === 'page' ? at / pageBytes : spec.fill));
    if (written < bytes.length) return fail('ENOMEM');
  }
  if (start.length > 0 && files.write(name, 0, start) < start.length) return fail('ENOMEM');
  const sized = files.truncate(name, size);
  if (sized < 0) return sized;
  return spec.cached === false ? files.dropCache(name) : files.sync(name);
}

/** Everything that is clean and not mapped, of one file or of all, what is dirty written before. */
function dropCaches({ files, kernel }: Machine, file: string | undefined): number {
  if (file !== undefined) return files.dropCache(file);
  for (const [name, inode] of kernel.files) if (inode.isRegular) files.dropCache(name);
  return 0;
}
