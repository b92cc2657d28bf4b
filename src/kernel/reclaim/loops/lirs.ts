import { grownBytes, grownInts } from '../../../mmu/grown-arrays.ts';
import { lirsSizes } from '../options.ts';
import { pushFirst, unlink } from './links.ts';
import { FIRST_BIT, type LoopContext, type ReplayLoop } from './loop.ts';

/**
 * States of a page, by where it stands: in the stack S, in the queue Q of resident HIR pages, in the line of
 * remembered pages. From QUEUED up it is resident.
 */
const ABSENT = 0;
/** In S; remembered, not resident. */
const REMEMBERED = 1;
/** Resident, in Q only. */
const QUEUED = 2;
/** Resident, in S and Q. */
const STACKED = 3;
/** Resident, in S; LIR. */
const LIR = 4;
/** libCacheSim alone: counted as resident in S, though it has left Q. */
const STRAY = 5;

/** Nodes of the sentinels: of S and Q, and of the remembered pages. */
const SENTINEL = 0;
const REMEMBERED_SENTINEL = 4;
const PAGES = 8;
/** Where in a node the links of the second ring are: Q or the line of remembered pages, as a page is never in both. */
const SECOND = 2;

/**
 * `lirs`: four links a page, `[next, previous]` in S and `[next, previous]` in Q or among the remembered pages, all
 * within half a line of the cache. The first page of a ring is the one that joined last.
 *
 * The paper's variant and libCacheSim's differ on a hit of a page that is in Q but not in S (see options.ts). What
 * libCacheSim does there makes a page leave though nobody needs room, so victims are told in the paper's variant only.
 */
export class LirsLoop implements ReplayLoop {
  private readonly paper: boolean;
  private readonly lirMost: number;
  private readonly queueMost: number;
  private readonly stackMost: number;
  private links: Int32Array;
  private state: Uint8Array;
  private lirs: number;
  private queued: number;
  private stacked: number;

  constructor({ frames, options }: LoopContext) {
    const sizes = lirsSizes(frames, options);
    this.paper = options.lirsVariant !== 'libcachesim';
    this.lirMost = sizes.lirMost;
    this.queueMost = sizes.queueMost;
    this.stackMost = sizes.stackMost;
    this.links = new Int32Array(PAGES);
    for (const node of [SENTINEL, REMEMBERED_SENTINEL]) this.links.fill(node, node, node + 2);
    for (const node of [SENTINEL, REMEMBERED_SENTINEL]) this.links.fill(node + SECOND, node + SECOND, node + 4);
    this.state = new Uint8Array(0);
    this.lirs = 0;
    this.queued = 0;
    this.stacked = 0;
  }

  grow(pages: number): void {
    this.links = grownInts(this.links, 4 * pages + PAGES, 0);
    this.state = grownBytes(this.state, pages);
  }

  run(ids: Int32Array, from: number, to: number, missBits: Uint32Array | null, evicted: Int32Array | null): number {
    const { links, state } = this;
    let misses = 0;
    const end = to | 0;
    for (let at = from | 0; at < end; at = (at + 1) | 0) {
      const id = ids[at]!;
      const was = state[id]!;
      const node = ((id << 2) + PAGES) | 0;
      if (was === LIR) {
        if (links[SENTINEL] === node) continue;
        const wasLast = links[SENTINEL + 1] === node;
        unlink(links, node);
        pushFirst(links, SENTINEL, node);
        if (wasLast) this.prune();
        continue;
      }
      if (was >= QUEUED) {
        this.hit(id, was);
      } else {
        misses = (misses + 1) | 0;
        const gone = this.miss(id, was);
        if (missBits !== null) missBits[at >>> 5]! |= FIRST_BIT >>> (at & 31);
        if (evicted !== null) evicted[at] = gone;
      }
      if (this.stacked > this.stackMost) this.limitStack();
    }
    return misses;
  }

  /** A resident page that is not LIR: it becomes so when S still knows it. */
  private hit(id: number, was: number): void {
    const { links } = this;
    const node = ((id << 2) + PAGES) | 0;
    if (was === QUEUED || this.lirMost === 0) {
      unlink(links, node + SECOND);
      pushFirst(links, SENTINEL + SECOND, node + SECOND);
      if (was === QUEUED) {
        if (!this.paper) this.hitOutsideStackAsLibCacheSim(id);
        else this.state[id] = STACKED;
        this.stacked++;
      } else unlink(links, node);
      pushFirst(links, SENTINEL, node);
      return;
    }
    unlink(links, node);
    pushFirst(links, SENTINEL, node);
    if (was === STACKED) {
      unlink(links, node + SECOND);
      this.queued--;
    }
    this.state[id] = LIR;
    this.lirs++;
    while (this.lirs > this.lirMost) this.demote();
  }

  /** A LIR page gives way although nothing takes its place, and the last of Q goes: maybe the very page that is hit. */
  private hitOutsideStackAsLibCacheSim(id: number): void {
    while (this.lirs >= this.lirMost) this.demote();
    this.state[id] = this.state[id] === QUEUED ? STACKED : STRAY;
  }

  /** @returns the page that left, -1 for none */
  private miss(id: number, was: number): number {
    const { links, state } = this;
    const node = ((id << 2) + PAGES) | 0;
    let gone = -1;
    if (was === REMEMBERED && this.lirMost > 0) {
      unlink(links, node);
      pushFirst(links, SENTINEL, node);
      unlink(links, node + SECOND);
      if (this.lirs === this.lirMost && this.queued === this.queueMost) gone = this.evict();
      state[id] = LIR;
      this.lirs++;
      while (this.lirs > this.lirMost) this.demote();
      return gone;
    }
    if (was === REMEMBERED) {
      unlink(links, node);
      unlink(links, node + SECOND);
    } else this.stacked++;
    if (this.lirs < this.lirMost) {
      state[id] = LIR;
      this.lirs++;
    } else {
      if (this.queued === this.queueMost) gone = this.evict();
      state[id] = STACKED;
      pushFirst(links, SENTINEL + SECOND, node + SECOND);
      this.queued++;
    }
    pushFirst(links, SENTINEL, node);
    return gone;
  }

  /** The last LIR page of S becomes the newest of Q. */
  private demote(): void {
    const { links, state } = this;
    const last = links[SENTINEL + 1]!;
    unlink(links, last);
    this.stacked--;
    this.lirs--;
    if (this.queued === this.queueMost) this.evict();
    state[(last - PAGES) >> 2] = QUEUED;
    pushFirst(links, SENTINEL + SECOND, last + SECOND);
    this.queued++;
    this.prune();
  }

  /** The last page of Q leaves; as long as S knows it, it is remembered. */
  private evict(): number {
    const { links, state } = this;
    const second = links[SENTINEL + SECOND + 1]!;
    const id = (second - SECOND - PAGES) >> 2;
    unlink(links, second);
    this.queued--;
    if (state[id] === STACKED) {
      state[id] = REMEMBERED;
      pushFirst(links, REMEMBERED_SENTINEL + SECOND, second);
    } else state[id] = ABSENT;
    return id;
  }

  /** What is last in S is LIR, or S has one page only. */
  private prune(): void {
    const { links, state } = this;
    for (let last = links[SENTINEL + 1]!; last !== links[SENTINEL]; last = links[SENTINEL + 1]!) {
      const id = (last - PAGES) >> 2;
      if (state[id] === LIR) return;
      this.leaveStack(id);
    }
  }

  /** S is bounded: the pages that left longest ago are forgotten first. */
  private limitStack(): void {
    const { links } = this;
    while (this.stacked > this.stackMost) {
      const second = links[REMEMBERED_SENTINEL + SECOND + 1]!;
      if (second === REMEMBERED_SENTINEL + SECOND) return;
      this.leaveStack((second - SECOND - PAGES) >> 2);
    }
  }

  private leaveStack(id: number): void {
    const { links, state } = this;
    const node = ((id << 2) + PAGES) | 0;
    unlink(links, node);
    this.stacked--;
    if (state[id] === REMEMBERED) unlink(links, node + SECOND);
    state[id] = state[id] === STACKED ? QUEUED : ABSENT;
  }
}
