/**
 * Allocators on emulated memory: one block after another freed and allocated anew, in an order that a xorshift generator
 * draws, against the same loop on a real allocator (bench/native/heap-churn.c), compiled for this run.
 *
 *     pymalloc        against CPython's own, through ctypes, where a Python with its headers is there
 *     pymalloc, glibc against the C library's malloc, where a compiler is there
 */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Program } from '../../src/process/program.ts';
import { OBJ } from '../../src/process/python/allocator-record.ts';
import { type Comparison, type Group, stopwatch, type Timed } from '../harness.ts';
import { scratchFolder } from '../native-linux.ts';
import { expect, MIB, makeWorkbench } from '../workbench.ts';

const SOURCE = fileURLToPath(new URL('../../../bench/native/heap-churn.c', import.meta.url));
const PAIRS = 100_000;
const SEED = 2_463_534_242;
const MIXED = [16, 32, 48, 64, 96, 128, 256, 512];
/** Sizes on both sides of the tcache's and pymalloc's limits. */
const WIDE = [24, 40, 72, 136, 264, 520, 1032, 2056];

interface Workload {
  readonly id: string;
  readonly title: string;
  readonly live: number;
  readonly sizes: readonly number[];
}

const PYMALLOC: readonly Workload[] = [
  { id: '64', title: '64 bytes, 1,000 live', live: 1000, sizes: [64] },
  { id: 'mixed', title: '16 to 512 bytes, 1,000 live', live: 1000, sizes: MIXED },
  { id: '100k', title: '16 to 512 bytes, 100,000 live', live: 100_000, sizes: MIXED },
];
const GLIBC: readonly Workload[] = [
  { id: '64', title: '64 bytes, 1,000 live', live: 1000, sizes: [64] },
  { id: 'mixed', title: '24 to 2,056 bytes, 1,000 live', live: 1000, sizes: WIDE },
  { id: '100k', title: '24 to 2,056 bytes, 100,000 live', live: 100_000, sizes: WIDE },
];

export function heapGroups(): Group[] {
  const native = compileNative();
  return [
    ...PYMALLOC.map((load) => heapGroup('pymalloc', load, native, { good: 0.15, goal: 0.33 })),
    ...GLIBC.map((load) => heapGroup('malloc', load, native, null)),
  ];
}

interface Native {
  /** Prints nanoseconds of a pair of the C library's malloc; null without a compiler. */
  readonly libc: readonly string[] | null;
  /** The same of CPython's allocator; null without its headers. */
  readonly python: readonly string[] | null;
}

function heapGroup(name: 'pymalloc' | 'malloc', load: Workload, native: Native, aim: Comparison['aim']): Group {
  const references = {
    ...(native.libc === null ? {} : { 'C malloc': native.libc }),
    ...(native.python === null || name === 'malloc' ? {} : { 'CPython pymalloc': native.python }),
  };
  const against = Object.keys(references);
  const comparison = (reference: string | null): Comparison => ({
    id: `${name}-${load.id}${reference === null ? '' : `-against-${reference.toLowerCase().replaceAll(' ', '-')}`}`,
    title: `${name}, ${load.title}: free and malloc`,
    subject: 'emulated',
    reference,
    kind: 'speed',
    aim: reference === 'CPython pymalloc' || (name === 'malloc' && aim !== null) ? aim : null,
  });
  return {
    name: `${name} on emulated memory, ${load.title}`,
    timings: () => ({
      emulated: emulated(name, load),
      ...Object.fromEntries(Object.entries(references).map(([title, command]) => [title, timeNative(command, load)])),
    }),
    comparisons: against.length === 0 ? [comparison(null)] : against.map(comparison),
  };
}

/** A program's own heap, filled before the first round and churned in every one. */
function emulated(name: 'pymalloc' | 'malloc', { live, sizes }: Workload): Timed {
  const { machine } = makeWorkbench({ paging: 'x86_64', memory: 256 * MIB });
  const process = machine.spawn({ python: '3.11' });
  machine.switchTo(0, process);
  const program = machine.programs.require(process);
  const blocks = new Float64Array(live);
  const allocator = name === 'pymalloc' ? pymallocOf(program) : libcOf(program);
  let state = SEED;
  const draw = (below: number): number => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
  program.run(() => {
    for (let slot = 0; slot < live; slot++) blocks[slot] = allocator.malloc(sizes[draw(sizes.length)]!);
    return null;
  });
  const churn = (): null => {
    for (let pair = 0; pair < PAIRS; pair++) {
      const slot = draw(live);
      allocator.free(blocks[slot]!);
      const block = allocator.malloc(sizes[draw(sizes.length)]!);
      program.memory.store8(block, 1);
      blocks[slot] = block;
    }
    return null;
  };
  return {
    operations: PAIRS,
    run: () => {
      const elapsed = stopwatch(() => program.run(churn));
      expect(
        blocks.every((block) => block !== 0),
        'no malloc is refused',
      );
      return elapsed;
    },
  };
}

interface Pair {
  malloc(size: number): number;
  free(address: number): void;
}

/** As a program calls it: through the obj domain's record. */
function pymallocOf({ python }: Program): Pair {
  expect(python !== null, 'there is a Python');
  const runtime = python!;
  return { malloc: (size) => runtime.malloc(OBJ, size), free: (address) => runtime.free(OBJ, address) };
}

function libcOf({ libc }: Program): Pair {
  return { malloc: (size) => libc.malloc(size), free: (address) => libc.free(address) };
}

/** The native loop times itself: starting the process is no part of it. */
function timeNative(command: readonly string[], { live, sizes }: Workload): Timed {
  const [program, ...head] = command;
  const pairs = 5 * PAIRS;
  return {
    operations: pairs,
    run: () => {
      const args = [...head, String(live), String(pairs), ...sizes.map(String)];
      return Number(execFileSync(program!, args, { encoding: 'utf8' })) * pairs;
    },
  };
}

const CALLER = `import ctypes, sys
lib = ctypes.PyDLL(sys.argv[1])
lib.heap_churn.restype = ctypes.c_double
sizes = [int(size) for size in sys.argv[4:]]
print(lib.heap_churn(int(sys.argv[2]), int(sys.argv[3]), (ctypes.c_uint32 * len(sizes))(*sizes), len(sizes)))
`;

function compileNative(): Native {
  const folder = scratchFolder();
  const program = join(folder, 'heap-churn');
  const library = join(folder, 'heap-churn.so');
  const script = join(folder, 'caller.py');
  writeFileSync(script, CALLER);
  const libc = tries(() => execFileSync('cc', ['-O2', SOURCE, '-o', program], { stdio: 'pipe' })) ? [program] : null;
  const python = tries(() => {
    const where = ['-c', 'import sysconfig; print(sysconfig.get_paths()["include"])'];
    const include = execFileSync('python3', where, { encoding: 'utf8', stdio: 'pipe' }).trim();
    const options = ['-O2', '-DPYTHON', '-shared', '-fPIC', `-I${include}`, SOURCE, '-o', library];
    execFileSync('cc', options, { stdio: 'pipe' });
  });
  return { libc, python: python ? ['python3', script, library] : null };
}

function tries(attempt: () => void): boolean {
  try {
    attempt();
    return true;
  } catch {
    // No compiler, no Python, or no headers: the row goes without that reference.
    return false;
  }
}
