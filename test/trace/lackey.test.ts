import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/mmu/input-error.ts';
import { FETCH, LOAD, STORE } from '../../src/mmu/units.ts';
import { LackeyParser } from '../../src/trace/formats/lackey.ts';
import { MODIFY, type TraceKind, type TraceSink } from '../../src/trace/reference.ts';

class Recorder implements TraceSink {
  readonly records: string[] = [];

  access(kind: TraceKind, high: number, low: number, size: number, line: number): void {
    const address = (BigInt(high) << 32n) | BigInt(low);
    this.records.push(`${line}: ${['L', 'S', 'I', 'M'][kind]} ${address.toString(16)},${size}`);
  }
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function parse(...chunks: Uint8Array[]): string[] {
  const recorder = new Recorder();
  const parser = new LackeyParser(recorder);
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return recorder.records;
}

function mistake(...chunks: Uint8Array[]): InputError {
  try {
    parse(...chunks);
  } catch (error) {
    if (error instanceof InputError) return error;
    throw error;
  }
  throw new Error('no mistake was found');
}

const SAMPLE = [
  '==1234== Lackey, an example Valgrind tool',
  '--1234-- verbose',
  '**1234** printed by the program',
  '',
  'I  0401ab70,3',
  ' S 1fff000658,8\r',
  '\r',
  ' L 7FFF00aB,16',
  ' M ffffffffff600000,4096',
  'I  00000000000000000001,1',
  '==1234== Exit code:       0',
  '',
].join('\n');

const SAMPLE_RECORDS = [
  '5: I 401ab70,3',
  '6: S 1fff000658,8',
  '8: L 7fff00ab,16',
  '9: M ffffffffff600000,4096',
  '10: I 1,1',
];

describe('what is accepted', () => {
  test('records among messages, blank lines and CRLF', () => {
    expect(parse(bytesOf(SAMPLE))).toEqual(SAMPLE_RECORDS);
  });

  test('the kinds are those of the machine, and one more', () => {
    const kinds: number[] = [];
    const parser = new LackeyParser({ access: (kind) => kinds.push(kind) });
    parser.push(bytesOf('I  1,1\n L 1,1\n S 1,1\n M 1,1\n'));
    expect(kinds).toEqual([FETCH, LOAD, STORE, MODIFY]);
  });

  test('a whole record is a record without its line feed too', () => {
    expect(parse(bytesOf('I  1000,4'))).toEqual(['1: I 1000,4']);
  });

  test('the last byte of the address space', () => {
    expect(parse(bytesOf(' L ffffffffffffffff,1\n'))).toEqual(['1: L ffffffffffffffff,1']);
  });

  test('any cut into chunks gives the same records', () => {
    const bytes = bytesOf(SAMPLE);
    fc.assert(
      fc.property(fc.array(fc.nat({ max: bytes.length }), { maxLength: 40 }), (cuts) => {
        const ends = [...cuts.sort((a, b) => a - b), bytes.length];
        const chunks = ends.map((end, index) => bytes.slice(index === 0 ? 0 : ends[index - 1]!, end));
        expect(parse(...chunks)).toEqual(SAMPLE_RECORDS);
      }),
    );
    expect(parse(...Array.from(bytes, (byte) => Uint8Array.of(byte)))).toEqual(SAMPLE_RECORDS);
  });
});

/** What came of a text: its records, and the mistake that stopped it. */
function outcome(chunks: readonly Uint8Array[]): readonly string[] {
  const recorder = new Recorder();
  const parser = new LackeyParser(recorder);
  try {
    for (const chunk of chunks) parser.push(chunk);
    parser.end();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    recorder.records.push(`${error.code} ${error.range?.line}:${error.range?.column} ${error.message}`);
  }
  return recorder.records;
}

test('the fast way through a whole chunk and the careful way byte by byte see the same', () => {
  const address = fc.oneof(
    fc.bigInt({ min: 0n, max: 2n ** 66n }).map((value) => value.toString(16)),
    fc.constantFrom('0401ab70', '1FFF000658', '', 'fffffffffffffffe', 'ffffffffffffffff', '00000000000000000012', 'g1'),
  );
  const record = fc
    .tuple(
      fc.constantFrom('I  ', ' L ', ' S ', ' M ', 'L  ', '   ', ' I ', 'II ', ' X ', '\tL '),
      address,
      fc.constantFrom(',', ',', ',', ';', ''),
      fc.constantFrom('1', '4', '8', '16', '512', '0', '00004', '9999', '65536', '65537', '', 'x', '-8', '8 '),
      fc.constantFrom('\n', '\n', '\r\n', ' \n'),
    )
    .map((parts) => parts.join(''));
  // Mostly good lines, so that a bad one comes after some, and enough behind it that no chunk end is near.
  const good = fc.constantFrom('I  0401ab70,3\n', ' S 1fff000658,8\n', '==7== message\n', '\n');
  const lines = fc.array(fc.oneof({ weight: 4, arbitrary: good }, { weight: 1, arbitrary: record }), { minLength: 1 });
  fc.assert(
    fc.property(lines, (texts) => {
      const bytes = bytesOf(`${texts.join('')} L 1000,4\n L 2000,4\n L 3000,4\n`);
      expect(outcome([bytes])).toEqual(outcome(Array.from(bytes, (byte) => Uint8Array.of(byte))));
    }),
    { numRuns: 500 },
  );
});

describe('what is refused', () => {
  test.for([
    // what, text, code, line, column
    ['nothing at all', '', 'MEM-TRC-001', null, null],
    ['only messages', '==1== Hello\n\n', 'MEM-TRC-001', null, null],
    ['another format', 'I  1,1\n0x400 R\n', 'MEM-TRC-003', 2, 1],
    ['an unknown kind', ' X 1000,4\n', 'MEM-TRC-003', 1, 2],
    ['a lower-case kind', ' l 1000,4\n', 'MEM-TRC-003', 1, 2],
    ['no space after the kind', 'I1000,4\n', 'MEM-TRC-003', 1, 2],
    ['half a message', '==12= x\n', 'MEM-TRC-003', 1, 1],
    ['no comma', ' L 1000 4\n', 'MEM-TRC-003', 1, 8],
    ['a letter in the address', ' L 10g0,4\n', 'MEM-TRC-003', 1, 6],
    ['more after the size', ' L 1000,4 4\n', 'MEM-TRC-003', 1, 11],
    ['no address', ' L ,4\n', 'MEM-TRC-004', 1, 4],
    ['a negative address', ' L -10,4\n', 'MEM-TRC-004', 1, 4],
    ['17 digits', 'I  1,1\n L 10000000000000000,4\n', 'MEM-TRC-005', 2, 4],
    ['an access over the end', ' L fffffffffffffffe,4\n', 'MEM-TRC-005', 1, 4],
    ['no size', ' L 1000,\n', 'MEM-TRC-006', 1, 9],
    ['a size in letters', ' L 1000,x\n', 'MEM-TRC-006', 1, 9],
    ['size zero', ' L 1000,0\n', 'MEM-TRC-007', 1, 9],
    ['a negative size', ' L 1000,-4\n', 'MEM-TRC-007', 1, 9],
    ['a huge size', ' L 1000,65537\n', 'MEM-TRC-008', 1, 9],
    ['a size beyond all numbers', ` L 1000,${'9'.repeat(400)}\n`, 'MEM-TRC-008', 1, 9],
    ['an end after the kind', 'I  1,1\n L', 'MEM-TRC-009', 2, 3],
    ['an end inside the address', 'I  1,1\n L 10', 'MEM-TRC-009', 2, 6],
    ['an end after the comma', 'I  1,1\n L 10,', 'MEM-TRC-009', 2, 7],
    ['garbage at the end', 'I  1,1\nKilled', 'MEM-TRC-003', 2, 1],
  ] as const)('%s', ([, text, code, line, column]) => {
    const error = mistake(bytesOf(text));
    expect(error.code).toBe(code);
    expect(error.range?.line ?? null).toBe(line);
    expect(error.range?.column ?? null).toBe(column);
    expect(error.hint).toBeTruthy();
    expect(mistake(...Array.from(bytesOf(text), (byte) => Uint8Array.of(byte))).code).toBe(code);
  });

  test('compressed data is recognised, whole and byte by byte', () => {
    const magic = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 10, 1, 2, 3);
    expect(mistake(magic).code).toBe('MEM-TRC-002');
    expect(mistake(...Array.from(magic, (byte) => Uint8Array.of(byte))).code).toBe('MEM-TRC-002');
  });

  test('a line without end costs no more than a MiB', () => {
    const chunk = new Uint8Array(600_000).fill(65);
    const error = mistake(bytesOf('I  1,1\n'), chunk, chunk);
    expect(error.code).toBe('MEM-TRC-010');
    expect(error.range?.line).toBe(2);
  });

  test('the message shows the line, printable and short', () => {
    expect(mistake(bytesOf(`\u0007${'x'.repeat(100)}\n`)).message).toMatchInlineSnapshot(
      `"not a Lackey record: line 1 is \`\\x07xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…\`"`,
    );
  });
});

describe('a recorded run of ls', () => {
  const fixture = (name: string): Buffer => readFileSync(new URL(`../fixtures/replacement/${name}`, import.meta.url));
  const expected = JSON.parse(fixture('lackey.json').toString()) as Record<string, number | string>;

  test.for([1 << 20, 65_536, 1021])('in chunks of %d bytes, counts to the last', (chunkBytes) => {
    const counts = { fetch: 0, load: 0, store: 0, modify: 0 };
    const pages = new Set<number>();
    let bytesAccessed = 0;
    let pageCrossing = 0;
    let xorHigh = 0;
    let xorLow = 0;
    const parser = new LackeyParser({
      access(kind, high, low, size) {
        counts[(['load', 'store', 'fetch', 'modify'] as const)[kind]]++;
        bytesAccessed += size;
        const address = high * 2 ** 32 + low;
        const first = Math.floor(address / 4096);
        const last = Math.floor((address + size - 1) / 4096);
        pages.add(first).add(last);
        if (first !== last) pageCrossing++;
        xorHigh ^= high;
        xorLow ^= low;
      },
    });
    const bytes = gunzipSync(fixture(String(expected.file)));
    for (let at = 0; at < bytes.length; at += chunkBytes) parser.push(bytes.subarray(at, at + chunkBytes));
    parser.end();
    const addrXor = ((BigInt(xorHigh >>> 0) << 32n) | BigInt(xorLow >>> 0)).toString(16);
    const { file, lines, ...rest } = expected;
    expect({ ...counts, bytesAccessed, distinctPages: pages.size, pageCrossing, addrXor: `0x${addrXor}` }).toEqual(
      rest,
    );
    expect(parser.records).toBe(lines);
  });
});
