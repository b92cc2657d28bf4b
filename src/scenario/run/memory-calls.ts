/** Steps that are system calls on the address space: mmap and its kin, locks, limits, System V shared memory, debuggers. */
import {
  MAP_FLAGS,
  MCL_FLAGS,
  MLOCK_FLAGS,
  MREMAP_FLAGS,
  MS_FLAGS,
  PROT_FLAGS,
  PROT_LETTERS,
  SHM_FLAGS,
} from '../../kernel/flag-names.ts';
import type { ResourceName } from '../../kernel/limits.ts';
import { errnoName, MAP_ANONYMOUS, MAP_PRIVATE, MAP_TYPE, MS_SYNC } from '../../kernel/linux-abi.ts';
import type { Process } from '../../kernel/process.ts';
import type { AdviceName } from '../../kernel/vm/advice.ts';
import { flagBits, flagList } from '../schema/flags.ts';
import type { StepOf } from '../schema/steps.ts';
import { lookAt } from './accesses.ts';
import { type Executed, syscallExecuted, valueOutcome } from './executed.ts';
import type { StepContext } from './state.ts';

const bitOf = (bits: Readonly<Record<string, number>>, name: string, otherwise: number): number =>
  Object.hasOwn(bits, name) ? bits[name]! : otherwise;

/** The bits of `rw|growsdown`. */
function protBits(text: string): number {
  const [letters = '', ...words] = text.split('|');
  const rights = [...letters].reduce((bits, letter) => bits | bitOf(PROT_LETTERS, letter, 0), 0);
  return words.reduce((bits, word) => bits | bitOf(PROT_FLAGS, word, Number(word)), rights);
}

export const answered = (result: number): Executed => syscallExecuted(result, () => ({ kind: 'ok' }));

export function mmap(context: StepContext, process: Process, step: StepOf<'mmap'>): Executed {
  const asked = flagBits(step.flags, MAP_FLAGS);
  // Who writes numbers means them; else a mapping is private where nothing is said of it.
  const isPlain = flagList(step.flags).every((flag) => typeof flag === 'string');
  const type = (asked & MAP_TYPE) === 0 && isPlain ? MAP_PRIVATE : 0;
  const result = context.machine.mmap(process, {
    length: context.address(step.length),
    prot: protBits(step.prot ?? 'rw'),
    flags: asked | type | (step.fd === undefined ? MAP_ANONYMOUS : 0),
    ...(step.at === undefined ? {} : { address: context.address(step.at) }),
    ...(step.offset === undefined ? {} : { offset: context.address(step.offset) }),
    ...(step.fd === undefined ? {} : { fd: context.count(step.fd) }),
  });
  return boundAddress(context, step.as, result, 'mmap');
}

export function munmap(context: StepContext, process: Process, step: StepOf<'munmap'>): Executed {
  return answered(context.machine.munmap(process, context.address(step.at), context.address(step.length)));
}

export function mprotect(context: StepContext, process: Process, step: StepOf<'mprotect'>): Executed {
  const [at, length] = [context.address(step.at), context.address(step.length)];
  return answered(context.machine.mprotect(process, at, length, protBits(step.prot)));
}

export function mremap(context: StepContext, process: Process, step: StepOf<'mremap'>): Executed {
  const result = context.machine.calls.mremap(process, {
    address: context.address(step.at),
    oldLength: context.address(step.length),
    newLength: context.address(step.newLength),
    flags: flagBits(step.flags, MREMAP_FLAGS),
    ...(step.to === undefined ? {} : { newAddress: context.address(step.to) }),
  });
  return boundAddress(context, step.as, result, 'mremap');
}

/** Calls on a range, each by its own name. */
type RangeStep = StepOf<'madvise' | 'mlock' | 'mlock2' | 'munlock' | 'msync' | 'mseal' | 'remap_file_pages'>;

export function onRange(context: StepContext, process: Process, step: RangeStep): Executed {
  const { calls } = context.machine;
  const [at, length] = [context.address(step.at), context.address(step.length)];
  switch (step.do) {
    case 'madvise': {
      const { advice } = step;
      const known = typeof advice === 'number' ? advice : (advice.toUpperCase() as AdviceName);
      return answered(calls.madvise(process, at, length, known));
    }
    case 'mlock':
      return answered(calls.mlock(process, at, length));
    case 'mlock2':
      return answered(calls.mlock2(process, at, length, flagBits(step.flags, MLOCK_FLAGS)));
    case 'munlock':
      return answered(calls.munlock(process, at, length));
    case 'msync':
      return answered(
        calls.msync(process, at, length, step.flags === undefined ? MS_SYNC : flagBits(step.flags, MS_FLAGS)),
      );
    case 'mseal':
      return answered(calls.mseal(process, at, length, step.flags ?? 0));
    case 'remap_file_pages': {
      const flags = flagBits(step.flags, MAP_FLAGS);
      const page = context.address(step.page);
      return answered(calls.remapFilePages(process, at, length, step.prot ?? 0, page, flags));
    }
    default:
      return step satisfies never;
  }
}

export function mlockall(context: StepContext, process: Process, step: StepOf<'mlockall'>): Executed {
  return answered(context.machine.calls.mlockall(process, flagBits(step.flags, MCL_FLAGS)));
}

export function mincore(context: StepContext, process: Process, step: StepOf<'mincore'>): Executed {
  const { calls, format } = context.machine;
  const [at, length] = [context.address(step.at), context.address(step.length)];
  if (step.vector === undefined) {
    const pages = calls.residency(process, at, length);
    return typeof pages === 'number' ? answered(pages) : inCore(pages);
  }
  const vector = context.address(step.vector);
  const result = calls.mincore(process, at, length, vector);
  if (result < 0) return answered(result);
  const seen = lookAt(context, vector, Math.ceil(Number(length) / format.pageBytes));
  return seen instanceof Uint8Array ? inCore([...seen].map((byte) => (byte & 1) !== 0)) : answered(result);
}

function inCore(pages: readonly boolean[]): Executed {
  const text = pages.map((isThere) => (isThere ? '1' : '0')).join('');
  return { outcome: { kind: 'answer', text }, errno: 'ok', vec: text };
}

export function setrlimit(context: StepContext, process: Process, step: StepOf<'setrlimit'>): Executed {
  const bytes = (limit: number | 'infinity') => (limit === 'infinity' ? Number.POSITIVE_INFINITY : limit);
  const resource = step.resource.toUpperCase() as ResourceName;
  const hard = step.hard === undefined ? undefined : bytes(step.hard);
  return answered(context.machine.calls.setrlimit(process, resource, bytes(step.soft), hard));
}

export function oomScoreAdj(context: StepContext, process: Process, step: StepOf<'oom_score_adj'>): Executed {
  return answered(context.machine.calls.setOomScoreAdj(process, step.value, { isPrivileged: step.privileged }));
}

export function shmget(context: StepContext, process: Process, step: StepOf<'shmget'>): Executed {
  return boundNumber(context, step.as, context.machine.calls.shmget(process, context.address(step.size)), 'shmget');
}

export function shmat(context: StepContext, process: Process, step: StepOf<'shmat'>): Executed {
  const at = step.at === undefined ? 0 : context.address(step.at);
  const flags = flagBits(step.flags, SHM_FLAGS);
  return boundAddress(
    context,
    step.as,
    context.machine.calls.shmat(process, context.count(step.id), at, flags),
    'shmat',
  );
}

export function shmctl(context: StepContext, process: Process, step: StepOf<'shmctl'>): Executed {
  return answered(context.machine.calls.shmrm(process, context.count(step.id)));
}

export function peekdata(context: StepContext, process: Process, step: StepOf<'peekdata'>): Executed {
  const result = context.machine.calls.peek(process, context.address(step.at));
  if (result < 0) return answered(result);
  const bytes = Uint8Array.of(result);
  return { outcome: valueOutcome(bytes), bytes, errno: 'ok' };
}

export function pokedata(context: StepContext, process: Process, step: StepOf<'pokedata'>): Executed {
  const value = Number(BigInt.asUintN(8, BigInt(context.quantity(step.value))));
  return answered(context.machine.calls.poke(process, context.address(step.at), value));
}

/** The address that a call answered, by the step's name for it. */
export function boundAddress(context: StepContext, name: string | undefined, result: number, call: string): Executed {
  bind(context, name, result, call, context.names.symbols);
  return syscallExecuted(result, (address) => ({ kind: 'address', address }));
}

/** A descriptor or identifier, which is no address and never shown as part of one. */
export function boundNumber(context: StepContext, name: string | undefined, result: number, call: string): Executed {
  bind(context, name, result, call, context.names.numbers);
  const executed = syscallExecuted(result, (number) => ({ kind: 'answer', text: String(number) }));
  return result < 0 ? executed : { ...executed, answer: result };
}

function bind(
  context: StepContext,
  name: string | undefined,
  result: number,
  call: string,
  into: Map<string, number>,
): void {
  if (name === undefined) return;
  const { symbols, numbers, unbound } = context.names;
  symbols.delete(name);
  numbers.delete(name);
  if (result >= 0) into.set(name, result);
  else unbound.set(name, `the ${call} that should bind it answered ${errnoName(result)}`);
}
