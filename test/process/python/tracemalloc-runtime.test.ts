/** tracemalloc in a whole interpreter: over pymalloc, the debug hooks and glibc's malloc. */
import { describe, expect, it } from 'vitest';
import { activate } from '../../../src/kernel/schedule.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { LIBC_STATE_BYTES, LibcMalloc } from '../../../src/process/libc/malloc.ts';
import { loadLibrary } from '../../../src/process/library.ts';
import { PeekMemory } from '../../../src/process/peek-memory.ts';
import { ProgramMemory } from '../../../src/process/program-memory.ts';
import { ProgramStopped } from '../../../src/process/program-stopped.ts';
import { MEM, OBJ, RAW, TEXT_FUNCTIONS } from '../../../src/process/python/allocator-record.ts';
import type { HostFunctions } from '../../../src/process/python/host-functions.ts';
import { pythonProfile } from '../../../src/process/python/profiles.ts';
import { PythonRuntime } from '../../../src/process/python/runtime.ts';
import type { Snapshot } from '../../../src/process/python/tracemalloc/snapshot.ts';
import { frame } from './tracemalloc-host.ts';

const NO_HOSTS: HostFunctions = { allocator: () => null, arena: () => null, find: () => null };

interface Interpreter {
  readonly python: PythonRuntime;
  readonly libc: LibcMalloc;
  readonly peek: () => PeekMemory;
  readonly stderr: () => string;
}

function interpreter(pythonMalloc: string, version = '3.11'): Interpreter {
  const machine = new Machine({ paging: 'sv39', memory: 64 * 2 ** 20, swap: 0 });
  const process = machine.spawn();
  const memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
  activate(machine.kernel, process);
  const profile = pythonProfile(version)!;
  const libcState = loadLibrary(machine.kernel, process.space!, 'libc.so.6', 16, LIBC_STATE_BYTES)!.bss;
  const bytes = PythonRuntime.stateBytes(profile);
  const library = loadLibrary(machine.kernel, process.space!, 'libpython.so', TEXT_FUNCTIONS, bytes)!;
  const libc = new LibcMalloc(memory, libcState);
  const python = new PythonRuntime(memory, libc, library.text, library.bss, { profile, pythonMalloc }, NO_HOSTS);
  expect(python.initialize()).toEqual({ ok: true });
  const stderr = (): string => String.fromCharCode(...process.output);
  return { python, libc, peek: () => new PeekMemory(machine.kernel, process), stderr };
}

function snapshotOf(python: PythonRuntime): Snapshot {
  const snapshot = python.tracemalloc.takeSnapshot();
  if ('error' in snapshot) throw new Error(snapshot.message);
  return snapshot;
}

describe.each(['pymalloc', 'malloc', 'pymalloc_debug', 'malloc_debug'])('over %s', (allocator) => {
  it('every block is traced once with what was asked for, and all is given back', () => {
    const { python, libc, peek } = interpreter(allocator);
    const { tracemalloc } = python;
    expect(tracemalloc.start(4)).toBeNull();
    const blocks: [typeof RAW | typeof MEM | typeof OBJ, number][] = [];
    let requested = 0;
    for (const domain of [RAW, MEM, OBJ] as const) {
      for (const size of [0, 1, 16, 511, 512, 513, 5000, 200_000]) {
        python.callFrames = [frame(`size${size}.py`, domain + 1), frame('main.py', 7)];
        blocks.push([domain, python.malloc(domain, size)], [domain, python.calloc(domain, 2, size)]);
        requested += 3 * size;
      }
    }
    expect(tracemalloc.getTracedMemory().current).toBe(requested);
    expect(snapshotOf(python).traces).toHaveLength(blocks.length);
    python.callFrames = [frame('grow.py', 1)];
    for (const [index, [domain, address]] of blocks.entries())
      blocks[index] = [domain, python.realloc(domain, address, 300 + index)];
    const [grown, ...others] = snapshotOf(python).statistics('filename') as { text: string; size: number }[];
    expect([grown?.size, others]).toEqual([blocks.reduce((sum, _block, index) => sum + 300 + index, 0), []]);
    expect(tracemalloc.brokenRules(peek())).toEqual([]);
    for (const [domain, address] of blocks) python.free(domain, address);
    expect(tracemalloc.getTracedMemory().current).toBe(0);
    tracemalloc.stop();
    expect(tracemalloc.brokenRules(peek())).toEqual([]);
    expect(libc.brokenRules(peek())).toEqual([]);
    expect(python.allocatorName()).toBe(allocator);
  });

  it('starting again leaves the C library as the first time did', () => {
    const { python, libc } = interpreter(allocator);
    const run = (): number => {
      python.tracemalloc.start(3);
      python.callFrames = [frame('a.py', 1)];
      const block = python.malloc(OBJ, 1000);
      python.tracemalloc.track(5, 0x10, 1);
      python.free(OBJ, block);
      python.tracemalloc.stop();
      return libc.mallinfo2().uordblks;
    };
    const first = run();
    // The tcache counts as used: the blocks it holds do not grow with each round.
    expect([run(), run()]).toEqual([first, first]);
  });
});

describe('pymalloc below', () => {
  it('its arena vector is not traced: it is asked for inside a traced call', () => {
    const { python } = interpreter('pymalloc');
    python.tracemalloc.start(1);
    python.malloc(OBJ, 100);
    expect(snapshotOf(python).traces.map(({ size }) => size)).toEqual([100]);
  });
});

describe('the debug hooks below', () => {
  it('say where the broken block came from', () => {
    const { python, stderr } = interpreter('pymalloc_debug');
    python.tracemalloc.start(2);
    python.callFrames = [frame('inner.py', 3), frame('outer.py', 8), frame('main.py', 1)];
    const block = python.malloc(OBJ, 8);
    python.memory.store8(block + 8, 0x78);
    expect(() => python.free(OBJ, block)).toThrow(ProgramStopped);
    expect(stderr()).toContain(
      'Memory block allocated at (most recent call first):\n  File "inner.py", line 3\n  File "outer.py", line 8\n\n',
    );
  });
});

describe('a program without memory', () => {
  it('dies of a realloc whose trace finds no room', () => {
    const { python, libc, stderr } = interpreter('malloc');
    python.tracemalloc.start(1);
    const block = python.malloc(RAW, 1000);
    // From now on the C library has nothing for tracebacks.
    const malloc = libc.malloc.bind(libc);
    libc.malloc = (size) => (size === 24 ? 0 : malloc(size));
    python.callFrames = [frame('new.py', 1)];
    expect(() => python.realloc(RAW, block, 2000)).toThrow(ProgramStopped);
    expect(stderr()).toMatch(
      /^Fatal Python error: tracemalloc_realloc: tracemalloc_realloc\(\) failed to allocate a trace\n/,
    );
  });
});
