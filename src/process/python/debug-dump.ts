/**
 * What the debug hooks write about a block they object to [Objects/obmalloc.c:_PyObject_DebugDumpAddress].
 *
 * The dump trusts nothing and checks nothing: it follows the size it finds in the header, so a corrupted one can end the
 * program in a segmentation fault in the middle of a line. Each line is therefore written as soon as it is known, and what
 * had been written by then stays written.
 */
import type { ProgramMemory } from '../program-memory.ts';
import type { DebugHost } from './debug-host.ts';
import { HEAD_BYTES, LEADING_PADS, pointerPast, readSize, TRAILING_PADS, tailOf, WORD_BYTES } from './debug-layout.ts';
import { dumpedName } from './dumped-name.ts';
import type { Frame } from './frame.ts';
import type { PythonProfile } from './profiles.ts';
import { isSince } from './version-order.ts';

const HEX = 16;
/** Bytes of data shown at either end. */
const SHOWN = 8;
const OUCH = ' *** OUCH';

/** printf's %p in the GNU C library. */
function pointerText(pointer: number | bigint): string {
  return pointer === 0 || pointer === 0n ? '(nil)' : `0x${pointer.toString(HEX)}`;
}

function byteText(byte: number): string {
  return byte.toString(HEX).padStart(2, '0');
}

/** Describe the block whose data begin at `data`, and where it was allocated, on standard error. May fault. */
export function dumpBlock(memory: ProgramMemory, profile: PythonProfile, host: DebugHost, data: number): void {
  const forbidden = profile.forbiddenByte;
  const id = String.fromCharCode(memory.load8(data - WORD_BYTES));
  memory.error(`Debug memory block at address p=${pointerText(data)}: API '${id}'\n`);
  const size = readSize(memory, data - HEAD_BYTES);
  memory.error(`    ${size} bytes originally requested\n`);

  memory.error(`    The ${LEADING_PADS} pad bytes at p-${LEADING_PADS} are `);
  if (!dumpPads(memory, data - LEADING_PADS, LEADING_PADS, forbidden, (index) => `p-${LEADING_PADS - index}`)) {
    memory.error(
      '    Because memory is corrupted at the start, the count of bytes requested\n' +
        '       may be bogus, and checking the trailing pad bytes may segfault.\n',
    );
  }

  const tail = tailOf(data, size);
  memory.error(`    The ${TRAILING_PADS} pad bytes at tail=${pointerText(pointerPast(data, size))} are `);
  dumpPads(memory, tail, TRAILING_PADS, forbidden, (index) => `tail+${index}`);
  if (profile.hasSerial) {
    const serial = readSize(memory, tail + TRAILING_PADS);
    memory.error(`    The block was made by call #${serial} to debug malloc/realloc.\n`);
  }
  if (size !== 0) dumpData(memory, data, tail);
  // The rest came with the hooks that release builds have.
  if (!isSince(profile, '3.6.0')) return;
  memory.error('\n');
  dumpTraceback(memory, host.allocationTraceback(data));
}

/** Ends the line that says what the pads are; each of them when one is wrong. Whether all were right. */
function dumpPads(
  memory: ProgramMemory,
  start: number,
  count: number,
  forbidden: number,
  nameOf: (index: number) => string,
): boolean {
  let right = 0;
  while (right < count && memory.load8(start + right) === forbidden) right++;
  if (right === count) {
    memory.error('FORBIDDENBYTE, as expected.\n');
    return true;
  }
  memory.error(`not all FORBIDDENBYTE (0x${byteText(forbidden)}):\n`);
  for (let index = 0; index < count; index++) {
    const byte = memory.load8(start + index);
    memory.error(`        at ${nameOf(index)}: 0x${byteText(byte)}${byte === forbidden ? '' : OUCH}\n`);
  }
  return false;
}

/** The first bytes and the last ones; a size that wraps leaves none before the tail. */
function dumpData(memory: ProgramMemory, data: number, tail: number): void {
  memory.error('    Data at p:');
  const firstEnd = Math.min(data + SHOWN, tail);
  dumpBytes(memory, data, firstEnd);
  if (tail - firstEnd > SHOWN) {
    memory.error(' ...');
    dumpBytes(memory, tail - SHOWN, tail);
  } else dumpBytes(memory, firstEnd, tail);
  memory.error('\n');
}

function dumpBytes(memory: ProgramMemory, start: number, end: number): void {
  for (let at = start; at < end; at++) memory.error(` ${byteText(memory.load8(at))}`);
}

/** [Modules/_tracemalloc.c:_PyMem_DumpTraceback] */
function dumpTraceback(memory: ProgramMemory, frames: readonly Frame[] | null): void {
  if (frames === null) {
    memory.error('Enable tracemalloc to get the memory block allocation traceback\n\n');
    return;
  }
  if (frames.length === 0) return;
  memory.error('Memory block allocated at (most recent call first):\n');
  for (const { file, line } of frames) memory.error(`  File "${dumpedName(file)}", line ${line}\n`);
  memory.error('\n');
}

/**
 * The message about an API id. Since 3.9 it is printed as it is formatted [Python/pylifecycle.c:_Py_FatalErrorFormat]; before, it
 * was put into a C string first, which ends where the id is the zero byte.
 */
export function badIdMessage(profile: PythonProfile, found: number, wanted: number): string {
  const message = `bad ID: Allocated using API '${String.fromCharCode(found)}', verified using API '${String.fromCharCode(wanted)}'`;
  const end = isSince(profile, '3.9') ? -1 : message.indexOf('\0');
  return end < 0 ? message : message.slice(0, end);
}
