/** Expectations on areas and residency, read from a process's view. */
import type { ProcessView } from '../../machine/view.ts';
import { type AreaLine, parseAreaLine, parseRange } from '../load/ranges.ts';
import { residentRanges } from '../load/step-expressions.ts';
import type { Amount } from '../schema/amount.ts';
import type { MapsExpect, ResidentExpect, VmFlagsExpect } from '../schema/expect.ts';
import { amountHolds, amountText } from './amounts.ts';
import type { StepContext } from './state.ts';

export interface Verdict {
  /** Added to the expectation's name: `resident.buf`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  readonly held: boolean;
}

export function mapsVerdicts(
  expected: MapsExpect,
  view: ProcessView,
  context: StepContext,
  address: (value: number) => string,
): Verdict[] {
  const only = !Array.isArray(expected);
  const lines = only ? expected.only : expected;
  const areaText = (area: ProcessView['areas'][number]): string =>
    `${address(area.start)}..${address(area.end)} ${area.perms}${area.name === '' ? '' : ` ${area.name}`}`;
  const found = new Set<number>();
  const verdicts = lines.map((line): Verdict => {
    const wanted = parseAreaLine(line);
    const [start, end] = [context.address(wanted.range.start), context.address(wanted.range.end)];
    const index = view.areas.findIndex((area) => area.start === start && area.end === end && sameRights(area, wanted));
    if (index >= 0) found.add(index);
    const near = view.areas.filter((area) => area.start < end && area.end > start).map(areaText);
    const actual = index >= 0 ? line : near.length === 0 ? 'nothing is mapped there' : near.join(', ');
    return { what: '', expected: line, actual, held: index >= 0 };
  });
  const others = view.areas.filter((_area, index) => !found.has(index));
  if (only && others.length > 0) {
    verdicts.push({ what: '.only', expected: 'no other area', actual: others.map(areaText).join(', '), held: false });
  }
  return verdicts;
}

const sameRights = (area: ProcessView['areas'][number], wanted: AreaLine): boolean =>
  area.perms === wanted.perms && (wanted.name === null || wanted.name === area.name);

export function residentVerdicts(
  expected: ResidentExpect,
  view: ProcessView,
  pageBytes: number,
  context: StepContext,
): Verdict[] {
  const ranges = residentRanges(expected);
  if (ranges === null) return [residentVerdict('', expected as Amount, view.residentPages)];
  return ranges.map(([text, amount]) => {
    const range = parseRange(text);
    const start = Number(context.address(range.start));
    const area = view.areas.find((candidate) => candidate.start <= start && start < candidate.end);
    if (range.end === null && area === undefined) {
      return { what: `.${text}`, expected: amountText(amount), actual: 'nothing is mapped there', held: false };
    }
    const [from, to] = range.end === null ? [area!.start, area!.end] : [start, Number(context.address(range.end))];
    return residentVerdict(`.${text}`, amount, residentPages(view, from, to, pageBytes));
  });
}

function residentVerdict(what: string, amount: Amount, actual: number): Verdict {
  return { what, expected: amountText(amount), actual: String(actual), held: amountHolds(amount, actual) };
}

/** The VmFlags of the areas that hold some addresses: exactly these words, or these (`-lo`: not this one) among others. */
export function vmFlagsVerdicts(expected: VmFlagsExpect, view: ProcessView, context: StepContext): Verdict[] {
  return Object.entries(expected).map(([text, wanted]) => {
    const at = Number(context.address(parseRange(text).start));
    const area = view.areas.find((candidate) => candidate.start <= at && at < candidate.end);
    const exact = typeof wanted === 'string';
    const shown = exact ? wanted : wanted.join(', ');
    if (area === undefined) {
      return { what: `.${text}`, expected: shown, actual: 'nothing is mapped there', held: false };
    }
    const flags = new Set(words(area.flags));
    const held = exact
      ? words(wanted).toSorted().join(' ') === [...flags].toSorted().join(' ')
      : wanted.every((word) => flags.has(word.replace(/^-/, '')) !== word.startsWith('-'));
    return { what: `.${text}`, expected: shown, actual: area.flags, held };
  });
}

const words = (text: string): string[] => text.split(/\s+/).filter((word) => word !== '');

/** Pages of [from, to) that hold a frame of their own; the shared zero page does not count, as in Linux's RSS. */
function residentPages(view: ProcessView, from: number, to: number, pageBytes: number): number {
  let pages = 0;
  for (const page of Object.values(view.pages)) {
    if (page.state !== 'present' && page.state !== 'prot-none') continue;
    if (page.what === 'zero' || page.what === 'zero page') continue;
    const start = Math.max(from, page.address);
    const end = Math.min(to, page.address + page.pageBytes);
    if (end > start) pages += Math.ceil((end - start) / pageBytes);
  }
  return pages;
}
