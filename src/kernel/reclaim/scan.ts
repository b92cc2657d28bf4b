/**
 * One pass of reclaim at one priority [mm/vmscan.c:shrink_node_memcgs, shrink_lruvec, shrink_list].
 *
 *     for each group:   how much of each list (scan-counts.ts)
 *        in rounds:     up to 32 pages each of inactive anon, active anon, inactive file, active file (batch.ts)
 *                       an active list only while the inactive one is short
 *        enough taken:  of the kind with less left nothing more, of the other in proportion
 *        at the end:    some anonymous pages are deactivated if too few are inactive
 *
 * The pass stops at each page it would take, and asks: `next` names it, then it leaves (`left`), stays (`kept`) or is
 * being written (`written`). All state is in fields, so that a machine may be copied in between.
 */
import { Batch, type Reclaimer } from './batch.ts';
import { ACTIVE, ACTIVE_ANON, FILE } from './lru-lists.ts';
import { CLUSTER, type LruState } from './lru-state.ts';
import { DEFAULT_PRIORITY, isInactiveLow, type ScanControl, type ScanCounts, scanCounts } from './scan-counts.ts';

export interface ScanOptions {
  /** For which group's limit; -1: for all memory, so that all groups are looked at. */
  readonly group: number;
  readonly priority: number;
  /** Pages to free. */
  readonly wanted: number;
  readonly by: Reclaimer;
  /** Instead of the group's or the machine's. */
  readonly swappiness?: number;
  /** May anonymous pages be swapped? Default: yes. */
  readonly maySwap?: boolean;
  /** Nothing else helped: deactivate whatever the lists' lengths. */
  readonly force?: boolean;
  /** One page is wanted, and looking for more ends with it. */
  readonly single?: boolean;
}

/** Turns of a round, one for each kind of list. */
const TURNS = 4;

export class Scan {
  readonly options: ScanOptions;
  /** Pages that left. */
  reclaimed = 0;
  /** An active list was left alone that could have been shortened. */
  skippedActive = false;
  private readonly state: LruState;
  private readonly mayDeactivate: readonly [anon: boolean, file: boolean];
  private readonly control: ScanControl;
  /** The group whose lists are looked at, and whether it has had its rounds. */
  private group: number;
  private inRounds = false;
  /** Pages still to look at, and to begin with. */
  private counts: ScanCounts = [0, 0, 0, 0];
  private targets: ScanCounts = [0, 0, 0, 0];
  private inProportion = false;
  private turn = TURNS;
  private batch: Batch | null = null;

  constructor(state: LruState, options: ScanOptions) {
    this.state = state;
    this.options = options;
    this.mayDeactivate = whatMayAge(state, options);
    this.control = controlOf(state, options, this.mayDeactivate);
    this.group = Math.max(options.group, 0) - 1;
  }

  get isDone(): boolean {
    return this.reclaimed >= this.options.wanted;
  }

  /** The page that `next` named, until it is told what became of it; -1. */
  get chosen(): number {
    return this.batch?.chosen ?? -1;
  }

  /** The next page to take, or -1 at the end of the pass. */
  next(): number {
    for (;;) {
      const slot = this.batch?.next() ?? -1;
      if (slot >= 0) return slot;
      this.batch?.close(this.options.by);
      this.batch = this.nextBatch();
      if (this.batch === null) return -1;
    }
  }

  /** The page chosen was evicted. */
  left(): void {
    this.reclaimed++;
    this.batch?.left(this.endsEarly);
  }

  kept(): void {
    this.batch?.kept();
  }

  written(): void {
    this.batch?.written();
  }

  why(whose: string): string {
    return this.batch?.why(this.options.priority, whose) ?? '';
  }

  /** Whose turn it is; null at the end of the pass. */
  private nextBatch(): Batch | null {
    for (;;) {
      while (this.turn < TURNS) {
        const batch = this.turnOf(this.turn++);
        if (batch !== null) return batch;
      }
      if (this.inRounds) {
        if (this.isDone && !this.inProportion && !this.isBroad) this.proportion();
        const [inactiveAnon, , inactiveFile, activeFile] = this.counts;
        this.inRounds = inactiveAnon + inactiveFile + activeFile > 0;
        this.turn = this.inRounds ? 0 : TURNS;
        if (this.inRounds) continue;
        if (this.deactivatesAtEnd()) return this.batchOf(ACTIVE_ANON, CLUSTER);
      }
      if (!this.enterNextGroup()) return null;
    }
  }

  private turnOf(kind: number): Batch | null {
    const due = Math.min(this.counts[kind]!, CLUSTER);
    if (due === 0) return null;
    this.counts[kind]! -= due;
    if ((kind & ACTIVE) === 0) return this.endsEarly ? null : this.batchOf(kind, due);
    if (this.mayDeactivate[(kind & FILE) === 0 ? 0 : 1]) return this.batchOf(kind, due);
    this.skippedActive = true;
    return null;
  }

  private batchOf(kind: number, pages: number): Batch {
    return new Batch(this.state, this.group, kind, this.options.group, pages);
  }

  private get endsEarly(): boolean {
    return this.isDone && this.options.single === true;
  }

  /** The first pass of a task that needs memory looks at all that is due, however much it finds. */
  private get isBroad(): boolean {
    const { group, by, priority, single } = this.options;
    return group < 0 && by !== 'kswapd' && priority === DEFAULT_PRIORITY && single !== true;
  }

  private enterNextGroup(): boolean {
    const { options, state } = this;
    const isLast = options.group >= 0 ? this.group === options.group : this.group + 1 >= state.groups;
    // Only the background reclaimer treats all groups alike; who waits for memory goes on when he has it.
    if (isLast || (this.isDone && options.by !== 'kswapd')) return false;
    this.group++;
    this.counts = scanCounts(this.control, state.sizesOf(this.group));
    this.targets = [...this.counts];
    this.inRounds = true;
    this.inProportion = false;
    return true;
  }

  private deactivatesAtEnd(): boolean {
    const { pages } = this.state;
    const { inactiveAnon, activeAnon } = this.state.totalsOf(this.group);
    return pages.canSwap && isInactiveLow(inactiveAnon, activeAnon, pages.pageBytes);
  }

  /** Enough is free: of the kind that has less left nothing more, and of the other one as much as that one had. */
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
}

/** Whose limit, or 0 for all memory. */
const targetOf = ({ group }: ScanOptions): number => Math.max(group, 0);

/** May active pages be deactivated: are too few inactive, or do pages come back that should have stayed? */
function whatMayAge(state: LruState, options: ScanOptions): readonly [anon: boolean, file: boolean] {
  if (options.force === true) return [true, true];
  const record = state.recordOf(targetOf(options));
  const { inactiveAnon, activeAnon, inactiveFile, activeFile } = state.totalsOf(targetOf(options));
  const { pageBytes } = state.pages;
  return [
    record.activatedAnon !== record.seenAnon || isInactiveLow(inactiveAnon, activeAnon, pageBytes),
    record.activatedFile !== record.seenFile || isInactiveLow(inactiveFile, activeFile, pageBytes),
  ];
}

/** [mm/vmscan.c:prepare_scan_control] */
function controlOf(
  state: LruState,
  options: ScanOptions,
  [ageAnon, ageFile]: readonly [anon: boolean, file: boolean],
): ScanControl {
  const { pages } = state;
  const target = targetOf(options);
  const record = state.recordOf(target);
  const { inactiveAnon, inactiveFile, activeFile } = state.totalsOf(target);
  const hasDue = (size: number) => Math.floor(size / 2 ** options.priority) > 0;
  const forGroup = options.group >= 0;
  return {
    priority: options.priority,
    swappiness: options.swappiness ?? pages.swappinessOf(target),
    canSwap: options.maySwap !== false && pages.canSwap,
    forGroup,
    // Were they all reclaimed there would still be too little free: it is the anonymous pages that crowd memory.
    fileIsTiny: !forGroup && inactiveFile + activeFile + pages.freeAboveHigh <= 0 && !ageAnon && hasDue(inactiveAnon),
    trimsCache: hasDue(inactiveFile) && !ageFile,
    anonCost: record.anonCost,
    fileCost: record.fileCost,
  };
}
