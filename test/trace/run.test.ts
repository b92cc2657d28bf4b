import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InputError, InputErrors } from '../../src/mmu/input-error.ts';
import { LackeyParser } from '../../src/trace/formats/lackey.ts';
import { runTrace, type TraceReport, TraceRun } from '../../src/trace/run.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';

const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/replacement/${name}`, import.meta.url));
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const MiB = 2 ** 20;
const expected = JSON.parse(fixture('lackey.json').toString()) as {
  readonly lines: number;
  readonly fetch: number;
  readonly load: number;
  readonly store: number;
  readonly modify: number;
  readonly bytesAccessed: number;
  readonly distinctPages: number;
  readonly pageCrossing: number;
};

function runLs(memory: number, replacement: string): { report: TraceReport; run: TraceRun } {
  const run = new TraceRun({ memory, replacement });
  run.push(gunzipSync(fixture('lackey-ls.txt.gz')));
  return { report: run.end(), run };
}

describe('a recorded run of ls on a machine with room for all of it', () => {
  const { report, run } = runLs(64 * MiB, 'clock');

  test('the references are those of the recording', () => {
    expect(report.references).toEqual({
      total: expected.lines,
      fetches: expected.fetch,
      loads: expected.load,
      stores: expected.store,
      modifies: expected.modify,
      pageCrossings: expected.pageCrossing,
      bytes: expected.bytesAccessed,
    });
  });

  test('each page touched is an access, a modify is two', () => {
    // One modify may itself cross a page; then both of its accesses do.
    const plain = expected.lines + expected.modify + expected.pageCrossing;
    expect(report.accesses).toBeGreaterThanOrEqual(plain);
    expect(report.accesses).toBeLessThanOrEqual(plain + expected.modify);
    expect(report.tlb.hits + report.tlb.misses).toBe(report.accesses);
    expect(report.tlb.l1Misses - report.tlb.l2Hits).toBe(report.tlb.misses);
  });

  test('every page faults at first touch, and nothing ever leaves', () => {
    expect(report.pages.distinct).toBe(expected.distinctPages);
    expect(report).toMatchObject({
      faults: { minor: expected.distinctPages, major: 0 },
      evictions: { clean: 0, dirty: 0 },
      swap: { reads: 0, writes: 0 },
      killed: null,
    });
  });

  test('the machine is healthy afterwards', () => {
    expect(run.machine.checkInvariants()).toEqual([]);
  });
});

describe.for(['fifo', 'lru', 'clock', 'random', 'mru', 'lifo'])('ls in 256 KiB under %s', (replacement) => {
  const { report, run } = runLs(256 * 1024, replacement);

  test('it runs to its end, by paging', () => {
    expect(report.killed).toBeNull();
    expect(report.references.total).toBe(expected.lines);
    expect(report.pages.peakResident).toBeLessThan(64);
    expect(report.swap.writes).toBeGreaterThan(0);
    expect(report.swap.reads).toBe(report.faults.major);
    expect(report.evictions.dirty).toBe(report.swap.writes);
  });

  test('the machine is healthy afterwards', () => {
    expect(run.machine.checkInvariants()).toEqual([]);
  });

  test('chunks do not matter, and neither does the run', () => {
    const bytes = gunzipSync(fixture('lackey-ls.txt.gz'));
    const chunks: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += 4093) chunks.push(bytes.subarray(at, at + 4093));
    expect(runTrace(chunks, { memory: 256 * 1024, replacement })).toEqual(report);
  });
});

test.for([
  ['fifo', 24],
  ['fifo', 40],
  ['lru', 24],
  ['lru', 40],
  ['lifo', 40],
  ['mru', 40],
  ['clock', 24],
  ['clock', 40],
] as const)(
  '%s in %d resident pages: the machine faults as often as the replay of the pages alone',
  ([replacement, frames]) => {
    const bytes = gunzipSync(fixture('lackey-ls.txt.gz'));
    const pages: number[] = [];
    const parser = new LackeyParser({
      access(_kind, high, low, size) {
        const address = high * 2 ** 32 + low;
        pages.push(Math.floor(address / 4096));
        if (Math.floor((address + size - 1) / 4096) !== pages.at(-1)) pages.push(pages.at(-1)! + 1);
      },
    });
    parser.push(bytes);
    const { faults, evictions } = runTrace([bytes], { memory: 16 * MiB, residentPages: frames, replacement });
    const replay = simulateReferences(pages, { policy: replacement, frames });
    expect(faults).toEqual({ minor: replay.coldMisses, major: replay.capacityMisses });
    expect(evictions.clean + evictions.dirty).toBe(replay.evictions.length);
  },
);

test('opt is refused with the configuration: a machine has no future', () => {
  try {
    new TraceRun({ replacement: 'opt' });
  } catch (error) {
    expect(error).toBeInstanceOf(InputErrors);
    expect((error as InputErrors).errors.map(({ code }) => code)).toEqual(['MEM-POL-002']);
    return;
  }
  expect.unreachable();
});

describe('small traces', () => {
  const run = (text: string, config = {}): TraceReport => runTrace([bytesOf(text)], { memory: MiB, ...config });

  test('an access over a page boundary is one reference to two pages', () => {
    const report = run(' S 10ffc,8\n');
    expect(report.references).toMatchObject({ total: 1, stores: 1, pageCrossings: 1, bytes: 8 });
    expect(report).toMatchObject({ accesses: 2, faults: { minor: 2 }, pages: { distinct: 2 } });
  });

  test('a modify loads and stores', () => {
    expect(run(' M 10000,4\n')).toMatchObject({ accesses: 2, references: { total: 1, modifies: 1 } });
  });

  test.for(['fifo', 'clock', 'lru'])(
    'without swap the kernel kills the process, at a line of the trace (%s)',
    (replacement) => {
      const stores = Array.from({ length: 100 }, (_, page) => ` S ${(0x100000 + page * 4096).toString(16)},8\n`).join(
        '',
      );
      const { killed, references } = run(stores, { memory: 128 * 1024, swap: 0, replacement });
      expect(killed?.signal).toBe('SIGKILL');
      expect(references.total).toBe(killed?.line);
      expect(killed?.line).toBeLessThan(32);
    },
  );

  test.for([
    ['an address of the kernel', 'I  1000000,4\n L ffffffffff600000,8\n', {}, 'MEM-TRC-011', 2],
    ['an address beyond 32-bit page tables', ' S 1fff000658,8\n', { paging: 'i386' }, 'MEM-TRC-011', 1],
    ['page zero, where nothing may be mapped', ' L 10,8\n', {}, 'MEM-TRC-012', 1],
    ['damaged text', 'I  1000000,4\nI  10', {}, 'MEM-TRC-009', 2],
  ] as const)('%s is refused', ([, text, config, code, line]) => {
    try {
      run(text, config);
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      expect((error as InputError).code).toBe(code);
      expect((error as InputError).range?.line ?? null).toBe(line);
      return;
    }
    expect.unreachable();
  });
});

test('policies that look at reference bits in intervals get their ticks', () => {
  // One page is used all the time, thirty others in turn: who looks at the bits keeps the one.
  const lines = Array.from({ length: 6000 }, (_, at) => {
    const page = at % 2 === 0 ? 0x1000 : 0x2000 + ((at >> 4) % 30);
    return ` S ${page.toString(16)}000,8\n`;
  });
  const majorFaults = (replacement: string): number => {
    const run = new TraceRun({ memory: 1 * MiB, residentPages: 8, replacement });
    run.push(bytesOf(lines.join('')));
    return run.end().faults.major;
  };
  const fifo = majorFaults('fifo');
  for (const policy of ['aging', 'nfu', 'nru', 'wsclock']) expect(majorFaults(policy)).toBeLessThan(fifo);
});
