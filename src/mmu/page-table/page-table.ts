/**
 * Page tables of one format in one physical memory: reads, decodes and edits entries where the hardware will look for
 * them. It holds no root and no state but the note of where the last `find` stopped; nothing here allocates except
 * `raw` and `describe`, which are for views.
 *
 *     find(root, va):  root table --[index]--> entry --frame--> table --[index]--> entry (level 0)
 */
import { invariant } from '../invariant.ts';
import type { PhysicalMemory } from '../physical-memory.ts';
import { PTE_GUARD, PTE_PROT_NONE, PTE_SWAP, PTE_VALID, pteLetters } from '../pte-flags.ts';
import type { PageTableFormat } from './formats.ts';
import { PteCodec } from './pte-codec.ts';

export type PteKind = 'empty' | 'table' | 'leaf' | 'prot-none' | 'swap' | 'guard' | 'invalid';

/** An entry for people. */
export interface PteDescription {
  readonly kind: PteKind;
  /** Abstract flags (pte-flags.ts). */
  readonly flags: number;
  /** `VRWXUGAD` letters. */
  readonly letters: string;
  /** Frame (or table's frame, or swap slot); null when it names none. */
  readonly pfn: number | null;
  /** `0x…`, the full width of the entry. */
  readonly value: string;
}

export class PageTable {
  static readonly shared: readonly string[] = ['format', 'codec'];

  readonly memory: PhysicalMemory;
  readonly format: PageTableFormat;
  readonly codec: PteCodec;
  /** After `find` returned -1: the level and the address of the entry that ended the search. */
  stoppedLevel = -1;
  stoppedEntry = -1;
  readonly levels: number;
  /** Bytes of addresses that a table of the last level serves. */
  readonly leafSpan: number;
  private readonly pteBytes: number;
  /** By level: 2^-shift, and the mask of the index. */
  private readonly indexScale: Float64Array;
  private readonly indexMask: Int32Array;

  constructor(memory: PhysicalMemory, format: PageTableFormat) {
    this.memory = memory;
    this.format = format;
    this.codec = new PteCodec(format);
    this.levels = format.levels.length;
    this.leafSpan = format.levels[0]!.pageBytes * 2 ** format.levels[0]!.indexBits;
    this.pteBytes = format.pteBytes;
    this.indexScale = Float64Array.from(format.levels, (level) => 2 ** -level.shift);
    this.indexMask = Int32Array.from(format.levels, (level) => 2 ** level.indexBits - 1);
  }

  /** Bytes of a table at this level. */
  tableBytes(level: number): number {
    return (this.indexMask[level]! + 1) * this.pteBytes;
  }

  framesPerTable(level: number): number {
    return Math.ceil(this.tableBytes(level) / this.format.pageBytes);
  }

  /** The address's index into a table of this level. */
  indexOf(va: number, level: number): number {
    // `&` takes the low 32 bits, two's complement, whatever the size of the number; but it rounds towards zero.
    return Math.floor(va * this.indexScale[level]!) & this.indexMask[level]!;
  }

  entryAddress(tableAddress: number, va: number, level: number): number {
    return tableAddress + this.indexOf(va, level) * this.pteBytes;
  }

  /**
   * Address of the level-`level` entry for `va`, or -1 when a table above is missing or a superpage leaf is in the way:
   * `stoppedLevel` and `stoppedEntry` then tell where.
   */
  find(rootAddress: number, va: number, level = 0): number {
    let table = rootAddress;
    for (let at = this.levels - 1; ; at--) {
      const entry = this.entryAddress(table, va, at);
      if (at === level) return entry;
      const low = this.low(entry);
      const high = this.high(entry);
      if (!this.codec.isValid(low, high) || this.codec.isLeaf(low, high, at)) {
        this.stoppedLevel = at;
        this.stoppedEntry = entry;
        return -1;
      }
      table = this.codec.frame(low, high) * this.format.pageBytes;
    }
  }

  /** All bits zero. */
  isEmpty(entry: number): boolean {
    return this.low(entry) === 0 && this.high(entry) === 0;
  }

  /** Abstract flags; of a not-present entry PTE_PROT_NONE, PTE_SWAP, PTE_SWAP_EXCLUSIVE or PTE_GUARD. */
  flags(entry: number, _level = 0): number {
    return this.codec.flags(this.low(entry), this.high(entry));
  }

  /** Frame number, or the swap slot of a PTE_SWAP entry. */
  frame(entry: number, level = 0): number {
    const low = this.low(entry);
    const high = this.high(entry);
    const frame = this.codec.frame(low, high);
    // PAT (bit 12) of an x86 large page lies inside the frame field: a page at this level starts at a multiple of its size.
    if (level === 0 || this.format.family !== 'x86' || !this.codec.isLeaf(low, high, level)) return frame;
    return frame - (frame % (this.format.levels[level]!.pageBytes / this.format.pageBytes));
  }

  /** A valid pointer to a lower table. */
  isTable(entry: number, level: number): boolean {
    const low = this.low(entry);
    const high = this.high(entry);
    return level > 0 && this.codec.isValid(low, high) && !this.codec.isLeaf(low, high, level);
  }

  /** Map a page; `level` > 0 makes a superpage. PTE_PROT_NONE without PTE_VALID: frame held but not present. */
  writeLeaf(entry: number, pfn: number, flags: number, level = 0): void {
    invariant(level === 0 || this.format.levels[level]?.canBeLeaf === true, 'superpages only at levels that have them');
    this.writeWords(entry, this.codec.leafLowWord(pfn, flags, level), this.codec.leafHighWord(pfn, flags, level));
  }

  /** Point to a lower table. `user`: on x86, let user accesses through. */
  writeTable(entry: number, tablePfn: number, level: number, user: boolean): void {
    invariant(level > 0, 'the last level holds no pointers to tables');
    const flags = this.codec.tableFlags(user);
    this.writeWords(entry, this.codec.leafLowWord(tablePfn, flags, 0), this.codec.leafHighWord(tablePfn, flags, 0));
  }

  writeSwap(entry: number, slot: number, exclusive: boolean): void {
    this.writeWords(entry, this.codec.swapLowWord(slot, exclusive), this.codec.swapHighWord(slot, exclusive));
  }

  writeGuard(entry: number): void {
    this.writeWords(entry, this.codec.guardLowWord(), this.codec.guardHighWord());
  }

  clear(entry: number): void {
    this.writeWords(entry, 0, 0);
  }

  /** Rewrite the flags and keep the frame. */
  setFlags(entry: number, flags: number, level = 0): void {
    this.writeLeaf(entry, this.frame(entry, level), flags, level);
  }

  /** Was it accessed since the last call? */
  testAndClearAccessed(entry: number): boolean {
    const low = this.low(entry);
    const high = this.high(entry);
    const { accessedLow, accessedHigh } = this.codec;
    if (((low & accessedLow) | (high & accessedHigh)) === 0) return false;
    this.writeWords(entry, (low & ~accessedLow) >>> 0, (high & ~accessedHigh) >>> 0);
    return true;
  }

  /** Set these bits too (as the hardware sets A and D); writes nothing when they are set already. */
  setRawBits(entry: number, lowBits: number, highBits: number): void {
    const low = this.low(entry);
    const high = this.high(entry);
    if ((low & lowBits) === lowBits && (high & highBits) === highBits) return;
    this.writeWords(entry, (low | lowBits) >>> 0, (high | highBits) >>> 0);
  }

  /** Low 32 bits of the entry, unsigned. */
  low(entry: number): number {
    if (this.pteBytes >= 4) return this.memory.load32(entry);
    return this.pteBytes === 2 ? this.memory.load16(entry) : this.memory.load8(entry);
  }

  /** High 32 bits of the entry, unsigned; 0 when it has none. */
  high(entry: number): number {
    return this.pteBytes === 8 ? this.memory.load32(entry + 4) : 0;
  }

  raw(entry: number): bigint {
    return (BigInt(this.high(entry)) << 32n) | BigInt(this.low(entry));
  }

  /** The entry's value as `0x…`, its full width. */
  hex(entry: number): string {
    return `0x${this.raw(entry)
      .toString(16)
      .padStart(this.pteBytes * 2, '0')}`;
  }

  describe(entry: number, level: number): PteDescription {
    const flags = this.flags(entry, level);
    const kind = this.kindOf(entry, level, flags);
    const names = kind === 'leaf' || kind === 'table' || kind === 'prot-none' || kind === 'swap';
    return {
      kind,
      flags,
      letters: pteLetters(flags, this.codec.implied),
      pfn: names ? this.frame(entry, level) : null,
      value: this.hex(entry),
    };
  }

  private kindOf(entry: number, level: number, flags: number): PteKind {
    if (this.isEmpty(entry)) return 'empty';
    if ((flags & PTE_VALID) !== 0) {
      return this.codec.isLeaf(this.low(entry), this.high(entry), level) ? 'leaf' : 'table';
    }
    if ((flags & PTE_PROT_NONE) !== 0) return 'prot-none';
    if ((flags & PTE_SWAP) !== 0) return 'swap';
    return (flags & PTE_GUARD) !== 0 ? 'guard' : 'invalid';
  }

  private writeWords(entry: number, low: number, high: number): void {
    if (this.pteBytes === 8) this.memory.storePair(entry, low, high);
    else if (this.pteBytes === 4) this.memory.store32(entry, low);
    else if (this.pteBytes === 2) this.memory.store16(entry, low);
    else this.memory.store8(entry, low);
  }
}
