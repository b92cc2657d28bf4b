/**
 * Timing that survives a noisy machine: everything of a group takes turns, round after round, and only ratios of one
 * and the same round are compared.
 *
 *     round 1:  a b c      ratio a/b of round 1 ┐
 *     round 2:  c b a      ratio a/b of round 2 ├─► median, quartiles
 *     round 3:  a b c      …                    ┘
 *
 * A neighbour that takes half the processor for a second slows both sides of the rounds it hits. Turns alternate in
 * direction so that warm caches favour nobody. Time in which the processor was taken away altogether is not counted
 * (`stopwatch`).
 */
import { quantile } from './statistics.ts';

/** Something to be timed. */
export interface Timed {
  /** Operations in one run. */
  readonly operations: number;
  /** Do them, and answer the nanoseconds they took; preparing and clearing up stay out of that. */
  run(): number;
}

export interface Aim {
  /** Null: there is a goal alone. */
  readonly good: number | null;
  readonly goal: number;
}

/** One line of the table: `subject` against `reference`, both names of the group's timings. */
export interface Comparison {
  /** Stable name, for baselines. */
  readonly id: string;
  readonly title: string;
  readonly subject: string;
  /** Null: only the time itself is of interest. */
  readonly reference: string | null;
  /**
   * `speed`: how fast the subject is, with the reference as 1 (more is better);
   * `cost`: how long it takes, with the reference as 1 (less is better).
   */
  readonly kind: 'speed' | 'cost';
  /** From shared/reference/performance.md; null where that names none. */
  readonly aim: Aim | null;
  /** A ratio above this is a mistake in the program, not a slow machine: the benchmark fails. */
  readonly limit?: number;
}

export interface Group {
  readonly name: string;
  /** Makes what is timed, which may take memory and time. */
  readonly timings: () => Readonly<Record<string, Timed>>;
  readonly comparisons: readonly Comparison[];
  /** Rounds at most, where one takes seconds. */
  readonly rounds?: number;
  /** What is missing here, and why. */
  readonly notes?: readonly string[];
}

export interface Figure {
  readonly id: string;
  readonly title: string;
  readonly group: string;
  readonly kind: 'speed' | 'cost';
  /** Median nanoseconds of one operation. */
  readonly nanoseconds: number;
  readonly reference: string | null;
  readonly referenceNanoseconds: number | null;
  /** Median over the rounds, and the quartiles around it. */
  readonly ratio: number | null;
  readonly quartiles: readonly [number, number] | null;
  readonly aim: Aim | null;
  readonly limit: number | null;
}

/** For each timing; long enough for the compiler to settle, also where it has to wait for a processor. */
const WARM_UP_NANOSECONDS = 3e8;

/** Only the comparisons named are made, and only what they need is timed. */
export function measure(group: Group, ids: readonly string[], rounds: number): Figure[] {
  const wanted = group.comparisons.filter(({ id }) => ids.includes(id));
  const needed = new Set(wanted.flatMap(({ subject, reference }) => [subject, reference]));
  const timings = Object.entries(group.timings()).filter(([name]) => needed.has(name));
  warmUp(timings.map(([, timed]) => timed));
  const samples = new Map<string, number[]>(timings.map(([name]) => [name, []]));
  for (let round = 0; round < Math.min(rounds, group.rounds ?? rounds); round++) {
    for (const [name, timed] of round % 2 === 0 ? timings : [...timings].reverse()) {
      samples.get(name)!.push(timed.run() / timed.operations);
    }
  }
  return wanted.map((comparison) => figureOf(group, comparison, samples));
}

function warmUp(timings: readonly Timed[]): void {
  let rest = WARM_UP_NANOSECONDS * timings.length;
  while (rest > 0) for (const timed of timings) rest -= timed.run();
}

function figureOf(group: Group, comparison: Comparison, samples: ReadonlyMap<string, number[]>): Figure {
  const { id, title, kind, aim, limit = null, subject, reference } = comparison;
  const times = samples.get(subject)!;
  const common = { id, title, group: group.name, kind, nanoseconds: quantile(times, 0.5), reference, aim, limit };
  if (reference === null) return { ...common, referenceNanoseconds: null, ratio: null, quartiles: null };
  const references = samples.get(reference)!;
  const ratios = times.map((time, round) => (kind === 'cost' ? time / references[round]! : references[round]! / time));
  return {
    ...common,
    referenceNanoseconds: quantile(references, 0.5),
    ratio: quantile(ratios, 0.5),
    quartiles: [quantile(ratios, 0.25), quantile(ratios, 0.75)],
  };
}

/**
 * Nanoseconds of processor time that `work` takes. Neither clock has it alone: wall time goes on while the processor is
 * with others, the process's processor time counts the compiler's and the collector's threads too. Both are too long at
 * worst, so the smaller is the better.
 */
export function stopwatch(work: () => void): number {
  const usage = process.cpuUsage();
  const start = process.hrtime.bigint();
  work();
  const wall = Number(process.hrtime.bigint() - start);
  const { user, system } = process.cpuUsage(usage);
  const busy = (user + system) * 1000;
  return busy > 0 ? Math.min(wall, busy) : wall;
}

/** Does the figure stand for a cost that grows faster than it may? */
export function exceedsLimit({ ratio, limit }: Figure): boolean {
  return limit !== null && ratio !== null && ratio > limit;
}
