/**
 * What Valgrind's memcheck does for a program: every access of its own is held against the blocks it holds, every free
 * against those it was given. It stands beside the program and changes nothing in it, with one exception that Valgrind
 * makes too: a free of what is no block is reported and not done.
 *
 *     access inside a live block                     fine
 *     elsewhere in memory that the allocators got    Invalid read / write: in a freed block, behind or before a live one
 *     buffer of a system call                        the same, of each byte: Syscall param points to unaddressable byte(s)
 *     free of a live block                           fine, by its own family's free; else Mismatched free
 *     free of anything else                          Invalid free: freed before (by whom), inside a block, or never given
 *
 * Memory that was freed and given out anew is not told from memory that was never freed: Valgrind keeps freed blocks aside
 * for a while, and so changes where blocks lie; here they lie where the allocator put them.
 */
import { type AccessKind, STORE } from '../../mmu/units.ts';
import type { Family } from '../functions/function.ts';
import type { Program } from '../program.ts';
import type { FreedBlock, FreedPiece, LiveBlock, Place } from './ledger.ts';

/** How a bad address lies to the block it was likely meant for. */
export interface AddressStory {
  readonly relation: 'inside' | 'after' | 'before';
  /** Bytes into the block, behind its end, or before its start. */
  readonly distance: number;
  readonly block: LiveBlock | FreedBlock;
  readonly freed: boolean;
}

export const HEAP_ERROR_KINDS = ['invalid-read', 'invalid-write', 'invalid-free', 'mismatched-free'] as const;

export interface HeapError {
  readonly kind: (typeof HEAP_ERROR_KINDS)[number];
  /** Where the access begins; of a system call the first wrong byte of its buffer. */
  readonly address: number;
  /** Bytes read or written; of a system call its whole buffer; 0 for a free. */
  readonly size: number;
  /** The function that frees, the system call that reads or writes for the program; null for an access of its own. */
  readonly by: string | null;
  readonly at: Place;
  /** The block it was likely about; null when none is near. */
  readonly story: AddressStory | null;
}

/** How far from a block an address may lie and still be told by it, bytes: Valgrind's default redzone. */
const REDZONE = 16;

export class Memcheck {
  readonly errors: HeapError[] = [];
  private readonly program: Program;

  constructor(program: Program) {
    this.program = program;
  }

  /** The program reads or writes [address, address + size). */
  noteAccess(address: number, size: number, access: AccessKind, at: Place): void {
    const { program } = this;
    if (program.ledger.holding(address, size) !== null || !program.calls.touches(address, address + size)) return;
    const kind = access === STORE ? 'invalid-write' : 'invalid-read';
    this.errors.push({ kind, address, size, by: null, at, story: this.storyOf(address) });
  }

  /** A block is about to be given back. False: there is no such block, and the call must not be made. */
  mayRelease(address: number, family: Family, by: string): boolean {
    const { ledger, place } = this.program;
    const block = ledger.at(address);
    if (block !== null && block.family === family) return true;
    const kind = block === null ? 'invalid-free' : 'mismatched-free';
    this.errors.push({ kind, address, size: 0, by, at: place, story: this.storyOf(address) });
    return block !== null;
  }

  /**
   * A system call is asked to read or write the buffer [address, address + length): like Valgrind before the call is made, all
   * of it, and told by the first byte that is wrong.
   */
  noteBuffer(call: 'read' | 'write', address: number, length: number, at: Place): void {
    const wrong = this.firstWrong(address, address + length);
    if (wrong === null) return;
    const kind = call === 'read' ? 'invalid-write' : 'invalid-read';
    this.errors.push({ kind, address: wrong, size: length, by: call, at, story: this.storyOf(wrong) });
  }

  /** The first byte in [start, end) that is an allocator's memory and in no live block. */
  private firstWrong(start: number, end: number): number | null {
    const { ledger, calls } = this.program;
    for (let at = start; at < end; ) {
      const block = ledger.holding(at, 1);
      if (block !== null) {
        at = block.address + block.size;
        continue;
      }
      const gapEnd = Math.min(end, ledger.after(at)?.address ?? end);
      if (calls.touches(at, at + 1)) return at;
      if (calls.touches(at, gapEnd)) return Math.min(...calls.starts.filter((from) => from > at));
      at = gapEnd;
    }
    return null;
  }

  private storyOf(address: number): AddressStory | null {
    const { ledger } = this.program;
    const below = ledger.before(address);
    const past = below === null ? Number.POSITIVE_INFINITY : address - below.address - below.size;
    // Where it begins is what counts: an access that begins inside a block and leaves it is told by that.
    if (below !== null && past < 0) {
      return { relation: 'inside', distance: address - below.address, block: below, freed: false };
    }
    const piece = ledger.freedAround(address);
    const gone = piece?.block;
    const freed: AddressStory | null =
      gone === undefined ? null : { relation: 'inside', distance: address - gone.address, block: gone, freed: true };
    // Of a place that was given out anew, the block that has part of it now tells more than the one that had it all.
    if (piece !== null && isWhole(piece)) return freed;
    if (below !== null && past < REDZONE) return { relation: 'after', distance: past, block: below, freed: false };
    const above = ledger.after(address);
    const short = above === null ? Number.POSITIVE_INFINITY : above.address - address;
    if (above !== null && short <= REDZONE) return { relation: 'before', distance: short, block: above, freed: false };
    return freed;
  }
}

const isWhole = ({ address, end, block }: FreedPiece): boolean =>
  address === block.address && end >= block.address + block.size;
