/** Policies that count references, look at bits in intervals or measure time, by hand. Nothing shared with src/. */
import type { NaiveBrain } from './naive-adaptive.ts';

export interface NaiveOptions {
  readonly referenceOnLoad: boolean;
  readonly window: number;
  readonly faultInterval: number;
}

export interface SamplingBrain extends NaiveBrain {
  hit(page: number, writes?: boolean): void;
  load(page: number, full: boolean, writes?: boolean): number | undefined;
  tick?(): void;
  /** Pages that leave by themselves after a reference. */
  surplus?(): number[];
}

interface Entry {
  readonly page: number;
  bit: boolean;
  dirty: boolean;
  count: number;
  usedAt: number;
  readonly loadedAt: number;
}

const smallest = <T>(items: readonly T[], ...keys: ((item: T) => number)[]): T => {
  const ranked = [...items].sort((a, b) => {
    for (const key of keys) if (key(a) !== key(b)) return key(a) - key(b);
    return 0;
  });
  return ranked[0]!;
};

/** Frames in a row, each with the page it holds; a new page takes the place of the one that left. */
abstract class Row implements SamplingBrain {
  protected entries: Entry[] = [];
  protected time = 0;
  protected readonly options: NaiveOptions;

  constructor(options: NaiveOptions) {
    this.options = options;
  }

  protected abstract choose(): Entry;

  has(page: number): boolean {
    return this.entries.some((entry) => entry.page === page);
  }

  hit(page: number, writes = false): void {
    this.time++;
    const entry = this.entries.find((other) => other.page === page)!;
    entry.bit = true;
    entry.usedAt = this.time;
    entry.dirty ||= writes;
    this.used(entry);
  }

  load(page: number, full: boolean, writes = false): number | undefined {
    const gone = full ? this.choose() : undefined;
    this.time++;
    const entry = {
      page,
      bit: this.options.referenceOnLoad,
      dirty: writes,
      count: 0,
      usedAt: this.time,
      loadedAt: this.time,
    };
    if (gone === undefined) this.entries.push(entry);
    else this.entries[this.entries.indexOf(gone)] = entry;
    this.loaded(entry);
    return gone?.page;
  }

  protected used(_entry: Entry): void {}
  protected loaded(_entry: Entry): void {}
}

abstract class Hand extends Row {
  protected hand = 0;

  protected override loaded(entry: Entry): void {
    // Only when a page had to leave is the new one under the hand.
    if (this.evicting) this.hand = (this.entries.indexOf(entry) + 1) % this.entries.length;
    this.evicting = false;
  }

  protected evicting = false;

  protected next(): void {
    this.hand = (this.hand + 1) % this.entries.length;
  }
}

export class NaiveGClock extends Hand {
  protected override used(entry: Entry): void {
    entry.count = Math.min(3, entry.count + 1);
  }

  protected override loaded(entry: Entry): void {
    entry.count = this.options.referenceOnLoad ? 1 : 0;
    super.loaded(entry);
  }

  protected choose(): Entry {
    this.evicting = true;
    for (; this.entries[this.hand]!.count > 0; this.next()) this.entries[this.hand]!.count--;
    return this.entries[this.hand]!;
  }
}

export class NaiveEnhanced extends Hand {
  protected choose(): Entry {
    this.evicting = true;
    for (const [dirty, clears] of [
      [false, false],
      [true, true],
      [false, false],
      [true, true],
    ] as const) {
      for (let look = 0; look < this.entries.length; look++) {
        const entry = this.entries[this.hand]!;
        if (!entry.bit && entry.dirty === dirty) return entry;
        if (clears) entry.bit = false;
        this.next();
      }
    }
    throw new Error('four rounds find a page');
  }
}

export class NaiveWsClock extends Hand {
  private ticks = 0;
  private readonly seen = new Map<Entry, number>();

  tick(): void {
    this.ticks++;
  }

  protected override loaded(entry: Entry): void {
    this.seen.set(entry, this.ticks);
    super.loaded(entry);
  }

  protected choose(): Entry {
    this.evicting = true;
    const round = this.entries.map((_, index) => this.entries[(this.hand + index) % this.entries.length]!);
    for (const entry of round) {
      if (entry.bit) this.seen.set(entry, this.ticks);
      entry.bit = false;
      if (this.isOld(entry) && !entry.dirty) return entry;
      // Written from here on, and clean by the time the hand is back.
      if (this.isOld(entry)) entry.dirty = false;
    }
    const written = round.find((entry) => this.isOld(entry));
    if (written !== undefined) return written;
    const clean = round.filter((entry) => !entry.dirty);
    return smallest(clean.length > 0 ? clean : round, (entry) => this.seen.get(entry)!);
  }

  private isOld(entry: Entry): boolean {
    return this.ticks - this.seen.get(entry)! > this.options.window;
  }
}

export class NaiveNru extends Row {
  tick(): void {
    for (const entry of this.entries) entry.bit = false;
  }

  protected choose(): Entry {
    return smallest(
      this.entries,
      (entry) => (entry.bit ? 2 : 0) + (entry.dirty ? 1 : 0),
      (entry) => entry.loadedAt,
    );
  }
}

export class NaiveCounting extends Row {
  private readonly ages: boolean;

  constructor(options: NaiveOptions, ages: boolean) {
    super(options);
    this.ages = ages;
  }

  tick(): void {
    for (const entry of this.entries) {
      if (this.ages) entry.count = (entry.count >> 1) | (entry.bit ? 128 : 0);
      else if (entry.bit) entry.count++;
      entry.bit = false;
    }
  }

  protected choose(): Entry {
    return smallest(
      this.entries,
      (entry) => (entry.bit ? 1 : 0),
      (entry) => entry.count,
      (entry) => entry.loadedAt,
    );
  }
}

export class NaiveLfu extends Row {
  protected override used(entry: Entry): void {
    entry.count++;
  }

  protected choose(): Entry {
    return smallest(
      this.entries,
      (entry) => entry.count,
      (entry) => entry.usedAt,
    );
  }
}

export class NaiveWorkingSet extends Row {
  surplus(): number[] {
    const old = this.entries.filter((entry) => entry.usedAt <= this.time - this.options.window);
    this.entries = this.entries.filter((entry) => !old.includes(entry));
    return old.sort((a, b) => a.usedAt - b.usedAt).map((entry) => entry.page);
  }

  protected choose(): Entry {
    return smallest(this.entries, (entry) => entry.usedAt);
  }
}

export class NaivePff extends Row {
  private lastFault = 0;
  private leaving: Entry[] = [];

  surplus(): number[] {
    const pages = this.leaving.sort((a, b) => a.usedAt - b.usedAt).map((entry) => entry.page);
    this.entries = this.entries.filter((entry) => !this.leaving.includes(entry));
    this.leaving = [];
    return pages;
  }

  /** The paper's way: a use bit for each page (here its count), looked at and cleared at every fault. */
  protected override loaded(entry: Entry): void {
    const before = this.entries.filter((other) => other !== entry);
    if (this.time - this.lastFault >= this.options.faultInterval) {
      this.leaving = before.filter((other) => other.count === 0);
    }
    for (const other of before) other.count = 0;
    entry.count = 1;
    this.lastFault = this.time;
  }

  protected override used(entry: Entry): void {
    entry.count = 1;
  }

  protected choose(): Entry {
    return smallest(this.entries, (entry) => entry.usedAt);
  }
}

export class NaiveSieve implements SamplingBrain {
  private readonly queue: { readonly page: number; visited: boolean }[] = [];
  private hand = 0;

  has(page: number): boolean {
    return this.queue.some((entry) => entry.page === page);
  }

  hit(page: number): void {
    this.queue.find((entry) => entry.page === page)!.visited = true;
  }

  load(page: number, full: boolean): number | undefined {
    let gone: number | undefined;
    if (full) {
      for (; this.queue[this.hand]!.visited; this.hand = (this.hand + 1) % this.queue.length) {
        this.queue[this.hand]!.visited = false;
      }
      gone = this.queue.splice(this.hand, 1)[0]!.page;
      if (this.hand === this.queue.length) this.hand = 0;
    }
    this.queue.push({ page, visited: false });
    return gone;
  }
}

export class NaiveMgLru implements SamplingBrain {
  private readonly pages: { page: number; bit: boolean; generation: number; arrived: number }[] = [];
  private oldest = 0;
  private youngest = 3;
  private clock = 0;
  private readonly onLoad: boolean;

  constructor({ referenceOnLoad }: NaiveOptions) {
    this.onLoad = referenceOnLoad;
  }

  has(page: number): boolean {
    return this.pages.some((entry) => entry.page === page);
  }

  hit(page: number): void {
    this.pages.find((entry) => entry.page === page)!.bit = true;
  }

  load(page: number, full: boolean): number | undefined {
    const gone = full ? this.evict() : undefined;
    this.pages.push({ page, bit: this.onLoad, generation: this.youngest, arrived: this.clock++ });
    return gone;
  }

  private evict(): number {
    for (;;) {
      if (this.youngest - this.oldest < 2) {
        const inOrder = [...this.pages].sort((a, b) => a.generation - b.generation || a.arrived - b.arrived);
        for (const entry of inOrder) this.renew(entry);
        this.youngest++;
      }
      const old = this.pages.filter((entry) => entry.generation === this.oldest);
      if (old.length === 0) {
        this.oldest++;
        continue;
      }
      const last = smallest(old, (entry) => entry.arrived);
      if (!this.renew(last)) {
        this.pages.splice(this.pages.indexOf(last), 1);
        return last.page;
      }
    }
  }

  private renew(entry: { bit: boolean; generation: number; arrived: number }): boolean {
    if (!entry.bit) return false;
    Object.assign(entry, { bit: false, generation: this.youngest, arrived: this.clock++ });
    return true;
  }
}
