/**
 * The arena map answers, for any address: is it inside an arena? (3.10 and later.)
 *
 * A tree of three levels over the address divided by the arena's size, like a page table. An arena need not begin at a
 * multiple of its size, so it may lie in two leaves: a leaf says from which offset on an arena covers it (`high`, all of
 * it when -1) and up to which offset the arena before reaches into it (`low`).
 *
 *     address  [ ignored | top | middle | bottom | offset in the leaf ]
 *                           |      |        |
 *               root -------'      |        |          leaf: { +0 i32 high, +4 i32 low }
 *                 `--> middle -----'        |
 *                        `--> bottom -------'          inside: offset < low, or high != 0 and offset >= high
 *
 * Nodes are made by raw calloc(1, bytes) when an arena first needs them and stay for ever.
 * [Objects/obmalloc.c: arena_map_get, arena_map_mark_used, arena_map_is_used]
 */
import { invariant } from '../../../mmu/invariant.ts';
import { NULL } from '../../allocator.ts';
import type { ProgramMemory } from '../../program-memory.ts';
import type { PymallocHost } from './host.ts';
import type { PymallocLayout } from './layout.ts';

const POINTER_BYTES = 8;
const SEGMENT_BYTES = 2 ** 32;
export const LEAF_BYTES = 8;
const LOW = 4;
/** `high` of a leaf that an aligned arena fills: -1. */
export const WHOLE_LEAF = 0xffffffff;
const NO = 0;
const YES = 1;
const UNKNOWN = -1;

export class ArenaMap {
  static readonly shared: readonly string[] = ['layout'];

  private readonly memory: ProgramMemory;
  private readonly host: PymallocHost;
  private readonly layout: PymallocLayout;
  private readonly root: number;
  private readonly rootLow: number;
  /** High word of the program's segment. */
  private readonly high: number;
  private readonly arenaBytes: number;
  private readonly topMask: number;
  private readonly middleMask: number;
  private readonly bottomMask: number;
  private readonly offsetMask: number;
  /** An address times this, cut to an integer, has the level's index in its low bits. Powers of two: exact. */
  private readonly topScale: number;
  private readonly middleScale: number;
  private readonly bottomScale: number;

  constructor(memory: ProgramMemory, layout: PymallocLayout, host: PymallocHost) {
    const { radix, arenaBytes } = layout.profile;
    invariant(radix !== null, 'only profiles with a tree have an arena map');
    this.memory = memory;
    this.host = host;
    this.layout = layout;
    this.root = layout.mapRoot;
    this.rootLow = layout.mapRoot | 0;
    this.high = memory.segment / SEGMENT_BYTES;
    this.arenaBytes = arenaBytes;
    this.topMask = 2 ** radix.topBits - 1;
    this.middleMask = 2 ** radix.middleBits - 1;
    this.bottomMask = 2 ** radix.bottomBits - 1;
    this.offsetMask = arenaBytes - 1;
    this.bottomScale = 1 / arenaBytes;
    this.middleScale = this.bottomScale / 2 ** radix.bottomBits;
    this.topScale = this.middleScale / 2 ** radix.middleBits;
  }

  covers(address: number): boolean {
    const answer = this.coversHeld(address);
    return answer === UNKNOWN ? this.coversByAccess(address) : answer === YES;
  }

  /** The same by held pages; UNKNOWN: they are not, or there is no leaf, and nothing was done. */
  private coversHeld(address: number): number {
    const { cpu } = this.memory;
    const { nearWords } = cpu.memory;
    const toMiddle = cpu.holdForLoads((this.rootLow + ((address * this.topScale) & this.topMask) * POINTER_BYTES) | 0);
    if (toMiddle < 0) return UNKNOWN;
    const rootSlot = cpu.heldSlot;
    const toBottom = cpu.holdForLoadsAt(
      nearWords[toMiddle + 1]! * SEGMENT_BYTES +
        (nearWords[toMiddle]! + ((address * this.middleScale) & this.middleMask) * POINTER_BYTES),
    );
    if (toBottom < 0) return UNKNOWN;
    const middleSlot = cpu.heldSlot;
    const leaf = cpu.holdForLoadsAt(
      nearWords[toBottom + 1]! * SEGMENT_BYTES +
        (nearWords[toBottom]! + ((address * this.bottomScale) & this.bottomMask) * LEAF_BYTES),
    );
    if (leaf < 0) return UNKNOWN;
    const above = nearWords[leaf]!;
    const offset = address & this.offsetMask;
    const isAbove = above !== 0 && (above === WHOLE_LEAF || offset >= above);
    const loads = isAbove ? 3 : 4;
    cpu.stamp(rootSlot, 1);
    cpu.stamp(middleSlot, 2);
    cpu.stamp(cpu.heldSlot, loads);
    cpu.count(loads, 0);
    return isAbove || offset < nearWords[leaf + LOW / 4]! ? YES : NO;
  }

  /** The same access by access. */
  private coversByAccess(address: number): boolean {
    const { memory } = this;
    const { cpu } = memory;
    const { high } = this;
    const middle = memory.loadPairIn((this.rootLow + ((address * this.topScale) & this.topMask) * POINTER_BYTES) | 0);
    if ((middle | cpu.high) === NULL) return false;
    const middleSlot = ((address * this.middleScale) & this.middleMask) * POINTER_BYTES;
    if (cpu.high !== high)
      return this.coversFrom((cpu.high >>> 0) * SEGMENT_BYTES + (middle >>> 0) + middleSlot, address);
    const bottom = memory.loadPairIn((middle + middleSlot) | 0);
    if ((bottom | cpu.high) === NULL) return false;
    const bottomSlot = ((address * this.bottomScale) & this.bottomMask) * LEAF_BYTES;
    if (cpu.high !== high) return this.isIn((cpu.high >>> 0) * SEGMENT_BYTES + (bottom >>> 0) + bottomSlot, address);
    const leaf = (bottom + bottomSlot) | 0;
    const above = memory.loadWordIn(leaf);
    const offset = address & this.offsetMask;
    if (above !== 0 && (above === -1 || offset >= above >>> 0)) return true;
    const below = memory.loadWordIn(leaf + LOW);
    return offset < below >>> 0;
  }

  /** The rest of the way by full addresses: the nodes lie outside of the program's segment. */
  private coversFrom(middleSlot: number, address: number): boolean {
    const bottom = this.memory.load64(middleSlot);
    if (bottom === NULL) return false;
    return this.isIn(bottom + ((address * this.bottomScale) & this.bottomMask) * LEAF_BYTES, address);
  }

  private isIn(leaf: number, address: number): boolean {
    const { memory } = this;
    const above = memory.load32(leaf);
    const offset = address & this.offsetMask;
    if (above !== 0 && (offset >= above || above === WHOLE_LEAF)) return true;
    return offset < memory.load32(leaf + LOW);
  }

  /** The arena at `base` is covered from now on; false: no memory for the nodes, and nothing is. */
  mark(base: number): boolean {
    const { memory } = this;
    const leaf = this.leafOf(base, true);
    if (leaf === NULL) return false;
    const offset = base % this.arenaBytes;
    if (offset === 0) {
      memory.store32(leaf, WHOLE_LEAF);
      return true;
    }
    memory.store32(leaf, offset);
    const next = this.leafOf(base + this.arenaBytes, true);
    if (next === NULL) {
      memory.store32(leaf, 0);
      return false;
    }
    memory.store32(next + LOW, offset);
    return true;
  }

  clear(base: number): void {
    const leaf = this.leafOf(base, false);
    if (leaf !== NULL) this.memory.store32(leaf, 0);
    if (base % this.arenaBytes === 0) return;
    const next = this.leafOf(base + this.arenaBytes, false);
    if (next !== NULL) this.memory.store32(next + LOW, 0);
  }

  /** Address of the leaf for `address`; NULL when its nodes do not exist and are not wanted, or there is no memory for them. */
  private leafOf(address: number, wanted: boolean): number {
    const { layout } = this;
    const top = this.root + ((address * this.topScale) & this.topMask) * POINTER_BYTES;
    const middle = this.node(top, (this.middleMask + 1) * POINTER_BYTES, layout.middleNodes, wanted);
    if (middle === NULL) return NULL;
    const slot = middle + ((address * this.middleScale) & this.middleMask) * POINTER_BYTES;
    const bottom = this.node(slot, (this.bottomMask + 1) * LEAF_BYTES, layout.bottomNodes, wanted);
    if (bottom === NULL) return NULL;
    return bottom + ((address * this.bottomScale) & this.bottomMask) * LEAF_BYTES;
  }

  /** The node that the pointer at `slot` leads to, made and counted at `counter` if wanted. */
  private node(slot: number, bytes: number, counter: number, wanted: boolean): number {
    const { memory } = this;
    const known = memory.load64(slot);
    if (known !== NULL || !wanted) return known;
    const made = this.host.rawCalloc(1, bytes);
    if (made === NULL) return NULL;
    memory.store64(slot, made);
    memory.store64(counter, memory.load64(counter) + 1);
    return made;
  }
}
