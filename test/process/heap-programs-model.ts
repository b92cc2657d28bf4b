/**
 * Random heap programs, and what a host may think of them who knows nothing of allocators: a list of blocks, each with an
 * address, a size and bytes that nobody else may touch.
 *
 *     commands ──▶ HeapHarness ──▶ machine.call(process, 'PyObject_Malloc', …)      what the machine does
 *                       └───────▶ ModelHeap: blocks by address, filled, copied at fork   what it must look like
 */
import fc from 'fast-check';
import { expect } from 'vitest';
import type { Process } from '../../src/kernel/process.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { leaksOf } from '../../src/machine/leaks.ts';
import { Machine, type MachineSnapshot } from '../../src/machine/machine.ts';
import type { CallResult, SpawnOptions } from '../../src/machine/machine-api.ts';
import type { HeapRegion } from '../../src/process/allocator.ts';
import { heapRegions } from '../../src/process/check/figures.ts';
import type { Argument, Family, ProgramFunction } from '../../src/process/functions/function.ts';
import { PROGRAM_FUNCTIONS } from '../../src/process/functions/registry.ts';
import type { Program } from '../../src/process/program.ts';
import type { HostArenaAllocator } from '../../src/process/python/host-functions.ts';

export const FAMILIES: readonly Family[] = ['libc', 'raw', 'mem', 'obj'];
const DOMAINS = ['raw', 'mem', 'obj'] as const;
const PROCESSES_MAX = 4;

// ── What programs do. ──

const who = fc.nat(PROCESSES_MAX - 1);
const which = fc.nat(1e6);
const pick = fc.nat(100);
const family = fc.constantFrom(...FAMILIES, 'mem' as const, 'obj' as const, 'obj' as const);
const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 96 }) },
  { weight: 6, arbitrary: fc.integer({ min: 97, max: 512 }) },
  { weight: 4, arbitrary: fc.integer({ min: 513, max: 6000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 6001, max: 40_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 8, 16, 24, 512, 513, 1032, 4096, 70_000) },
);
/** Rare: three such blocks are as much as the machine has frames. */
const hugeSize = fc.integer({ min: 100_000, max: 180_000 });
const anySize = fc.oneof({ weight: 25, arbitrary: size }, { weight: 1, arbitrary: hugeSize });
const domain = fc.constantFrom(...DOMAINS);

export const command = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({ do: fc.constant('allocate' as const), who, family, pick, size: anySize, parts: fc.nat(9) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('burst' as const),
      who,
      family,
      size: fc.oneof(fc.integer({ min: 1, max: 512 }), fc.constantFrom(512, 400, 256, 1000)),
      count: fc.integer({ min: 5, max: 90 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('resize' as const), who, which, pick, size: anySize }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('release' as const), who, which, pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('release many' as const),
      who,
      which,
      keepEvery: fc.integer({ min: 2, max: 60 }),
      backwards: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('rewrite' as const), who, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('migrate' as const), who, cpu: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('trace' as const), who, frames: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wrap' as const),
      who,
      domain,
      host: fc.constantFrom('counting', 'failing', 'failing', 'logging', 'previous'),
      every: fc.integer({ min: 3, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wrap arenas' as const),
      who,
      host: fc.constantFrom('counting-arena', 'stingy-arena', 'previous'),
      every: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const), who, pad: fc.constantFrom(0, 5000) }) },
);
export type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Customizing is rare in random programs. Done at the beginning, most of a program runs with it. */
export const CUSTOMIZING: readonly Command[] = [
  { do: 'wrap', who: 0, domain: 'obj', host: 'counting', every: 3 },
  { do: 'wrap', who: 0, domain: 'mem', host: 'logging', every: 3 },
  { do: 'wrap', who: 0, domain: 'mem', host: 'failing', every: 4 },
  { do: 'wrap', who: 1, domain: 'raw', host: 'failing', every: 5 },
  { do: 'wrap arenas', who: 0, host: 'stingy-arena', every: 2 },
  { do: 'wrap arenas', who: 1, host: 'stingy-arena', every: 1 },
  { do: 'trace', who: 0, frames: 3 },
];

/** How often arenas were refused in all: a figure for suites, which no program sees. */
export const REFUSED = { arenas: 0 };

/** Refuses every n-th arena: words n, requests. A program's own host allocator, not one that comes with the machine. */
const stingyArena: HostArenaAllocator = {
  name: 'stingy-arena',
  about: 'refuses every n-th arena',
  words: 2,
  alloc(call, bytes) {
    call.setWord(1, call.word(1) + 1);
    if (call.word(1) % Math.max(1, call.word(0)) !== 0) return call.lower.alloc(bytes);
    REFUSED.arenas++;
    return 0;
  },
  free: (call, address, bytes) => call.lower.free(address, bytes),
};

// ── The naive model. ──

interface Block {
  readonly address: number;
  readonly size: number;
  readonly family: Family;
  /** Where in SAND its bytes are from. */
  readonly grain: number;
  /** Noted by tracemalloc. */
  readonly traced: boolean;
}

/** Bytes without a pattern that an allocator's words could be mistaken for. Blocks are filled with pieces of it. */
const SAND = new Uint8Array(1 << 18);
for (let at = 0, state = 1; at < SAND.length; at++) {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  SAND[at] = (state >>> 16) | 1;
}
const GRAINS = 8191;

const sandOf = (block: Block, length = block.size): Uint8Array => SAND.subarray(block.grain, block.grain + length);

/** The live blocks of one process, by address. */
export class ModelHeap {
  /** Ascending, no two of them overlapping. A block of 0 bytes has its address for itself. */
  blocks: Block[] = [];
  tracing = false;
  /** A host allocator that refuses requests has been installed, and one in the raw domain. */
  mayRefuse = false;
  rawRefuses = false;

  add(block: Block): void {
    let low = 0;
    for (let high = this.blocks.length; low < high; ) {
      const middle = (low + high) >>> 1;
      if (this.blocks[middle]!.address < block.address) low = middle + 1;
      else high = middle;
    }
    const before = this.blocks[low - 1];
    const after = this.blocks[low];
    const end = (one: Block) => one.address + Math.max(1, one.size);
    if (before !== undefined && end(before) > block.address) expect.fail(overlap(before, block));
    if (after !== undefined && end(block) > after.address) expect.fail(overlap(block, after));
    this.blocks.splice(low, 0, block);
  }

  remove(block: Block): void {
    this.blocks.splice(this.blocks.indexOf(block), 1);
  }

  fork(): ModelHeap {
    const copy = new ModelHeap();
    copy.blocks = [...this.blocks];
    copy.tracing = this.tracing;
    copy.mayRefuse = this.mayRefuse;
    copy.rawRefuses = this.rawRefuses;
    return copy;
  }

  get tracedBytes(): number {
    return this.blocks.reduce((sum, { size, traced }) => sum + (traced ? size : 0), 0);
  }
}

const overlap = (one: Block, other: Block): string =>
  `${one.size} bytes of ${one.family} at 0x${one.address.toString(16)} overlap ${other.size} of ${other.family} at 0x${other.address.toString(16)}`;

// ── The functions, by what they do. ──

type Role = 'allocates' | 'reallocates' | 'frees';

function functionsOf(role: Role, family: Family, isGlibc: boolean): ProgramFunction[] {
  return PROGRAM_FUNCTIONS.filter(
    ({ effect, of }) =>
      effect.kind === role &&
      effect.family === family &&
      (of !== 'glibc' || isGlibc) &&
      (of !== 'textbook' || !isGlibc),
  );
}

/** Every function that gives, resizes or takes blocks: a program must have called each. */
export const HEAP_FUNCTIONS: readonly string[] = PROGRAM_FUNCTIONS.filter(({ effect }) => effect.kind !== 'other').map(
  ({ name }) => name,
);

/** Arguments for `size` bytes: elements of one type come to that, or to a little more. */
function argumentsFor(called: ProgramFunction, address: number, wanted: number, parts: number) {
  const elements = Math.max(1, parts);
  const each = Math.ceil(wanted / elements);
  const alignment = 16 * 2 ** (parts % 6);
  const isArray = called.parameters.some(({ name }) => name === 'nmemb' || name === 'nelem');
  const values: Readonly<Record<string, number>> = {
    ptr: address,
    size: isArray ? each : wanted,
    nmemb: elements,
    nelem: elements,
    elsize: each,
    type: each,
    alignment,
  };
  const args = called.parameters.map(
    ({ name }): Argument => values[name] ?? expect.fail(`${called.name} has \`${name}\``),
  );
  return { args, bytes: isArray ? each * elements : wanted, alignment: called.name === 'memalign' ? alignment : 1 };
}

// ── Machine and model side by side. ──

export interface HeapCase {
  readonly name: string;
  readonly config: Partial<MachineConfig>;
  /** One process each, from the beginning. */
  readonly programs: readonly SpawnOptions[];
  /** Least alignment of what a textbook allocator gives. */
  readonly textbookAlignment?: number;
  /** Memory may run out: processes may be killed while they run, and fork refused. */
  readonly mayDie?: boolean;
  /** Something but a failing host allocator may refuse: a region that gets full, a limit. */
  readonly isBounded?: boolean;
}

/** How often programs came where they should. */
export interface Reached {
  [what: string]: number;
}

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
  private readonly heapCase: HeapCase;
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
        const family = program.python === null ? 'libc' : step.family;
        const functions = functionsOf('allocates', family, program.glibc !== null);
        this.allocate(pair, family, functions[step.pick % functions.length]!, step.size, step.parts);
        break;
      }
      case 'burst': {
        const family = program.python === null ? 'libc' : step.family;
        const malloc = functionsOf('allocates', family, program.glibc !== null)[0]!;
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
        if (program.python?.profile.hasDomains === true) this.customize(pair, step);
    }
  }

  private customize(pair: Pair, step: Extract<Command, { do: 'trace' | 'wrap' | 'wrap arenas' }>): void {
    const { model } = pair;
    switch (step.do) {
      case 'trace':
        if (model.tracing) {
          this.call(pair, 'tracemalloc.stop', []);
          model.blocks = model.blocks.map((block) => ({ ...block, traced: false }));
          model.tracing = false;
        } else if (!model.rawRefuses) model.tracing = this.call(pair, 'tracemalloc.start', [step.frames]).text === '';
        break;
      case 'wrap':
        // Without a traceback for a block that was resized, tracemalloc ends the program [tracemalloc_realloc].
        if (step.host === 'failing' && step.domain === 'raw' && model.tracing) break;
        this.call(pair, 'PyMem_SetAllocator', [step.domain, step.host, step.host === 'failing' ? step.every : 0]);
        if (step.host !== 'failing') break;
        model.mayRefuse = true;
        model.rawRefuses ||= step.domain === 'raw';
        break;
      case 'wrap arenas':
        this.call(pair, 'PyObject_SetArenaAllocator', [step.host, step.host === 'stingy-arena' ? step.every : 0]);
    }
  }

  /** A call that no signal may end. */
  private call(pair: Pair, name: string, args: readonly Argument[]): CallResult {
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
    const functions = functionsOf('reallocates', family, program.glibc !== null);
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
    const functions = functionsOf('frees', family, program.glibc !== null);
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

  private heapPages({ space }: Process): number {
    const { pageBytes } = this.machine.format;
    return Math.ceil(space!.brk / pageBytes) - Math.ceil(space!.brkStart / pageBytes);
  }

  /** The figures of struct mallinfo2, as the program would ask for them. */
  private mallinfo(pair: Pair): Readonly<Record<string, number>> {
    const lines = this.call(pair, 'mallinfo2', []).text!.trimEnd().split('\n');
    return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, value]) => [name!, Number(value)]));
  }

  private tracedBytes(pair: Pair): number {
    return Number(/^\((\d+), \d+\)$/.exec(this.call(pair, 'tracemalloc.get_traced_memory', []).text!)![1]);
  }

  /** Rules of kernel and heaps. */
  checkRules(): void {
    const broken = this.machine.checkInvariants();
    if (broken.length > 0) expect.fail(broken.join('; '));
  }

  /** Regions are tiled by pieces; every block of the model lies in one that is used; tracemalloc counts the same bytes. */
  checkRegions(): void {
    for (const pair of this.pairs) {
      const program = this.program(pair);
      const regions = heapRegions(program);
      for (const region of regions) this.checkTiling(region);
      this.checkBlocks(pair, regions);
      const { python } = program;
      // Asking is a call: it can be the one that memory does not suffice for.
      if (python === null || !pair.model.tracing || this.heapCase.mayDie === true) continue;
      expect(this.tracedBytes(pair)).toBe(pair.model.tracedBytes);
      this.count('traced bytes compared');
    }
  }

  private checkTiling({ name, start, end, blocks }: HeapRegion): void {
    let at = start;
    for (const block of blocks) {
      if (block.start !== at || block.bytes <= 0) expect.fail(`${name} has a gap at 0x${at.toString(16)}`);
      at += block.bytes;
      const kind = /^(tcache|fastbin|unsorted|small bin|large bin)/.exec(block.detail)?.[0];
      if (kind !== undefined) this.count(kind);
    }
    if (at !== end) expect.fail(`${name} ends at 0x${end.toString(16)}, its pieces at 0x${at.toString(16)}`);
  }

  private checkBlocks(pair: Pair, regions: readonly HeapRegion[]): void {
    const program = this.program(pair);
    const used = regions.flatMap(({ blocks }) => blocks.filter(({ state }) => state === 'used'));
    let index = 0;
    for (const block of pair.model.blocks) {
      const end = block.address + block.size;
      while (index < used.length && used[index]!.payload! + used[index]!.payloadBytes < end) index++;
      const piece = used[index];
      if (piece !== undefined && piece.payload! <= block.address) this.count('blocks found in regions');
      else if (this.isMapped(program, block)) this.count('mapped blocks');
      else
        expect.fail(
          `no used piece holds the ${block.size} bytes of ${block.family} at 0x${block.address.toString(16)}`,
        );
    }
  }

  /** glibc keeps no list of what it mapped: a chunk says so itself. Each layer of hooks puts two words before a block. */
  private isMapped(program: Program, { address, size }: Block): boolean {
    return [address, address - 16, address - 32].some((payload) => {
      const regions = program.glibc?.regions(program.peek(), [payload]) ?? [];
      const chunk = regions.find(({ name, start }) => name === 'mapped chunk' && start < payload);
      return chunk !== undefined && chunk.end >= address + size;
    });
  }

  /** Free everything, see that the kernel has its pages back, end all: nothing may be left over. */
  finish(order: 'forwards' | 'backwards' = 'forwards'): void {
    for (const pair of this.pairs) {
      const blocks = [...pair.model.blocks];
      if (order === 'backwards') blocks.reverse();
      for (const block of blocks) this.release(pair, block, 0);
      this.checkGivenBack(pair);
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

  private checkGivenBack(pair: Pair): void {
    const program = this.program(pair);
    const { python } = program;
    const space = this.process(pair).space!;
    const { pageBytes } = this.machine.format;
    let arenaPages = 0;
    let nodes = 0;
    if (python !== null) {
      const { arenasCurrent, allocatedBlocks, mapNodes } = python.pymalloc.summary(program.peek());
      expect(arenasCurrent).toBeLessThanOrEqual(python.profile.keepsLastArena ? 1 : 0);
      expect(allocatedBlocks).toBe(pair.baseBlocks);
      if (pair.model.tracing) expect(this.tracedBytes(pair)).toBe(0);
      arenaPages = (arenasCurrent * python.profile.arenaBytes) / pageBytes;
      nodes = (mapNodes?.middle ?? 0) + (mapNodes?.bottom ?? 0);
    }
    if (program.glibc === null) return;
    const { hblks, hblkhd, keepcost } = this.mallinfo(pair);
    // All that pymalloc never gives back are the nodes of its arena map.
    expect(hblks).toBeLessThanOrEqual(nodes);
    expect(space.totalPages - pair.basePages).toBe(
      arenaPages + this.heapPages(this.process(pair)) + hblkhd! / pageBytes,
    );
    this.call(pair, 'malloc_trim', [0]);
    expect(this.mallinfo(pair).keepcost).toBeLessThanOrEqual(pageBytes + 64);
    if (keepcost! > pageBytes + 64) this.count('tops trimmed');
  }

  count(what: string): void {
    this.reached[what] = (this.reached[what] ?? 0) + 1;
  }
}
