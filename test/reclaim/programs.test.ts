/**
 * Random programs under every policy, on a machine with a handful of frames: fork, madvise, munmap, mlock, exit and the timer
 * between loads and stores. Whatever a policy chooses, a process reads what it wrote, and all invariants hold.
 */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { POLICIES } from '../../src/kernel/reclaim/registry.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const PAGES = 14;
const PROCESSES_MAX = 3;
const RW = PROT_READ | PROT_WRITE;
const FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
const BASE = 0x10000000;

const page = fc.oneof(fc.nat({ max: 4 }), fc.nat({ max: PAGES - 1 }));
const who = fc.nat({ max: PROCESSES_MAX - 1 });
const area = { who, page, count: fc.integer({ min: 1, max: 5 }) };
const step = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ do: fc.constant('store' as const), who, page, value: fc.integer({ min: 1, max: 255 }) }),
  },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('load' as const), who, page }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('tick' as const), times: fc.integer({ min: 1, max: 4 }) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('munmap' as const), ...area }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('mmap' as const), ...area }) },
  // Two pages of each process at most, or so few frames were left that the machine would have to kill it.
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constantFrom('mlock' as const, 'munlock' as const),
      who,
      page: fc.nat({ max: 1 }),
      count: fc.constant(1),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('discard' as const, 'cold' as const, 'pageout' as const), ...area }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Program {
  readonly process: Process;
  /** Byte of each page; null: not mapped. */
  readonly bytes: (number | null)[];
}

class World {
  readonly machine: Machine;
  private readonly programs: Program[] = [];

  constructor(replacement: string, limits: { readonly residentPages?: number; readonly memory: number }) {
    this.machine = new Machine({ ...limits, swap: 64 * PAGE, replacement, overcommit: 1 });
    const process = this.machine.spawn({ name: 'p', signals: 'survive', image: { stack: PAGE } });
    this.programs.push({ process, bytes: new Array<number | null>(PAGES).fill(null) });
    this.map(this.programs[0]!, 0, PAGES);
  }

  run(move: Step): void {
    const { machine, programs } = this;
    if (move.do === 'tick') {
      for (let left = move.times; left > 0; left--) machine.tick();
      return;
    }
    const program = programs[move.who % programs.length]!;
    const { process, bytes } = program;
    switch (move.do) {
      case 'store': {
        const stored = machine.store(process, BASE + move.page * PAGE, move.value, 1);
        expect(stored.ok).toBe(bytes[move.page] !== null);
        if (stored.ok) bytes[move.page] = move.value;
        break;
      }
      case 'load':
        this.expectByte(program, move.page);
        break;
      case 'fork': {
        if (programs.length === PROCESSES_MAX) break;
        const child = machine.fork(process);
        if (typeof child !== 'number') programs.push({ process: child, bytes: [...bytes] });
        break;
      }
      case 'exit':
        if (programs.length === 1) break;
        machine.exit(process);
        programs.splice(programs.indexOf(program), 1);
        break;
      case 'mmap':
        this.map(program, move.page, Math.min(move.count, PAGES - move.page));
        break;
      default:
        this.call(program, move);
    }
  }

  expectAllBytes(): void {
    for (const program of this.programs) for (let at = 0; at < PAGES; at++) this.expectByte(program, at);
  }

  private expectByte({ process, bytes }: Program, at: number): void {
    const { ok, bytes: read } = this.machine.load(process, BASE + at * PAGE, 1);
    expect(ok ? read![0] : null).toBe(bytes[at]);
  }

  private map({ process, bytes }: Program, first: number, count: number): void {
    const address = BASE + first * PAGE;
    expect(this.machine.mmap(process, { address, length: count * PAGE, prot: RW, flags: FLAGS })).toBe(address);
    bytes.fill(0, first, first + count);
  }

  private call({ process, bytes }: Program, move: Extract<Step, { readonly count: number }>): void {
    const { machine } = this;
    const address = BASE + move.page * PAGE;
    const count = Math.min(move.count, PAGES - move.page);
    const length = count * PAGE;
    switch (move.do) {
      case 'munmap':
        expect(machine.munmap(process, address, length)).toBe(0);
        bytes.fill(null, move.page, move.page + count);
        break;
      case 'mlock':
        // Fails where there are holes, or too many are locked; what it locked stays so.
        machine.calls.mlock(process, address, length);
        break;
      case 'munlock':
        machine.calls.munlock(process, address, length);
        break;
      case 'discard': {
        const result = machine.calls.madvise(process, address, length, 'dontneed');
        // Locked pages stay, and what is behind them: nothing is known but by looking.
        for (let at = move.page; at < move.page + count && bytes[at] !== null; at++) {
          const read = machine.load(process, BASE + at * PAGE, 1).bytes![0]!;
          expect(result === 0 ? [0] : [0, bytes[at]]).toContain(read);
          bytes[at] = read;
        }
        if (result !== 0) this.readAgain({ process, bytes }, move.page, count);
        break;
      }
      default:
        machine.calls.madvise(process, address, length, move.do === 'cold' ? 'cold' : 'pageout');
    }
  }

  /** Behind a hole: zero or as before. */
  private readAgain({ process, bytes }: Program, first: number, count: number): void {
    for (let at = first; at < first + count; at++) {
      if (bytes[at] === null) continue;
      const read = this.machine.load(process, BASE + at * PAGE, 1).bytes![0]!;
      expect([0, bytes[at]]).toContain(read);
      bytes[at] = read;
    }
  }
}

const names = Object.entries(POLICIES).flatMap(([name, { needsFuture }]) => (needsFuture ? [] : [name]));

describe.for(names)('programs under %s', (replacement) => {
  test.for([
    ['a limit on resident pages', { memory: 1 << 20, residentPages: 10 }],
    ['little memory', { memory: 26 * PAGE }],
  ] as const)('%s', ([, limits]) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 100 }), (moves) => {
        const world = new World(replacement, limits);
        moves.forEach((move, at) => {
          world.run(move);
          if (at % 10 === 9) expect(broken(world.machine)).toEqual([]);
        });
        world.expectAllBytes();
        expect(broken(world.machine)).toEqual([]);
      }),
      { numRuns: 8 },
    );
  });
});

const broken = (machine: Machine): string[] => [
  ...machine.checkInvariants(),
  ...machine.kernel.policy.checkInvariants(),
];
