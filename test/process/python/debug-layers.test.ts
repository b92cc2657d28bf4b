/** The hooks in their places: over pymalloc, over the raw domain, and under whatever is installed later. */
import { describe, expect, it } from 'vitest';
import { type RecordedProgram, startRecordedProgram } from '../../../src/conform/cpython/recorded-program.ts';
import { NULL } from '../../../src/process/allocator.ts';
import { MEM, OBJ, RAW } from '../../../src/process/python/allocator-record.ts';
import { pythonProfile } from '../../../src/process/python/profiles.ts';

const ARENA = { base: 0x200000000000, offset: 0, reuse: 'mono', maxArenas: -1 } as const;

function start(version: string): RecordedProgram {
  const header = { trace: 'layers', ops: 0, arena: ARENA, rawLimit: 2 ** 30 };
  return startRecordedProgram(header, pythonProfile(version)!, true);
}

/** What the lowest raw allocator was asked during `run`. */
function rawCalls({ log }: RecordedProgram, run: () => void): string {
  log.clear();
  run();
  return log.all.trim();
}

describe('the hooks over pymalloc', () => {
  it('pad a big obj request twice, once in obj and once in raw', () => {
    const program = start('3.11');
    const { runtime, memory } = program;
    let block = NULL;
    expect(
      rawCalls(program, () => {
        block = runtime.malloc(OBJ, 600);
      }),
    ).toBe('rm:648');
    expect(String.fromCharCode(memory.load8(block - 8), memory.load8(block - 16 - 8))).toBe('or');
    expect(Buffer.from(memory.bytes(block - 32, 8)).toString('hex')).toBe((624).toString(16).padStart(16, '0'));
    expect(Buffer.from(memory.bytes(block + 600, 16)).toString('hex')).toBe('fd'.repeat(16));
    expect(
      rawCalls(program, () => {
        block = runtime.realloc(OBJ, block, 5000);
      }),
    ).toBe('rr:1,5048');
    expect(rawCalls(program, () => runtime.free(OBJ, block))).toBe('rf:1');
  });

  it('count such a request twice', () => {
    const { runtime, memory } = start('3.7');
    const before = runtime.debugHooks.serialNumber(memory);
    runtime.malloc(MEM, 1000);
    expect(runtime.debugHooks.serialNumber(memory)).toBe(before + 2);
  });

  it('leave 488 bytes in a pool, and not 489', () => {
    const program = start('3.11');
    const { runtime } = program;
    runtime.malloc(OBJ, 488);
    expect(rawCalls(program, () => runtime.malloc(OBJ, 488))).toBe('');
    expect(rawCalls(program, () => runtime.malloc(OBJ, 489))).toBe('rm:537');
  });

  it('make a request of no bytes one of pads, which a pool serves', () => {
    const program = start('3.11');
    const { runtime } = program;
    const first = runtime.malloc(OBJ, 0);
    const second = runtime.malloc(MEM, 0);
    expect(runtime.pymalloc.isInside(first)).toBe(true);
    expect(second - first).toBe(32);
    expect(rawCalls(program, () => runtime.malloc(RAW, 0))).toBe('rm:24');
    expect(rawCalls(program, () => runtime.calloc(RAW, 0, 100))).toBe('rc:1,24');
  });

  it('pad the tables of pymalloc itself', () => {
    const program = start('3.11');
    const events = rawCalls(program, () => program.runtime.malloc(OBJ, 1));
    // The vector of 16 arena descriptors, then nodes of the arena map: realloc(NULL) has become malloc.
    expect(events).toBe('rm:792 +A:0@0 rc:1,262168 rc:1,131096');
  });
});

describe('the hooks installed', () => {
  it('twice are there once', () => {
    const program = start('3.11');
    program.runtime.setupDebugHooks();
    expect(rawCalls(program, () => program.runtime.malloc(RAW, 10))).toBe('rm:34');
  });

  it('are not in the way of who passes by them: his blocks fail the check', () => {
    const program = start('3.8');
    const { runtime, memory } = program;
    const lower = runtime.debugHooks.lowerRecord(RAW);
    const block = runtime.callMalloc(lower, 100);
    expect(() => runtime.free(RAW, block)).toThrow();
    expect(memory.process.lastSignal?.signal).toBe('SIGABRT');
  });

  it('name the thread and its frames in the fatal report', () => {
    const { runtime, memory } = start('3.11');
    // The recorder's program never was.
    runtime.runtimeState = 'initialized';
    const block = runtime.malloc(RAW, 3);
    memory.store8(block + 3, 0);
    expect(() => runtime.free(RAW, block)).toThrow();
    const text = Buffer.from(memory.process.output).toString('latin1');
    expect(text).toContain('Fatal Python error: _PyMem_DebugRawFree: bad trailing pad byte\n');
    expect(text).toMatch(
      /Python runtime state: initialized\n\nCurrent thread 0x[0-9a-f]{16} \(most recent call first\):\n/,
    );
  });

  it('say where tracemalloc saw the block made, and nothing of a block from before', () => {
    const endOfDump = (startsBefore: boolean): string => {
      const { runtime, memory } = start('3.11');
      runtime.callFrames = [
        { file: 'inner.py', line: 3, name: 'make' },
        { file: 'main.py', line: 9, name: '<module>' },
      ];
      if (startsBefore) runtime.tracemalloc.start(1);
      const block = runtime.malloc(OBJ, 3);
      if (!startsBefore) runtime.tracemalloc.start(1);
      memory.store8(block + 3, 0);
      expect(() => runtime.free(OBJ, block)).toThrow();
      const text = Buffer.from(memory.process.output).toString('latin1');
      return text.slice(text.indexOf('    Data at p'), text.indexOf('Fatal'));
    };
    expect(endOfDump(true)).toBe(
      '    Data at p: cd cd cd\n\nMemory block allocated at (most recent call first):\n  File "inner.py", line 3\n\n',
    );
    expect(endOfDump(false)).toBe('    Data at p: cd cd cd\n\n');
  });
});
