import type { HeapFigures } from '../process/check/figures.ts';

/**
 * A picture of the machine that a person would want to see: plain, immutable, JSON-able data.
 * Taken with `peek`, so looking changes nothing. Lists are ordered (processes by pid, areas by address, …).
 * Keyed objects (not arrays) are used where entries come and go, so that the immer patches between two views stay small.
 */
export interface AreaView {
  readonly start: number;
  readonly end: number;
  /** `rw-p`, as in /proc/PID/maps. */
  readonly perms: string;
  /** `[stack]`, `[heap]`, `text`, `anon`, `shared`, a file's name. */
  readonly name: string;
  /** smaps VmFlags letters: `rd wr mr mw me ac`. */
  readonly flags: string;
  /** Bytes into the backing file; 0 for anonymous memory. */
  readonly offset: number;
  readonly residentPages: number;
  readonly swappedPages: number;
}

export interface PteView {
  /** Page address, in bytes. */
  readonly address: number;
  readonly pteAddress: number;
  /** `0x…`. */
  readonly value: string;
  readonly letters: string;
  readonly state: 'present' | 'prot-none' | 'swapped' | 'guard';
  /** Frame (present, prot-none) or swap slot (swapped); null for guard. */
  readonly target: number | null;
  /** Bytes mapped: more than a page for a superpage. */
  readonly pageBytes: number;
  /** What the frame is: zero page, anonymous, shared, file. */
  readonly what: string;
}

/** One piece of a heap region; pieces follow each other without gaps. */
export interface HeapBlockView {
  readonly start: number;
  /** Bytes in all, header included. */
  readonly bytes: number;
  readonly state: 'used' | 'free' | 'cached' | 'top' | 'header' | 'lost';
  /** What the program has, or would get; null for what no program gets. */
  readonly payload: number | null;
  readonly payloadBytes: number;
  /** `tcache[2]`, `class 3, pool 7`. */
  readonly detail: string;
}

export interface HeapRegionView {
  /** `[heap]`, `arena 0`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly pieces: number;
  readonly usedBytes: number;
  /** Free, kept for quick reuse, or never used. */
  readonly freeBytes: number;
  /** By address (hex `0x…`); empty for a region of more than 4096 pieces. */
  readonly blocks: Readonly<Record<string, HeapBlockView>>;
}

/** The heaps of a program whose libraries are mapped. */
export interface HeapView {
  /** `glibc`, or a textbook's policy. */
  readonly malloc: string;
  /** CPython version; null without one. */
  readonly python: string | null;
  /** What CPython calls its set of allocators (`pymalloc_debug`); null when it has no name for it. */
  readonly allocator: string | null;
  readonly figures: HeapFigures;
  /** Rules of the heaps' own structures that do not hold, at most three; empty when they are whole. */
  readonly broken: readonly string[];
  /** By start address (hex `0x…`). */
  readonly regions: Readonly<Record<string, HeapRegionView>>;
  /** Blocks that the program holds, by address (hex `0x…`), with the call and step that gave them; at most 4096. */
  readonly held: Readonly<
    Record<string, { readonly address: number; readonly size: number; readonly by: string; readonly step: number }>
  >;
}

export interface ProcessView {
  readonly pid: number;
  readonly name: string;
  readonly parent: number | null;
  readonly state: 'running' | 'zombie';
  readonly exitCode: number | null;
  readonly signal: string | null;
  readonly cpu: number;
  readonly asid: number;
  /** Physical address of the root table. */
  readonly root: number;
  readonly brk: { readonly start: number; readonly end: number };
  readonly areas: readonly AreaView[];
  /** Decoded leaf entries that are not empty, by page address (hex `0x…`). */
  readonly pages: Readonly<Record<string, PteView>>;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly residentPages: number;
  readonly swappedPages: number;
  /** Page-table frames, root included. */
  readonly tableFrames: number;
  /** Null while the process has called no function of a program. */
  readonly heap: HeapView | null;
}

export interface FrameView {
  readonly pfn: number;
  readonly use: 'kernel' | 'zero' | 'table' | 'anon' | 'shared' | 'file' | 'swap-cache';
  readonly references: number;
  readonly mappings: readonly { readonly pid: number; readonly address: number }[];
  readonly dirty: boolean;
  readonly accessed: boolean;
  /** FNV-1a of its bytes: changes when the content does. */
  readonly contentHash: string;
}

export interface TlbEntryView {
  readonly tlb: string; // 'L1', 'L1i', 'L1d', 'L2'
  readonly set: number;
  readonly way: number;
  readonly asid: number;
  readonly global: boolean;
  readonly vpn: number;
  readonly pfn: number;
  readonly pageBytes: number;
  readonly letters: string;
}

export interface CpuView {
  readonly index: number;
  readonly pid: number | null;
  readonly asid: number;
  readonly tlb: readonly TlbEntryView[];
}

export interface SwapSlotView {
  readonly slot: number;
  readonly references: number;
  readonly cachedPfn: number | null;
}

/** Exact counters, machine-wide. Every name may be used in `expect: { counters: … }`. */
export interface Counters {
  readonly accesses: number;
  readonly loads: number;
  readonly stores: number;
  readonly fetches: number;
  readonly tlbHits: number;
  readonly tlbMisses: number;
  readonly l1TlbMisses: number;
  readonly l2TlbHits: number;
  readonly tlbInvalidations: number;
  readonly tlbFlushes: number;
  readonly tlbShootdowns: number;
  readonly walks: number;
  readonly pteReads: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly protectionFaults: number;
  readonly demandZeroFaults: number;
  readonly zeroPageFaults: number;
  readonly copyOnWriteFaults: number;
  readonly reuseFaults: number;
  readonly fileFaults: number;
  readonly sharedFaults: number;
  readonly swapInFaults: number;
  readonly swapCacheFaults: number;
  readonly stackGrowths: number;
  readonly hugeFaults: number;
  readonly spuriousFaults: number;
  readonly evictions: number;
  readonly cleanEvictions: number;
  readonly dirtyEvictions: number;
  readonly swapReads: number;
  readonly swapWrites: number;
  readonly syscalls: number;
  readonly signals: number;
  readonly forks: number;
  readonly exits: number;
  readonly oomKills: number;
  readonly contextSwitches: number;
}
export type CounterName = keyof Counters;

export interface MemoryView {
  readonly frames: number;
  readonly freeFrames: number;
  readonly pageBytes: number;
  readonly swapSlots: number;
  readonly freeSwapSlots: number;
}

export interface MachineView {
  /** Steps taken so far: the machine's clock. */
  readonly clock: number;
  readonly memory: MemoryView;
  /** By pid. */
  readonly processes: Readonly<Record<string, ProcessView>>;
  /** Frames in use, by pfn. */
  readonly frames: Readonly<Record<string, FrameView>>;
  /** Slots in use, by slot number. */
  readonly swap: Readonly<Record<string, SwapSlotView>>;
  readonly cpus: readonly CpuView[];
  readonly counters: Counters;
}
