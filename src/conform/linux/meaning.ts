/**
 * What it means that an answer differs, in one sentence: which of the two did what. The fields are FORMAT.md's, section 4.
 *
 *     pt   "4A" against "3A1a"   →   page 3 of the area at ARENA+0x0 of P0: on Linux an anonymous frame mapped once,
 *                                    here an anonymous frame mapped more than once
 */
import { firstDifference } from '../first-difference.ts';
import { firstRunDifference } from './notation.ts';
import type { MapLine, PageRun, Result } from './recording.ts';

/** Null where the two values say all there is to say. */
export function meaningOf(field: keyof Result, linux: Result, ours: Result): string | null {
  switch (field) {
    case 'ret':
    case 'err':
    case 'sig':
    case 'skip':
    case 'killed':
      return outcomes(linux, ours);
    case 'code':
      return 'both raise a signal, for another reason';
    case 'val':
    case 'hex':
      return 'the memory or the file holds other bytes';
    case 'vec':
      return vectors(linux.vec, ours.vec);
    case 'n':
      return `Linux lets ${linux.n ?? 0} of the accesses pass, this machine ${ours.n ?? 0}`;
    case 'status':
    case 'wsig':
      return 'the child ended in another way';
    case 'fa':
      return 'the signal names another address';
    case 'pfec':
      return `Linux says ${errorCodeText(linux.pfec)}, this machine ${errorCodeText(ours.pfec)}`;
    case 'pg':
      return pageText(linux.pg, ours.pg);
    case 'min':
    case 'maj':
      return `Linux counts ${linux[field] ?? 0} ${field === 'min' ? 'minor' : 'major'} faults, this machine ${ours[field] ?? 0}`;
    case 'f':
      return accesses(linux.f, ours.f);
    case 'maps':
      return inProcesses(linux.maps, ours.maps, 'areas', areas);
    case 'pt':
      return inProcesses(linux.pt, ours.pt, 'pages', pages);
    case 'share':
      return shares(linux.share, ours.share);
    default:
      return null;
  }
}

/** `refuses with ENOMEM`: what came of an op. */
function outcomeText({ ret, err, sig, code, skip, killed, val }: Result): string {
  if (skip !== undefined)
    return skip === 'proc' ? 'finds the process ended' : 'finds a symbol unbound: the op is not done';
  if (killed !== undefined) return `kills the process (${killed})`;
  if (err !== undefined) return `refuses with ${err}`;
  if (sig !== undefined) return `raises SIG${sig} (${code ?? '?'})`;
  return `answers ${ret ?? val ?? 'nothing'}`;
}

const outcomes = (linux: Result, ours: Result): string =>
  `Linux ${outcomeText(linux)}, this machine ${outcomeText(ours)}`;

function vectors(linux: string | undefined, ours: string | undefined): string | null {
  const page = firstIndex([...(linux ?? '')], [...(ours ?? '')]);
  if (linux === undefined || ours === undefined || page === null) return null;
  return `page ${page} of the range is ${linux[page] === '1' ? '' : 'not '}in memory on Linux, here it is${ours[page] === '1' ? '' : ' not'}`;
}

/** Bits of an x86 page-fault error code. */
function errorCodeText(code: number | undefined): string {
  if (code === undefined) return 'nothing';
  const access = (code & 16) !== 0 ? 'fetch' : (code & 2) !== 0 ? 'write' : 'read';
  return `${code}: ${access} of a page that is ${(code & 1) !== 0 ? 'there but may not be used so' : 'not there'}`;
}

/** `A>A!`: class before, class after, `=` the same frame, `!` another. */
function pageText(linux: string | undefined, ours: string | undefined): string | null {
  if (linux === undefined || ours === undefined) return null;
  if (linux[0] !== ours[0])
    return `before the access the page was ${className(linux[0])} on Linux, here ${className(ours[0])}`;
  if (linux[2] !== ours[2]) return `the access leaves ${className(linux[2])} on Linux, here ${className(ours[2])}`;
  return `Linux ${frameText(linux[3])}, this machine ${frameText(ours[3])}`;
}

const frameText = (mark: string | undefined): string =>
  mark === '=' ? 'keeps the frame' : mark === '!' ? 'takes another frame' : 'has no frame before or after';

const CLASSES: Readonly<Record<string, string>> = {
  '.': 'nothing',
  Z: 'the shared zero page',
  A: 'an anonymous frame mapped once',
  a: 'an anonymous frame mapped more than once',
  F: 'a frame of a file or of shared memory mapped once',
  f: 'a frame of a file or of shared memory mapped more than once',
  S: 'a swap entry',
  G: 'a guard marker',
};
const className = (letter: string | undefined): string => CLASSES[letter ?? '.'] ?? `\`${letter}\``;

const FAULTS: Readonly<Record<string, string>> = {
  '.': 'no fault',
  m: 'a minor fault',
  '2': 'several minor faults',
  M: 'a major fault',
};

function accesses(linux: string | undefined, ours: string | undefined): string | null {
  const found = firstRunDifference(linux ?? '', ours ?? '');
  if (found === null) return null;
  const text = (letter: string | undefined) => (letter === undefined ? 'none is made' : (FAULTS[letter] ?? letter));
  return `access ${found.at} (from 0): ${text(found.left)} on Linux, ${text(found.right)} here`;
}

type ByProcess<Row> = Readonly<Record<string, readonly Row[]>> | undefined;

/** The first process whose rows differ. State is told only when it changed. */
function inProcesses<Row>(
  linux: ByProcess<Row>,
  ours: ByProcess<Row>,
  what: string,
  differ: (linux: readonly Row[], ours: readonly Row[]) => string | null,
): string | null {
  for (const name of new Set([...Object.keys(linux ?? {}), ...Object.keys(ours ?? {})])) {
    const [left, right] = [linux?.[name], ours?.[name]];
    if (left === undefined) return `the ${what} of ${name} change here, on Linux they stay`;
    if (right === undefined) return `the ${what} of ${name} change on Linux, here they stay`;
    const text = differ(left, right);
    if (text !== null) return `${name}: ${text}`;
  }
  return null;
}

const areaText = (row: MapLine | undefined): string =>
  row === undefined ? 'none' : `[${row[0]}, ${row[1]}) ${row[2]} ${row[4]}`;

const AREA_COLUMNS = ['start', 'end', 'permissions', 'file offset', 'name', 'VmFlags'] as const;

/** Split or merged, or the same range with something else about it. */
function areas(linux: readonly MapLine[], ours: readonly MapLine[]): string | null {
  const at = firstIndex(linux, ours);
  if (at === null) return null;
  const [left, right] = [linux[at], ours[at]];
  if (left !== undefined && right !== undefined && left[0] === right[0] && left[1] === right[1]) {
    const column = left.findIndex((value, index) => value !== right[index]);
    return `the area [${left[0]}, ${left[1]}) has ${AREA_COLUMNS[column]} \`${left[column]}\` on Linux, \`${right[column]}\` here`;
  }
  const verdict = coveredAlike(linux, ours)
    ? linux.length < ours.length
      ? 'Linux merges what stays apart here'
      : 'what Linux keeps apart is merged here'
    : 'another range is mapped';
  return `area ${at}: ${areaText(left)} on Linux, ${areaText(right)} here (${verdict})`;
}

/** The same ranges are mapped, however they are cut. */
const coveredAlike = (linux: readonly MapLine[], ours: readonly MapLine[]): boolean =>
  firstIndex(edgesOf(linux), edgesOf(ours)) === null;

/** Starts and ends of ranges without a hole. */
function edgesOf(rows: readonly MapLine[]): string[] {
  return rows.flatMap(([start, end], index) => [
    ...(rows[index - 1]?.[1] === start ? [] : [start]),
    ...(rows[index + 1]?.[0] === end ? [] : [end]),
  ]);
}

function pages(linux: readonly PageRun[], ours: readonly PageRun[]): string | null {
  const at = firstIndex(linux, ours);
  if (at === null) return null;
  const [left, right] = [linux[at], ours[at]];
  if (left === undefined || right === undefined || left[0] !== right[0]) {
    return `an area with pages starts at ${left?.[0] ?? 'no address'} on Linux, at ${right?.[0] ?? 'no address'} here`;
  }
  const found = firstRunDifference(left[1], right[1]);
  if (found === null) return null;
  return `page ${found.at} of the area at ${left[0]}: on Linux ${className(found.left)}, here ${className(found.right)}`;
}

function shares(linux: Result['share'], ours: Result['share']): string | null {
  if (linux === undefined) return 'what is shared changes here, on Linux it stays';
  if (ours === undefined) return 'what is shared changes on Linux, here it stays';
  const at = firstIndex(linux, ours);
  if (at === null) return null;
  const text = (row: readonly (string | number)[] | undefined): string =>
    row === undefined ? 'nothing more' : `${row.at(-1)} pages of ${row.slice(0, -1).join(', ')}`;
  return `shared on Linux: ${text(linux[at])}; here: ${text(ours[at])}`;
}

/** Where two lists differ first; null when nowhere. */
function firstIndex(left: readonly unknown[], right: readonly unknown[]): number | null {
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    if (firstDifference(left[at], right[at], '') !== null) return at;
  }
  return null;
}
