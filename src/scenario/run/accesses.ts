/** Steps of the program itself: load, store, fetch, rmw, touch; and the two that only look: peek and check. */
import type { Process } from '../../kernel/process.ts';
import type { AccessResult, Address } from '../../machine/machine.ts';
import type { Translation } from '../../mmu/translation.ts';
import type { AccessName } from '../../mmu/units.ts';
import { DEFAULT_ACCESS_BYTES, LOAD_BYTES_MAX, TOUCHES_MAX } from '../scenario.ts';
import type { StepOf } from '../schema/steps.ts';
import { accessExecuted, DONE, type Executed, translationExecuted, valueOutcome } from './executed.ts';
import { CannotRun, type StepContext } from './state.ts';

const encoder = new TextEncoder();

export function load(context: StepContext, process: Process, step: StepOf<'load'>): Executed {
  const length = step.length === undefined ? (step.size ?? DEFAULT_ACCESS_BYTES) : context.count(step.length);
  if (length < 1 || length > LOAD_BYTES_MAX) {
    throw new CannotRun(
      `its length \`${step.length?.text}\` is ${length} here, and a load reads 1 byte to 64 MiB at once`,
    );
  }
  const executed = accessExecuted(context.machine.load(process, context.address(step.at), length), true);
  // Who names a length reads a string of bytes, which is no number even when it has four of them.
  if (step.length === undefined || executed.outcome.kind !== 'value') return executed;
  return { ...executed, outcome: { ...executed.outcome, number: null } };
}

export function store(context: StepContext, process: Process, step: StepOf<'store'>): Executed {
  const at = context.address(step.at);
  const bytes = step.bytes ?? (step.text === undefined ? undefined : encoder.encode(step.text));
  if (bytes !== undefined) return accessExecuted(context.machine.store(process, at, bytes), false);
  const size = step.size ?? DEFAULT_ACCESS_BYTES;
  const value = step.value === undefined ? 0n : BigInt(context.quantity(step.value));
  return accessExecuted(context.machine.store(process, at, littleEndianBytes(value, size)), false);
}

export function fetch(context: StepContext, process: Process, step: StepOf<'fetch'>): Executed {
  return accessExecuted(context.machine.fetch(process, context.address(step.at)), false);
}

export function rmw(context: StepContext, process: Process, step: StepOf<'rmw'>): Executed {
  const operand = (key: 'add' | 'and' | 'or' | 'xor' | 'set'): number | null => {
    const expression = step[key];
    return expression === undefined ? null : Number(BigInt.asUintN(8, BigInt(context.quantity(expression))));
  };
  const [add, and, or, xor, set] = [operand('add'), operand('and'), operand('or'), operand('xor'), operand('set')];
  const update = (old: number): number => {
    if (add !== null) return (old + add) & 0xff;
    if (and !== null) return old & and;
    if (or !== null) return old | or;
    if (xor !== null) return old ^ xor;
    return set ?? old;
  };
  return accessExecuted(context.machine.rmw(process, context.address(step.at), update), true);
}

/** One access at `at` and every `stride` bytes after it, until a signal ends it. */
export function touch(context: StepContext, process: Process, step: StepOf<'touch'>): Executed {
  const { machine } = context;
  const start = context.address(step.at);
  const length = context.count(step.length);
  const stride = step.stride === undefined ? machine.format.pageBytes : context.count(step.stride);
  if (stride < 1) {
    throw new CannotRun(`its stride \`${step.stride?.text}\` is ${stride} here, and a touch goes up by 1 byte or more`);
  }
  if (length < 0)
    throw new CannotRun(`its length \`${step.length.text}\` is ${length} here, and a length is 0 or more`);
  if (length / stride > TOUCHES_MAX) {
    const accesses = Math.ceil(length / stride).toLocaleString('en');
    throw new CannotRun(
      `its length \`${step.length.text}\` is ${length} here: ${accesses} accesses, where ${TOUCHES_MAX.toLocaleString('en')} are the most`,
    );
  }
  const byte = Uint8Array.of(
    Number(BigInt.asUintN(8, step.value === undefined ? 1n : BigInt(context.quantity(step.value)))),
  );
  const access = step.access ?? 'store';
  let count = 0;
  for (let offset = 0; offset < length; offset += stride) {
    const at: Address = typeof start === 'number' ? start + offset : BigInt.asUintN(64, start + BigInt(offset));
    const result = touchOnce(context, process, access, at, byte);
    if (result.signal !== null) return { ...accessExecuted(result, false), count };
    count++;
  }
  return { outcome: { kind: 'count', count }, count };
}

function touchOnce(
  context: StepContext,
  process: Process,
  access: 'load' | 'store' | 'fetch',
  at: Address,
  byte: Uint8Array,
): AccessResult {
  switch (access) {
    case 'store':
      return context.machine.store(process, at, byte);
    case 'load':
      return context.machine.load(process, at, 1);
    case 'fetch':
      return context.machine.fetch(process, at);
    default:
      return access satisfies never;
  }
}

export function peek(context: StepContext, process: Process, step: StepOf<'peek'>): Executed {
  return translationExecuted(explained(context, process, context.address(step.at), step.access ?? 'load'));
}

export function translate(context: StepContext, step: StepOf<'translate'>): Executed {
  return translationExecuted(context.machine.translate(step.cpu ?? 0, context.address(step.at), step.access ?? 'load'));
}

/** Look at memory without touching it: the bytes at `at`, page by page. */
export function check(context: StepContext, step: StepOf<'check'>): Executed {
  if (step.at === undefined) return DONE;
  const at = context.address(step.at);
  const expect = step.expect;
  const length = expect?.bytes?.length ?? (expect?.text === undefined ? undefined : encoder.encode(expect.text).length);
  const seen = lookAt(context, at, length ?? step.size ?? DEFAULT_ACCESS_BYTES);
  return seen instanceof Uint8Array ? { outcome: valueOutcome(seen), bytes: seen } : translationExecuted(seen);
}

/** Bytes of memory, without touching them; or the first translation that is refused. */
export function lookAt(context: StepContext, at: Address, length: number): Uint8Array | Translation {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < bytes.length; index++) {
    const address: Address = typeof at === 'number' ? at + index : at + BigInt(index);
    const translation = looked(context, address);
    if (translation.physical === null) return translation;
    bytes[index] = context.machine.memory.load8(translation.physical);
  }
  return bytes;
}

function looked(context: StepContext, address: Address): Translation {
  const { machine, process } = context;
  if (process === null) return machine.translate(0, address, 'load', { peek: true });
  return explained(context, process, address, 'load');
}

function explained(context: StepContext, process: Process, address: Address, access: AccessName): Translation {
  return context.machine.explain(process, address, access);
}

function littleEndianBytes(value: bigint, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let rest = BigInt.asUintN(8 * size, value);
  for (let index = 0; index < size; index++) {
    bytes[index] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  return bytes;
}
