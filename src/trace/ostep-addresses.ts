import { InputError } from '../mmu/input-error.ts';
import { PythonRandom } from './ostep.ts';

/**
 * The virtual addresses that the translation homeworks of OSTEP ask about. Each program seeds Python's generator, draws the
 * registers or tables of its problem, and only then its addresses: so to know these one has to make the same draws before.
 *
 * ```
 *   relocation       [limit] [base, until it fits]                                      address: any of the space
 *   segmentation     [limit 0] [limit 1] [base 0, until it fits] [base 1, until …]      address: any of the space
 *   linear           of each page: is it used? then a frame, until one is free          address: any of the space
 *   multilevel       the directory's frame; of each page its number, its frame, its     half of them: any of the space,
 *                    table's frame when it is new, its 32 bytes                         else in the page of that turn
 *   [ ]: not drawn where it is given
 * ```
 *
 * The rules are those of relocation.py, segmentation.py, paging-linear-translate.py and paging-multilevel-translate.py
 * (ostep-homework, 2025); the answers printed in their READMEs come out.
 */
export const OSTEP_PROGRAMS = ['ostep-relocation', 'ostep-segmentation', 'ostep-linear', 'ostep-multilevel'] as const;
export type OstepProgram = (typeof OSTEP_PROGRAMS)[number];

/** The programs' own options; a default where one is missing. Sizes in bytes. */
export interface OstepProblem {
  /** `-a`: default 1 KiB, for `linear` 16 KiB. */
  readonly space?: number;
  /** `-p`: default 16 KiB, for `linear` 64 KiB. */
  readonly physical?: number;
  /** `relocation -l`, `segmentation -l`; drawn where it is missing. */
  readonly limit?: number;
  /** `relocation -b`, `segmentation -b`. */
  readonly base?: number;
  /** `segmentation -L` and `-B`: of the segment that grows downwards; the base is its upper end. */
  readonly limit1?: number;
  readonly base1?: number;
  /** `linear -P`: default 4 KiB. */
  readonly pageBytes?: number;
  /** `linear -u`: percent of the pages that are used; default 50. */
  readonly used?: number;
  /** `multilevel -a`: pages allocated; default 64. */
  readonly allocated?: number;
}

/** @throws InputError MEM-TRC-040 for a problem that the program refuses, or would look for a solution of for ever */
export function ostepAddresses(program: OstepProgram, seed: number | bigint, problem: OstepProblem): () => number {
  const random = new PythonRandom(seed);
  switch (program) {
    case 'ostep-relocation':
      return relocation(random, problem);
    case 'ostep-segmentation':
      return segmentation(random, problem);
    case 'ostep-linear':
      return linear(random, problem);
    case 'ostep-multilevel':
      return multilevel(random, problem);
  }
}

/** Python's `int(end * random.random())`. */
const below = (random: PythonRandom, end: number): number => Math.floor(end * random.random());

/** A limit of a quarter to a half of the space. */
const drawnLimit = (random: PythonRandom, space: number): number =>
  Math.floor(space / 4 + (space / 4) * random.random());

function relocation(random: PythonRandom, problem: OstepProblem): () => number {
  const { space = 1024, physical = 16384 } = problem;
  checkSizes(space, physical);
  const limit = problem.limit ?? drawnLimit(random, space);
  if (problem.base === undefined) {
    if (limit >= physical) throw impossible(`a limit of ${limit} leaves no room for a base in ${physical} bytes`);
    drawBase(random, physical, (base) => base + limit < physical);
  } else if (problem.base + limit > physical) throw impossible(`base and limit end beyond ${physical} bytes`);
  return () => below(random, space);
}

function segmentation(random: PythonRandom, problem: OstepProblem): () => number {
  const { space = 1024, physical = 16384 } = problem;
  checkSizes(space, physical);
  const first = problem.limit ?? drawnLimit(random, space);
  const second = problem.limit1 ?? drawnLimit(random, space);
  if (first > space / 2 || second > space / 2) throw impossible('a limit is more than half of the address space');
  if (first >= physical || second >= physical) throw impossible('a segment is larger than the memory');
  const base = problem.base ?? drawBase(random, physical, (drawn) => drawn + first < physical);
  if (problem.base1 === undefined) {
    // Above the first segment from base + first + 1 on, below it up to base - second - 1.
    if (base + first + 1 + second >= physical && second >= base) throw impossible('there is no room for both segments');
    drawBase(random, physical, (drawn) => drawn + second < physical && (drawn > base + first || drawn + second < base));
  } else {
    const lower = problem.base1 - second;
    if (first + base > lower && lower > base) throw impossible('the segments overlap');
  }
  return () => below(random, space);
}

function drawBase(random: PythonRandom, physical: number, fits: (base: number) => boolean): number {
  for (;;) {
    const base = below(random, physical);
    if (fits(base)) return base;
  }
}

function linear(random: PythonRandom, problem: OstepProblem): () => number {
  const { space = 16384, physical = 65536, pageBytes = 4096, used = 50 } = problem;
  checkSizes(space, physical);
  if (space % pageBytes !== 0 || physical % pageBytes !== 0)
    throw impossible('sizes must be multiples of the page size');
  if (!Number.isInteger(Math.log2(space)) || !Number.isInteger(Math.log2(pageBytes))) {
    throw impossible('the address space and the page must be powers of two');
  }
  if (physical >= 2 ** 30) throw impossible('sizes must be below 1 GiB');
  const taken = new Uint8Array(physical / pageBytes);
  for (let page = 0; page < space / pageBytes; page++) {
    // The question is asked again with each frame that is taken already.
    while (random.random() * 100 > 100 - used) {
      const frame = below(random, taken.length);
      if (taken[frame] === 1) continue;
      taken[frame] = 1;
      break;
    }
  }
  return () => below(random, space);
}

const MULTI_PAGES = 1024;
const MULTI_FRAMES = 128;
const MULTI_PAGE_BYTES = 32;

function multilevel(random: PythonRandom, { allocated = 64 }: OstepProblem): () => number {
  if (allocated > MULTI_PAGES) throw impossible(`there are ${MULTI_PAGES} pages to allocate`);
  const taken = new Uint8Array(MULTI_FRAMES);
  let free = MULTI_FRAMES;
  const takeFrame = (): void => {
    if (free-- === 0) throw impossible(`${allocated} pages and their tables need more than ${MULTI_FRAMES} frames`);
    let frame = below(random, MULTI_FRAMES);
    while (taken[frame] === 1) frame = below(random, MULTI_FRAMES);
    taken[frame] = 1;
  };
  takeFrame();
  const isUsed = new Uint8Array(MULTI_PAGES);
  const hasTable = new Uint8Array(MULTI_PAGES / MULTI_PAGE_BYTES);
  const pages = Array.from({ length: allocated }, () => {
    let page = below(random, MULTI_PAGES);
    while (isUsed[page] === 1) page = below(random, MULTI_PAGES);
    isUsed[page] = 1;
    takeFrame();
    const directory = Math.floor(page / MULTI_PAGE_BYTES);
    if (hasTable[directory] === 0) takeFrame();
    hasTable[directory] = 1;
    for (let byte = 0; byte < MULTI_PAGE_BYTES; byte++) random.random();
    return page;
  });
  let turn = 0;
  return () => {
    const page = pages[turn++];
    if (random.random() * 100 > 50 || page === undefined) return below(random, MULTI_PAGES * MULTI_PAGE_BYTES);
    return page * MULTI_PAGE_BYTES + below(random, MULTI_PAGE_BYTES);
  };
}

function checkSizes(space: number, physical: number): void {
  if (space < 1 || physical < 2) throw impossible('an address space and a memory have bytes');
  if (physical <= space) throw impossible('the memory must be larger than the address space');
}

function impossible(message: string): InputError {
  return new InputError({
    code: 'MEM-TRC-040',
    message,
    hint: 'the homework’s program refuses it too; its options: mmulator trace generate --help',
  });
}
