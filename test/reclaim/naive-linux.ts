/**
 * Linux's lists again for a handful of anonymous pages in one group: arrays of pages, one function, nothing shared with src/.
 * Fewer than 32 pages, so that everything looked at in a pass is looked at in one go.
 */
import type { NaiveResult } from './naive-policies.ts';

interface Page {
  readonly page: number;
  /** The hardware's bit. */
  used: boolean;
  /** Found used once. */
  marked: boolean;
  /** Was active before. */
  wasActive: boolean;
}

const SWAPPINESS = 60;

export function naiveLinux(references: readonly number[], frameCount: number, bitOnLoad: boolean): NaiveResult {
  // The oldest page is last.
  let inactive: Page[] = [];
  let active: Page[] = [];
  const shadows = new Map<number, { age: number; wasActive: boolean }>();
  let age = 0;
  let cost = 0;
  let activated = 0;
  let seen = 0;
  const missed: number[] = [];
  const evictions: number[] = [];

  const charge = (amount: number): void => {
    cost += amount;
    if (cost > Math.floor((inactive.length + active.length) / 4)) cost = Math.floor(cost / 2);
  };
  const deactivate = (count: number): void => {
    for (let n = Math.min(count, active.length); n > 0; n--) {
      const page = active.pop()!;
      page.used = false;
      page.wasActive = true;
      inactive = [page, ...inactive];
    }
  };
  const due = (size: number, priority: number): number => {
    const part = Math.floor(size / 2 ** priority);
    if (priority === 0) return part;
    // No file was ever looked at, so only anonymous pages have cost anything.
    const anonShare = Math.floor((SWAPPINESS * (3 * cost + 1)) / (2 * cost + 1));
    const fileShare = Math.floor(((200 - SWAPPINESS) * (3 * cost + 1)) / (cost + 1));
    return Math.floor((part * anonShare) / (anonShare + fileShare));
  };

  /** One pass: did a page leave, and was an active list spared that could have been shortened? */
  const pass = (priority: number, force: boolean): { done: boolean; spared: boolean } => {
    const mayDeactivate = force || activated !== seen || inactive.length < active.length;
    const toLookAt = Math.min(due(inactive.length, priority), inactive.length);
    const toDeactivate = due(active.length, priority);
    let done = false;
    let spared = false;
    if (toLookAt > 0) {
      let looked = 0;
      while (looked < toLookAt && !done) {
        looked++;
        const page = inactive.pop()!;
        const { used, marked } = page;
        page.used = false;
        page.marked = used;
        if (!used) {
          shadows.set(page.page, { age: age++, wasActive: page.wasActive });
          evictions.push(page.page);
          done = true;
        } else if (marked) {
          active = [page, ...active];
          age++;
        } else {
          inactive = [page, ...inactive];
        }
      }
      charge(looked - (done ? 1 : 0));
      if (toDeactivate > 0 && mayDeactivate) deactivate(toDeactivate);
      spared = toDeactivate > 0 && !mayDeactivate;
    }
    if (inactive.length < active.length) deactivate(32);
    return { done, spared };
  };

  const evict = (): void => {
    let force = false;
    for (;;) {
      let spared = false;
      for (let priority = 12; priority >= 0; priority--) {
        const result = pass(priority, force);
        if (result.done) {
          seen = activated;
          return;
        }
        spared ||= result.spared;
      }
      force ||= spared;
    }
  };

  for (const reference of references) {
    const resident = [...inactive, ...active].find(({ page }) => page === reference);
    missed.push(resident === undefined ? 1 : 0);
    if (resident !== undefined) {
      resident.used = true;
      continue;
    }
    if (inactive.length + active.length === frameCount) evict();
    const loaded: Page = { page: reference, used: bitOnLoad, marked: false, wasActive: false };
    const shadow = shadows.get(reference);
    shadows.delete(reference);
    // An anonymous page competes with the active ones.
    if (shadow !== undefined && age - shadow.age <= active.length) {
      age++;
      activated++;
      if (shadow.wasActive) {
        loaded.wasActive = true;
        charge(32);
      }
      active = [loaded, ...active];
    } else {
      inactive = [loaded, ...inactive];
    }
  }
  return { missed, evictions };
}
