import { parsePolicyName } from '../kernel/reclaim/registry.ts';
import { InputError } from '../mmu/input-error.ts';
import { Random } from '../mmu/random.ts';
import { checkInitialPages } from './initial-pages.ts';
import { PageNumbering } from './page-numbering.ts';
import { PolicyLoop } from './policy-loop.ts';
import { checkFrames, type ReplayFigures, type ReplaySettings, ratio } from './replay.ts';

export interface ReplayConfig extends ReplaySettings {
  /**
   * Pages resident before the first reference, loaded in this order into frames 0, 1, … with clear reference bits.
   * Default none: frames that are empty and frames that hold foreign pages are different exercises.
   */
  readonly initial?: readonly number[];
  /** What kind each reference is: odd for those that write (STORE, MODIFY). Default: all read. */
  readonly kinds?: ArrayLike<number>;
}

export interface ReplayResult extends ReplayFigures {
  /** hits / (references - cold misses): what the policy could do something about. 0 where that is nothing. */
  readonly hitRateWithoutCold: number;
  /** One byte a reference: 1 for a fault, 0 for a hit. */
  readonly missed: Uint8Array;
  /** Pages that had been written to since they were loaded, and left. */
  readonly writeBacks: number;
  /** Pages in the order they were evicted. */
  readonly evictions: readonly number[];
  /** At the end: the page in each frame, null for an empty one. */
  readonly frames: readonly (number | null)[];
  /** At the end: the reference bit of each frame. Kept for every policy, read only by `clock`. */
  readonly referenceBits: readonly (0 | 1)[];
  /** At the end: the frame the hand points at; -1 for a policy without a hand. */
  readonly hand: number;
}

/**
 * Replay a reference string against a replacement policy: demand paging, one page a reference, frames filled from
 * number 0 up and then reused by the page that replaces.
 *
 * The policies are those of the kernel, called exactly as it calls them.
 * @param references page numbers: integers 0 … 2^53 - 1
 * @throws InputError MEM-POL-001 unknown policy; MEM-TRC-020 not a page number; MEM-TRC-021 impossible number of frames;
 *   MEM-TRC-022 impossible initial pages
 */
export function simulateReferences(references: ArrayLike<number>, config: ReplayConfig): ReplayResult {
  const policyName = parsePolicyName(config.policy);
  const frames = config.frames;
  checkFrames(frames);
  const initial = config.initial ?? [];
  checkInitialPages(initial, frames);

  const numbering = new PageNumbering();
  const ids = new Int32Array(references.length);
  for (let at = 0; at < ids.length; at++) ids[at] = numbering.idOf(checkedPage(references[at]!, at));
  const distinctPages = numbering.count;
  const initialIds = initial.map((page, at) => numbering.idOf(checkedPage(page, at)));

  const loop = new PolicyLoop({
    policy: policyName,
    frames,
    options: config.options ?? {},
    random: new Random(config.seed ?? 0),
    pageOf: (id) => numbering.pageOf(id),
    recording: ids,
  });
  loop.grow(numbering.count);
  loop.evictions = [];
  const { kinds } = config;
  if (kinds !== undefined) loop.kinds = Uint8Array.from(ids, (_, at) => kinds[at] ?? 0);
  for (const id of initialIds) loop.load(id);
  const missBits = new Uint32Array((ids.length >>> 5) + 1);
  const faults = loop.run(ids, 0, ids.length, missBits, null);

  const coldMisses = distinctPages - initialIds.filter((id) => id < distinctPages).length;
  const hits = ids.length - faults;
  return {
    references: ids.length,
    hits,
    faults,
    distinctPages,
    coldMisses,
    capacityMisses: faults - coldMisses,
    hitRate: ratio(hits, ids.length),
    hitRateWithoutCold: ratio(hits, ids.length - coldMisses),
    missed: Uint8Array.from(ids, (_, at) => (missBits[at >>> 5]! >>> (31 - (at & 31))) & 1),
    writeBacks: loop.writeBacks,
    evictions: loop.evictions.map((id) => numbering.pageOf(id)),
    frames: Array.from(loop.idIn, (id) => (id < 0 ? null : numbering.pageOf(id))),
    referenceBits: Array.from(loop.referenceBits, (bit) => (bit === 1 ? 1 : 0)),
    hand: loop.policy.hand(),
  };
}

function checkedPage(page: number, at: number): number {
  if (Number.isSafeInteger(page) && page >= 0) return page;
  throw new InputError({
    code: 'MEM-TRC-020',
    message: `${page} (number ${at + 1} in the list) is not a page number`,
    hint: 'pages are whole numbers from 0 up',
  });
}
