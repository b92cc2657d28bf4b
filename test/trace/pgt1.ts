import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

/** A page trace in the format of test/fixtures/replacement/FORMAT.md ("PGT1"): page ids in the order referenced. */
export function readPgt1(name: string): Int32Array {
  const bytes = gunzipSync(readFileSync(new URL(`../fixtures/replacement/${name}`, import.meta.url)));
  if (bytes.toString('latin1', 0, 4) !== 'PGT1') throw new Error(`${name} is not a PGT1 trace`);
  const flags = bytes[4]!;
  const pageCount = bytes.readUInt32LE(5);
  const ids = new Int32Array(bytes.readUInt32LE(9));
  let at = 13;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
  };
  if ((flags & 2) !== 0) for (let page = 0; page < pageCount; page++) varint();
  let id = 0;
  for (let index = 0; index < ids.length; index++) {
    const value = varint();
    const zigzag = (flags & 1) !== 0 ? Math.floor(value / 4) : value;
    id += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    ids[index] = id;
  }
  return ids;
}

const mix = (hash: number, word: number): number => Math.imul(hash ^ word, 16777619);
const hex = (hash: number): string => (hash >>> 0).toString(16).padStart(8, '0');

/** FNV-1a over 32-bit words. */
export const fnv32 = (words: Int32Array): string => hex(words.reduce(mix, 0x811c9dc5));

/** FNV-1a over the bitmap of misses: first request in the highest bit; a partial last word is right-aligned. */
export function missBitsFnv32(missed: Uint8Array): string {
  let hash = 0x811c9dc5;
  let word = 0;
  for (let at = 0; at < missed.length; at++) {
    word = (word << 1) | missed[at]!;
    if (at % 32 === 31) {
      hash = mix(hash, word);
      word = 0;
    }
  }
  return hex(missed.length % 32 === 0 ? hash : mix(hash, word));
}
