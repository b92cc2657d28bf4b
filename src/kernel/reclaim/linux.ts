import { invariant } from '../../mmu/invariant.ts';
import { VmStat } from '../pressure/vmstat.ts';
import { ACTIVE, LIST_KINDS, UNEVICTABLE } from './lru-lists.ts';
import { LruState } from './lru-state.ts';
import { ReplayedPages } from './page-facts.ts';
import type { PolicyContext, ReplacementPolicy } from './policy.ts';
import { Scan, type ScanOptions } from './scan.ts';
import { DEFAULT_PRIORITY } from './scan-counts.ts';

/** Linux MAX_RECLAIM_RETRIES: so often everything is looked at before reclaim gives up. */
export const RETRIES = 16;

/**
 * Linux's page reclaim [mm/vmscan.c, mm/swap.c, mm/workingset.c], without generations (MGLRU): an active and an inactive
 * list each for anonymous memory and for files, in every memory group.
 *
 * ```
 *   loaded ──► inactive ··· back: not used since? ──► leaves, and leaves a shadow
 *                ▲  │            used: one more round; used twice: ─┐         │ comes back soon
 *                │  └──────────────────────────────────────────► active ◄─────┘
 *                └────────── while the inactive list is the shorter one
 * ```
 *
 * The lists and what moves pages between them outside of reclaim: lru-state.ts. One pass over them: scan.ts, batch.ts. Which pages
 * leave: judge.ts. How much is looked at: scan-counts.ts. Pages that come back: refault.ts.
 *
 * As a policy it reclaims one page for each that is asked for, looking at ever larger parts of the lists (priority 12 … 0)
 * until one can leave. A kernel asks for many at once (shrink.ts) and tells it what becomes of pages meanwhile.
 *
 * - I1: every page is on exactly one list, of the group that pays for it
 * - I2: a page on an active list is marked active, one on an inactive list is not
 * - I3: a page that nobody locked may be on the unevictable list only where nobody has told of the unlocking
 */
export class LinuxPolicy implements ReplacementPolicy {
  readonly name = 'linux';
  readonly needsTouch = false;
  readonly state: LruState;
  /** The reclaim under way. */
  private scan: Scan | null = null;
  private retries = 0;
  /** An active list was left alone that could have been shortened. */
  private spared = false;

  constructor(context: PolicyContext) {
    const pages = context.pages ?? new ReplayedPages(context.references);
    this.state = new LruState(context.slots, pages, context.stat ?? new VmStat());
  }

  get resident(): number {
    return this.state.lists.size;
  }

  admit(slot: number, page: number): void {
    this.state.enter(slot, page);
  }

  touch(slot: number): void {
    invariant(this.holds(slot), 'only a resident page is referenced');
  }

  victim(): number {
    if (this.resident === 0) return -1;
    this.scan ??= this.singleScan(DEFAULT_PRIORITY, false);
    for (;;) {
      const slot = this.scan.next();
      if (slot >= 0) return slot;
      const harder = this.harder(this.scan);
      if (harder === null) {
        this.finish();
        return -1;
      }
      this.scan = harder;
    }
  }

  skip(slot: number): void {
    invariant(this.holds(slot), 'only a resident slot is skipped');
    if (this.scan?.chosen === slot) this.scan.kept();
    else {
      this.state.pages.setActive(slot, true);
      this.state.placeAgain(slot);
    }
  }

  remove(slot: number): void {
    invariant(this.holds(slot), 'only a resident slot is removed');
    const { scan, state } = this;
    if (scan === null || scan.chosen !== slot) {
      state.leave(slot);
      return;
    }
    if (!state.pages.announcesEvictions) this.evicting(slot);
    state.leave(slot);
    scan.left();
    // The rest of the round: active pages of a list that has become short are deactivated.
    if (scan.options.single === true && scan.isDone && scan.next() < 0) this.finish();
  }

  holds(slot: number): boolean {
    return this.state.lists.has(slot);
  }

  hand(): number {
    return -1;
  }

  /** As the lists stand: inactive before active ones, each from its back; locked pages last. */
  order(): number[] {
    const { lists, groups } = this.state;
    const kinds = [2, 0, 3, 1, UNEVICTABLE];
    return kinds.flatMap((kind) =>
      Array.from({ length: groups }, (_, group) => lists.toArray(group * LIST_KINDS + kind)).flat(),
    );
  }

  note(slot: number): string {
    const kind = this.state.kindOf(slot);
    return kind === UNEVICTABLE ? 'unevictable' : (kind & ACTIVE) !== 0 ? 'active' : 'inactive';
  }

  checkInvariants(): string[] {
    const { lists, pages } = this.state;
    const broken = new Set(lists.checkInvariants());
    for (const slot of this.order()) {
      const kind = this.state.kindOf(slot);
      if (this.state.groupOf(slot) !== pages.groupOf(slot))
        broken.add('linux: a page is on the lists of who pays for it');
      if (kind === UNEVICTABLE) continue;
      if (pages.isActive(slot) !== ((kind & 1) !== 0)) broken.add('linux: the pages marked active are on active lists');
      if (pages.isFile(slot) !== ((kind & 2) !== 0)) broken.add('linux: a page is on a list of its kind');
    }
    return [...broken];
  }

  /** Why the page leaves: null when it was not reclaim that chose it. */
  why(slot: number, whose = ''): string | null {
    return this.scan?.chosen === slot ? this.scan.why(whose) : null;
  }

  /** The page is being evicted, and can still be asked where its shadow goes. */
  evicting(slot: number): void {
    const group = this.scan?.chosen === slot ? this.scan.options.group : -1;
    this.state.leaveShadow(slot, Math.max(group, 0));
  }

  /** Begin a pass for many pages. */
  begin(options: ScanOptions): Scan {
    this.scan = new Scan(this.state, options);
    return this.scan;
  }

  /** Reclaim is over for now: what comes back from here on tells of a new workingset [mm/vmscan.c:snapshot_refaults]. */
  finish(): void {
    const record = this.state.recordOf(Math.max(this.scan?.options.group ?? 0, 0));
    record.seenAnon = record.activatedAnon;
    record.seenFile = record.activatedFile;
    this.scan = null;
    this.retries = 0;
    this.spared = false;
  }

  private singleScan(priority: number, force: boolean): Scan {
    return new Scan(this.state, { group: -1, priority, wanted: 1, by: 'direct', single: true, force });
  }

  /** The pass to try next: one priority on, then all over; null when nothing can leave. */
  private harder({ options, skippedActive }: Scan): Scan | null {
    this.spared ||= skippedActive;
    if (options.priority > 0) return this.singleScan(options.priority - 1, options.force === true);
    if (this.retries++ === RETRIES) return null;
    return this.singleScan(DEFAULT_PRIORITY, options.force === true || this.spared);
  }
}
