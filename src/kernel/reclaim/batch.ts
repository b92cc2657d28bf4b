/**
 * Up to 32 pages at the back of one list, looked at one by one [mm/vmscan.c:shrink_inactive_list, shrink_active_list].
 *
 *     inactive list   judge.ts says of each: it is taken, goes to an active list, or to the front for another round
 *     active list     each goes to the front of the inactive list; code that was used stays
 *     either          a locked page goes to the unevictable ones
 *
 * A page to be taken is named by `next` and stays at the back until the batch is told what became of it.
 */
import { judge, TAKE } from './judge.ts';
import { ACTIVE, FILE, INACTIVE_ANON, LIST_KINDS, UNEVICTABLE } from './lru-lists.ts';
import type { LruState } from './lru-state.ts';
import { EXECUTABLE } from './page-facts.ts';

/** Who reclaims, as /proc/vmstat counts it: a group's own reclaim counts as neither of the others. */
export type Reclaimer = 'kswapd' | 'direct' | 'group';

export class Batch {
  /** The page that `next` named, until it is told what became of it. */
  chosen = -1;
  private readonly state: LruState;
  private readonly group: number;
  private readonly kind: number;
  /** For whose limit; -1: for all memory. */
  private readonly target: number;
  private remaining: number;
  private looked = 0;
  private taken = 0;
  /** Of these, pages that had to be written. */
  private io = 0;
  /** Code that stayed active. */
  private rotated = 0;

  constructor(state: LruState, group: number, kind: number, target: number, pages: number) {
    this.state = state;
    this.group = group;
    this.kind = kind;
    this.target = target;
    this.remaining = Math.min(pages, state.lists.sizeOf(group * LIST_KINDS + kind));
  }

  /** The next page to take; -1 when all have been looked at. */
  next(): number {
    while (this.chosen < 0 && this.remaining > 0) {
      this.remaining--;
      const slot = this.state.lists.back(this.group * LIST_KINDS + this.kind);
      if (slot < 0) break;
      this.looked++;
      if ((this.kind & ACTIVE) !== 0) this.lookAtActive(slot);
      else if (this.lookAtInactive(slot)) this.chosen = slot;
    }
    return this.chosen;
  }

  /** The page chosen was evicted. `last`: no more are wanted. */
  left(last: boolean): void {
    this.chosen = -1;
    this.taken++;
    if (last) this.remaining = 0;
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

  /** All have been looked at: what that tells for the counters and the next balance of the kinds. */
  close(by: Reclaimer): void {
    const { state, group, looked, taken } = this;
    const { stat } = state;
    const isFile = (this.kind & FILE) !== 0;
    if ((this.kind & ACTIVE) !== 0) {
      stat.pgrefill += looked;
      if (this.rotated > 0) state.noteCost(group, isFile, 0, this.rotated);
      return;
    }
    stat[isFile ? 'pgscan_file' : 'pgscan_anon'] += looked;
    stat[isFile ? 'pgsteal_file' : 'pgsteal_anon'] += taken;
    if (by !== 'group') {
      stat[`pgscan_${by}`] += looked;
      stat[`pgsteal_${by}`] += taken;
    }
    if (looked > 0) state.noteCost(group, isFile, this.io, looked - taken);
  }

  /** Why the page chosen leaves, for a person. `whose`: how the list is told from other groups', such as ` of group g`. */
  why(priority: number, whose: string): string {
    const what = this.kind === INACTIVE_ANON ? 'anonymous pages' : 'pages of files';
    return `it was at the end of the inactive list of ${what}${whose} and had not been used since the last look (priority ${priority})`;
  }

  /** Is the page to leave? If not, it has been put where it belongs. */
  private lookAtInactive(slot: number): boolean {
    const { state, group, kind } = this;
    const verdict = judge(state.pages, slot, this.target);
    if (verdict === TAKE) {
      if (state.pages.mustBeWritten(slot)) this.io++;
      return true;
    }
    if (verdict === 'stay') state.lists.moveToFront(slot, group * LIST_KINDS + kind);
    else this.activate(slot);
    return false;
  }

  private lookAtActive(slot: number): void {
    const { state, group, kind } = this;
    const { lists, pages } = state;
    if (pages.isLocked(slot)) {
      lists.moveToFront(slot, group * LIST_KINDS + UNEVICTABLE);
      return;
    }
    const references = pages.takeReferences(slot, this.target);
    if (references >= EXECUTABLE && (kind & FILE) !== 0) {
      this.rotated++;
      lists.moveToFront(slot, group * LIST_KINDS + kind);
      state.tick(group);
      return;
    }
    pages.setActive(slot, false);
    state.workingset.add(slot);
    state.stat.pgdeactivate++;
    lists.moveToFront(slot, group * LIST_KINDS + kind - ACTIVE);
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
