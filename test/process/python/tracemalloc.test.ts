/** What tracemalloc does to the three domains, and what it answers, against recorded facts of Python 3.11.7. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { IMPLEMENTER, MEM, OBJ, RAW } from '../../../src/process/python/allocator-record.ts';
import { FatalError, frame, snapshotOf, started, TracedProgram, traced } from './tracemalloc-host.ts';

const FIXTURES = new URL('../../fixtures/cpython/', import.meta.url);
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8'));
const facts = read('facts/tracemalloc-3.11.7.json') as {
  readonly start_errors: [number, string, string | number][];
  readonly deltas_minus_baseline: Record<string, number>;
  readonly domain_deltas: ['r' | 'm' | 'o', number, number, number, number, number, number][];
};
const recorded = read('tracemalloc/recorded-3.11.7.json') as { readonly limits: number[] };

const TRACED = [IMPLEMENTER.traceRaw, IMPLEMENTER.trace, IMPLEMENTER.trace];
const UNTRACED = [IMPLEMENTER.libc, IMPLEMENTER.pymalloc, IMPLEMENTER.pymalloc];
const DOMAINS = [RAW, MEM, OBJ] as const;

describe('start and stop', () => {
  it.each(facts.start_errors)('start(%d): %s', (limit, error, message) => {
    const { tracer } = new TracedProgram();
    const answer = tracer.start(limit);
    if (error === 'ok') expect([answer, tracer.getTracebackLimit()]).toEqual([null, message]);
    else {
      expect(answer).toEqual({ error, message });
      expect(tracer.isTracing).toBe(false);
    }
  });

  it('refuse a bad limit even while tracing, and know no limit of 65535 before 3.9', () => {
    expect(started().tracer.start(0)).toMatchObject({ error: 'ValueError' });
    const { tracer } = new TracedProgram('3.8');
    const message = 'the number of frames must be in range [1; 178956969]';
    expect(tracer.start(178956970)).toEqual({ error: 'ValueError', message });
    expect(tracer.start(65536)).toBeNull();
  });

  it('keep the limit of the first start, after stop too', () => {
    const { tracer } = new TracedProgram();
    const seen = [tracer.getTracebackLimit()];
    for (const limit of [7, 9]) {
      tracer.start(limit);
      seen.push(tracer.getTracebackLimit());
    }
    tracer.stop();
    seen.push(tracer.getTracebackLimit(), tracer.getTracemallocMemory());
    expect(seen).toEqual(recorded.limits);
  });

  it('put tracing before all three domains and take it away', () => {
    const program = new TracedProgram();
    expect(program.tracer.getTracemallocMemory()).toBe(0);
    program.tracer.start(1);
    expect(DOMAINS.map((domain) => program.implementerOf(domain))).toEqual(TRACED);
    program.tracer.start(1);
    expect(DOMAINS.map((domain) => program.implementerOf(domain))).toEqual(TRACED);
    program.tracer.stop();
    expect(DOMAINS.map((domain) => program.implementerOf(domain))).toEqual(UNTRACED);
    program.tracer.stop();
    expect(DOMAINS.map((domain) => program.implementerOf(domain))).toEqual(UNTRACED);
  });

  it('put back what was there at the start, whatever came since', () => {
    const program = started();
    program.setImplementer(OBJ, IMPLEMENTER.libc);
    program.tracer.stop();
    expect(DOMAINS.map((domain) => program.implementerOf(domain))).toEqual(UNTRACED);
  });

  it('leave nothing behind but four empty tables', () => {
    const program = started(3);
    program.running = [frame('a.py', 1), frame('b.py', 2)];
    const blocks = [100, 600, 5000].map((size) => program.malloc(OBJ, size));
    program.tracer.track(7, 0x3000, 5);
    program.tracer.stop();
    expect(program.tracer.getTracedMemory()).toEqual({ current: 0, peak: 0 });
    for (const block of blocks) program.free(OBJ, block);
    expect([...program.libc.live.values()].sort((left, right) => left - right)).toEqual([
      80, 80, 80, 80, 128, 128, 128, 128,
    ]);
    expect(program.tracer.track(0, 1, 1)).toBe(-2);
    expect(program.tracer.untrack(0, 1)).toBe(-2);
  });

  it('report that memory for the tables is missing, and try again next time', () => {
    const program = new TracedProgram();
    for (let attempt = 0; attempt < 9; attempt++) {
      let calls = 0;
      program.libc.refuses = () => calls++ === attempt;
      const answer = program.tracer.start(1);
      expect(program.tracer.isTracing).toBe(answer === null);
      if (answer === null) break;
      expect(answer).toEqual({ error: 'MemoryError', message: '' });
    }
    program.libc.refuses = () => false;
    program.tracer.start(1);
    expect(program.tracer.isTracing).toBe(true);
    program.tracer.stop();
    expect(program.libc.live.size).toBe(8);
  });
});

describe('allocations', () => {
  it.each(facts.domain_deltas)(
    'domain %s, %i bytes: what the recorded calls add and remove',
    (letter, bytes, ...row) => {
      const program = started();
      const domain = DOMAINS['rmo'.indexOf(letter)]!;
      const deltaOf = (call: () => unknown): number => {
        const before = traced(program);
        call();
        return traced(program) - before;
      };
      let block = 0;
      const deltas = [
        deltaOf(() => (block = program.malloc(domain, bytes))),
        deltaOf(() => (block = program.realloc(domain, block, 2 * bytes + 1))),
        deltaOf(() => program.free(domain, block)),
        deltaOf(() => program.calloc(domain, row[4], bytes)),
      ];
      // In the recording the Python int that holds the address, 32 bytes, comes with each new block and goes with it.
      const int = 32;
      expect(deltas).toEqual([row[0] - int, row[1], row[2] + int, row[3] - int]);
    },
  );

  it('count a large object once, with its own traceback', () => {
    const program = started();
    program.running = [frame('big.py', 3)];
    const block = program.malloc(OBJ, 600);
    expect(program.calls).toContain('libc malloc 600');
    expect(snapshotOf(program.tracer).traces).toEqual([
      { domain: 0, size: 600, frames: [{ file: 'big.py', line: 3 }], totalFrames: 1 },
    ]);
    program.free(OBJ, block);
    expect(traced(program)).toBe(0);
  });

  it('of zero bytes are traced with zero bytes', () => {
    const program = started();
    for (const domain of DOMAINS) {
      expect(program.malloc(domain, 0)).not.toBe(0);
      expect(program.calloc(domain, 0, 8)).not.toBe(0);
    }
    expect(traced(program)).toBe(0);
    expect(snapshotOf(program.tracer).traces).toHaveLength(6);
  });

  it('that fail leave no trace; what was there before the start is no trouble', () => {
    const program = new TracedProgram();
    const old = program.malloc(RAW, 64);
    const older = program.malloc(RAW, 64);
    program.tracer.start(1);
    expect(program.malloc(RAW, 2 ** 40)).toBe(0);
    expect(program.calloc(RAW, 2 ** 40, 2 ** 20)).toBe(0);
    expect(program.malloc(OBJ, 2n ** 62n)).toBe(0);
    program.free(RAW, old);
    program.free(RAW, 0);
    expect(traced(program)).toBe(0);
    expect(program.realloc(RAW, older, 50)).toBe(older);
    expect(traced(program)).toBe(50);
    expect(program.realloc(RAW, older, 2 ** 40)).toBe(0);
    expect(traced(program)).toBe(50);
  });

  it('are taken back when their trace finds no room', () => {
    const program = started();
    // The block is granted; then in turn the filename is not (it counts as unknown), the traceback, the trace, an entry.
    for (const [refused, size] of [
      ['traceback', 24],
      ['trace', 16],
      ['entry', 32],
    ] as const) {
      const before = [...program.libc.live.keys()];
      program.running = [frame(`${refused}.py`, 1)];
      program.libc.refuses = (asked) => asked === size;
      expect(program.malloc(RAW, 100)).toBe(0);
      expect(program.calloc(RAW, 2, 100)).toBe(0);
      expect(program.realloc(RAW, 0, 100)).toBe(0);
      program.libc.refuses = () => false;
      expect(traced(program)).toBe(0);
      expect(before.every((block) => program.libc.live.has(block))).toBe(true);
      expect([...program.libc.live.values()].filter((bytes) => bytes === 112 || bytes === 208)).toEqual([]);
    }
  });

  it('of a file whose name finds no room are from <unknown>, at the same line', () => {
    const program = started();
    program.running = [frame('a-rather-long-name.py', 12)];
    program.libc.refuses = (asked) => asked === 8 + 21;
    program.malloc(RAW, 10);
    expect(snapshotOf(program.tracer).traces[0]!.frames).toEqual([{ file: '<unknown>', line: 12 }]);
  });
});

describe('realloc', () => {
  it('gives the block the new size and the new place, moved or not', () => {
    const program = started();
    program.running = [frame('first.py', 1)];
    const block = program.malloc(RAW, 100);
    program.running = [frame('second.py', 2)];
    expect(program.realloc(RAW, block, 90)).toBe(block);
    expect(snapshotOf(program.tracer).traces).toMatchObject([{ size: 90, frames: [{ file: 'second.py', line: 2 }] }]);
    program.running = [frame('third.py', 3)];
    const moved = program.realloc(RAW, block, 1000);
    expect(moved).not.toBe(block);
    expect(snapshotOf(program.tracer).traces).toMatchObject([{ size: 1000, frames: [{ file: 'third.py', line: 3 }] }]);
    expect(program.tracer.getObjectTraceback(block)).toBeNull();
    expect(traced(program)).toBe(1000);
  });

  it('that cannot note the moved block is fatal', () => {
    const program = started();
    program.running = [frame('a.py', 1)];
    const block = program.malloc(RAW, 100);
    program.running = [frame('b.py', 1)];
    program.libc.refuses = (asked) => asked === 24;
    const fatal = new FatalError('tracemalloc_realloc: tracemalloc_realloc() failed to allocate a trace');
    expect(() => program.realloc(RAW, block, 1000)).toThrow(fatal);
  });

  it('inside a traced call only forgets the old block', () => {
    const program = started();
    const block = program.malloc(RAW, 600);
    program.memory.store64(program.state + 24, 1);
    const moved = program.realloc(RAW, block, 6000);
    expect(program.malloc(RAW, 50)).not.toBe(0);
    expect(program.calloc(RAW, 5, 50)).not.toBe(0);
    program.memory.store64(program.state + 24, 0);
    expect(moved).not.toBe(0);
    expect(traced(program)).toBe(0);
    expect(snapshotOf(program.tracer).traces).toEqual([]);
  });
});

describe('track and untrack', () => {
  it('add and remove what they did in the recorded session', () => {
    const program = started();
    const { tracer } = program;
    const wanted = Object.values(facts.deltas_minus_baseline);
    const steps = [
      () => tracer.track(7, 0x3000, 500),
      () => tracer.track(7, 0x3000, 200),
      () => tracer.track(9, 0x3000, 50),
      () => tracer.untrack(7, 0x9999),
      () => tracer.untrack(12, 0x3000),
      () => tracer.untrack(7, 0x3000),
      () => tracer.untrack(7, 0x3000),
      () => tracer.untrack(9, 0x3000),
    ];
    const deltas = steps.map((step) => {
      const before = traced(program);
      expect(step()).toBe(0);
      return traced(program) - before;
    });
    expect(deltas).toEqual(wanted);
    expect(tracer.getTracedMemory().peak).toBe(500);
  });

  it('fail without memory, and for what no number can hold', () => {
    const program = started();
    for (const size of [80, 128, 32, 16]) {
      program.libc.refuses = (asked) => asked === size;
      expect(program.tracer.track(7 + size, 0x3000, 1)).toBe(-1);
    }
    program.libc.refuses = () => false;
    expect(program.tracer.track(7, 0x3000, 2n ** 60n)).toBe(-1);
    expect(program.tracer.track(7, 0x3000, Number.MAX_SAFE_INTEGER)).toBe(0);
    expect(program.tracer.track(7, 0x3001, 1)).toBe(-1);
    expect(traced(program)).toBe(Number.MAX_SAFE_INTEGER);
  });
});

describe('traced memory', () => {
  it('has a peak that stays until it is reset', () => {
    const program = started();
    const { tracer } = program;
    const block = program.malloc(OBJ, 1000);
    program.malloc(OBJ, 10);
    program.free(OBJ, block);
    expect(tracer.getTracedMemory()).toEqual({ current: 10, peak: 1010 });
    tracer.resetPeak();
    expect(tracer.getTracedMemory()).toEqual({ current: 10, peak: 10 });
    tracer.clearTraces();
    expect(tracer.getTracedMemory()).toEqual({ current: 0, peak: 0 });
    expect(tracer.isTracing).toBe(true);
    expect(tracer.getTracemallocMemory()).toBe(624);
  });

  it('is the same for another instance over the same addresses', () => {
    const program = started(2);
    program.running = [frame('é\u{1f600}.py', 4), frame('main.py', 9)];
    const block = program.malloc(MEM, 77);
    const other = program.again();
    expect(other.getTracedMemory()).toEqual({ current: 77, peak: 77 });
    expect(other.getObjectTraceback(block)?.format()).toEqual([
      '  File "main.py", line 9',
      '  File "é\u{1f600}.py", line 4',
    ]);
    program.malloc(MEM, 3);
    expect(new Set(snapshotOf(other).traces.map(({ frames }) => frames)).size).toBe(1);
  });
});
