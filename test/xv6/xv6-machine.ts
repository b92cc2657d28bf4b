import { expect } from 'vitest';
import type { Process } from '../../src/kernel/process.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine, type WaitResult } from '../../src/machine/machine.ts';
import type { ImageOptions } from '../../src/process/image.ts';

/**
 * The harness of xv6's `usertests`: each test runs in a process of its own, forked from one parent; status 0 is success,
 * a signal is death by the kernel; and afterwards as many frames are free as before ("lost some free pages" otherwise).
 */
export const PAGE = 4096;
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;
/** xv6's machine: 128 MiB. */
export const XV6_FRAMES = 32768;
/** xv6's KERNBASE and MAXVA. */
export const KERNBASE = 0x80000000;
export const MAXVA = 2 ** 38;

/**
 * A program as xv6 links it. Without a stack at the end of user space, because xv6 has the trapframe and the trampoline
 * there, which user code must not reach; a test that wants a stack says so.
 */
export const XV6_PROGRAM: ImageOptions = { text: PAGE, data: PAGE, bss: 3 * PAGE, stack: 0 };

export interface Run {
  readonly machine: Machine;
  /** The process that the test runs in. */
  readonly process: Process;
}

export interface UsertestOptions {
  readonly config?: Partial<MachineConfig>;
  readonly image?: ImageOptions;
  /** The test itself is killed by this signal; default: it exits with 0. */
  readonly dies?: 'SIGSEGV' | 'SIGBUS' | 'SIGKILL';
}

/** Run one test the way `usertests` does and check the rules of the harness. */
export function usertest(options: UsertestOptions, body: (run: Run) => void): void {
  const machine = new Machine({ paging: 'sv39', memory: XV6_FRAMES * PAGE, ...options.config });
  const init = machine.spawn({ name: 'init', image: options.image ?? XV6_PROGRAM });
  const before = resourcesOf(machine);

  const { code, signal } = inChild(machine, init, (process) => body({ machine, process }));
  expect({ code, signal }).toEqual(
    options.dies === undefined ? { code: 0, signal: null } : { code: null, signal: options.dies },
  );

  removeFiles(machine);
  expect(resourcesOf(machine), 'the test lost pages').toEqual(before);
  expect(machine.checkInvariants()).toEqual([]);
  machine.exit(init);
  expect(machine.view().memory.freeFrames).toBe(machine.kernel.bootFreeFrames);
}

/**
 * Frames a process could have: the free ones, and those that only cache the program's file, which the kernel keeps until
 * it needs them (xv6 has no such cache).
 */
export const availableFrames = ({ kernel }: Machine): number => kernel.buddy.free + kernel.fileFrames;

const resourcesOf = (machine: Machine): { frames: number; swapSlots: number } => ({
  frames: availableFrames(machine),
  swapSlots: machine.kernel.swap.free,
});

/** The files that the test made; what it still had open or mapped is gone with its process. */
function removeFiles({ kernel, files }: Machine): void {
  const names = [...kernel.files].filter(([, inode]) => inode.isRegular).map(([name]) => name);
  for (const name of names) files.unlink(name);
}

/** A forked child does `body`, exits with 0 if it is still alive then, and is waited for. */
export function inChild(machine: Machine, parent: Process, body: (child: Process) => void): WaitResult {
  const child = forkOf(machine, parent);
  body(child);
  if (isAlive(child)) machine.exit(child);
  return waitFor(machine, parent, child);
}

export function forkOf(machine: Machine, parent: Process): Process {
  const child = machine.fork(parent);
  if (typeof child === 'number') throw new Error(`fork answered ${child}`);
  return child;
}

export function waitFor(machine: Machine, parent: Process, child?: Process): WaitResult {
  const result = machine.wait(parent, child?.pid);
  if (typeof result === 'number') throw new Error(`wait answered ${result}`);
  return result;
}

/** Asked by a function, so that the compiler does not remember the answer across calls that kill. */
export const isAlive = (process: Process): boolean => process.state === 'running';

/** A child's access must kill it, and nobody else. */
export function expectDeath(
  machine: Machine,
  parent: Process,
  access: (child: Process) => void,
  expected: 'SIGSEGV' | 'SIGBUS' = 'SIGSEGV',
): void {
  const { signal } = inChild(machine, parent, access);
  expect(signal).toBe(expected);
  expect(isAlive(parent)).toBe(true);
}

export function sbrk({ machine, process }: Run, bytes: number): number {
  const old = machine.sbrk(process, bytes);
  if (old < 0) throw new Error(`sbrk(${bytes}) answered ${old}`);
  return old;
}

/** The break as it is: sbrk(0). */
export const breakOf = (run: Run): number => sbrk(run, 0);

export function store({ machine, process }: Run, address: number, value: number | Uint8Array, size = 1): void {
  const { ok, signal } = machine.store(process, address, value, size);
  if (!ok) throw new Error(`store to 0x${address.toString(16)}: ${signal?.reason}`);
}

/** Little-endian, up to 6 bytes exact. */
export function load({ machine, process }: Run, address: number, size = 1): number {
  const { bytes, signal } = machine.load(process, address, size);
  if (bytes === null) throw new Error(`load from 0x${address.toString(16)}: ${signal?.reason}`);
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

/** Store `value` (one byte) into the first byte of each page. */
export function fillPages(run: Run, start: number, pages: number, value: number): void {
  const byte = Uint8Array.of(value);
  for (let page = 0; page < pages; page++) store(run, start + page * PAGE, byte);
}

/** The pages whose first byte is not `value`. */
export function pagesUnlike(run: Run, start: number, pages: number, value: number): number[] {
  const unlike: number[] = [];
  for (let page = 0; page < pages; page++) if (load(run, start + page * PAGE) !== value) unlike.push(page);
  return unlike;
}

/** Addresses with their names, for the rows of a table. */
export const named = <T extends number | bigint>(addresses: readonly T[]): [string, T][] =>
  addresses.map((address) => [`0x${address.toString(16)}`, address]);
