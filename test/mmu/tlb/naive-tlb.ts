/** TLBs the obvious way: objects in arrays, recency as lists, tree-PLRU with its bits. No soft TLB, no time stamps. */

import { Random } from '../../../src/mmu/random.ts';
import type { TlbConfig, TlbLevelConfig } from '../../../src/mmu/tlb/config.ts';

export interface NaiveEntry {
  /** Number of the page in units of its own size. */
  readonly page: number;
  readonly level: number;
  readonly space: number;
  readonly global: boolean;
  dirty: boolean;
}

class NaiveArray {
  readonly slots: (NaiveEntry | null)[][];
  private readonly used: number[][];
  private readonly filled: number[][];
  private readonly bits: boolean[][];
  private readonly random: Random;
  private readonly sets: number;
  private readonly config: TlbLevelConfig;

  constructor(config: TlbLevelConfig, seed: number) {
    this.config = config;
    this.sets = config.entries / config.ways;
    const perSet = <T>(make: () => T) => Array.from({ length: this.sets }, make);
    this.slots = perSet(() => new Array<NaiveEntry | null>(config.ways).fill(null));
    this.used = perSet(() => []);
    this.filled = perSet(() => []);
    this.bits = perSet(() => new Array<boolean>(config.ways).fill(false));
    this.random = new Random(seed);
  }

  find(pages: readonly number[], space: number): { set: number; way: number; entry: NaiveEntry } | null {
    for (const [level, page] of pages.entries()) {
      const set = page % this.sets;
      for (const [way, entry] of this.slots[set]!.entries()) {
        if (entry === null || entry.level !== level || entry.page !== page) continue;
        if (entry.global || entry.space === space) return { set, way, entry };
      }
    }
    return null;
  }

  touch(set: number, way: number): void {
    this.used[set] = [...this.used[set]!.filter((other) => other !== way), way];
    let node = 1;
    for (let half = this.config.ways / 2; half >= 1; half /= 2) {
      const right = Math.floor(way / half) % 2 === 1;
      this.bits[set]![node] = !right; // point away
      node = node * 2 + (right ? 1 : 0);
    }
  }

  fill(entry: NaiveEntry): void {
    const set = entry.page % this.sets;
    const way = this.victim(set);
    this.slots[set]![way] = { ...entry };
    this.filled[set] = [...this.filled[set]!.filter((other) => other !== way), way];
    this.touch(set, way);
  }

  remove(condition: (entry: NaiveEntry) => boolean): void {
    for (const ways of this.slots) {
      for (const [way, entry] of ways.entries()) if (entry !== null && condition(entry)) ways[way] = null;
    }
  }

  private victim(set: number): number {
    const empty = this.slots[set]!.indexOf(null);
    if (empty !== -1) return empty;
    const { ways, policy = 'lru' } = this.config;
    if (ways === 1) return 0;
    if (policy === 'lru') return this.used[set]![0]!;
    if (policy === 'fifo') return this.filled[set]![0]!;
    if (policy === 'random') return this.random.below(ways);
    let node = 1;
    while (node < ways) node = node * 2 + (this.bits[set]![node]! ? 1 : 0);
    return node - ways;
  }
}

export class NaiveTlbs {
  readonly arrays: Map<string, NaiveArray>;
  l1TlbMisses = 0;
  l2TlbHits = 0;
  dirtyWalks = 0;

  constructor(config: TlbConfig, seed: number) {
    // Seeds as hierarchy.ts derives them, so that random replacement can be followed draw by draw.
    const step = 0x9e3779b9;
    this.arrays = new Map([[config.split === true ? 'L1d' : 'L1', new NaiveArray(config, seed + step)]]);
    if (config.split === true) this.arrays.set('L1i', new NaiveArray(config, seed + 2 * step));
    if (config.l2 !== undefined) this.arrays.set('L2', new NaiveArray(config.l2, seed + 3 * step));
  }

  /** One access; `mapping` is what a walk would find, `setDirty` tells that the walk set D. */
  access(
    pages: readonly number[],
    space: number,
    kind: 'load' | 'store' | 'fetch',
    mapping: NaiveEntry,
    setDirty: () => void,
  ): void {
    const first = this.arrays.get('L1') ?? this.arrays.get(kind === 'fetch' ? 'L1i' : 'L1d')!;
    const second = this.arrays.get('L2');
    let hit = first.find(pages, space);
    if (hit !== null) first.touch(hit.set, hit.way);
    else {
      this.l1TlbMisses++;
      const below = second?.find(pages, space) ?? null;
      if (below !== null) {
        this.l2TlbHits++;
        second?.touch(below.set, below.way);
        first.fill(below.entry);
        hit = first.find(pages, space);
      }
    }
    if (hit === null) {
      if (kind === 'store') setDirty();
      const entry = { ...mapping, dirty: mapping.dirty || kind === 'store' };
      second?.fill(entry);
      first.fill(entry);
    } else if (kind === 'store' && !hit.entry.dirty) {
      this.dirtyWalks++;
      setDirty();
      for (const array of this.arrays.values()) {
        const found = array.find(pages, space);
        if (found !== null) found.entry.dirty = true;
      }
    }
  }

  remove(condition: (entry: NaiveEntry) => boolean): void {
    for (const array of this.arrays.values()) array.remove(condition);
  }
}
