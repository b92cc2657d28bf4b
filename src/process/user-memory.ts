/**
 * A program's own loads, stores and fetches, on the CPU it runs on.
 *
 * 1, 2, 4 and 8 bytes are single accesses: one that straddles pages happens whole or not at all. Longer strings go page
 * by page, as a copy loop would. Null or false: the access was abandoned; the process has got a signal (and is mostly
 * dead).
 */
import type { Kernel } from '../kernel/kernel.ts';
import type { Process } from '../kernel/process.ts';
import { type AccessKind, FETCH, LOAD, STORE } from '../mmu/units.ts';

const isSingle = (size: number): boolean => size === 1 || size === 2 || size === 4 || size === 8;

/** Bytes in memory order, or null. */
export function loadBytes(kernel: Kernel, process: Process, address: number, size: number): Uint8Array | null {
  const cpu = kernel.cpus[process.cpu]!;
  if (!isSingle(size)) return copyLoop(kernel, process, address, size, LOAD, null);
  const low =
    size === 1
      ? cpu.load8(address)
      : size === 2
        ? cpu.load16(address)
        : size === 4
          ? cpu.load32(address)
          : cpu.load64(address);
  if (cpu.faulted) return null;
  const high = size === 8 ? cpu.highWord : 0;
  return Uint8Array.from({ length: size }, (_, i) => (i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4))) & 0xff);
}

/** True when all bytes were stored. */
export function storeBytes(kernel: Kernel, process: Process, address: number, bytes: Uint8Array): boolean {
  const cpu = kernel.cpus[process.cpu]!;
  const size = bytes.length;
  if (!isSingle(size)) return copyLoop(kernel, process, address, size, STORE, bytes) !== null;
  const low = wordAt(bytes, 0);
  if (size === 1) cpu.store8(address, low);
  else if (size === 2) cpu.store16(address, low);
  else if (size === 4) cpu.store32(address, low);
  else cpu.store64(address, low, wordAt(bytes, 4));
  return !cpu.faulted;
}

/** The byte fetched as an instruction, or null. */
export function fetchByte(kernel: Kernel, process: Process, address: number): Uint8Array | null {
  const physical = kernel.cpus[process.cpu]!.translate(address, FETCH);
  return physical < 0 ? null : kernel.memory.readBytes(physical, 1);
}

/**
 * One locked read-modify-write of a byte: a single access with the rights of a store (x86 `lock add` faults as a
 * write). The old byte, or null.
 */
export function updateByte(
  kernel: Kernel,
  process: Process,
  address: number,
  update: (old: number) => number,
): Uint8Array | null {
  const physical = kernel.cpus[process.cpu]!.translate(address, STORE);
  if (physical < 0) return null;
  const old = kernel.memory.load8(physical);
  kernel.memory.store8(physical, update(old) & 0xff);
  return Uint8Array.of(old);
}

function wordAt(bytes: Uint8Array, from: number): number {
  let word = 0;
  for (let i = Math.min(bytes.length, from + 4) - 1; i >= from; i--) word = word * 256 + bytes[i]!;
  return word;
}

function copyLoop(
  kernel: Kernel,
  process: Process,
  address: number,
  size: number,
  access: AccessKind,
  source: Uint8Array | null,
): Uint8Array | null {
  const cpu = kernel.cpus[process.cpu]!;
  const target = source === null ? new Uint8Array(size) : null;
  let done = 0;
  while (done < size) {
    const at = address + done;
    const bytes = Math.min(size - done, kernel.pageBytes - (at % kernel.pageBytes));
    const physical = cpu.translate(at, access);
    if (physical < 0) return null;
    if (source !== null) kernel.memory.writeBytes(physical, source.subarray(done, done + bytes));
    else target!.set(kernel.memory.readBytes(physical, bytes), done);
    done += bytes;
  }
  return target ?? source;
}
