/**
 * Customizing Python's allocators, its threads and the GIL, and what it tells of its memory [Doc/c-api/memory.rst,
 * Doc/c-api/init.rst].
 *
 * Allocators are known by name: `malloc`, `pymalloc`, a host allocator written in TypeScript (`counting`, …), or `previous`,
 * which puts back what a host allocator stands in front of.
 */
import { InputError } from '../../mmu/input-error.ts';
import { nearest } from '../../mmu/nearest.ts';
import type { Program } from '../program.ts';
import { DOMAIN_NAMES, type Domain, IMPLEMENTER, MEM, recordOf } from '../python/allocator-record.ts';
import { HOST_ALLOCATORS, HOST_ARENA_ALLOCATORS } from '../python/ready-made-hosts.ts';
import type { PythonRuntime } from '../python/runtime.ts';
import { type Argument, type Parameter, type ProgramFunction, pointerAt, textAt, type Value } from './function.ts';
import { runtimeOf } from './runtime-of.ts';

const OTHER = { kind: 'other' } as const;
const domain: Parameter = { name: 'domain', kind: 'domain', about: 'raw, mem or obj' };
const word: Parameter = {
  name: 'word',
  kind: 'number',
  about: 'first value of the allocator’s first word: `failing` fails every so many requests',
  default: 0,
};
const threadName: Parameter = { name: 'name', kind: 'text', about: 'name of the thread' };

/** Versions that functions came with, when not with the oldest [What's New in Python 3.3, 3.4, 3.6]. */
const SINCE: Readonly<Record<string, string>> = {
  PyMem_SetupDebugHooks: '3.4',
  PyMem_GetAllocator: '3.4',
  PyMem_SetAllocator: '3.4',
  PyObject_GetArenaAllocator: '3.4',
  PyObject_SetArenaAllocator: '3.4',
  // 3.7 calls it _PyMem_GetAllocatorsName.
  _PyMem_GetCurrentAllocatorName: '3.8',
  'sys._debugmallocstats': '3.3',
  'sys.getallocatedblocks': '3.4',
  Py_FinalizeEx: '3.6',
  PyGILState_Check: '3.4',
};

function python(
  name: string,
  parameters: readonly Parameter[],
  result: ProgramFunction['result'],
  about: string,
  run: (runtime: PythonRuntime, args: readonly Argument[], program: Program) => Value,
): ProgramFunction {
  return {
    name,
    of: 'python',
    since: SINCE[name],
    parameters,
    result,
    effect: OTHER,
    about,
    run: (program, args) => run(runtimeOf(program), args, program),
  };
}

const domainAt = (args: readonly Argument[], index: number): Domain =>
  DOMAIN_NAMES.indexOf(textAt(args, index) as (typeof DOMAIN_NAMES)[number]) as Domain;

const hex = (address: number): string => `0x${address.toString(16)}`;

/** The ctx of the record installed; 0 for CPython's own. What rules of the documentation it breaks is the program's remark. */
function setAllocator(runtime: PythonRuntime, args: readonly Argument[], program: Program): Value {
  const [wanted, name] = [domainAt(args, 0), textAt(args, 1)];
  if (name === 'previous') {
    if (!runtime.removeHostAllocator(wanted)) program.remark(`${DOMAIN_NAMES[wanted]} has no host allocator in front`);
    return 0;
  }
  if (name === 'malloc' || name === 'pymalloc') {
    const implementer = name === 'malloc' ? IMPLEMENTER.libc : IMPLEMENTER.pymalloc;
    const record = recordOf(runtime.text, implementer, 0);
    const warnings = runtime.checkReplacement(wanted, record);
    for (const warning of warnings) program.remark(warning);
    if (warnings.length > 0) program.trampled = true;
    runtime.setAllocator(wanted, record);
    return 0;
  }
  const ctx = runtime.installHostAllocator(wanted, name, [pointerAt(args, 2)]);
  if (ctx === null) throw noSuchHost(name, 'allocator', ALLOCATOR_NAMES);
  return ctx;
}

function noSuchHost(name: string, what: string, known: readonly string[]): InputError {
  const close = nearest(name, known);
  const hint =
    close === null
      ? `always there: ${known.join(', ')}; others have to be given to the machine first`
      : `did you mean \`${close}\`?`;
  return new InputError({ code: 'MEM-API-018', message: `there is no ${what} \`${name}\``, hint });
}

const ALLOCATOR_NAMES = ['malloc', 'pymalloc', 'previous', ...HOST_ALLOCATORS.map(({ name }) => name)];
const ARENA_NAMES = ['previous', ...HOST_ARENA_ALLOCATORS.map(({ name }) => name)];

export const PYTHON_ALLOCATORS: readonly ProgramFunction[] = [
  python(
    'PyMem_SetupDebugHooks',
    [],
    'nothing',
    'Put debug hooks in front of all three domains.',
    (runtime, _, program) => {
      const before = runtime.getAllocator(MEM).malloc;
      runtime.setupDebugHooks();
      // Blocks that live already have no pads: to free one is the program's mistake.
      const isLate =
        before !== runtime.getAllocator(MEM).malloc && program.ledger.live.some(({ family }) => family !== 'libc');
      if (isLate) {
        program.remark('blocks that live already have no pads: the hooks will take their free for an error');
        program.trampled = true;
      }
      return null;
    },
  ),
  python('PyMem_GetAllocator', [domain], 'text', 'The five words of the domain’s record.', (runtime, args) => {
    const record = runtime.getAllocator(domainAt(args, 0));
    return Object.entries(record)
      .map(([field, value]) => `${field}=${hex(value)}`)
      .join(' ');
  }),
  python(
    'PyMem_SetAllocator',
    [domain, { name: 'allocator', kind: 'text', about: 'malloc, pymalloc, previous, or a host allocator' }, word],
    'number',
    'Put an allocator into a domain; host allocators wrap the one before. Answers the ctx of the new record.',
    setAllocator,
  ),
  python('PyObject_GetArenaAllocator', [], 'text', 'The three words of the arena record.', (runtime) =>
    Object.entries(runtime.getArenaAllocator())
      .map(([field, value]) => `${field}=${hex(value)}`)
      .join(' '),
  ),
  python(
    'PyObject_SetArenaAllocator',
    [{ name: 'allocator', kind: 'text', about: 'previous, or a host arena allocator' }, word],
    'number',
    'Where pymalloc gets its arenas from now on. Answers the ctx of the new record.',
    (runtime, args, program) => {
      const name = textAt(args, 0);
      if (name === 'previous') {
        if (!runtime.removeHostArenas()) program.remark('no host arena allocator is in front');
        return 0;
      }
      const ctx = runtime.installHostArenas(name, [pointerAt(args, 1)]);
      if (ctx === null) throw noSuchHost(name, 'arena allocator', ARENA_NAMES);
      return ctx;
    },
  ),
  python(
    '_PyMem_GetCurrentAllocatorName',
    [],
    'text',
    'Name of the set of allocators, or NULL.',
    (runtime) => runtime.allocatorName() ?? 'NULL',
  ),
  python('sys._debugmallocstats', [], 'nothing', 'Print statistics of pymalloc and the free lists.', (runtime) => {
    runtime.debugMallocStats();
    return null;
  }),
  python('sys.getallocatedblocks', [], 'number', 'Blocks that pymalloc has given out.', (runtime) =>
    runtime.pymalloc.allocatedBlocks(runtime.memory),
  ),
  python('Py_FinalizeEx', [], 'nothing', 'The interpreter ends; PYTHONMALLOCSTATS prints once more.', (runtime) => {
    runtime.finalize();
    return null;
  }),
  python('threading.Thread', [threadName], 'number', 'Start a Python thread; answers its ident.', (runtime, args) =>
    startThread(runtime, args, 'python'),
  ),
  python('pthread_create', [threadName], 'number', 'Start a C thread that Python knows nothing of.', (runtime, args) =>
    startThread(runtime, args, 'foreign'),
  ),
  python('pthread_exit', [threadName], 'number', 'A thread ends: 1, or 0 when it cannot.', (runtime, args) =>
    runtime.threads.end(textAt(args, 0)) ? 1 : 0,
  ),
  python('PyGILState_Check', [], 'number', '1 when the thread holds the GIL.', (runtime) =>
    runtime.holdsGil() ? 1 : 0,
  ),
  python(
    'PyGILState_Ensure',
    [],
    'number',
    'Take the GIL: 0 when it was the thread’s already, 1 when not, -1 while another holds it (this machine does not wait).',
    (runtime) => ({ locked: 0, unlocked: 1, blocked: -1 })[runtime.threads.ensure()],
  ),
  python(
    'PyGILState_Release',
    [{ name: 'state', kind: 'number', about: 'what PyGILState_Ensure answered', default: 1 }],
    'nothing',
    'Undo PyGILState_Ensure.',
    (runtime, args) => {
      runtime.threads.release(pointerAt(args, 0) === 0 ? 'locked' : 'unlocked');
      return null;
    },
  ),
  python('PyEval_SaveThread', [], 'number', 'Give the GIL up; answers the thread state.', (runtime) =>
    runtime.threads.saveThread(),
  ),
  python(
    'PyEval_RestoreThread',
    [{ name: 'tstate', kind: 'pointer', about: 'the thread state that PyEval_SaveThread answered' }],
    'number',
    'Take the GIL: 1, or 0 while another thread holds it (this machine does not wait).',
    (runtime, args) => (runtime.threads.restoreThread(pointerAt(args, 0)) === 'taken' ? 1 : 0),
  ),
];

function startThread(runtime: PythonRuntime, args: readonly Argument[], kind: 'python' | 'foreign'): number {
  const name = textAt(args, 0);
  if (runtime.threads.list(runtime.memory).some((thread) => thread.name === name)) {
    const message = `there is already a thread \`${name}\``;
    throw new InputError({ code: 'MEM-API-017', message, hint: 'steps know threads by their names: give it another' });
  }
  const thread = runtime.threads.spawn(name, kind);
  return runtime.threads.list(runtime.memory).find(({ address }) => address === thread)?.ident ?? 0;
}
