/**
 * Links between blocks: what stands in a `next` word.
 *
 * OSTEP's pictures have 32-bit words, and so have these: a link of 4 bytes is the address minus the heap's origin, 0 is
 * NULL. The origin is 0 where the whole heap lies below 4 GiB — links are then plain pointers, as on the 32-bit machines of
 * the coursework — and 16 bytes before the heap elsewhere, so that the first block's link is not NULL's. Links of 8 bytes
 * (in 16-byte headers) are always plain pointers.
 */
import type { MemoryReader } from '../program-memory.ts';
import { type AllocatorState, STATE_ORIGIN } from './state.ts';

/** Links of 4 bytes reach so far; a heap ends there. */
const LINK_REACH = 2 ** 32;
const ORIGIN_GAP = 16;

export class Links {
  /** Bytes of a link: 4 or 8. */
  readonly bytes: number;
  private readonly state: AllocatorState;

  constructor(state: AllocatorState, bytes: number) {
    this.state = state;
    this.bytes = bytes;
  }

  /** The heap is to lie in [start, limit). */
  static originFor(start: number, limit: number): number {
    return limit <= LINK_REACH ? 0 : start - ORIGIN_GAP;
  }

  /** The address that the link at `place` names; 0: NULL. */
  read(reader: MemoryReader, place: number): number {
    if (this.bytes === 8) return reader.load64(place);
    const link = reader.load32(place);
    return link === 0 ? 0 : this.state.get(reader, STATE_ORIGIN) + link;
  }

  write(place: number, address: number): void {
    const { memory } = this.state;
    if (this.bytes === 8) memory.store64(place, address);
    else memory.store32(place, address === 0 ? 0 : address - this.state.get(memory, STATE_ORIGIN));
  }
}
