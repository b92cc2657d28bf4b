/**
 * What handling a page fault came to, as one small number, so that the fault path allocates nothing:
 * a FAULT_KINDS index (with MAJOR when I/O was needed), or one of the refusals below.
 */
import { FAULT_KINDS, type FaultKind } from '../events.ts';

const index = (kind: FaultKind): number => FAULT_KINDS.indexOf(kind);

export const DEMAND_ZERO = index('demand-zero');
export const ZERO_PAGE = index('zero-page');
export const COPY_ON_WRITE = index('copy-on-write');
export const REUSE = index('reuse');
export const FILE = index('file');
export const SHARED = index('shared');
export const SWAP_IN = index('swap-in');
export const SWAP_CACHE = index('swap-cache');
export const STACK_GROWTH = index('stack-growth');
export const SPURIOUS = index('spurious');
export const HUGE = index('huge');

/** Added to a kind: the fault had to read a device. */
export const MAJOR = 256;

/** No area there (or a guard marker): SIGSEGV, SEGV_MAPERR. */
export const REFUSED_MAPPING = -1;
/** The area does not allow it: SIGSEGV, SEGV_ACCERR. */
export const REFUSED_ACCESS = -2;
/** Past the end of the object, or no superpage to be had: SIGBUS, BUS_ADRERR. */
export const REFUSED_BUS = -3;
/** x86: a non-canonical address is a general protection fault: SIGSEGV, SI_KERNEL. */
export const REFUSED_CANONICAL = -4;
/** The process was killed for memory while the kernel looked for a frame. */
export const KILLED = -5;
/** The file’s disk is full: SIGBUS, BUS_ADRERR. */
export const REFUSED_SPACE = -6;

/** One sentence per kind on why the kernel did it. */
export const WHY: Readonly<Record<FaultKind, string>> = {
  'demand-zero': 'first write to this anonymous page: a zeroed frame of its own',
  'zero-page': 'first read of an untouched anonymous page: it maps the shared zero page until it is written',
  'copy-on-write': 'write to a frame that others still map: a private copy',
  reuse: 'write to a write-protected frame that nobody else holds any more: made writable in place, nothing copied',
  file: 'the page belongs to a file or to the program image',
  shared: 'first touch of this shared page by this process: it maps the frame that all sharers use',
  'swap-in': 'the page had been written to swap: read back from its slot',
  'swap-cache': 'the page is swapped out here, but its frame is still in the swap cache: no I/O',
  'stack-growth': 'the address lies below a stack that may grow: the area was extended down to it',
  spurious: 'the page table already allowed it: only the accessed or dirty bit, or a stale TLB entry, stood in the way',
  huge: 'a whole block at once: one entry above the leaf level maps it as a superpage',
};
