/**
 * Recordings of the real Linux kernel: the shape of one trace, as written in the recordings' FORMAT.md.
 * One line of a file is one trace; `results[i]` is what Linux answered to `ops[i]`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One operation. Which fields are there depends on `op`; addresses are `SYM+N` strings, large numbers hex strings. */
export interface Op {
  readonly op: string;
  /** Acting process; default `P0`. */
  readonly p?: string;
  readonly addr?: string;
  readonly len?: number | string;
  readonly prot?: string;
  readonly flags?: string;
  readonly fd?: string | number;
  readonly off?: number | string;
  /** Name that the returned address is bound to. */
  readonly as?: string;
  readonly size?: number;
  readonly val?: number | string;
  readonly rw?: 'r' | 'w';
  readonly delta?: number | string;
  readonly child?: string;
  readonly code?: number;
  readonly res?: string;
  readonly rel?: number;
  readonly advice?: string;
  /** 1: the call was made by a copy of the process. */
  readonly probe?: number;
}

/** [start, end, perms, file offset, name, VmFlags]. */
export type MapLine = readonly [string, string, string, number, string, string];
/** [start of the area, run-length coded page classes]. */
export type PageRun = readonly [string, string];
/** `[ "P0:address", "P1:address", …, pages ]`. */
export type Share = readonly (string | number)[];

/** Figures of a snapshot, kB. */
export interface Memory {
  /** Of /proc/PID/status, minus the value of P0 at the start of the trace. */
  readonly status: Readonly<Record<string, number>>;
  /** [start of the area, its figures in smaps other than zero]. */
  readonly smaps: readonly (readonly [string, Readonly<Record<string, number>>])[];
}

/** What an operation gave: only the fields that apply. Maps, pages and shares only when changed. */
export interface Result {
  readonly i?: number;
  readonly ret?: number | string;
  readonly err?: string;
  readonly sig?: string;
  readonly code?: string;
  readonly fa?: string;
  readonly pfec?: number;
  readonly val?: string;
  readonly n?: number;
  readonly f?: string;
  readonly skip?: string;
  readonly status?: number;
  readonly min?: number;
  readonly maj?: number;
  readonly pg?: string;
  readonly maps?: Readonly<Record<string, readonly MapLine[]>>;
  readonly pt?: Readonly<Record<string, readonly PageRun[]>>;
  readonly share?: readonly Share[];
  readonly mem?: Readonly<Record<string, Memory>>;
  /** Fields that differed between runs of the recording machine. */
  readonly nd?: readonly string[];
}

export interface Trace {
  readonly trace: string;
  readonly family: string;
  readonly note?: string;
  /** `"1"`: the process has no stack area. */
  readonly nostack?: string;
  readonly tags: readonly string[];
  readonly ops: readonly Op[];
  readonly base: Pick<Result, 'maps' | 'pt' | 'share'>;
  readonly results: readonly Result[];
}

/** The traces of a folder's `*.jsonl.gz` files, file by file in order of name. */
export function* readTraces(folder: string): Generator<Trace> {
  const files = readdirSync(folder).filter((name) => name.endsWith('.jsonl.gz'));
  for (const name of files.sort()) {
    const text = gunzipSync(readFileSync(join(folder, name))).toString('utf8');
    for (const line of text.split('\n')) if (line !== '') yield JSON.parse(line) as Trace;
  }
}
