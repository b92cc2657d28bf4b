/**
 * Where a heap's memory comes from: a region mapped once, or the break. It keeps the heap's segments, stretches of memory
 * without holes; there is more than one only when somebody else moved the break between two steps.
 *
 *     segment 0           segment 1
 *     [start, end)  ....  [start, end)      ascending; what lies between is not ours
 */
import { MAP_FIXED_NOREPLACE } from '../../kernel/linux-abi.ts';
import { alignDown, alignUp } from '../../mmu/units.ts';
import type { MemoryReader } from '../program-memory.ts';
import { Links } from './links.ts';
import { BREAK_REACH, type ResolvedSource } from './options.ts';
import { type AllocatorState, SEGMENTS_MAX, STATE_ORIGIN, STATE_SEGMENT, STATE_SEGMENTS } from './state.ts';

const SEGMENT_BYTES = 16;

export class HeapSource {
  private readonly state: AllocatorState;
  private readonly options: ResolvedSource;

  constructor(state: AllocatorState, options: ResolvedSource) {
    this.state = state;
    this.options = options;
  }

  /** Region and break have different names in a walk. */
  get name(): string {
    return this.options.bytes > 0 ? 'heap region' : '[heap]';
  }

  count(reader: MemoryReader): number {
    return Math.min(SEGMENTS_MAX, this.state.get(reader, STATE_SEGMENTS));
  }

  start(reader: MemoryReader, index: number): number {
    return this.state.get(reader, STATE_SEGMENT + index * SEGMENT_BYTES);
  }

  end(reader: MemoryReader, index: number): number {
    return this.state.get(reader, STATE_SEGMENT + index * SEGMENT_BYTES + 8);
  }

  /** The segment that `address` lies in; -1: none. */
  segmentOf(reader: MemoryReader, address: number): number {
    const count = this.count(reader);
    for (let index = 0; index < count; index++) {
      if (address >= this.start(reader, index) && address < this.end(reader, index)) return index;
    }
    return -1;
  }

  /** Bytes of all segments. */
  bytes(reader: MemoryReader): number {
    let sum = 0;
    for (let index = this.count(reader) - 1; index >= 0; index--)
      sum += this.end(reader, index) - this.start(reader, index);
    return sum;
  }

  /** Where `grow` would find memory next, when there is a segment already. */
  nextStart(): number {
    const { memory } = this.state;
    return this.options.bytes > 0 ? this.end(memory, this.count(memory) - 1) : memory.sbrk(0);
  }

  /** How many bytes `grow(least)` adds when it can. */
  stepFor(least: number): number {
    const { bytes, grow } = this.options;
    return bytes > 0 ? bytes : Math.ceil(least / grow) * grow;
  }

  /**
   * More memory, `least` bytes or more where the last segment ends or in a new segment. Its first byte, its end being that
   * of the last segment; 0: there is none to be had.
   */
  grow(least: number): number {
    return this.options.bytes > 0 ? this.mapRegion() : this.moveBreak(least);
  }

  private mapRegion(): number {
    const { memory } = this.state;
    if (this.count(memory) > 0) return 0;
    const { base, bytes } = this.options;
    const { pageBytes } = memory;
    let start = base;
    if (base > 0) {
      const first = alignDown(base, pageBytes);
      if (memory.mmap(alignUp(base + bytes, pageBytes) - first, first, MAP_FIXED_NOREPLACE) < 0) return 0;
    } else {
      start = memory.mmap(bytes);
      if (start < 0) return 0;
    }
    this.state.set(STATE_ORIGIN, Links.originFor(start, start + bytes));
    this.addSegment(start, start + bytes);
    return start;
  }

  private moveBreak(least: number): number {
    const { memory } = this.state;
    const bytes = this.stepFor(least);
    const count = this.count(memory);
    const last = count === 0 ? 0 : this.end(memory, count - 1);
    const now = memory.sbrk(0);
    if (count > 0) {
      if (now !== last && (count === SEGMENTS_MAX || now < last)) return 0;
      if (now + bytes > this.start(memory, 0) + BREAK_REACH) return 0;
    }
    if (bytes > BREAK_REACH || memory.sbrk(bytes) < 0) return 0;
    if (count === 0) this.state.set(STATE_ORIGIN, Links.originFor(now, Math.min(now + BREAK_REACH, memory.userEnd)));
    if (now === last) this.state.set(STATE_SEGMENT + (count - 1) * SEGMENT_BYTES + 8, now + bytes);
    else this.addSegment(now, now + bytes);
    return now;
  }

  private addSegment(start: number, end: number): void {
    const index = this.count(this.state.memory);
    this.state.set(STATE_SEGMENT + index * SEGMENT_BYTES, start);
    this.state.set(STATE_SEGMENT + index * SEGMENT_BYTES + 8, end);
    this.state.set(STATE_SEGMENTS, index + 1);
  }
}
