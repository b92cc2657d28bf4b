/** Every format × everything that can be wrong with a trace: a clear error with its place, and never half a result. */
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/mmu/input-error.ts';
import { bytesOf, readTrace } from './format-samples.ts';

/** A text format, by how a record of it looks. */
interface TextSample {
  readonly format: string;
  readonly head?: string;
  /** @param hex the number @param size as it is to stand there; formats without sizes leave it out */
  readonly line: (hex: string, size: string) => string;
  /** Columns of the number and, where there are sizes, of the size in a record of the number 1000. */
  readonly numberAt: number;
  readonly sizeAt: number | null;
  readonly garbage: string;
  /** Lines that are no references. */
  readonly remarks: string;
  /** May the last byte of the address space be a reference of its own, with a size of 2 none? */
  readonly endsAt64: boolean;
}

const decimal = (hex: string): string => BigInt(`0x${hex}`).toString();
const SAMPLES: readonly TextSample[] = [
  {
    format: 'lackey',
    line: (hex, size) => ` L ${hex},${size}`,
    numberAt: 4,
    sizeAt: 9,
    garbage: 'MEM-TRC-003',
    remarks: '==12== Lackey\n--12-- a message\n',
    endsAt64: true,
  },
  {
    format: 'memtrace',
    line: (hex, size) => `0x${hex}: ${size}, w`,
    numberAt: 1,
    sizeAt: 9,
    garbage: 'MEM-TRC-032',
    remarks: 'Output format:\n<--record#-> <--instr#->: <---tid---> <record details>\n',
    endsAt64: true,
  },
  {
    format: 'perf',
    line: (hex) => `ls 1 2.5: page-faults: ${hex}`,
    numberAt: 24,
    sizeAt: null,
    garbage: 'MEM-TRC-032',
    remarks: '# PID, TID, IP\n# nothing\n',
    endsAt64: false,
  },
  {
    format: 'din',
    line: (hex, size) => `r ${hex} ${size}`,
    numberAt: 3,
    sizeAt: 8,
    garbage: 'MEM-TRC-032',
    remarks: '4 1000\n4 2000\n',
    endsAt64: true,
  },
  {
    format: 'csv',
    head: 'kind,address,size\n',
    line: (hex, size) => `load,0x${hex},${size}`,
    numberAt: 6,
    sizeAt: 13,
    garbage: 'MEM-TRC-032',
    remarks: 'kind,address,size\n\n',
    endsAt64: true,
  },
  {
    format: 'csv-pages',
    head: 'page,size\n',
    line: (hex, size) => `${decimal(hex)},${size}`,
    numberAt: 1,
    sizeAt: 6,
    garbage: 'MEM-TRC-033',
    remarks: 'page,size\n',
    endsAt64: false,
  },
  {
    format: 'pages',
    line: decimal,
    numberAt: 1,
    sizeAt: null,
    garbage: 'MEM-TRC-033',
    remarks: '# 1 2 3\n# 4\n',
    endsAt64: false,
  },
  {
    format: 'pages-hex',
    line: (hex) => hex,
    numberAt: 1,
    sizeAt: null,
    garbage: 'MEM-TRC-033',
    remarks: '# 1a 2b\n',
    endsAt64: false,
  },
];

function mistake(text: string | Uint8Array, format?: string): InputError {
  const bytes = typeof text === 'string' ? bytesOf(text) : text;
  try {
    readTrace([bytes], format === undefined ? {} : { format });
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

const placed = ({ code, range }: InputError): unknown => [code, range?.line ?? null, range?.column ?? null];
const MAX = 'ffffffffffffffff';

describe.for(SAMPLES)('$format', (sample) => {
  const { format, head = '', line, numberAt, sizeAt, garbage, remarks, endsAt64 } = sample;
  const records = Array.from({ length: 40 }, (_, at) => line((0xabc0000 + at * 0x1000).toString(16), '8'));
  const good = `${head}${records.join('\n')}\n`;
  const after = head === '' ? 41 : 42;
  const withLine = (bad: string): string => `${good}${bad}\n${records.join('\n')}\n`;

  test('is read, also without its last line end, with the ends of Windows, and with a mark in front', () => {
    const whole = readTrace([bytesOf(good)]);
    expect([whole.format, whole.references.length]).toEqual([format, 40]);
    for (const text of [good.slice(0, -1), good.replaceAll('\n', '\r\n'), `\ufeff${good}`]) {
      expect(readTrace([bytesOf(text)])).toEqual(whole);
      expect(readTrace([bytesOf(text)], { format })).toEqual(whole);
    }
  });

  test('a garbage line', () => {
    const error = mistake(withLine('Segmentation fault (core dumped)'));
    expect([error.code, error.range?.line]).toEqual([garbage, after]);
    expect(error.range?.column).toBeLessThan(3);
    expect(error.hint).toBeTruthy();
  });

  test.runIf(sizeAt !== null)('a negative size, one of zero, one beyond all, none', () => {
    expect(placed(mistake(withLine(line('1000', '-8'))))).toEqual(['MEM-TRC-007', after, sizeAt]);
    expect(placed(mistake(withLine(line('1000', '0'))))).toEqual(['MEM-TRC-007', after, sizeAt]);
    expect(placed(mistake(withLine(line('1000', '99999999999'))))).toEqual(['MEM-TRC-008', after, sizeAt]);
    expect(placed(mistake(withLine(line('1000', ''))))).toEqual(['MEM-TRC-006', after, sizeAt]);
  });

  test('a number above 64 bits, and the greatest that is none', () => {
    expect(placed(mistake(withLine(line(`1${MAX}`, '8'))))).toEqual(['MEM-TRC-005', after, numberAt]);
    const last = readTrace([bytesOf(withLine(line(MAX, '1')))]).references[40];
    expect(last?.number).toBe(2n ** 64n - 1n);
    if (endsAt64) expect(placed(mistake(withLine(line(MAX, '2'))))).toEqual(['MEM-TRC-005', after, numberAt]);
  });

  test('nothing, blank lines, nothing but remarks', () => {
    for (const text of ['', '\n\n \n\t\n', remarks]) {
      expect(mistake(text, format).code).toBe('MEM-TRC-001');
      expect(mistake(text, format).hint).toBeTruthy();
    }
    for (const text of ['', '\n\n \n\t\n', '# only this\n']) expect(mistake(text).code).toBe('MEM-TRC-001');
  });

  test('NUL bytes', () => {
    const error = mistake(`${good}\0\0\0\0\n${good}`);
    expect([error.code, error.range?.line, error.range?.column]).toEqual([garbage, after, 1]);
    expect(error.message).toContain('\\x00');
  });

  test('UTF-16, either way round', () => {
    const little = Buffer.from(`\ufeff${good}`, 'utf16le');
    for (const bytes of [little, Buffer.from(little).swap16()]) {
      for (const error of [mistake(bytes), mistake(bytes, format)]) {
        expect([error.code, error.message]).toEqual(['MEM-TRC-030', 'the trace is text in UTF-16']);
        expect(error.hint).toContain('iconv');
      }
    }
  });

  test('carriage returns alone', () => {
    const text = good.replaceAll('\n', '\r');
    // For a list of numbers they are blanks like others.
    if (format.startsWith('pages')) expect(readTrace([bytesOf(text)]).references).toHaveLength(40);
    else expect(mistake(text, format).range?.line).toBe(1);
  });

  test('a line without end takes bounded memory, whatever it is made of', () => {
    for (const filling of ['a', '1', ' ', '1 ', 'a 1 1.5: b ', '"a",', '0x1: ', ',']) {
      const bytes = Buffer.alloc(1 << 20, filling);
      const pieces = [bytesOf(good), bytes, bytes];
      const before = process.memoryUsage().arrayBuffers;
      try {
        readTrace(pieces, { format });
        // Only lists of numbers have lines of any length.
        expect(format).toMatch(/^pages/);
      } catch (error) {
        expect(error).toBeInstanceOf(InputError);
      }
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 2 ** 20);
    }
  });

  test('still packed', () => {
    expect(mistake(gzipSync(good)).code).toBe('MEM-TRC-002');
  });
});
