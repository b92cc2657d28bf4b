/** Our Zstandard decoder on files that the `zstd` program packed; each byte against what went in. */
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { unpackedChunks } from '../../src/cli/unpack-stream.ts';
import { PythonRandom } from '../../src/trace/ostep.ts';
import { isZstd } from '../../src/trace/zstd/mark.ts';
import { ZstdError, ZstdStream } from '../../src/trace/zstd/stream.ts';
import { Xxh64 } from '../../src/trace/zstd/xxh64.ts';
import { cutAt } from './format-samples.ts';
import { zstdFrame } from './zstd-frame.ts';

function unpack(pieces: readonly Uint8Array[]): Buffer {
  const out: Uint8Array[] = [];
  const stream = new ZstdStream();
  for (const piece of pieces) {
    stream.push(piece);
    for (const block of blocksOf(stream)) out.push(block.slice());
  }
  stream.end();
  return Buffer.concat(out);
}

function* blocksOf(stream: ZstdStream): Generator<Uint8Array, void, undefined> {
  for (let block = stream.next(); block !== null; block = stream.next()) yield block;
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
      expect([error.name, error.problem]).toEqual(['ZstdError', 'cut short']);
    }
  });

  test('damaged, it is refused, or the damage means nothing; its checksum lets nothing else pass', () => {
    fc.assert(
      fc.property(fc.nat({ max: packed.length - 1 }), fc.integer({ min: 1, max: 255 }), (at, flip) => {
        const damaged = Uint8Array.from(packed);
        damaged[at]! ^= flip;
        try {
          // In bits that nobody reads: unused ones of the header, the window's size.
          expect(unpack([damaged]).equals(plain)).toBe(true);
        } catch (error) {
          // An assertion above that fails is none.
          if (!(error instanceof ZstdError)) throw error;
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
  ['no Zstandard at all', 'damaged', [1, 2, 3, 4, 5]],
  ['a dictionary is needed', 'unsupported', [0x28, 0xb5, 0x2f, 0xfd, 0x01, 0x00, 7, 1, 0, 0]],
  ['a window of 2 GiB', 'unsupported', [0x28, 0xb5, 0x2f, 0xfd, 0x00, 21 << 3, 1, 0, 0]],
  ['a block of no type', 'damaged', [0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 0x07, 0, 0]],
  ['a frame that holds less than it says', 'damaged', [0x28, 0xb5, 0x2f, 0xfd, 0x20, 5, 0x09, 0, 0, 65]],
])('%s', (_name, problem, bytes) => {
  expect(thrownBy(() => unpack([Uint8Array.from(bytes)])).problem).toBe(problem);
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
    expect(unpack([frame])).toHaveLength(126);
    for (const place of [20, frame.length - 1]) {
      const damaged = frame.slice();
      damaged[place]! ^= 1;
      expect(() => unpack([damaged])).toThrow('the checksum is not that of the contents');
    }
  });
});

test('a frame to skip of four gigabytes is not kept', () => {
  const stream = new ZstdStream();
  stream.push(Uint8Array.of(0x50, 0x2a, 0x4d, 0x18, 255, 255, 255, 255));
  const before = process.memoryUsage().arrayBuffers;
  const piece = new Uint8Array(1 << 20);
  for (let count = 0; count < 64; count++) {
    stream.push(piece);
    expect(stream.next()).toBe(null);
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
  expect(() => stream.end()).toThrow('inside a frame');
});

test('a piece of a file that unpacks to a gigabyte takes the memory of a block at a time', async () => {
  const blocks = 8192;
  // A window of 128 KiB, no content size, no checksum; then 131,072 times one byte, again and again.
  const bomb = new Uint8Array(6 + 4 * blocks);
  bomb.set([0x28, 0xb5, 0x2f, 0xfd, 0x00, 7 << 3]);
  for (let block = 0; block < blocks; block++) {
    const word = (131_072 << 3) | (1 << 1) | (block === blocks - 1 ? 1 : 0);
    bomb.set([word & 255, (word >> 8) & 255, word >> 16, 10], 6 + 4 * block);
  }
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let length = 0;
  async function* file() {
    yield bomb;
  }
  for await (const piece of unpackedChunks(file(), 'bomb')) {
    length += piece.length;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  expect(length).toBe(blocks * 131_072);
  expect(most).toBeLessThan(16 * 2 ** 20);
});
