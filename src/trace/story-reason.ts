/** Why a page had to leave, as precisely as can be known from what the policy had in mind before. */
import { type ReplacementOptions, WORKING_SET_WINDOW, WSCLOCK_WINDOW } from '../kernel/reclaim/options.ts';
import type { PolicyName } from '../kernel/reclaim/policy.ts';
import { POLICIES } from '../kernel/reclaim/registry.ts';

/** A frame that held a page before the reference. */
export interface FrameBefore {
  readonly frame: number;
  readonly referenced: boolean;
  /** As `ReplacementPolicy.note` words it. */
  readonly note: string;
}

/** Everything a reason is made of. */
interface Eviction {
  readonly victim: FrameBefore;
  /** All frames, the victim's among them. */
  readonly before: readonly FrameBefore[];
  readonly dirty: boolean;
  readonly options: ReplacementOptions;
  /** What the registry says of every victim of this policy. */
  readonly general: string;
}

/** Policies whose victims have not all the same reason: those that have several, and those that have ties. */
const PRECISE: { readonly [Name in PolicyName]?: (eviction: Eviction) => string } = {
  lfu: ({ general, before, victim, options }) =>
    general + tie(before, victim, options.lfuTies === 'first-loaded' ? 'loaded first' : 'used longest ago'),
  nru: ({ general, before, victim }) => general + tie(before, victim, 'loaded first'),
  nfu: fewestTicks,
  aging: fewestTicks,
  'working-set': ({ victim, options }) =>
    // The reference that needs the room moves the window on by one.
    Number(victim.note) + 1 >= (options.window ?? WORKING_SET_WINDOW)
      ? 'it was not used within the window of the working set'
      : 'memory was full and of all resident pages it was used longest ago',
  wsclock: ({ victim, dirty, options }) =>
    !victim.referenced && Number(victim.note) > (options.window ?? WSCLOCK_WINDOW)
      ? 'the hand found it outside of the working set'
      : `all pages were in the working set, and ${dirty ? 'of them, all dirty,' : 'of the clean ones'} it was used longest ago`,
  '2q': ({ victim }) =>
    victim.note === 'A1in'
      ? 'it was first in line among the pages seen once'
      : 'of the pages that came back it was used longest ago',
  // A page used twice in the small queue moves to the main one before it leaves.
  's3-fifo': ({ victim }) =>
    victim.note === 'small 0' || victim.note === 'small 1'
      ? 'it came to the end of the small queue used less than twice there'
      : 'it came to the end of the main queue with no use left in its count',
};

/** @param frame the victim's @param before what every frame held when room was needed @param dirty was the victim? */
export function reasonOf(
  policy: PolicyName,
  frame: number,
  before: readonly FrameBefore[],
  { dirty, options }: { readonly dirty: boolean; readonly options: ReplacementOptions },
): string {
  const general = POLICIES[policy].reason;
  const victim = before.find((held) => held.frame === frame);
  if (victim === undefined) return general;
  return PRECISE[policy]?.({ victim, before, dirty, options, general }) ?? general;
}

/** Of the policies that count ticks: pages referenced since the last one stay, as long as there are others. */
function fewestTicks({ general, before, victim }: Eviction): string {
  const unreferenced = before.filter(({ referenced }) => !referenced);
  const isNarrowed = unreferenced.length > 0 && unreferenced.length < before.length;
  const asked = isNarrowed ? unreferenced : before;
  const among = isNarrowed ? 'of the pages not referenced since the last tick ' : '';
  return among + general + tie(asked, victim, 'loaded first');
}

/** What decides where others have the same in mind; empty where none has. */
function tie(before: readonly FrameBefore[], { note, frame }: FrameBefore, rule: string): string {
  const equals = before.filter((held) => held.note === note && held.frame !== frame).length;
  if (equals === 0) return '';
  return `; ${equals === 1 ? 'another was its equal' : `${equals} others were its equals`}, and of equals the one ${rule} leaves`;
}
