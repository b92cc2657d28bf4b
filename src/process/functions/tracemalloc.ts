/**
 * The tracemalloc module and its C functions. Snapshots are the Python program's own objects: they are known by the names a
 * call gives them.
 */
import type { Program } from '../program.ts';
import { IMPLEMENTER, MEM, recordOf } from '../python/allocator-record.ts';
import { type PythonError, Snapshot } from '../python/tracemalloc/snapshot.ts';
import type { KeyType } from '../python/tracemalloc/statistics.ts';
import {
  type Argument,
  type Parameter,
  type ProgramFunction,
  pointerAt,
  sizeAt,
  textAt,
  type Value,
} from './function.ts';
import { runtimeOf } from './runtime-of.ts';

const OTHER = { kind: 'other' } as const;
const domain: Parameter = { name: 'domain', kind: 'number', about: 'a number that keeps one library’s blocks apart' };
const ptr: Parameter = { name: 'ptr', kind: 'pointer', about: 'the block' };
const keyType: Parameter = {
  name: 'key_type',
  kind: 'text',
  about: 'lineno, filename or traceback',
  default: 'lineno',
};
const limit: Parameter = { name: 'limit', kind: 'number', about: 'lines of the answer', default: 10 };
const cumulative: Parameter = {
  name: 'cumulative',
  kind: 'number',
  about: '1: count a block in all its frames',
  default: 0,
};
const snapshotName = (name: string, about: string): Parameter => ({ name, kind: 'text', about });

const tracer = (program: Program) => runtimeOf(program).tracemalloc;
const exceptionText = ({ error, message }: PythonError): string => `${error}: ${message}`;

/** The module came with 3.4 [PEP 454]; these functions later. */
const SINCE: Readonly<Record<string, string>> = {
  'tracemalloc.reset_peak': '3.9',
  PyTraceMalloc_Track: '3.7',
  PyTraceMalloc_Untrack: '3.7',
};

/** A function without a result of its own kind: most of the module. */
function python(
  name: string,
  parameters: readonly Parameter[],
  result: ProgramFunction['result'],
  about: string,
  run: (program: Program, args: readonly Argument[]) => Value,
): ProgramFunction {
  return { name, of: 'python', since: SINCE[name] ?? '3.4', parameters, result, effect: OTHER, about, run };
}

function snapshotAt(program: Program, args: readonly Argument[], index: number): Snapshot | string {
  const name = textAt(args, index);
  return program.snapshots.get(name) ?? `NameError: name '${name}' is not defined`;
}

const lines = (texts: readonly { readonly text: string }[], most: number): string =>
  texts
    .slice(0, most)
    .map(({ text }) => `${text}\n`)
    .join('');

export const TRACEMALLOC: readonly ProgramFunction[] = [
  python(
    'tracemalloc.start',
    [{ name: 'nframe', kind: 'number', about: 'frames to store of each traceback', default: 1 }],
    'text',
    'Trace allocations from now on; answers the exception, or nothing.',
    (program, args) => {
      const error = tracer(program).start(pointerAt(args, 0));
      return error === null ? '' : exceptionText(error);
    },
  ),
  python('tracemalloc.stop', [], 'nothing', 'Trace no more and forget every trace.', (program) => {
    const { text, tracemalloc } = runtimeOf(program);
    const { malloc } = runtimeOf(program).getAllocator(MEM);
    if (tracemalloc.isTracing && malloc !== recordOf(text, IMPLEMENTER.trace, 0).malloc) {
      program.remark(
        'allocators that were installed since tracemalloc.start are gone: their blocks will be freed by others',
      );
      program.trampled = true;
    }
    tracemalloc.stop();
    return null;
  }),
  python('tracemalloc.is_tracing', [], 'text', 'True while allocations are traced.', (program) =>
    tracer(program).isTracing ? 'True' : 'False',
  ),
  python('tracemalloc.get_traceback_limit', [], 'number', 'Frames stored of a traceback at most.', (program) =>
    tracer(program).getTracebackLimit(),
  ),
  python('tracemalloc.get_traced_memory', [], 'text', '(size, peak) of the traced blocks.', (program) => {
    const { current, peak } = tracer(program).getTracedMemory();
    return `(${current}, ${peak})`;
  }),
  python('tracemalloc.reset_peak', [], 'nothing', 'Let the peak be the present size.', (program) => {
    tracer(program).resetPeak();
    return null;
  }),
  python('tracemalloc.clear_traces', [], 'nothing', 'Forget every trace, and go on.', (program) => {
    tracer(program).clearTraces();
    return null;
  }),
  python('tracemalloc.get_tracemalloc_memory', [], 'number', 'Bytes that its own tables take.', (program) =>
    tracer(program).getTracemallocMemory(),
  ),
  python(
    'tracemalloc.get_object_traceback',
    [ptr],
    'text',
    'Where the block was allocated, as Traceback.format() prints it; None when that is not known.',
    (program, args) => {
      const traceback = tracer(program).getObjectTraceback(pointerAt(args, 0));
      return traceback === null
        ? 'None'
        : traceback
            .format()
            .map((line) => `${line}\n`)
            .join('');
    },
  ),
  python(
    'tracemalloc.take_snapshot',
    [snapshotName('name', 'what it is called from now on')],
    'text',
    'Keep a picture of all traces under a name; answers the exception, or nothing.',
    (program, args) => {
      const snapshot = tracer(program).takeSnapshot();
      if (!(snapshot instanceof Snapshot)) return exceptionText(snapshot);
      program.snapshots.set(textAt(args, 0), snapshot);
      return '';
    },
  ),
  python(
    'tracemalloc.filter_traces',
    [
      snapshotName('snapshot', 'the snapshot'),
      snapshotName('name', 'what the filtered one is called'),
      { name: 'pattern', kind: 'text', about: 'file name with * and ?' },
      { name: 'inclusive', kind: 'number', about: '1: keep those that match; 0: keep the others', default: 1 },
      { name: 'all_frames', kind: 'number', about: '1: hold all frames against it, not only the last', default: 0 },
      { name: 'lineno', kind: 'number', about: 'of this line only; 0: of any', default: 0 },
      { name: 'domain', kind: 'number', about: 'of this domain only; -1: of any', default: -1 },
    ],
    'text',
    'Keep a part of a snapshot under another name; answers the exception, or nothing.',
    (program, args) => {
      const snapshot = snapshotAt(program, args, 0);
      if (typeof snapshot === 'string') return snapshot;
      const filter = {
        kind: 'filename' as const,
        filenamePattern: textAt(args, 2),
        inclusive: pointerAt(args, 3) !== 0,
        allFrames: pointerAt(args, 4) !== 0,
        ...(pointerAt(args, 5) === 0 ? {} : { line: pointerAt(args, 5) }),
        ...(pointerAt(args, 6) < 0 ? {} : { domain: pointerAt(args, 6) }),
      };
      program.snapshots.set(textAt(args, 1), snapshot.filterTraces([filter]));
      return '';
    },
  ),
  python(
    'tracemalloc.statistics',
    [snapshotName('snapshot', 'the snapshot'), keyType, cumulative, limit],
    'text',
    'The largest groups of a snapshot, a line each.',
    (program, args) => {
      const snapshot = snapshotAt(program, args, 0);
      if (typeof snapshot === 'string') return snapshot;
      const found = snapshot.statistics(textAt(args, 1) as KeyType, pointerAt(args, 2) !== 0);
      return Array.isArray(found) ? lines(found, pointerAt(args, 3)) : exceptionText(found);
    },
  ),
  python(
    'tracemalloc.compare_to',
    [snapshotName('snapshot', 'the newer snapshot'), snapshotName('old', 'the older one'), keyType, cumulative, limit],
    'text',
    'What changed from one snapshot to another, the largest changes first, a line each.',
    (program, args) => {
      const [newer, older] = [snapshotAt(program, args, 0), snapshotAt(program, args, 1)];
      if (typeof newer === 'string') return newer;
      if (typeof older === 'string') return older;
      const found = newer.compareTo(older, textAt(args, 2) as KeyType, pointerAt(args, 3) !== 0);
      return Array.isArray(found) ? lines(found, pointerAt(args, 4)) : exceptionText(found);
    },
  ),
  python(
    'PyTraceMalloc_Track',
    [domain, ptr, { name: 'size', kind: 'size', about: 'bytes' }],
    'number',
    'Trace a block of another allocator: 0, -1 without memory, -2 when not tracing.',
    (program, args) => tracer(program).track(pointerAt(args, 0), pointerAt(args, 1), sizeAt(args, 2)),
  ),
  python(
    'PyTraceMalloc_Untrack',
    [domain, ptr],
    'number',
    'Forget such a block: 0, or -2 when not tracing.',
    (program, args) => tracer(program).untrack(pointerAt(args, 0), pointerAt(args, 1)),
  ),
];
