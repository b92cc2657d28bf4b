/**
 * madvise(2) [mm/madvise.c:do_madvise, madvise_walk_vmas, madvise_vma_behavior].
 *
 * The range is gone through area by area; a hole is passed over and remembered as -ENOMEM for the end, while what an
 * area refuses ends the call at once, with the areas before it advised. Advice is of three kinds: a flag of the area
 * (this file), something done to its pages (discard.ts, guard.ts, age-pages.ts), or pages made present (populate-range.ts).
 */
import { type Argument, alignLength, isAligned, numberOf, TWO_64_NUMBER } from '../arguments.ts';
import type { Kernel } from '../kernel.ts';
import {
  VM_DONTCOPY,
  VM_DONTDUMP,
  VM_DROPPABLE,
  VM_HUGEPAGE,
  VM_HUGETLB,
  VM_MAYSHARE,
  VM_MERGEABLE,
  VM_NOHUGEPAGE,
  VM_RAND_READ,
  VM_SEALED,
  VM_SEQ_READ,
  VM_SHARED,
  VM_WIPEONFORK,
  VM_WRITE,
} from '../linux-abi.ts';
import type { Process } from '../process.ts';
import { ADVICE } from './advice.ts';
import { coldPages, pageOut, readAhead } from './age-pages.ts';
import type { Area } from './area.ts';
import { collapse } from './collapse.ts';
import { discard, freeLazily, removeFromObject } from './discard.ts';
import { changeFlags } from './edit.ts';
import { installGuards, removeGuards } from './guard.ts';
import { populateRange } from './populate-range.ts';

const HOLE = 'a page of the range is in no area; what else there is was advised';
const KNOWN: ReadonlySet<number> = new Set(Object.values(ADVICE));

/** Advice after which the area's contents are gone, or will be in a child: not for a sealed area that is read-only. */
const DISCARDS: ReadonlySet<number> = new Set([
  ADVICE.FREE,
  ADVICE.DONTNEED,
  ADVICE.DONTNEED_LOCKED,
  ADVICE.REMOVE,
  ADVICE.DONTFORK,
  ADVICE.WIPEONFORK,
  ADVICE.GUARD_INSTALL,
]);

/** 0, or -errno. `advice`: a number of ADVICE. */
export function madvise(kernel: Kernel, process: Process, address: Argument, length: Argument, advice: number): number {
  const { pageBytes } = kernel;
  const bytes = alignLength(length, pageBytes);
  const start = numberOf(address);
  const end = start + bytes;
  if (!KNOWN.has(advice)) return kernel.refuse('EINVAL', `there is no advice ${advice}`);
  // The kernel recorded is built without CONFIG_MEMORY_FAILURE: it does not know them [mm/madvise.c:madvise_behavior_valid].
  if (advice === ADVICE.HWPOISON || advice === ADVICE.SOFT_OFFLINE)
    return kernel.refuse('EINVAL', 'this kernel cannot poison memory (it is built without CONFIG_MEMORY_FAILURE)');
  if (!isAligned(address, pageBytes)) return kernel.refuse('EINVAL', 'the address is not page-aligned');
  if ((bytes === 0 && numberOf(length) !== 0) || end >= TWO_64_NUMBER)
    return kernel.refuse('EINVAL', 'the range wraps around 2^64');
  if (bytes === 0) return 0;
  if (advice === ADVICE.POPULATE_READ) return populateRange(kernel, process, start, end, false);
  if (advice === ADVICE.POPULATE_WRITE) return populateRange(kernel, process, start, end, true);

  const { areas } = process.space!;
  let result = 0;
  let at = start;
  while (at < end) {
    const area = areas.find(at);
    if (area === null) return kernel.refuse('ENOMEM', HOLE);
    if (area.start > at) {
      result = kernel.refuse('ENOMEM', HOLE);
      at = area.start;
      continue;
    }
    const stop = Math.min(end, area.end);
    const refused = advise(kernel, process, area, at, stop, advice);
    if (refused < 0) return refused;
    at = stop;
  }
  return result;
}

/** [start, end) lies within the area. */
function advise(kernel: Kernel, process: Process, area: Area, start: number, end: number, advice: number): number {
  const space = process.space!;
  const isReadOnlyMemory = area.object === null && !area.has(VM_WRITE);
  if (area.has(VM_SEALED) && isReadOnlyMemory && DISCARDS.has(advice))
    return kernel.refuse('EPERM', 'the area is sealed (mseal) and read-only: what it holds may not be thrown away');
  switch (advice) {
    case ADVICE.DONTNEED:
    case ADVICE.DONTNEED_LOCKED:
      return discard(kernel, space, area, start, end, advice === ADVICE.DONTNEED_LOCKED);
    case ADVICE.FREE:
      return freeLazily(kernel, space, area, start, end);
    case ADVICE.REMOVE:
      return removeFromObject(kernel, area, start, end);
    case ADVICE.WILLNEED:
      return readAhead(kernel, space, area, start, end);
    case ADVICE.COLD:
      return coldPages(kernel, space, area, start, end);
    case ADVICE.PAGEOUT:
      return pageOut(kernel, space, area, start, end);
    case ADVICE.COLLAPSE:
      return collapse(kernel, space, area, start, end);
    case ADVICE.GUARD_INSTALL:
      return installGuards(kernel, space, area, start, end);
    case ADVICE.GUARD_REMOVE:
      return removeGuards(kernel, space, area, start, end);
    default: {
      const flags = advisedFlags(area, advice);
      if (flags === null) return kernel.refuse('EINVAL', whyNotAdvised(advice));
      return changeFlags(kernel, space, area, start, end, flags) === null
        ? kernel.refuse('EAGAIN', 'the area would be cut into more than max_map_count allows')
        : 0;
    }
  }
}

/** Why `advisedFlags` knows none. */
function whyNotAdvised(advice: number): string {
  if (advice === ADVICE.WIPEONFORK) return 'only private anonymous memory can be wiped in a child (wipeonfork)';
  return advice === ADVICE.KEEPONFORK
    ? 'droppable memory is wiped in every child: it cannot be kept'
    : 'droppable memory is part of no core dump: it cannot be put back';
}

/** The area's flags after advice that is no more than a flag; null: not for this area. */
function advisedFlags({ flags, object, file }: Area, advice: number): number | null {
  switch (advice) {
    case ADVICE.SEQUENTIAL:
      return (flags & ~VM_RAND_READ) | VM_SEQ_READ;
    case ADVICE.RANDOM:
      return (flags & ~VM_SEQ_READ) | VM_RAND_READ;
    case ADVICE.DONTFORK:
      return flags | VM_DONTCOPY;
    case ADVICE.DOFORK:
      return flags & ~VM_DONTCOPY;
    case ADVICE.WIPEONFORK:
      return object !== null || file !== null ? null : flags | VM_WIPEONFORK;
    case ADVICE.KEEPONFORK:
      return (flags & VM_DROPPABLE) !== 0 ? null : flags & ~VM_WIPEONFORK;
    case ADVICE.DONTDUMP:
      return flags | VM_DONTDUMP;
    case ADVICE.DODUMP:
      return (flags & VM_DROPPABLE) !== 0 ? null : flags & ~VM_DONTDUMP;
    case ADVICE.MERGEABLE:
      // Only a wish: memory that cannot be merged stays as it is.
      return (flags & (VM_SHARED | VM_MAYSHARE | VM_HUGETLB | VM_DROPPABLE)) !== 0 ? flags : flags | VM_MERGEABLE;
    case ADVICE.UNMERGEABLE:
      return flags & ~VM_MERGEABLE;
    case ADVICE.HUGEPAGE:
      return (flags & ~VM_NOHUGEPAGE) | VM_HUGEPAGE;
    case ADVICE.NOHUGEPAGE:
      return (flags & ~VM_HUGEPAGE) | VM_NOHUGEPAGE;
    default:
      return flags & ~(VM_RAND_READ | VM_SEQ_READ);
  }
}
