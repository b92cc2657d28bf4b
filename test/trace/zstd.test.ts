/** Our Zstandard decoder on files that the `zstd` program packed; each byte against what went in. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { PythonRandom } from '../../src/trace/ostep.ts';
import { isZstd, ZstdError, ZstdStream } from '../../src/trace/zstd/stream.ts';
import { Xxh64 } from '../../src/trace/zstd/xxh64.ts';
import { cutAt } from './format-samples.ts';
import { zstdFrame } from './zstd-frame.ts';

function unpack(pieces: readonly Uint8Array[]): Buffer {
  const out: Uint8Array[] = [];
  const stream = new ZstdStream((bytes) => out.push(bytes.slice()));
  for (const piece of pieces) stream.push(piece);
  stream.end();
  return Buffer.concat(out);
}

/** `zstd -19` of 4,000 oracleGeneral records; their ids are those of gen-trace.mjs's zipf with seed 0. */
const packed = readFileSync(new URL('../fixtures/traces/zipf.oracleGeneral.zst', import.meta.url));

describe('a file of the zstd program', () => {
  const plain = unpack([packed]);

  test('unpacks to its records', () => {
    expect(isZstd(packed)).toBe(true);
    expect(plain).toHaveLength(4000 * 24);
    expect([0, 1, 3999].map((record) => plain.readUInt32LE(record * 24))).toEqual([0, 1, 3999]);
  });

  test('in pieces of any size', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(), { maxLength: 8 }), (cuts) => {
        expect(unpack(cutAt(packed, cuts)).equals(plain)).toBe(true);
      }),
      { numRuns: 20 },
    );
    expect(unpack(Array.from(packed, (byte) => Uint8Array.of(byte))).equals(plain)).toBe(true);
  });

  test('twice, with a frame to skip between', () => {
    const skipped = Uint8Array.of(0x53, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3);
    expect(unpack([packed, skipped, packed]).equals(Buffer.concat([plain, plain]))).toBe(true);
  });

  test('cut short anywhere it is said so, and nothing else is thrown', () => {
    for (let length = 1; length < packed.length; length += 101) {
      const error = thrownBy(() => unpack([packed.subarray(0, length)]));
      expect([error.name, error.cutShort]).toEqual(['ZstdError', true]);
    }
  });

  test('damaged, it is refused or unpacks to something; it never runs away', () => {
    fc.assert(
      fc.property(fc.nat({ max: packed.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(packed);
        damaged[at]! ^= flip;
        try {
          expect(unpack([damaged]).length).toBeLessThan(2 ** 24);
        } catch (error) {
          expect(error).toBeInstanceOf(ZstdError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

function thrownBy(step: () => void): ZstdError {
  try {
    step();
  } catch (error) {
    if (error instanceof ZstdError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

test.each([
  ['no Zstandard at all', [1, 2, 3, 4, 5]],
  ['a dictionary is needed', [0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x00, 7, 1, 0, 0]],
  ['a block of no type', [0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 0x07, 0, 0]],
  ['a frame that holds less than it says', [0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 0x09, 0, 0, 65]],
])('%s', (_name, bytes) => {
  expect(thrownBy(() => unpack([Uint8Array.from(bytes)])).cutShort).toBe(false);
});

const hasZstd = spawnSync('zstd', ['--version']).status === 0;

describe.runIf(hasZstd)('the zstd program here', () => {
  const random = new PythonRandom(7);
  const noise = Uint8Array.from({ length: 150_000 }, () => Math.floor(256 * random.random()));
  const words = Buffer.from(
    Array.from(
      { length: 20_000 },
      () => ['load', 'store', 'fetch', '7f3a', '\n'][Math.floor(5 * random.random())],
    ).join(' '),
  );
  const few = Uint8Array.from({ length: 400_000 }, () => Math.floor(12 * random.random() ** 3));

  test.each([
    ['nothing', new Uint8Array(0)],
    ['a byte', Uint8Array.of(65)],
    ['one byte many times', new Uint8Array(300_000).fill(7)],
    ['noise', noise],
    ['words', words],
    ['few values', few],
    ['its own program', readFileSync(process.execPath).subarray(0, 700_000)],
  ] as const)(
    '%s, packed in every way',
    (_name, plain) => {
      for (const options of ['-1', '-3 --no-check', '-9 --content-size', '-19', '--fast=5', '--ultra -22 --long=27']) {
        const bytes = execFileSync('zstd', ['-q', '-c', ...options.split(' ')], { input: plain, maxBuffer: 2 ** 28 });
        expect(unpack([bytes]).equals(plain), options).toBe(true);
        expect(unpack(cutAt(bytes, [1, 5, 997, 70_001])).equals(plain), options).toBe(true);
      }
    },
    60_000,
  );
});

describe('the checksum of a frame', () => {
  // From the reference implementation, `xxhsum -H64`, seed 0: the low half.
  test.for([
    ['', 0x51d8e999],
    ['a', 0xa98c6e5b],
    ['abc', 0xad770999],
    ['Nobody inspects the spammish repetition', 0x8a378bf1],
  ] as const)('of %o', ([text, low]) => {
    const bytes = new TextEncoder().encode(text);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const sum = new Xxh64();
      sum.update(bytes.subarray(0, cut));
      sum.update(bytes.subarray(cut));
      expect(sum.low32()).toBe(low);
    }
  });

  test('tells contents that were changed', () => {
    const frame = zstdFrame(new TextEncoder().encode('I  0401ab70,3\n'.repeat(9)));
    const unpack = (bytes: Uint8Array): number => {
      let length = 0;
      const stream = new ZstdStream((piece) => {
        length += piece.length;
      });
      stream.push(bytes);
      stream.end();
      return length;
    };
    expect(unpack(frame)).toBe(126);
    for (const place of [20, frame.length - 1]) {
      const damaged = frame.slice();
      damaged[place]! ^= 1;
      expect(() => unpack(damaged)).toThrow('the checksum is not that of the contents');
    }
  });
});

test('a frame to skip of four gigabytes is not kept', () => {
  const stream = new ZstdStream(() => undefined);
  stream.push(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 255, 255, 255, 255));
  const before = process.memoryUsage().arrayBuffers;
  const piece = new Uint8Array(1 << 20);
  for (let count = 0; count < 64; count++) stream.push(piece);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
  expect(() => stream.end()).toThrow('inside a frame');
});
