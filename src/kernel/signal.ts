/** Refused accesses become signals, or the EFAULT of the system call that made them. */
import { describeFault, type Fault } from '../mmu/cpu.ts';
import { sizeText } from '../mmu/size-text.ts';
import type { SignalCode, SignalInfo, SignalName } from './events.ts';
import { pageName } from './fault/file-note.ts';
import { REFUSED_ACCESS, REFUSED_BUS, REFUSED_CANONICAL, REFUSED_SPACE } from './fault/outcome.ts';
import { whyNotGrown } from './fault/stack.ts';
import { NO_SPACE } from './fs/disk.ts';
import type { Kernel } from './kernel.ts';
import { terminate } from './lifecycle.ts';
import { permsOf, VM_HUGETLB } from './linux-abi.ts';
import type { Process } from './process.ts';
import type { Area } from './vm/area.ts';

/** The handler refused an access: signal the process, unless the kernel itself was copying. */
export function deliverRefusal(kernel: Kernel, process: Process, fault: Fault, outcome: number): void {
  kernel.counters.protectionFaults++;
  if (!fault.user) return;
  const isBus = outcome === REFUSED_BUS || outcome === REFUSED_SPACE;
  const signal: SignalName = isBus ? 'SIGBUS' : 'SIGSEGV';
  const info: SignalInfo = {
    signal,
    code: codeOf(outcome),
    address: outcome === REFUSED_CANONICAL ? 0 : fault.address,
    errorCode: errorCodeOf(kernel, fault),
    reason: reasonOf(kernel, process, fault, outcome),
  };
  deliver(kernel, process, info);
}

/** Note the signal and, unless the process survives signals, end it. */
export function deliver(kernel: Kernel, process: Process, info: SignalInfo): void {
  kernel.counters.signals++;
  process.lastSignal = info;
  const killed = process.signals === 'kill' || info.signal === 'SIGKILL';
  if (kernel.sink !== null) kernel.emit({ type: 'Signal', pid: process.pid, info, killed });
  if (killed) terminate(kernel, process, 0, info.signal);
}

function codeOf(outcome: number): SignalCode {
  if (outcome === REFUSED_CANONICAL) return 'SI_KERNEL';
  if (outcome === REFUSED_BUS || outcome === REFUSED_SPACE) return 'BUS_ADRERR';
  return outcome === REFUSED_ACCESS ? 'SEGV_ACCERR' : 'SEGV_MAPERR';
}

/** x86: addresses of the kernel's half look like protection faults, so that their layout does not show. */
function errorCodeOf(kernel: Kernel, fault: Fault): number | null {
  const code = describeFault(fault, kernel.format).errorCode;
  return code !== null && fault.address >= kernel.format.userEnd ? code | 1 : code;
}

function reasonOf(kernel: Kernel, process: Process, fault: Fault, outcome: number): string {
  const at = `0x${fault.address.toString(16)}`;
  if (outcome === REFUSED_CANONICAL) return `${at} is not a canonical address: general protection fault`;
  if (fault.address >= kernel.format.userEnd) return `${at} lies beyond user space`;
  const space = process.space!;
  const area = space.areas.find(fault.address);
  if (outcome === REFUSED_ACCESS && area !== null) {
    const verb = ['reading', 'writing', 'executing'][fault.access]!;
    return `the area at 0x${area.start.toString(16)} is ${permsOf(area.flags)}: it does not allow ${verb}`;
  }
  if (outcome === REFUSED_SPACE)
    return `${NO_SPACE} of ${pageName(area!.object!, area!.pageAt(fault.address, kernel.pageBytes))}`;
  if (outcome === REFUSED_BUS) {
    if (area === null || area.has(VM_HUGETLB)) return 'no free block of frames for a superpage';
    const { size } = area.object!;
    return `${at} is ${pageName(area.object!, area.pageAt(fault.address, kernel.pageBytes))}, which ends before it, after ${sizeText(size)}: there is no page to map`;
  }
  if (area !== null && area.start <= fault.address)
    return `a guard marker stands at the page of ${at} (MADV_GUARD_INSTALL): every access faults, as if nothing were mapped`;
  if (fault.address < kernel.pageBytes)
    return `no area holds ${at}: the lowest pages stay free, so that null pointers fault`;
  const page = fault.address - (fault.address % kernel.pageBytes);
  const stack = area === null ? null : whyNotGrown(kernel, process, area, page);
  // Only where the access may have been meant for the stack: not further below it than it may be large.
  // A limit lowered meanwhile is just what such an access runs into.
  const reach = Math.max(process.limits.stack, kernel.options.stackMax);
  const isNearStack = area !== null && area.start - fault.address <= reach;
  if (stack !== null && isNearStack) return `no area holds ${at}: ${stack}`;
  const nearest = nearestArea(space.areas.below(fault.address), area, fault.address);
  return `no area holds ${at}${nearest === null ? '' : `: it lies ${nearest}`}`;
}

/** Where the address is as seen from the nearer of its neighbours: the one it was likely meant for. */
function nearestArea(below: Area | null, above: Area | null, address: number): string | null {
  const toBelow = below === null ? Number.POSITIVE_INFINITY : address - below.end;
  const toAbove = above === null ? Number.POSITIVE_INFINITY : above.start - address;
  if (below !== null && toBelow <= toAbove) {
    const distance = toBelow === 0 ? 'right behind' : `0x${toBelow.toString(16)} bytes above`;
    return `${distance} the area that ends at 0x${below.end.toString(16)}`;
  }
  if (above === null) return null;
  return `0x${toAbove.toString(16)} bytes below the area that starts at 0x${above.start.toString(16)}`;
}
