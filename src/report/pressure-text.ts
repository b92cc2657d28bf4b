/** What the memory pressure's events say: who reclaimed, why, and with what success. */
import type { MachineEvent } from '../machine/events.ts';
import type { Names } from './names.ts';
import { counted } from './quantities.ts';

type PressureEvent = Extract<MachineEvent, { type: 'KswapdWoke' | 'KswapdSlept' | 'DirectReclaim' }>;

export function pressureText(event: PressureEvent, names: Names): string {
  switch (event.type) {
    case 'KswapdWoke':
      return `kswapd woke: ${event.free} free <= low ${event.low}; it is to make them more than high ${event.high}`;
    case 'KswapdSlept': {
      const rest =
        event.free > event.high ? `> high ${event.high}` : `still <= high ${event.high}: nothing else can leave`;
      return `kswapd looked at ${counted(event.scanned, 'page')} and freed ${event.reclaimed}: ${event.from} free -> ${event.free} ${rest}`;
    }
    case 'DirectReclaim': {
      const who = names.process(event.pid);
      const did = `looked at ${counted(event.scanned, 'page')} and freed ${event.reclaimed}`;
      return `direct reclaim: ${event.free} free <= min ${event.min}, so ${who} itself ${did}`;
    }
  }
}

/**
 * Reclaim tells page by page what left, and then what came of it. A reader wants that first: `KswapdSlept` and
 * `DirectReclaim` are moved before the pages that they are about.
 */
export function summariesFirst(events: readonly MachineEvent[]): readonly MachineEvent[] {
  if (!events.some(isSummary)) return events;
  const ordered: MachineEvent[] = [];
  let first = -1;
  for (const event of events) {
    if (isSummary(event)) {
      ordered.splice(first < 0 ? ordered.length : first, 0, event);
      first = -1;
      continue;
    }
    if (first < 0 && (event.type === 'Eviction' || event.type === 'SwapOut')) first = ordered.length;
    // What comes before a fault or an access was not this reclaim's doing.
    else if (event.type === 'PageFault' || event.type === 'Access' || event.type === 'KswapdWoke') first = -1;
    ordered.push(event);
  }
  return ordered;
}

const isSummary = ({ type }: MachineEvent): boolean => type === 'KswapdSlept' || type === 'DirectReclaim';
