/**
 * The policies with several lists, again, with arrays of pages and searches: nothing shared with src/. Pages are in
 * arrays from the one that leaves first to the one that leaves last.
 */
export interface NaiveBrain {
  has(page: number): boolean;
  /** A reference to a resident page. */
  hit(page: number): void;
  /** A page comes in; the page that leaves for it when `full`. */
  load(page: number, full: boolean): number | undefined;
}

const without = (pages: number[], page: number): boolean => {
  const at = pages.indexOf(page);
  if (at >= 0) pages.splice(at, 1);
  return at >= 0;
};

export class NaiveTwoQueue implements NaiveBrain {
  private readonly entered: number[] = [];
  private readonly main: number[] = [];
  private readonly ghosts: number[] = [];
  private readonly frames: number;

  constructor(frames: number) {
    this.frames = frames;
  }

  has(page: number): boolean {
    return this.entered.includes(page) || this.main.includes(page);
  }

  hit(page: number): void {
    if (without(this.main, page)) this.main.push(page);
  }

  load(page: number, full: boolean): number | undefined {
    const known = without(this.ghosts, page);
    let gone: number | undefined;
    if (full && this.entered.length > Math.floor(this.frames / 4)) {
      gone = this.entered.shift()!;
      this.ghosts.push(gone);
      while (this.ghosts.length > Math.floor(this.frames / 2)) this.ghosts.shift();
    } else if (full) gone = this.main.shift();
    (known ? this.main : this.entered).push(page);
    return gone;
  }
}

export class NaiveS3Fifo implements NaiveBrain {
  private small: { page: number; hits: number }[] = [];
  private main: { page: number; hits: number }[] = [];
  private readonly ghosts: number[] = [];
  private readonly frames: number;

  constructor(frames: number) {
    this.frames = frames;
  }

  has(page: number): boolean {
    return [...this.small, ...this.main].some((entry) => entry.page === page);
  }

  hit(page: number): void {
    [...this.small, ...this.main].find((entry) => entry.page === page)!.hits++;
  }

  load(page: number, full: boolean): number | undefined {
    const known = without(this.ghosts, page);
    const gone = full ? this.evict() : undefined;
    (known ? this.main : this.small).push({ page, hits: 0 });
    return gone;
  }

  private evict(): number {
    if (this.main.length <= this.frames - Math.floor(this.frames / 10)) {
      while (this.small.length > 0) {
        const { page, hits } = this.small.shift()!;
        if (hits > 1) this.main.push({ page, hits: 0 });
        else {
          this.ghosts.push(page);
          while (this.ghosts.length > Math.floor(this.frames * 0.9)) this.ghosts.shift();
          return page;
        }
      }
    }
    for (;;) {
      const { page, hits } = this.main.shift()!;
      if (hits === 0) return page;
      this.main.push({ page, hits: Math.min(hits, 3) - 1 });
    }
  }
}

export class NaiveArc implements NaiveBrain {
  private readonly t1: number[] = [];
  private readonly t2: number[] = [];
  private readonly b1: number[] = [];
  private readonly b2: number[] = [];
  private p = 0;
  private readonly c: number;

  constructor(frames: number) {
    this.c = frames;
  }

  has(page: number): boolean {
    return this.t1.includes(page) || this.t2.includes(page);
  }

  hit(page: number): void {
    without(this.t1, page);
    without(this.t2, page);
    this.t2.push(page);
  }

  /** The paper's cases II, III and IV in its own order. */
  load(page: number, full: boolean): number | undefined {
    const { t1, t2, b1, b2, c } = this;
    let gone: number | undefined;
    if (b1.includes(page)) {
      this.p = Math.min(c, this.p + Math.max(b2.length / b1.length, 1));
      if (full) gone = this.replace(false);
      without(b1, page);
      t2.push(page);
    } else if (b2.includes(page)) {
      this.p = Math.max(0, this.p - Math.max(b1.length / b2.length, 1));
      if (full) gone = this.replace(true);
      without(b2, page);
      t2.push(page);
    } else {
      if (full && t1.length + b1.length === c) {
        if (t1.length < c) {
          b1.shift();
          gone = this.replace(false);
        } else gone = t1.shift();
      } else if (full) {
        if (t1.length + t2.length + b1.length + b2.length >= 2 * c) b2.shift();
        gone = this.replace(false);
      }
      t1.push(page);
    }
    return gone;
  }

  private replace(inB2: boolean): number {
    const { t1, t2, b1, b2, p } = this;
    const first = (t1.length > 0 && (t1.length > p || (inB2 && t1.length === p))) || t2.length === 0;
    const gone = (first ? t1 : t2).shift()!;
    (first ? b1 : b2).push(gone);
    return gone;
  }
}

export class NaiveCar implements NaiveBrain {
  private readonly t1: number[] = [];
  private readonly t2: number[] = [];
  private readonly b1: number[] = [];
  private readonly b2: number[] = [];
  private readonly marked = new Set<number>();
  private p = 0;
  private readonly c: number;

  constructor(frames: number) {
    this.c = frames;
  }

  has(page: number): boolean {
    return this.t1.includes(page) || this.t2.includes(page);
  }

  hit(page: number): void {
    this.marked.add(page);
  }

  load(page: number, full: boolean): number | undefined {
    const { t1, t2, b1, b2, c } = this;
    const gone = full ? this.replace() : undefined;
    if (full && !b1.includes(page) && !b2.includes(page)) {
      if (t1.length + b1.length === c) b1.shift();
      else if (t1.length + t2.length + b1.length + b2.length === 2 * c) b2.shift();
    }
    if (b1.includes(page)) {
      this.p = Math.min(this.p + Math.max(1, b2.length / b1.length), c);
      without(b1, page);
      t2.push(page);
    } else if (b2.includes(page)) {
      this.p = Math.max(this.p - Math.max(1, b1.length / b2.length), 0);
      without(b2, page);
      t2.push(page);
    } else t1.push(page);
    return gone;
  }

  private replace(): number {
    const { t1, t2, b1, b2, marked } = this;
    for (;;) {
      const first = t1.length >= Math.max(1, this.p) || t2.length === 0;
      const page = (first ? t1 : t2).shift()!;
      if (!marked.delete(page)) {
        (first ? b1 : b2).push(page);
        return page;
      }
      t2.push(page);
    }
  }
}

export class NaiveLirs implements NaiveBrain {
  /** Bottom first. */
  private stack: number[] = [];
  private readonly queue: number[] = [];
  private readonly lir = new Set<number>();
  /** Pages that left, in that order, while the stack knows them. */
  private ghosts: number[] = [];
  private readonly frames: number;
  private readonly lirMost: number;

  constructor(frames: number) {
    this.frames = frames;
    this.lirMost = frames - Math.max(1, Math.floor(frames / 100));
  }

  has(page: number): boolean {
    return this.lir.has(page) || this.queue.includes(page);
  }

  hit(page: number): void {
    const known = without(this.stack, page);
    this.stack.push(page);
    if (!this.lir.has(page)) {
      without(this.queue, page);
      if (known && this.lirMost > 0) this.promote(page);
      else this.queue.push(page);
    }
    this.tidy();
  }

  load(page: number, full: boolean): number | undefined {
    let gone: number | undefined;
    if (full) {
      gone = this.queue.shift()!;
      if (this.stack.includes(gone)) this.ghosts.push(gone);
    }
    const known = without(this.ghosts, page);
    without(this.stack, page);
    this.stack.push(page);
    if ((known && this.lirMost > 0) || this.lir.size < this.lirMost) this.promote(page);
    else this.queue.push(page);
    this.tidy();
    return gone;
  }

  private promote(page: number): void {
    this.lir.add(page);
    if (this.lir.size <= this.lirMost) return;
    const bottom = this.stack.find((entry) => this.lir.has(entry))!;
    this.lir.delete(bottom);
    without(this.stack, bottom);
    this.queue.push(bottom);
  }

  private tidy(): void {
    const bottom = this.stack.findIndex((entry) => this.lir.has(entry));
    // Without any LIR page nothing is pruned: a single frame.
    if (bottom > 0) for (const page of this.stack.splice(0, bottom)) without(this.ghosts, page);
    while (this.stack.length > 2 * this.frames && this.ghosts.length > 0) without(this.stack, this.ghosts.shift()!);
  }
}
