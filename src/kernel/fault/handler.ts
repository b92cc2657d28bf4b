/**
 * The page-fault handler [arch/x86/mm/fault.c:do_user_addr_fault, mm/memory.c:handle_pte_fault].
 *
 *     address ── no area, none that may grow ──────────────► SEGV_MAPERR
 *        │  below a stack: grow it first
 *     area ── the rights do not allow this access ─────────► SEGV_ACCERR
 *        │
 *     PTE ── empty:     zero page, zeroed frame, or the object's page
 *         ── swap:      read it back
 *         ── present:   a write to a write-protected page: copy or reuse; else only A/D bits were missing
 *
 * A fault of the kernel's own access to user memory (copy_to_user) is handled the same way, but a refusal is the
 * system call's EFAULT instead of a signal.
 */
import type { Cpu, Fault, TrapHandler } from '../../mmu/cpu.ts';
import { describeFault } from '../../mmu/cpu.ts';
import { FAULT_RULES, type FaultRule } from '../../mmu/fault.ts';
import { invariant } from '../../mmu/invariant.ts';
import {
  PTE_ACCESSED,
  PTE_DIRTY,
  PTE_GUARD,
  PTE_PROT_NONE,
  PTE_SWAP,
  PTE_VALID,
  PTE_WRITE,
} from '../../mmu/pte-flags.ts';
import { FETCH, STORE } from '../../mmu/units.ts';
import { FAULT_KINDS } from '../events.ts';
import type { Kernel } from '../kernel.ts';
import { VM_ACCESS, VM_EXEC, VM_HUGETLB, VM_READ, VM_SHARED, VM_WRITE } from '../linux-abi.ts';
import { runKswapd } from '../pressure/kswapd.ts';
import type { Process } from '../process.ts';
import { deliverRefusal } from '../signal.ts';
import type { AddressSpace } from '../vm/address-space.ts';
import type { Area } from '../vm/area.ts';
import { flushGained } from '../vm/tlb-flush.ts';
import { mapTransparent, touchTransparent } from '../vm/transparent.ts';
import { faultUntouched, faultWriteProtected } from './anonymous.ts';
import { chargeFault } from './charge.ts';
import { entryForFault } from './frame-for-fault.ts';
import { faultHuge, hugePageBytes } from './huge.ts';
import { faultObject, faultPastEnd, isPastEnd, noteSharedWrite } from './object-fault.ts';
import {
  HUGE,
  KILLED,
  MAJOR,
  REFUSED_ACCESS,
  REFUSED_CANONICAL,
  REFUSED_MAPPING,
  SPURIOUS,
  STACK_GROWTH,
  WHY,
} from './outcome.ts';
import { growStack } from './stack.ts';
import { faultSwapped } from './swap-in.ts';

/** The page is not there yet, or only its accessed or dirty bit is missing: not a question of its rights. */
const MISSING = rulesAmong(['not-present', 'accessed-clear', 'dirty-clear']);
const RULE_NON_CANONICAL = FAULT_RULES.indexOf('non-canonical');
const RULE_OUT_OF_RANGE = FAULT_RULES.indexOf('out-of-range');
/** Only a page table that the kernel itself built wrongly can give these. */
const CORRUPT = rulesAmong(['reserved-bit', 'misaligned-superpage', 'no-leaf', 'bad-frame', 'supervisor']);

// Compiled in: an imported constant is read, and checked for being there, at each use.
const KILL = KILLED;
const WRITING = STORE;
const HUGE_TABLES = VM_HUGETLB;
const WRITABLE = VM_WRITE;

/** For each rule, by index: is it one of these? */
function rulesAmong(names: readonly FaultRule[]): readonly boolean[] {
  return FAULT_RULES.map((rule) => names.includes(rule));
}

/** What the processors call. */
export class PageFaultHandler implements TrapHandler {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  pageFault(cpu: Cpu, fault: Fault): boolean {
    const { kernel } = this;
    const process = kernel.running[cpu.index]!;
    invariant(process !== null, 'a page fault on a CPU that runs nobody');
    invariant(!CORRUPT[fault.rule]!, 'the hardware found a page table entry that the kernel must not write');
    kernel.activeCpu = cpu.index;
    if (kernel.kswapd !== null) runKswapd(kernel);
    const info = kernel.sink === null ? null : describeFault(fault, kernel.format);
    kernel.faultNote = null;
    const outcome = resolveFault(kernel, process, fault);
    if (outcome >= 0) {
      chargeFault(kernel, process, outcome);
      if (info !== null) notePageFault(kernel, process, cpu, info, outcome);
      return process.state === 'running';
    }
    if (outcome !== KILL) deliverRefusal(kernel, process, fault, outcome);
    return false;
  }
}

function resolveFault(kernel: Kernel, process: Process, fault: Fault): number {
  const { address, access } = fault;
  const { format, pageBytes } = kernel;
  if (fault.rule === RULE_NON_CANONICAL || fault.rule === RULE_OUT_OF_RANGE) {
    return format.family === 'x86' && fault.rule === RULE_NON_CANONICAL ? REFUSED_CANONICAL : REFUSED_MAPPING;
  }
  if (address >= format.userEnd) return REFUSED_MAPPING;
  const space = process.space!;
  const area = space.areas.find(address);
  if (area === null) return REFUSED_MAPPING;
  const page = address - (address & (pageBytes - 1));
  const grown = area.start > address;
  if (grown && !growStack(kernel, process, area, page)) return REFUSED_MAPPING;
  const allowed = access === WRITING ? area.has(WRITABLE) : mayBeRead(kernel, area, access, MISSING[fault.rule]!);
  if (!allowed) return REFUSED_ACCESS;
  // The processor has just been at the entry: its last-level table exists, so that the way there need not be searched.
  const known = fault.level === 0 ? fault.pteAddress : -1;
  const outcome = resolvePage(kernel, process, area, page, access === WRITING, known);
  return grown && outcome >= 0 ? STACK_GROWTH | (outcome & MAJOR) : outcome;
}

/**
 * May the area be loaded or fetched from? x86 [arch/x86/mm/fault.c:access_error] lets such an access pass on a page that
 * is not present as long as the area grants anything at all: the retry then meets the page's own rights. RISC-V
 * [arch/riscv/mm/fault.c:access_error] asks for the right itself.
 */
function mayBeRead(kernel: Kernel, area: Area, access: number, missing: boolean): boolean {
  if (kernel.format.family === 'x86') {
    // A page that is present refuses a fetch for good, unless the entry that refused is older than the right.
    return area.has(missing || access !== FETCH ? VM_ACCESS : VM_EXEC);
  }
  if (access === FETCH) return area.has(kernel.format.has.execute ? VM_EXEC : VM_ACCESS);
  return area.has(VM_READ | VM_WRITE);
}

/**
 * Make one page of an area accessible for reading or writing. `known`: address of the page's entry, or -1.
 * An outcome of outcome.ts.
 */
export function resolvePage(
  kernel: Kernel,
  process: Process,
  area: Area,
  page: number,
  write: boolean,
  known = -1,
): number {
  if (area.has(HUGE_TABLES)) return faultHuge(kernel, process, area, page, write);
  const { pageTable } = kernel;
  if (kernel.options.transparentSuperpages && known < 0) {
    if (touchTransparent(kernel, process.space!, page, write)) return SPURIOUS;
    if (write && mapTransparent(kernel, process.space!, area, page)) return HUGE;
  }
  if (area.object !== null && isPastEnd(kernel, area, page) && !hasEntry(kernel, process.space!, page)) {
    return faultPastEnd(kernel, process, area, page, write);
  }
  const entry = known >= 0 ? known : entryForFault(kernel, process, process.space!, page);
  if (entry < 0) return KILLED;
  if (pageTable.isEmpty(entry)) {
    return area.object === null
      ? faultUntouched(kernel, process, area, page, entry, write)
      : faultObject(kernel, process, area, page, entry, write);
  }
  const flags = pageTable.flags(entry);
  if ((flags & PTE_SWAP) !== 0) return faultSwapped(kernel, process, area, page, entry, write);
  if ((flags & PTE_GUARD) !== 0) return REFUSED_MAPPING;
  invariant((flags & PTE_PROT_NONE) === 0, 'a page without rights in an area that has them');
  if (write && (flags & PTE_WRITE) === 0) {
    if (!area.has(VM_SHARED)) return faultWriteProtected(kernel, process, area, page, entry);
    if (area.object!.tracksWrites) return noteSharedWrite(kernel, process, area, page, entry);
    pageTable.setFlags(entry, flags | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY);
  } else {
    pageTable.setFlags(entry, flags | PTE_ACCESSED | (write ? PTE_DIRTY : 0));
  }
  flushGained(kernel, process.space!, page, page + kernel.pageBytes, kernel.pageBytes);
  return SPURIOUS;
}

/** Is there anything in the page's entry: a page, or a mark? */
function hasEntry(kernel: Kernel, space: AddressSpace, page: number): boolean {
  const entry = kernel.pageTable.find(space.root, page);
  return entry >= 0 && !kernel.pageTable.isEmpty(entry);
}

/** Tell that a fault was resolved. */
export function notePageFault(
  kernel: Kernel,
  process: Process,
  cpu: Cpu,
  hardware: ReturnType<typeof describeFault>,
  outcome: number,
): void {
  const { pageTable } = kernel;
  const kind = FAULT_KINDS[outcome & (MAJOR - 1)]!;
  // A fault that the kernel serves is at a user's address, which is no bigint.
  const address = Number(hardware.address);
  let pfn = -1;
  if (process.space !== null) {
    const entry = pageTable.find(process.space.root, address);
    if (entry >= 0 && (pageTable.flags(entry) & PTE_VALID) !== 0) pfn = pageTable.frame(entry);
    else if (hugePageBytes(kernel) > 0) {
      const above = pageTable.find(process.space.root, address, 1);
      if (above >= 0 && (pageTable.flags(above, 1) & PTE_VALID) !== 0) pfn = pageTable.frame(above, 1);
    }
  }
  kernel.emit({
    type: 'PageFault',
    pid: process.pid,
    cpu: cpu.index,
    address,
    access: hardware.access,
    hardware,
    kind,
    major: outcome >= MAJOR,
    pfn,
    why: kernel.faultNote ?? WHY[kind],
  });
}
