/** Broken traces: each a clear error with line and column, or with the byte where it went wrong. */
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/mmu/input-error.ts';
import { type ReaderOptions, TraceReader } from '../../src/trace/reader.ts';
import { bytesOf, Collector, readTrace } from './format-samples.ts';

function mistake(pieces: readonly Uint8Array[], options: ReaderOptions = {}): InputError {
  try {
    readTrace(pieces, options);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

const oneByOne = (bytes: Uint8Array): Uint8Array[] => Array.from(bytes, (byte) => Uint8Array.of(byte));

describe('texts', () => {
  test.for([
    // what, format or null for by content, text, code, line, column
    ['nothing', null, '', 'MEM-TRC-001', null, null],
    ['blank lines', 'lackey', '\n\n', 'MEM-TRC-001', null, null],
    ['prose', null, 'Dear Sir or Madam,\nplease find', 'MEM-TRC-030', null, null],
    ['no such format', 'lakkey', 'I  1,1\n', 'MEM-TRC-030', null, null],

    ['lackey: a garbage line', null, 'I  1000,4\n S 2000,8\nKilled\n', 'MEM-TRC-003', 3, 1],
    ['lackey: a negative size', null, 'I  1000,4\n S 2000,-8\n', 'MEM-TRC-007', 2, 9],
    ['lackey: above 64 bits', null, 'I  1000,4\n S 10000000000000000,8\n', 'MEM-TRC-005', 2, 4],
    ['lackey: cut short', null, 'I  1000,4\nI  1004,4\nI  10', 'MEM-TRC-009', 3, 6],

    ['din: a garbage line', null, '0 1000\n1 2000\n9 3000\n', 'MEM-TRC-032', 3, 1],
    ['din: no address', null, '0 1000\n1 2000\n1\n', 'MEM-TRC-032', 3, 1],
    ['din: no hexadecimal address', null, '0 1000\n1 2000\n1 xyz\n', 'MEM-TRC-033', 3, 3],
    ['din: something on the address', null, '0 1000\n1 2000\n1 300g\n', 'MEM-TRC-033', 3, 6],
    ['din: above 64 bits', null, '0 1000\n0 12345678123456789\n', 'MEM-TRC-005', 2, 3],
    ['xdin: no size', null, 'r 1000 4\nw 2000\n', 'MEM-TRC-006', 2, 7],
    ['xdin: a negative size', null, 'r 1000 4\nw 2000 -4\n', 'MEM-TRC-007', 2, 8],
    ['xdin: size zero', null, 'r 1000 4\nw 2000 0\n', 'MEM-TRC-007', 2, 8],
    ['xdin: too large', null, 'r 1000 4\nw 2000 10001\n', 'MEM-TRC-008', 2, 8],
    ['xdin: over the end of memory', null, 'r 1000 4\nw ffffffffffffffff 2\n', 'MEM-TRC-005', 2, 3],

    ['memtrace: a garbage line', null, '0x10:  8, w\n0x10:  8, r\n0x10:  8, r\nfoo\n', 'MEM-TRC-032', 4, 1],
    ['memtrace: a negative size', null, '0x10:  8, w\n0x10:  -8, w\n', 'MEM-TRC-007', 2, 8],
    ['memtrace: nothing behind the size', null, '0x10:  8, w\n0x10:  8,\n', 'MEM-TRC-032', 2, 10],
    ['memtrace: not r or w', null, '0x10,r,8,0x20\n0x10,q,8,0x20\n', 'MEM-TRC-032', 2, 6],
    ['memtrace: cut in the address', null, '0x10,r,8,0x20\n0x10,w,8,', 'MEM-TRC-033', 2, 10],
    [
      'memtrace: no bytes',
      null,
      '1 1: 5 read 8 byte(s) @ 0x10 by PC 0x1\n2 1: 5 read 8 at 0x10\n',
      'MEM-TRC-032',
      2,
      14,
    ],
    ['memtrace: unknown details', null, '1 1: 5 read 8 byte(s) @ 0x10 by PC 0x1\n2 1: 5 fly\n', 'MEM-TRC-032', 2, 8],
    ['memtrace: above 64 bits', null, '0x10:  8, w\n0x12345678123456789:  8, w\n', 'MEM-TRC-005', 2, 1],

    ['perf: a garbage line', null, 'ls 1 2.5: page-faults: 7fbe8c76c110\nKilled\n', 'MEM-TRC-032', 2, 1],
    ['perf: no address', null, 'ls 1 2.5: page-faults: 7fbe8c76c110 _start+0x2 (/bin/ls)\n', 'MEM-TRC-033', 1, 24],
    ['perf: above 64 bits', null, 'ls 1 2.5: page-faults: 12345678123456789\n', 'MEM-TRC-005', 1, 24],
    [
      'perf: half a dump',
      null,
      '1 1 0xffffffff8102a9e3 0xffff88021f50e2c0 0 0x5080144 a:b\n1 1 0x5\n',
      'MEM-TRC-032',
      2,
      1,
    ],

    ['csv: no column of numbers', 'csv', 'time,kind\n1,r\n', 'MEM-TRC-035', 1, 1],
    ['csv: two columns of numbers', 'csv', 'addr,vaddr\n1,2\n', 'MEM-TRC-035', 1, 1],
    ['csv: a field is missing', null, 'kind,address,size\nr,0x10,4\nr,0x10\n', 'MEM-TRC-032', 3, 7],
    ['csv: a field too much', null, 'kind,address\nr,0x10\nr,0x10,4\n', 'MEM-TRC-032', 3, 8],
    ['csv: garbage for an address', null, 'kind,address\nr,0x10\nr,here\n', 'MEM-TRC-033', 3, 3],
    ['csv: hexadecimal without 0x', null, 'kind,address\nr,0x10\nr,10ff\n', 'MEM-TRC-033', 3, 5],
    ['csv: an unknown kind', null, 'kind,address\nr,0x10\nfly,0x10\n', 'MEM-TRC-032', 3, 1],
    ['csv: a negative size', null, 'address,size\n0x10,-4\n', 'MEM-TRC-007', 2, 6],
    ['csv: above 64 bits', null, 'address,size\n18446744073709551616,4\n', 'MEM-TRC-005', 2, 1],
    ['csv: a process above 32 bits', null, 'address,pid\n1,4294967296\n', 'MEM-TRC-033', 2, 3],

    ['pages: a word', null, '1 2 3 4 5 6 7 8 9 10 11 12\n13 fourteen\n', 'MEM-TRC-033', 2, 4],
    ['pages: a negative number', null, '1 2 3 4 5 6 7 8 9 10 11 -12\n', 'MEM-TRC-033', 1, 25],
    ['pages: half a page', null, '1 2 3 4 5 6 7 8 9 10 11 1.5\n', 'MEM-TRC-033', 1, 25],
    ['pages: nothing behind 0x', 'pages', '1 0x 2\n', 'MEM-TRC-033', 1, 3],
    ['pages: above 64 bits', null, '1 2\n18446744073709551616\n', 'MEM-TRC-005', 2, 1],
    ['pages: only a remark', 'pages', '# nothing\n', 'MEM-TRC-001', null, null],
    ['hexadecimal pages: a letter', 'pages-hex', 'ff fg\n', 'MEM-TRC-033', 1, 4],
  ] as const)('%s', ([, format, text, code, line, column]) => {
    const options = format === null ? {} : { format };
    const error = mistake([bytesOf(text)], options);
    expect({ code: error.code, line: error.range?.line ?? null, column: error.range?.column ?? null }).toEqual({
      code,
      line,
      column,
    });
    expect(error.hint).toBeTruthy();
    const cut = mistake(oneByOne(bytesOf(text)), options);
    expect([cut.code, cut.message, cut.range]).toEqual([error.code, error.message, error.range]);
  });
});

const PGT_HEADER = [80, 71, 84, 49, 3, 2, 0, 0, 0, 2, 0, 0, 0];
const record = (time: number, next: number): number[] => {
  const bytes = new Uint8Array(24);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, time, true);
  view.setUint32(4, 7, true);
  view.setUint32(12, 1, true);
  view.setBigInt64(16, BigInt(next), true);
  return [...bytes];
};

describe('binary files', () => {
  test.for([
    // what, format or null, bytes, code, what the message says
    ['gzip', null, [0x1f, 0x8b, 8, 0], 'MEM-TRC-002', 'gzip'],
    ['zstd', null, [0x28, 0xb5, 0x2f, 0xfd], 'MEM-TRC-002', 'zstd'],
    ['an executable', null, [0x7f, 69, 76, 70, 2, 1, 1, 0, 0], 'MEM-TRC-030', '`\\x7fELF\\x02\\x01\\x01\\x00\\x00`'],
    ['PGT1: half a header', null, PGT_HEADER.slice(0, 9), 'MEM-TRC-034', '(byte 9)'],
    ['PGT1: another magic', 'pgt', [80, 71, 84, 50, 0], 'MEM-TRC-035', '(byte 3)'],
    ['PGT1: unknown flags', null, [80, 71, 84, 49, 4, 0, 0, 0, 0, 0, 0, 0, 0], 'MEM-TRC-035', 'flags 4'],
    ['PGT1: half a table', null, [...PGT_HEADER, 10], 'MEM-TRC-034', 'after 1 of 2 page numbers (byte 14)'],
    ['PGT1: a negative page', null, [...PGT_HEADER, 10, 13], 'MEM-TRC-032', 'not a page number (byte 14)'],
    ['PGT1: too few references', null, [...PGT_HEADER, 10, 3, 0], 'MEM-TRC-034', 'after 1 of 2 references (byte 16)'],
    ['PGT1: cut inside a number', null, [...PGT_HEADER, 10, 3, 0, 128], 'MEM-TRC-034', 'after 1 of 2 references'],
    [
      'PGT1: too many references',
      null,
      [...PGT_HEADER, 10, 3, 0, 10, 0],
      'MEM-TRC-034',
      'something follows the 2 references (byte 17)',
    ],
    ['PGT1: begins a reference too many', null, [...PGT_HEADER, 10, 3, 0, 10, 128], 'MEM-TRC-034', 'something follows'],
    [
      'PGT1: an id that is not there',
      null,
      [...PGT_HEADER, 10, 3, 16],
      'MEM-TRC-032',
      'number 2 in this file (byte 15)',
    ],
    ['PGT1: a fourth kind', null, [...PGT_HEADER, 10, 3, 3], 'MEM-TRC-032', 'kind of access 3'],
    [
      'PGT1: a number without end',
      null,
      [...PGT_HEADER, ...Array(9).fill(255)],
      'MEM-TRC-032',
      'without end (byte 20)',
    ],
    ['PGT1: no references', null, [80, 71, 84, 49, 0, 0, 0, 0, 0, 0, 0, 0, 0], 'MEM-TRC-001', 'no memory references'],
    [
      'oracleGeneral: wrong record length',
      null,
      [...record(1, -1), ...record(1, -1), 1, 2, 3],
      'MEM-TRC-034',
      '3 bytes of 24 (byte 48)',
    ],
    [
      'oracleGeneral: time runs backwards',
      'oracle-general',
      [...record(2, -1), ...record(1, -1)],
      'MEM-TRC-032',
      '(byte 24)',
    ],
  ] as const)('%s', ([, format, bytes, code, says]) => {
    const options = format === null ? {} : { format };
    const whole = Uint8Array.from(bytes);
    const error = mistake([whole], options);
    expect(error.code).toBe(code);
    expect(error.message).toContain(says);
    expect(error.hint).toBeTruthy();
    expect(mistake(oneByOne(whole), options).message).toBe(error.message);
  });

  test('a header that promises four billion pages costs nothing', () => {
    const bytes = Uint8Array.of(80, 71, 84, 49, 2, 255, 255, 255, 255, 1, 0, 0, 0, 2, 2);
    expect(mistake([bytes]).message).toContain('after 2 of 4294967295 page numbers');
  });
});

test('what is in front of the mistake has been handed on', () => {
  const collector = new Collector();
  const reader = new TraceReader(() => collector, { format: 'lackey' });
  expect(() => reader.push(bytesOf('I  1000,4\n S 2000,8\nKilled\n S 3000,8\n'))).toThrow(/line 3 is `Killed`/);
  expect(collector.places).toEqual([1, 2]);
});

test('a line without end costs no more than a MiB', () => {
  const chunk = new Uint8Array(600_000).fill(65);
  const error = mistake([bytesOf('0 1000\n'), chunk, chunk], { format: 'din' });
  expect([error.code, error.range?.line]).toEqual(['MEM-TRC-010', 2]);
});
