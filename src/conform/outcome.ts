/**
 * What checking this machine against a recording of the real thing came to, whatever was recorded.
 *
 * A recording is one run of something real, written down. A file holds one recording or many cases. Each passes, fails with
 * its first divergences explained, or is skipped with a reason.
 *
 *     file ──read──▶ Conformance, step by step ──▶ FileConformance ──▶ report/conformance.ts
 */
import type { MachineEvent } from '../machine/events.ts';
import type { Difference } from './first-difference.ts';

export type ConformOutcome = 'passed' | 'failed' | 'skipped';

/** One place where the recording and this machine disagree. */
export interface Divergence {
  /** `op 17`, `ops 2001 to 3000`, `final.usable[0]`, `case overflow_m_1_at0_78: stderr`. */
  readonly where: string;
  /** Number of the op, as the recording counts: from 1, in traces of Linux from 0. The first of a stretch; null: none is meant. */
  readonly op: number | null;
  /** The op as the recording has it, on one line; null where no single op is meant. */
  readonly what: string | null;
  readonly expected: string;
  readonly actual: string;
  /** What a person should know besides, a sentence each. */
  readonly notes: readonly string[];
  /** Name of the recording among those of its file. */
  readonly recording?: string;
  /** What differs, all of it: the first is that of `expected` and `actual`. */
  readonly differences?: readonly ExplainedDifference[];
  readonly scene?: Scene;
}

/** A field of an answer that differs. */
export interface ExplainedDifference extends Difference {
  readonly field: string;
  /** What the two did differently, in a sentence; null where the values say it all. */
  readonly meaning: string | null;
}

/** What led to a divergence. */
export interface Scene {
  /** The ops before with what they answered, oldest first, a line each. */
  readonly before: readonly string[];
  /** What the machine did for the op, in order. */
  readonly events: readonly MachineEvent[];
  /** Names by pid, and addresses by the names the recording gave them. */
  readonly processes: ReadonlyMap<number, string>;
  readonly symbols: Readonly<Record<string, number>>;
}

/** What one of the recordings in a file came to. */
export interface CaseConformance {
  readonly name: string;
  /** What kind of recordings it belongs to, by its own word. */
  readonly family: string;
  readonly outcome: ConformOutcome;
  /** Ops compared. */
  readonly ops: number;
  /** Number of the op that differs or cannot be replayed; null: none, or the state before the first differs. */
  readonly op: number | null;
  /** Why it was skipped, or which fields differ; null when it passed. */
  readonly reason: string | null;
}

/** What one file came to. */
export interface FileConformance {
  readonly file: string;
  /** `allocations`, `debug hooks`: what kind of recording it is. */
  readonly kind: string;
  /** What was recorded, as the file names it: `cp311`. */
  readonly profile: string;
  readonly outcome: ConformOutcome;
  /** Why it was skipped, in whole or in part; null when nothing was. */
  readonly reason: string | null;
  /** Recordings in the file by outcome: one in all, or one for each case. */
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Ops replayed. */
  readonly ops: number;
  /** The first of them. */
  readonly divergences: readonly Divergence[];
  /** Divergences that were found but are not listed. */
  readonly unlisted: number;
  /** How much was compared, where that can be chosen. */
  readonly level?: number;
  /** Every recording of the file in its order, where it holds many. */
  readonly cases?: readonly CaseConformance[];
}

/** Divergences listed for one file: behind the first, the others are often its echoes. */
export const LISTED_MAX = 5;

/** A recording being checked, a slice at a time, so that whoever asked for it can be heard in between. */
export interface Conformance {
  /** Do about so many ops; true when there are no more. @throws InputErrors what is wrong with the recording */
  step(ops: number): boolean;
  /** Once `step` answered true. */
  result(): FileConformance;
}

/** SHA-256 (or another) of a text that grows. Made by whoever has the means: the floors here have none. */
export interface RunningHash {
  update(text: string): void;
  /** Of everything so far, in hexadecimal; more may follow. */
  digest(): string;
}

export type MakeHash = () => RunningHash;
