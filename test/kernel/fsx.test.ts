/**
 * The file-system exerciser (fsx: Apple, NFS and LTP have one) as a property: random writes, reads, truncations, holes,
 * stores and loads through shared and private mappings, msync, fsync, dropped caches, forks and pressure, on two files
 * and up to three processes, against byte arrays (fsx-model.ts), with every invariant checked on the way.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  MS_ASYNC,
  MS_SYNC,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';
import { FileModel, MappingModel, PAGE } from './fsx-model.ts';

/** Pages that a file may get. */
const PAGES = 12;
const PROCESSES_MAX = 3;
const RW = PROT_READ | PROT_WRITE;
const KINDS = ['tmpfs', 'disk'] as const;

/** An offset near an edge of a page, or anywhere. */
const offset = fc.oneof(
  fc.tuple(fc.nat(PAGES - 4), fc.integer({ min: -3, max: 3 })).map(([page, by]) => Math.max(0, page * PAGE + by)),
  fc.nat((PAGES - 4) * PAGE),
);
const length = fc.oneof(
  fc.integer({ min: 1, max: 16 }),
  fc.constantFrom(PAGE, 2 * PAGE),
  fc.integer({ min: 1, max: 9000 }),
);
const file = fc.nat(KINDS.length - 1);
const who = fc.nat(PROCESSES_MAX - 1);
const isShared = fc.boolean();

const command = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant('write' as const), file, offset, length }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pwrite' as const), who, file, offset, length }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('pread' as const), who, file, offset, length }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('truncate' as const), file, offset }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('punch' as const), file, offset, length }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('store' as const), who, file, isShared, offset, length }) },
  { weight: 9, arbitrary: fc.record({ do: fc.constant('load' as const), who, file, isShared, offset, length }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('forget' as const), who, file, isShared, offset, length }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('msync' as const), who, file, isAsync: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('sync' as const), file }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('drop' as const), file }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('press' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('rewind' as const) }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

interface Actor {
  process: Process;
  /** By file, then private and shared. */
  readonly mappings: readonly (readonly [MappingModel, MappingModel])[];
}

/** `roomy`: nothing leaves memory by itself, so what is behind the ends of files is predictable. */
type Room = 'roomy' | 'tight';

class Exerciser {
  readonly machine: Machine;
  private readonly room: Room;
  private readonly files = KINDS.map((kind) => new FileModel(kind === 'disk', PAGES));
  private readonly addresses: [number, number][] = [];
  private readonly actors: Actor[] = [];
  private buffer = 0;
  private ballast = 0;
  private next = 1;

  constructor(config: Partial<MachineConfig>, room: Room) {
    this.room = room;
    this.machine = new Machine({ overcommit: 1, ...config });
    const { machine } = this;
    const process = machine.spawn({ name: 'fsx', signals: 'survive' });
    for (const kind of KINDS) {
      machine.files.create(kind, kind);
      const fd = machine.calls.open(process, kind, { canRead: true, canWrite: true });
      const map = (flags: number) => machine.mmap(process, { length: PAGES * PAGE, prot: RW, flags, fd });
      this.addresses.push([map(MAP_PRIVATE), map(MAP_SHARED)]);
    }
    const anonymous = { prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS };
    this.buffer = machine.mmap(process, { length: 3 * PAGE, ...anonymous });
    this.ballast = machine.mmap(process, { length: 64 * PAGE, ...anonymous });
    const mappings = this.files.map(
      (model) => [new MappingModel(model, false), new MappingModel(model, true)] as const,
    );
    this.actors.push({ process, mappings });
  }

  run(step: Command): void {
    switch (step.do) {
      case 'write':
      case 'pwrite':
        this.write(step);
        break;
      case 'pread':
        this.pread(this.actor(step.who).process, step.file, step.offset, step.length);
        break;
      case 'truncate':
      case 'punch':
        this.shrink(step);
        break;
      case 'store':
      case 'load':
        this.access(step);
        break;
      case 'forget':
        this.forget(step);
        break;
      case 'msync':
      case 'sync':
      case 'drop':
        this.sync(step);
        break;
      case 'fork':
        this.fork(this.actor(step.who));
        break;
      case 'exit':
        this.exit(this.actor(step.who));
        break;
      case 'press':
        this.press(this.actor(step.who));
        break;
      case 'rewind':
        this.rewind();
    }
  }

  /** Every file, and every mapping of it, byte for byte. */
  check(): void {
    for (const [index, model] of this.files.entries()) {
      const read = this.machine.files.read(KINDS[index]!, 0, PAGES * PAGE);
      expectBytes(read as Uint8Array, model.bytes.subarray(0, model.size));
      for (const { process, mappings } of this.actors) {
        for (const [type, mapping] of mappings[index]!.entries()) {
          if (model.size === 0) continue;
          const { bytes } = this.machine.load(process, this.addresses[index]![type]!, model.size);
          expectBytes(bytes, mapping.read(0, model.size));
        }
      }
    }
    expect(this.machine.checkInvariants()).toEqual([]);
  }

  /** What is left when all processes have ended: the files alone. Frames of the cache and of swap go with them. */
  end(): void {
    for (const { process } of this.actors) this.machine.exit(process);
    for (const kind of KINDS) this.machine.files.unlink(kind);
    expect(this.machine.checkInvariants()).toEqual([]);
    expect(this.machine.kernel.buddy.free).toBe(this.machine.kernel.bootFreeFrames);
    expect(this.machine.kernel.swap.free).toBe(this.machine.kernel.swap.slots);
    expect(this.machine.kernel.committedPages).toBe(0);
  }

  private actor(who: number): Actor {
    return this.actors[who % this.actors.length]!;
  }

  private fresh(count: number): Uint8Array {
    const first = this.next++;
    return Uint8Array.from({ length: count }, (_, i) => ((first * 31 + i) % 255) + 1);
  }

  private write(step: Extract<Command, { do: 'write' | 'pwrite' }>): void {
    const { machine } = this;
    const bytes = this.fresh(step.length);
    if (step.do === 'write') {
      expect(machine.files.write(KINDS[step.file]!, step.offset, bytes)).toBe(bytes.length);
    } else {
      const { process } = this.actor(step.who);
      expect(machine.store(process, this.buffer, bytes).ok).toBe(true);
      const count = machine.calls.pwrite(process, step.file + 3, this.buffer, bytes.length, step.offset);
      expect(count).toBe(bytes.length);
    }
    this.files[step.file]!.write(step.offset, bytes);
  }

  private shrink(step: Extract<Command, { do: 'truncate' | 'punch' }>): void {
    const { machine } = this;
    const kind = KINDS[step.file]!;
    const model = this.files[step.file]!;
    if (step.do === 'punch') {
      expect(machine.files.punch(kind, step.offset, step.length)).toBe(0);
      model.punch(step.offset, step.length);
      return;
    }
    expect(machine.files.truncate(kind, step.offset)).toBe(0);
    model.truncate(step.offset);
    for (const { mappings } of this.actors) for (const mapping of mappings[step.file]!) mapping.cut();
  }

  private sync(step: Extract<Command, { do: 'msync' | 'sync' | 'drop' }>): void {
    const { files, calls } = this.machine;
    const kind = KINDS[step.file]!;
    if (step.do === 'sync') files.sync(kind);
    if (step.do === 'drop') files.dropCache(kind);
    if (step.do === 'msync') {
      const { process } = this.actor(step.who);
      const flags = step.isAsync ? MS_ASYNC : MS_SYNC;
      expect(calls.msync(process, this.addresses[step.file]![1], PAGES * PAGE, flags)).toBe(0);
      if (step.isAsync) return;
    }
    this.files[step.file]!.sync();
  }

  /** Use more memory than a tight machine has. */
  private press({ process }: Actor): void {
    const pages = this.room === 'tight' ? 40 : 4;
    for (let page = 0; page < pages; page++) this.machine.store(process, this.ballast + page * PAGE, page);
  }

  private pread(process: Process, index: number, at: number, count: number): void {
    const { size, bytes } = this.files[index]!;
    const there = Math.max(0, Math.min(count, size - at));
    expect(this.machine.calls.pread(process, index + 3, this.buffer, count, at)).toBe(there);
    if (there > 0) expectBytes(this.machine.load(process, this.buffer, there).bytes, bytes.subarray(at, at + there));
  }

  private access(step: Extract<Command, { do: 'store' | 'load' }>): void {
    const { machine } = this;
    const { process, mappings } = this.actor(step.who);
    const type = step.isShared ? 1 : 0;
    const mapping = mappings[step.file]![type];
    const model = this.files[step.file]!;
    // On a tight machine the tail of a disk's file is cleared whenever its page is written back: nobody knows when.
    const isVague = this.room === 'tight' && model.onDisk;
    const end = isVague ? model.size : model.reach;
    const refused = mapping.firstRefused(step.offset, step.length);
    const at = this.addresses[step.file]![type] + step.offset;
    if (refused >= 0) {
      const isWhole = refused === step.offset;
      // A long access that is cut short is not asked.
      if (!isWhole) return;
      const result = step.do === 'store' ? machine.store(process, at, 1) : machine.load(process, at, 1);
      expect(result.signal).toMatchObject({ signal: 'SIGBUS', code: 'BUS_ADRERR', address: at });
      return;
    }
    if (step.offset + step.length > end) return;
    if (step.do === 'load') {
      expectBytes(machine.load(process, at, step.length).bytes, mapping.read(step.offset, step.length));
    } else {
      const bytes = this.fresh(step.length);
      expect(machine.store(process, at, bytes).ok).toBe(true);
      mapping.write(step.offset, bytes);
    }
  }

  private forget(step: Extract<Command, { do: 'forget' }>): void {
    const { process, mappings } = this.actor(step.who);
    const type = step.isShared ? 1 : 0;
    const first = Math.floor(step.offset / PAGE);
    const pages = Math.ceil(step.length / PAGE);
    const address = this.addresses[step.file]![type] + first * PAGE;
    expect(this.machine.calls.madvise(process, address, pages * PAGE, 'DONTNEED')).toBe(0);
    mappings[step.file]![type].forget(first, first + pages);
  }

  private fork({ process, mappings }: Actor): void {
    if (this.actors.length === PROCESSES_MAX) return;
    const child = this.machine.fork(process);
    if (typeof child === 'number') throw new Error(`fork answered ${child}`);
    const copies = mappings.map(([own, shared]) => [own.fork(), shared.fork()] as const);
    this.actors.push({ process: child, mappings: copies });
  }

  private exit(actor: Actor): void {
    if (this.actors.length === 1) return;
    this.machine.exit(actor.process);
    this.actors.splice(this.actors.indexOf(actor), 1);
  }

  /** What is done after a snapshot is undone by going back to it. */
  private rewind(): void {
    const { machine } = this;
    const snapshot = machine.snapshot();
    const { process } = this.actor(0);
    for (const [index, kind] of KINDS.entries()) {
      machine.files.truncate(kind, 2 * PAGE + 5);
      machine.store(process, this.addresses[index]![1] + 7, 1);
      machine.files.sync(kind);
      machine.files.write(kind, 100, this.fresh(5000));
      machine.store(process, this.addresses[index]![0] + 7, 2);
      machine.files.punch(kind, 0, PAGE);
      machine.files.unlink(kind);
    }
    machine.exit(process);
    machine.restore(snapshot);
    for (const actor of this.actors) actor.process = machine.process(actor.process.pid)!;
  }
}

function expectBytes(actual: Uint8Array | null, expected: Uint8Array): void {
  if (actual !== null && Buffer.compare(actual, expected) === 0) return;
  const differs = expected.findIndex((byte, i) => byte !== actual?.[i]);
  expect({ length: actual?.length, differs, is: actual?.[differs] }).toEqual({
    length: expected.length,
    differs: -1,
    is: expected[differs],
  });
}

const SWAP = 400 * PAGE;
// Not with `fork: eager`, which gives a child copies of what its parent only reads privately.
const CONFIGURATIONS: readonly (readonly [string, Room, Partial<MachineConfig>])[] = [
  ['x86_64', 'roomy', { paging: 'x86_64', memory: 2 << 20, swap: SWAP }],
  ['x86_64', 'tight', { paging: 'x86_64', memory: 72 * PAGE, swap: SWAP }],
  ['sv39, A and D by faults', 'tight', { memory: 72 * PAGE, swap: SWAP, hardwareAccessedDirty: false }],
  ['i386, fifo', 'tight', { paging: 'i386', memory: 72 * PAGE, swap: SWAP, replacement: 'fifo' }],
  ['x86_64, linux', 'tight', { paging: 'x86_64', memory: 96 * PAGE, swap: SWAP, replacement: 'linux' }],
  ['sv39, linux with zswap', 'tight', { memory: 96 * PAGE, swap: SWAP, replacement: 'linux', swapKind: 'zswap' }],
  ['sv48, few resident', 'tight', { paging: 'sv48', memory: 1 << 20, swap: SWAP, residentPages: 24 }],
];

describe('fsx', () => {
  const faults = { evictions: 0, swapReads: 0, steps: 0 };

  it.each(CONFIGURATIONS)('%s, %s: files and mappings are what byte arrays say', (_, room, config) => {
    const program = fc.array(command, { minLength: 60, maxLength: 160, size: 'max' });
    fc.assert(
      fc.property(program, (steps) => {
        const fsx = new Exerciser(config, room);
        for (const [at, step] of steps.entries()) {
          fsx.run(step);
          faults.steps++;
          if (at % 30 === 29) fsx.check();
        }
        fsx.check();
        const { evictions, swapReads } = fsx.machine.counters();
        faults.evictions += evictions;
        faults.swapReads += swapReads;
        fsx.end();
      }),
      { numRuns: 5, seed: 20260101 },
    );
  });

  afterAll(() => {
    expect(faults.steps).toBeGreaterThan(2500);
    expect(faults.evictions).toBeGreaterThan(1000);
    expect(faults.swapReads).toBeGreaterThan(500);
  });
});
