/**
 * libCacheSim's `cachesim`: how it is called and what it prints.
 *
 *     cachesim …/data/trace.oracleGeneral.bin oracleGeneral LRU 100000 --ignore-obj-size 1 --num-thread 1 -o FILE
 *
 * - Objects are of size 1 and the cache size counts objects.
 * - Belady's algorithm wants `oracleGeneral` in the name of the trace, and a name with `data/trace.` in it makes the hash
 *   table start small and double as it fills, instead of with 2^24 buckets whatever the cache: its fastest form here.
 * - Every request is at time 0, so that no progress is printed.
 *
 * Its time is the one it reports, from the first request to the last: reading the trace, mapped into memory, is part of
 * it. That is wall time; where others had the processor, the processor time of the whole process is nearer the truth.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, mkdirSync, openSync, readFileSync, statSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { scratchFolder } from './native-linux.ts';

/** What the person has to know: a program that is not there, or that does not do what it should. */
export class AgainstError extends Error {}

export interface CachesimRun {
  /** Of the whole run. */
  readonly nanoseconds: number;
  readonly requests: number;
  readonly missRatio: number;
  /** Half a unit of the last digit that was printed. */
  readonly precision: number;
}

/** @throws AgainstError when there is no program at `path` that can be run */
export function checkCachesim(path: string): void {
  const problem = problemWith(path);
  if (problem !== null) throw new AgainstError(`--against libcachesim=${path}: ${problem}`);
}

function problemWith(path: string): string | null {
  if (path === '') return 'name the `cachesim` program: --against libcachesim=PATH';
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return 'no such file';
  if (!stat.isFile()) return 'no file: name the `cachesim` program itself (bin/cachesim of a build of libCacheSim)';
  try {
    accessSync(path, constants.X_OK);
    return null;
  } catch {
    return 'may not be executed (chmod +x)';
  }
}

const RECORD_BYTES = 24;
const PIECE_RECORDS = 1 << 16;

/**
 * A trace as cachesim takes it fastest: u32 time, u64 object, u32 size, i64 request that asks for the object next (-1:
 * none), packed.
 * @returns its path, gone with the benchmark
 */
export function writeOracleGeneral(numbers: Int32Array): string {
  const path = join(scratchFolder(), 'data', 'trace.oracleGeneral.bin');
  mkdirSync(dirname(path));
  const next = nextRequests(numbers);
  const file = openSync(path, 'w');
  const piece = new DataView(new ArrayBuffer(PIECE_RECORDS * RECORD_BYTES));
  for (let from = 0; from < numbers.length; from += PIECE_RECORDS) {
    const count = Math.min(PIECE_RECORDS, numbers.length - from);
    for (let record = 0; record < count; record++) {
      const at = record * RECORD_BYTES;
      const later = next[from + record]!;
      piece.setUint32(at + 4, numbers[from + record]!, true);
      piece.setUint32(at + 12, 1, true);
      piece.setInt32(at + 16, later, true);
      piece.setInt32(at + 20, later < 0 ? -1 : 0, true);
    }
    writeSync(file, piece, 0, count * RECORD_BYTES);
  }
  closeSync(file);
  return path;
}

/** Position of the next reference to the same page, -1 for none. */
function nextRequests(numbers: Int32Array): Int32Array {
  const next = new Int32Array(numbers.length);
  const upcoming = new Int32Array(1 + numbers.reduce((most, page) => Math.max(most, page), 0)).fill(-1);
  for (let at = numbers.length - 1; at >= 0; at--) {
    next[at] = upcoming[numbers[at]!]!;
    upcoming[numbers[at]!] = at;
  }
  return next;
}

/** @throws AgainstError when it fails, or says nothing that is understood */
export function runCachesim(path: string, trace: string, algorithm: string, objects: number): CachesimRun {
  const folder = dirname(dirname(trace));
  const options = ['--ignore-obj-size', '1', '--num-thread', '1', '-o', join(folder, 'result')];
  const before = childrenNanoseconds();
  const { status, signal, error, stdout, stderr } = spawnSync(
    path,
    [trace, 'oracleGeneral', algorithm, String(objects), ...options],
    { cwd: folder, encoding: 'utf8' },
  );
  const busy = childrenNanoseconds() - before;
  const said = `${stdout ?? ''}${stderr ?? ''}`;
  if (error !== undefined || status !== 0) {
    throw new AgainstError(`${path} ${algorithm}: ${error?.message ?? `ends with ${signal ?? status}`}${quoted(said)}`);
  }
  const run = parseCachesim(said);
  if (run === null) throw new AgainstError(`${path} ${algorithm}: its output is not understood${quoted(said)}`);
  return busy > 0 ? { ...run, nanoseconds: Math.min(run.nanoseconds, busy) } : run;
}

/**
 * What it found out, from its last line: `PATH LRU cache size 100000, 20000000 req, miss ratio 0.2219, throughput 45.51
 * MQPS`. Versions print other ratios in between; some name the throughput `throughput (MQPS): 45.51`.
 * @returns null when that is not in it
 */
export function parseCachesim(text: string): CachesimRun | null {
  const line = text.split('\n').findLast((one) => one.includes('throughput')) ?? '';
  const requests = /\b(\d+) req(?:uests)?\b/.exec(line);
  const ratio = /(?<!byte )miss ratio (\d(?:\.(\d+))?)/.exec(line);
  const speed = /throughput (?:\(MQPS\): )?(\d+(?:\.\d+)?)/.exec(line);
  if (requests === null || ratio === null || speed === null || Number(speed[1]) === 0) return null;
  return {
    nanoseconds: (Number(requests[1]) / Number(speed[1])) * 1000,
    requests: Number(requests[1]),
    missRatio: Number(ratio[1]),
    precision: 0.5 * 10 ** -(ratio[2]?.length ?? 0),
  };
}

const LINES_QUOTED = 5;

function quoted(said: string): string {
  const lines = said.trim().split('\n').slice(-LINES_QUOTED);
  return said.trim() === '' ? '; it says nothing' : `; it says:\n${lines.map((line) => `  | ${line}`).join('\n')}`;
}

const TICKS_A_SECOND = 100;

/** Processor time of the programs that were run and have ended; 0 where the system does not say. */
function childrenNanoseconds(): number {
  try {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]!.split(' ');
    return ((Number(fields[13]) + Number(fields[14])) / TICKS_A_SECOND) * 1e9;
  } catch {
    return 0;
  }
}
