/**
 * What an access to many pages did in the part that is not told page by page: somebody who reads that 136 pages were
 * evicted wants to know who began and which went first.
 *
 *     kswapd woke: 56 free <= low 56; …          each wake-up, sleep and direct reclaim, the first few of each
 *     evicted frame 12 of hog at buf, …          the first few
 *     … and 134 more evictions
 */
import type { MachineEvent } from '../../machine/events.ts';
import type { Names } from '../names.ts';
import { counted } from '../quantities.ts';
import { evictionText, whyOf } from '../why.ts';

type TypeOf = MachineEvent['type'];

/** Events that are kept to be told in short, and what more of them are called. */
const KEPT: Readonly<Partial<Record<TypeOf, string>>> = {
  KswapdWoke: 'wake-up of kswapd',
  KswapdSlept: 'run of kswapd',
  DirectReclaim: 'direct reclaim',
  Eviction: 'eviction',
  SwapIn: 'page read from swap',
  StackExpanded: 'growth of the stack',
};
const PLURALS: Readonly<Record<string, string>> = {
  'wake-up of kswapd': 'wake-ups of kswapd',
  'run of kswapd': 'runs of kswapd',
  'page read from swap': 'pages read from swap',
  'growth of the stack': 'growths of the stack',
};
const TOLD_OF_EACH = 3;

export const isToldInShort = ({ type }: MachineEvent): boolean => KEPT[type] !== undefined;

/** `slots`: where a frame's page was last written. */
export function leftOutLines(
  events: readonly MachineEvent[],
  slots: ReadonlyMap<number, number>,
  names: Names,
): string[] {
  const counts = new Map<TypeOf, number>();
  const lines: string[] = [];
  for (const event of events) {
    const count = (counts.get(event.type) ?? 0) + 1;
    counts.set(event.type, count);
    if (count > TOLD_OF_EACH) continue;
    const text =
      event.type === 'Eviction' ? evictionText(event, names, slots.get(event.pfn)) : whyOf(event, names)?.text;
    if (text !== undefined) lines.push(text);
  }
  const rest = [...counts]
    .filter(([, count]) => count > TOLD_OF_EACH)
    .map(([type, count]) => {
      const what = KEPT[type]!;
      return counted(count - TOLD_OF_EACH, `more ${what}`, `more ${PLURALS[what] ?? `${what}s`}`);
    });
  return rest.length === 0 ? lines : [...lines, `… and ${rest.join(', ')}`];
}
