/**
 * The arena allocator of the recordings: it hands out slots of a fixed grid, so that an arena's place says which one it is.
 *
 *          base + offset     + arena size
 *     ─────┬─────────────┬─────────────┬─────────────┬──────
 *          │   slot 0    │   slot 1    │   slot 2    │  …        ordinal: how many arenas were given out before it
 *     ─────┴─────────────┴─────────────┴─────────────┴──────
 *
 * An offset that is no multiple of a page (0x10) makes neighbours share one. Slots are first taken in ascending order, so what
 * is mapped is one stretch that only grows; freed slots stay mapped, as they did for those who recorded: their bytes can
 * still be read.
 *
 * Written as a user of the library writes an arena allocator; which arenas are out is its own business, not the program's.
 */
import { MAP_FIXED_NOREPLACE } from '../../kernel/linux-abi.ts';
import { InputError } from '../../mmu/input-error.ts';
import { alignDown, alignUp } from '../../mmu/units.ts';
import { NULL } from '../../process/allocator.ts';
import type { ProgramMemory } from '../../process/program-memory.ts';
import type { ArenaFunctions } from '../../process/python/allocator-record.ts';
import type { EventLog } from './event-log.ts';
import type { ArenaRule } from './trace-file.ts';

const FREE = -1;

export class ArenaSlots implements ArenaFunctions {
  private readonly memory: ProgramMemory;
  private readonly rule: ArenaRule;
  private readonly arenaBytes: number;
  private readonly log: EventLog;
  /** Slot → ordinal of the arena in it, or FREE. */
  private readonly ordinals: number[] = [];
  /** Free slots, the last freed one last. */
  private readonly freed: number[] = [];
  private taken = 0;
  private live = 0;
  /** First address behind what is mapped. */
  private mappedEnd: number;

  constructor(memory: ProgramMemory, rule: ArenaRule, arenaBytes: number, log: EventLog) {
    this.memory = memory;
    this.rule = rule;
    this.arenaBytes = arenaBytes;
    this.log = log;
    this.mappedEnd = alignDown(this.addressOf(0), memory.pageBytes);
  }

  /** @throws InputError MEM-CNF-007 when the grid leads where nothing can be mapped */
  alloc(_ctx: number, _size: number): number {
    const { maxArenas } = this.rule;
    if (maxArenas >= 0 && this.live >= maxArenas) {
      this.log.arena('+A:fail');
      return NULL;
    }
    const slot = this.takeSlot();
    this.mapUpTo(this.addressOf(slot + 1));
    this.ordinals[slot] = this.taken++;
    this.live++;
    this.log.arena(`+A:${this.ordinals[slot]}@${slot}`);
    return this.addressOf(slot);
  }

  free(_ctx: number, address: number, _size: number): void {
    const slot = this.slotOf(address);
    this.log.arena(`-A:${this.ordinals[slot] ?? FREE}@${slot}`);
    this.ordinals[slot] = FREE;
    this.freed.push(slot);
    this.live--;
  }

  slotOf(address: number): number {
    return Math.floor((address - this.addressOf(0)) / this.arenaBytes);
  }

  /** Ordinal of the arena that this address lies in; -1 when none does. */
  ordinalAt(address: number): number {
    return this.ordinals[this.slotOf(address)] ?? FREE;
  }

  private addressOf(slot: number): number {
    return this.rule.base + this.rule.offset + slot * this.arenaBytes;
  }

  private takeSlot(): number {
    const { freed, rule, ordinals } = this;
    if (freed.length > 0 && rule.reuse === 'lifo') return freed.pop()!;
    if (freed.length > 0 && rule.reuse === 'low') {
      const slot = Math.min(...freed);
      freed.splice(freed.indexOf(slot), 1);
      return slot;
    }
    return ordinals.length;
  }

  private mapUpTo(end: number): void {
    const { memory, mappedEnd } = this;
    if (end <= mappedEnd) return;
    const wanted = alignUp(end, memory.pageBytes);
    const mapped = memory.mmap(wanted - mappedEnd, mappedEnd, MAP_FIXED_NOREPLACE);
    if (mapped !== mappedEnd) {
      throw new InputError({
        code: 'MEM-CNF-007',
        message: `arenas cannot be mapped at 0x${mappedEnd.toString(16)}, where the trace's header wants them`,
        hint: `user space ends at 0x${memory.userEnd.toString(16)}, and the program has its libraries and stack below that`,
      });
    }
    this.mappedEnd = wanted;
  }
}
