/** Every trace format: its samples read, recognized, cut anywhere. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TRACE_FORMATS } from '../../src/trace/formats/registry.ts';
import { bytesOf, cutAt, readTrace, shortly } from './format-samples.ts';

const fixture = (name: string): Uint8Array => {
  const bytes = readFileSync(new URL(`../fixtures/${name}`, import.meta.url));
  return name.endsWith('.gz') ? gunzipSync(bytes) : bytes;
};

const oracleRecord = (time: number, object: bigint, size: number, next: bigint): Uint8Array => {
  const view = new DataView(new ArrayBuffer(24));
  view.setUint32(0, time, true);
  view.setBigUint64(4, object, true);
  view.setUint32(12, size, true);
  view.setBigInt64(16, next, true);
  return new Uint8Array(view.buffer);
};
const joined = (...parts: readonly Uint8Array[]): Uint8Array => Uint8Array.from(parts.flatMap((part) => [...part]));

const DIN = '0 7fff5a8\n1 7fff5b0 a remark\n2 430d70\n3 430d74\n4 0\n2 0x430d74\n';
const XDIN = 'r 7fff5a8 8\nw 0x7fff5b0 10 and so on\ni 430d70 4\nm 430d74 2\nc 0 0\n'.replace(
  'c 0 0\n',
  'c 0 20\nv 0 20\n',
);

/** What, bytes, format, unit, references in short. */
const SAMPLES: readonly (readonly [string, Uint8Array, string, 'address' | 'page', readonly string[]])[] = [
  [
    'lackey',
    bytesOf('==1== x\nI  0401ab70,3\n S 1fff000658,8\n M 0421c7cc,4\n'),
    'lackey',
    'address',
    ['I 401ab70,3', 'S 1fff000658,8', 'M 421c7cc,4'],
  ],
  [
    'the view tool of drmemtrace',
    fixture('traces/memtrace-view.txt'),
    'memtrace',
    'address',
    ['I 401026,2', 'I 401028,4', 'I 401012,8', 'L 7fff0c2c1d08,8', 'S 7fff0c2c1ff8,16', 'I 40102f,2'],
  ],
  [
    'memtrace_simple',
    bytesOf(
      'Format: <data address>: <data size>, <(r)ead/(w)rite/opcode>\n0x00007f5b9c3e1d20:  3, mov\n0x00007ffc1f5ecbf8:  8, w\n0x00007ffc1f5ecbf0:  8, r\n',
    ),
    'memtrace',
    'address',
    ['I 7f5b9c3e1d20,3', 'S 7ffc1f5ecbf8,8', 'L 7ffc1f5ecbf0,8'],
  ],
  [
    'memtrace_x86',
    bytesOf(
      'Format: <instr address>,<(r)ead/(w)rite>,<data size>,<data address>\n0x401028,r,8,0x7ffc1f5ecbf8\n0x40102c,w,4,0x7ffc1f5ecbf0\n',
    ),
    'memtrace',
    'address',
    ['L 7ffc1f5ecbf8,8', 'S 7ffc1f5ecbf0,4'],
  ],
  ['din', bytesOf(DIN), 'din', 'address', ['L 7fff5a8,4', 'S 7fff5b0,4', 'I 430d70,4', 'L 430d74,4', 'I 430d74,4']],
  ['xdin', bytesOf(XDIN), 'din', 'address', ['L 7fff5a8,8', 'S 7fff5b0,16', 'I 430d70,4', 'L 430d74,2']],
  [
    'a table',
    bytesOf('time,Addr,"op",len\n1,0x7f10,R,8\n2,4096,"store",16\n3, 0x7f18 ,x,1\r\n'),
    'csv',
    'address',
    ['L 7f10,8', 'S 1000,16', 'I 7f18,1'],
  ],
  [
    'a table of pages',
    bytesOf('time;page\n0.5;17\n0.6;0x12\n0.7;18446744073709551615\n'),
    'csv-pages',
    'page',
    ['L 11,1', 'L 12,1', 'L ffffffffffffffff,1'],
  ],
  ['pages in a line', bytesOf('[7, 0, 1, 2, 0x1f]'), 'pages', 'page', ['L 7,1', 'L 0,1', 'L 1,1', 'L 2,1', 'L 1f,1']],
  [
    'pages in lines, with remarks',
    bytesOf('# Belady\n1 2 # two\n\n3;4\r\n'),
    'pages',
    'page',
    ['L 1,1', 'L 2,1', 'L 3,1', 'L 4,1'],
  ],
  [
    'a long reference string',
    bytesOf('1 2 3 4 1 2 5 1 2 3 4 5\n'),
    'pages',
    'page',
    [1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5].map((page) => `L ${page},1`),
  ],
  ['hexadecimal pages', bytesOf('10 7f3a 0x20\n'), 'pages-hex', 'page', ['L 10,1', 'L 7f3a,1', 'L 20,1']],
  [
    'oracleGeneral',
    joined(
      oracleRecord(5, 0xfedcba9876543210n, 100, 2n),
      oracleRecord(5, 7n, 0, -1n),
      oracleRecord(9, 0xfedcba9876543210n, 100, -1n),
    ),
    'oracle-general',
    'page',
    ['L fedcba9876543210,100', 'L fedcba9876543210,100'],
  ],
  // Pages 5 and 3; fetch of id 0, store to id 1, load of id 0.
  [
    'PGT1',
    Uint8Array.of(80, 71, 84, 49, 3, 2, 0, 0, 0, 3, 0, 0, 0, 10, 3, 0, 10, 5),
    'pgt',
    'page',
    ['I 5,1', 'S 3,1', 'L 5,1'],
  ],
  [
    'PGT1 without table and kinds',
    Uint8Array.of(80, 71, 84, 49, 0, 2, 0, 0, 0, 3, 0, 0, 0, 0, 2, 1),
    'pgt',
    'page',
    ['L 0,1', 'L 1,1', 'L 0,1'],
  ],
];

describe.each(SAMPLES)('%s', (_name, bytes, format, unit, references) => {
  test('is recognized and read', () => {
    const read = readTrace([bytes]);
    expect({ ...read, references: read.references.map(shortly) }).toMatchObject({ format, unit, references });
  });

  test('is read the same when cut anywhere', () => {
    const whole = readTrace([bytes]);
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 12 }), fc.boolean(), (cuts, named) => {
        expect(readTrace(cutAt(bytes, cuts), named ? { format } : {})).toEqual(whole);
      }),
      { numRuns: 50 },
    );
    expect(readTrace(Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(whole);
  });
});

test('every format has a sample, and a name of its own', () => {
  const sampled = new Set([...SAMPLES.map(([, , format]) => format), 'perf']);
  const names = TRACE_FORMATS.map(({ name }) => name);
  expect([...sampled].sort()).toEqual([...names].sort());
});

describe('perf, from a page-fault recording of /bin/true', () => {
  const script = readTrace([fixture('traces/perf-script.txt')]);

  test('one reference a sample, of one process', () => {
    expect(script.format).toBe('perf');
    expect(script.references).toHaveLength(48);
    expect(new Set(script.references.map(({ process }) => process)).size).toBe(1);
    expect(script.references[0]!.number).toBe(0x557d41cc51e0n);
  });

  test('a fault at its own instruction is a fetch', () => {
    const lines = new TextDecoder().decode(fixture('traces/perf-script.txt')).trimEnd().split('\n');
    const atInstruction = lines.map((line) => {
      const [address, instruction] = line.trim().split(/\s+/).slice(-2);
      return address === instruction;
    });
    expect(atInstruction).toContain(true);
    expect(atInstruction).toContain(false);
    expect(script.references.map(({ kind }) => kind === 'I')).toEqual(atInstruction);
  });

  test.each(['perf-script-source.txt', 'perf-mem-raw.txt'])('%s: the same addresses', (name) => {
    const read = readTrace([fixture(`traces/${name}`)]);
    expect(read.format).toBe('perf');
    expect(read.references.map(({ number }) => number)).toEqual(script.references.map(({ number }) => number));
  });

  test.each([
    [
      'ls 1 [003] 2.5: 7 cpu/mem-loads,ldlat=30/P: 7fbe8c76c110 68100142 |OP LOAD|LVL L1 hit|SNP None 12 7fbe8c7537ad f\n',
      'L 7fbe8c76c110,1',
      1,
    ],
    [
      'Web Content 77/78 2.5: 7 cpu/mem-stores/P: 7fbe8c76c110 5080144 |OP STORE|LVL L1 hit| 7fbe8c7537ad f\n',
      'S 7fbe8c76c110,1',
      77,
    ],
    [
      '381 381 0xffffffff8102a9e3 0xffff88021f50e2c0 0 0x5080144 /lib/modules/4.15.0/build/vmlinux:__switch_to\n',
      'S ffff88021f50e2c0,1',
      381,
    ],
    ['381,381,0xffffffff8102a9e3,0xffff88021f50e2c0,0,0x5080142,vmlinux:__switch_to\n', 'L ffff88021f50e2c0,1', 381],
  ])('%s', (line, reference, process) => {
    const [read] = readTrace([bytesOf(line)]).references;
    expect([shortly(read!), read!.process]).toEqual([reference, process]);
  });
});

describe('real recordings', () => {
  test('a program whose accesses are known: walk.c', () => {
    const { references } = readTrace([fixture('traces/walk.lackey.gz')]);
    const stores = references.filter(({ kind, size }) => kind === 'S' && size === 1).map(({ number }) => number);
    const modifies = references.filter(({ kind, size }) => kind === 'M' && size === 1).map(({ number }) => number);
    const base = stores[0]!;
    expect(stores).toEqual(Array.from({ length: 1024 }, (_, at) => base + BigInt(64 * at)));
    expect(modifies).toEqual(Array.from({ length: 64 }, (_, at) => base + BigInt(1024 * at)));
  });

  test.each([
    ['ls', 'ls.pgt.gz'],
    ['gzip', 'gzip.pgt.gz'],
  ])('%s: the references traces.json knows', (name, file) => {
    const traces = JSON.parse(new TextDecoder().decode(fixture('replacement/traces.json'))) as {
      trace: string;
      refs: number;
      pages: number;
      idsFnv32: string;
    }[];
    const { refs, pages, idsFnv32 } = traces.find(({ trace }) => trace === name)!;
    const { references } = readTrace([fixture(`replacement/${file}`)]);
    const ids = new Map<bigint, number>();
    let hash = 0x811c9dc5;
    for (const { number } of references) {
      let id = ids.get(number);
      if (id === undefined) {
        id = ids.size;
        ids.set(number, id);
      }
      hash = Math.imul(hash ^ id, 16777619);
    }
    expect([references.length, ids.size, (hash >>> 0).toString(16).padStart(8, '0')]).toEqual([refs, pages, idsFnv32]);
  });
});

test('only one process of a trace', () => {
  const text = 'process,address\n1,0x1000\n2,0x2000\n1,0x3000\n';
  expect(readTrace([bytesOf(text)], { process: 1 }).references.map(shortly)).toEqual(['L 1000,1', 'L 3000,1']);
});

test('columns told instead of a header line', () => {
  const read = readTrace([bytesOf('5,0x1000,w\n6,0x2000,r\n')], {
    format: 'csv',
    columns: ['time', 'address', 'kind'],
  });
  expect(read.references.map(shortly)).toEqual(['S 1000,1', 'L 2000,1']);
});
