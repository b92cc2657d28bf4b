import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MachineConfig } from '../../src/machine/config.ts';
import type { TextbookOptions } from '../../src/process/textbook/allocator.ts';
import {
  type BuddyOptions,
  COALESCINGS,
  checkTextbookOptions,
  FIT_POLICIES,
  type FitPolicy,
  LIST_ORDERS,
} from '../../src/process/textbook/options.ts';
import { freeBlocks, type HeapRun, heapBlocks, heapRun, look } from './textbook-machine.ts';

/** Random programs on every allocator, held against a naive model: a map from address to bytes. */

const KIB = 1024;
const RUNS = { numRuns: 20, seed: 20240607 };

type Command =
  | { readonly of: 'malloc' | 'calloc'; readonly size: number }
  | { readonly of: 'free'; readonly which: number }
  | { readonly of: 'realloc'; readonly which: number; readonly size: number };

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 64 }) },
  { weight: 2, arbitrary: fc.integer({ min: 65, max: 700 }) },
  { weight: 1, arbitrary: fc.integer({ min: 701, max: 6000 }) },
);
const which = fc.nat(1000);
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ of: fc.constantFrom('malloc' as const, 'calloc' as const), size }) },
  { weight: 4, arbitrary: fc.record({ of: fc.constant('free' as const), which }) },
  { weight: 1, arbitrary: fc.record({ of: fc.constant('realloc' as const), which, size }) },
);

/** Where memory comes from. A region at an odd place is the hardest to keep aligned. */
const source = fc.oneof(
  fc.record({ bytes: fc.integer({ min: 3000, max: 40 * KIB }) }),
  fc.integer({ min: 0, max: 300 }).map((shift) => ({ bytes: 20_000, base: 0x40_0000 + shift })),
  fc.record({ grow: fc.constantFrom(1, 100, 4096, 20_000) }),
);

interface Block {
  readonly bytes: Uint8Array;
}

/** Does what the commands say, and looks after each whether what is in memory is what the model has. */
class Checked {
  readonly live = new Map<number, Block>();
  private readonly run: HeapRun;
  private readonly alignment: number;
  private stamp = 1;

  constructor(run: HeapRun, alignment: number) {
    this.run = run;
    this.alignment = alignment;
  }

  do(command: Command): void {
    const { heap, memory } = this.run;
    if (!('which' in command)) {
      const address = command.of === 'malloc' ? heap.malloc(command.size) : heap.calloc(1, command.size);
      if (address === 0) return;
      if (command.of === 'calloc') expect(memory.bytes(address, command.size)).toEqual(new Uint8Array(command.size));
      this.own(address, command.size);
      return;
    }
    const address = [...this.live.keys()][command.which % Math.max(1, this.live.size)];
    if (address === undefined) return;
    const { bytes } = this.live.get(address)!;
    expect(memory.bytes(address, bytes.length)).toEqual(bytes);
    if (command.of === 'free') {
      heap.free(address);
      this.live.delete(address);
      return;
    }
    const moved = heap.realloc(address, command.size);
    if (command.size > 0 && moved === 0) return; // refused: the block is as it was
    this.live.delete(address);
    if (command.size === 0) return;
    const kept = Math.min(bytes.length, command.size);
    expect(memory.bytes(moved, kept)).toEqual(bytes.subarray(0, kept));
    this.own(moved, command.size);
  }

  freeAll(): void {
    for (const [address, { bytes }] of this.live) {
      expect(this.run.memory.bytes(address, bytes.length)).toEqual(bytes);
      this.run.heap.free(address);
    }
    this.live.clear();
  }

  /** Regions are tiled, rules hold, and the used blocks are those of the model: every other byte is free or accounted for. */
  check(): void {
    const { run } = this;
    const reader = look(run);
    const broken = run.heap.brokenRules(reader);
    if (broken.length > 0) expect(broken).toEqual([]);
    const used = new Map<number, number>();
    let freeBytes = 0;
    for (const { start, end, blocks } of run.heap.regions(reader)) {
      let at = start;
      for (const block of blocks) {
        if (block.start !== at || block.bytes <= 0)
          expect.fail(`a gap at ${at}: the next block starts at ${block.start}`);
        at += block.bytes;
        if (block.state === 'used') used.set(block.payload!, block.payloadBytes);
        if (block.state === 'free') freeBytes += block.bytes;
        if (block.detail.startsWith('unreadable')) expect.fail(block.detail);
      }
      expect(at).toBe(end);
    }
    expect([...used.keys()].sort((a, b) => a - b)).toEqual([...this.live.keys()].sort((a, b) => a - b));
    for (const [address, { bytes }] of this.live) {
      const usable = used.get(address)!;
      if (usable < bytes.length) expect.fail(`${bytes.length} bytes at ${address} are in a block for ${usable}`);
      if (run.heap.usableSize(address) !== usable) expect.fail(`usableSize(${address}) is not ${usable}`);
    }
    expect(run.heap.statistics(reader).freeBytes).toBe(freeBytes);
    expect(reader.strayed).toBe(false);
  }

  private own(address: number, size: number): void {
    expect(address % this.alignment).toBe(0);
    for (const [other, { bytes }] of this.live) {
      const apart = address + size <= other || other + bytes.length <= address;
      if (!apart || address === other) expect.fail(`${address} (${size}) overlaps ${other} (${bytes.length})`);
    }
    this.stamp = (this.stamp % 255) + 1;
    this.run.memory.fill(address, this.stamp, size);
    this.live.set(address, { bytes: new Uint8Array(size).fill(this.stamp) });
  }
}

function perform(
  options: TextbookOptions,
  alignment: number,
  commands: readonly Command[],
  config: Partial<MachineConfig> = {},
): HeapRun {
  expect(checkTextbookOptions(options)).toEqual([]);
  const run = heapRun(options, config);
  const checked = new Checked(run, alignment);
  for (const [step, command] of commands.entries()) {
    checked.do(command);
    if (step % 12 === 0) checked.check();
  }
  checked.check();
  checked.freeAll();
  checked.check();
  run.machine.checkInvariants();
  return run;
}

const commands = fc.array(command, { minLength: 20, maxLength: 120, size: 'max' });

const fitOptions = (policy: FitPolicy) =>
  fc
    .record({
      policy: fc.constant(policy),
      header: fc.constantFrom(0 as const, 4 as const, 8 as const, 16 as const),
      alignment: fc.constantFrom(1, 2, 4, 8, 16, 64),
      order: fc.constantFrom(...LIST_ORDERS),
      coalescing: fc.constantFrom(...COALESCINGS),
      splitThreshold: fc.constantFrom(0, 1, 40),
      source,
    })
    .map(({ source, ...options }) => ({ ...options, ...source }));

describe.each(FIT_POLICIES)('%s', (policy) => {
  test('blocks keep apart, aligned and whole; the heap is tiled; all freed is one block', () => {
    fc.assert(
      fc.property(fitOptions(policy), commands, (options, list) => {
        const run = perform(options, options.alignment, list);
        if (options.coalescing === 'immediate') expect(freeBlocks(run).length).toBeLessThanOrEqual(1);
        if (options.coalescing !== 'deferred') return;
        // A request that nothing can serve merges all that can be merged.
        const failing = 2 ** 33;
        expect(run.heap.malloc(failing)).toBe(0);
        expect(run.heap.malloc(2 ** 31)).toBe(0);
        expect(freeBlocks(run).length).toBeLessThanOrEqual(1);
        expect(run.heap.brokenRules(look(run))).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('buddy', () => {
  const options: fc.Arbitrary<BuddyOptions> = fc
    .record({
      policy: fc.constant('buddy' as const),
      header: fc.constantFrom(0 as const, 4 as const, 8 as const, 16 as const),
      minOrder: fc.constantFrom(5, 6),
      coalescing: fc.constantFrom('immediate' as const, 'none' as const),
      source,
    })
    .map(({ source, ...rest }) => ({ ...rest, ...source }));

  test('blocks keep apart and whole; the heap is tiled; all freed is what the heap began as', () => {
    fc.assert(
      fc.property(options, commands, (options, list) => {
        const run = perform(options, 1, list);
        if (options.coalescing === 'none') return;
        // As many blocks as the number of units has ones: nothing that could be merged was not.
        const unit = 2 ** options.minOrder!;
        const units = freeBlocks(run).reduce((sum, [, bytes]) => sum + bytes / unit, 0);
        expect(freeBlocks(run)).toHaveLength(units.toString(2).replaceAll('0', '').length);
      }),
      RUNS,
    );
  });
});

describe('segregated fits', () => {
  const options = fc
    .record({
      policy: fc.constant('segregated' as const),
      header: fc.constantFrom(4 as const, 8 as const, 16 as const),
      alignment: fc.constantFrom(4, 8, 16, 64),
      classes: fc.constantFrom([24, 48, 100, 1000], [64], [16, 32, 64, 128, 256, 512, 1024]),
      coalescing: fc.constantFrom(...COALESCINGS),
      splitThreshold: fc.constantFrom(0, 40),
      source,
    })
    .map(({ source, ...rest }) => ({ ...rest, ...source }));

  test('blocks keep apart, aligned and whole; the heap is tiled; all freed is one block', () => {
    fc.assert(
      fc.property(options, commands, (options, list) => {
        const run = perform(options, options.alignment, list);
        if (options.coalescing === 'deferred') expect(run.heap.malloc(2 ** 31)).toBe(0);
        if (options.coalescing !== 'none') expect(freeBlocks(run).length).toBeLessThanOrEqual(1);
        expect(run.heap.brokenRules(look(run))).toEqual([]);
      }),
      RUNS,
    );
  });
});

describe('slab', () => {
  const options = fc
    .record({
      policy: fc.constant('slab' as const),
      objectSizes: fc.constantFrom([4, 12, 40, 100], [8, 16, 32, 64, 128], [24, 200]),
      slabBytes: fc.constantFrom(256, 512, 1024),
      keepEmpty: fc.constantFrom(0, 1, 3),
      source,
    })
    .map(({ source, ...rest }) => ({ ...rest, ...source }));

  test('objects keep apart and whole; the heap is tiled; all freed is slabs to give back', () => {
    fc.assert(
      fc.property(options, commands, (options, list) => {
        const run = perform(options, 1, list);
        if (options.keepEmpty === 0) expect(freeBlocks(run).length).toBeLessThanOrEqual(1);
      }),
      RUNS,
    );
  });
});

describe('under memory pressure', () => {
  const POLICIES: readonly TextbookOptions[] = [
    { policy: 'first-fit', bytes: 96 * KIB },
    { policy: 'next-fit', header: 16, order: 'back', grow: 4096 },
    { policy: 'best-fit', header: 0, order: 'size-ascending', bytes: 96 * KIB },
    { policy: 'worst-fit', header: 4, coalescing: 'deferred', order: 'front', grow: 8192 },
    { policy: 'buddy', bytes: 128 * KIB },
    { policy: 'segregated', grow: 4096 },
    { policy: 'slab', slabBytes: 1024, bytes: 96 * KIB },
  ];
  const pressed = (config: Partial<MachineConfig>, options: TextbookOptions): HeapRun => {
    const list = fc.sample(command, { seed: 7, numRuns: 250 });
    const large = list.map((each) => ('size' in each ? { ...each, size: each.size * 2 } : each));
    return perform(options, 1, large, config);
  };

  test.each(POLICIES)('sv39 with 6 resident pages: $policy', (options) => {
    const run = pressed({ memory: 1 << 20, swap: 1 << 20, residentPages: 6 }, options);
    expect(run.machine.counters().swapInFaults).toBeGreaterThan(10);
  });

  test.each(POLICIES)('sv32: links of 4 bytes are plain pointers: $policy', (options) => {
    const run = pressed({ paging: 'sv32', memory: 1 << 20, swap: 1 << 20, residentPages: 6 }, options);
    expect(run.machine.counters().swapInFaults).toBeGreaterThan(0);
    expect(heapBlocks(run).every(({ start, bytes }) => start + bytes <= 2 ** 32)).toBe(true);
  });

  test.each(POLICIES)('pages of 16 bytes: $policy', (options) => {
    const fields = { frame: { bit: 0, width: 16 }, valid: 31, write: 30, accessed: 29, dirty: 28 };
    const paging = { pageBytes: 16, pteBytes: 4, levels: [7, 8], fields } as const;
    const run = pressed({ paging, memory: 512 * KIB, swap: 256 * KIB, residentPages: 300 }, options);
    expect(run.machine.counters().swapInFaults).toBeGreaterThan(10);
  });
});
