/**
 * sys._debugmallocstats() beyond pymalloc's own part: one line per free list of objects
 * [Objects/object.c:_PyDebugAllocatorStats and the callers in dictobject.c, floatobject.c, frameobject.c, listobject.c,
 * tupleobject.c, methodobject.c, classobject.c].
 *
 *                 8 free PyDictObjects * 48 bytes each =                  384
 *     |<--------------- 48, to the right ---------->|   |<---- 21 ----->|
 *
 * Sizes of the structs are those of 64-bit builds, read from the output of 3.6.15, 3.7.16, 3.8.18, 3.9.18, 3.10.13, 3.11.7,
 * 3.12.1 and 3.13.0. Of 3.3 to 3.5 no binary was at hand: there only the lines are printed whose structs have been the same
 * ever since (float, list, tuple). 2.7 has no such function.
 */
import type { PythonProfile } from './profiles.ts';
import { isSince } from './version-order.ts';

/** One kind of object that is kept for reuse. */
interface FreeList {
  /** `PyDictObject`, `3-sized PyTupleObject`. */
  readonly name: string;
  /** Bytes of one. */
  readonly bytes: number;
}

const PHRASE_COLUMNS = 48;
const NO_BYTES = '0'.padStart(21);
const TUPLE_HEAD = 24;
const POINTER = 8;

/** The lines for a runtime that keeps no objects: all its free lists are empty. */
export function freeListText(profile: PythonProfile): string {
  return freeLists(profile)
    .map(({ name, bytes }) => `${`0 free ${name}s * ${bytes} bytes each`.padStart(PHRASE_COLUMNS)} =${NO_BYTES}\n`)
    .join('');
}

function freeLists(profile: PythonProfile): readonly FreeList[] {
  if (!isSince(profile, '3.3')) return [];
  const hasSizes = isSince(profile, '3.6.0');
  const hasMethods = hasSizes && !isSince(profile, '3.9');
  const hasVectorcall = isSince(profile, '3.8');
  const lists: FreeList[] = [];
  if (hasMethods) lists.push({ name: 'PyCFunctionObject', bytes: hasVectorcall ? 56 : 48 });
  if (hasSizes) lists.push({ name: 'PyDictObject', bytes: 48 });
  if (isSince(profile, '3.13')) lists.push({ name: 'PyDictKeysObject', bytes: 32 });
  lists.push({ name: 'PyFloatObject', bytes: 24 });
  if (hasSizes && !isSince(profile, '3.11')) lists.push({ name: 'PyFrameObject', bytes: frameBytes(profile) });
  lists.push({ name: 'PyListObject', bytes: 40 });
  if (hasMethods) lists.push({ name: 'PyMethodObject', bytes: hasVectorcall ? 48 : 40 });
  const longest = isSince(profile, '3.11') ? 20 : 19;
  for (let items = 1; items <= longest; items++) {
    lists.push({ name: `${items}-sized PyTupleObject`, bytes: TUPLE_HEAD + items * POINTER });
  }
  return lists;
}

/** A frame without locals. */
function frameBytes(profile: PythonProfile): number {
  if (isSince(profile, '3.10')) return 360;
  return isSince(profile, '3.7.3') ? 368 : 384;
}
