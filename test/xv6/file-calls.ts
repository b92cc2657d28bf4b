/** Files as the teaching kernels' tests use them: made with contents, opened by name, mapped, read and written. */
import { expect } from 'vitest';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { PAGE, type Run, sbrk, store } from './xv6-machine.ts';

export const FILE_TYPES = ['tmpfs', 'disk'] as const;
export type FileType = (typeof FILE_TYPES)[number];

const MODES = {
  r: { canRead: true },
  w: { canWrite: true },
  rw: { canRead: true, canWrite: true },
} as const;
export type Mode = keyof typeof MODES;

export const RW = PROT_READ | PROT_WRITE;

/** A file with these contents, as another program left it: on a disk it is written there and out of memory. */
export function makeFile({ machine }: Run, name: string, contents: Uint8Array, type: FileType = 'disk'): void {
  expect(machine.files.create(name, type)).toBe(0);
  expect(machine.files.write(name, 0, contents)).toBe(contents.length);
  expect(machine.files.dropCache(name)).toBe(0);
}

export function open({ machine, process }: Run, name: string, mode: Mode): number {
  const fd = machine.calls.open(process, name, MODES[mode]);
  if (fd < 0) throw new Error(`open(${name}, ${mode}) answered ${fd}`);
  return fd;
}

export interface MapOptions {
  readonly prot?: number;
  readonly flags?: number;
  readonly address?: number;
  readonly offset?: number;
}

/** mmap of the descriptor, shared and writable unless told otherwise: the address or -errno. */
export function map({ machine, process }: Run, fd: number, length: number, options: MapOptions = {}): number {
  const { prot = RW, flags = MAP_SHARED, address = 0, offset = 0 } = options;
  return machine.mmap(process, { address, length, prot, flags, offset, fd });
}

/** Opened, mapped and closed again: the address. */
export function mapFile(run: Run, name: string, length: number, mode: Mode = 'rw', options: MapOptions = {}): number {
  const fd = open(run, name, mode);
  const at = map(run, fd, length, options);
  expect(at).toBeGreaterThan(0);
  expect(run.machine.calls.close(run.process, fd)).toBe(0);
  return at;
}

export function bytesAt({ machine, process }: Run, address: number, length: number): Uint8Array {
  const { bytes, signal } = machine.load(process, address, length);
  if (bytes === null) throw new Error(`load from 0x${address.toString(16)}: ${signal?.reason}`);
  return bytes;
}

/** `toEqual` takes long on large arrays; Buffer.compare says the same at once. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) === 0) return;
  const differs = expected.findIndex((byte, at) => byte !== actual[at]);
  expect({ length: actual.length, differs, byte: actual[differs] }).toEqual({
    length: expected.length,
    differs: -1,
    byte: undefined,
  });
}

/** What the file has, read by the program through a descriptor into a page of its heap. */
export function readBack(run: Run, name: string, length: number): Uint8Array {
  const { machine, process } = run;
  const fd = open(run, name, 'r');
  const pages = Math.ceil(length / PAGE) + 1;
  const buffer = sbrk(run, pages * PAGE);
  const count = machine.calls.pread(process, fd, buffer, length, 0);
  expect(count).toBeGreaterThanOrEqual(0);
  const bytes = bytesAt(run, buffer, count);
  sbrk(run, -pages * PAGE);
  machine.calls.close(process, fd);
  return bytes;
}

/** Written by the program from its heap: what pwrite answered. */
export function writeTo(run: Run, name: string, contents: Uint8Array, offset = 0): number {
  const { machine, process } = run;
  const fd = open(run, name, 'w');
  const buffer = sbrk(run, contents.length);
  store(run, buffer, contents);
  const count = machine.calls.pwrite(process, fd, buffer, contents.length, offset);
  sbrk(run, -contents.length);
  machine.calls.close(process, fd);
  return count;
}

export const text = (contents: string): Uint8Array => new Uint8Array(Buffer.from(contents));
