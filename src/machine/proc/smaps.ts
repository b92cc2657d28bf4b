/** /proc/PID/smaps and smaps_rollup: what every area has in memory [fs/proc/task_mmu.c:show_smap, show_smaps_rollup]. */
import { hugePageBytes } from '../../kernel/fault/huge.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { VM_GROWSDOWN, VM_HUGETLB, VM_LOCKED, VM_NOHUGEPAGE, vmFlagLetters } from '../../kernel/linux-abi.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import type { Area } from '../../kernel/vm/area.ts';
import { alignUp } from '../../mmu/units.ts';
import { addArea, MemoryFigures, pssBytes } from './figures.ts';
import { headerLine, mapLine } from './maps.ts';
import { kibibytes, label, number } from './text.ts';

export function smapsText(kernel: Kernel, space: AddressSpace | null): string {
  let text = '';
  for (let area = space?.areas.first ?? null; area !== null; area = area.next) text += areaText(kernel, space!, area);
  return text;
}

function areaText(kernel: Kernel, space: AddressSpace, area: Area): string {
  const figures = new MemoryFigures();
  addArea(kernel, space, area, figures);
  const pageBytes = area.has(VM_HUGETLB) ? hugePageBytes(kernel) : kernel.pageBytes;
  const lines = [
    label('Size') + kibibytes(area.end - area.start),
    label('KernelPageSize') + kibibytes(pageBytes),
    label('MMUPageSize') + kibibytes(pageBytes),
    ...figureLines(figures, false),
    label('THPeligible') + number(isEligible(kernel, area) ? 1 : 0),
    `VmFlags: ${vmFlagLetters(area.flags)} `,
  ];
  return `${mapLine(kernel, space, area)}${lines.join('\n')}\n`;
}

/** One pretended area from the first byte mapped to the last, with the figures of all. */
export function rollupText(kernel: Kernel, space: AddressSpace): string {
  const figures = new MemoryFigures();
  let end = 0;
  for (let area = space.areas.first; area !== null; area = area.next) {
    addArea(kernel, space, area, figures);
    end = area.end;
  }
  const header = headerLine(space.areas.first?.start ?? 0, end, '---p', 0, '00:00', 0, '[rollup]');
  return `${header}${figureLines(figures, true).join('\n')}\n`;
}

/** `parts`: Pss by kinds of memory, which only the roll-up has. */
function figureLines(figures: MemoryFigures, parts: boolean): string[] {
  const byKind: [string, number][] = [
    ['Pss_Anon', pssBytes(figures.pssAnon)],
    ['Pss_File', pssBytes(figures.pssFile)],
    ['Pss_Shmem', pssBytes(figures.pssShared)],
  ];
  const rows: [string, number][] = [
    ['Rss', figures.resident],
    ['Pss', pssBytes(figures.pss)],
    ['Pss_Dirty', pssBytes(figures.pssDirty)],
    ...(parts ? byKind : []),
    ['Shared_Clean', figures.sharedClean],
    ['Shared_Dirty', figures.sharedDirty],
    ['Private_Clean', figures.privateClean],
    ['Private_Dirty', figures.privateDirty],
    ['Referenced', figures.referenced],
    ['Anonymous', figures.anonymous],
    // Nobody here merges equal pages, and files and shared memory have no superpages.
    ['KSM', 0],
    ['LazyFree', figures.lazyFree],
    ['AnonHugePages', figures.anonHuge],
    ['ShmemPmdMapped', 0],
    ['FilePmdMapped', 0],
    ['Shared_Hugetlb', figures.sharedHugetlb],
    ['Private_Hugetlb', figures.privateHugetlb],
    ['Swap', figures.swap],
    ['SwapPss', pssBytes(figures.swapPss)],
    ['Locked', pssBytes(figures.pssLocked)],
  ];
  return rows.map(([name, bytes]) => label(name) + kibibytes(bytes));
}

/** May a superpage be mapped in the area without being asked for? [kernel/vm/transparent.ts:mapTransparent] */
function isEligible(kernel: Kernel, area: Area): boolean {
  const bytes = hugePageBytes(kernel);
  const { transparentSuperpages, residentPages } = kernel.options;
  if (!transparentSuperpages || residentPages !== null || bytes === 0 || area.object !== null) return false;
  if (area.has(VM_HUGETLB | VM_GROWSDOWN | VM_LOCKED | VM_NOHUGEPAGE)) return false;
  return alignUp(area.start, bytes) + bytes <= area.end;
}
