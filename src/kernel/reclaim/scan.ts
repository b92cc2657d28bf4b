/**
 * One pass of reclaim at one priority [mm/vmscan.c:shrink_node_memcgs, shrink_lruvec, shrink_list].
 *
 *     for each group:   how much of each list (scan-counts.ts)
 *        in rounds:     up to 32 pages of inactive anon, active anon, inactive file, active file, in this order
 *           inactive    a page at the back is taken, activated, or gets another round (judge.ts)
 *           active      a page at the back goes to the inactive list, while that is short; code in use stays
 *        enough taken:  of the kind with less left nothing more, of the other in proportion
 *        at the end:    some anonymous pages are deactivated if too few are inactive
 *
 * The pass stops at each page it would take, and asks: `next` names it, then it leaves (`left`), stays (`kept`) or is
 * being written (`written`). In between, state is only what is below, so that a machine may be copied at any time.
 */
import { findingOf, judge, TAKE, type Verdict } from './judge.ts';
import { ACTIVE, ACTIVE_ANON, FILE, INACTIVE_ANON, INACTIVE_FILE, LIST_KINDS, UNEVICTABLE } from './lru-lists.ts';
import { CLUSTER, type LruState } from './lru-state.ts';
import { EXECUTABLE } from './page-facts.ts';
import { DEFAULT_PRIORITY, isInactiveLow, type ScanControl, type ScanCounts, scanCounts } from './scan-counts.ts';

export interface ScanOptions {
  /** For which group's limit; -1: for all memory, so that all groups are looked at. */
  readonly group: number;
  readonly priority: number;
  /** Pages to free. */
  readonly wanted: number;
  /** Who reclaims, as /proc/vmstat counts it; `group` counts as neither. */
  readonly by: 'kswapd' | 'direct' | 'group';
  /** Instead of the group's or the machine's. */
  readonly swappiness?: number;
  /** May anonymous pages be swapped? Default: yes. */
  readonly maySwap?: boolean;
  /** Nothing else helped: deactivate whatever the lists' lengths. */
  readonly force?: boolean;
  /** One page is wanted, and looking ends with it. */
  readonly single?: boolean;
}

export class Scan {
  readonly options: ScanOptions;
  /** Pages that left. */
  reclaimed = 0;
  /** An active list was left alone that could have been shortened. */
  skippedActive = false;
  /** The page that `next` named, until it is told what became of it. */
  chosen = -1;
  private readonly state: LruState;
  private readonly control: ScanControl;
  private readonly mayDeactivate: readonly [anon: boolean, file: boolean];
  private group: number;
  private counts: ScanCounts = [0, 0, 0, 0];
  private targets: ScanCounts = [0, 0, 0, 0];
  /** Position in the round: the kind whose turn is next, 4 at its end. */
  private turn = 4;
  private inGroup = false;
  private inProportion = false;
  /** The pages being looked at: kind of list, how many are left to look at, and what came of the others. */
  private kind = -1;
  private remaining = 0;
  private looked = 0;
  private taken = 0;
  private io = 0;
  private rotated = 0;

  constructor(state: LruState, options: ScanOptions) {
    this.state = state;
    this.options = options;
    const { group, priority } = options;
    const target = Math.max(group, 0);
    const record = state.recordOf(target);
    const sizes = state.totalsOf(target);
    const { pages } = state;
    const part = (size: number) => Math.floor(size / 2 ** priority);
    const force = options.force === true;
    const isLow = (inactive: number, active: number) => isInactiveLow(inactive, active, pages.pageBytes);
    const anon = force || record.activatedAnon !== record.seenAnon || isLow(sizes.inactiveAnon, sizes.activeAnon);
    const file = force || record.activatedFile !== record.seenFile || isLow(sizes.inactiveFile, sizes.activeFile);
    this.mayDeactivate = [anon, file];
    this.control = {
      priority,
      swappiness: options.swappiness ?? pages.swappinessOf(target),
      canSwap: options.maySwap !== false && pages.canSwap,
      forGroup: group >= 0,
      fileIsTiny:
        group < 0 &&
        sizes.inactiveFile + sizes.activeFile + pages.freeAboveHigh <= 0 &&
        !anon &&
        part(sizes.inactiveAnon) > 0,
      trimsCache: part(sizes.inactiveFile) > 0 && !file,
      anonCost: record.anonCost,
      fileCost: record.fileCost,
    };
    this.group = group < 0 ? -1 : group - 1;
  }

  get isDone(): boolean {
    return this.reclaimed >= this.options.wanted;
  }

  /** The next page to take, or -1 at the end of the pass. */
  next(): number {
    if (this.chosen >= 0) return this.chosen;
    for (;;) {
      if (this.remaining > 0) {
        this.chosen = (this.kind & ACTIVE) === 0 ? this.lookAtInactive() : this.lookAtActive();
        if (this.chosen >= 0) return this.chosen;
      } else {
        this.closeBatch();
        if (!this.openNext()) return -1;
      }
    }
  }

  /** The page chosen was evicted. */
  left(): void {
    this.chosen = -1;
    this.reclaimed++;
    this.taken++;
    if (this.isDone && this.options.single === true) this.remaining = 0;
  }

  /** The page chosen could not leave: it is active, or locked [mm/vmscan.c:shrink_folio_list, activate_locked]. */
  kept(): void {
    const slot = this.chosen;
    this.chosen = -1;
    this.activate(slot);
  }

  /** The page chosen is on its way to a device, and leaves when it is found unused again. */
  written(): void {
    const slot = this.chosen;
    this.chosen = -1;
    this.state.lists.moveToFront(slot, this.state.lists.listOf(slot));
  }

  /** Why the page chosen leaves. */
  why(): string {
    return findingOf(this.state, this.kind, this.group, this.options.priority);
  }

  /** Which list's turn it is; false at the end of the pass. */
  private openNext(): boolean {
    for (;;) {
      while (this.turn < 4) if (this.open(this.turn++)) return true;
      if (this.inGroup) {
        const { counts } = this;
        if (this.isDone && !this.inProportion && !this.isProportional) this.proportion();
        if (counts[INACTIVE_ANON] + counts[INACTIVE_FILE] + counts[INACTIVE_FILE + ACTIVE]! > 0) {
          this.turn = 0;
          continue;
        }
        this.inGroup = false;
        if (this.deactivatesAtEnd()) return this.openBatch(ACTIVE_ANON, CLUSTER);
      }
      if (!this.enterNextGroup()) return false;
    }
  }

  private get isProportional(): boolean {
    const { group, by, priority } = this.options;
    return group < 0 && by !== 'kswapd' && priority === DEFAULT_PRIORITY;
  }

  private enterNextGroup(): boolean {
    const { options, state } = this;
    // Only the background reclaimer treats all groups alike; who waits for memory goes on when he has it.
    const isLast = options.group >= 0 ? this.group === options.group : this.group + 1 >= state.groups;
    if (isLast || (this.isDone && options.by !== 'kswapd')) return false;
    this.group++;
    this.counts = scanCounts(this.control, state.sizesOf(this.group));
    this.targets = [...this.counts];
    this.inGroup = true;
    this.inProportion = false;
    this.turn = 4;
    return true;
  }

  private deactivatesAtEnd(): boolean {
    const { inactiveAnon, activeAnon } = this.state.totalsOf(this.group);
    return this.state.pages.canSwap && isInactiveLow(inactiveAnon, activeAnon, this.state.pages.pageBytes);
  }

  /** Enough is free: of the kind that has less left nothing more, and the other one as far as this one had come. */
  private proportion(): void {
    const { counts, targets } = this;
    const anon = counts[0] + counts[1];
    const file = counts[2] + counts[3];
    this.inProportion = true;
    if (anon === 0 || file === 0 || this.options.single === true) {
      counts.fill(0);
      return;
    }
    const less = file > anon ? 0 : FILE;
    const more = FILE - less;
    const due = targets[less]! + targets[less + ACTIVE]! + 1;
    const rest = Math.floor((Math.min(anon, file) * 100) / due);
    counts[less] = 0;
    counts[less + ACTIVE] = 0;
    for (const kind of [more, more + ACTIVE]) {
      const target = targets[kind]!;
      const scanned = target - counts[kind]!;
      const wanted = Math.floor((target * (100 - rest)) / 100);
      counts[kind] = wanted - Math.min(wanted, scanned);
    }
  }

  private open(kind: number): boolean {
    const due = Math.min(this.counts[kind]!, CLUSTER);
    if (due === 0) return false;
    this.counts[kind]! -= due;
    if ((kind & ACTIVE) === 0) return this.isDone && this.options.single === true ? false : this.openBatch(kind, due);
    if (this.mayDeactivate[(kind & FILE) === 0 ? 0 : 1]) return this.openBatch(kind, due);
    this.skippedActive = true;
    return false;
  }

  private openBatch(kind: number, pages: number): boolean {
    this.kind = kind;
    this.remaining = Math.min(pages, this.state.lists.sizeOf(this.group * LIST_KINDS + kind));
    return true;
  }

  /** What the pages looked at tell for the counters and the next balance. */
  private closeBatch(): void {
    const { state, kind, looked, taken } = this;
    if (kind < 0 || looked === 0) return;
    const isFile = (kind & FILE) !== 0;
    if ((kind & ACTIVE) === 0) {
      const { stat } = state;
      const { by } = this.options;
      stat[isFile ? 'pgscan_file' : 'pgscan_anon'] += looked;
      stat[isFile ? 'pgsteal_file' : 'pgsteal_anon'] += taken;
      if (by !== 'group') {
        stat[`pgscan_${by}`] += looked;
        stat[`pgsteal_${by}`] += taken;
      }
      state.noteCost(this.group, isFile, this.io, looked - taken);
    } else {
      state.stat.pgrefill += looked;
      if (this.rotated > 0) state.noteCost(this.group, isFile, 0, this.rotated);
    }
    this.kind = -1;
    this.looked = 0;
    this.taken = 0;
    this.io = 0;
    this.rotated = 0;
  }

  /** The page at the back of the batch's list, which it is looked at now; -1 when it has got away. */
  private take(): number {
    this.remaining--;
    const slot = this.state.lists.back(this.group * LIST_KINDS + this.kind);
    if (slot < 0) this.remaining = 0;
    else this.looked++;
    return slot;
  }

  /** The page if it is to leave, else -1: it has been put where it belongs. */
  private lookAtInactive(): number {
    const { state, kind } = this;
    const slot = this.take();
    if (slot < 0) return -1;
    const verdict: Verdict = judge(state.pages, slot, this.options.group);
    if (verdict === TAKE) {
      if (state.pages.mustBeWritten(slot)) this.io++;
      return slot;
    }
    if (verdict === 'stay') state.lists.moveToFront(slot, this.group * LIST_KINDS + kind);
    else this.activate(slot);
    return -1;
  }

  /** [mm/vmscan.c:shrink_active_list] */
  private lookAtActive(): number {
    const { state, kind, group } = this;
    const { lists, pages } = state;
    const slot = this.take();
    if (slot < 0) return -1;
    if (pages.isLocked(slot)) {
      lists.moveToFront(slot, group * LIST_KINDS + UNEVICTABLE);
      return -1;
    }
    const references = pages.takeReferences(slot, this.options.group);
    if (references >= EXECUTABLE && (kind & FILE) !== 0) {
      this.rotated++;
      lists.moveToFront(slot, group * LIST_KINDS + kind);
      state.tick(group);
      return -1;
    }
    pages.setActive(slot, false);
    state.workingset.add(slot);
    state.stat.pgdeactivate++;
    lists.moveToFront(slot, group * LIST_KINDS + kind - ACTIVE);
    return -1;
  }

  /** To the active list that the page belongs to, or to the locked ones. */
  private activate(slot: number): void {
    const { state, group } = this;
    const { lists, pages } = state;
    if (pages.isLocked(slot)) {
      lists.moveToFront(slot, group * LIST_KINDS + UNEVICTABLE);
      return;
    }
    pages.setActive(slot, true);
    lists.moveToFront(slot, group * LIST_KINDS + (pages.isFile(slot) ? FILE : 0) + ACTIVE);
    state.stat.pgactivate++;
    state.tick(group);
  }
}
