/** The figures of /proc/PID/status and smaps that the recordings' snapshots hold, kB (FORMAT.md, section 4.4). */
import type { Kernel } from '../../kernel/kernel.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import type { Area } from '../../kernel/vm/area.ts';
import { addArea, MemoryFigures, pssBytes } from '../../machine/proc/figures.ts';
import { spaceFigures } from '../../machine/proc/status.ts';
import { formatAddress } from './notation.ts';
import { visibleAreas } from './observe.ts';
import type { Memory } from './recording.ts';

const PAGE_KIB = 4;
const KIB = 1024;

export function statusOf(kernel: Kernel, space: AddressSpace): Record<string, number> {
  const figures = spaceFigures(kernel, space);
  const pages = {
    VmSize: figures.total,
    VmLck: figures.locked,
    VmData: figures.data,
    VmStk: figures.stack,
    VmExe: figures.code,
    VmPTE: figures.tables,
    RssAnon: figures.anon,
    RssFile: figures.file,
    RssShmem: figures.shared,
    VmSwap: figures.swap,
  };
  return Object.fromEntries(Object.entries(pages).map(([name, count]) => [name, count * PAGE_KIB]));
}

/** `base`: the status of P0 at the start of the trace. */
export function memoryOf(kernel: Kernel, space: AddressSpace, base: Readonly<Record<string, number>>): Memory {
  const status = Object.entries(statusOf(kernel, space)).map(([name, kib]) => [name, kib - base[name]!] as const);
  const smaps = Array.from(
    visibleAreas(space),
    (area) => [formatAddress(area.start), smapsOf(kernel, space, area)] as const,
  );
  return { status: Object.fromEntries(status), smaps: smaps.filter(([, figures]) => Object.keys(figures).length > 0) };
}

function smapsOf(kernel: Kernel, space: AddressSpace, area: Area): Record<string, number> {
  const figures = new MemoryFigures();
  addArea(kernel, space, area, figures);
  const bytes = {
    Rss: figures.resident,
    Pss: pssBytes(figures.pss),
    Pss_Dirty: pssBytes(figures.pssDirty),
    Shared_Clean: figures.sharedClean,
    Shared_Dirty: figures.sharedDirty,
    Private_Clean: figures.privateClean,
    Private_Dirty: figures.privateDirty,
    Referenced: figures.referenced,
    Anonymous: figures.anonymous,
    LazyFree: figures.lazyFree,
    Swap: figures.swap,
    SwapPss: pssBytes(figures.swapPss),
    Locked: pssBytes(figures.pssLocked),
  };
  const whole = Object.entries(bytes).map(([name, count]) => [name, Math.floor(count / KIB)] as const);
  return Object.fromEntries(whole.filter(([, kib]) => kib > 0));
}
