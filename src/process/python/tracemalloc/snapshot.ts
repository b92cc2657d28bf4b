/**
 * tracemalloc.Snapshot: every traced block at one moment, copied out of the tables. It is the Python program's own object:
 * it does not change afterwards, whatever happens to the blocks [Lib/tracemalloc.py].
 */
import { keeps, type TraceFilter } from './filter.ts';
import {
  type Groups,
  type KeyType,
  Statistic,
  type StatisticDiff,
  sortedDifferences,
  sortedStatistics,
} from './statistics.ts';
import { Traceback, type TraceFrame } from './traceback.ts';

/** A Python exception: its type and what str() of it gives. */
export interface PythonError {
  readonly error: 'ValueError' | 'OverflowError' | 'RuntimeError' | 'MemoryError';
  readonly message: string;
}

/** One traced block. */
export interface Trace {
  readonly domain: number;
  /** Bytes requested. */
  readonly size: number;
  /** The stored frames, the one that allocated first, whatever the Python version. */
  readonly frames: readonly TraceFrame[];
  /** Frames the code had, stored or not; null before 3.9. */
  readonly totalFrames: number | null;
}

const KEY_TYPES: readonly string[] = ['traceback', 'filename', 'lineno'];

export class Snapshot {
  readonly traces: readonly Trace[];
  /** Frames stored at most while these traces were made. */
  readonly tracebackLimit: number;
  private readonly oldestFirst: boolean;

  constructor(traces: readonly Trace[], tracebackLimit: number, oldestFirst: boolean) {
    this.traces = traces;
    this.tracebackLimit = tracebackLimit;
    this.oldestFirst = oldestFirst;
  }

  /** The traceback of one of the traces, in the order of the Python version. */
  tracebackOf(trace: Trace): Traceback {
    return tracebackOf(trace.frames, this.oldestFirst, trace.totalFrames);
  }

  /** The traces that the filters keep; with no filter all of them. */
  filterTraces(filters: readonly TraceFilter[]): Snapshot {
    const kept = this.traces.filter((trace) => keeps(filters, trace));
    return new Snapshot(kept, this.tracebackLimit, this.oldestFirst);
  }

  /** Groups by `keyType`, largest first; ValueError for a key type that does not exist or cannot be cumulative. */
  statistics(keyType: KeyType, cumulative = false): Statistic[] | PythonError {
    const error = keyTypeError(keyType, cumulative);
    return error ?? sortedStatistics(this.groups(keyType, cumulative));
  }

  /** What changed since the snapshot `old`, largest change first. */
  compareTo(old: Snapshot, keyType: KeyType, cumulative = false): StatisticDiff[] | PythonError {
    const error = keyTypeError(keyType, cumulative);
    return error ?? sortedDifferences(this.groups(keyType, cumulative), old.groups(keyType, cumulative));
  }

  private groups(keyType: KeyType, cumulative: boolean): Groups {
    const groups = new Map<string, Statistic>();
    for (const { size, frames } of this.traces) {
      // Cumulative: a group for every frame, and a frame that occurs twice counts twice.
      const stacks = cumulative
        ? frames.map((frame) => [frame])
        : [keyType === 'traceback' ? frames : frames.slice(0, 1)];
      for (const stack of stacks) {
        const shown = keyType === 'filename' ? stack.map(({ file }) => ({ file, line: 0 })) : stack;
        const key = JSON.stringify(shown.map(({ file, line }) => [file, line]));
        const group = groups.get(key);
        const traceback = group?.traceback ?? tracebackOf(shown, this.oldestFirst, null);
        groups.set(key, new Statistic(traceback, (group?.size ?? 0) + size, (group?.count ?? 0) + 1));
      }
    }
    return groups;
  }
}

/** `frames`: the one that allocated first. */
export function tracebackOf(frames: readonly TraceFrame[], oldestFirst: boolean, total: number | null): Traceback {
  return new Traceback(oldestFirst ? frames.toReversed() : frames, total);
}

function keyTypeError(keyType: string, cumulative: boolean): PythonError | null {
  if (!KEY_TYPES.includes(keyType)) return { error: 'ValueError', message: `unknown key_type: '${keyType}'` };
  if (!cumulative || keyType !== 'traceback') return null;
  return { error: 'ValueError', message: `cumulative mode cannot by used with key type '${keyType}'` };
}
