/**
 * Which traces of a snapshot to keep [tracemalloc.Filter, tracemalloc.DomainFilter].
 *
 * A trace is kept when at least one of the inclusive filters matches it (or there is none) and every exclusive filter does;
 * an exclusive filter matches what it is not about.
 */
import { matchesGlob } from './glob.ts';
import type { Trace } from './snapshot.ts';
import type { TraceFrame } from './traceback.ts';

export interface FilenameFilter {
  readonly kind: 'filename';
  readonly inclusive: boolean;
  /** Shell pattern; a final `.pyc` means `.py`. */
  readonly filenamePattern: string;
  /** Only this line; left out: any. */
  readonly line?: number | undefined;
  /** Look at every frame, not just the one that allocated. */
  readonly allFrames?: boolean | undefined;
  /** Only this domain's traces; left out: any. */
  readonly domain?: number | undefined;
}

export interface DomainFilter {
  readonly kind: 'domain';
  readonly inclusive: boolean;
  readonly domain: number;
}

export type TraceFilter = FilenameFilter | DomainFilter;

export function keeps(filters: readonly TraceFilter[], trace: Trace): boolean {
  let included = true;
  for (const filter of filters) {
    if (!filter.inclusive && !matches(filter, trace)) return false;
    if (filter.inclusive) included = false;
  }
  return included || filters.some((filter) => filter.inclusive && matches(filter, trace));
}

function matches(filter: TraceFilter, trace: Trace): boolean {
  const { inclusive, domain } = filter;
  if (filter.kind === 'domain') return (trace.domain === domain) === inclusive;
  const frames = filter.allFrames === true ? trace.frames : trace.frames.slice(0, 1);
  const matched = frames.some((frame) => isAbout(filter, frame)) === inclusive;
  if (domain === undefined) return matched;
  return inclusive ? matched && trace.domain === domain : matched || trace.domain !== domain;
}

function isAbout(filter: FilenameFilter, frame: TraceFrame): boolean {
  if (!matchesGlob(sourceOf(frame.file), sourceOf(filter.filenamePattern))) return false;
  return filter.line === undefined || filter.line === frame.line;
}

function sourceOf(file: string): string {
  return file.endsWith('.pyc') ? file.slice(0, -1) : file;
}
