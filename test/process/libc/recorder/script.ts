/**
 * A sequence of malloc operations being written: what lives, how large it is, and what was written into it.
 *
 * Blocks are named by slots that are never used twice, so a sequence can go on using the pointer of a block it freed.
 * The operations are lines of text, as `recorder.c` and `replay.ts` read them (README.md).
 */
import { Random } from '../../../../src/mmu/random.ts';

export interface Sequence {
  /** `family-number`. */
  readonly name: string;
  readonly operations: readonly string[];
}

/** Blocks up to here are filled whole, larger ones at both ends. */
const FILLED_WHOLE = 2048;
const END_BYTES = 128;

export class Script {
  readonly operations: string[] = [];
  /** Requested bytes of what is allocated, by slot. */
  readonly live = new Map<number, number>();
  private readonly random: Random;
  private slots = 0;

  constructor(seed: number) {
    this.random = new Random(seed);
  }

  // Chance

  /** least … most, inclusive. */
  between(least: number, most: number): number {
    return least + this.random.below(most - least + 1);
  }

  /** least … most, small ones as likely as large ones. */
  sizeBetween(least: number, most: number): number {
    const exponent = Math.log2(least + 1) + (this.random.next() / 2 ** 32) * Math.log2((most + 1) / (least + 1));
    return Math.min(Math.floor(most), Math.max(least, Math.round(2 ** exponent - 1)));
  }

  oneIn(count: number): boolean {
    return this.random.below(count) === 0;
  }

  pick<Item>(items: readonly Item[]): Item {
    return items[this.random.below(items.length)]!;
  }

  pickLive(): number {
    return this.pick([...this.live.keys()]);
  }

  // Operations

  emit(...words: (string | number)[]): void {
    this.operations.push(words.join(' '));
  }

  malloc(size: number): number {
    const slot = this.slots++;
    this.emit('malloc', slot, size);
    this.hold(slot, size);
    return slot;
  }

  calloc(count: number, size: number): number {
    const slot = this.slots++;
    this.emit('calloc', slot, count, size);
    const bytes = count * size;
    if (bytes <= FILLED_WHOLE) {
      if (bytes > 0) this.emit('nonzero', slot, 0, bytes);
    } else {
      this.emit('nonzero', slot, 0, FILLED_WHOLE);
      this.emit('nonzero', slot, bytes - END_BYTES, END_BYTES);
    }
    this.hold(slot, bytes);
    return slot;
  }

  memalign(alignment: number, size: number): number {
    const slot = this.slots++;
    this.emit('memalign', slot, alignment, size);
    this.hold(slot, size);
    return slot;
  }

  /** Of a live block; its contents up to the smaller size are summed behind it. */
  realloc(slot: number, size: number): void {
    const old = this.live.get(slot)!;
    this.emit('realloc', slot, size);
    if (size === 0) {
      this.live.delete(slot);
      return;
    }
    const kept = Math.min(old, size);
    if (kept > 0) this.emit('sum', slot, 0, Math.min(kept, old <= FILLED_WHOLE ? FILLED_WHOLE : END_BYTES));
    this.hold(slot, size);
  }

  free(slot: number): void {
    const size = this.live.get(slot);
    if (size !== undefined && size > 0 && this.oneIn(4)) {
      this.emit('sum', slot, 0, Math.min(size, size <= FILLED_WHOLE ? FILLED_WHOLE : END_BYTES));
    }
    this.emit('free', slot);
    this.live.delete(slot);
  }

  freeAll(order: 'forward' | 'backward' | 'random' = 'random'): void {
    const slots = [...this.live.keys()];
    if (order === 'backward') slots.reverse();
    while (slots.length > 0) {
      const index = order === 'random' ? this.random.below(slots.length) : 0;
      this.free(slots[index]!);
      slots.splice(index, 1);
    }
  }

  /** `count` blocks of one size. */
  mallocs(count: number, size: number): number[] {
    return Array.from({ length: count }, () => this.malloc(size));
  }

  /** Fill the tcache list of this size; what is freed next goes further down. */
  fillTcache(size: number): void {
    const slots = this.mallocs(7, size);
    for (const slot of slots) this.free(slot);
  }

  look(): void {
    this.emit('walk');
    this.emit('info');
  }

  /** The sequence as it ends: the whole heap and the figures are compared. */
  sequence(name: string): Sequence {
    this.look();
    this.emit('stats');
    return { name, operations: this.operations };
  }

  private hold(slot: number, size: number): void {
    this.live.set(slot, size);
    const byte = (slot * 37 + size) & 0xff;
    if (size > FILLED_WHOLE) {
      this.emit('fill', slot, 0, END_BYTES, byte);
      this.emit('fill', slot, size - END_BYTES, END_BYTES, byte);
    } else if (size > 0) {
      this.emit('fill', slot, 0, size, byte);
    }
  }
}
