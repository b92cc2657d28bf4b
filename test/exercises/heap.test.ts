import { describe, expect, test } from 'vitest';
import { type FitPolicy, LIST_ORDERS } from '../../src/process/textbook/options.ts';
import { PythonRandom } from '../../src/trace/ostep.ts';
import { freeBlocks, type HeapRun, heapBlocks, heapRun, look } from '../process/textbook-machine.ts';

/** Exercises H1, H3, H4, H6 and H7: books' heaps as programs on a machine, their blocks in its memory. */

const KIB = 1024;

describe('H1: partitions of 100, 500, 200, 300 and 600, separated by what stays', () => {
  const PARTITIONS = [100, 500, 200, 300, 600];
  const REQUESTS = [212, 417, 112, 426];

  /** The free block that each request was cut from, or 'wait'; and what is left of it. */
  const run = (policy: FitPolicy): (number | 'wait')[] => {
    const bytes = PARTITIONS.reduce((sum, size) => sum + size + 1, 0);
    const run = heapRun({ policy, header: 0, alignment: 1, bytes });
    const partitions = PARTITIONS.map((size) => {
      const partition = run.heap.malloc(size);
      run.heap.malloc(1);
      return partition;
    });
    for (const partition of partitions) run.heap.free(partition);
    expect(freeBlocks(run).map(([, size]) => size)).toEqual(PARTITIONS);
    return REQUESTS.map((size) => {
      const before = freeBlocks(run);
      const address = run.heap.malloc(size);
      return address === 0 ? 'wait' : before.find(([start]) => start === address)![1];
    });
  };

  test.for([
    ['first-fit', [500, 600, 288, 'wait']],
    ['best-fit', [300, 500, 200, 600]],
    ['worst-fit', [600, 500, 388, 'wait']],
  ] as const)('%s takes %j', ([policy, taken]) => {
    expect(run(policy)).toEqual(taken);
  });
});

/** OSTEP's homework has its heap at address 1000. Linux maps nothing in the first page, so pages have 16 bytes here. */
const SMALL_PAGES = {
  paging: {
    pageBytes: 16,
    pteBytes: 4,
    levels: [12],
    fields: { frame: { bit: 0, width: 16 }, valid: 31, write: 30, accessed: 29, dirty: 28 },
  },
  memory: 128 * KIB,
} as const;

interface Operation {
  readonly of: 'alloc' | 'free';
  /** Size asked for, or index of the pointer freed. */
  readonly value: number;
}

/** The problem that malloc.py makes of its seed: it draws an operation, then a size or a pointer that is alive. */
function ostepProblem(seed: number, count: number, run: (operation: Operation) => boolean): void {
  const random = new PythonRandom(seed);
  const alive: number[] = [];
  let pointers = 0;
  for (let done = 0; done < count; ) {
    if (random.random() < 0.5) {
      const value = Math.floor(random.random() * 10) + 1;
      if (run({ of: 'alloc', value })) alive.push(pointers);
      pointers++;
      done++;
    } else if (alive.length > 0) {
      const [value] = alive.splice(Math.floor(random.random() * alive.length), 1);
      run({ of: 'free', value: value! });
      done++;
    }
  }
}

/** What malloc.py prints: addresses returned, elements searched, and the free list at the end. */
function ostep(run: HeapRun, count: number) {
  const pointers: number[] = [];
  const returned: number[] = [];
  const searched: number[] = [];
  ostepProblem(0, count, ({ of, value }) => {
    if (of === 'free') {
      run.heap.free(pointers[value]!);
      return true;
    }
    const address = run.heap.malloc(value);
    pointers.push(address);
    returned.push(address);
    searched.push(run.heap.statistics(look(run)).searchedLast);
    return address !== 0;
  });
  expect(run.heap.brokenRules(look(run))).toEqual([]);
  return { returned, searched, freeList: freeBlocks(run) };
}

describe('H3: malloc.py -S 100 -b 1000 -H 4 -a 4 -l ADDRSORT -p BEST -n 5 -s 0', () => {
  test('three pointers behind headers of 4 bytes', () => {
    const options = {
      policy: 'best-fit',
      header: 4,
      alignment: 4,
      coalescing: 'none',
      bytes: 100,
      base: 1000,
    } as const;
    const { returned, freeList } = ostep(heapRun(options, SMALL_PAGES), 5);
    expect(returned).toEqual([1004, 1012, 1012]);
    expect(freeList).toEqual([
      [1000, 8],
      [1020, 80],
    ]);
  });
});

describe('H4: malloc.py -n 10 -H 0 -s 0', () => {
  const run = (policy: FitPolicy) =>
    ostep(heapRun({ policy, header: 0, alignment: 1, coalescing: 'none', bytes: 100, base: 1000 }, SMALL_PAGES), 10);

  test('best fit', () => {
    const { returned, searched, freeList } = run('best-fit');
    expect(returned).toEqual([1000, 1003, 1008, 1008, 1000, 1008]);
    expect(searched).toEqual([1, 2, 3, 4, 4, 4]);
    expect(freeList).toEqual([
      [1002, 1],
      [1003, 5],
      [1015, 1],
      [1016, 84],
    ]);
  });

  test('worst fit leaves five holes', () => {
    const { returned, freeList } = run('worst-fit');
    expect(returned).toEqual([1000, 1003, 1008, 1016, 1024, 1026]);
    expect(freeList).toHaveLength(5);
    expect(freeList.at(-1)).toEqual([1033, 67]);
  });

  test('first fit finds the same addresses with less searching', () => {
    const { returned, searched } = run('first-fit');
    expect(returned).toEqual([1000, 1003, 1008, 1008, 1000, 1008]);
    expect(searched).toEqual([1, 2, 3, 3, 1, 3]);
  });
});

describe('H6: OSTEP chapter 17, a heap of 4096 bytes with headers of 8', () => {
  const HEAP = 16 * KIB;
  const MAGIC = 1234567;

  test('three malloc(100) leave 3980, 3872 and 3764 bytes of 4088', () => {
    const run = heapRun({ policy: 'first-fit', header: 8, bytes: 4096, base: HEAP });
    const { heap, memory } = run;
    const freeSize = (): number => heapBlocks(run).find(({ state }) => state === 'free')!.payloadBytes;
    heap.free(heap.malloc(1)); // the heap is made at the first request
    const sizes = [freeSize()];
    const pointers = [1, 2, 3].map(() => {
      const pointer = heap.malloc(100);
      sizes.push(freeSize());
      return pointer;
    });
    expect(sizes).toEqual([4088, 3980, 3872, 3764]);
    // Figure 17.5: the headers as they stand in memory, and the free list's one element behind them.
    expect(pointers).toEqual([HEAP + 8, 16500, HEAP + 224]);
    for (const pointer of pointers) {
      expect([memory.load32(pointer - 8), memory.load32(pointer - 4)]).toEqual([100, MAGIC]);
    }
    expect([memory.load32(HEAP + 324), memory.load32(HEAP + 328)]).toEqual([3764, 0]);

    // Figure 17.6: sptr = 16500 is freed; its header gets the address 16708 as its next.
    heap.free(16500);
    expect([memory.load32(16492), memory.load32(16496)]).toEqual([100, 16708]);
  });

  test('figure 17.7: freed without merging, the chunks are four elements of a list', () => {
    const run = heapRun({
      policy: 'first-fit',
      header: 8,
      coalescing: 'none',
      order: 'front',
      bytes: 4096,
      base: HEAP,
    });
    const { heap, memory } = run;
    const pointers = [1, 2, 3].map(() => heap.malloc(100));
    for (const index of [1, 0, 2]) heap.free(pointers[index]!);
    expect(freeBlocks(run).map(([, bytes]) => bytes - 8)).toEqual([100, 100, 100, 3764]);
    // head = 16600 -> 16384 -> 16492 -> 16708 -> NULL
    expect([16600, 16384, 16492, 16708].map((block) => memory.load32(block + 4))).toEqual([16384, 16492, 16708, 0]);
  });
});

describe('H7: the buddy system', () => {
  test('21 KiB of 256 KiB: halved to 128, 64 and 32', () => {
    const run = heapRun({ policy: 'buddy', bytes: 256 * KIB });
    const address = run.heap.malloc(21 * KIB);
    expect(run.heap.usableSize(address)).toBe(32 * KIB);
    expect(freeBlocks(run).map(([, bytes]) => bytes / KIB)).toEqual([32, 64, 128]);
    expect(run.heap.statistics(look(run)).splits).toBe(3);
    run.heap.free(address);
    expect(freeBlocks(run).map(([, bytes]) => bytes / KIB)).toEqual([256]);
    expect(run.heap.statistics(look(run)).coalesces).toBe(3);
  });

  test('7 KiB of 64 KiB: 8 KiB, of which 1 KiB is lost inside', () => {
    const run = heapRun({ policy: 'buddy', bytes: 64 * KIB });
    const address = run.heap.malloc(7 * KIB);
    expect(run.heap.usableSize(address) - 7 * KIB).toBe(KIB);
    expect(freeBlocks(run).map(([, bytes]) => bytes / KIB)).toEqual([8, 16, 32]);
  });
});

describe('OSTEP chapter 17’s homework: what the order of the list changes', () => {
  test.for(LIST_ORDERS)('a list in order %s keeps its rules through 200 operations', (order) => {
    const options = { policy: 'first-fit', header: 0, alignment: 1, order, bytes: 100, base: 1000 } as const;
    const { freeList } = ostep(heapRun(options, SMALL_PAGES), 200);
    // Merged at once: no two free blocks touch.
    for (let index = 1; index < freeList.length; index++) {
      const [start, bytes] = freeList[index - 1]!;
      expect(start + bytes).toBeLessThan(freeList[index]![0]);
    }
  });
});
