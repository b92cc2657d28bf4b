/**
 * What Valgrind's memcheck does for a program: every access of its own is held against the blocks it holds, every free
 * against those it was given. It stands beside the program and changes nothing in it, with one exception that Valgrind
 * makes too: a free of what is no block is reported and not done.
 *
 *     access inside a live block                     fine
 *     elsewhere in memory that the allocators got    Invalid read / write: in a freed block, behind or before a live one
 *     free of a live block                           fine, by its own family's free; else Mismatched free
 *     free of anything else                          Invalid free: freed before (by whom), inside a block, or never given
 *
 * Memory that was freed and given out anew is not told from memory that was never freed: Valgrind keeps freed blocks aside
 * for a while, and so changes where blocks lie; here they lie where the allocator put them.
 */
import { type AccessKind, STORE } from '../../mmu/units.ts';
import type { Family } from '../functions/function.ts';
import type { Program } from '../program.ts';
import type { FreedBlock, LiveBlock, Place } from './ledger.ts';

/** How a bad address lies to the block it was likely meant for. */
export interface AddressStory {
  readonly relation: 'inside' | 'after' | 'before';
  /** Bytes into the block, behind its end, or before its start. */
  readonly distance: number;
  readonly block: LiveBlock | FreedBlock;
  readonly freed: boolean;
}

export interface HeapError {
  readonly kind: 'invalid-read' | 'invalid-write' | 'invalid-free' | 'mismatched-free';
  readonly address: number;
  /** Bytes read or written; 0 for a free. */
  readonly size: number;
  /** The function that frees; null for an access. */
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
    this.errors.push({ kind, address, size, by: null, at, story: this.storyOf(address, size) });
  }

  /** A block is about to be given back. False: there is no such block, and the call must not be made. */
  mayRelease(address: number, family: Family, by: string): boolean {
    const { ledger, place } = this.program;
    const block = ledger.at(address);
    if (block !== null && block.family === family) return true;
    const kind = block === null ? 'invalid-free' : 'mismatched-free';
    this.errors.push({ kind, address, size: 0, by, at: place, story: this.storyOf(address, 1) });
    return block !== null;
  }

  private storyOf(address: number, size: number): AddressStory | null {
    const { ledger } = this.program;
    const below = ledger.before(address);
    if (below !== null && address < below.address + Math.max(1, below.size)) {
      // It begins inside the block and leaves it, or (a free) points into its middle.
      const leaves = size > 1 || address === below.address;
      if (!leaves || address + size <= below.address + below.size) {
        return { relation: 'inside', distance: address - below.address, block: below, freed: false };
      }
      return { relation: 'after', distance: 0, block: below, freed: false };
    }
    const freed = ledger.lastFreedAround(address);
    if (freed !== null) return { relation: 'inside', distance: address - freed.address, block: freed, freed: true };
    const past = below === null ? Number.POSITIVE_INFINITY : address - below.address - below.size;
    if (below !== null && past < REDZONE) return { relation: 'after', distance: past, block: below, freed: false };
    const above = ledger.after(address);
    const short = above === null ? Number.POSITIVE_INFINITY : above.address - address;
    if (above !== null && short <= REDZONE) return { relation: 'before', distance: short, block: above, freed: false };
    return null;
  }
}
