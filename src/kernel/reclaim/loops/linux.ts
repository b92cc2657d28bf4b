import { grownBytes, grownDoubles, grownInts } from '../../../mmu/grown-arrays.ts';
import { RETRIES } from '../linux.ts';
import { CLUSTER } from '../lru-state.ts';
import { DEFAULT_SWAPPINESS } from '../page-facts.ts';
import { DEFAULT_PRIORITY, dueOf, isInactiveLow, type ScanControl, type Shares, sharesOf } from '../scan-counts.ts';
import { emptyRings, pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/** Sentinels of the two lists; pages' nodes start at PAGES. */
const INACTIVE_LIST = 0;
const ACTIVE_LIST = 2;
const PAGES = 4;

/** Bits of a page's byte. */
const RESIDENT = 1;
const ACTIVE = 2;
/** The hardware's reference bit. */
const USED = 4;
/** Found used once. */
const MARKED = 8;
/** Was active before; also of a page that left its shadow. */
const WORKINGSET = 16;
const SHADOW = 32;

const PAGE_BYTES = 4096;

/**
 * `linux`, for what a replay has: anonymous pages in one group, one wanted at a time. Two lists as rings of links, looked
 * at from their backs; the passes and their order are those of scan.ts and batch.ts.
 */
export class LinuxLoop implements ReplayLoop {
  private readonly onLoad: number;
  private links: Int32Array;
  private state: Uint8Array;
  /** Of a page that left: the clock's reading then. */
  private shadows: Float64Array;
  private free: number;
  private inactive: number;
  private active: number;
  private age: number;
  private cost: number;
  private shares: Shares;
  private activated: number;
  private seen: number;

  constructor({ frames, options }: LoopContext) {
    this.onLoad = options.referenceOnLoad === false ? RESIDENT : RESIDENT | USED;
    this.links = emptyRings(PAGES / 2);
    this.state = new Uint8Array(0);
    this.shadows = new Float64Array(0);
    this.free = frames;
    this.inactive = 0;
    this.active = 0;
    this.age = 0;
    this.cost = 0;
    this.shares = sharesAt(0);
    this.activated = 0;
    this.seen = 0;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 2 * pages + PAGES, 0);
    this.state = grownBytes(this.state, pages);
    this.shadows = grownDoubles(this.shadows, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { state } = this;
    let misses = 0;
    for (let at = from; at < to; at++) {
      const id = ids[at]!;
      const was = state[id]!;
      if ((was & RESIDENT) !== 0) {
        if ((was & USED) === 0) state[id] = was | USED;
        continue;
      }
      misses++;
      const gone = this.free > 0 ? -1 : this.evict();
      if (gone < 0) this.free--;
      this.admit(id);
      if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
      if (evicted !== null) evicted[at] = gone;
    }
    return misses;
  }

  /** New, or back from where it left its shadow [mm/workingset.c:workingset_refault]. */
  private admit(id: number): void {
    const { state, links } = this;
    const was = state[id]!;
    const node = (id << 1) + PAGES;
    if ((was & SHADOW) === 0 || this.age - this.shadows[id]! > this.active) {
      state[id] = this.onLoad;
      pushFirst(links, INACTIVE_LIST, node);
      this.inactive++;
      return;
    }
    this.age++;
    this.activated++;
    if ((was & WORKINGSET) !== 0) this.addCost(CLUSTER);
    state[id] = this.onLoad | ACTIVE | (was & WORKINGSET);
    pushFirst(links, ACTIVE_LIST, node);
    this.active++;
  }

  /** Passes over ever larger parts of the lists until a page leaves. */
  private evict(): number {
    let force = false;
    let spared = false;
    for (let retries = 0; retries <= RETRIES; retries++) {
      for (let priority = DEFAULT_PRIORITY; priority >= 0; priority--) {
        const mayDeactivate: boolean =
          force || this.activated !== this.seen || isInactiveLow(this.inactive, this.active, PAGE_BYTES);
        const { anon, of } = priority === 0 ? ALL : this.shares;
        const inactiveDue = dueOf(this.inactive, priority, anon, of);
        const activeDue = dueOf(this.active, priority, anon, of);
        const gone: number = this.pass(inactiveDue, activeDue, mayDeactivate);
        if (gone >= 0) {
          this.seen = this.activated;
          return gone;
        }
        spared ||= !mayDeactivate && inactiveDue > 0 && activeDue > 0;
      }
      force ||= spared;
    }
    // Every look clears a bit, so all of them together find a page.
    return -1;
  }

  /** @returns the page that left, -1 for none */
  private pass(inactiveDue: number, activeDue: number, mayDeactivate: boolean): number {
    let gone = -1;
    let inactive = inactiveDue;
    let active = activeDue;
    while (inactive > 0 && gone < 0) {
      const looks = Math.min(inactive, CLUSTER);
      inactive -= looks;
      gone = this.lookAtInactive(looks);
      const more = Math.min(active, CLUSTER);
      active -= more;
      if (mayDeactivate) this.deactivate(more);
    }
    if (isInactiveLow(this.inactive, this.active, PAGE_BYTES)) this.deactivate(CLUSTER);
    return gone;
  }

  private lookAtInactive(most: number): number {
    const { links, state } = this;
    const looks = Math.min(most, this.inactive);
    for (let looked = 1; looked <= looks; looked++) {
      const node = links[INACTIVE_LIST + 1]!;
      const id = (node - PAGES) >> 1;
      const was = state[id]!;
      unlink(links, node);
      if ((was & USED) === 0) {
        this.inactive--;
        state[id] = SHADOW | (was & WORKINGSET);
        this.shadows[id] = this.age++;
        this.addCost(looked - 1);
        return id;
      }
      if ((was & MARKED) !== 0) {
        state[id] = (was & ~USED) | ACTIVE;
        pushFirst(links, ACTIVE_LIST, node);
        this.inactive--;
        this.active++;
        this.age++;
      } else {
        state[id] = (was & ~USED) | MARKED;
        pushFirst(links, INACTIVE_LIST, node);
      }
    }
    if (looks > 0) this.addCost(looks);
    return -1;
  }

  private deactivate(most: number): void {
    const { links, state } = this;
    for (let left = Math.min(most, this.active); left > 0; left--) {
      const node = links[ACTIVE_LIST + 1]!;
      const id = (node - PAGES) >> 1;
      unlink(links, node);
      pushFirst(links, INACTIVE_LIST, node);
      state[id] = (state[id]! & ~(USED | ACTIVE)) | WORKINGSET;
      this.active--;
      this.inactive++;
    }
  }

  private addCost(cost: number): void {
    const before = this.cost;
    this.cost += cost;
    if (this.cost > Math.floor((this.inactive + this.active) / 4)) this.cost = Math.floor(this.cost / 2);
    if (this.cost !== before) this.shares = sharesAt(this.cost);
  }
}

/** What the kinds of pages are looked at for when anonymous ones have cost so much, and files nothing, having never been there. */
const sharesAt = (anonCost: number): Shares => sharesOf({ ...CONTROL, priority: DEFAULT_PRIORITY, anonCost });
const CONTROL: ScanControl = {
  priority: 0,
  swappiness: DEFAULT_SWAPPINESS,
  canSwap: true,
  forGroup: false,
  fileIsTiny: false,
  trimsCache: false,
  anonCost: 0,
  fileCost: 0,
};
/** At priority 0, whatever it has cost. */
const ALL = sharesOf(CONTROL);
