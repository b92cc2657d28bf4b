import { grownBytes } from '../mmu/grown-arrays.ts';
import { FETCH, LOAD, STORE } from '../mmu/units.ts';
import { StackDistances } from './mrc/stack-distance.ts';
import { type PageSink, PageStream } from './page-stream.ts';
import { type BatchSink, MODIFY, type ReferenceBatch, type TraceUnit } from './reference.ts';
import { ReuseIntervals, type ReuseRow, type WindowRow } from './reuse.ts';
import { SlidingWorkingSet } from './working-set.ts';

/** What a trace is like, without any machine or policy. Plain data. */
export interface TraceFacts {
  /** Records of the trace. */
  readonly references: {
    readonly total: number;
    readonly fetches: number;
    readonly loads: number;
    readonly stores: number;
    readonly modifies: number;
    readonly bytes: number;
  };
  readonly processes: number;
  /** Lowest and highest number, as in the trace. */
  readonly lowest: bigint;
  readonly highest: bigint;
  readonly pages: {
    readonly pageBytes: number;
    /** Each page a reference touches counts. */
    readonly references: number;
    readonly crossings: number;
    /** The footprint. */
    readonly distinct: number;
    readonly fetched: number;
    readonly read: number;
    readonly written: number;
  };
  readonly workingSet: {
    /** Page references that the window looks back. */
    readonly window: number;
    /** Sizes in pages, after every `every` page references. */
    readonly every: number;
    readonly sizes: readonly number[];
    readonly mean: number;
    readonly peak: number;
    /** The mean size for windows of 1, 2, 4, … page references. */
    readonly byWindow: readonly WindowRow[];
  };
  readonly reuse: {
    /** First uses of a page. */
    readonly first: number;
    /** Page references between two uses of a page. */
    readonly intervals: readonly ReuseRow[];
    /** Different pages between two uses of a page. */
    readonly distances: readonly DistanceRow[];
  };
}

/**
 * Reuse distances: so many uses found their page among the last `from` … `to` different ones, itself counted. LRU with
 * `to` frames hits these and all nearer ones.
 */
export interface DistanceRow {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Bits of what was done to a page. */
const SEEN = [2, 4, 1, 6] as const;

/**
 * Gathers the facts about a trace as its references come; memory by its pages and the window, not by its length.
 *
 *     const reader = new TraceReader((_format, unit) => (facts = new FactGatherer({ pageBytes: 4096, unit, window })));
 *     …                                                    reader.end(); facts.end();
 */
export class FactGatherer implements BatchSink, PageSink {
  private readonly stream: PageStream;
  private readonly reuse: ReuseIntervals;
  private readonly workingSet: SlidingWorkingSet;
  private readonly distances: StackDistances;
  private readonly pageBytes: number;
  private readonly counts: Float64Array;
  private readonly processes: Set<number>;
  private bytes: number;
  private lowest: readonly [high: number, low: number];
  private highest: readonly [high: number, low: number];
  private seen: Uint8Array;

  /** @param options.window page references, from 1 @throws InputError MEM-TRC-038 */
  constructor(options: { readonly pageBytes: number; readonly unit: TraceUnit; readonly window: number }) {
    this.stream = new PageStream(this, options);
    this.reuse = new ReuseIntervals();
    this.workingSet = new SlidingWorkingSet(options.window);
    this.distances = new StackDistances();
    this.pageBytes = options.pageBytes;
    this.counts = new Float64Array(4);
    this.processes = new Set();
    this.bytes = 0;
    this.lowest = [0xffff_ffff, 0xffff_ffff];
    this.highest = [0, 0];
    this.seen = new Uint8Array(1024);
  }

  take(batch: ReferenceBatch, count: number): void {
    const { kinds, highs, lows, sizes, processes } = batch;
    let process = -1;
    for (let at = 0; at < count; at++) {
      this.counts[kinds[at]!]!++;
      this.bytes += sizes[at]!;
      const high = highs[at]!;
      const low = lows[at]!;
      if (isBelow(high, low, this.lowest)) this.lowest = [high, low];
      if (!isBelow(high, low, this.highest)) this.highest = [high, low];
      if (processes[at] === process) continue;
      process = processes[at]!;
      this.processes.add(process);
    }
    this.stream.take(batch, count);
  }

  pages(ids: Int32Array, kinds: Uint8Array, count: number): void {
    for (let at = 0; at < count; at++) {
      const id = ids[at]!;
      if (id >= this.seen.length) this.seen = grownBytes(this.seen, id + 1);
      this.seen[id]! |= SEEN[kinds[at] as keyof typeof SEEN & number]!;
    }
    this.workingSet.pages(ids, count);
    this.reuse.pages(ids, count);
    this.distances.feed(ids, count);
  }

  end(): TraceFacts {
    this.stream.flush();
    const [loads, stores, fetches, modifies] = [LOAD, STORE, FETCH, MODIFY].map((kind) => this.counts[kind]!);
    const { numbering, pageReferences, crossings } = this.stream;
    const seenPages = (bit: number): number =>
      this.seen.reduce((total, bits) => total + ((bits & bit) === 0 ? 0 : 1), 0);
    return {
      references: {
        total: loads! + stores! + fetches! + modifies!,
        fetches: fetches!,
        loads: loads!,
        stores: stores!,
        modifies: modifies!,
        bytes: this.bytes,
      },
      processes: this.processes.size,
      lowest: wide(this.lowest),
      highest: wide(this.highest),
      pages: {
        pageBytes: this.pageBytes,
        references: pageReferences,
        crossings,
        distinct: numbering.count,
        fetched: seenPages(1),
        read: seenPages(2),
        written: seenPages(4),
      },
      workingSet: { ...this.workingSet.result(), byWindow: this.reuse.byWindow() },
      reuse: { first: numbering.count, intervals: this.reuse.rows(), distances: this.distanceRows(numbering.count) },
    };
  }

  /** 1, 2, 3 … 4, 5 … 8, … up to the first that all pages fit in. */
  private distanceRows(pages: number): DistanceRow[] {
    const rows = Math.ceil(Math.log2(Math.max(1, pages))) + 1;
    const sizes = Array.from({ length: rows }, (_, row) => 2 ** row);
    const misses = this.distances.missesAt([0, ...sizes]);
    return sizes.map((to, row) => ({ from: to === 1 ? 1 : to / 2 + 1, to, count: misses[row]! - misses[row + 1]! }));
  }
}

const isBelow = (high: number, low: number, [otherHigh, otherLow]: readonly [number, number]): boolean =>
  high < otherHigh || (high === otherHigh && low < otherLow);
const wide = ([high, low]: readonly [number, number]): bigint => (BigInt(high) << 32n) | BigInt(low);
