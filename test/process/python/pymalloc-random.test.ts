/**
 * Random programs against a naive model, which knows of every live block its address and bytes and nothing else: blocks
 * never overlap, are aligned, keep their contents; the structures' own rules hold throughout; regions have no gaps and
 * show exactly the live blocks; what is freed goes back as the profile says.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type PymallocProgram, pymallocProgram } from './pymalloc-program.ts';

const CTX = 0;
const RULES_EVERY = 25;

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 512 }) },
  { weight: 4, arbitrary: fc.constantFrom(16, 48, 400, 512) },
  { weight: 1, arbitrary: fc.constantFrom(0, 513, 700, 5000) },
);
const which = fc.nat(1e6);
const command = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('malloc' as const), size }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('calloc' as const), size }) },
  // Many of a size: pools fill up, and arenas.
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('burst' as const), size, count: fc.integer({ min: 20, max: 400 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('realloc' as const), which, size }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('free' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('free many' as const), which, keepEvery: fc.integer({ min: 2, max: 60 }) }),
  },
);
type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

interface Live {
  readonly address: number;
  readonly size: number;
  readonly stamp: number;
}

class Model {
  readonly program: PymallocProgram;
  blocks: Live[] = [];
  private stamps = 0;

  constructor(program: PymallocProgram) {
    this.program = program;
  }

  run(command: Command): void {
    const { pymalloc, memory } = this.program;
    if (command.do === 'malloc') this.add(pymalloc.malloc(CTX, command.size), command.size);
    else if (command.do === 'calloc') {
      const block = pymalloc.calloc(CTX, 1, command.size);
      expect(memory.bytes(block, command.size).every((byte) => byte === 0)).toBe(true);
      this.add(block, command.size);
    } else if (command.do === 'burst') {
      for (let index = 0; index < command.count; index++) this.add(pymalloc.malloc(CTX, command.size), command.size);
    } else if (command.do === 'free many') {
      const start = command.which % (this.blocks.length + 1);
      const victims = this.blocks.slice(start).filter((_, index) => index % command.keepEvery !== 0);
      for (const victim of victims) this.free(victim);
    } else if (this.blocks.length > 0) {
      const block = this.blocks[command.which % this.blocks.length]!;
      if (command.do === 'free') this.free(block);
      else this.resize(block, command.size);
    }
  }

  free(block: Live): void {
    this.checkContents(block, block.size);
    this.blocks = this.blocks.filter((other) => other !== block);
    this.program.pymalloc.free(CTX, block.address);
  }

  private resize(block: Live, size: number): void {
    const moved = this.program.pymalloc.realloc(CTX, block.address, size);
    this.checkContents({ ...block, address: moved }, Math.min(size, block.size));
    this.blocks = this.blocks.filter((other) => other !== block);
    this.add(moved, size);
  }

  private add(address: number, size: number): void {
    const { memory, profile } = this.program;
    expect(address).toBeGreaterThan(0);
    expect(address % profile.alignment).toBe(0);
    const stamp = ++this.stamps % 251;
    memory.fill(address, stamp, size);
    this.blocks.push({ address, size, stamp });
  }

  private checkContents({ address, stamp }: Live, length: number): void {
    const { memory } = this.program;
    expect(memory.bytes(address, length).every((byte) => byte === stamp)).toBe(true);
  }

  check(): void {
    const { pymalloc, peek, host } = this.program;
    const sorted = this.blocks.toSorted((a, b) => a.address - b.address);
    for (let index = 1; index < sorted.length; index++) {
      const before = sorted[index - 1]!;
      if (before.address + before.size > sorted[index]!.address) throw new Error('blocks overlap');
    }
    expect(pymalloc.brokenRules(peek())).toEqual([]);
    expect(pymalloc.allocatedBlocks(peek())).toBe(this.blocks.length);
    const used: number[] = [];
    for (const region of pymalloc.regions(peek())) {
      let at = region.start;
      for (const block of region.blocks) {
        if (block.start !== at || block.bytes <= 0) throw new Error(`gap at 0x${at.toString(16)}`);
        if (block.state === 'used') used.push(block.payload!);
        at += block.bytes;
      }
      expect(at).toBe(region.end);
    }
    expect(used).toEqual(sorted.map(({ address }) => address).filter((address) => !host.raw.has(address)));
  }
}

describe.each(['2.7', '3.6', '3.7.3', '3.8', '3.9', '3.10', '3.11', '3.13'])('random programs on %s', (version) => {
  it('no block is harmed', () => {
    const program = fc.record({
      commands: fc.array(command, { minLength: 10, maxLength: 120, size: 'max' }),
      arenaOffset: fc.constantFrom(0, 0, 16, 2048),
      descending: fc.boolean(),
    });
    fc.assert(
      fc.property(program, ({ commands, arenaOffset, descending }) => {
        const program = pymallocProgram(version);
        program.host.arenaOffset = arenaOffset;
        const model = new Model(program);
        for (const [index, step] of commands.entries()) {
          model.run(step);
          if (index % RULES_EVERY === 0) model.check();
        }
        model.check();
        const rest = model.blocks.toSorted((a, b) => (descending ? b.address - a.address : a.address - b.address));
        for (const block of rest) model.free(block);
        model.check();
        const { arenas } = program.host;
        if (!program.profile.keepsLastArena) expect(arenas.size).toBe(0);
        else expect(arenas.size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 10 },
    );
  });
});
