/**
 * The hardware page-table walk, for every format. `walk` only reads; `commit` then sets A and D as the access demands.
 * `access` calls both, `peek` only the first.
 *
 * Order of the checks (RISC-V privileged specification 4.3.2, which the others fit into): entry inside memory, valid,
 * reserved bits, pointer or leaf, superpage alignment, user/supervisor, read/write/execute, A and D, frame inside memory.
 *
 * The answer stays in the fields until the next walk; no walk allocates.
 *
 * Most walks go a path that was gone before (walk-paths.ts) to a leaf whose rights decide, or to nothing: `walk` knows those
 * ends by masks, and leaves all others to `walkExactly`, which goes from the root and through every check.
 */
import { ALLOWED, grantedKinds, missingRight, refusal } from './access-rights.ts';
import {
  ACCESSED_CLEAR,
  BAD_FRAME,
  DIRTY_CLEAR,
  type Fault,
  MISALIGNED_SUPERPAGE,
  NO_LEAF,
  NOT_PRESENT,
  RESERVED_BIT,
} from './fault-latch.ts';
import type { PageTableFormat } from './page-table/formats.ts';
import { PageTable } from './page-table/page-table.ts';
import { PLAIN_WORDS } from './page-table/pte-codec.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_EXEC, PTE_GLOBAL, PTE_READ, PTE_USER, PTE_WRITE } from './pte-flags.ts';
import { floorRemainder } from './sign-extension.ts';
import { type AccessKind, STORE } from './units.ts';
import { WalkPaths } from './walk-paths.ts';

/** Bytes of the entries that all but the smallest formats have. */
const WIDE_ENTRY = 8;
const RIGHTS = PTE_READ | PTE_WRITE | PTE_EXEC | PTE_USER;
/** Indices are taken from addresses' low bits, as integers, where they fit. */
const INTEGER_BITS = 32;

export class Walker {
  static readonly shared: readonly string[] = ['format'];

  readonly table: PageTable;
  /** Entries read by the last walk. */
  pteReads = 0;
  /** Level and address of the last entry read (or that could not be), and after a refusal its value. */
  level = 0;
  entry = -1;
  low = 0;
  high = 0;
  /** After success: rights granted by all levels together, with the leaf's A and D and any level's G. */
  flags = 0;
  /** After success: first frame of the mapped (super)page, and the frame of the page asked for. */
  basePfn = 0;
  pfn = 0;
  /** Entry addresses of the last exact walk, by level. */
  readonly entries: Float64Array;
  /** The last walk found plain pointers at this level and above. */
  private plainAbove = 0;
  private readonly memory: PhysicalMemory;
  private readonly format: PageTableFormat;
  private readonly riscv: boolean;
  private readonly wideEntries: boolean;
  private readonly everyLevel: boolean;
  private readonly reservedMisalignment: boolean;
  private readonly hardwareAccessedDirty: boolean;
  /** Pages in a leaf, and bytes of it, by level. */
  private readonly pagesInLeaf: Float64Array;
  /** Null where entries or tables are not of the common kind. */
  readonly paths: WalkPaths | null;
  private readonly pageShift: number;
  /** Entries of a leaf table, less 1. */
  readonly leafMask: number;
  /** Flags of a leaf that an access needs no walk to set: for loads and fetches, for stores. */
  private readonly used: number;
  private readonly usedToStore: number;

  constructor(memory: PhysicalMemory, format: PageTableFormat, hardwareAccessedDirty: boolean) {
    this.table = new PageTable(memory, format);
    this.memory = memory;
    this.format = format;
    this.wideEntries = format.pteBytes === WIDE_ENTRY;
    this.riscv = format.family === 'riscv';
    this.everyLevel = format.rules.permissions === 'every-level';
    this.reservedMisalignment = format.rules.misalignment === 'reserved-bit';
    this.hardwareAccessedDirty = hardwareAccessedDirty;
    this.entries = new Float64Array(format.levels.length);
    this.pagesInLeaf = Float64Array.from(format.levels, (level) => level.pageBytes / format.pageBytes);
    const leaf = format.levels[0]!;
    const isCommon = this.wideEntries && leaf.shift + leaf.indexBits <= INTEGER_BITS;
    this.paths = isCommon ? new WalkPaths(memory, this.table.leafSpan, this.table.levels - 1) : null;
    this.pageShift = format.pageShift;
    this.leafMask = 2 ** leaf.indexBits - 1;
    this.used = hardwareAccessedDirty ? 0 : PTE_ACCESSED;
    this.usedToStore = hardwareAccessedDirty ? 0 : PTE_ACCESSED | PTE_DIRTY;
  }

  /** Index of the rule that refuses, or ALLOWED (-1). */
  walk(root: number, va: number, kind: AccessKind, privilege: number): number {
    const table = this.paths === null ? -1 : this.paths.find(root, va);
    if (table === -1) return this.walkExactly(root, va, kind, privilege);
    const { codec } = this.table;
    const words = this.memory.nearWords;
    const word = table + 2 * ((va >>> this.pageShift) & this.leafMask);
    const low = words[word]! | 0;
    const high = words[word + 1]! | 0;
    this.pteReads = this.table.levels;
    this.plainAbove = 1;
    this.level = 0;
    this.entry = word * 4;
    if (!codec.isValid(low, high)) {
      this.low = low >>> 0;
      this.high = high >>> 0;
      return NOT_PRESENT;
    }
    const flags = codec.hardwareFlags(low, high);
    if (codec.reservedBits(low, high, 0, true) !== 0 || this.writeWithoutRead(flags) || !codec.isLeaf(low, high, 0)) {
      return this.walkExactly(root, va, kind, privilege);
    }
    if (((grantedKinds(flags, privilege) >> kind) & 1) === 0) {
      // The levels above grant everything, so it is this entry that refuses.
      this.low = low >>> 0;
      this.high = high >>> 0;
      return refusal(flags, kind, privilege);
    }
    const pfn = codec.frame(low, high);
    const needed = kind === STORE ? this.usedToStore : this.used;
    if ((flags & needed) !== needed || pfn >= this.memory.frames) return this.walkExactly(root, va, kind, privilege);
    this.flags = flags;
    this.basePfn = pfn;
    this.pfn = pfn;
    return ALLOWED;
  }

  /** The same from the root, with every check in its order. */
  walkExactly(root: number, va: number, kind: AccessKind, privilege: number): number {
    this.pteReads = 0;
    const address = this.followPlain(root, va);
    if (this.paths !== null && this.plainAbove === 1 && address + this.table.tableBytes(0) <= this.memory.nearEnd) {
      this.paths.note(root, va, address, this.entries);
    }
    return this.walkFrom(address, this.plainAbove - 1, va, kind, privilege);
  }

  /**
   * Follow the plain pointers (pte-codec.ts) from the root down, as long as they and memory are of the common kind: the
   * address of the first table that is left to the exact walk, at level `plainAbove - 1`.
   */
  private followPlain(root: number, va: number): number {
    const { table, memory, entries } = this;
    const { codec } = table;
    const { plain } = codec;
    const words = memory.nearWords;
    let address = root;
    let level = table.levels - 1;
    for (; level > 0 && this.wideEntries; level--) {
      const entry = table.entryAddress(address, va, level);
      if (entry >= memory.nearEnd - WIDE_ENTRY || (entry & (WIDE_ENTRY - 1)) !== 0) break;
      const low = words[entry >>> 2]! | 0;
      const high = words[(entry >>> 2) + 1]! | 0;
      const at = level * PLAIN_WORDS;
      if ((low & plain[at]!) !== plain[at + 1]! || (high & plain[at + 2]!) !== plain[at + 3]!) break;
      entries[level] = entry;
      this.pteReads++;
      address = codec.frame(low, high) * this.format.pageBytes;
    }
    this.plainAbove = level + 1;
    return address;
  }

  private walkFrom(start: number, top: number, va: number, kind: AccessKind, privilege: number): number {
    const { table, memory } = this;
    const { codec } = table;
    let address = start;
    let granted = RIGHTS;
    let global = 0;
    for (let level = top; ; level--) {
      const entry = table.entryAddress(address, va, level);
      this.level = level;
      this.entry = entry;
      this.entries[level] = entry;
      if (entry + this.format.pteBytes > memory.bytes) {
        this.low = 0;
        this.high = 0;
        return BAD_FRAME;
      }
      const low = table.low(entry);
      const high = table.high(entry);
      this.low = low;
      this.high = high;
      this.pteReads++;
      if (!codec.isValid(low, high)) return NOT_PRESENT;
      const flags = codec.hardwareFlags(low, high);
      const leaf = codec.isLeaf(low, high, level);
      if (codec.reservedBits(low, high, level, leaf) !== 0) return RESERVED_BIT;
      if (this.writeWithoutRead(flags)) return RESERVED_BIT;
      global |= flags & PTE_GLOBAL;
      if (this.everyLevel) granted &= flags;
      if (leaf) {
        // On x86, G counts in the leaf only; in RISC-V a pointer's G covers everything below it.
        const sticky = this.everyLevel ? flags & PTE_GLOBAL : global;
        this.flags = this.everyLevel ? (flags & ~RIGHTS) | granted : flags | sticky;
        return this.finish(va, kind, privilege, level);
      }
      if (level === 0) return NO_LEAF;
      address = codec.frame(low, high) * this.format.pageBytes;
    }
  }

  /** Set A (at every level, on x86) and D as a successful access does; `flags` follows. */
  commit(kind: AccessKind): void {
    const wanted = kind === STORE ? PTE_ACCESSED | PTE_DIRTY : PTE_ACCESSED;
    if (this.everyLevel && this.level < this.plainAbove - 1) {
      for (let level = this.plainAbove - 1; level > this.level; level--) {
        const entry = this.entries[level]!;
        const { accessedLow, accessedHigh } = this.table.codec;
        const clear = (accessedLow & ~this.table.low(entry)) | (accessedHigh & ~this.table.high(entry));
        if (clear !== 0) this.setBits(entry, PTE_ACCESSED);
      }
    }
    if ((this.flags & wanted) === wanted) return;
    this.setBits(this.entry, wanted);
    this.flags |= wanted;
    this.low = this.table.low(this.entry);
    this.high = this.table.high(this.entry);
  }

  /** Copy the deciding entry into a fault latch. */
  fillFault(fault: Fault, rule: number): void {
    fault.latchEntry(rule, this.level, this.entry, this.low, this.high);
  }

  private finish(va: number, kind: AccessKind, privilege: number, level: number): number {
    const { codec } = this.table;
    let base = codec.frame(this.low, this.high);
    let pfn = base;
    if (level > 0) {
      const pages = this.pagesInLeaf[level]!;
      const excess = base % pages;
      if (excess !== 0) {
        if (!this.reservedMisalignment) return MISALIGNED_SUPERPAGE;
        base -= excess; // only PAT can be left there: the other bits were checked as reserved
      }
      pfn = base + floorRemainder(Math.floor(va / this.format.pageBytes), pages);
    }
    this.basePfn = base;
    this.pfn = pfn;
    const rule = refusal(this.flags, kind, privilege);
    if (rule !== ALLOWED) {
      if (this.everyLevel) this.findDecider(missingRight(rule));
      return rule;
    }
    if (!this.hardwareAccessedDirty) {
      if ((this.flags & PTE_ACCESSED) === 0) return ACCESSED_CLEAR;
      if (kind === STORE && (this.flags & PTE_DIRTY) === 0) return DIRTY_CLEAR;
    }
    return pfn < this.memory.frames ? ALLOWED : BAD_FRAME;
  }

  /** The highest level that withholds the right is the one to name. */
  private findDecider(right: number): void {
    const leafLevel = this.level;
    for (let level = this.table.levels - 1; right !== 0 && level >= leafLevel; level--) {
      const entry = this.entries[level]!;
      const low = this.table.low(entry);
      const high = this.table.high(entry);
      if ((this.table.codec.hardwareFlags(low, high) & right) === 0) {
        this.level = level;
        this.entry = entry;
        this.low = low;
        this.high = high;
        return;
      }
    }
  }

  private writeWithoutRead(flags: number): boolean {
    return this.riscv && (flags & (PTE_READ | PTE_WRITE)) === PTE_WRITE;
  }

  private setBits(entry: number, wanted: number): void {
    const { codec } = this.table;
    let low = 0;
    let high = 0;
    if ((wanted & PTE_ACCESSED) !== 0) {
      low |= codec.accessedLow;
      high |= codec.accessedHigh;
    }
    if ((wanted & PTE_DIRTY) !== 0) {
      low |= codec.dirtyLow;
      high |= codec.dirtyHigh;
    }
    this.table.setRawBits(entry, low, high);
  }
}
