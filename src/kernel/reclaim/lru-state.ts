/**
 * The lists of all groups with what moves a page from one to another outside of reclaim [mm/swap.c, mm/workingset.c].
 *
 *     admitted ───────────────► inactive ──second use, or refaulted early──► active
 *         │ locked                 ▲   ◄──MADV_COLD, found unused ───────────  │
 *         ▼                        │ unlocked                                  │
 *     unevictable ─────────────────┴───────────────◄──── locked ───────────────┘
 *
 * Given up by MADV_FREE, an anonymous page moves to the inactive list of files: it leaves without swap, as they do.
 */
import { invariant } from '../../mmu/invariant.ts';
import type { VmStat } from '../pressure/vmstat.ts';
import {
  ACTIVE,
  ACTIVE_ANON,
  ACTIVE_FILE,
  FILE,
  INACTIVE_ANON,
  INACTIVE_FILE,
  LIST_KINDS,
  LruLists,
  UNEVICTABLE,
} from './lru-lists.ts';
import type { PageFacts } from './page-facts.ts';
import { GroupRecord, isRecent, type ListSizes, packShadow, unpackShadow } from './refault.ts';

/** Linux SWAP_CLUSTER_MAX: pages looked at in one go, and freed at least when any are wanted. */
export const CLUSTER = 32;

export class LruState {
  readonly lists: LruLists;
  readonly pages: PageFacts;
  readonly stat: VmStat;
  /** By group. */
  private readonly records: GroupRecord[] = [];
  /** Pages that were on an active list before (Linux PG_workingset). */
  readonly workingset = new Set<number>();

  constructor(slots: number, pages: PageFacts, stat: VmStat) {
    this.lists = new LruLists(slots);
    this.pages = pages;
    this.stat = stat;
  }

  recordOf(group: number): GroupRecord {
    while (this.records.length <= group) this.records.push(new GroupRecord());
    return this.records[group]!;
  }

  /** Groups that have, or had, pages. */
  get groups(): number {
    return Math.ceil(this.lists.count / LIST_KINDS);
  }

  kindOf(slot: number): number {
    return this.lists.listOf(slot) % LIST_KINDS;
  }

  groupOf(slot: number): number {
    return Math.floor(this.lists.listOf(slot) / LIST_KINDS);
  }

  /** Pages on the group's own lists. */
  sizesOf(group: number): ListSizes {
    const { lists } = this;
    const first = group * LIST_KINDS;
    return {
      inactiveAnon: lists.sizeOf(first + INACTIVE_ANON),
      activeAnon: lists.sizeOf(first + ACTIVE_ANON),
      inactiveFile: lists.sizeOf(first + INACTIVE_FILE),
      activeFile: lists.sizeOf(first + ACTIVE_FILE),
    };
  }

  /** The same; for the root, those of all groups together. */
  totalsOf(group: number): ListSizes {
    if (group !== 0) return this.sizesOf(group);
    const sum = { inactiveAnon: 0, activeAnon: 0, inactiveFile: 0, activeFile: 0 };
    for (let index = 0; index < this.groups; index++) {
      const sizes = this.sizesOf(index);
      sum.inactiveAnon += sizes.inactiveAnon;
      sum.activeAnon += sizes.activeAnon;
      sum.inactiveFile += sizes.inactiveFile;
      sum.activeFile += sizes.activeFile;
    }
    return sum;
  }

  /** A page is in memory from now on: new, or back from where it left its shadow. */
  enter(slot: number, page: number): void {
    invariant(!this.lists.has(slot), 'a page is admitted to an empty slot');
    const { pages } = this;
    this.workingset.delete(slot);
    const group = pages.groupOf(slot);
    const isFile = pages.isFile(slot);
    const shadow = pages.takeShadow(slot, page);
    if (shadow !== 0 && this.refault(slot, group, isFile, shadow)) pages.setActive(slot, true);
    this.lists.pushFront(slot, group * LIST_KINDS + this.placeOf(slot));
  }

  leave(slot: number): void {
    this.lists.unlink(slot);
    this.workingset.delete(slot);
  }

  /** The page is being evicted for `target` (0: for all memory): leave its shadow. */
  leaveShadow(slot: number, target: number): void {
    const { age } = this.recordOf(target);
    this.tick(target);
    const workingset = this.workingset.has(slot);
    this.pages.putShadow(slot, packShadow({ age, workingset, group: target }));
  }

  /** Paged out by the program's wish, and written: nobody needs it, so it is the next to leave [mm/swap.c:lru_move_tail]. */
  rotate(slot: number): void {
    const kind = this.kindOf(slot);
    if (!this.lists.has(slot) || kind === UNEVICTABLE) return;
    const wasActive = (kind & ACTIVE) !== 0;
    if (wasActive) this.workingset.add(slot);
    this.pages.setActive(slot, false);
    this.lists.moveToBack(slot, this.lists.listOf(slot) - (wasActive ? ACTIVE : 0));
    this.stat.pgrotated++;
  }

  /**
   * The page was marked active or not (used twice by system calls, MADV_COLD), locked, unlocked, given up by MADV_FREE or is
   * needed after all: to the list it belongs to now [mm/swap.c:lru_activate, lru_deactivate, lru_lazyfree].
   */
  placeAgain(slot: number): void {
    if (!this.lists.has(slot)) return;
    const kind = this.kindOf(slot);
    const place = this.placeOf(slot);
    if (place === kind) return;
    if (kind <= ACTIVE_ANON && place === INACTIVE_FILE) this.stat.pglazyfree++;
    else if (kind !== UNEVICTABLE && (kind & ACTIVE) !== 0 && place === kind - ACTIVE) this.stat.pgdeactivate++;
    else if (kind !== UNEVICTABLE && (kind & ACTIVE) === 0 && place === kind + ACTIVE) {
      this.stat.pgactivate++;
      this.tick(this.groupOf(slot));
    }
    this.lists.moveToFront(slot, this.groupOf(slot) * LIST_KINDS + place);
  }

  /** Reclaim had its page written, or looked in vain: this kind is the dearer [mm/swap.c:lru_note_cost]. */
  noteCost(group: number, isFile: boolean, io: number, rotated: number): void {
    const cost = io * CLUSTER + rotated;
    this.addCost(group, isFile, cost);
    if (group !== 0) this.addCost(0, isFile, cost);
  }

  /** A page was evicted from or activated in the group: its clock ticks [mm/workingset.c:workingset_age_nonresident]. */
  tick(group: number): void {
    this.recordOf(group).age++;
    if (group !== 0) this.recordOf(0).age++;
  }

  private addCost(group: number, isFile: boolean, cost: number): void {
    const record = this.recordOf(group);
    if (isFile) record.fileCost += cost;
    else record.anonCost += cost;
    const { inactiveAnon, activeAnon, inactiveFile, activeFile } = this.totalsOf(group);
    // What was long ago fades.
    if (record.anonCost + record.fileCost > Math.floor((inactiveAnon + activeAnon + inactiveFile + activeFile) / 4)) {
      record.anonCost = Math.floor(record.anonCost / 2);
      record.fileCost = Math.floor(record.fileCost / 2);
    }
  }

  private placeOf(slot: number): number {
    const { pages } = this;
    if (pages.isLocked(slot)) return UNEVICTABLE;
    return (pages.isFile(slot) ? FILE : 0) + (pages.isActive(slot) ? ACTIVE : 0);
  }

  /** Count it, and tell whether the page goes to the active list [mm/workingset.c:workingset_refault]. */
  private refault(slot: number, group: number, isFile: boolean, shadow: number): boolean {
    const { stat } = this;
    const { age, workingset, group: evictedFor } = unpackShadow(shadow);
    const suffix = isFile ? 'File' : 'Anon';
    const records = group === 0 ? [this.recordOf(0)] : [this.recordOf(group), this.recordOf(0)];
    for (const record of records) record[`refaults${suffix}`]++;
    stat[isFile ? 'workingset_refault_file' : 'workingset_refault_anon']++;
    const distance = this.recordOf(evictedFor).age - age;
    if (!isRecent(distance, isFile, this.totalsOf(evictedFor), this.pages.canSwap)) return false;
    this.tick(group);
    for (const record of records) record[`activated${suffix}`]++;
    stat[isFile ? 'workingset_activate_file' : 'workingset_activate_anon']++;
    if (!workingset) return true;
    this.workingset.add(slot);
    this.noteCost(group, isFile, 1, 0);
    for (const record of records) record[`restored${suffix}`]++;
    stat[isFile ? 'workingset_restore_file' : 'workingset_restore_anon']++;
    return true;
  }
}
