/**
 * The kernel's state: everything that is not the hardware's and not one process's. The operations on it live beside
 * it, one concept a file (`vm/`, `fault/`, `reclaim/`, …), as functions that take the kernel first.
 */
import type { Cpu } from '../mmu/cpu.ts';
import type { PageTableFormat } from '../mmu/page-table/formats.ts';
import type { PageTable } from '../mmu/page-table/page-table.ts';
import type { PhysicalMemory } from '../mmu/physical-memory.ts';
import { Random } from '../mmu/random.ts';
import { KernelCounters } from './counters.ts';
import type { EventSink, KernelEvent } from './events.ts';
import { BuddyAllocator } from './frames/buddy.ts';
import { FRAME_ZERO, FrameTable, ZERO_PFN } from './frames/frame-table.ts';
import { LruBatches } from './frames/lru-batches.ts';
import { ReverseMap } from './frames/reverse-map.ts';
import { Disk } from './fs/disk.ts';
import { type Inode, specialFiles } from './fs/inode.ts';
import { KernelLog } from './kernel-log.ts';
import { type ErrnoName, fail } from './linux-abi.ts';
import { MemoryGroup } from './memory-group.ts';
import type { MemoryObject } from './memory-object.ts';
import { Kswapd } from './pressure/kswapd.ts';
import { VmStat } from './pressure/vmstat.ts';
import { bootMinFreeKbytes } from './pressure/watermarks.ts';
import { Zone } from './pressure/zone.ts';
import type { Process } from './process.ts';
import { FrameFacts } from './reclaim/frame-facts.ts';
import { LinuxPolicy } from './reclaim/linux.ts';
import type { LruState } from './reclaim/lru-state.ts';
import type { ReplacementOptions } from './reclaim/options.ts';
import type { ReplacementPolicy } from './reclaim/policy.ts';
import { tickPolicy } from './reclaim/policy-tick.ts';
import { PteReferenceBits } from './reclaim/reference-bits.ts';
import { createPolicy } from './reclaim/registry.ts';
import { defaultPageCluster, SwapReadAhead } from './swap/read-ahead.ts';
import { SwapDevice, type SwapKind } from './swap/swap-device.ts';
import { Sysctls } from './sysctl.ts';
import type { AddressSpace } from './vm/address-space.ts';
import { rightsFlagsOf } from './vm/rights-flags.ts';

export interface KernelOptions {
  /** Swap device, bytes. */
  readonly swap: number;
  /** What the swap device is (swap/swap-device.ts). */
  readonly swapKind: SwapKind;
  /** The disk that files of type `disk` are on, bytes. */
  readonly disk: number;
  readonly replacement: string;
  readonly replacementOptions: ReplacementOptions;
  /** Limit on resident user pages, machine-wide; null: none. */
  readonly residentPages: number | null;
  readonly seed: number;
  readonly fork: 'cow' | 'eager';
  /** RLIMIT_STACK, bytes. */
  readonly stackMax: number;
  /** Linux stack_guard_gap, pages. */
  readonly stackGuardPages: number;
  /** Map aligned blocks of plain memory as superpages. */
  readonly transparentSuperpages: boolean;
  /** Linux vm.overcommit_memory at boot. */
  readonly overcommit: 0 | 1 | 2;
  /** Processes at once, zombies included: fork answers EAGAIN beyond. */
  readonly processesMax: number;
}

/** ASIDs handed out before a roll-over flushes every TLB; 0 belongs to the kernel. */
export const ASID_MAX = 4095;

function pagesPerSuperpage({ transparentSuperpages }: KernelOptions, { levels, pageBytes }: PageTableFormat): number {
  const level = levels[1];
  return transparentSuperpages && level?.canBeLeaf ? level.pageBytes / pageBytes : 0;
}

export class Kernel {
  static readonly transient: readonly string[] = ['sink'];
  static readonly shared: readonly string[] = ['format', 'options'];

  readonly memory: PhysicalMemory;
  readonly format: PageTableFormat;
  readonly pageTable: PageTable;
  readonly cpus: readonly Cpu[];
  readonly options: KernelOptions;
  readonly pageBytes: number;
  /** 1 / pageBytes, exact as that is a power of two: a product costs a fraction of a quotient. */
  readonly pageScale: number;
  /** PTE flags of an area's rights, by its VM_ACCESS bits (vm/mapping.ts). */
  readonly rightsFlags: Int32Array;

  readonly frames: FrameTable;
  readonly buddy: BuddyAllocator;
  readonly reverseMap: ReverseMap;
  readonly swap: SwapDevice;
  readonly swapReadAhead = new SwapReadAhead();
  readonly disk: Disk;
  readonly policy: ReplacementPolicy;
  /** Under the `linux` policy, its lists: the kernel tells them what becomes of pages. Null under any other. */
  readonly lru: LruState | null;
  readonly random: Random;
  readonly counters = new KernelCounters();
  readonly sysctl: Sysctls;
  readonly vmstat = new VmStat();
  readonly log: KernelLog;
  readonly zone: Zone;
  /** The background reclaimer, under the `linux` policy; null: memory is used to the last frame. */
  readonly kswapd: Kswapd | null;

  /** By id; ids are reused, the last one given back first. */
  readonly spaces: (AddressSpace | null)[] = [];
  readonly objects: (MemoryObject | null)[] = [];
  readonly idleSpaceIds: number[] = [];
  readonly idleObjectIds: number[] = [];
  /** Files by name. */
  readonly files: Map<string, Inode> = specialFiles();
  /** System V shared memory by its identifier (fs/shm.ts). */
  readonly segments: Map<number, Inode> = new Map();
  nextSegmentId = 1;
  readonly processes = new Map<number, Process>();
  /** Memory groups by index; 0 is the root, which everybody is in who is in no other (memory-group.ts). */
  readonly groups: MemoryGroup[] = [new MemoryGroup(0, '/')];
  /** Nobody's system call or fault is being served: what is allocated is the root group's. */
  actsItself = false;
  /** Who runs on each CPU. */
  readonly running: (Process | null)[];
  /** The CPU whose process acts now: the one that sends shootdowns. */
  activeCpu = 0;
  /** The frame told to the policy last, until the next reference: the one that wanted it counts as its admission. */
  admittedFrame = -1;
  /** The number of the page that a fault finds a frame for, as the policy will be told it; -1 when it is none. */
  incomingPage = -1;
  nextPid = 1;
  nextAsid = 1;
  asidGeneration = 1;
  nextAnonId = 1;

  /** Frames of image segments in the page cache, and frames in the swap cache: what reclaim may take without I/O. */
  fileFrames = 0;
  swapCacheFrames = 0;
  /** Superpages of MAP_HUGETLB areas. */
  hugeBlocks = 0;
  /** Frames given up by MADV_FREE (frames/lazy-free.ts). */
  lazyFreeFrames = 0;
  readonly lruBatches = new LruBatches();
  /** Pages promised to VM_ACCOUNT areas and shared memory (Linux Committed_AS). */
  committedPages = 0;
  /** Free frames when the machine had booted: what a leak is measured against. */
  readonly bootFreeFrames: number;

  /** Why the system call under way was refused, in a sentence; null while nothing has refused it. */
  refusal: string | null = null;

  /** What the page fault under way did, where its kind alone says little; noted only while somebody listens. */
  faultNote: string | null = null;

  sink: EventSink | null = null;

  constructor(
    memory: PhysicalMemory,
    format: PageTableFormat,
    pageTable: PageTable,
    cpus: readonly Cpu[],
    options: KernelOptions,
  ) {
    this.memory = memory;
    this.format = format;
    this.pageTable = pageTable;
    this.cpus = cpus;
    this.log = new KernelLog(cpus, this.counters);
    this.options = options;
    this.pageBytes = format.pageBytes;
    this.pageScale = 1 / format.pageBytes;
    this.rightsFlags = rightsFlagsOf(format);
    this.frames = new FrameTable(memory.frames);
    this.buddy = new BuddyAllocator(memory.frames, 1);
    this.reverseMap = new ReverseMap(memory.frames);
    this.swap = new SwapDevice(options.swap, format.pageBytes, options.swapKind);
    this.disk = new Disk(options.disk / format.pageBytes);
    this.random = new Random(options.seed);
    const facts = new FrameFacts(this);
    this.policy = createPolicy(options.replacement, {
      slots: memory.frames,
      capacity: Math.min(memory.frames, options.residentPages ?? memory.frames),
      references: new PteReferenceBits(this),
      random: this.random,
      options: options.replacementOptions,
      dirty: facts,
      pages: facts,
      stat: this.vmstat,
    });
    this.kswapd = this.policy.name === 'linux' ? new Kswapd() : null;
    this.lru = this.policy instanceof LinuxPolicy ? this.policy.state : null;
    this.running = cpus.map(() => null);
    this.frames.use[ZERO_PFN] = FRAME_ZERO;
    this.frames.references[ZERO_PFN] = 1;
    memory.zeroFrame(ZERO_PFN);
    this.bootFreeFrames = this.buddy.free;
    this.sysctl = new Sysctls(
      options.overcommit,
      bootMinFreeKbytes(this.bootFreeFrames, format.pageBytes, pagesPerSuperpage(options, format)),
    );
    if (this.kswapd !== null) this.sysctl['page-cluster'] = defaultPageCluster(memory.frames * format.pageBytes);
    this.zone = new Zone(memory.frames, this.bootFreeFrames, format.pageBytes, this.sysctl);
  }

  /** Bytes kept free below a growing stack. */
  get stackGuardBytes(): number {
    return this.options.stackGuardPages * this.pageBytes;
  }

  /**
   * `return kernel.refuse('EINVAL', 'the length is zero')`: the check that refuses a system call notes why, for those who
   * hear of the call. What a caller answers otherwise in the end does not matter.
   */
  refuse(errno: ErrnoName, why: string): number {
    this.refusal = why;
    return fail(errno);
  }

  /** The same for a question that is answered no: whoever asked refuses then, with the errno that is his. */
  deny(why: string): false {
    this.refusal = why;
    return false;
  }

  /** A step of the machine has begun: the log counts by steps, and policies that look at reference bits in intervals hear their timer. */
  tick(step: number): void {
    this.log.beginStep(step);
    tickPolicy(this);
  }

  emit(event: KernelEvent): void {
    if (this.sink !== null) this.sink(event);
  }
}
