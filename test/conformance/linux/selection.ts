/**
 * Which part of a recording this emulator can replay: the operations it has, up to the first it has not.
 *
 * Calls that are not built yet are *passed over*, not replayed, when the recording shows that they changed nothing (no
 * map, page, share or fault) and they are of a kind that leaves no hidden state behind: a failed mremap, a query. Their
 * results are not compared. Anything else ends the part that is replayed.
 */
import { MAP_ANONYMOUS, MAP_HUGETLB, MAP_LOCKED } from '../../../src/kernel/linux-abi.ts';
import { parseMapFlags } from './notation.ts';
import type { Op, Result, Trace } from './recording.ts';

const REPLAYED = new Set(
  'mmap munmap mprotect brk sbrk read write rmw touch exec fork exit wait setrlimit snap'.split(' '),
);
/** Done by the world, or only looking. */
const QUERIES = new Set('file open close ftruncate fwrite fread fsync punch dropcache shmget mincore msync'.split(' '));
/** Calls whose every effect shows in maps, pages or faults. */
const VISIBLE = new Set('mremap mlock mlock2 munlock mseal shmat shmdt'.split(' '));
/** Advice whose every effect shows as well. (FREE and COLD leave clean or old pages behind.) */
const VISIBLE_ADVICE = new Set(
  `NORMAL RANDOM SEQUENTIAL WILLNEED DONTNEED DONTFORK DOFORK DONTDUMP DODUMP MERGEABLE UNMERGEABLE
   WIPEONFORK KEEPONFORK`.split(/\s+/),
);

/** RLIMIT_MEMLOCK concerns mlock alone. */
const LIMITS = new Set(['STACK', 'AS', 'DATA']);

export type Treatment = 'replay' | 'pass over' | 'stop';

export function treatmentOf(op: Op, result: Result): Treatment {
  if (op.probe === 1) return 'stop';
  if (REPLAYED.has(op.op)) return isReplayable(op) ? 'replay' : unchanged(result) && result.err ? 'pass over' : 'stop';
  if (QUERIES.has(op.op)) return 'pass over';
  const visible = VISIBLE.has(op.op) || (op.op === 'madvise' && VISIBLE_ADVICE.has(op.advice ?? ''));
  return visible && unchanged(result) ? 'pass over' : 'stop';
}

/** Operations at the start of the trace that can be replayed or passed over. */
export function replayableLength(trace: Trace): number {
  const end = trace.ops.findIndex((op, i) => treatmentOf(op, trace.results[i]!) === 'stop');
  return end < 0 ? trace.ops.length : end;
}

/** Can the whole trace be replayed, with no call passed over? */
export function isWhollySupported(trace: Trace): boolean {
  return trace.ops.every((op, i) => treatmentOf(op, trace.results[i]!) === 'replay');
}

function isReplayable(op: Op): boolean {
  if (op.op === 'setrlimit') return LIMITS.has(op.res ?? '');
  if (op.op !== 'mmap') return true;
  const flags = parseMapFlags(op.flags ?? '0');
  if (flags === null || (flags & (MAP_HUGETLB | MAP_LOCKED)) !== 0) return false;
  // Without MAP_ANONYMOUS a valid descriptor would be a file mapping.
  return (flags & MAP_ANONYMOUS) !== 0 || op.fd === undefined || String(op.fd) === '-1';
}

function unchanged(result: Result): boolean {
  const { maps, pt, share, min, maj } = result;
  return maps === undefined && pt === undefined && share === undefined && !min && !maj;
}
