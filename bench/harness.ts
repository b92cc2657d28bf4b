/**
 * Timing that survives a noisy machine: everything of a group takes turns, round after round, and only ratios of one
 * and the same round are compared.
 *
 *     round 1:  a b c      ratio a/b of round 1 ┐
 *     round 2:  c b a      ratio a/b of round 2 ├─► median, quartiles
 *     round 3:  a b c      …                    ┘
 *
 * A neighbour that takes half the processor for a second slows both sides of the rounds it hits. Turns alternate in
 * direction so that warm caches favour nobody.
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
  readonly good: number;
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
}

export interface Group {
  readonly name: string;
  readonly timings: Readonly<Record<string, Timed>>;
  readonly comparisons: readonly Comparison[];
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
}

const WARM_UP_ROUNDS = 12;

export function measure(group: Group, rounds: number): Figure[] {
  const names = Object.keys(group.timings);
  const samples = new Map<string, number[]>(names.map((name) => [name, []]));
  for (let round = -WARM_UP_ROUNDS; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : [...names].reverse()) {
      const timed = group.timings[name]!;
      const nanoseconds = timed.run() / timed.operations;
      if (round >= 0) samples.get(name)!.push(nanoseconds);
    }
  }
  return group.comparisons.map((comparison) => figureOf(group, comparison, samples));
}

function figureOf(group: Group, comparison: Comparison, samples: ReadonlyMap<string, number[]>): Figure {
  const { id, title, kind, aim, subject, reference } = comparison;
  const times = samples.get(subject)!;
  const common = { id, title, group: group.name, kind, nanoseconds: quantile(times, 0.5), reference, aim };
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

/** Nanoseconds that `work` takes. */
export function stopwatch(work: () => void): number {
  const start = process.hrtime.bigint();
  work();
  return Number(process.hrtime.bigint() - start);
}
