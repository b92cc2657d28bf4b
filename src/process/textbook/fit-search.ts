/**
 * Which free block to take: first, next, best and worst fit.
 *
 *     first   the first that is large enough
 *     next    the first from where the last search ended, around the list
 *     best    the smallest that is large enough       } of equals the first in the list
 *     worst   the largest                             }
 *
 * Best and worst fit look at the whole list, but stop as soon as a list sorted by size shows the answer (which OSTEP's
 * malloc.py does not: it counts the whole list as searched).
 */
import type { ProgramMemory } from '../program-memory.ts';
import { type FreeList, NOWHERE } from './free-list.ts';
import type { ResolvedFit } from './options.ts';
import type { AllocatorState } from './state.ts';

export class FitSearch {
  private readonly memory: ProgramMemory;
  private readonly state: AllocatorState;
  private readonly list: FreeList;
  private readonly options: ResolvedFit;

  constructor(state: AllocatorState, list: FreeList, options: ResolvedFit) {
    this.memory = state.memory;
    this.state = state;
    this.list = list;
    this.options = options;
  }

  /** The list's element before the block to take (0: it is the head); NOWHERE: none is large enough. */
  find(bytes: number): number {
    switch (this.options.policy) {
      case 'first-fit':
        return this.fit(bytes, 0, NOWHERE);
      case 'next-fit':
        return this.nextFit(bytes);
      case 'best-fit':
        return this.best(bytes);
      case 'worst-fit':
        return this.worst(bytes);
    }
  }

  /** From the element after `before` to the end, or to `last` inclusive, when that is not NOWHERE. */
  private fit(bytes: number, before: number, last: number): number {
    const { list, memory } = this;
    let found = NOWHERE;
    let searched = 0;
    for (let block = list.after(memory, before); block !== 0; block = list.blocks.next(memory, block)) {
      list.checkStep(++searched);
      if (list.blocks.bytes(memory, block) >= bytes) {
        found = before;
        break;
      }
      if (block === last) break;
      before = block;
    }
    this.state.countSearched(searched);
    return found;
  }

  private nextFit(bytes: number): number {
    const { list } = this;
    const { rover } = list;
    let before = this.fit(bytes, rover, NOWHERE);
    if (before === NOWHERE && rover !== 0) before = this.fit(bytes, 0, rover);
    if (before !== NOWHERE) list.rover = before;
    return before;
  }

  private best(bytes: number): number {
    const { list, memory } = this;
    const { order, stopAtExactFit } = this.options;
    let found = NOWHERE;
    let least = Number.POSITIVE_INFINITY;
    let searched = 0;
    let before = 0;
    for (let block = list.after(memory, 0); block !== 0; block = list.blocks.next(memory, block)) {
      list.checkStep(++searched);
      const size = list.blocks.bytes(memory, block);
      if (size >= bytes && size < least) {
        found = before;
        least = size;
        if (order === 'size-ascending' || (stopAtExactFit && size === bytes)) break;
      } else if (size < bytes && order === 'size-descending') break;
      before = block;
    }
    this.state.countSearched(searched);
    return found;
  }

  private worst(bytes: number): number {
    const { list, memory } = this;
    const { order } = this.options;
    let found = NOWHERE;
    let most = bytes - 1;
    let searched = 0;
    let before = 0;
    for (let block = list.after(memory, 0); block !== 0; block = list.blocks.next(memory, block)) {
      list.checkStep(++searched);
      const size = list.blocks.bytes(memory, block);
      if (size > most) {
        found = before;
        most = size;
      }
      if (order === 'size-descending') break;
      before = block;
    }
    this.state.countSearched(searched);
    return found;
  }
}
