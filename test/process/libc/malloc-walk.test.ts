/** The heap as a spectator sees it: every chunk named, nothing changed by looking, and an end to every walk over broken bytes. */
import { describe, expect, it } from 'vitest';
import type { HeapBlock } from '../../../src/process/allocator.ts';
import { PeekMemory } from '../../../src/process/peek-memory.ts';
import { type MallocMachine, mallocMachine } from './malloc-machine.ts';

function look(on: MallocMachine): PeekMemory {
  return new PeekMemory(on.memory.kernel, on.memory.process);
}

function blocksOf(on: MallocMachine): HeapBlock[] {
  return on.libc.regions(look(on)).flatMap(({ blocks }) => [...blocks]);
}

/** Chunks of every kind. */
function varied(on: MallocMachine): void {
  const { libc } = on;
  const small = Array.from({ length: 9 }, () => libc.malloc(24));
  const middle = Array.from({ length: 9 }, () => libc.malloc(200));
  const [one, , two] = [libc.malloc(1100), libc.malloc(24), libc.malloc(2000)];
  libc.malloc(24);
  for (const block of [...middle, one!]) libc.free(block);
  libc.malloc(3000);
  for (const block of [...small, two!]) libc.free(block);
}

describe('regions', () => {
  it('are none before the first malloc', () => {
    const on = mallocMachine();
    expect(on.libc.regions(look(on))).toEqual([]);
    expect(on.libc.brokenRules(look(on))).toEqual([]);
  });

  it('name what every chunk is', () => {
    const on = mallocMachine();
    varied(on);
    const seen = blocksOf(on).map(({ bytes, state, detail }) => `${state} ${bytes.toString(16)} ${detail}`.trim());
    expect(seen[0]).toBe('header 290 tcache_perthread_struct');
    expect(seen.filter((line) => line === 'cached 20 tcache 0x20')).toHaveLength(7);
    expect(seen.filter((line) => line === 'cached 20 fastbin 0x20')).toHaveLength(2);
    expect(seen.filter((line) => line === 'cached d0 tcache 0xd0')).toHaveLength(7);
    // The last two of 0xd0 and the one of 0x460 behind them were joined.
    expect(seen).toContain('free 600 large bin 72');
    expect(seen).toContain('free 7e0 unsorted');
    expect(seen.at(-1)).toMatch(/^top /);
  });

  it('hold mapped chunks that the looker knows of, with what memalign left before them', () => {
    const on = mallocMachine();
    const [plain, aligned] = [on.libc.malloc(200_000), on.libc.memalign(8192, 200_000)];
    const mapped = on.libc.regions(look(on), [plain, aligned]).filter(({ name }) => name === 'mapped chunk');
    expect(mapped.map(({ blocks }) => blocks.map(({ state }) => state)).sort()).toEqual([['lost', 'used'], ['used']]);
    expect(mapped.flatMap(({ blocks }) => blocks.flatMap(({ payload }) => payload ?? [])).sort()).toEqual(
      [plain, aligned].sort(),
    );
  });

  it('change nothing', () => {
    const on = mallocMachine({ memory: 1 << 20, swap: 8 << 20 });
    varied(on);
    for (let index = 0; index < 40; index++) on.memory.fill(on.libc.malloc(30_000), 1, 30_000);
    const before = JSON.stringify(on.machine.counters());
    on.libc.regions(look(on));
    expect(on.libc.brokenRules(look(on))).toEqual([]);
    expect(JSON.stringify(on.machine.counters())).toBe(before);
  });
});

describe('broken rules', () => {
  it.each<[string, (on: MallocMachine, block: (detail: string) => HeapBlock) => void, RegExp]>([
    ['an overflow into a size', (on, block) => on.memory.store64(block('large bin 72').start + 8, 0x7), /not walkable/],
    [
      'P set behind a free chunk',
      (on, block) => {
        const { start, bytes } = block('unsorted');
        on.memory.store64(start + bytes + 8, 0x21);
      },
      /has P set/,
    ],
    [
      'a wrong prev_size',
      (on, block) => {
        const { start, bytes } = block('unsorted');
        on.memory.store64(start + bytes, 0x20);
      },
      /prev_size behind/,
    ],
    [
      'a ring that does not lead back',
      (on, block) => on.memory.store64(block('large bin 72').start + 24, 0x40),
      /bk of/,
    ],
    [
      'a ring of sizes gone wrong',
      (on, block) => on.memory.store64(block('large bin 72').start + 32, 0x40),
      /ring of sizes/,
    ],
    ['a tcache that counts wrongly', (on) => on.memory.store16(on.start + 16, 3), /counts 3 chunks, has 7/],
    ['a link that was written to', (on, block) => on.memory.store64(block('fastbin 0x20').start + 16, 5), /leads to/],
    ['a bin without its bit', (on) => on.memory.store32(on.state + 2144 + 8, 0), /bit in binmap is clear/],
    ['top cut short', (on) => on.memory.store64(blocksOf(on).at(-1)!.start + 8, 0x1001), /top ends at/],
  ])('%s', (_, damage, complaint) => {
    const on = mallocMachine();
    varied(on);
    expect(on.libc.brokenRules(look(on))).toEqual([]);
    damage(on, (detail) => blocksOf(on).find((block) => block.detail === detail)!);
    expect(on.libc.brokenRules(look(on)).join('\n')).toMatch(complaint);
  });

  it('are found, and the walk ends without holes, whatever was written over the heap', () => {
    let word = 12345;
    const next = (): number => {
      word = (Math.imul(word, 1103515245) + 12345) >>> 0;
      return word >>> 4;
    };
    for (let round = 0; round < 60; round++) {
      const on = mallocMachine({ memory: 1 << 20 });
      varied(on);
      const end = blocksOf(on).at(-1)!.start + 32;
      for (let index = 0; index < 3; index++) {
        const at = on.start + ((next() % (end - on.start)) & ~7);
        on.memory.store64(at, round % 2 === 0 ? next() : next() * 2 ** 22);
      }
      for (const region of on.libc.regions(look(on))) {
        let at = region.start;
        for (const block of region.blocks) {
          expect(block.start).toBe(at);
          at += block.bytes;
        }
        expect(at).toBe(region.end);
      }
      on.libc.brokenRules(look(on));
    }
  });
});
