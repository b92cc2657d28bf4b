/** The tables' sizes against those of Python 3.11.7, and their rules after every kind of change. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { frame, TracedProgram } from './tracemalloc-host.ts';

const FIXTURES = new URL('../../fixtures/cpython/', import.meta.url);
const facts = JSON.parse(readFileSync(new URL('facts/tracemalloc-3.11.7.json', FIXTURES), 'utf8')) as {
  readonly tracemalloc_memory: [number, number][];
  readonly stopped: [unknown, number, boolean];
};
const { tables } = JSON.parse(readFileSync(new URL('tracemalloc/recorded-3.11.7.json', FIXTURES), 'utf8')) as {
  readonly tables: { readonly limit: number; readonly jumps: [number, 'up' | 'down', number][] };
};

/** `own`: entries that the experiment's own objects, tracebacks and filename had in the real tables. */
const OWN = new Map([
  [100, 8],
  [1000, 13],
  [10_000, 16],
  [100_000, 19],
]);

describe('get_tracemalloc_memory', () => {
  it.each(facts.tracemalloc_memory)('grows with %i blocks by %i bytes', (blocks, growth) => {
    const { tracer } = new TracedProgram();
    tracer.start(1);
    const empty = tracer.getTracemallocMemory();
    expect(empty).toBe(facts.stopped[1]);
    for (let block = 0; block < blocks + OWN.get(blocks)!; block++) tracer.track(0, 0x7f00_0000_0000 + block * 48, 1);
    expect(tracer.getTracemallocMemory() - empty).toBe(growth);
    tracer.stop();
    expect(tracer.getTracemallocMemory()).toBe(empty);
  });

  it('counts filenames and tracebacks as entries too', () => {
    const program = new TracedProgram();
    const { tracer } = program;
    tracer.start(2);
    const empty = tracer.getTracemallocMemory();
    program.running = [frame('a.py', 1), frame('b.py', 2)];
    tracer.track(0, 0x1000, 5);
    expect(tracer.getTracemallocMemory() - empty).toBe(4 * 32);
    tracer.track(0, 0x2000, 5);
    expect(tracer.getTracemallocMemory() - empty).toBe(5 * 32);
    program.running = [frame('a.py', 1)];
    tracer.track(0, 0x2000, 5);
    expect(tracer.getTracemallocMemory() - empty).toBe(6 * 32);
  });

  it('jumps where the real tables are rebuilt, growing and shrinking', () => {
    const { tracer } = new TracedProgram();
    const { limit, jumps } = tables;
    tracer.start(1);
    const empty = tracer.getTracemallocMemory();
    const seen: [number, 'up' | 'down', number][] = [];
    let last = 0;
    const look = (blocks: number, way: 'up' | 'down', step: number): void => {
      const now = tracer.getTracemallocMemory() - empty;
      if (now - last !== step) seen.push([blocks, way, now]);
      last = now;
    };
    for (let block = 1; block <= limit; block++) {
      tracer.track(7, 0x10000 + 16 * block, 5);
      look(block, 'up', 32);
    }
    for (let block = 1; block <= limit; block++) {
      tracer.untrack(7, 0x10000 + 16 * block);
      look(limit - block, 'down', -32);
    }
    // The recording script's own objects are two entries while it tracks, and two more (its first jump) while it untracks.
    const real = jumps
      .filter(([blocks, way]) => way === 'up' || blocks !== limit - 1)
      .map(([blocks, way, bytes]) => [blocks, way, bytes - (way === 'up' ? 2 : 4) * 32]);
    expect(seen).toEqual(real);
    expect(real.length).toBeGreaterThan(15);
  });
});

describe('the rules of the tables', () => {
  it('hold through random calls, with memory running out at times', () => {
    const address = fc.integer({ min: 0, max: 40 }).map((index) => 0x5000 + index * 24);
    const domain = fc.constantFrom(0, 0, 1, 7, 16);
    const step = fc.oneof(
      fc.record({ kind: fc.constant('track' as const), domain, address, size: fc.nat(5000), line: fc.nat(30) }),
      fc.record({ kind: fc.constant('untrack' as const), domain, address }),
      fc.record({ kind: fc.constant('refuse' as const), every: fc.integer({ min: 2, max: 9 }) }),
      fc.record({ kind: fc.constant('grant' as const) }),
      fc.record({ kind: fc.constantFrom('clear' as const, 'restart' as const, 'reset' as const) }),
    );
    const property = fc.property(fc.array(step, { maxLength: 150 }), (steps) => {
      const program = new TracedProgram();
      const { tracer, libc } = program;
      const expected = new Map<string, number>();
      tracer.start(3);
      for (const one of steps) {
        if (one.kind === 'track') {
          const { line, size } = one;
          program.running = line === 0 ? [] : [frame(`f${line % 5}.py`, line), frame('main.py', line % 3)];
          if (tracer.track(one.domain, one.address, size) === 0) expected.set(`${one.domain} ${one.address}`, size);
        } else if (one.kind === 'untrack') {
          tracer.untrack(one.domain, one.address);
          expected.delete(`${one.domain} ${one.address}`);
        } else if (one.kind === 'refuse') {
          let calls = 0;
          libc.refuses = () => ++calls % one.every === 0;
        } else if (one.kind === 'grant') libc.refuses = () => false;
        else if (one.kind === 'reset') tracer.resetPeak();
        else {
          expected.clear();
          if (one.kind === 'clear') tracer.clearTraces();
          else {
            libc.refuses = () => false;
            tracer.stop();
            tracer.start(2);
          }
        }
        expect(program.brokenRules()).toEqual([]);
        const sum = [...expected.values()].reduce((total, size) => total + size, 0);
        expect(tracer.getTracedMemory().current).toBe(sum);
      }
      const snapshot = tracer.takeSnapshot();
      expect('traces' in snapshot && snapshot.traces.length).toBe(expected.size);
      libc.refuses = () => false;
      tracer.stop();
      // Only the four empty tables, header and buckets, are left.
      expect(libc.live.size).toBe(8);
    });
    fc.assert(property, { numRuns: 40, seed: 3 });
  });

  it('are reported when the program writes over them', () => {
    const program = new TracedProgram();
    const { tracer, memory, libc } = program;
    program.running = [frame('a.py', 1)];
    tracer.start(1);
    for (let block = 1; block <= 20; block++) tracer.track(0, block * 16, 1);
    expect(program.brokenRules()).toEqual([]);
    const table = memory.load64(program.state + 72);
    const entry = [...libc.live.keys()].find(
      (block) => libc.live.get(block) === 32 && memory.load64(block + 16) === 5 * 16 && memory.load64(block + 8) === 5,
    )!;
    const trace = memory.load64(entry + 24);
    const spoil = (address: number, value: number): string[] => {
      const before = memory.load64(address);
      memory.store64(address, value);
      const broken = program.brokenRules();
      memory.store64(address, before);
      return broken;
    };
    expect(spoil(table, 19).join()).toMatch(/traces: 19 entries counted/);
    expect(spoil(table, 21).join()).toMatch(/21 entries counted, 20 in its chains/);
    expect(spoil(table + 8, 48).join()).toMatch(/48 buckets, no power of two/);
    expect(spoil(entry, entry).join()).toMatch(/a chain does not end/);
    expect(spoil(entry + 8, 6).join()).toMatch(/key 0x50 is in bucket 5, not its own/);
    expect(spoil(trace, 3)).toEqual(["tracemalloc: 20 bytes traced, but the traces' sizes add up to 22"]);
    expect(spoil(trace + 8, table).join()).toMatch(
      /block 0x50 in traces has traceback 0x[0-9a-f]+, which is not interned/,
    );
    expect(spoil(program.state + 40, 1)).toEqual(['tracemalloc: 20 bytes traced, above the peak of 1']);
    expect(program.brokenRules()).toEqual([]);
  });
});
