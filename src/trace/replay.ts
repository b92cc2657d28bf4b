import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import type { FutureReferences, ReferenceBits } from '../kernel/reclaim/policy.ts';
import { createPolicy, POLICIES, parsePolicyName } from '../kernel/reclaim/registry.ts';
import { InputError } from '../mmu/input-error.ts';
import { invariant } from '../mmu/invariant.ts';
import { Random } from '../mmu/random.ts';
import { PageNumbering } from './page-numbering.ts';

export interface ReplayConfig {
  /** Name of a replacement policy; `opt` is welcome here. */
  readonly policy: string;
  /** Frames, 1 … 2^24. */
  readonly frames: number;
  /** For `random`. Default 0. */
  readonly seed?: number;
  readonly options?: ReplacementOptions;
  /**
   * Pages resident before the first reference, loaded in this order into frames 0, 1, … with clear reference bits.
   * Default none: frames that are empty and frames that hold foreign pages are different exercises.
   */
  readonly initial?: readonly number[];
}

export interface ReplayResult {
  readonly references: number;
  readonly hits: number;
  readonly faults: number;
  /** Pages different from each other in the references. */
  readonly distinctPages: number;
  /** Faults on a page never resident before: no policy avoids them. */
  readonly coldMisses: number;
  /** Faults on a page that was resident once and had to leave. */
  readonly capacityMisses: number;
  /** hits / references; 0 without references. */
  readonly hitRate: number;
  /** hits / (references - cold misses): what the policy could do something about. 0 where that is nothing. */
  readonly hitRateWithoutCold: number;
  /** One byte a reference: 1 for a fault, 0 for a hit. */
  readonly missed: Uint8Array;
  /** Pages in the order they were evicted. */
  readonly evictions: readonly number[];
  /** At the end: the page in each frame, null for an empty one. */
  readonly frames: readonly (number | null)[];
  /** At the end: the reference bit of each frame. Kept for every policy, read only by `clock`. */
  readonly referenceBits: readonly (0 | 1)[];
  /** At the end: the frame the hand points at; -1 for a policy without a hand. */
  readonly hand: number;
}

/** The reference bits of the frames, one byte each. */
class FrameBits implements ReferenceBits {
  readonly bits: Uint8Array;

  constructor(frames: number) {
    this.bits = new Uint8Array(frames);
  }

  testAndClear(slot: number): boolean {
    const set = this.bits[slot] === 1;
    this.bits[slot] = 0;
    return set;
  }

  peek(slot: number): boolean {
    return this.bits[slot] === 1;
  }
}

/** What `opt` knows: the whole recording, and where the replay stands in it. */
class RecordedFuture implements FutureReferences {
  readonly length: number;
  /** Position at which the page in each frame was last referenced; -1: loaded before the start. */
  readonly position: Int32Array;
  private readonly ids: Int32Array;
  private readonly frameOf: Int32Array;
  private readonly idIn: Int32Array;
  /** For each position, that of the next reference to the same page; `length` when there is none. */
  private readonly next: Int32Array;
  private readonly first: Int32Array;

  constructor(ids: Int32Array, frameOf: Int32Array, idIn: Int32Array) {
    this.length = ids.length;
    this.ids = ids;
    this.frameOf = frameOf;
    this.idIn = idIn;
    this.position = new Int32Array(idIn.length).fill(-1);
    this.next = new Int32Array(ids.length);
    const upcoming = new Int32Array(frameOf.length).fill(ids.length);
    for (let at = ids.length - 1; at >= 0; at--) {
      const id = ids[at]!;
      this.next[at] = upcoming[id]!;
      upcoming[id] = at;
    }
    this.first = upcoming;
  }

  nextUse(slot: number): number {
    const last = this.position[slot]!;
    return last < 0 ? this.first[this.idIn[slot]!]! : this.next[last]!;
  }

  slotAt(position: number): number {
    return this.frameOf[this.ids[position]!]! - 1;
  }
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
  checkInitial(initial, frames);

  const numbering = new PageNumbering();
  const ids = new Int32Array(references.length);
  for (let at = 0; at < ids.length; at++) ids[at] = numbering.idOf(checkedPage(references[at]!, at));
  const distinctPages = numbering.count;
  const initialIds = initial.map((page, at) => numbering.idOf(checkedPage(page, at)));

  /** Frame + 1 of each page, 0 when it is not resident; page id in each frame, valid below `used`. */
  const frameOf = new Int32Array(numbering.count);
  const idIn = new Int32Array(frames);
  const bits = new FrameBits(frames);
  const future = POLICIES[policyName].needsFuture ? new RecordedFuture(ids, frameOf, idIn) : null;
  const policy = createPolicy(policyName, {
    slots: frames,
    references: bits,
    random: new Random(config.seed ?? 0),
    ...(config.options === undefined ? {} : { options: config.options }),
    ...(future === null ? {} : { future }),
  });
  const referenceOnLoad = config.options?.referenceOnLoad === false ? 0 : 1;

  const everResident = new Uint8Array(numbering.count);
  let used = 0;
  for (const id of initialIds) {
    idIn[used] = id;
    frameOf[id] = used + 1;
    everResident[id] = 1;
    policy.admit(used, numbering.pageOf(id));
    used++;
  }

  const { needsTouch } = policy;
  const frameBits = bits.bits;
  const missed = new Uint8Array(ids.length);
  const evictions: number[] = [];
  let faults = 0;
  let coldMisses = 0;
  for (let at = 0; at < ids.length; at++) {
    const id = ids[at]!;
    let frame = frameOf[id]! - 1;
    if (frame >= 0) {
      frameBits[frame] = 1;
      if (future !== null) future.position[frame] = at;
      if (needsTouch) policy.touch(frame);
      continue;
    }
    missed[at] = 1;
    faults++;
    if (everResident[id] === 0) {
      everResident[id] = 1;
      coldMisses++;
    }
    if (used < frames) {
      frame = used++;
    } else {
      frame = policy.victim();
      invariant(frame >= 0, 'a full memory has a victim');
      policy.remove(frame);
      const victim = idIn[frame]!;
      frameOf[victim] = 0;
      evictions.push(numbering.pageOf(victim));
    }
    idIn[frame] = id;
    frameOf[id] = frame + 1;
    frameBits[frame] = referenceOnLoad;
    if (future !== null) future.position[frame] = at;
    policy.admit(frame, numbering.pageOf(id));
  }

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
    missed,
    evictions,
    frames: Array.from(idIn, (id, frame) => (frame < used ? numbering.pageOf(id) : null)),
    referenceBits: Array.from(frameBits, (bit) => (bit === 1 ? 1 : 0)),
    hand: policy.hand(),
  };
}

const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

function checkFrames(frames: number): void {
  if (Number.isInteger(frames) && frames >= 1 && frames <= 2 ** 24) return;
  throw new InputError({
    code: 'MEM-TRC-021',
    message: `${frames} is not a number of frames`,
    hint: 'give a whole number from 1 to 16777216',
  });
}

function checkInitial(initial: readonly number[], frames: number): void {
  if (initial.length > frames) {
    throw new InputError({
      code: 'MEM-TRC-022',
      message: `${initial.length} initial pages do not fit in ${frames} frames`,
      hint: 'give at most one page a frame',
    });
  }
  if (new Set(initial).size < initial.length) {
    throw new InputError({
      code: 'MEM-TRC-022',
      message: 'an initial page is given twice',
      hint: 'a page is in one frame at a time',
    });
  }
}

function checkedPage(page: number, at: number): number {
  if (Number.isSafeInteger(page) && page >= 0) return page;
  throw new InputError({
    code: 'MEM-TRC-020',
    message: `${page} (number ${at + 1} in the list) is not a page number`,
    hint: 'pages are whole numbers from 0 up',
  });
}
