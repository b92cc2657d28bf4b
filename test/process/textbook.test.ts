import { describe, expect, test } from 'vitest';
import { activate } from '../../src/kernel/schedule.ts';
import { ProgramMemory } from '../../src/process/program-memory.ts';
import { ProgramStopped } from '../../src/process/program-stopped.ts';
import { makeTextbookAllocator, type TextbookOptions } from '../../src/process/textbook/allocator.ts';
import { checkTextbookOptions } from '../../src/process/textbook/options.ts';
import { freeBlocks, type HeapRun, heapBlocks, heapRun, look } from './textbook-machine.ts';

const BASE = 0x40_0000;
const FIT = { policy: 'first-fit', bytes: 4096, base: BASE } as const;

/** What the program wrote to standard error, and the signal that ended it. */
function endOf(run: HeapRun, action: () => void): { text: string; signal: unknown; code: unknown } {
  expect(action).toThrow(ProgramStopped);
  const { output, lastSignal } = run.memory.process;
  return { text: String.fromCharCode(...output), signal: lastSignal?.signal, code: lastSignal?.code };
}

const searchedLast = (run: HeapRun): number => run.heap.statistics(look(run)).searchedLast;

/** A heap of free blocks of these sizes (headers of 0 bytes), kept apart by used ones; their addresses. */
function holes(run: HeapRun, sizes: readonly number[], freed: readonly number[] = sizes.map((_, index) => index)) {
  const blocks = sizes.map((size) => {
    const block = run.heap.malloc(size);
    run.heap.malloc(1);
    return block;
  });
  for (const index of freed) run.heap.free(blocks[index]!);
  return blocks;
}

describe('the order of the free list', () => {
  const listOf = (run: HeapRun): number[] =>
    heapBlocks(run)
      .filter(({ state }) => state === 'free')
      .map(({ detail, bytes }) => [Number(/\[(\d+)\]/.exec(detail)![1]), bytes] as const)
      .sort(([left], [right]) => left - right)
      .map(([, bytes]) => bytes);

  test.for([
    ['address', [30, 10, 20, 937]],
    ['size-ascending', [10, 20, 30, 937]],
    ['size-descending', [937, 30, 20, 10]],
    ['front', [20, 10, 30, 937]],
    ['back', [937, 30, 10, 20]],
  ] as const)('%s: %j', ([order, expected]) => {
    const run = heapRun({ policy: 'first-fit', header: 0, alignment: 1, order, bytes: 1000, coalescing: 'none' });
    holes(run, [30, 10, 20]);
    expect(listOf(run)).toEqual(expected);
    expect(run.heap.brokenRules(look(run))).toEqual([]);
  });

  test('a list by size lets best and worst fit stop early, as it should', () => {
    const searched = (policy: 'best-fit' | 'worst-fit', order: 'size-ascending' | 'size-descending'): number => {
      const run = heapRun({ policy, header: 0, alignment: 1, order, bytes: 1000 });
      holes(run, [10, 20, 30, 40]);
      run.heap.malloc(15);
      return searchedLast(run);
    };
    expect(searched('best-fit', 'size-ascending')).toBe(2); // 10, 20
    expect(searched('best-fit', 'size-descending')).toBe(5); // rest, 40, 30, 20, and 10 is too small
    expect(searched('worst-fit', 'size-descending')).toBe(1);
    expect(searched('worst-fit', 'size-ascending')).toBe(5);
  });

  test('best fit stops at an exact fit when told to', () => {
    const searched = (stopAtExactFit: boolean): number => {
      const run = heapRun({ policy: 'best-fit', header: 0, alignment: 1, bytes: 1000, stopAtExactFit });
      holes(run, [10, 20, 30]);
      run.heap.malloc(20);
      return searchedLast(run);
    };
    expect(searched(true)).toBe(2);
    expect(searched(false)).toBe(4);
  });
});

describe('next fit', () => {
  test('goes on where it stopped, and around', () => {
    const run = heapRun({ policy: 'next-fit', header: 0, alignment: 1, bytes: 1000 });
    const [first, second, third] = holes(run, [50, 50, 50]);
    const rest = freeBlocks(run).at(-1)![0];
    expect(run.heap.malloc(20)).toBe(rest); // the last search ended in the rest
    expect(run.heap.malloc(900)).toBe(0); // nothing fits, after looking at every block once
    expect(searchedLast(run)).toBe(4);
    run.heap.malloc(freeBlocks(run).at(-1)![1]); // the rest is used up
    expect(run.heap.malloc(20)).toBe(first);
    expect(run.heap.malloc(40)).toBe(second);
    expect(searchedLast(run)).toBe(2); // the 30 left of the first, then the second
    expect(run.heap.malloc(20)).toBe(third);
    expect(run.heap.malloc(20)).toBe(third! + 20);
    expect(run.heap.malloc(30)).toBe(first! + 20); // around, past the 10 left of the third
  });
});

describe('coalescing', () => {
  const fill = (coalescing: 'immediate' | 'deferred' | 'none'): HeapRun => {
    const run = heapRun({ ...FIT, coalescing, alignment: 4 });
    const blocks = Array.from({ length: 8 }, () => run.heap.malloc(504)); // 8 × 512 = 4096
    expect(run.heap.malloc(1)).toBe(0);
    for (const index of [1, 0, 2, 7, 5, 6, 4, 3]) run.heap.free(blocks[index]!);
    return run;
  };

  test('immediate: one block, seven merges', () => {
    const run = fill('immediate');
    expect(freeBlocks(run)).toEqual([[BASE, 4096]]);
    expect(run.heap.statistics(look(run))).toMatchObject({ coalesces: 7, externalFragmentation: 0 });
    expect(run.heap.malloc(4088)).not.toBe(0);
  });

  test('deferred: eight blocks until a request needs more', () => {
    const run = fill('deferred');
    expect(freeBlocks(run)).toHaveLength(8);
    expect(run.heap.statistics(look(run)).externalFragmentation).toBe(1 - 512 / 4096);
    expect(run.heap.malloc(4088)).not.toBe(0);
    expect(run.heap.statistics(look(run)).coalesces).toBe(7);
  });

  test('none: memory is there, but not in one piece', () => {
    const run = fill('none');
    expect(run.heap.malloc(505)).toBe(0);
    expect(run.heap.statistics(look(run))).toMatchObject({ failures: 2, freeBytes: 4096, largestFree: 512 });
  });
});

describe('a heap on the break', () => {
  test('grows by its step and stays one piece', () => {
    const run = heapRun({ policy: 'first-fit', grow: 4096 });
    const start = run.memory.sbrk(0);
    run.heap.malloc(10_000);
    run.heap.malloc(10_000);
    expect((run.memory.sbrk(0) - start) % 4096).toBe(0);
    expect(heapBlocks(run).filter(({ state }) => state === 'used')).toHaveLength(2);
    expect(run.heap.regions(look(run))).toHaveLength(1);
  });

  test.for(['first-fit', 'segregated', 'buddy', 'slab'] as const)(
    '%s: when somebody else moves the break, the heap goes on behind what is theirs',
    (policy) => {
      const run = heapRun({ policy, grow: 4096 });
      const first = run.heap.malloc(3000);
      const theirs = run.memory.sbrk(5000);
      run.memory.fill(theirs, 0x77, 5000);
      const second = run.heap.malloc(6000);
      expect(second).toBeGreaterThanOrEqual(theirs + 5000);
      run.memory.fill(second, 1, 6000);
      expect(run.heap.brokenRules(look(run))).toEqual([]);
      run.heap.free(first);
      run.heap.free(second);
      expect(run.heap.brokenRules(look(run))).toEqual([]);
      expect(run.heap.regions(look(run)).filter(({ name }) => name === '[heap]')).toHaveLength(2);
      expect([...run.memory.bytes(theirs, 5000)].every((byte) => byte === 0x77)).toBe(true);
    },
  );
});

describe('a forked child', () => {
  test.for(['best-fit', 'buddy', 'segregated', 'slab'] as const)(
    '%s: a new instance over the same addresses',
    (policy) => {
      const options: TextbookOptions = { policy, bytes: 64 * 1024 };
      const run = heapRun(options);
      const kept = run.heap.malloc(100);
      const { machine, state } = run;
      const child = machine.fork(run.memory.process);
      if (typeof child === 'number') throw new Error('fork failed');
      activate(machine.kernel, child);
      const memory = new ProgramMemory(machine.kernel, child, machine.programs.calls);
      const heap = makeTextbookAllocator(memory, state, options);
      heap.free(kept);
      const again = heap.malloc(100);
      expect(again).toBe(kept);
      activate(machine.kernel, run.memory.process);
      // The parent still has its block: the child's free was the child's.
      expect(run.heap.malloc(100)).not.toBe(kept);
      machine.checkInvariants();
    },
  );
});

describe('what programs do wrong', () => {
  const ASSERT = "free: Assertion `hptr->magic == 1234567' failed.\n";

  test.for([
    { ...FIT, header: 8 },
    { ...FIT, header: 16 },
    { ...FIT, policy: 'segregated', header: 8 },
    { policy: 'buddy', header: 8, bytes: 4096 },
  ] as TextbookOptions[])('a magic number gives a pointer into a block away: %j', (options) => {
    const run = heapRun(options);
    const block = run.heap.malloc(100);
    expect(endOf(run, () => run.heap.free(block + 16))).toEqual({ text: ASSERT, signal: 'SIGABRT', code: 'SI_TKILL' });
  });

  test.for([
    { ...FIT, header: 8 },
    { ...FIT, policy: 'segregated', header: 16 },
  ] as TextbookOptions[])('and a double free: %j', (options) => {
    const run = heapRun(options);
    const block = run.heap.malloc(100);
    run.heap.malloc(100);
    run.heap.free(block);
    expect(endOf(run, () => run.heap.free(block)).text).toBe(ASSERT);
  });

  test.for([
    [{ ...FIT, header: 0 }, 'segment != NULL'],
    [{ policy: 'buddy', bytes: 4096 }, 'block->state == USED'],
    [{ policy: 'slab', bytes: 65536 }, 'unit->kind == SLAB || unit->kind == LARGE'],
  ] as [TextbookOptions, string][])('so does a table: %j', ([options, expression]) => {
    const run = heapRun(options);
    const block = run.heap.malloc(5000) || run.heap.malloc(100);
    expect(endOf(run, () => run.heap.free(block + 4)).text).toBe(`free: Assertion \`${expression}' failed.\n`);
  });

  test('a header of the size alone checks nothing: a double free puts a block into the list twice', () => {
    const run = heapRun({ ...FIT, header: 4, order: 'front', coalescing: 'none' });
    const block = run.heap.malloc(100);
    run.heap.free(block);
    run.heap.free(block);
    expect(run.heap.brokenRules(look(run))).toContainEqual(expect.stringMatching(/circle/));
    // Both get it, as with the real thing.
    expect([run.heap.malloc(100), run.heap.malloc(100)]).toEqual([block, block]);
    expect(endOf(run, () => run.heap.malloc(200)).signal).toBe('SIGABRT'); // the search never ends
  });

  test('free of an address that is not mapped faults on its header', () => {
    const run = heapRun({ ...FIT, header: 8 });
    run.heap.malloc(1);
    expect(endOf(run, () => run.heap.free(8)).signal).toBe('SIGSEGV');
    const another = heapRun({ ...FIT, header: 8 });
    expect(endOf(another, () => another.heap.free(0x1234_0000)).code).toBe('SEGV_MAPERR');
  });

  test('an overflow into the next header is found by the walk, and by free', () => {
    const run = heapRun({ ...FIT, header: 8 });
    const [first, second] = [run.heap.malloc(16), run.heap.malloc(16)];
    expect(run.heap.brokenRules(look(run))).toEqual([]);
    run.memory.fill(first, 0x41, 24);
    expect(run.heap.brokenRules(look(run))).toContainEqual(expect.stringMatching(/0x400018 has no possible size/));
    expect(heapBlocks(run).at(-1)).toMatchObject({ state: 'lost', start: second - 8 });
    expect(endOf(run, () => run.heap.free(second)).text).toBe(ASSERT);
  });

  test.for([
    [{ policy: 'segregated', header: 4, bytes: 4096 }, 24, /no possible size|does not know/],
    [{ policy: 'buddy', header: 4, bytes: 4096 }, 32, /tag was overwritten/],
    [{ policy: 'slab', objectSizes: [16], bytes: 65536 }, 64, /links to object/],
    [{ ...FIT, header: 4 }, 24, /no possible size/],
    [{ ...FIT, header: 16 }, 40, /no possible size/],
  ] as [TextbookOptions, number, RegExp][])('brokenRules finds an overflow: %j', ([options, bytes, finding]) => {
    const run = heapRun(options);
    const first = run.heap.malloc(16);
    run.heap.malloc(16);
    run.memory.fill(first, 0x41, bytes);
    expect(run.heap.brokenRules(look(run)).join('\n')).toMatch(finding);
    run.heap.regions(look(run)); // and the walk ends
  });

  test('a wild write into a link is found', () => {
    const run = heapRun({ ...FIT, header: 8, order: 'front', coalescing: 'none' });
    const block = run.heap.malloc(16);
    run.heap.free(block);
    run.memory.store32(block - 4, 0x1000);
    expect(run.heap.brokenRules(look(run))).toContainEqual(expect.stringMatching(/outside the heap/));
    // The next search follows it to where nothing is mapped.
    expect(endOf(run, () => run.heap.malloc(3000)).code).toBe('SEGV_MAPERR');
  });
});

describe('requests that cannot be', () => {
  const ALL: TextbookOptions[] = [
    { ...FIT },
    { ...FIT, header: 0 },
    { policy: 'buddy', grow: 4096 },
    { policy: 'segregated', grow: 4096 },
    { policy: 'slab' },
  ];
  test.for(ALL)('%j', (options) => {
    const run = heapRun(options);
    const block = run.heap.malloc(10);
    run.memory.fill(block, 7, 10);
    for (const size of [2n ** 63n, Number.MAX_SAFE_INTEGER, 2 ** 33, 2 ** 31 + 1]) {
      expect(run.heap.malloc(size)).toBe(0);
      expect(run.heap.calloc(2, size)).toBe(0);
      expect(run.heap.realloc(block, size)).toBe(0);
    }
    expect(run.heap.calloc(2n ** 63n, 2n ** 63n)).toBe(0);
    expect([...run.memory.bytes(block, 10)]).toEqual(new Array(10).fill(7));
    expect(run.heap.statistics(look(run))).toMatchObject({ requests: 14, failures: 13 });
    expect(run.heap.usableSize(0)).toBe(0);
    run.heap.free(0);
    expect(run.heap.brokenRules(look(run))).toEqual([]);
    const [one, other] = [run.heap.malloc(0), run.heap.malloc(0)];
    expect(one).not.toBe(0);
    expect(other).not.toBe(one);
  });

  test('a base where something is mapped: no heap, every request fails', () => {
    const run = heapRun(FIT);
    expect(run.memory.mmap(4096, BASE)).toBe(BASE);
    expect(run.heap.malloc(1)).toBe(0);
    expect(run.heap.regions(look(run))).toEqual([]);
    expect(run.heap.statistics(look(run))).toMatchObject({ requests: 1, failures: 1, searched: 0 });
  });

  test('a region too small for a block', () => {
    const run = heapRun({ policy: 'segregated', bytes: 10, base: BASE });
    expect(run.heap.malloc(1)).toBe(0);
    expect(run.heap.brokenRules(look(run))).toEqual([]);
    expect(heapBlocks(run)).toMatchObject([{ state: 'lost', bytes: 10 }]);
  });
});

describe('slabs', () => {
  test('go from partial to full, back, and away when enough are empty', () => {
    const run = heapRun({ policy: 'slab', objectSizes: [64], slabBytes: 256, keepEmpty: 1, bytes: 2048 });
    const objects = Array.from({ length: 6 }, () => run.heap.malloc(60)); // 3 to a slab: 32 bytes of words, then 3 × 64
    expect(run.heap.statistics(look(run)).splits).toBe(2);
    expect(new Set(objects.map((object) => Math.floor((object - objects[0]!) / 256))).size).toBe(2);
    for (const object of objects) run.heap.free(object);
    expect(run.heap.statistics(look(run)).coalesces).toBe(1); // the second slab; the first is kept
    // A request for everything reaps the one that was kept.
    expect(run.heap.malloc(2048)).not.toBe(0);
    expect(run.heap.statistics(look(run)).coalesces).toBe(2);
  });
});

describe('checkTextbookOptions', () => {
  const problems = (options: object): string[] => checkTextbookOptions(options as TextbookOptions);

  test('every policy is right by default', () => {
    for (const policy of ['first-fit', 'next-fit', 'best-fit', 'worst-fit', 'buddy', 'segregated', 'slab']) {
      expect(problems({ policy })).toEqual([]);
    }
  });

  test.for([
    [{ policy: 'fast-fit' }, /'fast-fit' is no allocator/],
    [{ policy: 'buddy', order: 'front' }, /buddy has no option 'order'/],
    [{ policy: 'first-fit', stopAtExactFit: true }, /first-fit has no option 'stopAtExactFit'/],
    [{ policy: 'first-fit', bytes: 10, grow: 10 }, /not both/],
    [{ policy: 'first-fit', base: 10 }, /needs bytes/],
    [{ policy: 'first-fit', bytes: 10, base: 0 }, /base must be a whole number from 1/],
    [{ policy: 'first-fit', bytes: 0.5 }, /bytes must be a whole number/],
    [{ policy: 'first-fit', header: 12 }, /header must be one of 0, 4, 8, 16, not 12/],
    [{ policy: 'first-fit', alignment: 3 }, /alignment must be a power of two/],
    [{ policy: 'first-fit', order: 'random' }, /order must be one of/],
    [{ policy: 'first-fit', coalescing: 'later' }, /coalescing must be one of/],
    [{ policy: 'segregated', header: 0 }, /header must be one of 4, 8, 16/],
    [{ policy: 'segregated', alignment: 2 }, /alignment must be 4 or more/],
    [{ policy: 'segregated', classes: [8, 4] }, /each larger than the one before/],
    [{ policy: 'segregated', classes: [] }, /1 to 32 sizes/],
    [{ policy: 'buddy', coalescing: 'deferred' }, /coalescing must be one of immediate, none/],
    [{ policy: 'buddy', minOrder: 2 }, /a free one needs 8/],
    [{ policy: 'buddy', bytes: 8 }, /less than the smallest block/],
    [{ policy: 'slab', slabBytes: 100 }, /slabBytes must be a power of two/],
    [{ policy: 'slab', slabBytes: 64, objectSizes: [60] }, /does not fit/],
    [{ policy: 'slab', bytes: 100 }, /less than one slab/],
  ] as const)('%j', ([options, message]) => {
    const found = problems(options);
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(message);
  });
});
