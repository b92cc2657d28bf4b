/** Traces written in one format and read in it again: nothing is lost that the format can carry. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Conversion } from '../../src/trace/convert.ts';
import type { TraceFormat } from '../../src/trace/formats/format.ts';
import { formatNamed, TRACE_FORMATS } from '../../src/trace/formats/registry.ts';
import { TraceReader } from '../../src/trace/reader.ts';
import { bytesOf, cutAt, type Reference, readTrace, shortly } from './format-samples.ts';

function convert(bytes: Uint8Array, to: string, options: { from?: string; pageBytes?: number } = {}): Uint8Array {
  const pieces: Uint8Array[] = [];
  let conversion: Conversion | null = null;
  const reader = new TraceReader(
    (format, unit) => {
      const out = { write: (piece: Uint8Array) => pieces.push(piece.slice()) };
      conversion = new Conversion(format, unit, formatNamed(to), options.pageBytes ?? 4096, out);
      return conversion;
    },
    options.from === undefined ? {} : { format: options.from },
  );
  reader.push(bytes);
  reader.end();
  const head = conversion === null ? new Uint8Array(0) : (conversion as Conversion).end();
  return Uint8Array.from([head, ...pieces].flatMap((piece) => [...piece]));
}

/** The reference as it comes back out of a format of the same unit. */
const carried = (reference: Reference, { carries }: TraceFormat): Reference => ({
  ...reference,
  kind: carries.kinds === 'none' ? 'L' : reference.kind,
  size: carries.sizes ? reference.size : 1,
  process: carries.processes ? reference.process : 0,
});

const csvText = (references: readonly Reference[], unit: string): Uint8Array =>
  bytesOf(
    `kind,${unit},size,pid\n${references.map(({ kind, number, size, process }) => `${kind},${number},${size},${process}\n`).join('')}`,
  );

const references = ({ unit, carries }: TraceFormat, kinds: readonly Reference['kind'][]): fc.Arbitrary<Reference[]> =>
  fc.array(
    fc.record({
      kind: fc.constantFrom(...kinds),
      number: fc.oneof(
        fc.bigInt({ min: 0n, max: 40n }),
        fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }),
        ...(unit === 'address' ? [fc.bigInt({ min: 2n ** 63n, max: 2n ** 64n - 65536n })] : []),
      ),
      size: unit === 'address' ? fc.integer({ min: 1, max: 64 }) : fc.constant(1),
      // PGT1 gives up its table for several processes.
      process: carries.processes ? fc.nat({ max: 3 }) : fc.constant(0),
    }),
    { minLength: 1, maxLength: 40 },
  );

const writable = TRACE_FORMATS.filter(({ writer }) => writer !== null);

describe.each(writable.map((format) => [format.name, format] as const))('csv → %s → csv', (name, format) => {
  const source = format.unit === 'address' ? 'csv' : 'csv-pages';
  // `modify` is tested by itself where a format says it in another way.
  const kinds = format.carries.kinds === 'all' ? (['L', 'S', 'I', 'M'] as const) : (['L', 'S', 'I'] as const);

  test('the same references, as far as the format carries them', () => {
    fc.assert(
      fc.property(references(format, kinds), fc.array(fc.nat(), { maxLength: 5 }), (original, cuts) => {
        const written = convert(csvText(original, format.unit), name, { from: source });
        const expected = original.map((reference) => carried(reference, format));
        expect(readTrace(cutAt(written, cuts), { format: name }).references).toEqual(expected);
        const back = convert(written, source, { from: name });
        expect(readTrace([back], { format: source }).references).toEqual(expected);
      }),
      { numRuns: 60 },
    );
  });

  test('what it writes it recognizes', () => {
    fc.assert(
      fc.property(references(format, kinds), (original) => {
        const many = Array.from({ length: 20 }, () => original).flat();
        const written = convert(csvText(many, format.unit), name, { from: source });
        const found = readTrace([written]);
        // Small hexadecimal numbers with 0x are read the same by both kinds of lists.
        expect(found.format === 'pages' && name === 'pages-hex' ? name : found.format).toBe(name);
        expect(found.references).toEqual(readTrace([written], { format: name }).references);
      }),
      { numRuns: 30 },
    );
  });
});

test('64-bit object ids survive, sizes as well', () => {
  const text = 'id,size\n18446744073709551615,4000000000\n18446744073709551614,1\n18446744073709551615,4000000000\n';
  const written = convert(bytesOf(text), 'oracle-general');
  expect(readTrace([written]).references.map(shortly)).toEqual([
    'L ffffffffffffffff,4000000000',
    'L fffffffffffffffe,1',
    'L ffffffffffffffff,4000000000',
  ]);
  const view = new DataView(written.buffer);
  expect([0, 1, 2].map((record) => view.getBigInt64(record * 24 + 16, true))).toEqual([2n, -1n, -1n]);
});

test('modify: two lines in din, a store in PGT1', () => {
  const text = bytesOf('==1== x\n M 5000,4\n');
  expect(readTrace([convert(text, 'din')]).references.map(shortly)).toEqual(['L 5000,4', 'S 5000,4']);
  expect(readTrace([convert(text, 'pgt')]).references.map(shortly)).toEqual(['S 5,1']);
});

test('addresses become pages: each page touched is a reference', () => {
  const text = bytesOf(' L 1fff,1\n S 1ffe,4\n L ffffffffffffffff,1\nI  10000fff,8194\n');
  expect(readTrace([convert(text, 'csv-pages')]).references.map(shortly)).toEqual([
    'L 1,1',
    'S 1,1',
    'S 2,1',
    'L fffffffffffff,1',
    'I 10000,1',
    'I 10001,1',
    'I 10002,1',
    'I 10003,1',
  ]);
  expect(readTrace([convert(text, 'pages', { pageBytes: 2 ** 20 })]).references.map(shortly)).toEqual([
    'L 0,1',
    'L 0,1',
    'L fffffffffff,1',
    'L 100,1',
  ]);
});

test('pages become addresses', () => {
  const found = readTrace([convert(bytesOf('7, 0, 1\n4503599627370495'), 'lackey')]);
  expect(found.references.map(shortly)).toEqual(['L 7000,1', 'L 0,1', 'L 1000,1', 'L fffffffffffff000,1']);
  expect(() => convert(bytesOf('1\n4503599627370496'), 'lackey')).toThrow(
    /lackey cannot hold an address above 64 bits/,
  );
});

test('PGT1 of several processes keeps their pages apart', () => {
  const text = bytesOf('page,pid\n5,1\n5,2\n5,1\n6,2\n');
  expect(readTrace([convert(text, 'pgt')]).references.map(shortly)).toEqual(['L 0,1', 'L 1,1', 'L 0,1', 'L 2,1']);
});

test.each([
  ['memtrace', 'MEM-TRC-036', /can be read, not written/],
  ['perf', 'MEM-TRC-036', /can be read, not written/],
])('%s is not written', (name, code, says) => {
  expect(() => convert(bytesOf('1 2 3'), name)).toThrow(
    expect.objectContaining({ code, message: expect.stringMatching(says) }),
  );
});

test('PGT1 refuses pages it cannot say', () => {
  expect(() => convert(bytesOf(`1 2 ${2n ** 52n}`), 'pgt')).toThrow(/pgt cannot hold page numbers from 2\^52 on/);
});

describe('what no trace may hold is refused before it is written', () => {
  const toPages = (text: string, pageBytes: number, process?: number): unknown => {
    let written = 0;
    const reader = new TraceReader(
      (format, unit) =>
        new Conversion(format, unit, formatNamed('pages'), pageBytes, { write: (piece) => (written += piece.length) }),
      { unit: 'address', process },
    );
    try {
      reader.push(bytesOf(text));
      reader.end();
      return written;
    } catch (error) {
      return error instanceof Error && 'code' in error ? [error.code, error.message] : error;
    }
  };

  test('a reference of a hundred million pages, as where it is simulated', () => {
    expect(toPages('page,size\n5,100000000\n', 1)).toEqual([
      'MEM-TRC-038',
      'a reference touches 100000000 pages of 1 bytes',
    ]);
    expect(toPages('page,size\n5,100000000\n', 4096)).toEqual(expect.any(Number));
  });

  test('an access that ends beyond 64 bits, where it is told that numbers are addresses', () => {
    const last = 2n ** 64n - 1n;
    expect(toPages(`page,size\n1,1\n${last},2\n`, 4096)).toEqual([
      'MEM-TRC-005',
      'the access ends beyond 64 bits: line or record 3',
    ]);
    expect(toPages(`page,size\n1,1\n${last},1\n`, 4096)).toEqual(expect.any(Number));
  });

  test('nothing: no reference is of the process asked for', () => {
    expect(toPages('page,pid\n1,1\n2,1\n', 4096, 9)).toEqual([
      'MEM-TRC-055',
      'the trace has no references of process 9',
    ]);
  });
});
