/** Pages in memory before the first reference: in exercises, frames that are empty and frames that hold other pages differ. */
import { InputError } from '../mmu/input-error.ts';
import type { PageStream } from './page-stream.ts';

/** As many as there can be frames. */
const PAGES_MAX = 2 ** 24;

/**
 * Page numbers as people write them: `7`, `0x1f`, `5,7,9`, `101..120`; in the order in which they came into memory.
 * @throws InputError MEM-CLI-007 not a list of pages and ranges; MEM-TRC-022 a page given twice, or more than fit anywhere
 */
export function parseInitialPages(option: string, text: string): number[] {
  const pages: number[] = [];
  for (const part of text.split(',')) {
    const [from, to] = rangeOf(option, part.trim());
    if (pages.length + to - from >= PAGES_MAX) throw tooMany(pages.length + to - from + 1, PAGES_MAX);
    for (let page = from; page <= to; page++) pages.push(page);
  }
  checkInitialPages(pages, PAGES_MAX);
  return pages;
}

/** @throws InputError MEM-TRC-022 */
export function checkInitialPages(pages: readonly number[], frames: number): void {
  if (pages.length > frames) throw tooMany(pages.length, frames);
  if (new Set(pages).size === pages.length) return;
  throw new InputError({
    code: 'MEM-TRC-022',
    message: 'an initial page is given twice',
    hint: 'a page is in one frame at a time',
  });
}

/** Give the pages the first ids of a trace's numbering: how many. */
export function numberInitial({ numbering }: PageStream, pages: readonly number[]): number {
  for (const page of pages) numbering.idOf(0, Math.floor(page / 2 ** 32), page % 2 ** 32);
  return pages.length;
}

function rangeOf(option: string, part: string): readonly [from: number, to: number] {
  const match = /^(0x[0-9a-f]+|\d+)(?:\.\.(0x[0-9a-f]+|\d+))?$/i.exec(part);
  const from = Number(match?.[1]);
  const to = Number(match?.[2] ?? match?.[1]);
  if (Number.isSafeInteger(from) && Number.isSafeInteger(to) && from <= to) return [from, to];
  throw new InputError({
    code: 'MEM-CLI-007',
    message: `${option}: \`${part}\` is no page number or range of them`,
    hint: from > to ? `from the smaller to the larger: ${to}..${from}` : 'such as 7, 0x1f or 101..120',
  });
}

const tooMany = (pages: number, frames: number): InputError =>
  new InputError({
    code: 'MEM-TRC-022',
    message: `${pages} initial pages do not fit in ${frames} ${frames === 1 ? 'frame' : 'frames'}`,
    hint: 'give at most one page a frame',
  });
