/**
 * An address space (Linux `mm_struct`): its areas, its page table, and what both add up to.
 * Counts are pages unless named bytes. Threads share one; `users` counts them.
 */
import type { Process } from '../process.ts';
import { AreaTree } from './area-tree.ts';

export class AddressSpace {
  readonly id: number;
  readonly areas: AreaTree;
  /** First frame and physical address (bytes) of the root table. */
  readonly rootPfn: number;
  readonly root: number;
  /** Tag in the TLB, and the generation it was given in; 0 is never given. */
  asid = 0;
  asidGeneration = 0;
  /** Bit c: CPU c may hold translations of this space. */
  cpuMask = 0;
  users = 1;
  /** Who runs in it, whose memory group its pages are used by (Linux mm->owner); null before and after. */
  owner: Process | null = null;

  brkStart = 0;
  brk = 0;
  /** Kernel-chosen mappings go below this. */
  mmapBase = 0;
  /** End of the stack area at spawn, for naming it. */
  stackTop = 0;
  /** Bytes of the program's code, as the program says (VmExe), and of its initialized data, counted by RLIMIT_DATA. */
  codeBytes = 0;
  dataBytes = 0;

  /** VM_LOCKED and VM_LOCKONFAULT as mlockall(MCL_FUTURE) gives them to every later mapping (Linux def_flags). */
  defaultFlags = 0;

  /** First reads get a zeroed frame of their own, never the shared zero page (Linux mm_forbids_zeropage). */
  forbidsZeroPage = false;

  /** Frames of level-0 tables set aside for splitting superpages (vm/transparent.ts). */
  readonly deposits: number[] = [];

  totalPages = 0;
  dataPages = 0;
  stackPages = 0;
  /** Linux locked_vm; `lockedGhosts` of these are locked no more (MREMAP_DONTUNMAP forgets to take them off). */
  lockedPages = 0;
  lockedGhosts = 0;
  committedPages = 0;
  tableFrames = 0;
  residentAnon = 0;
  residentShared = 0;
  residentFile = 0;
  swapEntries = 0;

  /** The most there was before it became less (Linux hiwater_vm, hiwater_rss): what is now may be more. */
  peakTotalPages = 0;
  peakResidentPages = 0;

  constructor(id: number, rootPfn: number, root: number, stackGuardBytes: number) {
    this.id = id;
    this.rootPfn = rootPfn;
    this.root = root;
    this.areas = new AreaTree(stackGuardBytes);
  }

  get residentPages(): number {
    return this.residentAnon + this.residentShared + this.residentFile;
  }
}
