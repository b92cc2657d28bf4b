/**
 * What TLBs were made to forget, in few lines: the same page again and again is one line with a count (each process
 * that maps the page is a call of its own), neighbouring pages are one line with the first and the last of them.
 */
import type { MachineEvent } from '../../machine/events.ts';
import type { Names } from '../names.ts';
import { counted } from '../quantities.ts';

type EventOf<Type extends MachineEvent['type']> = Extract<MachineEvent, { type: Type }>;

/** Invalidations of one kind that followed each other. */
interface Run {
  readonly event: EventOf<'TlbInvalidate'>;
  /** First page and the last so far; null for a whole address space. */
  last: number | null;
  pages: number;
  times: number;
}

const PROCESSES_NAMED = 3;

/** `next`: the event after them; an eviction says whose pages they were. */
export function forgottenLines(
  events: readonly EventOf<'TlbInvalidate'>[],
  next: MachineEvent | null,
  pageBytes: number,
  names: Names,
): string[] {
  return runsOf(events, pageBytes).map((run) => {
    const { cpu, address, scope } = run.event;
    const times = run.times === 1 ? '' : ` ×${run.times}`;
    const of = ownersText(run, next, names);
    if (scope !== 'page' || address === null || run.last === null) {
      const what = scope === 'all' ? 'every entry' : 'every entry of the address space';
      return `CPU ${cpu} forgets ${what} in its TLBs${times}`;
    }
    const what =
      run.pages === 1
        ? `the entry for ${names.address(address)}`
        : `the entries for ${counted(run.pages, 'page')}, ${names.address(address)} to ${names.address(run.last)}`;
    return `CPU ${cpu} forgets ${what}${of} in its TLBs${times}`;
  });
}

/** The evicted page was forgotten once for each process that mapped it. */
function ownersText(run: Run, next: MachineEvent | null, names: Names): string {
  if (next?.type !== 'Eviction' || run.pages !== 1) return '';
  const pids = new Set(next.mappings.filter(({ address }) => address === run.event.address).map(({ pid }) => pid));
  const shown = [...pids].slice(0, PROCESSES_NAMED).map((pid) => names.process(pid));
  if (shown.length === 0) return '';
  return ` of ${shown.join(', ')}${pids.size > shown.length ? ` and ${pids.size - shown.length} more` : ''}`;
}

function runsOf(events: readonly EventOf<'TlbInvalidate'>[], pageBytes: number): Run[] {
  const runs: Run[] = [];
  for (const event of events) {
    const run = runs.at(-1);
    if (run === undefined || run.event.cpu !== event.cpu || run.event.scope !== event.scope) {
      runs.push({ event, last: event.address, pages: 1, times: 1 });
    } else if (run.last === event.address && run.pages === 1) {
      run.times++;
    } else if (run.last !== null && event.address === run.last + pageBytes && run.times === 1) {
      run.last = event.address;
      run.pages++;
    } else {
      runs.push({ event, last: event.address, pages: 1, times: 1 });
    }
  }
  return runs;
}
