/** Whatever the bytes: a trace is read or refused with an InputError, soon, and the same however it is cut into pieces. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InputError } from '../../src/mmu/input-error.ts';
import { TRACE_FORMATS } from '../../src/trace/formats/registry.ts';
import { ZstdStream } from '../../src/trace/zstd/stream.ts';
import { bytesOf, cutAt, readTrace } from './format-samples.ts';
import { zstdFrame } from './zstd-frame.ts';

const SAMPLES: readonly (string | Uint8Array)[] = [
  '==1== Lackey\nI  0401ab70,3\n L 1fff000658,8\n S 1fff000658,8\n M 0421c7cc,4\n',
  '0x00007fff0c2c1d08:  8, w\n0x401028:  4, mov\n0x401028,w,8,0x7fff0c2c1d08\n12 2: 3264766 read 8 byte(s) @ 0x10 by PC 0x4\n',
  'ls 1/1 2.5: page-faults: 7fbe8c76c110 ffffffff81752b6a\nls 1 [003] 2.6: 7 cpu/mem-loads,ldlat=30/P: 7fbe8c76c110 68 |OP LOAD|LVL L1| 7fbe8c7537ad _dl\n',
  '1 1 0xffffffff8102a9e3 0xffff88021f50e2c0 0 0x5080144 a:b\n',
  '0 7fff5a8\n1 7fff5b0 remark\nr 7fff5a8 8\n',
  'kind,address,size,process\nload,0x10,8,1\nstore,0x18,8,2\n',
  'time;page\n0.1;17\n0.2;18\n',
  '[7, 0, 1, 2, 0, 3] # Silberschatz\n0x1f 4\n',
  '1f3 1f4 1f5\n',
  Uint8Array.of(80, 71, 84, 49, 3, 2, 0, 0, 0, 3, 0, 0, 0, 10, 3, 0, 10, 5),
  Uint8Array.from({ length: 72 }, (_, at) => [1, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0][at % 24] ?? 255),
];

/** Bytes that mean something to one format or another. */
const telling = fc.constantFrom(
  ...[...' \t\r\n,;:|/[]#@"-+.0123456789abcdefxLSMIrw'].map((one) => one.charCodeAt(0)),
  0,
  255,
  128,
);
const change = fc.record({
  at: fc.nat(),
  what: fc.constantFrom('set', 'insert', 'delete', 'repeat', 'cut'),
  byte: fc.oneof(telling, fc.nat({ max: 255 })),
  count: fc.integer({ min: 1, max: 40 }),
});

function changed(
  sample: Uint8Array,
  changes: readonly { at: number; what: string; byte: number; count: number }[],
): Uint8Array {
  let bytes = Array.from(sample);
  for (const { at, what, byte, count } of changes) {
    const place = at % (bytes.length + 1);
    if (what === 'set') bytes[place] = byte;
    else if (what === 'insert') bytes.splice(place, 0, byte);
    else if (what === 'delete') bytes.splice(place, count);
    else if (what === 'repeat') bytes.splice(place, 0, ...bytes.slice(place, place + count));
    else bytes = bytes.slice(0, place);
  }
  return Uint8Array.from(bytes);
}

const outcome = (pieces: readonly Uint8Array[], format: string | undefined): unknown => {
  try {
    const { references, places } = readTrace(pieces, format === undefined ? {} : { format });
    return { references, places };
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    expect(error.code).toMatch(/^MEM-TRC-\d{3}$/);
    return [error.code, error.message, error.range];
  }
};

const named = fc.option(fc.constantFrom(...TRACE_FORMATS.map(({ name }) => name)), { nil: undefined });
const cuts = fc.array(fc.nat(), { maxLength: 5 });

describe('a trace of any bytes', () => {
  test('at random', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), named, cuts, (bytes, format, at) => {
        expect(outcome(cutAt(bytes, at), format)).toEqual(outcome([bytes], format));
      }),
      { numRuns: 500 },
    );
  });

  test('of characters that mean something', () => {
    fc.assert(
      fc.property(fc.array(telling, { maxLength: 400 }), named, cuts, (characters, format, at) => {
        const bytes = Uint8Array.from(characters);
        expect(outcome(cutAt(bytes, at), format)).toEqual(outcome([bytes], format));
      }),
      { numRuns: 800 },
    );
  });

  test('good ones, changed', () => {
    const sample = fc.constantFrom(...SAMPLES.map((one) => (typeof one === 'string' ? bytesOf(one) : one)));
    fc.assert(
      fc.property(
        sample,
        fc.array(change, { minLength: 1, maxLength: 6 }),
        named,
        cuts,
        (good, changes, format, at) => {
          const bytes = changed(good, changes);
          expect(outcome(cutAt(bytes, at), format)).toEqual(outcome([bytes], format));
        },
      ),
      { numRuns: 1500 },
    );
  });
});

describe('Zstandard of any bytes', () => {
  const unpack = (pieces: readonly Uint8Array[]): unknown => {
    const out: number[] = [];
    const stream = new ZstdStream();
    try {
      for (const piece of pieces) {
        stream.push(piece);
        for (let block = stream.next(); block !== null; block = stream.next()) out.push(...block);
      }
      stream.end();
      return out;
    } catch (error) {
      if (!(error instanceof Error) || error.name !== 'ZstdError') throw error;
      return error.message;
    }
  };

  test('unpacks, or is refused, in pieces as whole', () => {
    const good = zstdFrame(bytesOf('I  0401ab70,3\n'.repeat(20)));
    fc.assert(
      fc.property(fc.array(change, { minLength: 1, maxLength: 4 }), cuts, (changes, at) => {
        const bytes = changed(good, changes);
        expect(unpack(cutAt(bytes, at))).toEqual(unpack([bytes]));
      }),
      { numRuns: 500 },
    );
  });
});
