/**
 * Random programs against the naive model: whatever the kernel does with frames, swap, sharing and TLBs, a process must
 * see the bytes and the signals that a map from page to bytes predicts, and every invariant must hold after every step.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { MREMAP_DONTUNMAP, MREMAP_FIXED, MREMAP_MAYMOVE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';
import { ModelProcess, PAGE_EXEC, PAGE_READ, PAGE_WRITE } from './naive-model.ts';
import { configurations } from './random-configurations.ts';

const STEPS_WANTED = 100_000;
const PROGRAM_LENGTH = 250;
const ARENA_PAGES = 24;
const PROCESSES_MAX = 4;
const MAP_PRIVATE_FIXED = 0x32;
const MAP_SHARED_FIXED = 0x31;
const ENOMEM = -12;
const EFAULT = -14;
const EINVAL = -22;

const page = fc.nat(ARENA_PAGES - 1);
const who = fc.nat(PROCESSES_MAX - 1);
const RW = PAGE_READ | PAGE_WRITE;
const prot = fc.constantFrom(0, PAGE_READ, RW, RW, RW, RW, PAGE_READ | PAGE_EXEC);
const count = fc.integer({ min: 1, max: 6 });
const size = fc.constantFrom(1, 2, 4, 8, 11);
/** Where an access goes: a page of the arena, the stack, the heap or nowhere, and an offset near an edge or anywhere. */
const place = fc.record({
  region: fc.constantFrom('arena', 'arena', 'arena', 'arena', 'stack', 'heap', 'null'),
  page,
  offset: fc.nat(255),
  atEdge: fc.boolean(),
});

const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant('mmap' as const), who, page, count, prot, shared: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('munmap' as const), who, page, count }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('mprotect' as const), who, page, count, prot }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('brk' as const), who, pages: fc.nat(6), bytes: fc.nat(99) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('mremap' as const), who, page, count, to: page, keep: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('discard' as const), who, page, count }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('guard' as const), who, page, count, install: fc.boolean() }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('fork' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('migrate' as const), who, cpu: fc.nat(1) }) },
  {
    weight: 14,
    arbitrary: fc.record({
      do: fc.constant('store' as const),
      who,
      place,
      size,
      value: fc.integer({ min: 1, max: 255 }),
    }),
  },
  { weight: 14, arbitrary: fc.record({ do: fc.constant('load' as const), who, place, size }) },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** `toEqual` on byte arrays is what would take most of the time. */
function expectBytes(actual: Uint8Array | null, expected: Uint8Array): void {
  if (actual !== null && Buffer.compare(actual, expected) === 0) return;
  expect(actual).toEqual(expected);
}

interface Pair {
  process: Process;
  model: ModelProcess;
}

class Harness {
  readonly machine: Machine;
  readonly pageBytes: number;
  readonly arena: number;
  readonly pairs: Pair[] = [];
  private readonly stackMax: number;

  constructor(config: Partial<MachineConfig>) {
    this.machine = new Machine({ ...config, cpus: 2, stackGuardPages: 2, overcommit: 1 });
    this.pageBytes = this.machine.format.pageBytes;
    this.stackMax = this.machine.config.stackMax;
    this.arena = Math.floor(this.machine.format.userEnd / this.pageBytes / 2) * this.pageBytes;
    this.spawn();
  }

  private spawn(): void {
    const { machine, pageBytes } = this;
    const process = machine.spawn({ name: 'p', signals: 'survive', image: { stack: pageBytes } });
    const space = process.space!;
    const isX86 = machine.format.family === 'x86';
    const model = new ModelProcess(
      {
        pageBytes,
        stackTop: space.stackTop,
        stackMax: this.stackMax,
        guardPages: 2,
        readRights: isX86 ? PAGE_READ | PAGE_WRITE | PAGE_EXEC : PAGE_READ | PAGE_WRITE,
      },
      space.brkStart,
    );
    model.map(space.stackTop / pageBytes - 1, 1, PAGE_READ | PAGE_WRITE, false);
    model.pages.get(space.stackTop / pageBytes - 1)!.growsDown = true;
    // Most of the arena is there from the beginning, so that most accesses hit something.
    const length = (ARENA_PAGES - 4) * pageBytes;
    machine.mmap(process, { address: this.arena, length, prot: RW, flags: MAP_PRIVATE_FIXED });
    model.map(this.arena / pageBytes, ARENA_PAGES - 4, RW, false);
    this.pairs.push({ process, model });
  }

  run(step: Command): void {
    const pair = this.pairs[step.who % this.pairs.length]!;
    const { machine, pageBytes } = this;
    const { process, model } = pair;
    const first = 'page' in step ? this.arena / pageBytes + step.page : 0;
    switch (step.do) {
      case 'mmap': {
        const flags = step.shared ? MAP_SHARED_FIXED : MAP_PRIVATE_FIXED;
        const address = first * pageBytes;
        const result = machine.mmap(process, { address, length: step.count * pageBytes, prot: step.prot, flags });
        expect(result).toBe(address);
        model.map(first, step.count, step.prot, step.shared);
        break;
      }
      case 'munmap':
        expect(machine.munmap(process, first * pageBytes, step.count * pageBytes)).toBe(0);
        model.unmap(first, step.count);
        break;
      case 'mprotect': {
        const held = model.protect(first, step.count, step.prot);
        const result = machine.mprotect(process, first * pageBytes, step.count * pageBytes, step.prot);
        expect(result).toBe(held ? 0 : ENOMEM);
        break;
      }
      case 'mremap':
        this.remap(pair, first, step);
        break;
      case 'discard': {
        const whole = model.discard(first, step.count);
        const result = machine.calls.madvise(process, first * pageBytes, step.count * pageBytes, 'DONTNEED');
        expect(result).toBe(whole ? 0 : ENOMEM);
        break;
      }
      case 'guard': {
        const whole = model.guard(first, step.count, step.install);
        const advice = step.install ? 'GUARD_INSTALL' : 'GUARD_REMOVE';
        const result = machine.calls.madvise(process, first * pageBytes, step.count * pageBytes, advice);
        // There may have been no memory for page tables.
        if (whole && step.install && result === ENOMEM) this.end(pair);
        else expect(result).toBe(whole ? 0 : ENOMEM);
        break;
      }
      case 'brk':
        this.moveBreak(pair, model.brkStart + step.pages * pageBytes + (step.bytes % pageBytes));
        break;
      case 'fork': {
        if (this.pairs.length === PROCESSES_MAX) break;
        const child = machine.fork(process);
        if (typeof child === 'number') expect(child).toBe(ENOMEM);
        else this.pairs.push({ process: child, model: model.fork() });
        break;
      }
      case 'exit':
        this.end(pair);
        break;
      case 'migrate':
        machine.switchTo(step.cpu, process);
        break;
      default:
        this.access(pair, step);
    }
  }

  private end(pair: Pair): void {
    this.machine.exit(pair.process);
    this.pairs.splice(this.pairs.indexOf(pair), 1);
    if (this.pairs.length === 0) this.spawn();
  }

  private remap(pair: Pair, first: number, { count: pages, to, keep }: Extract<Command, { do: 'mremap' }>): void {
    const { pageBytes, machine, arena } = this;
    const { process, model } = pair;
    const target = arena / pageBytes + to;
    const result = machine.calls.mremap(process, {
      address: first * pageBytes,
      oldLength: pages * pageBytes,
      newLength: pages * pageBytes,
      flags: keep ? MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP : MREMAP_MAYMOVE | MREMAP_FIXED,
      newAddress: target * pageBytes,
    });
    const overlaps = first < target + pages && target < first + pages;
    if (overlaps) expect(result).toBe(EINVAL);
    else if (!model.pages.has(first)) expect(result).toBe(EFAULT);
    else if (result === ENOMEM) {
      // No memory for page tables: how far it came is its own affair.
      this.end(pair);
    } else {
      expect(result).toBe(target * pageBytes);
      model.move(first, pages, target, keep);
    }
  }

  private moveBreak({ process, model }: Pair, wanted: number): void {
    const { pageBytes } = this;
    const oldEnd = Math.ceil(model.brk / pageBytes);
    const newEnd = Math.ceil(wanted / pageBytes);
    expect(this.machine.brk(process, wanted)).toBe(wanted);
    if (newEnd > oldEnd) model.map(oldEnd, newEnd - oldEnd, PAGE_READ | PAGE_WRITE, false);
    else model.unmap(newEnd, oldEnd - newEnd);
    model.brk = wanted;
  }

  private access({ process, model }: Pair, step: Extract<Command, { do: 'load' | 'store' }>): void {
    const { pageBytes, machine } = this;
    const { region } = step.place;
    const offset = step.place.atEdge ? pageBytes - 1 - (step.place.offset % 8) : step.place.offset % pageBytes;
    const base =
      region === 'arena'
        ? this.arena + step.place.page * pageBytes
        : region === 'stack'
          ? model.limits.stackTop - pageBytes - (step.place.page % 12) * pageBytes
          : region === 'heap'
            ? model.brkStart + (step.place.page % 6) * pageBytes
            : 0;
    const write = step.do === 'store';
    const address = base + offset;
    // Nothing is asked beyond user space: the byte count must not run over its end.
    const bytes = Math.min(step.size, machine.format.userEnd - address);
    const single = bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8;
    const verdict = model.reach(address, bytes, write);
    const values = Uint8Array.from({ length: bytes }, (_, i) => ('value' in step ? step.value + i : 0) & 255);
    const result = write ? machine.store(process, address, values) : machine.load(process, address, bytes);
    if (!verdict.ok) {
      expect(result.ok).toBe(false);
      expect(result.signal).toMatchObject({ signal: 'SIGSEGV', code: verdict.code, address: verdict.address });
      // A longer string is copied page by page: what lies before the bad page has been written.
      if (write && !single) for (let at = address; at < verdict.address; at++) model.setByte(at, values[at - address]!);
      return;
    }
    expect(result.signal).toBeNull();
    if (write) for (const [i, value] of values.entries()) model.setByte(address + i, value);
    else
      expectBytes(
        result.bytes,
        Uint8Array.from(values, (_, i) => model.byteAt(address + i)),
      );
  }

  /** Every byte the model has must be readable as such, and nothing may be left over in the end. */
  finish(): void {
    for (const { process, model } of this.pairs) {
      for (const [number, held] of model.pages) {
        if ((held.prot & model.limits.readRights) === 0 || held.guarded) continue;
        const result = this.machine.load(process, number * this.pageBytes, this.pageBytes);
        expectBytes(result.bytes, held.bytes);
      }
    }
    for (const { process } of this.pairs) this.machine.exit(process);
    expect(this.machine.checkInvariants()).toEqual([]);
    expect(this.machine.kernel.buddy.free).toBe(this.machine.kernel.bootFreeFrames);
    expect(this.machine.kernel.swap.free).toBe(this.machine.kernel.swap.slots);
  }
}

describe('random programs agree with the naive model', () => {
  let steps = 0;
  const reached = {
    copyOnWriteFaults: 0,
    reuseFaults: 0,
    swapInFaults: 0,
    sharedFaults: 0,
    zeroPageFaults: 0,
    stackGrowths: 0,
    signals: 0,
    cleanEvictions: 0,
    dirtyEvictions: 0,
    tlbShootdowns: 0,
    hugeFaults: 0,
  };

  it.for(configurations)('$name', { timeout: 240_000 }, ({ config, share }) => {
    const runs = Math.ceil((STEPS_WANTED * share) / PROGRAM_LENGTH);
    fc.assert(
      fc.property(
        fc.array(command, { minLength: PROGRAM_LENGTH, maxLength: PROGRAM_LENGTH, size: 'max' }),
        (program) => {
          const harness = new Harness(config);
          for (const step of program) {
            harness.run(step);
            steps++;
            const broken = harness.machine.checkInvariants();
            if (broken.length > 0) throw new Error(`after ${JSON.stringify(step)}: ${broken.join('; ')}`);
          }
          harness.finish();
          const counters = harness.machine.counters();
          for (const name of Object.keys(reached) as (keyof typeof reached)[]) reached[name] += counters[name];
        },
      ),
      { numRuns: runs, seed: 20261121 },
    );
  });

  afterAll(() => {
    expect(steps).toBeGreaterThanOrEqual(STEPS_WANTED);
    // The programs must get to the places that matter, hundreds of times.
    for (const [name, count] of Object.entries(reached)) expect(count, name).toBeGreaterThan(300);
  });
});
