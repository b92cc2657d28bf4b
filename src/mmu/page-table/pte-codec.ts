/**
 * One format's entries, between bits and meaning (`pte-flags.ts`). An entry is two unsigned 32-bit words, `low` and
 * `high`; everything is masks compiled once from the format's layout, so no call allocates or touches a bigint.
 *
 * PROT_NONE entries keep their permission, A and D bits where those do not collide with the software bits, so that
 * nothing about the frame is forgotten while the hardware may not use it.
 */
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_EXEC,
  PTE_GLOBAL,
  PTE_GUARD,
  PTE_PROT_NONE,
  PTE_READ,
  PTE_SWAP,
  PTE_SWAP_EXCLUSIVE,
  PTE_USER,
  PTE_VALID,
  PTE_WRITE,
} from '../pte-flags.ts';
import type { BitField } from './bit-layout.ts';
import { fieldMasks } from './bit-layout.ts';
import type { PageTableFormat } from './formats.ts';

const FLAG_FIELDS: readonly (readonly [number, string])[] = [
  [PTE_VALID, 'valid'],
  [PTE_READ, 'read'],
  [PTE_WRITE, 'write'],
  [PTE_EXEC, 'execute'],
  [PTE_USER, 'user'],
  [PTE_GLOBAL, 'global'],
  [PTE_ACCESSED, 'accessed'],
  [PTE_DIRTY, 'dirty'],
];
const FLAG_COUNT = FLAG_FIELDS.length;
const FLAG_MASK = 2 ** FLAG_COUNT - 1;
const RIGHTS = PTE_READ | PTE_WRITE | PTE_EXEC | PTE_USER;
/** The low bits of an entry, where most formats have their flags. */
const LOW_FIELD = 2 ** 12 - 1;
/** Words of `plain` for each level. */
export const PLAIN_WORDS = 4;

export class PteCodec {
  /** Masks of A and D, for setting them in place. */
  readonly accessedLow: number;
  readonly accessedHigh: number;
  readonly dirtyLow: number;
  readonly dirtyHigh: number;
  /** Flags that the format has no bit for and that are therefore always granted. */
  readonly implied: number;
  /** Words for each combination of the eight hardware flags: encoding is a look-up. */
  private readonly wordsLow: Int32Array;
  private readonly wordsHigh: Int32Array;
  /** Masks by flag number; `inverted` flags (x86 NX) are set when the bit is clear. */
  private readonly low: Int32Array;
  private readonly high: Int32Array;
  private readonly inverted: number;
  private readonly validLow: number;
  private readonly validHigh: number;
  private readonly frameLow: number;
  private readonly frameHigh: number;
  private readonly frameBit: number;
  private readonly frameScale: number;
  private readonly frameHighScale: number;
  private readonly leafLow: number;
  private readonly leafHigh: number;
  private readonly permissionLeaf: boolean;
  private readonly reservedTable: Int32Array;
  private readonly reservedLeaf: Int32Array;
  private readonly leafZeroLow: number;
  private readonly leafZeroHigh: number;
  private readonly canBeLeaf: Uint8Array;
  private readonly everyLevel: boolean;
  private readonly protNoneLow: number;
  private readonly protNoneHigh: number;
  private readonly swapLow: number;
  private readonly swapHigh: number;
  private readonly exclusiveLow: number;
  private readonly exclusiveHigh: number;
  /** RISC-V's low byte is the abstract flags, bit for bit. */
  private readonly direct: boolean;
  /**
   * What makes an entry a *plain pointer*, by level: `low & plain[4 * level] === plain[4 * level + 1]`, and the same of the
   * high word with the next two. A plain pointer is a valid pointer to a table, with nothing reserved set, that takes no
   * right away, makes nothing global and, where A is kept at every level, has it: a walk has only to follow it.
   */
  readonly plain: Int32Array;
  /** Flags by the low bits, with the one flag that the high word has (x86 NX) to add; null: not that simple. */
  private readonly flagsByLow: Uint8Array | null;
  private readonly highMask: number;
  private readonly highFlag: number;
  /** Largest frame number or swap slot an entry can hold. */
  readonly frameMax: number;

  constructor(format: PageTableFormat) {
    const { layout } = format;
    const frame = layout.frame ?? { bit: 0, width: 0, doc: '' };
    this.low = new Int32Array(FLAG_COUNT);
    this.high = new Int32Array(FLAG_COUNT);
    let implied = 0;
    let inverted = 0;
    for (const [number, [flag, name]] of FLAG_FIELDS.entries()) {
      let field: BitField | undefined = layout[name];
      if (flag === PTE_EXEC && field === undefined && layout.noExecute !== undefined) {
        field = layout.noExecute;
        inverted |= flag;
      }
      // Global is a wish, not a right: absent means not global. A and D that cannot be recorded count as set.
      if (field === undefined && flag !== PTE_GLOBAL) implied |= flag;
      const masks = fieldMasks(field);
      this.low[number] = masks.low;
      this.high[number] = masks.high;
    }
    this.implied = implied;
    this.inverted = inverted;
    this.wordsLow = flagWords(this.low, inverted);
    this.wordsHigh = flagWords(this.high, inverted);
    const valid = fieldMasks(layout.valid);
    this.validLow = valid.low;
    this.validHigh = valid.high;
    const accessed = fieldMasks(layout.accessed);
    const dirty = fieldMasks(layout.dirty);
    this.accessedLow = accessed.low;
    this.accessedHigh = accessed.high;
    this.dirtyLow = dirty.low;
    this.dirtyHigh = dirty.high;
    const frameMasks = fieldMasks(frame);
    this.frameLow = frameMasks.low;
    this.frameHigh = frameMasks.high;
    this.frameBit = frame.bit;
    this.frameScale = 2 ** frame.bit;
    this.frameHighScale = 2 ** (32 - frame.bit);
    this.frameMax = 2 ** frame.width - 1;
    const leaf = fieldMasks(layout.leaf);
    this.leafLow = leaf.low;
    this.leafHigh = leaf.high;
    this.permissionLeaf = format.rules.leafTest === 'permissions';
    this.everyLevel = format.rules.permissions === 'every-level';
    this.direct = format.family === 'riscv';
    this.canBeLeaf = Uint8Array.from(format.levels, (level) => (level.canBeLeaf ? 1 : 0));
    this.reservedTable = packMasks(format.levels.map((level) => level.reservedInTable));
    this.reservedLeaf = packMasks(format.levels.map((level) => level.reservedInLeaf));
    this.leafZeroLow = this.reservedLeaf[0]!;
    this.leafZeroHigh = this.reservedLeaf[1]!;
    this.flagsByLow = this.lowFlags();
    const inHigh = this.high.findIndex((mask) => mask !== 0);
    this.highMask = this.high[inHigh] ?? 0;
    this.highFlag = inHigh === -1 ? 0 : 1 << inHigh;
    this.plain = this.plainPointers(format.levels.length);
    const protNone = fieldMasks(format.softwareLayout?.protNone);
    this.protNoneLow = protNone.low;
    this.protNoneHigh = protNone.high;
    const swap = fieldMasks(format.softwareLayout?.swap);
    this.swapLow = swap.low;
    this.swapHigh = swap.high;
    const exclusive = fieldMasks(format.softwareLayout?.swapExclusive);
    this.exclusiveLow = exclusive.low;
    this.exclusiveHigh = exclusive.high;
  }

  /** Is the entry's valid bit set? */
  isValid(low: number, high: number): boolean {
    return ((low & this.validLow) | (high & this.validHigh)) !== 0;
  }

  /** Does a valid entry at this level end the walk? */
  isLeaf(low: number, high: number, level: number): boolean {
    if (level === 0) {
      // RISC-V alone can hold a pointer at the last level, where the walk then fails.
      return !this.permissionLeaf || (low & (PTE_READ | PTE_EXEC | PTE_WRITE)) !== 0;
    }
    if (this.permissionLeaf) return (low & (PTE_READ | PTE_EXEC | PTE_WRITE)) !== 0;
    return this.canBeLeaf[level] === 1 && ((low & this.leafLow) | (high & this.leafHigh)) !== 0;
  }

  /** Does the walk end at this entry of the last level with nothing reserved set, if its rights allow the access? */
  isPlainLeaf(low: number, high: number): boolean {
    return this.isValid(low, high) && ((low & this.leafZeroLow) | (high & this.leafZeroHigh)) === 0;
  }

  /** The hardware's flags (PTE_VALID to PTE_DIRTY) of the bits as they stand. */
  hardwareFlags(low: number, high: number): number {
    if (this.direct) return low & 0xff;
    if (this.flagsByLow === null) return this.flagsByBits(low, high);
    return this.flagsByLow[low & LOW_FIELD]! ^ ((high & this.highMask) !== 0 ? this.highFlag : 0);
  }

  /** Abstract flags of an entry, software's not-present kinds included. */
  flags(low: number, high: number): number {
    if (this.isValid(low, high)) return this.hardwareFlags(low, high);
    if (low === 0 && high === 0) return 0;
    if (((low & this.protNoneLow) | (high & this.protNoneHigh)) !== 0) {
      // The bit that says PROT_NONE is G in a valid entry.
      return (this.hardwareFlags(low, high) & ~(PTE_VALID | PTE_GLOBAL)) | PTE_PROT_NONE;
    }
    const exclusive = ((low & this.exclusiveLow) | (high & this.exclusiveHigh)) !== 0;
    if (((low & this.swapLow) | (high & this.swapHigh)) !== 0)
      return exclusive ? PTE_SWAP | PTE_SWAP_EXCLUSIVE : PTE_SWAP;
    return exclusive ? PTE_GUARD : 0;
  }

  /** Frame number (or swap slot) of an entry. In a superpage leaf of x86 the bits below the frame are PAT and reserved. */
  frame(low: number, high: number): number {
    const lower = (low & this.frameLow) >>> this.frameShift();
    const upper = high & this.frameHigh;
    // Apart, so that the walks of all but the largest machines stay within integers.
    return upper === 0 ? lower : lower + (upper >>> 0) * this.frameHighScale;
  }

  /** Must-be-zero bits that are set, given what the entry is; 0 when it is in order. */
  reservedBits(low: number, high: number, level: number, leaf: boolean): number {
    const masks = leaf ? this.reservedLeaf : this.reservedTable;
    return (low & masks[level * 2]!) | (high & masks[level * 2 + 1]!);
  }

  /** Low word of an entry for `pfn` with `flags`, that maps a page at `level`. */
  leafLowWord(pfn: number, flags: number, level: number): number {
    let word = this.frameLowWord(pfn) | this.wordsLow[flags & FLAG_MASK]!;
    if (level > 0) word |= this.leafLow;
    if ((flags & PTE_PROT_NONE) !== 0) word = (word & ~this.low[5]!) | this.protNoneLow;
    return word >>> 0;
  }

  leafHighWord(pfn: number, flags: number, level: number): number {
    let word = this.frameHighWord(pfn) | this.wordsHigh[flags & FLAG_MASK]!;
    if (level > 0) word |= this.leafHigh;
    if ((flags & PTE_PROT_NONE) !== 0) word = (word & ~this.high[5]!) | this.protNoneHigh;
    return word >>> 0;
  }

  /** Flags of a pointer to a lower table: where every level must grant a right, it grants all but what `user` withholds. */
  tableFlags(user: boolean): number {
    // Elsewhere only the leaf counts; `inverted` keeps a refusing bit (no-execute) clear all the same.
    if (!this.everyLevel) return PTE_VALID | this.inverted;
    return PTE_VALID | PTE_READ | PTE_WRITE | PTE_EXEC | (user ? PTE_USER : 0);
  }

  swapLowWord(slot: number, exclusive: boolean): number {
    return (this.frameLowWord(slot) | this.swapLow | (exclusive ? this.exclusiveLow : 0)) >>> 0;
  }

  swapHighWord(slot: number, exclusive: boolean): number {
    return (this.frameHighWord(slot) | this.swapHigh | (exclusive ? this.exclusiveHigh : 0)) >>> 0;
  }

  guardLowWord(): number {
    return this.exclusiveLow >>> 0;
  }

  guardHighWord(): number {
    return this.exclusiveHigh >>> 0;
  }

  private flagsByBits(low: number, high: number): number {
    let flags = this.implied;
    for (let number = 0; number < FLAG_COUNT; number++) {
      if (((low & this.low[number]!) | (high & this.high[number]!)) !== 0) flags |= 1 << number;
    }
    return flags ^ this.inverted;
  }

  /** The flags that each value of the low bits means, the high word being zero; null: flags lie elsewhere too. */
  private lowFlags(): Uint8Array | null {
    if (this.direct || this.low.some((mask) => (mask & ~LOW_FIELD) !== 0)) return null;
    const inHigh = this.high.filter((mask) => mask !== 0);
    if (inHigh.length > 1) return null;
    return Uint8Array.from({ length: LOW_FIELD + 1 }, (_, low) => this.flagsByBits(low, 0));
  }

  private plainPointers(levels: number): Int32Array {
    const plain = new Int32Array(levels * PLAIN_WORDS);
    // Bits of a mask that are never met, where no entry shall be plain.
    const impossible = this.everyLevel && this.permissionLeaf;
    for (let level = 0; level < levels; level++) {
      let zeroLow =
        this.reservedTable[level * 2]! | (this.permissionLeaf ? PTE_READ | PTE_WRITE | PTE_EXEC : this.leafLow);
      let zeroHigh = this.reservedTable[level * 2 + 1]! | (this.permissionLeaf ? 0 : this.leafHigh);
      let oneLow = this.validLow;
      let oneHigh = this.validHigh;
      for (const [number, [flag]] of FLAG_FIELDS.entries()) {
        const refuses = this.everyLevel ? (this.inverted & flag & RIGHTS) !== 0 : flag === PTE_GLOBAL;
        if (refuses) {
          zeroLow |= this.low[number]!;
          zeroHigh |= this.high[number]!;
        } else if (this.everyLevel && (flag & (RIGHTS | PTE_ACCESSED)) !== 0) {
          oneLow |= this.low[number]!;
          oneHigh |= this.high[number]!;
        }
      }
      const at = level * PLAIN_WORDS;
      plain[at] = zeroLow | oneLow;
      plain[at + 1] = impossible ? ~plain[at]! : oneLow;
      plain[at + 2] = zeroHigh | oneHigh;
      plain[at + 3] = oneHigh;
    }
    return plain;
  }

  private frameShift(): number {
    return this.frameBit & 31;
  }

  private frameLowWord(pfn: number): number {
    // `| 0` keeps the low 32 bits of the product, which is a power of two away from an exact number.
    return this.frameLow === 0 ? 0 : ((pfn * this.frameScale) | 0) & this.frameLow;
  }

  private frameHighWord(pfn: number): number {
    // All but the largest machines have their frames' numbers in the low word.
    return pfn < this.frameHighScale ? 0 : (Math.floor(pfn / this.frameHighScale) | 0) & this.frameHigh;
  }
}

/** The bits of every combination of flags, given the bits of each. */
function flagWords(masks: Int32Array, inverted: number): Int32Array {
  return Int32Array.from({ length: 2 ** FLAG_COUNT }, (_, flags) => {
    let word = 0;
    for (let number = 0; number < FLAG_COUNT; number++) {
      if (((flags ^ inverted) & (1 << number)) !== 0) word |= masks[number]!;
    }
    return word;
  });
}

/** `[low of level 0, high of level 0, low of level 1, …]`. */
function packMasks(levels: readonly (readonly BitField[])[]): Int32Array {
  const packed = new Int32Array(levels.length * 2);
  for (const [level, fields] of levels.entries()) {
    for (const field of fields) {
      const masks = fieldMasks(field);
      packed[level * 2] = packed[level * 2]! | masks.low;
      packed[level * 2 + 1] = packed[level * 2 + 1]! | masks.high;
    }
  }
  return packed;
}
