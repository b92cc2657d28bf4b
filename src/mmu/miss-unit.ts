/**
 * The usual miss of the soft TLB in one piece: what most accesses that miss it do, and no more.
 *
 *     soft miss ─► slot of L1 ────────────────────────────┐
 *              └─► slot of L2 ─────────► moves up to L1 ──┼─► soft TLB filled, word named
 *              └─► known path, plain leaf ─► L2, L1 filled┘
 *              └─► known path, leaf that refuses ─► fault registers: REFUSED, and `reachUnusual` asks the kernel
 *                                anything else: -1, nothing changed, and `reach` does the access from the start
 *
 * Usual means: a load or store of near memory (physical-memory.ts); only pages of the smallest size in the TLBs; LRU, sets a
 * power of two; a walk along a path that was gone before (walk-paths.ts) to a leaf that grants the access and has A, and D
 * for a store, so that nothing has to be written to it; or to one that is not valid or does not grant it, which is what
 * most faults are.
 *
 * It decides first and changes afterwards: I1: when it answers -1, counters, TLBs, memory and fault registers are as before
 * (but for what the exact path finds out next, that no TLB has the page).
 * I2: otherwise they are all as `reach` would have left them, at its trap when refused (a property test holds the two
 * together). The same steps, spelled out, are in tlb.ts, recency.ts, walker.ts and soft-tlb.ts. They are here once more
 * because a miss takes as long as its instructions keep the host from the next one: a processor waits for several words of
 * memory at once only while they are no more than some hundred instructions apart, and calls, doubles as objects and
 * levels of classes are many.
 */
import { ALLOWED, GRANTED, PRIVILEGE_SHIFT, refusal, STORE_GRANTED } from './access-rights.ts';
import type { CpuOptions } from './cpu-options.ts';
import { NOT_PRESENT } from './fault-latch.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_GLOBAL, PTE_READ, PTE_WRITE } from './pte-flags.ts';
import type { Recency } from './tlb/recency.ts';
import { LEVEL_SHIFT, LEVELS, NO_LEVEL, PER_LEVELS, TlbSlots } from './tlb/slots.ts';
import { SOFT_CHUNK, SOFT_FOLD, SOFT_INDEX_MASK, SOFT_NEAR, SOFT_OFFSET } from './tlb/soft-tlb.ts';
import { GLOBAL_SPACE, type Tlb } from './tlb/tlb.ts';
import { TranslationUnit } from './translation-unit.ts';
import { type AccessKind, STORE } from './units.ts';

/** Answer of `reachUsual`: counted and refused, the fault latched, the kernel not yet asked. */
export const REFUSED = -2;

/** A constant of this module is compiled in; an imported one is read, and checked for being initialised, at each use. */
const INDEX_MASK = SOFT_INDEX_MASK;
const FOLD = SOFT_FOLD;
const NEAR = SOFT_NEAR;
const CHUNK = SOFT_CHUNK;
const OFFSET = SOFT_OFFSET;
const STORING = STORE;
const ACCESSED = PTE_ACCESSED;
const DIRTY = PTE_DIRTY;
const GLOBAL = PTE_GLOBAL;
const READ_WRITE = PTE_READ | PTE_WRITE;
const WRITE = PTE_WRITE;
const EVERYBODY = GLOBAL_SPACE;
const MARK_SHIFT = LEVEL_SHIFT;
const GRANTS = GRANTED;
const GRANTS_SHIFT = PRIVILEGE_SHIFT;
const STORE_BIT = STORE_GRANTED;
const KEYS_PER_PAGE = LEVELS;
const PAGES_PER_KEY = PER_LEVELS;
const EMPTY = NO_LEVEL;

export abstract class MissUnit extends TranslationUnit {
  private readonly first: Tlb | null;
  private readonly below: Tlb | null;
  private readonly belowOrder: Recency | null;
  private readonly slots: TlbSlots;
  private readonly firstWays: number;
  private readonly firstSetMask: number;
  private readonly belowBase: number;
  private readonly belowWays: number;
  private readonly belowSetMask: number;
  private readonly unified: boolean;
  private readonly frameScale: number;

  constructor(options: CpuOptions) {
    super(options);
    const { tlbs } = this;
    const first = tlbs === null ? null : tlbs.data;
    const below = tlbs === null ? null : tlbs.second;
    const isUsual = first !== null && first.policy === 'lru' && first.setMask >= 0;
    const isUsualBelow = below === null || (below.recency !== null && below.setMask >= 0);
    this.first = isUsual && isUsualBelow && this.walker.paths !== null ? first : null;
    this.below = below;
    this.belowOrder = below === null ? null : below.recency;
    this.slots = tlbs === null ? new TlbSlots(0) : tlbs.slots;
    this.firstWays = first === null ? 0 : first.ways;
    this.firstSetMask = first === null ? 0 : first.setMask;
    this.belowBase = below === null ? 0 : below.base;
    this.belowWays = below === null ? 0 : below.ways;
    this.belowSetMask = below === null ? 0 : below.setMask;
    this.unified = tlbs !== null && tlbs.instructions === first;
    this.frameScale = 1 / options.format.pageBytes;
  }

  /**
   * A load (or store, `kind`) that missed the soft TLB, within its page: physical address in near memory, counted and entered
   * everywhere. -1: not a usual one, nothing happened. `counted`: 1, or 0 for a retry, as in `reach`.
   */
  protected reachUsual(va: number, kind: AccessKind, counted: number): number {
    const { first, below, memory } = this;
    if (first === null || this.softAllowed !== true || first.levelsInUse > 1) return -1;
    // A TLB can be given a page outside of what the format translates; it is refused all the same.
    if (!this.isTranslatable(va)) return -1;
    const page = Math.floor(va * this.pageScale);
    const key = page * KEYS_PER_PAGE;
    const space = this.asids === true ? this.currentAsid : 0;
    const { doubles, words, count } = this.slots;
    const firstStart = (page & this.firstSetMask) * this.firstWays;
    const firstEnd = firstStart + this.firstWays;
    // Nobody but the kernel, asked about a fault, came between that and its retry.
    const isAbsent = counted === 0 && this.tlbs!.isAbsent(va, space);
    let slot = isAbsent ? firstEnd : firstStart;
    for (; slot < firstEnd; slot++) {
      if (doubles[slot] === key && (words[slot] === space || words[slot]! < 0)) break;
    }
    let from = -1;
    let belowSet = 0;
    let tag = 0;
    let mark = 0;
    let frame = 0;
    let at = -1;
    if (slot < firstEnd) {
      mark = words[count + slot]!;
      frame = doubles[2 * count + slot]! * this.format.pageBytes;
    } else {
      slot = -1;
      if (below !== null) {
        if (below.levelsInUse > 1) return -1;
        belowSet = page & this.belowSetMask;
        from = belowSet * this.belowWays + this.belowBase;
        const end = from + this.belowWays;
        if (isAbsent) from = end;
        for (; from < end; from++) {
          if (doubles[from] === key && (words[from] === space || words[from]! < 0)) break;
        }
        if (from === end) from = -1;
      }
      if (from !== -1) {
        tag = words[from]!;
        mark = words[count + from]!;
        frame = doubles[2 * count + from]! * this.format.pageBytes;
      } else {
        // The path, read again.
        const { paths } = this.walker;
        if (paths === null) return -1;
        const table = paths.find(this.rootAddress, va);
        if (table === -1) {
          this.tlbs!.noteAbsent(va, space);
          return -1;
        }
        const near = memory.nearWords;
        at = table + 2 * ((va >>> this.format.pageShift) & this.walker.leafMask);
        const low = near[at]! | 0;
        const high = near[at + 1]! | 0;
        const { codec } = this.walker.table;
        if (!codec.isPlainLeaf(low, high)) return this.refuseUsual(va, kind, counted, space, at);
        mark = codec.hardwareFlags(low, high);
        tag = (mark & GLOBAL) !== 0 ? EVERYBODY : space;
        frame = codec.frame(low, high) * this.format.pageBytes;
      }
    }
    const granted = GRANTS[(this.privilege << GRANTS_SHIFT) | (mark & 0xff)]!;
    if (((granted >> kind) & 1) === 0 || (mark & READ_WRITE) === WRITE || (mark & ACCESSED) === 0) {
      return at === -1 ? -1 : this.refuseUsual(va, kind, counted, space, at);
    }
    if (kind === STORING && (mark & DIRTY) === 0) return -1;
    if (!(frame < memory.nearFramesEnd)) return -1;
    const start = frame | 0;
    const offset = va & this.offsetMask;
    this.fetched = memory.nearWords[(start + offset) >>> 2]! | 0;

    const time = this.clock + 1;
    if (slot === -1) {
      // Least of the times: an empty slot's is less than all.
      slot = firstStart;
      let least = doubles[count + slot]!;
      for (let other = firstStart + 1; other < firstEnd; other++) {
        const stamp = doubles[count + other]!;
        if (stamp >= least) continue;
        least = stamp;
        slot = other;
      }
      const lost = words[count + slot]! >> MARK_SHIFT;
      if (from === -1) {
        const order = this.belowOrder;
        if (order !== null) {
          let into = 0;
          if (order.hasEmpty(belowSet)) into = below!.takeEmpty(belowSet);
          else {
            const victim = order.last(belowSet);
            order.turn(belowSet, victim);
            into = victim + this.belowBase;
          }
          doubles[into] = key;
          doubles[count + into] = time;
          doubles[2 * count + into] = frame * this.frameScale;
          words[into] = tag;
          words[count + into] = mark;
        }
        const { tally } = this;
        tally.tlbMisses += counted;
        tally.walks++;
        tally.pteReads += this.walker.table.levels;
      } else {
        doubles[count + from] = time;
        this.belowOrder!.use(from - this.belowBase);
        this.tally.l2TlbHits += counted;
      }
      // The soft TLB stays within the first level.
      if (lost === EMPTY) first.noteTaken(slot);
      else {
        const lostPage = (doubles[slot]! * PAGES_PER_KEY) | 0;
        this.soft.data.dropSlot(slot, lostPage, true);
        if (this.unified === true) this.soft.fetches.dropSlot(slot, lostPage, true);
      }
      doubles[slot] = key;
      doubles[2 * count + slot] = frame * this.frameScale;
      words[slot] = tag;
      words[count + slot] = mark;
      this.tlbs!.absent = Number.NaN;
    }
    doubles[count + slot] = time;
    this.clock = time;
    if (counted === 0) this.tally.uncountedTicks++;
    else if (kind === STORING) this.stores++;
    this.faulted = false;
    const data = this.soft.data;
    const low = (va | 0) >>> this.format.pageShift;
    const index = (low ^ (low >>> FOLD)) & INDEX_MASK;
    const address = va - offset;
    const { places } = data;
    data.tags[index] = (granted & 1) !== 0 ? address : Number.NaN;
    const stores = (granted & STORE_BIT) !== 0 && (mark & DIRTY) !== 0;
    data.storeTags[index] = stores ? address : Number.NaN;
    places[index] = slot;
    places[index + NEAR] = start;
    places[index + CHUNK] = 0;
    places[index + OFFSET] = start;
    data.used = true;
    if (stores) memory.markFrameWritten((frame * this.frameScale) | 0);
    return start + offset;
  }

  /**
   * The access is in no TLB, and the leaf whose first word is `at` is not as usual. REFUSED, after all that comes before the
   * kernel is asked, where it is not valid or its rights refuse; else -1.
   */
  private refuseUsual(va: number, kind: AccessKind, counted: number, space: number, at: number): number {
    const { tally, fault, privilege } = this;
    const { nearWords } = this.memory;
    const { codec, levels } = this.walker.table;
    const low = nearWords[at]! | 0;
    const high = nearWords[at + 1]! | 0;
    // The exact path need not look into the TLBs again.
    this.tlbs!.noteAbsent(va, space);
    let rule = NOT_PRESENT;
    if (codec.isValid(low, high)) {
      const mark = codec.hardwareFlags(low, high);
      const isPlain = codec.isPlainLeaf(low, high) && codec.isLeaf(low, high, 0) && (mark & READ_WRITE) !== WRITE;
      rule = isPlain ? refusal(mark, kind, privilege) : ALLOWED;
      if (rule === ALLOWED) return -1;
    }
    this.clock++;
    if (counted === 0) tally.uncountedTicks++;
    else if (kind === STORING) this.stores++;
    tally.tlbMisses += counted;
    tally.walks++;
    tally.pteReads += levels;
    fault.latchAccess(va, kind, this.user);
    fault.latchEntry(rule, 0, 4 * at, low >>> 0, high >>> 0);
    return REFUSED;
  }

  /** What `reachUsual` left (-1 or REFUSED) of a load or store that it was asked for: as `reach`. */
  protected reachUnusual(va: number, kind: AccessKind, left: number): number {
    let counted = true;
    let at = left;
    while (at === REFUSED) {
      if (!this.answered(va)) return -1;
      counted = false;
      at = this.reachUsual(va, kind, 0);
    }
    return at === -1 ? this.reach(va, kind, counted) : at;
  }
}
