/** The program of test/fixtures/proc/record.c on the emulated machine, and what its recording on a real Linux says. */
import { readFileSync } from 'node:fs';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_GROWSDOWN,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../../src/kernel/linux-abi.ts';
import type { Process } from '../../../src/kernel/process.ts';
import { Machine } from '../../../src/machine/machine.ts';

export const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
const SHARED = MAP_SHARED | MAP_FIXED;

export interface Recorded {
  readonly machine: Machine;
  readonly process: Process;
  readonly children: readonly [Process, Process];
  /** status before the first mapping. */
  readonly before: string;
}

/** Up to where record.c looks at itself. */
export function runRecordedProgram(): Recorded {
  const machine = new Machine({ paging: 'x86_64', memory: 64 * 1024 * 1024 });
  const { calls, files } = machine;
  const process = machine.spawn({ name: 'record' });
  const must = (result: number): number => {
    if (result < 0) throw new Error(`a call of the recorded program failed: ${result}`);
    return result;
  };
  const map = (address: number, pages: number, prot: number, flags: number, fd = -1, offset = 0): number =>
    must(machine.mmap(process, { address, length: pages * PAGE, prot, flags, fd, offset }));
  const write = (address: number, ...pages: number[]): void => {
    for (const page of pages) machine.store(process, address + page * PAGE, 1, 1);
  };
  for (const [name, type] of [
    ['/tmp/proc-disk', 'disk'],
    ['/dev/shm/proc-tmpfs', 'tmpfs'],
  ] as const) {
    must(files.create(name, type));
    must(files.write(name, 0, new Uint8Array(4 * PAGE)));
    must(files.sync(name));
  }
  const both = { canRead: true, canWrite: true };
  const disk = must(calls.open(process, '/tmp/proc-disk', both));
  const shm = must(calls.open(process, '/dev/shm/proc-tmpfs', both));
  const zero = must(calls.open(process, '/dev/zero', both));
  // The program has run a while: its stack and code are there.
  machine.store(process, process.space!.stackTop - 8, 1, 1);
  machine.fetch(process, process.space!.areas.first!.start);
  const before = machine.proc.status(process);

  let a = map(0x10000000, 8, RW, ANON);
  write(a, 0, 1, 4);
  machine.load(process, a + 2 * PAGE, 1);
  must(calls.madvise(process, a + 3 * PAGE, PAGE, 'GUARD_INSTALL'));
  must(machine.mprotect(process, a + 4 * PAGE, PAGE, PROT_NONE));
  write(map(0x12000000, 4, RW, ANON), 0, 1, 2, 3);
  must(calls.mlock(process, map(0x13000000, 2, RW, ANON), PAGE));
  a = map(0x14000000, 2, RW, ANON | MAP_NORESERVE);
  write(a, 0);
  must(calls.madvise(process, a, 2 * PAGE, 'DONTFORK'));
  a = map(0x15000000, 1, RW, ANON);
  must(calls.madvise(process, a, PAGE, 'SEQUENTIAL'));
  must(calls.madvise(process, a, PAGE, 'DONTDUMP'));
  a = map(0x16000000, 1, RW, ANON);
  write(a, 0);
  must(calls.madvise(process, a, PAGE, 'RANDOM'));
  must(calls.madvise(process, a, PAGE, 'WIPEONFORK'));
  must(calls.mseal(process, map(0x17000000, 1, PROT_READ, ANON), PAGE));
  map(0x18000000, 1, PROT_NONE, ANON);
  map(0x19000000, 2, RW, ANON | MAP_GROWSDOWN);
  map(0x1a000000, 3, PROT_READ | PROT_EXEC, ANON);
  write(map(0x20000000, 4, RW, SHARED | MAP_ANONYMOUS), 0, 1);
  map(0x21000000, 1, PROT_READ, SHARED | MAP_ANONYMOUS);
  write(must(calls.shmat(process, must(calls.shmget(process, 3 * PAGE)), 0x30000000)), 0);
  a = map(0x40000000, 3, RW, SHARED, disk, PAGE);
  machine.load(process, a, 1);
  write(a, 1);
  a = map(0x41000000, 2, RW, MAP_PRIVATE | MAP_FIXED, disk);
  machine.load(process, a, 1);
  write(a, 1);
  write(map(0x50000000, 4, RW, SHARED, shm), 0);
  must(files.unlink('/dev/shm/proc-tmpfs'));
  map(0x60000000, 2, RW, MAP_PRIVATE | MAP_FIXED, zero, PAGE);
  map(0x70000000, 2, RW, SHARED, zero, PAGE);
  a = map(0x71000000, 16, RW, ANON);
  write(a, ...Array.from({ length: 16 }, (_, page) => page));
  must(machine.munmap(process, a, 16 * PAGE));
  const children = [machine.fork(process, 'first'), machine.fork(process, 'second')] as [Process, Process];
  machine.store(process, 0x12000000, 2, 1);
  return { machine, process, children, before };
}

/** The recording's sections, by their titles. */
export function recording(): ReadonlyMap<string, string> {
  const path = new URL('../../fixtures/proc/linux-6.18.txt', import.meta.url);
  const sections = readFileSync(path, 'utf8').split(/^--- (.*)\n/m);
  const byTitle = new Map<string, string>();
  for (let i = 1; i < sections.length; i += 2) byTitle.set(sections[i]!, sections[i + 1]!);
  return byTitle;
}

const FIRST_FIXED = 0x10000000;
const LAST_FIXED = 0x7fffffff;

/**
 * The entries of maps or smaps at the program's fixed addresses; a real program has others beside, placed and filled by
 * its loader. Device and inode numbers are the real machine's own: only whether there is one is kept.
 */
export function fixedAreas(text: string): string[] {
  const entries = text.split(/^(?=[0-9a-f]{8,}-)/m);
  return entries
    .filter((entry) => {
      const start = Number.parseInt(entry, 16);
      return start >= FIRST_FIXED && start <= LAST_FIXED;
    })
    .map((entry) =>
      entry.replace(/^(\S+ \S+ \S+ )(\S+) (\d+) *(?=[ \n])/, (whole, front: string, device: string, inode: string) => {
        const kept = `${front}${device === '00:00' ? 'none' : 'some'} ${inode === '0' ? 'none' : 'some'}`;
        // The name begins where it began.
        return `${kept} @${whole.length}`;
      }),
    );
}
