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
