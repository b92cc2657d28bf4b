/**
 * The *why* of a step: its events as short sentences, in the order they happened.
 *
 * Only what is worth a line is said: a fault and its reason, an eviction and who lost the page, a signal, a shootdown.
 * Plain accesses, translations and system calls that were granted say nothing here: the step's own line already does.
 */
import type { MachineEvent } from '../machine/events.ts';
import type { Names } from './names.ts';
import { pressureText, summariesFirst } from './pressure-text.ts';
import { counted, hex } from './quantities.ts';
import { errnoOf, refusalReason } from './refused-call.ts';

export interface WhyLine {
  /** Shown in its own colour: what kind of thing happened. */
  readonly tone: 'kernel' | 'eviction' | 'signal' | 'hardware';
  readonly text: string;
}

/** One line, or null for an event that goes without saying. */
export function whyOf(event: MachineEvent, names: Names): WhyLine | null {
  switch (event.type) {
    case 'Syscall': {
      const reason = refusalReason(event);
      return reason === null ? null : { tone: 'signal', text: `${event.name}: ${errnoOf(event)}: ${reason}` };
    }
    case 'PageFault':
      return { tone: 'kernel', text: event.why };
    case 'CowCopy':
      return {
        tone: 'kernel',
        text: `frame ${event.from} copied to frame ${event.to} for ${names.process(event.pid)}`,
      };
    case 'Eviction':
      return { tone: 'eviction', text: evictionText(event, names) };
    case 'SwapIn':
      return { tone: 'eviction', text: `swap slot ${event.slot} read into frame ${event.pfn}` };
    case 'SwapOut':
      return { tone: 'eviction', text: `frame ${event.pfn} written to swap slot ${event.slot}` };
    case 'TlbShootdown':
      return {
        tone: 'hardware',
        text: `TLB shootdown: CPU ${event.from} made CPU ${event.to} forget ${counted(event.pages, 'page')} of ${names.process(event.pid)} at ${names.address(event.address)}`,
      };
    case 'Signal':
      return {
        tone: 'signal',
        text: `${event.info.code === 'SI_TKILL' ? 'abort: ' : ''}${event.info.reason}${event.killed ? `; ${names.process(event.pid)} is killed` : ''}`,
      };
    case 'StackExpanded':
      return {
        tone: 'kernel',
        text: `stack of ${names.process(event.pid)} grew down from ${hex(event.from)} to ${hex(event.to)}`,
      };
    case 'KswapdWoke':
    case 'KswapdSlept':
    case 'DirectReclaim':
      return { tone: 'eviction', text: pressureText(event, names) };
    case 'OomKill':
      return { tone: 'signal', text: oomText(event, names) };
    case 'Fork':
      return {
        tone: 'kernel',
        text: `${counted(event.copiedPages, 'page-table entry', 'page-table entries')} copied, ${counted(event.tablePages, 'table frame')} made`,
      };
    case 'Exit':
      return {
        tone: 'kernel',
        text: `${names.process(event.pid)} gave back ${counted(event.freedFrames, 'frame')}${event.freedSlots > 0 ? ` and ${counted(event.freedSlots, 'swap slot')}` : ''}`,
      };
    case 'Translate':
    case 'Access':
    case 'TlbInvalidate':
    case 'ContextSwitch':
    case 'Wait':
    case 'Call':
      return null;
    default: {
      const unknown: never = event;
      return unknown;
    }
  }
}

/**
 * The lines of one step, each said once however many pages it was true of. `told` remembers, from step to step, the
 * reasons that are the same each time (why a policy chooses as it does): they are given the first time only.
 */
export function whyLines(events: readonly MachineEvent[], names: Names, told = new Set<string>()): WhyLine[] {
  const lines = new Map<string, WhyLine>();
  const slots = new Map<number, number>();
  const kept = stillCachedText(events);
  const refusals = new Set<string>();
  let oomKilled: number | null = null;
  for (const event of reasonFirst(events)) {
    // The killer's choice is the better reason for its own signal.
    if (event.type === 'OomKill') oomKilled = event.pid;
    if (event.type === 'Signal' && event.pid === oomKilled) continue;
    // Told with the eviction it belongs to.
    if (event.type === 'SwapOut') {
      slots.set(event.pfn, event.slot);
      continue;
    }
    if (event.type === 'Syscall' && event.why !== undefined) refusals.add(event.why);
    const line =
      event.type === 'Eviction'
        ? evictionLine(event, slots.get(event.pfn), told, names)
        : event.type === 'Signal' && !event.killed && refusals.has(event.info.reason)
          ? signalBeside(event, names)
          : whyOf(event, names);
    if (line !== null && !lines.has(line.text)) lines.set(line.text, line);
  }
  if (kept !== null) lines.set(kept, { tone: 'eviction', text: kept });
  return [...lines.values()];
}

/** A signal sent beside an errno, for the reason just told (SIGXFSZ). */
const signalBeside = ({ pid, info }: EventOf<'Signal'>, names: Names): WhyLine => ({
  tone: 'signal',
  text: `${names.process(pid)} gets ${info.signal} too`,
});

/**
 * Pages written to swap that did not leave memory (what MADV_PAGEOUT writes to a disk): no eviction tells of them.
 * Null when there are none.
 */
export function stillCachedText(events: readonly MachineEvent[]): string | null {
  const written = new Map<number, number>();
  for (const event of events) {
    if (event.type === 'SwapOut') written.set(event.pfn, event.slot);
    else if (event.type === 'Eviction') written.delete(event.pfn);
  }
  const slots = [...written.values()].sort((left, right) => left - right);
  const [first, last] = [slots[0], slots.at(-1)];
  if (first === undefined || last === undefined) return null;
  const which = first === last ? `slot ${first}` : `slots ${first} to ${last}`;
  const [its, stays] = slots.length === 1 ? ['its frame', 'stays'] : ['their frames', 'stay'];
  return `${counted(slots.length, 'page')} written to swap ${which}; ${its} ${stays} in the swap cache until memory is wanted`;
}

function evictionLine(event: EventOf<'Eviction'>, slot: number | undefined, told: Set<string>, names: Names): WhyLine {
  const why = told.has(event.why) ? '' : event.why;
  told.add(event.why);
  return { tone: 'eviction', text: evictionText({ ...event, why }, names, slot) };
}

/**
 * The kernel tells what it did for a fault (evicted, copied, forgot) and then that it resolved it, and why. A reader
 * wants the reason first: each `PageFault` is moved before what was done for it. System calls likewise.
 */
export function reasonFirst(events: readonly MachineEvent[]): MachineEvent[] {
  const ordered: MachineEvent[] = events.filter((event) => event.type === 'Syscall');
  let done: MachineEvent[] = [];
  for (const event of summariesFirst(events)) {
    if (event.type === 'Syscall') continue;
    const begins = event.type === 'Translate' || event.type === 'Access';
    if (event.type === 'PageFault') ordered.push(event, ...done);
    else if (begins) ordered.push(...done, event);
    else {
      done.push(event);
      continue;
    }
    done = [];
  }
  return [...ordered, ...done];
}

type EventOf<Type extends MachineEvent['type']> = Extract<MachineEvent, { type: Type }>;

export function evictionText(event: EventOf<'Eviction'>, names: Names, slot?: number): string {
  const first = event.mappings[0];
  const owner =
    first === undefined
      ? 'no process (swap cache, page cache or shared memory)'
      : `${names.process(first.pid)} at ${names.address(first.address)}${event.mappings.length > 1 ? ` and ${event.mappings.length - 1} more` : ''}`;
  const place = event.to === 'file' ? 'its file' : slot === undefined ? event.to : `${event.to} slot ${slot}`;
  const where = event.to === 'dropped' ? 'clean, so dropped' : `${event.dirty ? 'dirty' : 'clean'}, to ${place}`;
  const why = event.why === '' ? '' : `: ${event.why}`;
  return `evicted frame ${event.pfn} of ${owner}, ${where}${why}`;
}

/** As the user named it; the kernel's log has its path. */
const groupName = (path: string): string => (path === '/' ? path : path.replace(/^\//, ''));

function oomText(event: EventOf<'OomKill'>, names: Names): string {
  const others = event.candidates
    .filter((candidate) => candidate.pid !== event.pid)
    .map((candidate) => `${names.process(candidate.pid)} ${candidate.badness}`);
  const against = others.length === 0 ? 'the only candidate' : `against ${others.join(', ')}`;
  const what = event.group === undefined ? 'out of memory' : `memory group ${groupName(event.group)} is at its limit`;
  return `${what}: killed ${names.process(event.pid)}, badness ${event.badness} (${against})`;
}
