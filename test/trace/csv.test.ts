/** Tables as other programs write them: quotation marks, separators, columns without a header line. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Conversion } from '../../src/trace/convert.ts';
import { formatNamed } from '../../src/trace/formats/registry.ts';
import { type ReaderOptions, TraceReader } from '../../src/trace/reader.ts';
import { bytesOf, cutAt } from './format-samples.ts';

/** The page numbers; or the code and the position of what is wrong. */
function pagesOf(text: string, options: ReaderOptions = {}, cuts: readonly number[] = []): unknown {
  let out = '';
  const sink = { write: (bytes: Uint8Array) => (out += new TextDecoder().decode(bytes)) };
  const conversions: Conversion[] = [];
  const reader = new TraceReader(
    (format, unit) => {
      const conversion = new Conversion(format, unit, formatNamed('pages'), 4096, sink);
      conversions.push(conversion);
      return conversion;
    },
    { format: 'csv-pages', ...options },
  );
  try {
    for (const piece of cutAt(bytesOf(text), cuts)) reader.push(piece);
    reader.end();
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'range' in error)) throw error;
    const { line, column } = error.range as { line: number; column: number };
    return `${error.code} ${line}:${column}`;
  }
  conversions[0]!.end();
  return out.trimEnd().split('\n').map(Number);
}

describe('fields in quotation marks', () => {
  test.each([
    ['a separator', 'name,page\n"a,b",1\n"c",2\nd,3\n', [1, 2, 3]],
    ['quotation marks', 'name,page\n"say ""a"", then ""b""",1\n"""",2\n"",3\n', [1, 2, 3]],
    ['a name of a column', '"na,me","page"\nx,1\n', [1]],
    ['a number', 'name;page\na;"7"\nb; " 8 " \nc;"0x9"\n', [7, 8, 9]],
    ['the last field', 'page,name\n1,"a,b"\n2,"c,d"', [1, 2]],
    ['in the middle of a field they mean nothing', 'name,page\n5" disk,1\n', [1]],
    ['one that does not end', 'name,page\nx,1\n"a,2\n', 'MEM-TRC-032 3:5'],
    ['a number that does not end', 'name,page\nx,"1\n', 'MEM-TRC-032 2:5'],
    ['something behind', 'name,page\n"a"b,2\n', 'MEM-TRC-033 2:4'],
    ['something behind the number', 'name,page\na,"2x"\n', 'MEM-TRC-033 2:5'],
  ] as const)('%s', (_name, text, expected) => {
    expect(pagesOf(text)).toEqual(expected);
  });

  test('any text passes, in pieces as whole', () => {
    const word = fc.string({ unit: fc.constantFrom('a', '"', ',', ';', ' ', '\t'), maxLength: 6 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(word, fc.nat({ max: 99 }), word), { minLength: 1 }),
        fc.array(fc.nat()),
        (rows, cuts) => {
          const quoted = (text: string): string => `"${text.replaceAll('"', '""')}"`;
          const lines = rows.map(([before, page, behind]) => `${quoted(before)},${page},${quoted(behind)}\n`);
          const pages = rows.map(([, page]) => page);
          expect(pagesOf(`x,page,y\n${lines.join('')}`, {}, cuts)).toEqual(pages);
          expect(pagesOf(lines.join(''), { columns: ['x', 'page', 'y'] }, cuts)).toEqual(pages);
        },
      ),
    );
  });
});

describe('columns that were told', () => {
  test.each([
    ['commas', '0.1,17\n0.2,18\n'],
    ['semicolons', '0.1;17\n0.2;18\n'],
    ['tabs', '0.1\t17\n0.2\t18\n'],
    ['semicolons, and commas in the numbers', '0,1;17\n0,2;18\n'],
    ['a separator in quotation marks', '"0,1,5";17\n"0,2,5";18\n'],
  ])('%s', (_name, text) => {
    expect(pagesOf(text, { columns: ['time', 'page'] })).toEqual([17, 18]);
  });

  test('a single one', () => {
    expect(pagesOf('17\n18\n', { columns: ['page'] })).toEqual([17, 18]);
  });
});

test.each([
  ['page', 'page\n5\n6\n', 'csv-pages'],
  ['a quoted name', '"id"\n5\n6\n', 'csv-pages'],
  ['address', 'address\n0x1000\n0x2000\n', 'csv'],
])('one column is a table, too: %s', (_name, text, format) => {
  let count = 0;
  const reader = new TraceReader(() => ({ take: (_batch, taken) => (count += taken) }));
  reader.push(bytesOf(text));
  reader.end();
  expect([reader.format?.name, count]).toEqual([format, 2]);
});
