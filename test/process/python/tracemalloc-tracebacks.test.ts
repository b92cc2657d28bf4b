/** Where blocks were allocated: what is stored of the running code, and what a snapshot shows of it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { OBJ, RAW } from '../../../src/process/python/allocator-record.ts';
import { frame, snapshotOf, started, TracedProgram, traced } from './tracemalloc-host.ts';

type Frames = [string, number][];
const FACTS = new URL('../../fixtures/cpython/facts/tracemalloc-3.11.7.json', import.meta.url);
const facts = JSON.parse(readFileSync(FACTS, 'utf8')) as {
  readonly snapshot_not_tracing: [string, string];
  readonly traceback: {
    limit: number;
    object_traceback_of_bytearray_struct: Frames;
    buffer_trace: [number, number, Frames, number][];
  }[];
};

describe('tracebacks', () => {
  const STACK = [frame('tm.py', 60), frame('tm.py', 61), frame('tm.py', 62), frame('tm.py', 64)];

  it.each(facts.traceback)('hold $limit frames at most, oldest first, and count the rest', (expected) => {
    const program = started(expected.limit);
    program.running = STACK;
    const block = program.malloc(OBJ, 123458);
    const traceback = program.tracer.getObjectTraceback(block)!;
    expect(traceback.frames.map(({ file, line }) => [file, line])).toEqual(
      expected.object_traceback_of_bytearray_struct,
    );
    const snapshot = snapshotOf(program.tracer);
    const [size, domain, frames, total] = expected.buffer_trace[0]!;
    expect(snapshot.traces).toMatchObject([{ size, domain, totalFrames: total }]);
    expect(snapshot.tracebackOf(snapshot.traces[0]!).frames.map(({ file, line }) => [file, line])).toEqual(frames);
    expect(snapshot.tracebackLimit).toBe(expected.limit);
  });

  it('are most recent first before 3.7, and uncounted before 3.9', () => {
    for (const [profile, lines] of [
      ['3.6', [60, 61]],
      ['3.7', [61, 60]],
      ['3.8', [61, 60]],
    ] as const) {
      const program = started(2, profile);
      program.running = STACK;
      const traceback = program.tracer.getObjectTraceback(program.malloc(OBJ, 10))!;
      expect(traceback.frames.map(({ line }) => line)).toEqual(lines);
      expect(traceback.totalFrames).toBeNull();
      expect(program.brokenRules()).toEqual([]);
    }
  });

  it('count 65535 frames at most', () => {
    const program = started(1);
    program.running = Array.from({ length: 70_000 }, (_, index) => frame('deep.py', index));
    expect(program.tracer.getObjectTraceback(program.malloc(OBJ, 10))?.totalFrames).toBe(65535);
  });

  it('of no Python code are <unknown>:0, in no table', () => {
    const program = started(5);
    const block = program.malloc(RAW, 10);
    expect(program.tracer.getObjectTraceback(block)?.text).toBe('<unknown>:0');
    expect(snapshotOf(program.tracer).traces[0]).toMatchObject({ totalFrames: 1 });
    expect(program.tracer.getTracemallocMemory()).toBe(624 + 32);
  });

  it('are stored once for all blocks of a place, apart when only the depth differs', () => {
    const program = started(1);
    const sizes: number[] = [];
    for (const running of [STACK, STACK, STACK.slice(0, 2), STACK.slice(1)]) {
      program.running = running;
      program.malloc(OBJ, 8);
      sizes.push(program.tracer.getTracemallocMemory() - 624);
    }
    // A block each; the first brings a filename, and each distinct traceback is an entry.
    expect(sizes).toEqual([3 * 32, 4 * 32, 6 * 32, 8 * 32]);
  });

  it('for the debug hooks: null when off, none for strangers, else most recent first', () => {
    const program = new TracedProgram();
    expect(program.tracer.allocationTraceback(0x1000)).toBeNull();
    program.tracer.start(2);
    expect(program.tracer.allocationTraceback(0x1000)).toEqual([]);
    program.running = STACK;
    const block = program.malloc(OBJ, 8);
    expect(program.tracer.allocationTraceback(block)?.map(({ file, line }) => `${file}:${line}`)).toEqual([
      'tm.py:60',
      'tm.py:61',
    ]);
  });

  it('move with an object that is born again in its block; the size stays', () => {
    const program = started();
    program.running = [frame('old.py', 1)];
    const block = program.malloc(OBJ, 24);
    program.running = [frame('new.py', 2)];
    program.tracer.newReference(block);
    program.tracer.newReference(block + 16);
    expect(program.tracer.getObjectTraceback(block)?.text).toBe('new.py:2');
    expect(traced(program)).toBe(24);
  });
});

describe('a snapshot', () => {
  it('needs tracing', () => {
    const [error, message] = facts.snapshot_not_tracing;
    expect(new TracedProgram().tracer.takeSnapshot()).toEqual({ error, message });
  });

  it('holds domain 0 by bucket, then the other domains, and does not change any more', () => {
    const program = started();
    const { tracer } = program;
    for (const [domain, address] of [
      [9, 0x10],
      [0, 0x30],
      [7, 0x10],
      [0, 0x20],
      [0, 0x130],
    ] as const)
      tracer.track(domain, address, address);
    const snapshot = snapshotOf(tracer);
    tracer.stop();
    // 0x130 and 0x30 share bucket 3: the newer one is first.
    expect(snapshot.traces.map(({ domain, size }) => [domain, size])).toEqual([
      [0, 0x20],
      [0, 0x130],
      [0, 0x30],
      [7, 0x10],
      [9, 0x10],
    ]);
  });
});
