/**
 * The rules that hold between the kernel's structures whenever no operation is under way. Slow and thorough: every
 * page table is read, every frame counted. Returns the rules broken, by name; nothing when healthy.
 */
import {
  PTE_GUARD,
  PTE_PROT_NONE,
  PTE_SWAP,
  PTE_SWAP_EXCLUSIVE,
  PTE_VALID,
  PTE_WRITE,
  pteLetters,
} from '../mmu/pte-flags.ts';
import {
  FLAG_DIRTY,
  FLAG_EXCLUSIVE,
  FLAG_SWAP_CACHE,
  FLAG_TRACKED,
  FLAG_UNLISTED,
  FRAME_ANON,
  FRAME_FILE,
  FRAME_FREE,
  FRAME_HUGE,
  FRAME_TABLE,
  FRAME_TAIL,
  ZERO_PFN,
} from './frames/frame-table.ts';
import type { Kernel } from './kernel.ts';
import { VM_ACCESS, VM_HUGETLB, VM_LOCKED, VM_WRITE } from './linux-abi.ts';
import type { AddressSpace } from './vm/address-space.ts';

interface Tally {
  readonly maps: Map<number, number>;
  readonly tables: Map<number, number>;
  readonly slots: Map<number, number>;
  /** Slots named by an entry that says it is the only one. */
  readonly ownSlots: Set<number>;
  /** How often the batches of the reclaim lists name a frame. */
  readonly batched: Map<number, number>;
  readonly broken: Set<string>;
}

const bump = (counts: Map<number, number>, key: number): void => {
  counts.set(key, (counts.get(key) ?? 0) + 1);
};

export function checkKernelInvariants(kernel: Kernel): string[] {
  const tally: Tally = {
    maps: new Map(),
    tables: new Map(),
    slots: new Map(),
    ownSlots: new Set(),
    batched: new Map(),
    broken: new Set(),
  };
  for (const pfn of kernel.lruBatches.entries) if (pfn >= 0) bump(tally.batched, pfn);
  for (const space of kernel.spaces) if (space !== null) checkSpace(kernel, space, tally);
  checkObjects(kernel, tally);
  checkFrames(kernel, tally);
  checkSwap(kernel, tally);
  checkTlbs(kernel, tally.broken);
  checkGroups(kernel, tally.broken);
  for (const rule of [...kernel.buddy.checkInvariants(), ...kernel.policy.checkInvariants()]) tally.broken.add(rule);
  return [...tally.broken];
}

function checkSpace(kernel: Kernel, space: AddressSpace, tally: Tally): void {
  const { broken } = tally;
  for (const rule of space.areas.checkInvariants()) broken.add(rule);
  const seen = { tables: 0, resident: 0, swap: 0, superpages: 0 };
  bump(tally.tables, space.rootPfn);
  for (const deposit of space.deposits) {
    bump(tally.tables, deposit);
    seen.tables += 1 << kernel.frames.order[deposit]!;
  }
  seen.tables += 1 << kernel.frames.order[space.rootPfn]!;
  const top = kernel.format.levels.length - 1;
  checkTable(kernel, space, space.root, top, 0, tally, seen);
  if (seen.superpages !== space.deposits.length) broken.add('space: superpages and tables set aside differ');
  if (seen.tables !== space.tableFrames) broken.add('space: table frames differ from the tables found');
  if (seen.resident !== space.residentPages) broken.add('space: resident pages differ from the entries found');
  if (seen.swap !== space.swapEntries) broken.add('space: swap entries differ from the entries found');
  let pages = 0;
  let locked = 0;
  for (let area = space.areas.first; area !== null; area = area.next) {
    const size = (area.end - area.start) / kernel.pageBytes;
    pages += size;
    if (area.has(VM_LOCKED)) locked += size;
  }
  if (pages !== space.totalPages) broken.add('space: total pages differ from the areas');
  if (locked !== space.lockedPages - space.lockedGhosts) broken.add('space: locked pages differ from the areas');
}

function checkTable(
  kernel: Kernel,
  space: AddressSpace,
  table: number,
  level: number,
  base: number,
  tally: Tally,
  seen: { tables: number; resident: number; swap: number; superpages: number },
): void {
  const { pageTable, format, frames } = kernel;
  const layout = format.levels[level]!;
  for (const index of usedIndices(kernel, table, level)) {
    const entry = table + index * format.pteBytes;
    const address = base + index * layout.pageBytes;
    if (level > 0 && pageTable.isTable(entry, level)) {
      const child = pageTable.frame(entry, level);
      bump(tally.tables, child);
      if (frames.use[child] !== FRAME_TABLE) tally.broken.add('table: an entry points to a frame that is no table');
      seen.tables += 1 << frames.order[child]!;
      checkTable(kernel, space, child * kernel.pageBytes, level - 1, address, tally, seen);
      continue;
    }
    checkLeaf(kernel, space, entry, level, address, tally, seen);
  }
}

/** Indices of the entries that are not all zero; tables are mostly empty, so they are read in one go. */
function usedIndices(kernel: Kernel, table: number, level: number): number[] {
  const { pteBytes } = kernel.format;
  const bytes = kernel.memory.readBytes(table, kernel.pageTable.tableBytes(level));
  const used: number[] = [];
  if (pteBytes < 4) {
    for (let at = 0; at < bytes.length; at++) {
      const index = Math.floor(at / pteBytes);
      if (bytes[at] !== 0 && used.at(-1) !== index) used.push(index);
    }
    return used;
  }
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const wordsPerEntry = pteBytes / 4;
  for (let at = 0; at < words.length; at++) {
    if (words[at] === 0) continue;
    const index = Math.floor(at / wordsPerEntry);
    if (used.at(-1) !== index) used.push(index);
  }
  return used;
}

function checkLeaf(
  kernel: Kernel,
  space: AddressSpace,
  entry: number,
  level: number,
  address: number,
  tally: Tally,
  seen: { resident: number; swap: number; superpages: number },
): void {
  const { pageTable } = kernel;
  const { broken } = tally;
  const area = space.areas.at(address);
  if (area === null) {
    broken.add('table: an entry lies outside every area');
    return;
  }
  const flags = pageTable.flags(entry, level);
  const target = pageTable.frame(entry, level);
  if ((flags & PTE_SWAP) !== 0) {
    bump(tally.slots, target);
    if ((flags & PTE_SWAP_EXCLUSIVE) !== 0) tally.ownSlots.add(target);
    seen.swap++;
    return;
  }
  if ((flags & PTE_GUARD) !== 0) return;
  if ((flags & (PTE_VALID | PTE_PROT_NONE)) === 0) broken.add('table: an entry is neither empty nor of a known kind');
  if ((flags & PTE_VALID) !== 0 && !area.has(VM_ACCESS)) broken.add('table: a page of a PROT_NONE area is present');
  if ((flags & PTE_WRITE) !== 0 && !area.has(VM_WRITE)) broken.add('table: a page is writable in a read-only area');
  if (level === 0 && area.has(VM_HUGETLB)) broken.add('table: page size differs from the area');
  if (target === ZERO_PFN) {
    if ((flags & PTE_WRITE) !== 0) broken.add('table: the zero page is writable');
    return;
  }
  if (level > 0 && !area.has(VM_HUGETLB)) {
    const { pageBytes } = kernel;
    const pages = kernel.format.levels[level]!.pageBytes / pageBytes;
    seen.superpages++;
    for (let i = 0; i < pages; i++) checkPage(kernel, space, address + i * pageBytes, target + i, flags, tally, seen);
    return;
  }
  checkPage(kernel, space, address, target, flags, tally, level === 0 ? seen : null);
}

/** One frame mapped at one page, by an entry of its own or as part of a superpage. */
function checkPage(
  kernel: Kernel,
  space: AddressSpace,
  address: number,
  target: number,
  flags: number,
  tally: Tally,
  seen: { resident: number } | null,
): void {
  const { frames, reverseMap } = kernel;
  const { broken } = tally;
  bump(tally.maps, target);
  if (seen !== null) seen.resident++;
  if (frames.use[target] === FRAME_FREE || frames.use[target] === FRAME_TAIL) {
    broken.add('table: an entry maps a frame that is not a page');
  }
  const page = Math.floor(address / kernel.pageBytes);
  const mapped = reverseMap.list(target).some((mapping) => mapping.space === space.id && mapping.page === page);
  if (!mapped) broken.add('reverse map: a mapping is missing');
  if ((flags & PTE_WRITE) !== 0 && frames.use[target] === FRAME_FILE && !frames.has(target, FLAG_DIRTY)) {
    broken.add('write tracking: a clean page of a file is writable');
  }
  const writable = (flags & PTE_WRITE) !== 0 && frames.use[target] === FRAME_ANON;
  if (writable && (!frames.has(target, FLAG_EXCLUSIVE) || frames.mapCount[target] !== 1)) {
    broken.add('copy on write: a writable private page has other owners');
  }
}

function checkObjects(kernel: Kernel, tally: Tally): void {
  let onDisk = 0;
  const areas = new Map<number, number>();
  for (const space of kernel.spaces) {
    for (let area = space?.areas.first ?? null; area !== null; area = area.next) {
      if (area.object === null) continue;
      bump(areas, area.object.id);
      if (area.space !== space) tally.broken.add('object: an area does not know its space');
    }
  }
  for (const object of kernel.objects) {
    if (object === null) continue;
    if ((areas.get(object.id) ?? 0) !== object.areas) tally.broken.add('object: areas differ from its count');
    let listed = 0;
    for (let area = object.firstArea; area !== null; area = area.objectNext) {
      listed++;
      if (area.object !== object) tally.broken.add('object: an area of another one is on its list');
    }
    if (listed !== object.areas) tally.broken.add('object: its list of areas differs from its count');
    if (object.areas === 0 && object.handles === 0) tally.broken.add('object: nobody refers to it');
    if (object.tracksWrites) onDisk += object.store!.taken;
    for (const [page, held] of object.pages) {
      if (held < 0) {
        bump(tally.slots, -held - 1);
      } else if (kernel.frames.object[held] !== object.id + 1 || kernel.frames.objectPage[held] !== page) {
        tally.broken.add('object: a frame does not know its object');
      } else if (object.tracksWrites && kernel.frames.has(held, FLAG_DIRTY) && !object.store!.hasRoomFor(page)) {
        tally.broken.add('disk: a dirty page has no block and was promised none');
      }
    }
  }
  if (onDisk !== kernel.disk.taken) tally.broken.add('disk: the blocks of its files differ from those taken');
}

function checkFrames(kernel: Kernel, tally: Tally): void {
  const { frames, buddy, reverseMap, policy } = kernel;
  const { broken } = tally;
  let used = 0;
  for (let pfn = 0; pfn < frames.frames; pfn++) {
    const use = frames.use[pfn]!;
    const references = frames.references[pfn]!;
    const maps = frames.mapCount[pfn]!;
    if (use === FRAME_FREE) {
      if (references !== 0 || maps !== 0 || frames.flags[pfn] !== 0 || frames.batched[pfn] !== 0)
        broken.add('frame: a free frame is not blank');
      continue;
    }
    used++;
    if (use === FRAME_TAIL) continue;
    if (buddy.isFree(pfn) && pfn !== ZERO_PFN) broken.add('frame: in use and free at once');
    if ((tally.maps.get(pfn) ?? 0) !== maps) broken.add('frame: map count differs from the entries that map it');
    if (reverseMap.list(pfn).length !== maps) broken.add('frame: map count differs from the reverse map');
    if (frames.has(pfn, FLAG_TRACKED) !== policy.holds(pfn)) broken.add('frame: policy does not know it');
    if (frames.batched[pfn] !== (tally.batched.get(pfn) ?? 0)) broken.add('frame: batches name it more or less often');
    if (frames.has(pfn, FLAG_UNLISTED) && frames.batched[pfn] === 0) broken.add('frame: on no list, and in no batch');
    if (frames.isUserPage(pfn)) {
      const cache = use !== FRAME_ANON || frames.has(pfn, FLAG_SWAP_CACHE) ? 1 : 0;
      if (references !== maps + cache) broken.add('frame: reference count differs from its holders');
      if (!frames.has(pfn, FLAG_TRACKED)) broken.add('frame: a user page is unknown to the policy');
    } else if (use === FRAME_TABLE) {
      if (references !== 1 || tally.tables.get(pfn) !== 1)
        broken.add('frame: a table frame is not in exactly one table');
    } else if (use === FRAME_HUGE && references !== maps) {
      broken.add('frame: reference count of a superpage differs from its mappings');
    }
  }
  if (used + buddy.free !== frames.frames) broken.add('frame: used and free do not sum up to all');
}

function checkSwap(kernel: Kernel, tally: Tally): void {
  const { swap, frames } = kernel;
  checkOwners(kernel, tally);
  let used = 0;
  for (let slot = 0; slot < swap.slots; slot++) {
    const count = swap.counts[slot]!;
    const cached = swap.cached[slot]!;
    if ((tally.slots.get(slot) ?? 0) !== count) tally.broken.add('swap: a count differs from the entries that name it');
    if (cached !== 0 && frames.swapSlot[cached - 1] !== slot + 1) tally.broken.add('swap: cache and frame disagree');
    if (count !== 0 || cached !== 0) used++;
    if (count === 0 && cached !== 0 && slot < swap.idleFrom)
      tally.broken.add('swap: an idle slot lies where none is sought');
  }
  if (used + swap.free !== swap.slots) tally.broken.add('swap: used and free do not sum up to all');
}

/**
 * What is known to be one process's alone: a frame that is mapped once and that no entry names by its slot, or a slot that
 * one entry names and whose frame, if it waits in the swap cache, nobody maps.
 */
function checkOwners({ swap, frames }: Kernel, { broken, ownSlots }: Tally): void {
  for (let pfn = 0; pfn < frames.frames; pfn++) {
    if (frames.use[pfn] !== FRAME_ANON || !frames.has(pfn, FLAG_EXCLUSIVE)) continue;
    if (frames.mapCount[pfn] !== 1) broken.add('exclusive: a frame is not mapped exactly once');
    const isNamed = frames.has(pfn, FLAG_SWAP_CACHE) && swap.counts[frames.swapSlot[pfn]! - 1] !== 0;
    if (isNamed) broken.add('exclusive: a swap entry names the slot of a frame that is mapped');
  }
  for (const slot of ownSlots) {
    const pfn = swap.cached[slot]! - 1;
    if (swap.counts[slot] !== 1) broken.add('exclusive: a slot is named more than once');
    if (pfn >= 0 && frames.mapCount[pfn] !== 0) broken.add('exclusive: the frame of a slot is mapped');
  }
}

/** Each group is charged what carries its index. */
function checkGroups({ frames, swap, groups, processes }: Kernel, broken: Set<string>): void {
  const charged = groups.map(() => 0);
  for (let pfn = 0; pfn < frames.frames; pfn++) {
    const isCharged = frames.isUserPage(pfn) || frames.use[pfn] === FRAME_TABLE;
    if (isCharged) charged[frames.group[pfn]!]! += 1 << frames.order[pfn]!;
    else if (frames.group[pfn] !== 0) broken.add('group: a frame that nobody pays for carries a group');
  }
  const swapped = groups.map(() => 0);
  for (const slot of swap.inUse()) swapped[swap.group[slot]!]!++;
  for (const group of groups) {
    if (group.usage !== charged[group.index]) broken.add('group: usage differs from the frames charged');
    if (group.swapUsage !== swapped[group.index]) broken.add('group: swap usage differs from the slots charged');
  }
  for (const process of processes.values()) {
    if (groups[process.group] === undefined) broken.add('group: a process is in none');
    if (process.space !== null && process.space.owner !== process) broken.add('process: its space is another’s');
  }
}

/** Every TLB entry must map what the page table maps now, and grant (or know of A and D) no more than that does. */
function checkTlbs(kernel: Kernel, broken: Set<string>): void {
  const { pageTable, format, pageBytes } = kernel;
  for (const cpu of kernel.cpus) {
    for (const entry of cpu.tlbEntries()) {
      const owner =
        kernel.spaces.find((space) => space?.asid === entry.asid && space.asidGeneration === kernel.asidGeneration) ??
        // Without ASIDs every entry carries 0 and belongs to the table that is loaded.
        (entry.asid === 0 ? kernel.spaces.find((space) => space?.root === cpu.root) : undefined);
      if (!owner) {
        broken.add('tlb: an entry of an address space that is gone');
        continue;
      }
      const level = format.levels.findIndex((candidate) => candidate.pageBytes === entry.pageBytes);
      const slot = pageTable.find(owner.root, entry.vpn * pageBytes, level);
      const flags = slot < 0 ? 0 : pageTable.flags(slot, level);
      if ((flags & PTE_VALID) === 0 || pageTable.frame(slot, level) !== entry.pfn) {
        broken.add('tlb: an entry maps what the page table does not');
      } else if ([...pteLetters(flags)].some((letter, at) => letter === '-' && entry.letters[at] !== '-')) {
        broken.add('tlb: an entry grants more than the page table');
      }
    }
  }
}
