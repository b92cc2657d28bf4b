/** A guest that writes where it must not: the walk says what is broken, and comes to an end. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ProgramStopped } from '../../../src/process/program-stopped.ts';
import { pymallocStateBytes } from '../../../src/process/python/pymalloc/layout.ts';
import { type PymallocProgram, pymallocProgram } from './pymalloc-program.ts';

const CTX = 0;
const POOL = { free: 8, next: 16, arena: 32, class: 36, nextOffset: 40 };
const GARBAGE = 0xdddddddddddddddddn;

/** Blocks of three classes in several pools and an arena and a half; every fourth is freed. */
function populated(version: string): PymallocProgram & { blocks: number[] } {
  const program = pymallocProgram(version);
  const { pymalloc, host, peek } = program;
  const blocks: number[] = [];
  while (host.arenas.size < 2) {
    for (const size of [32, 100, 512]) blocks.push(pymalloc.malloc(CTX, size));
  }
  for (let index = 0; index < blocks.length; index += 4) pymalloc.free(CTX, blocks[index]!);
  expect(pymalloc.brokenRules(peek())).toEqual([]);
  return { ...program, blocks };
}

const poolOf = (program: PymallocProgram, block: number) => block - (block % program.profile.poolBytes);

describe.each(['3.8', '3.11'])('%s', (version) => {
  it('a write to a freed block breaks the free list', () => {
    const program = populated(version);
    const { pymalloc, memory, peek, blocks } = program;
    memory.storeBig(blocks[0]!, GARBAGE);
    expect(pymalloc.brokenRules(peek())).toEqual([
      expect.stringMatching(
        /^pool 0 of arena 0 at 0x[0-9a-f]+: the free list leads to 0xd+[0-9a-f]* after \d+ blocks$/,
      ),
    ]);
  });

  it('a link back makes the free list a circle', () => {
    const program = populated(version);
    const { pymalloc, memory, peek, blocks } = program;
    memory.store64(blocks[0]!, blocks[0]!);
    expect(pymalloc.brokenRules(peek())).toEqual([expect.stringContaining('the free list goes round in a circle')]);
  });

  it.each([
    ['count', 0, /do not make \d+ blocks/],
    ['arena index', POOL.arena, /says it belongs to arena 7/],
    ['size class', POOL.class, /in the list of class 1, is of 7|belongs|does not|the free list/],
    ['offset of the next virgin block', POOL.nextOffset, /the next virgin block is at offset 7/],
  ])('an overflow into a pool header: %s', (_, offset, message) => {
    const program = populated(version);
    const { pymalloc, memory, peek, blocks } = program;
    memory.store32(poolOf(program, blocks[0]!) + offset, 7);
    expect(pymalloc.brokenRules(peek()).join('\n')).toMatch(message);
    expect(pymalloc.regions(peek())).toHaveLength(2);
  });

  it('a broken link between used pools', () => {
    const program = populated(version);
    const { pymalloc, memory, peek, blocks } = program;
    const pool = poolOf(program, blocks[0]!);
    memory.store64(pool + POOL.next, pool);
    expect(pymalloc.brokenRules(peek()).join('\n')).toMatch(/used pools of class 1: the list goes round in a circle/);
  });

  it('the allocator itself follows a broken link into a signal', () => {
    const program = populated(version);
    const { pymalloc, memory, blocks } = program;
    memory.store64(blocks[0]!, 0x10);
    expect(() => {
      for (let index = 0; index < blocks.length; index++) pymalloc.malloc(CTX, 32);
    }).toThrow(ProgramStopped);
    expect(memory.process.signal).toBe('SIGSEGV');
  });

  it('whatever is overwritten, looking ends and changes nothing', () => {
    const program = populated(version);
    const { pymalloc, memory, peek, profile, state, host } = program;
    // The state's head holds every list; the root behind it is long and mostly empty.
    const places = [{ start: state, bytes: Math.min(pymallocStateBytes(profile), 4096) }];
    for (const start of host.arenas) places.push({ start, bytes: profile.arenaBytes });
    for (const start of host.raw) places.push({ start, bytes: 768 });
    const place = fc.record({ place: fc.nat(places.length - 1), at: fc.nat(1 << 20), header: fc.boolean() });
    const value = fc.oneof(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.constantFrom(0n, 1n, GARBAGE, 2n ** 64n - 1n),
    );
    fc.assert(
      fc.property(fc.array(fc.record({ place, value }), { minLength: 1, maxLength: 8 }), (writes) => {
        const undo: Array<[number, bigint]> = [];
        for (const { place, value } of writes) {
          const { start, bytes } = places[place.place]!;
          const within = (place.at * 8) % bytes;
          const at = start + (place.header ? within - (within % profile.poolBytes) + (within % 48) : within);
          const word = at - (at % 8);
          undo.push([word, memory.loadBig(word)]);
          memory.storeBig(word, value);
        }
        const broken = pymalloc.brokenRules(peek());
        expect(pymalloc.brokenRules(peek())).toEqual(broken);
        for (const region of pymalloc.regions(peek())) {
          expect(region.blocks.reduce((sum, { bytes }) => sum + bytes, 0)).toBe(region.end - region.start);
        }
        pymalloc.summary(peek());
        pymalloc.statistics(peek());
        for (const [word, value] of undo.toReversed()) memory.storeBig(word, value);
      }),
      { numRuns: 60 },
    );
    expect(pymalloc.brokenRules(peek())).toEqual([]);
  });
});

it('the arena map: a leaf that covers too much, and one that covers nothing', () => {
  const program = populated('3.11');
  const { pymalloc, memory, peek, host } = program;
  const arena = [...host.arenas][0]!;
  const middle = memory.load64(program.state + pymallocStateBytes(program.profile) - 2 ** 15 * 8);
  const bottom = memory.load64(middle + (Math.floor(arena / 2 ** 34) % 2 ** 15) * 8);
  const leaf = bottom + (Math.floor(arena / 2 ** 20) % 2 ** 14) * 8;
  const was = memory.load32(leaf);
  expect(was).not.toBe(0);
  memory.store32(leaf, 0);
  expect(pymalloc.brokenRules(peek())).toEqual([expect.stringContaining('says high 0, low')]);
  memory.store32(leaf, was);
  memory.store32(leaf + 8 * 5, 99);
  expect(pymalloc.brokenRules(peek())).toEqual([expect.stringContaining('says high 99, low 0')]);
});
