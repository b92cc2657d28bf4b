/**
 * Address translation of one processor: its TLBs, page-table walks, traps and counters. `cpu.ts` adds loads
 * and stores.
 *
 *     reach --> attempt --> exact TLB --miss--> attemptWalk --refused--> trap (the kernel) --> attempt again, or abandoned
 *
 * Counting: an access is counted once for each page it touches (a straddling one twice), and its first lookup decides
 * whether it was a hit or a miss; a retry after a trap walks again but is the same access. So
 *   I1: accesses = tlbHits + tlbMisses + refusedAddresses (out of range or non-canonical: not looked up), with a TLB.
 *   I2: tlbMisses = l1TlbMisses - l2TlbHits.
 *   I3: faulted implies that the soft TLBs are empty. So a hit there need not clear `faulted`.
 */
import { ALLOWED, grantedKinds, LOAD_GRANTED, refusal, STORE_GRANTED } from './access-rights.ts';
import { type CpuCounters, CpuTally } from './cpu-counters.ts';
import type { CpuOptions } from './cpu-options.ts';
import { BAD_FRAME, Fault, NON_CANONICAL, OUT_OF_RANGE } from './fault-latch.ts';
import { invariant } from './invariant.ts';
import { type PeekOptions, peekRefused, peekTranslation } from './peek.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import { PTE_ACCESSED, PTE_DIRTY, PTE_GLOBAL } from './pte-flags.ts';
import { addressEnd, addressStart } from './sign-extension.ts';
import { TlbHierarchy } from './tlb/hierarchy.ts';
import { SOFT_CHUNK, SOFT_FOLD, SOFT_INDEX_MASK, SOFT_OFFSET } from './tlb/soft-tlb.ts';
import { GLOBAL_SPACE, type TlbEntryInfo, type TlbPreset } from './tlb/tlb.ts';
import type { Translation } from './translation.ts';
import { TranslationRegisters } from './translation-registers.ts';
import { type AccessKind, FETCH, STORE } from './units.ts';
import { Walker } from './walker.ts';

/** Told of the frame of every access, in order: what exact-LRU replacement needs. */
export interface FrameReference {
  touch(pfn: number): void;
}

/** Bytes of the widest single access. */
const WIDEST_ACCESS = 8;
/** Accesses without ASID tags all carry this one; nothing carries the other. */
const ONLY_SPACE = 0;
const NO_SPACE = -2;

export abstract class TranslationUnit extends TranslationRegisters {
  readonly index: number;
  readonly memory: PhysicalMemory;
  /** Null: no TLB. */
  readonly tlbs: TlbHierarchy | null;
  /** Registers of the last fault. */
  readonly fault = new Fault();
  /** The last access was abandoned. */
  faulted = false;

  protected readonly pageScale: number;
  protected readonly offsetMask: number;
  /** `touched` of the TLBs' slots; never reached without a TLB, as the soft TLBs then stay empty. */
  protected readonly dataTouched: Float64Array;
  /** Ticks once for each access and once for each of the tally's `uncountedTicks`: the time stamps of the TLBs. */
  protected clock = 0;
  protected stores = 0;
  protected fetches = 0;
  protected trapCount = 0;

  protected readonly walker: Walker;
  protected readonly asids: boolean;
  /** First address that is translated, and the first that no longer is (sign-extension.ts). */
  private readonly addressStart: number;
  private readonly addressEnd: number;
  protected softAllowed: boolean;
  private referenceTarget: FrameReference | null = null;
  /** What `fetchAhead` read: of no meaning. */
  protected fetched = 0;
  protected readonly tally = new CpuTally();

  constructor(options: CpuOptions) {
    const { memory, format, tlb } = options;
    super(format);
    this.index = options.index;
    this.memory = memory;
    this.walker = new Walker(memory, format, options.hardwareAccessedDirty);
    this.tlbs = tlb === null ? null : new TlbHierarchy(tlb, format, options.seed + options.index);
    this.asids = tlb?.asids !== false;
    this.addressStart = addressStart(format);
    this.addressEnd = addressEnd(format);
    this.pageScale = 1 / format.pageBytes;
    this.offsetMask = format.pageBytes - 1;
    this.dataTouched = this.tlbs === null ? new Float64Array(0) : this.tlbs.touched;
    this.softAllowed = this.maySoft();
  }

  /** Hand the fault to the kernel: true when the access shall be tried again. */
  protected abstract trapped(): boolean;

  /** While set, told of every access; the soft TLBs are then out of use. */
  get reference(): FrameReference | null {
    return this.referenceTarget;
  }
  set reference(target: FrameReference | null) {
    this.referenceTarget = target;
    this.softAllowed = this.maySoft() && target === null;
    this.soft.clear();
  }

  /** Switch to another address space. Without ASIDs that flushes all but the global entries. */
  setAddressSpace(rootAddress: number, asid: number): void {
    this.rootAddress = rootAddress;
    this.currentAsid = asid;
    this.soft.clear();
    if (this.tlbs !== null && !this.asids) {
      this.tlbs.invalidateAll(false);
      this.tally.flushes++;
    }
  }

  /** A picture of the counters. */
  get counters(): CpuCounters {
    return this.tally.picture(this.clock, this.stores, this.fetches, this.tlbs !== null);
  }

  /**
   * One page of an access: counts it, looks into the TLBs, walks, sets A and D, traps and retries.
   * Physical address, or -1 when abandoned (`faulted`).
   */
  translate(va: number, kind: AccessKind): number {
    const soft = this.soft.of(kind);
    const page = (va | 0) >>> this.format.pageShift;
    const index = (page ^ (page >>> SOFT_FOLD)) & SOFT_INDEX_MASK;
    const offset = va & this.offsetMask;
    const tags = kind === STORE ? soft.storeTags : soft.tags;
    if (tags[index] === va - offset) {
      const time = this.clock + 1;
      this.clock = time;
      if (kind === STORE) this.stores++;
      else if (kind === FETCH) this.fetches++;
      this.dataTouched[soft.places[index]!] = time;
      return this.memory.addressIn(soft.places[index + SOFT_CHUNK]!, soft.places[index + SOFT_OFFSET]! + offset);
    }
    this.faulted = false;
    return this.reach(va, kind, true);
  }

  /**
   * What an access would meet, by the same rules; changes nothing. `walkAlways` draws the walk even on a TLB hit.
   * A bigint is a 64-bit constant outside the address space that no double holds: refused, and shown exactly.
   */
  peek(va: number | bigint, kind: AccessKind, options: PeekOptions = {}): Translation {
    const { walker, tlbs, privilege } = this;
    const registers = { ...this.spectatedSpace(options), privilege };
    const context = { walker, tlbs, format: this.format, memory: this.memory, ...registers };
    return typeof va === 'number' && this.isTranslatable(va)
      ? peekTranslation(context, va, kind, options)
      : peekRefused(context, va, kind);
  }

  private spectatedSpace({ as }: PeekOptions): { root: number; asid: number; space: number } {
    if (as === undefined) return { root: this.rootAddress, asid: this.currentAsid, space: this.space() };
    const space = this.asids && as.asid !== null ? as.asid : NO_SPACE;
    return { root: as.root, asid: as.asid ?? 0, space };
  }

  /** Drop the page's entries in that address space, and global ones for it. */
  invalidatePage(va: number, asid: number): void {
    this.tally.invalidations++;
    if (this.tlbs === null) return;
    const small = !this.tlbs.hasSuperpages();
    this.tlbs.invalidatePage(va, this.spaceOf(asid));
    const page = Math.floor(va * this.pageScale);
    if (small) this.soft.dropPage(page);
    else this.soft.clear();
  }

  /** Drop an address space's entries; the global ones stay. */
  invalidateAsid(asid: number): void {
    this.tally.flushes++;
    this.tlbs?.invalidateSpace(this.spaceOf(asid));
    this.soft.clear();
  }

  invalidateAll(includeGlobal: boolean): void {
    this.tally.flushes++;
    this.tlbs?.invalidateAll(includeGlobal);
    this.soft.clear();
  }

  /** Put an entry into a slot of the TLB of that name (`L1`, `L1i`, `L1d`, `L2`), or empty it (null). Counts nothing. */
  presetTlb(name: string, set: number, way: number, preset: TlbPreset | null): void {
    invariant(this.tlbs !== null, 'there is a TLB to preset');
    this.soft.clear();
    this.tick();
    this.tlbs.preset(name, set, way, preset, this.clock);
  }

  /** The valid entries of all TLBs. */
  tlbEntries(): TlbEntryInfo[] {
    return this.tlbs === null ? [] : this.tlbs.list();
  }

  /** An access to the page of `va`, past the soft TLB. `counted`: it is a new one, not the retry of an old one. */
  protected reach(va: number, kind: AccessKind, counted: boolean): number {
    if (counted) {
      this.clock++;
      if (kind === STORE) this.stores++;
      else if (kind === FETCH) this.fetches++;
    } else this.tick();
    let first = counted;
    for (;;) {
      const pa = this.attempt(va, kind, first);
      if (pa !== -1) {
        this.faulted = false; // the trap's own accesses may have left it set
        return pa;
      }
      first = false;
      if (!this.answered(va)) return -1;
      this.tick();
    }
  }

  /** The access was refused, its fault latched: ask the kernel. False: abandoned (`faulted`). */
  protected answered(va: number): boolean {
    this.trapCount++;
    const again = this.trapped();
    // No kernel can make such an address good.
    if (again && this.isTranslatable(va)) return true;
    this.soft.clear();
    this.faulted = true;
    return false;
  }

  private attempt(va: number, kind: AccessKind, first: boolean): number {
    if (!this.isTranslatable(va)) return this.refuseAddress(va, kind, first);
    const { tlbs } = this;
    if (tlbs === null) return this.attemptWalk(va, kind, -1);
    const found = tlbs.find(va, kind, this.space());
    if (found === -1) {
      if (first) this.tally.tlbMisses++;
      return this.attemptWalk(va, kind, -1);
    }
    const isSecond = tlbs.isSecond(found);
    const tlb = isSecond ? tlbs.second! : tlbs.firstLevel(kind);
    const flags = tlb.flagsOf(found);
    const pfn = tlb.frameOf(found, va);
    this.fetchAhead(va, pfn);
    const slot = tlbs.use(found, kind, this.clock);
    if (isSecond) {
      if (first) this.tally.l2TlbHits++;
      if (tlbs.evictedSlot !== -1) this.soft.dropEvicted(tlbs, kind);
    }
    if (((grantedKinds(flags, this.privilege) >> kind) & 1) === 0) {
      return this.refuseFromEntry(va, kind, refusal(flags, kind, this.privilege));
    }
    if (kind === STORE && (flags & PTE_DIRTY) === 0) {
      this.tally.dirtyWalks++;
      return this.attemptWalk(va, kind, slot);
    }
    return this.arrive(va, kind, slot, pfn, flags);
  }

  /**
   * The access will be to this frame, if it is allowed: have the host fetch the word into its caches while the TLBs are
   * seen to. With more memory in use than those hold, that is a third of what a miss costs.
   */
  private fetchAhead(va: number, pfn: number): void {
    const { memory } = this;
    const near = pfn * this.format.pageBytes + (va & this.offsetMask);
    if (near < memory.nearEnd) this.fetched = memory.nearWords[near >>> 2]! | 0;
  }

  /** `slot` of the first level holds a clean entry for the page, or is -1. */
  private attemptWalk(va: number, kind: AccessKind, slot: number): number {
    const { tlbs, walker } = this;
    this.tally.walks++;
    const rule = walker.walk(this.rootAddress, va, kind, this.privilege);
    this.tally.pteReads += walker.pteReads;
    if (rule !== ALLOWED) return this.refuse(va, kind, rule);
    this.fetchAhead(va, walker.pfn);
    walker.commit(kind);
    const entered = tlbs === null ? -1 : this.enter(tlbs, va, kind, slot, this.space());
    return this.arrive(va, kind, entered, walker.pfn, walker.flags);
  }

  /** Enter the walk's result into the TLBs; `slot` holds a clean entry for the page, or is -1. */
  private enter(tlbs: TlbHierarchy, va: number, kind: AccessKind, slot: number, space: number): number {
    const { walker } = this;
    if (slot !== -1) {
      const tlb = tlbs.firstLevel(kind);
      const old = tlb.flagsOf(slot);
      if (tlb.baseFrame(slot) === walker.basePfn && tlb.levelOf(slot) === walker.level) {
        tlbs.updateFlags(va, space, walker.flags);
        if (((old ^ walker.flags) & ~(PTE_ACCESSED | PTE_DIRTY)) !== 0) this.soft.clear();
        return slot;
      }
      // The table has changed behind the entry's back.
      tlbs.invalidatePage(va, space);
      this.soft.clear();
    }
    const tag = (walker.flags & PTE_GLOBAL) !== 0 ? GLOBAL_SPACE : space;
    const filled = tlbs.fill(va, kind, walker.level, tag, walker.basePfn, walker.flags, this.clock);
    this.soft.dropEvicted(tlbs, kind);
    return filled;
  }

  private arrive(va: number, kind: AccessKind, slot: number, pfn: number, flags: number): number {
    const { memory } = this;
    // A superpage entry may map past the end of memory.
    if (pfn >= memory.frames) return this.refuseFromEntry(va, kind, BAD_FRAME);
    if (this.referenceTarget !== null) this.referenceTarget.touch(pfn);
    const offset = va & this.offsetMask;
    const frame = pfn * this.format.pageBytes;
    if (slot !== -1 && this.softAllowed) {
      const granted = grantedKinds(flags, this.privilege);
      const chunk = memory.chunkOf(frame);
      const start = memory.offsetInChunk(frame);
      if (kind === FETCH) this.soft.fetches.fill(va - offset, true, false, slot, chunk, start);
      else {
        // For load and store both, where the exact entry allows it, since who reads a word often writes it next.
        const stores = (granted & STORE_GRANTED) !== 0 && (flags & PTE_DIRTY) !== 0;
        this.soft.data.fill(va - offset, (granted & LOAD_GRANTED) !== 0, stores, slot, chunk, start);
        if (stores) memory.markFrameWritten(pfn);
      }
    }
    return frame + offset;
  }

  private refuse(va: number, kind: AccessKind, rule: number): number {
    this.fault.latchAccess(va, kind, this.user);
    this.walker.fillFault(this.fault, rule);
    return -1;
  }

  /** The TLB decides; the tables are read only to name the entry (uncounted), whatever they allow by now. */
  private refuseFromEntry(va: number, kind: AccessKind, rule: number): number {
    this.walker.walkExactly(this.rootAddress, va, kind, this.privilege);
    return this.refuse(va, kind, rule);
  }

  private refuseAddress(va: number, kind: AccessKind, first: boolean): number {
    if (first) this.tally.refusedAddresses++;
    this.fault.latchAccess(va, kind, this.user);
    this.fault.latchBareRule(this.format.canonical === 'sign-extended' ? NON_CANONICAL : OUT_OF_RANGE);
    return -1;
  }

  /** Without a TLB there is nothing to be in front of; and 8 bytes must fit a page for the hit paths to be right. */
  private maySoft(): boolean {
    return this.tlbs !== null && this.format.pageBytes >= WIDEST_ACCESS;
  }

  protected isTranslatable(va: number): boolean {
    return va >= this.addressStart && va < this.addressEnd;
  }

  private tick(): void {
    this.clock++;
    this.tally.uncountedTicks++;
  }

  private space(): number {
    return this.asids ? this.currentAsid : ONLY_SPACE;
  }

  private spaceOf(asid: number): number {
    if (this.asids) return asid;
    return asid === this.currentAsid ? ONLY_SPACE : NO_SPACE;
  }
}
