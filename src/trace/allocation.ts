import { InputError } from '../mmu/input-error.ts';
import { PageRecording } from './page-recording.ts';

export const ALLOCATIONS = ['global', 'equal', 'proportional'] as const;
/**
 * Whose pages make room for whose:
 *
 * - `global`: all processes share the frames, and a page of one may make room for one of another
 * - `equal`: every process has as many frames as the others, and replaces among its own pages
 * - `proportional`: the same, but frames in proportion to the pages it touches
 */
export type Allocation = (typeof ALLOCATIONS)[number];

/** The references of one process, as if there were no other. */
export interface ProcessReferences {
  readonly process: number;
  readonly recording: PageRecording;
  /** Different pages. */
  readonly pages: number;
}

/** @param processOf whose page an id is @returns in the order in which the processes first appear */
export function byProcess(recording: PageRecording, processOf: (id: number) => number): ProcessReferences[] {
  const own = new Int32Array(recording.pages).fill(-1);
  const parts = new Map<number, { recording: PageRecording; pages: number }>();
  for (let at = 0; at < recording.length; at++) {
    const page = recording.ids[at]!;
    const process = processOf(page);
    let part = parts.get(process);
    if (part === undefined) {
      part = { recording: new PageRecording(), pages: 0 };
      parts.set(process, part);
    }
    if (own[page]! < 0) own[page] = part.pages++;
    part.recording.push(own[page]!, recording.kinds[at]!);
  }
  return Array.from(parts, ([process, part]) => ({ process, ...part }));
}

/**
 * Frames of each process: one at least; what does not divide goes to the largest remainders, the first of equal ones.
 * @param frames of all of them together @param weights of each, above 0
 * @throws InputError MEM-TRC-052 fewer frames than processes
 */
export function sharedFrames(frames: number, weights: readonly number[]): number[] {
  if (frames < weights.length) {
    throw new InputError({
      code: 'MEM-TRC-052',
      message: `${frames === 1 ? '1 frame' : `${frames} frames`} cannot be divided among ${weights.length} processes`,
      hint: 'give each at least one frame, or let them share: --allocation global',
    });
  }
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  // One frame each beforehand, so that nobody has none.
  const free = frames - weights.length;
  const exact = weights.map((weight) => (free * weight) / total);
  const shares = exact.map(Math.floor);
  let left = free - shares.reduce((sum, share) => sum + share, 0);
  const byRemainder = exact
    .map((share, index) => ({ index, remainder: share - Math.floor(share) }))
    .sort((one, other) => other.remainder - one.remainder || one.index - other.index);
  for (const { index } of byRemainder) {
    if (left === 0) break;
    shares[index]!++;
    left--;
  }
  return shares.map((share) => share + 1);
}
