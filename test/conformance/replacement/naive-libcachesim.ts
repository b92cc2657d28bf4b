/**
 * libCacheSim's policies again, for objects of size 1, from what its sources do (Oct 2024; LIRS.c, TwoQ.c, S3FIFO.c, ARC.c and
 * FORMAT.md of the recordings): arrays of pages and searches, nothing shared with src/. A cache answers: hit?
 */
import { NaiveArc, type NaiveBrain, NaiveLirs, NaiveS3Fifo, NaiveTwoQueue } from '../../reclaim/naive-adaptive.ts';
import { NaiveSieve } from '../../reclaim/naive-sampling.ts';

/** Of one policy with one size: 1 for each reference that misses. `future`: the references behind this one. */
export type NaiveCache = (page: number, future: readonly number[]) => boolean;

function ofBrain(brain: NaiveBrain, size: number): NaiveCache {
  let resident = 0;
  return (page) => {
    if (brain.has(page)) {
      brain.hit(page);
      return true;
    }
    if (brain.load(page, resident === size) === undefined) resident++;
    return false;
  };
}

/** A queue of objects with counters up to `most`; what is found with a count goes to the back for another round. */
function clock(size: number, most: number): NaiveCache {
  const queue: { page: number; count: number }[] = [];
  return (page) => {
    const found = queue.find((entry) => entry.page === page);
    if (found !== undefined) {
      found.count = Math.min(most, found.count + 1);
      return true;
    }
    if (queue.length === size) {
      for (let first = queue.shift()!; first.count > 0; first = queue.shift()!) {
        first.count--;
        queue.push(first);
      }
    }
    queue.push({ page, count: 0 });
    return false;
  };
}

function line(size: number, movesOnHit: boolean): NaiveCache {
  const pages: number[] = [];
  return (page) => {
    const at = pages.indexOf(page);
    if (at >= 0 && movesOnHit) pages.push(...pages.splice(at, 1));
    if (at >= 0) return true;
    if (pages.length === size) pages.shift();
    pages.push(page);
    return false;
  };
}

/** Counts begin anew with every insertion; among equals the one that has had its count longest leaves. */
function lfu(size: number): NaiveCache {
  let entries: { page: number; count: number }[] = [];
  return (page) => {
    const found = entries.find((entry) => entry.page === page);
    if (found !== undefined) {
      entries = [...entries.filter((entry) => entry !== found), { page, count: found.count + 1 }];
      return true;
    }
    if (entries.length === size) {
      const least = Math.min(...entries.map(({ count }) => count));
      entries.splice(
        entries.findIndex(({ count }) => count === least),
        1,
      );
    }
    entries.push({ page, count: 1 });
    return false;
  };
}

function belady(size: number): NaiveCache {
  let pages: number[] = [];
  return (page, future) => {
    if (pages.includes(page)) return true;
    if (pages.length === size) {
      const nextUse = (other: number): number => {
        const at = future.indexOf(other);
        return at < 0 ? Number.POSITIVE_INFINITY : at;
      };
      const last = pages.reduce((latest, other) => (nextUse(other) > nextUse(latest) ? other : latest));
      pages = pages.filter((other) => other !== last);
    }
    pages.push(page);
    return false;
  };
}

/** LIRS.c as it stands: three lists, what is counted as resident, and the demotion on a hit of a page that only Q knows. */
class LirsOfLibCacheSim {
  /** Tops first. */
  private readonly stack: { page: number; lir: boolean; inCache: boolean }[] = [];
  private readonly queue: number[] = [];
  private readonly nonResident: number[] = [];
  private lirs = 0;
  private hirs = 0;
  private occupied = 0;
  private readonly size: number;
  private readonly hirLimit: number;
  private readonly lirLimit: number;

  constructor(size: number) {
    this.size = size;
    this.hirLimit = Math.max(1, Math.trunc(0.01 * size));
    this.lirLimit = size - this.hirLimit;
  }

  get(page: number): boolean {
    const hit = this.find(page);
    if (!hit) this.bringIn(page);
    while (this.stack.length > 2 * this.size && this.nonResident.length > 0) {
      const oldest = this.nonResident.pop()!;
      this.dropFromStack(oldest);
    }
    return hit;
  }

  private find(page: number): boolean {
    const inStack = this.stack.find((entry) => entry.page === page);
    if (inStack !== undefined) {
      this.dropFromStack(page);
      this.stack.unshift(inStack);
    }
    const inQueue = without(this.queue, page);
    if (inQueue) this.queue.unshift(page);
    if (inStack !== undefined) {
      if (inStack.lir) this.prune();
      if (inStack.lir || !inStack.inCache) return inStack.lir;
      if (without(this.queue, page)) {
        this.hirs--;
        this.occupied--;
      }
      while (this.lirs + 1 > this.lirLimit) this.demote();
      inStack.lir = true;
      this.lirs++;
      this.occupied++;
      return true;
    }
    if (!inQueue) return false;
    while (this.lirs + 1 > this.lirLimit) this.demote();
    this.stack.unshift({ page, lir: false, inCache: true });
    return true;
  }

  private bringIn(page: number): void {
    const known = this.stack.find((entry) => entry.page === page);
    if (known !== undefined) {
      while (this.lirs + 1 > this.lirLimit) this.demote();
      without(this.nonResident, page);
    } else if (this.lirs + 1 > this.lirLimit) {
      while (this.hirs + 1 > this.hirLimit) this.evict();
    }
    while (this.occupied + 1 > this.size) {
      while (this.hirs >= this.hirLimit) this.evict();
      if (known !== undefined) this.demote();
    }
    this.occupied++;
    if (known !== undefined) {
      known.lir = true;
      known.inCache = true;
      this.lirs++;
      return;
    }
    const lir = this.lirs + 1 <= this.lirLimit;
    this.stack.unshift({ page, lir, inCache: true });
    if (lir) this.lirs++;
    else {
      this.queue.unshift(page);
      this.hirs++;
    }
  }

  private demote(): void {
    const { page } = this.stack.pop()!;
    this.lirs--;
    this.occupied--;
    while (this.hirs + 1 > this.hirLimit) this.evict();
    this.queue.unshift(page);
    this.hirs++;
    this.occupied++;
    this.prune();
  }

  private evict(): void {
    const page = this.queue.pop()!;
    this.hirs--;
    this.occupied--;
    const inStack = this.stack.find((entry) => entry.page === page);
    if (inStack === undefined) return;
    inStack.inCache = false;
    this.nonResident.unshift(page);
  }

  private prune(): void {
    while (this.stack.length > 1 && !this.stack.at(-1)!.lir) {
      const { page, inCache } = this.stack.pop()!;
      if (!inCache) without(this.nonResident, page);
    }
  }

  private dropFromStack(page: number): void {
    this.stack.splice(
      this.stack.findIndex((entry) => entry.page === page),
      1,
    );
  }
}

function without(pages: number[], page: number): boolean {
  const at = pages.indexOf(page);
  if (at >= 0) pages.splice(at, 1);
  return at >= 0;
}

/** The recordings' names of policies and their parameters. */
export const NAIVE_CACHES: readonly {
  readonly policy: string;
  readonly params: string;
  /** Below this libCacheSim refuses every object: its small queue has no room for one. */
  readonly least: number;
  readonly make: (size: number) => NaiveCache;
}[] = [
  { policy: 'FIFO', params: '', least: 1, make: (size) => line(size, false) },
  { policy: 'LRU', params: '', least: 1, make: (size) => line(size, true) },
  { policy: 'Clock', params: '', least: 1, make: (size) => clock(size, 1) },
  { policy: 'Clock', params: 'n-bit-counter=2', least: 1, make: (size) => clock(size, 3) },
  { policy: 'Sieve', params: '', least: 1, make: (size) => ofBrain(new NaiveSieve(), size) },
  { policy: 'LFU', params: '', least: 1, make: lfu },
  { policy: 'Belady', params: '', least: 1, make: belady },
  { policy: 'ARC', params: '', least: 1, make: (size) => ofBrain(new NaiveArc(size), size) },
  { policy: 'TwoQ', params: '', least: 4, make: (size) => ofBrain(new NaiveTwoQueue(size), size) },
  { policy: 'S3FIFO', params: '', least: 10, make: (size) => ofBrain(new NaiveS3Fifo(size), size) },
  {
    policy: 'LIRS-paper',
    params: 'Lhirs=max(1,floor(0.01C)), |S|<=2C',
    least: 1,
    make: (size) => ofBrain(new NaiveLirs(size), size),
  },
  {
    policy: 'LIRS-libcachesim',
    params: '',
    least: 3,
    make: (size) => {
      const cache = new LirsOfLibCacheSim(size);
      return (page) => cache.get(page);
    },
  },
];
