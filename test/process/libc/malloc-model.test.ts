/**
 * Random programs against a naive model: what is handed out is aligned, big enough, overlaps nothing and keeps its contents,
 * on a machine that has to swap; after every step the heap walks from end to end and its lists agree.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HeapRegion } from '../../../src/process/allocator.ts';
import { PeekMemory } from '../../../src/process/peek-memory.ts';
import { type MallocMachine, mallocMachine } from './malloc-machine.ts';

type Step =
  | { readonly kind: 'malloc'; readonly size: number }
  | { readonly kind: 'calloc'; readonly count: number; readonly size: number }
  | { readonly kind: 'memalign'; readonly power: number; readonly size: number }
  | { readonly kind: 'realloc'; readonly which: number; readonly size: number }
  | { readonly kind: 'free'; readonly which: number }
  | { readonly kind: 'trim' }
  | { readonly kind: 'foreign break'; readonly bytes: number };

const size = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 0, max: 200 }) },
  { weight: 4, arbitrary: fc.integer({ min: 200, max: 5000 }) },
  { weight: 2, arbitrary: fc.integer({ min: 5000, max: 60_000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 60_000, max: 300_000 }) },
);
const which = fc.nat(1000);
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ kind: fc.constant('malloc' as const), size }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('calloc' as const), count: fc.integer({ min: 0, max: 4 }), size }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('memalign' as const), power: fc.integer({ min: 0, max: 13 }), size }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('realloc' as const), which, size }) },
  { weight: 9, arbitrary: fc.record({ kind: fc.constant('free' as const), which }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'trim' as const }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('foreign break' as const), bytes: fc.integer({ min: 1, max: 9000 }) }),
  },
);

/** A block as the model knows it: every byte of it is `mark`. */
interface Block {
  readonly address: number;
  readonly bytes: number;
  readonly mark: number;
}

class Model {
  private readonly on: MallocMachine;
  private readonly live: Block[] = [];
  private marks = 0;

  constructor(on: MallocMachine) {
    this.on = on;
  }

  take(one: Step): void {
    const { libc, memory } = this.on;
    if (one.kind === 'malloc') this.add(libc.malloc(one.size), one.size, 16);
    else if (one.kind === 'memalign')
      this.add(libc.memalign(2 ** one.power, one.size), one.size, Math.max(16, 2 ** one.power));
    else if (one.kind === 'calloc') {
      const address = libc.calloc(one.count, one.size);
      if (address !== 0) this.expectBytes(address, one.count * one.size, 0);
      this.add(address, one.count * one.size, 16);
    } else if (one.kind === 'trim') libc.mallocTrim(0);
    else if (one.kind === 'foreign break') memory.sbrk(one.bytes);
    else if (this.live.length > 0) {
      const index = one.which % this.live.length;
      const block = this.live[index]!;
      if (one.kind === 'realloc') this.resize(index, block, one.size);
      else {
        this.expectBytes(block.address, block.bytes, block.mark);
        libc.free(block.address);
        this.live.splice(index, 1);
      }
    }
  }

  /** Every block keeps what was written into it. */
  checkContents(): void {
    for (const { address, bytes, mark } of this.live) this.expectBytes(address, bytes, mark);
  }

  /** Every block of the model is one of the walk, in use; nothing else is, and regions have no holes. */
  checkWalk(): void {
    const { libc, memory, broken } = this.on;
    const addresses = this.live.map(({ address }) => address);
    const regions = libc.regions(new PeekMemory(memory.kernel, memory.process), addresses);
    for (const region of regions) expectWhole(region);
    const used = regions.flatMap(({ blocks }) => blocks).filter(({ state }) => state === 'used');
    expect(used.map(({ payload }) => payload).sort()).toEqual([...addresses].sort());
    expect(broken()).toEqual([]);
  }

  freeAll(): void {
    for (const { address } of this.live.splice(0)) this.on.libc.free(address);
  }

  private resize(index: number, block: Block, bytes: number): void {
    const address = this.on.libc.realloc(block.address, bytes);
    if (address === 0 && bytes > 0) return;
    if (address !== 0) this.expectBytes(address, Math.min(bytes, block.bytes), block.mark);
    this.live.splice(index, 1);
    if (address !== 0) this.add(address, bytes, 16);
  }

  private add(address: number, bytes: number, alignment: number): void {
    const { libc, memory } = this.on;
    if (address === 0) return;
    expect(address % alignment).toBe(0);
    expect(libc.usableSize(address)).toBeGreaterThanOrEqual(bytes);
    for (const other of this.live) {
      const isApart = address + bytes <= other.address || other.address + other.bytes <= address;
      expect(isApart && address !== other.address).toBe(true);
    }
    const mark = (this.marks++ % 255) + 1;
    memory.fill(address, mark, bytes);
    this.live.push({ address, bytes, mark });
  }

  private expectBytes(address: number, bytes: number, mark: number): void {
    const wrong = this.on.memory.bytes(address, bytes).findIndex((byte) => byte !== mark);
    expect(wrong, `first wrong byte of ${bytes} at ${address.toString(16)}`).toBe(-1);
  }
}

function expectWhole({ start, end, blocks }: HeapRegion): void {
  let at = start;
  for (const block of blocks) {
    expect(block.start).toBe(at);
    expect(block.bytes).toBeGreaterThan(0);
    at += block.bytes;
  }
  expect(at).toBe(end);
}

describe('random programs', () => {
  it('get what they asked for, and the heap is whole after every step', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 20, maxLength: 120 }), (steps) => {
        const on = mallocMachine({ memory: 16 << 20 });
        const model = new Model(on);
        for (const one of steps) {
          model.take(one);
          model.checkWalk();
        }
        model.checkContents();
        model.freeAll();
        model.checkWalk();
      }),
      { numRuns: 25, seed: 236 },
    );
  });

  it('keep their contents when memory is smaller than the heap', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 150, maxLength: 300 }), (steps) => {
        const on = mallocMachine({ memory: 512 << 10, swap: 32 << 20 });
        const model = new Model(on);
        for (const one of steps) model.take(one);
        model.checkContents();
        model.checkWalk();
        model.freeAll();
        model.checkWalk();
      }),
      { numRuns: 12, seed: 236 },
    );
  });

  it('run into a limit and live on', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 100, maxLength: 200 }), (steps) => {
        const on = mallocMachine({ memory: 16 << 20 });
        on.memory.process.limits.data = 400_000;
        const model = new Model(on);
        for (const one of steps) {
          // Whole pages: glibc does not survive an odd break that it cannot round up (its own assertion).
          model.take(one.kind === 'foreign break' ? { ...one, bytes: 4096 } : one);
        }
        model.checkContents();
        model.checkWalk();
      }),
      { numRuns: 20, seed: 236 },
    );
  });
});
