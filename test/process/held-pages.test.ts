/**
 * Allocators make many of their accesses through held pages, several at once (src/mmu/segment-unit.ts). Nothing tells: the
 * same random program on two machines, where on the second a reference wants to hear of every access and so each is made by
 * itself, leaves the same memory, counters and TLBs, time stamps and all. Also when the program overwrites what the
 * allocators know, and dies of it.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine/machine.ts';
import type { TlbConfig } from '../../src/mmu/tlb/config.ts';
import type { Program } from '../../src/process/program.ts';
import { MEM, OBJ, RAW } from '../../src/process/python/allocator-record.ts';
import { layoutOf } from '../../src/process/python/pymalloc/layout.ts';
import { PYMALLOC_AT } from '../../src/process/python/runtime-state.ts';

const PAGE = 4096;
const MEMORY = 8 << 20;
const DOMAINS = [RAW, MEM, OBJ] as const;

const DATA_PAGES = 2000;

const small = fc.constantFrom(16, 48, 512, 512);
const size = fc.oneof({ weight: 8, arbitrary: small }, { weight: 2, arbitrary: fc.integer({ min: 0, max: 3000 }) });
const which = fc.nat(1e6);
const domain = fc.constantFrom(1, 2, 2, 2, 0);
const command = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: fc.constant('malloc' as const), domain, size }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('free' as const), which }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('realloc' as const), which, size }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('burst' as const), domain, size, count: fc.nat(300) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('free many' as const), which, keepEvery: fc.nat(20) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('libc malloc' as const), size }) },
  // Full pools, arenas across the leaves of their map, frames taken away.
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('burst' as const), domain, size: small, count: fc.constant(2500) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('touch' as const), page: fc.nat(500), pages: fc.nat(1500) }) },
  // What was written is now read before it is written again.
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const) }) },
);
const poolOf = (block: number) => block - (block % 16384);
/** By the pool that is written to and some other block. */
const VALUES = {
  zero: () => 0,
  small: () => 7,
  huge: () => Number.MAX_SAFE_INTEGER,
  far: () => 0x1234_5678_8000,
  block: (_pool: number, other: number) => other,
  odd: (_pool: number, other: number) => other + 4,
  'other pool': (_pool: number, other: number) => poolOf(other),
  elsewhere: (_pool: number, other: number) => poolOf(other) + 2 ** 32,
  'page end': (pool: number) => pool + PAGE - 8,
} as const;
/** What a program may write over, counted from a block's pool, a block, its chunk or the ends of used pools; and with what. */
const scribble = fc.record({
  do: fc.constant('scribble' as const),
  which,
  at: fc.constantFrom<'pool' | 'block' | 'chunk' | 'ends'>('pool', 'block', 'chunk', 'ends'),
  offset: fc.constantFrom(0, 8, 16, 24, 32, 36, 40, 44),
  value: fc.constantFrom<keyof typeof VALUES | number>(...(Object.keys(VALUES) as (keyof typeof VALUES)[])),
});
const whole = fc.array(command, { minLength: 5, maxLength: 40 });
const trampled = fc.array(fc.oneof({ weight: 6, arbitrary: command }, { weight: 1, arbitrary: scribble }), {
  minLength: 10,
  maxLength: 60,
});
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;
type Scribble = typeof scribble extends fc.Arbitrary<infer T> ? T : never;

interface Block {
  readonly address: number;
  readonly family: number;
}
const LIBC = 3;

interface Setting {
  readonly paging: 'x86_64' | 'sv39';
  readonly python: string;
  readonly tlb: TlbConfig;
}

/** More accesses than any command makes. */
const ENDLESS = 2e6;
class Endless extends Error {}

class Side {
  readonly machine: Machine;
  readonly program: Program;
  readonly outcomes: boolean[] = [];
  private touches = 0;
  private readonly blocks: Block[] = [];
  private readonly data: number;

  constructor({ paging, python, tlb }: Setting, isHeard: boolean) {
    this.machine = new Machine({ paging, memory: MEMORY, swap: 4 * MEMORY, tlb });
    if (isHeard) this.cpu.reference = { touch: () => this.countTouch() };
    const process = this.machine.spawn({ python });
    this.machine.switchTo(0, process);
    this.program = this.machine.programs.require(process);
    this.data = this.program.memory.mmap(DATA_PAGES * PAGE);
  }

  get cpu() {
    return this.machine.cpus[0]!;
  }

  /** A list that the program made a circle of is walked for ever, as in the real library. */
  private countTouch(): void {
    if (++this.touches > ENDLESS) throw new Endless();
  }

  /** False: the program is dead. */
  run(command: Command | Scribble): boolean {
    this.touches = 0;
    const { stopped } = this.program.run(() => {
      this.perform(command);
      return null;
    });
    this.outcomes.push(stopped);
    return this.program.memory.process.state === 'running';
  }

  picture() {
    const { counters, tlbs } = this.cpu;
    const { state, lastSignal } = this.program.memory.process;
    const { outcomes, blocks } = this;
    return { outcomes, blocks, counters, tlbs: columnsIn(tlbs!), state, signal: lastSignal?.reason };
  }

  get bytes(): Buffer {
    return Buffer.from(this.machine.memory.bytesOf[0]!.buffer, 0, MEMORY);
  }

  private perform(command: Command | Scribble): void {
    const { program, blocks } = this;
    const { memory, libc } = program;
    if (command.do === 'malloc') this.add(command.domain, command.size);
    else if (command.do === 'burst') for (let i = 0; i < command.count; i++) this.add(command.domain, command.size);
    else if (command.do === 'libc malloc') this.keep(libc.malloc(command.size), LIBC);
    else if (command.do === 'fork') this.forkAndExit();
    else if (command.do === 'touch') {
      for (let page = 0; page < command.pages; page++) memory.store8(this.data + PAGE * (command.page + page), 1);
    } else if (blocks.length === 0) return;
    else if (command.do === 'free many') {
      for (let at = command.which % blocks.length; at < blocks.length; at += 1 + command.keepEvery) this.release(at);
    } else {
      const at = command.which % blocks.length;
      if (command.do === 'free') this.release(at);
      else if (command.do === 'realloc') this.resize(at, command.size);
      else this.scribble(command, blocks[at]!.address);
    }
  }

  private get usedPools(): number {
    const { pythonAt, python } = this.program;
    return layoutOf(python!.profile, pythonAt!.bss + PYMALLOC_AT).usedPools;
  }

  private forkAndExit(): void {
    const { machine, program } = this;
    const { process } = program.memory;
    const child = machine.fork(process);
    if (typeof child === 'number') return;
    machine.exit(child);
    machine.wait(process, child.pid);
    machine.switchTo(0, process);
  }

  private add(family: number, size: number): void {
    this.keep(this.program.python!.malloc(DOMAINS[family]!, size), family);
  }

  private keep(address: number, family: number): void {
    if (address !== 0) this.blocks.push({ address, family });
  }

  private release(at: number): void {
    const [{ address, family }] = this.blocks.splice(at, 1) as [Block];
    if (family === LIBC) this.program.libc.free(address);
    else this.program.python!.free(DOMAINS[family]!, address);
  }

  private resize(at: number, size: number): void {
    const [{ address, family }] = this.blocks.splice(at, 1) as [Block];
    const { libc, python } = this.program;
    if (family === LIBC) this.keep(libc.realloc(address, size), LIBC);
    else this.keep(python!.realloc(DOMAINS[family]!, address, size), family);
  }

  private scribble({ at, offset, value, which }: Scribble, block: number): void {
    const pool = poolOf(block);
    const other = this.blocks[(which * 7) % this.blocks.length]!.address;
    const start = { pool, block, chunk: block - 8, ends: this.usedPools }[at];
    const place = start + offset;
    const written = typeof value === 'number' ? value : VALUES[value](pool, other);
    if (place % 8 === 0 && at !== 'chunk') this.program.memory.store64(place, written);
    else this.program.memory.store32(place, written >>> 0);
  }
}

/** What the arrays of the TLBs hold; beside those they keep only what the last lookup found out. */
function columnsIn(part: object): number[][] {
  const columns = new Map<object, number[]>();
  const visit = (value: unknown): void => {
    if (value instanceof Float64Array || value instanceof Int32Array) columns.set(value, [...value]);
    else if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) visit(inner);
  };
  visit(part);
  return [...columns.values()];
}

const SETTINGS: readonly Setting[] = [
  { paging: 'x86_64', python: '3.11', tlb: { entries: 64, ways: 4, l2: { entries: 1536, ways: 12 } } },
  { paging: 'x86_64', python: '3.11', tlb: { entries: 4, ways: 2, policy: 'plru' } },
  { paging: 'sv39', python: '3.13', tlb: { entries: 16, ways: 1, l2: { entries: 32, ways: 2, policy: 'fifo' } } },
  { paging: 'sv39', python: '3.9', tlb: { entries: 8, ways: 8, policy: 'random' } },
];

function runBoth(setting: Setting, commands: readonly (Command | Scribble)[]): void {
  const fused = new Side(setting, false);
  const single = new Side(setting, true);
  try {
    for (const command of commands) {
      const lives = single.run(command);
      expect(fused.run(command)).toBe(lives);
      if (!lives) break;
    }
  } catch (reason) {
    if (reason instanceof Endless) return;
    throw reason;
  }
  expect(fused.picture()).toEqual(single.picture());
  expect(fused.bytes.equals(single.bytes)).toBe(true);
}

describe.each(SETTINGS)('accesses through held pages, $paging, Python $python, TLB of $tlb.entries', (setting) => {
  it('leave what accesses one by one leave', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(whole, (commands) => runBoth(setting, commands)),
      { numRuns: 15 },
    );
  });

  it('... of programs that overwrite their heaps too', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(trampled, (commands) => runBoth(setting, commands)),
      { numRuns: 40 },
    );
  });

  it.each([7, 31, 0x1234, 2 ** 28 + 31, 2 ** 32 - 1])('... a full pool that says to be of class %i', (sizeClass) => {
    const fill: Command = { do: 'burst', domain: 2, size: 512, count: 100 };
    const overwrite: Scribble = { do: 'scribble', which: 0, at: 'pool', offset: 36, value: sizeClass };
    runBoth(setting, [fill, overwrite, { do: 'free', which: 0 }, { do: 'malloc', domain: 2, size: 512 }]);
  });
});
