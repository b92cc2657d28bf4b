/** What /proc would show of an emulated process, in the recordings' notation (FORMAT.md, section 4.3). */
import { FRAME_ANON, ZERO_PFN } from '../../kernel/frames/frame-table.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { permsOf, vmFlagLetters } from '../../kernel/linux-abi.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import type { Area } from '../../kernel/vm/area.ts';
import { entryState, forEachEntry } from '../../machine/proc/entries.ts';
import { BASES, formatAddress } from './notation.ts';
import type { MapLine, PageRun, Share } from './recording.ts';

/** Where the recorded processes' stack pointer stands: it names the stack area. */
const STACK_POINTER = 0x7fffffffee20;

/** The harness's own areas, hidden in the recordings. */
export const HIDDEN = [
  { start: BASES.TEXT, end: BASES.TEXT + 0x1000 },
  { start: BASES.SCRATCH, end: BASES.SCRATCH + 0x10000 },
] as const;

const isHidden = (area: Area): boolean => HIDDEN.some(({ start }) => start === area.start);

export function* visibleAreas(space: AddressSpace): Generator<Area> {
  for (let area = space.areas.first; area !== null; area = area.next) if (!isHidden(area)) yield area;
}

function nameOf(space: AddressSpace, area: Area): string {
  if (area.file !== null) return area.file.inode.type === 'zero' ? 'devzero' : area.file.inode.name;
  if (area.object !== null) return 'shanon';
  if (area.start < space.brk && area.end > space.brkStart) return 'heap';
  return area.start <= STACK_POINTER && STACK_POINTER < area.end ? 'stack' : 'anon';
}

/** /proc/PID/maps with the VmFlags of smaps. */
export function mapsOf(kernel: Kernel, space: AddressSpace): MapLine[] {
  return Array.from(visibleAreas(space), (area) => [
    formatAddress(area.start),
    formatAddress(area.end),
    permsOf(area.flags),
    area.object === null && area.file === null ? 0 : area.pageOffset * kernel.pageBytes,
    nameOf(space, area),
    vmFlagLetters(area.flags),
  ]);
}

/** `.` nothing, `Z` zero page, `A` `a` anonymous frame mapped once, more than once, `F` `f` shared memory likewise. */
function classOf(kernel: Kernel, entry: number): string {
  const state = entryState(kernel, entry);
  if (state !== 'present') return LETTERS[state];
  const { frames, pageTable } = kernel;
  const pfn = pageTable.frame(entry);
  const letter = frames.use[pfn] === FRAME_ANON ? 'A' : 'F';
  return frames.mapCount[pfn] === 1 ? letter : letter.toLowerCase();
}

const LETTERS = { empty: '.', zero: 'Z', swapped: 'S', guard: 'G' } as const;

export interface PageState {
  readonly letter: string;
  /** Frame, or -1 where none is mapped. */
  readonly pfn: number;
}

export function pageAt(kernel: Kernel, space: AddressSpace, address: number): PageState {
  const entry = kernel.pageTable.find(space.root, address);
  const letter = entry < 0 ? '.' : classOf(kernel, entry);
  return { letter, pfn: '.SG'.includes(letter) ? -1 : kernel.pageTable.frame(entry) };
}

/** Page classes of every area that has any page, run-length coded. */
export function pagesOf(kernel: Kernel, space: AddressSpace): PageRun[] {
  const { pageBytes } = kernel;
  const runs: PageRun[] = [];
  for (const area of visibleAreas(space)) {
    let text = '';
    // The run under way, which ends where the next page class differs.
    let letter = '.';
    let count = 0;
    let next = area.start;
    const append = (another: string, pages: number) => {
      if (pages === 0) return;
      if (another !== letter) {
        if (count > 0) text += `${count}${letter}`;
        letter = another;
        count = 0;
      }
      count += pages;
    };
    let any = false;
    forEachEntry(kernel, space, area, (address, entry) => {
      any = true;
      append('.', (address - next) / pageBytes);
      append(classOf(kernel, entry), 1);
      next = address + pageBytes;
    });
    if (!any) continue;
    append('.', (area.end - next) / pageBytes);
    runs.push([formatAddress(area.start), `${text}${count}${letter}`]);
  }
  return runs;
}

interface Place {
  readonly process: string;
  readonly address: number;
}

/** Frames mapped at two or more places, runs of pages joined where all places continue; the zero page left out. */
export function sharesOf(kernel: Kernel, spaces: ReadonlyMap<string, AddressSpace>): Share[] {
  const places = new Map<number, Place[]>();
  for (const [process, space] of spaces) {
    for (const area of visibleAreas(space)) {
      forEachEntry(kernel, space, area, (address) => {
        const { pfn } = pageAt(kernel, space, address);
        if (pfn <= ZERO_PFN) return;
        const known = places.get(pfn);
        if (known === undefined) places.set(pfn, [{ process, address }]);
        else known.push({ process, address });
      });
    }
  }
  // A Map keeps the order of insertion: that of each frame's first place.
  const runs: { places: Place[]; pages: number }[] = [];
  for (const shared of places.values()) {
    if (shared.length < 2) continue;
    const last = runs.at(-1);
    const continues =
      last !== undefined &&
      last.places.length === shared.length &&
      last.places.every(
        ({ process, address }, i) =>
          shared[i]!.process === process && shared[i]!.address === address + last.pages * kernel.pageBytes,
      );
    if (continues) last.pages++;
    else runs.push({ places: shared, pages: 1 });
  }
  return runs.map(({ places: at, pages }) => [
    ...at.map(({ process, address }) => `${process}:${formatAddress(address)}`),
    pages,
  ]);
}
