/**
 * What the kernel tells those who listen: one typed union, plain data, emitted only while somebody listens.
 * Addresses are numbers (bytes), `vpn`/`pfn` page and frame numbers, `pid` names the process.
 */

import type { FaultInfo } from '../mmu/fault.ts';
import type { AccessName } from '../mmu/units.ts';

/** What resolved a page fault. The names scenarios use in `expect: { fault: … }`. */
export const FAULT_KINDS = [
  'demand-zero', // first write of anonymous memory: a new zeroed frame
  'zero-page', // first read of anonymous memory: the shared zero page
  'copy-on-write', // write to a shared frame: a private copy
  'reuse', // write to a write-protected frame by its last owner: made writable in place
  'file', // a page of a file or of the program image
  'shared', // a page of shared memory (shmem)
  'swap-in', // the page was in a swap slot
  'swap-cache', // the page was swapped out but its frame still in the swap cache
  'stack-growth', // the stack area was expanded, then the page mapped
  'spurious', // the page table already allowed it (another thread, or a stale TLB entry)
  'huge', // a superpage was mapped
] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

export type SignalName = 'SIGSEGV' | 'SIGBUS' | 'SIGKILL' | 'SIGABRT' | 'SIGILL' | 'SIGXFSZ';
export type SignalCode = 'SEGV_MAPERR' | 'SEGV_ACCERR' | 'BUS_ADRERR' | 'SI_KERNEL' | 'SI_TKILL' | 'ILL_ILLOPN';

export interface SignalInfo {
  readonly signal: SignalName;
  readonly code: SignalCode | null;
  /** si_addr: the exact faulting byte; 0 for SI_KERNEL. */
  readonly address: number | bigint;
  /** x86 page-fault error code, on x86 formats. */
  readonly errorCode: number | null;
  /** One sentence: why the kernel refused. */
  readonly reason: string;
}

export type KernelEvent =
  | {
      readonly type: 'PageFault';
      readonly pid: number;
      readonly cpu: number;
      readonly address: number;
      readonly access: AccessName;
      /** What the hardware said. */
      readonly hardware: FaultInfo;
      readonly kind: FaultKind;
      readonly major: boolean;
      /** Frame that serves the page now. */
      readonly pfn: number;
      /** One sentence on why the kernel chose this. */
      readonly why: string;
    }
  | {
      readonly type: 'CowCopy';
      readonly pid: number;
      readonly address: number;
      readonly from: number;
      readonly to: number;
    }
  | {
      readonly type: 'Eviction';
      readonly pfn: number;
      /** The mappings it was taken from. */
      readonly mappings: readonly { readonly pid: number; readonly address: number }[];
      readonly dirty: boolean;
      readonly policy: string;
      readonly to: 'swap' | 'dropped' | 'file';
      readonly why: string;
    }
  | { readonly type: 'SwapOut'; readonly slot: number; readonly pfn: number }
  | { readonly type: 'SwapIn'; readonly slot: number; readonly pfn: number }
  | {
      readonly type: 'TlbInvalidate';
      readonly cpu: number;
      readonly scope: 'page' | 'asid' | 'all';
      readonly address: number | null;
    }
  | {
      readonly type: 'TlbShootdown';
      readonly from: number;
      readonly to: number;
      readonly pid: number;
      readonly address: number;
      readonly pages: number;
    }
  | { readonly type: 'ContextSwitch'; readonly cpu: number; readonly from: number | null; readonly to: number }
  | { readonly type: 'Signal'; readonly pid: number; readonly info: SignalInfo; readonly killed: boolean }
  | {
      readonly type: 'Fork';
      readonly parent: number;
      readonly child: number;
      readonly copiedPages: number;
      readonly tablePages: number;
    }
  | {
      readonly type: 'Exit';
      readonly pid: number;
      readonly code: number;
      readonly signal: SignalName | null;
      readonly freedFrames: number;
      readonly freedSlots: number;
    }
  | { readonly type: 'Wait'; readonly parent: number; readonly child: number }
  | { readonly type: 'StackExpanded'; readonly pid: number; readonly from: number; readonly to: number }
  /** Free pages fell to the low watermark or below: the background reclaimer is to make them more than `high`. */
  | { readonly type: 'KswapdWoke'; readonly free: number; readonly low: number; readonly high: number }
  /** It has done what it could: free pages before and after, pages looked at and freed. */
  | {
      readonly type: 'KswapdSlept';
      readonly from: number;
      readonly free: number;
      readonly high: number;
      readonly scanned: number;
      readonly reclaimed: number;
    }
  /** Free pages were at the min watermark or below: the process that wanted one had to reclaim itself. */
  | {
      readonly type: 'DirectReclaim';
      readonly pid: number;
      readonly free: number;
      readonly min: number;
      readonly scanned: number;
      readonly reclaimed: number;
    }
  | {
      readonly type: 'OomKill';
      readonly pid: number;
      readonly badness: number;
      readonly candidates: readonly { readonly pid: number; readonly badness: number }[];
      /** The memory group whose limit is reached; absent when all memory is used. */
      readonly group?: string;
      /** What went to the kernel's log, a line each without the times; absent in records of earlier versions. */
      readonly report?: readonly string[];
    };

export type EventSink = (event: KernelEvent) => void;
