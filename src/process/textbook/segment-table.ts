/**
 * Blocks without headers, written down in a list of segments apart from them: Tanenbaum's "memory management with linked
 * lists", and what OSTEP's malloc.py means by a header of 0 bytes. Records of 16 bytes stand in a table of their own:
 *
 *     |start    |bytes    |following    |next free, or USED    |
 *
 * All segments are chained by address (`following`), the free ones by the free list as well. A handle is the number of a
 * record, counted from 1; a released record waits in a chain of its own. free() looks its block up in the chain: what is
 * not the start of a used segment is found out.
 */
import type { HeapRegion } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { failAssertion } from './assertion.ts';
import type { BlockGeometry, BlockStore } from './block-store.ts';
import { GrowingTable } from './growing-table.ts';
import { Links } from './links.ts';
import { type AllocatorState, STATE_POLICY } from './state.ts';

const RECORD_BYTES = 16;
const BYTES = 4;
const FOLLOWING = 8;
const NEXT_FREE = 12;
const USED = 0xffffffff;

/** Behind the free list's head and rover. */
const STATE_FIRST = STATE_POLICY + 16;
const STATE_RECORDS = STATE_POLICY + 24;
const STATE_UNUSED = STATE_POLICY + 32;

export class SegmentTable implements BlockStore {
  readonly geometry: BlockGeometry;
  private readonly memory: ProgramMemory;
  private readonly state: AllocatorState;
  private readonly table: GrowingTable;
  private readonly links: Links;

  constructor(state: AllocatorState, geometry: BlockGeometry) {
    this.memory = state.memory;
    this.state = state;
    this.geometry = geometry;
    this.table = new GrowingTable(state, RECORD_BYTES);
    this.links = new Links(state, 4);
  }

  start(reader: MemoryReader, block: number): number {
    return this.links.read(reader, this.record(reader, block));
  }

  bytes(reader: MemoryReader, block: number): number {
    return reader.load32(this.record(reader, block) + BYTES);
  }

  next(reader: MemoryReader, block: number): number {
    const next = reader.load32(this.record(reader, block) + NEXT_FREE);
    return next === USED ? 0 : next;
  }

  setNext(block: number, next: number): void {
    this.memory.store32(this.record(this.memory, block) + NEXT_FREE, next);
  }

  prepare(): boolean {
    if (this.state.get(this.memory, STATE_UNUSED) !== 0) return true;
    const index = this.records(this.memory);
    return this.table.has(this.memory, index) || this.table.reach(index);
  }

  adopt(start: number, bytes: number): number {
    const block = this.newRecord(start, bytes);
    let before = 0;
    let after = this.state.get(this.memory, STATE_FIRST);
    for (let left = this.records(this.memory); left > 0 && after !== 0; left--) {
      if (this.start(this.memory, after) >= start) break;
      before = after;
      after = this.following(this.memory, after);
    }
    this.setFollowing(block, after);
    if (before === 0) this.state.set(STATE_FIRST, block);
    else this.setFollowing(before, block);
    return block;
  }

  split(block: number, bytes: number): number {
    const whole = this.bytes(this.memory, block);
    if (!this.prepare()) return 0;
    const rest = this.newRecord(this.start(this.memory, block) + bytes, whole - bytes);
    this.setFollowing(rest, this.following(this.memory, block));
    this.setFollowing(block, rest);
    this.setBytes(block, bytes);
    return rest;
  }

  absorb(block: number, behind: number): void {
    this.setBytes(block, this.bytes(this.memory, block) + this.bytes(this.memory, behind));
    this.setFollowing(block, this.following(this.memory, behind));
    this.setFollowing(behind, this.state.get(this.memory, STATE_UNUSED));
    this.state.set(STATE_UNUSED, behind);
  }

  markUsed(block: number): void {
    this.setNext(block, USED);
  }

  claim(address: number): number {
    const block = this.find(address);
    if (block === 0) failAssertion(this.memory, 'free', 'segment != NULL');
    return block;
  }

  bytesAt(address: number): number {
    const block = this.find(address);
    return block === 0 ? 0 : this.bytes(this.memory, block);
  }

  firstFrom(reader: MemoryReader, start: number): number {
    let block = this.state.get(reader, STATE_FIRST);
    // A chain longer than there are records was overwritten.
    for (let left = this.records(reader); left > 0 && block !== 0; left--) {
      if (this.start(reader, block) >= start) return block;
      block = this.following(reader, block);
    }
    return 0;
  }

  following(reader: MemoryReader, block: number): number {
    return reader.load32(this.record(reader, block) + FOLLOWING);
  }

  isUsed(reader: MemoryReader, block: number): boolean {
    return reader.load32(this.record(reader, block) + NEXT_FREE) === USED;
  }

  bookkeeping(reader: MemoryReader): HeapRegion[] {
    return this.table.regions(reader, 'segment table');
  }

  private records(reader: MemoryReader): number {
    return this.state.get(reader, STATE_RECORDS);
  }

  private find(address: number): number {
    const block = this.firstFrom(this.memory, address);
    return block !== 0 && this.start(this.memory, block) === address && this.isUsed(this.memory, block) ? block : 0;
  }

  private record(reader: MemoryReader, block: number): number {
    return this.table.at(reader, block - 1);
  }

  private setBytes(block: number, bytes: number): void {
    this.memory.store32(this.record(this.memory, block) + BYTES, bytes);
  }

  private setFollowing(block: number, following: number): void {
    this.memory.store32(this.record(this.memory, block) + FOLLOWING, following);
  }

  /** A record that is in no chain yet; `prepare` has made room for it. */
  private newRecord(start: number, bytes: number): number {
    let block = this.state.get(this.memory, STATE_UNUSED);
    if (block !== 0) this.state.set(STATE_UNUSED, this.following(this.memory, block));
    else {
      block = this.records(this.memory) + 1;
      this.state.set(STATE_RECORDS, block);
    }
    this.links.write(this.record(this.memory, block), start);
    this.setBytes(block, bytes);
    return block;
  }
}
