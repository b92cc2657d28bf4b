/**
 * A machine on which any system call can be made with any arguments near its memory, files and segments: nothing is said of
 * the answers (the recordings of Linux do that), only that each is a result or an errno.
 */
import { SHM_EXEC, SHM_RDONLY, SHM_REMAP, SHM_RND } from '../../src/kernel/fs/shm.ts';
import {
  errnoName,
  MAP_ANONYMOUS,
  MAP_DROPPABLE,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_GROWSDOWN,
  MAP_LOCKED,
  MAP_NONBLOCK,
  MAP_NORESERVE,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { ADVICE, type AdviceName } from '../../src/kernel/vm/advice.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';

const ARENA_PAGES = 40;
const PROCESSES_MAX = 4;
const SEGMENTS_MAX = 3;
const FILES = { tmp: 'tmpfs', disk: 'disk' } as const;
const FILE_PAGES = 6;
const ADVICE_NAMES = Object.keys(ADVICE) as AdviceName[];

const FLAGS = [0, MAP_FIXED, MAP_FIXED, MAP_FIXED, MAP_FIXED_NOREPLACE];
const MORE_FLAGS = [0, 0, 0, MAP_POPULATE, MAP_LOCKED, MAP_NORESERVE, MAP_GROWSDOWN, MAP_POPULATE | MAP_NONBLOCK];
const ANONYMOUS = [MAP_PRIVATE, MAP_PRIVATE, MAP_SHARED, MAP_DROPPABLE].map((type) => type | MAP_ANONYMOUS);

/** Starts of the areas that show segments. */
function attachmentsOf({ space }: Process): number[] {
  const starts: number[] = [];
  for (let area = space!.areas.first; area !== null; area = area.next) {
    if (area.file !== null && area.file.inode.segmentId !== null) starts.push(area.start);
  }
  return starts;
}

/** One call: where, how long, and two numbers that choose among what else there is to it. */
export interface RandomCall {
  readonly name: CallName;
  readonly who: number;
  /** Of the arena. */
  readonly page: number;
  readonly pages: number;
  readonly choice: number;
  readonly other: number;
}

interface Acting {
  readonly process: Process;
  /** Bytes. */
  readonly address: number;
  readonly length: number;
}

type Call = (at: RandomMachine, acting: Acting, call: RandomCall) => number;
const pick = <Item>(items: readonly Item[], choice: number): Item => items[choice % items.length]!;

/** Every call: its answer, 0 where it has none. */
const CALLS = {
  mapAnonymous: ({ machine }, { process, address, length }, { choice, other }) => {
    const flags = pick(ANONYMOUS, choice) | pick(FLAGS, other) | pick(MORE_FLAGS, choice >> 2);
    return machine.mmap(process, { address, length, prot: other % 8, flags });
  },
  mapFile: ({ machine }, { process, address, length }, { choice, other, pages }) => {
    const flags = pick([MAP_PRIVATE, MAP_SHARED], choice) | pick(FLAGS, other) | pick(MORE_FLAGS, choice >> 1);
    const offset = (pages % 3) * machine.format.pageBytes;
    return machine.mmap(process, { address, length, prot: other % 4, flags, fd: 3 + (choice % 4), offset });
  },
  munmap: ({ machine }, { process, address, length }) => machine.munmap(process, address, length),
  mprotect: ({ machine }, { process, address, length }, { choice }) =>
    machine.mprotect(process, address, length, choice % 8),
  mremap: ({ machine, addressOf }, { process, address, length }, { choice, other }) =>
    machine.calls.mremap(process, {
      address,
      oldLength: choice % 7 === 0 ? 0 : length,
      newLength: (1 + (other % 8)) * machine.format.pageBytes,
      flags: choice % 8,
      newAddress: addressOf(other * 5),
    }),
  madvise: ({ machine }, { process, address, length }, { choice }) =>
    machine.calls.madvise(process, address, length, pick(ADVICE_NAMES, choice)),
  mlock: ({ machine }, { process, address, length }, { choice }) =>
    machine.calls.mlock2(process, address, length, choice % 2),
  munlock: ({ machine }, { process, address, length }) => machine.calls.munlock(process, address, length),
  mlockall: ({ machine }, { process }, { choice }) =>
    choice % 3 === 0 ? machine.calls.mlockall(process, 1 + (choice % 7)) : machine.calls.munlockall(process),
  mincore: ({ machine, addressOf }, { process, address, length }, { other }) =>
    machine.calls.mincore(process, address, length, addressOf(other)),
  msync: ({ machine }, { process, address, length }, { choice }) =>
    machine.calls.msync(process, address, length, choice % 8),
  // Sealed memory stays to the end: not too much of it.
  mseal: ({ machine }, { process, address }, { choice }) =>
    choice % 4 === 0 ? machine.calls.mseal(process, address, machine.format.pageBytes) : 0,
  remapFilePages: ({ machine }, { process, address, length }, { choice }) =>
    machine.calls.remapFilePages(process, address, length, 0, choice % FILE_PAGES, 0),
  brk: ({ machine }, { process }, { choice, other }) =>
    machine.brk(process, process.space!.brkStart + (choice % 6) * machine.format.pageBytes + (other % 2)),
  setrlimit: ({ machine }, { process }, { choice, other }) => {
    const bytes = choice % 3 === 0 ? other * machine.format.pageBytes : Number.POSITIVE_INFINITY;
    const limit = pick(['AS', 'DATA', 'MEMLOCK', 'STACK', 'FSIZE'] as const, other);
    return machine.calls.setrlimit(process, limit, bytes);
  },
  shmget: ({ machine, segments }, { process, length }) => {
    if (segments.length >= SEGMENTS_MAX) return 0;
    const id = machine.calls.shmget(process, length);
    if (id >= 0) segments.push(id);
    return id;
  },
  shmat: ({ machine, segments }, { process, address }, { choice, other }) =>
    machine.calls.shmat(
      process,
      pick([...segments, -1], choice),
      pick([0, address, address + 1], other),
      pick([0, SHM_RDONLY, SHM_RND, SHM_REMAP | SHM_RND, SHM_EXEC], choice),
    ),
  shmdt: ({ machine }, { process, address }, { choice }) => {
    const attached = attachmentsOf(process);
    return machine.calls.shmdt(process, pick(attached.length > 0 ? attached : [address], choice));
  },
  shmrm: ({ machine, segments }, { process }, { choice }) =>
    choice % 8 === 0 && segments.length > 1 ? machine.calls.shmrm(process, segments.shift()!) : 0,
  open: ({ machine }, { process }, { choice }) =>
    machine.calls.open(process, pick(Object.keys(FILES), choice), {
      canRead: choice % 5 > 0,
      canWrite: choice % 3 > 0,
    }),
  close: ({ machine }, { process }, { choice }) => machine.calls.close(process, 3 + (choice % 4)),
  pread: ({ machine }, { process, address, length }, { choice, other }) =>
    machine.calls.pread(process, 3 + (choice % 4), address, length, other * 17),
  pwrite: ({ machine }, { process, address, length }, { choice, other }) =>
    machine.calls.pwrite(process, 3 + (choice % 4), address, length, other * 17),
  fileChanges: ({ machine: { files, format } }, { length }, { choice, other }) => {
    const name = pick(Object.keys(FILES), other);
    const offset = (other % FILE_PAGES) * format.pageBytes;
    switch (choice % 5) {
      case 0:
        return files.truncate(name, Math.min(offset + (other % 3), FILE_PAGES * format.pageBytes));
      case 1:
        return files.write(name, offset, new Uint8Array(Math.min(length, 300)).fill(other));
      case 2:
        return files.punch(name, offset, length);
      case 3:
        return files.sync(name);
      default:
        return files.dropCache(name);
    }
  },
  debug: ({ machine }, { process, address }, { choice }) =>
    choice % 2 === 0 ? machine.calls.peek(process, address) : machine.calls.poke(process, address, choice & 255),
  access: ({ machine }, { process, address, length }, { choice, other }) => {
    for (let at = address; at < address + length && process.state === 'running'; at += machine.format.pageBytes) {
      if (choice % 2 === 0) machine.store(process, at + (other % 100), other & 255);
      else machine.load(process, at + (other % 100), 1);
    }
    return 0;
  },
  fork: ({ machine, processes }, { process }) => {
    if (processes.length >= PROCESSES_MAX) return 0;
    const child = machine.fork(process);
    return typeof child === 'number' ? child : processes.push(child);
  },
  exit: ({ machine }, { process }, { choice }) => {
    if (choice % 3 === 0) machine.exit(process);
    return 0;
  },
  migrate: ({ machine }, { process }, { choice }) => {
    machine.switchTo(choice % machine.cpus.length, process);
    return 0;
  },
} satisfies Readonly<Record<string, Call>>;

export type CallName = keyof typeof CALLS;
export const CALL_NAMES = Object.keys(CALLS) as CallName[];

export class RandomMachine {
  readonly machine: Machine;
  processes: Process[] = [];
  readonly segments: number[] = [];
  readonly addressOf: (page: number) => number;

  constructor(config: Partial<MachineConfig>) {
    this.machine = new Machine({ ...config, cpus: 2 });
    const { pageBytes, userEnd } = this.machine.format;
    const arena = Math.floor(userEnd / pageBytes / 2) * pageBytes;
    this.addressOf = (page) => arena + (page % ARENA_PAGES) * pageBytes;
    for (const [name, type] of Object.entries(FILES)) this.machine.files.create(name, type);
    this.spawn();
    this.segments.push(this.machine.calls.shmget(this.processes[0]!, 4 * pageBytes));
  }

  /** The answer: 0 or more, or -errno. A process that has ended makes place for others. */
  run(call: RandomCall): number {
    const process = pick(this.processes, call.who);
    const address = this.addressOf(call.page);
    const length = call.pages * this.machine.format.pageBytes;
    const answer = CALLS[call.name](this, { process, address, length }, call);
    // An errno that has no name throws.
    if (answer < 0) errnoName(answer);
    this.processes = this.processes.filter(({ state }) => state === 'running');
    if (this.processes.length === 0) this.spawn();
    return answer;
  }

  /** Everything is given up; what is still taken then, by name. */
  leftOver(): Record<string, number> {
    const { machine } = this;
    for (const process of this.processes) machine.exit(process);
    const last = machine.spawn({ name: 'last' });
    for (const id of this.segments) machine.calls.shmrm(last, id);
    machine.exit(last);
    for (const name of Object.keys(FILES)) machine.files.unlink(name);
    const { buddy, bootFreeFrames, swap, committedPages } = machine.kernel;
    return { frames: bootFreeFrames - buddy.free, slots: swap.slots - swap.free, committed: committedPages };
  }

  private spawn(): void {
    const { machine } = this;
    const process = machine.spawn({ name: 'p', signals: 'survive' });
    for (const name of Object.keys(FILES)) machine.calls.open(process, name, { canRead: true, canWrite: true });
    this.processes.push(process);
  }
}
