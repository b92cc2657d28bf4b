/**
 * Machine and model side by side.
 *
 *     commands ──▶ HeapHarness ──▶ machine.call(process, 'PyObject_Malloc', …)      what the machine does
 *                       └───────▶ ModelHeap: blocks by address, filled, copied at fork   what it must look like
 */
import { expect } from 'vitest';
import type { Process } from '../../../src/kernel/process.ts';
import { leaksOf } from '../../../src/machine/leaks.ts';
import { Machine, type MachineSnapshot } from '../../../src/machine/machine.ts';
import type { CallResult } from '../../../src/machine/machine-api.ts';
import type { Argument, Family, ProgramFunction } from '../../../src/process/functions/function.ts';
import type { Program } from '../../../src/process/program.ts';
import { type Command, PROCESSES_MAX } from './commands.ts';
import { customize } from './customizing.ts';
import { argumentsFor, familyIn, functionsOf } from './functions.ts';
import { checkGivenBack } from './given-back.ts';
import type { HeapCase, Reached } from './heap-case.ts';
import { type Block, GRAINS, ModelHeap, sandOf } from './naive-heap.ts';
import { checkRegions } from './region-checks.ts';
import { stingyArena } from './stingy-arena.ts';

/** The kernel killed the process that a step was about. */
class Died extends Error {}

/** What HeapHarness.load restores. */
export interface HarnessState {
  readonly machine: MachineSnapshot;
  readonly pairs: readonly Pair[];
  readonly grains: number;
  readonly spawned: number;
}

export interface Pair {
  readonly pid: number;
  readonly model: ModelHeap;
  /** Pages mapped, those below the break not counted, and pymalloc's blocks before the first call. */
  readonly basePages: number;
  readonly baseBlocks: number;
}

export class HeapHarness {
  readonly machine: Machine;
  readonly pairs: Pair[] = [];
  readonly reached: Reached;
  readonly called: Set<string>;
  readonly heapCase: HeapCase;
  private grains = 0;
  private spawned = 0;

  constructor(heapCase: HeapCase, reached: Reached = {}, called: Set<string> = new Set()) {
    this.heapCase = heapCase;
    this.reached = reached;
    this.called = called;
    this.machine = new Machine({ cpus: 2, overcommit: 1, ...heapCase.config });
    this.machine.programs.hosts.registerArena(stingyArena);
    for (const _ of heapCase.programs) this.spawn();
  }

  private spawn(): void {
    const { machine, heapCase } = this;
    const options = heapCase.programs[this.spawned++ % heapCase.programs.length]!;
    const process = machine.spawn(options);
    const program = machine.programs.require(process);
    const baseBlocks = program.python?.pymalloc.allocatedBlocks(program.peek()) ?? 0;
    this.pairs.push({
      pid: process.pid,
      model: new ModelHeap(),
      basePages: process.space!.totalPages - this.heapPages(process),
      baseBlocks,
    });
  }

  process({ pid }: Pair): Process {
    return this.machine.process(pid)!;
  }

  program(pair: Pair): Program {
    return this.machine.programs.require(this.process(pair));
  }

  /** One step of a program, checked as far as it goes. */
  run(step: Command): void {
    this.machine.tick();
    if (this.pairs.length === 0) this.spawn();
    try {
      this.perform(this.pairs[step.who % this.pairs.length]!, step);
    } catch (reason) {
      if (!(reason instanceof Died)) throw reason;
    }
    if (this.heapCase.mayDie === true) this.bury();
  }

  /** Forget processes that were killed. */
  private bury(): void {
    for (const pair of [...this.pairs]) {
      // A zombie without a parent is gone at once.
      if (this.machine.process(pair.pid)?.state === 'running') continue;
      this.pairs.splice(this.pairs.indexOf(pair), 1);
      this.count('killed');
    }
  }

  /** This very moment of machine and model. */
  save(): HarnessState {
    const { machine, grains, spawned } = this;
    const pairs = this.pairs.map((pair) => ({ ...pair, model: pair.model.fork() }));
    return { machine: machine.snapshot(), pairs, grains, spawned };
  }

  load({ machine, pairs, grains, spawned }: HarnessState): void {
    this.machine.restore(machine);
    this.pairs.splice(0, this.pairs.length, ...pairs.map((pair) => ({ ...pair, model: pair.model.fork() })));
    this.grains = grains;
    this.spawned = spawned;
  }

  private perform(pair: Pair, step: Command): void {
    const { model } = pair;
    const program = this.program(pair);
    const block = 'which' in step ? model.blocks[step.which % Math.max(1, model.blocks.length)] : undefined;
    switch (step.do) {
      case 'allocate': {
        const family = familyIn(program, step.family);
        const functions = functionsOf('allocates', family, program);
        this.allocate(pair, family, functions[step.pick % functions.length]!, step.size, step.parts);
        break;
      }
      case 'burst': {
        const family = familyIn(program, step.family);
        const malloc = functionsOf('allocates', family, program)[0]!;
        for (let index = 0; index < step.count; index++) this.allocate(pair, family, malloc, step.size, 0);
        break;
      }
      case 'resize':
        this.resize(pair, block, step.pick, step.size);
        break;
      case 'release':
        this.release(pair, block, step.pick);
        break;
      case 'release many': {
        const start = step.which % (model.blocks.length + 1);
        const victims = model.blocks.slice(start).filter((_, index) => index % step.keepEvery !== 0);
        if (step.backwards) victims.reverse();
        for (const victim of victims) this.release(pair, victim, 0);
        break;
      }
      case 'rewrite':
        if (block === undefined) break;
        this.checkContents(pair, block);
        model.remove(block);
        model.add(this.fill(pair, block));
        break;
      case 'fork':
        this.fork(pair);
        break;
      case 'exit':
        this.checkAllContents(pair);
        this.machine.exit(this.process(pair));
        this.pairs.splice(this.pairs.indexOf(pair), 1);
        break;
      case 'migrate':
        this.machine.switchTo(step.cpu, this.process(pair));
        break;
      case 'trim':
        if (program.glibc !== null) this.call(pair, 'malloc_trim', [step.pad]);
        break;
      default:
        if (program.python?.profile.hasDomains === true) customize(this, pair, step);
    }
  }

  /** A call that no signal may end. */
  call(pair: Pair, name: string, args: readonly Argument[]): CallResult {
    const process = this.process(pair);
    const frames = [{ file: `${name}.py`, line: this.machine.clock, name }];
    const result = this.machine.call(process, name, args, { frames });
    this.called.add(name);
    if (process.state !== 'running' && this.heapCase.mayDie === true) {
      this.count(result.ok ? 'killed by the way' : `killed in ${name}`);
      throw new Died();
    }
    if (!result.ok) expect.fail(`${name}(${args.join(', ')}): ${result.signal?.reason ?? ''} ${result.output}`);
    return result;
  }

  private allocate(pair: Pair, family: Family, called: ProgramFunction, wanted: number, parts: number): void {
    const { args, bytes, alignment } = argumentsFor(called, 0, wanted, parts);
    const result = this.call(pair, called.name, args);
    if (result.major > 0) this.count('major faults in malloc');
    const address = Number(result.value);
    if (address === 0) {
      this.checkRefusal(pair, family, called.name, bytes);
      return;
    }
    this.checkAlignment(pair, family, address, alignment);
    const isZeroed = called.name.endsWith('alloc') && /calloc/i.test(called.name);
    if (isZeroed) {
      const held = this.read(pair, address, Math.max(1, bytes));
      if (held?.subarray(0, bytes).some((byte) => byte !== 0)) expect.fail(`${called.name} left bytes that are not 0`);
      this.count('zeroed');
    }
    pair.model.add(this.fill(pair, { address, size: bytes, family, grain: 0, traced: this.isTraced(pair, family) }));
  }

  private resize(pair: Pair, old: Block | undefined, pick: number, wanted: number): void {
    const program = this.program(pair);
    const { model } = pair;
    const family = old?.family ?? 'libc';
    const functions = functionsOf('reallocates', family, program);
    const called = functions[pick % functions.length]!;
    const { args, bytes } = argumentsFor(called, old?.address ?? 0, wanted, pick % 5);
    if (old !== undefined) this.checkContents(pair, old);
    const result = this.call(pair, called.name, args);
    if (result.major > 0) this.count('major faults in realloc');
    const address = Number(result.value);
    if (address === 0) {
      if (family === 'libc' && bytes === 0) {
        if (old !== undefined) model.remove(old);
        return;
      }
      this.checkRefusal(pair, family, called.name, bytes);
      // The block is as it was.
      if (old !== undefined) this.checkContents(pair, old);
      return;
    }
    if (old !== undefined) {
      model.remove(old);
      this.checkContents(pair, { ...old, address }, Math.min(old.size, bytes));
      this.count(address === old.address ? 'resized in place' : 'moved');
    }
    this.checkAlignment(pair, family, address, 1);
    model.add(this.fill(pair, { address, size: bytes, family, grain: 0, traced: this.isTraced(pair, family) }));
  }

  private release(pair: Pair, block: Block | undefined, pick: number): void {
    const program = this.program(pair);
    const family = block?.family ?? 'libc';
    const functions = functionsOf('frees', family, program);
    const called = functions[pick % functions.length]!;
    // Looking would fetch the pages that free is to miss.
    const looksFirst = (block?.grain ?? 0) % 2 === 0;
    if (block !== undefined && looksFirst) this.checkContents(pair, block);
    const isAway = block !== undefined && !looksFirst && this.isHeaderAway(pair, block);
    const space = this.process(pair).space!;
    const pages = space.totalPages;
    const { major } = this.call(pair, called.name, [block?.address ?? 0]);
    if (major > 0) this.count(`major faults in ${family === 'libc' || family === 'raw' ? 'free' : 'PyObject_Free'}`);
    if (isAway && major > 0) this.count('pool headers fetched by free');
    const gone = (pages - space.totalPages) * this.machine.format.pageBytes;
    if (gone > 0)
      this.count(gone === program.python?.profile.arenaBytes ? 'arenas released' : 'mapped chunks or top released');
    if (block !== undefined) pair.model.remove(block);
  }

  /** Is the block in a pool whose header is in swap? */
  private isHeaderAway(pair: Pair, { address, size, family }: Block): boolean {
    const process = this.process(pair);
    const pymalloc = this.program(pair).python?.pymalloc;
    if (pymalloc === undefined || size > 400 || (family !== 'mem' && family !== 'obj')) return false;
    const header = address - (address % this.program(pair).python!.profile.poolBytes);
    return this.machine.explain(process, header, 'load').physical === null;
  }

  private fork(pair: Pair): void {
    if (this.pairs.length === PROCESSES_MAX) return;
    const child = this.machine.fork(this.process(pair));
    if (typeof child === 'number') {
      if (this.heapCase.mayDie !== true) expect.fail(`fork: ${child}`);
      return;
    }
    const { basePages, baseBlocks } = pair;
    this.pairs.push({ pid: child.pid, model: pair.model.fork(), basePages, baseBlocks });
    this.count('forks');
  }

  private fill(pair: Pair, block: Block): Block {
    this.grains = (this.grains + 97) % GRAINS;
    const filled = { ...block, grain: this.grains };
    if (block.size > 0) {
      const stored = this.machine.store(this.process(pair), block.address, sandOf(filled));
      if (!stored.ok && this.heapCase.mayDie === true) throw new Died();
      if (!stored.ok) expect.fail(`a block of ${block.size} bytes cannot be written: ${stored.signal?.reason}`);
    }
    return filled;
  }

  private read(pair: Pair, address: number, length: number): Uint8Array | null {
    const { bytes } = this.machine.load(this.process(pair), address, length);
    if (bytes === null && this.heapCase.mayDie === true) throw new Died();
    return bytes;
  }

  private checkContents(pair: Pair, block: Block, length = block.size): void {
    if (length === 0) return;
    const bytes = this.read(pair, block.address, length);
    if (bytes !== null && Buffer.compare(bytes, sandOf(block, length)) === 0) return;
    expect.fail(
      `the ${block.size} bytes of ${block.family} at 0x${block.address.toString(16)} are no longer what was written`,
    );
  }

  checkAllContents(pair: Pair): void {
    for (const block of pair.model.blocks) this.checkContents(pair, block);
  }

  private checkAlignment(pair: Pair, family: Family, address: number, asked: number): void {
    const program = this.program(pair);
    const least = program.glibc === null ? (this.heapCase.textbookAlignment ?? 1) : 16;
    const ofPools = family === 'mem' || family === 'obj' ? program.python!.profile.alignment : 16;
    const alignment = Math.max(asked, Math.min(least, ofPools));
    if (address % alignment !== 0) expect.fail(`0x${address.toString(16)} of ${family} is no multiple of ${alignment}`);
  }

  private checkRefusal(pair: Pair, family: Family, name: string, bytes: number): void {
    this.count('refusals');
    const byHost = pair.model.mayRefuse && family !== 'libc';
    if (!byHost && this.heapCase.isBounded !== true) expect.fail(`${name} refused ${bytes} bytes, and nobody said why`);
  }

  private isTraced(pair: Pair, family: Family): boolean {
    return pair.model.tracing && family !== 'libc';
  }

  heapPages({ space }: Process): number {
    const { pageBytes } = this.machine.format;
    return Math.ceil(space!.brk / pageBytes) - Math.ceil(space!.brkStart / pageBytes);
  }

  tracedBytes(pair: Pair): number {
    return Number(/^\((\d+), \d+\)$/.exec(this.call(pair, 'tracemalloc.get_traced_memory', []).text!)![1]);
  }

  /** Rules of kernel and heaps. */
  checkRules(): void {
    const broken = this.machine.checkInvariants();
    if (broken.length > 0) expect.fail(broken.join('; '));
  }

  checkRegions(): void {
    for (const pair of this.pairs) checkRegions(this, pair);
  }

  /** Free everything, see that the kernel has its pages back, end all: nothing may be left over. */
  finish(order: 'forwards' | 'backwards' = 'forwards'): void {
    for (const pair of this.pairs) {
      const blocks = [...pair.model.blocks];
      if (order === 'backwards') blocks.reverse();
      for (const block of blocks) this.release(pair, block, 0);
      checkGivenBack(this, pair);
    }
    this.checkRules();
    this.checkRegions();
    for (const pair of this.pairs) this.machine.exit(this.process(pair));
    const { machine } = this;
    expect(machine.checkInvariants()).toEqual([]);
    expect(leaksOf(machine.view())).toEqual([]);
    expect(machine.kernel.buddy.free).toBe(machine.kernel.bootFreeFrames);
    expect(machine.kernel.swap.free).toBe(machine.kernel.swap.slots);
  }
  count(what: string): void {
    this.reached[what] = (this.reached[what] ?? 0) + 1;
  }
}
