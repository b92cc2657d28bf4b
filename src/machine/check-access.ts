/** What a caller of the library may pass to an access: checked here, so that nothing strange reaches the processor. */
import { numberOf, TWO_64_NUMBER } from '../kernel/arguments.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { Process } from '../kernel/process.ts';
import { InputError } from '../mmu/input-error.ts';
import { ACCESS_NAMES, type AccessKind, type AccessName } from '../mmu/units.ts';

/** Longest byte string of one access. */
export const SIZE_MAX = 2 ** 30;

/** @throws InputError MEM-API-001 for a process that has ended, -007 for what is no process, -011 for one of another machine or time */
export function requireRunning(kernel: Kernel, process: Process): void {
  requireProcess(process);
  if (process.state === 'running') {
    requireKnown(kernel, process);
    return;
  }
  throw new InputError({
    code: 'MEM-API-001',
    message: `process ${process.name} (pid ${process.pid}) has ended`,
    hint: 'look at process.signal and process.exitCode for how it ended',
  });
}

/** Zombies are known until they are waited for. @throws InputError MEM-API-007, -011 */
export function requireKnown(kernel: Kernel, process: Process): void {
  requireProcess(process);
  if (kernel.processes.get(process.pid) === process) return;
  throw new InputError({
    code: 'MEM-API-011',
    message: `process ${process.name} (pid ${process.pid}) is not of this machine as it is now`,
    hint: 'after restore, processes are new objects, and those waited for are gone: machine.process(name or pid) finds one',
  });
}

function requireProcess(process: Process): void {
  if (process instanceof Process) return;
  throw new InputError({
    code: 'MEM-API-007',
    message: `\`${String(process)}\` is not a process`,
    hint: 'pass what machine.spawn, machine.fork or machine.process(name) returned',
  });
}

/** An address, or another 64-bit argument. @throws InputError MEM-API-008 */
export function requireAddress(address: number | bigint): void {
  if (typeof address === 'bigint' || Number.isInteger(address)) return;
  throw new InputError({
    code: 'MEM-API-008',
    message: `\`${String(address)}\` is not a whole number`,
    hint: 'addresses, lengths and offsets are whole numbers; from 2^53 on they are bigints',
  });
}

/** A limit on a resource: Infinity is none, as -1 is (RLIM_INFINITY, all 64 bits set). @throws InputError MEM-API-008 */
export function limitOf(bytes: number): number {
  if (bytes === Number.POSITIVE_INFINITY) return bytes;
  requireAddress(bytes);
  const wide = numberOf(bytes);
  return wide < TWO_64_NUMBER ? wide : Number.POSITIVE_INFINITY;
}

/** @throws InputError MEM-API-012 */
export function accessKindOf(access: AccessName): AccessKind {
  const kind = ACCESS_NAMES.indexOf(access);
  if (kind >= 0) return kind as AccessKind;
  const hint = `the kinds are ${ACCESS_NAMES.join(', ')}`;
  throw new InputError({ code: 'MEM-API-012', message: `there is no access \`${String(access)}\``, hint });
}

/** @throws InputError MEM-API-009 */
export function requireSize(size: number): void {
  if (Number.isInteger(size) && size >= 1 && size <= SIZE_MAX) return;
  throw new InputError({
    code: 'MEM-API-009',
    message: `an access of ${String(size)} bytes is not possible`,
    hint: `sizes are whole numbers from 1 to ${SIZE_MAX}; 1, 2, 4 and 8 are single accesses`,
  });
}

/** `value` as `size` bytes, lowest first; negative values in two's complement. @throws InputError MEM-API-010 */
export function littleEndian(value: number | bigint, size: number): Uint8Array {
  requireSize(size);
  if (size <= 4 && typeof value === 'number' && fits(value, size)) {
    const bytes = new Uint8Array(size);
    for (let at = 0; at < size; at++) bytes[at] = value >>> (8 * at);
    return bytes;
  }
  const whole = typeof value === 'bigint' || Number.isInteger(value) ? BigInt(value) : null;
  const bits = 8n * BigInt(size);
  if (whole === null || whole >= 1n << bits || whole < -(1n << (bits - 1n))) {
    throw new InputError({
      code: 'MEM-API-010',
      message: `\`${String(value)}\` does not fit into ${size} byte${size === 1 ? '' : 's'}`,
      hint: 'store takes a whole number and its size in bytes, or a Uint8Array',
    });
  }
  let rest = BigInt.asUintN(Number(bits), whole);
  return Uint8Array.from({ length: size }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}

/** Is it a whole number of so few bytes, at most 4, signed or unsigned? Most stores are of those and need no bigint. */
function fits(value: number, size: number): boolean {
  const values = 2 ** (8 * size);
  return Number.isInteger(value) && value < values && value >= -values / 2;
}
