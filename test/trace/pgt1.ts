import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

export interface Pgt1 {
  readonly ids: Int32Array;
  /** 0 load, 1 store, 2 fetch, as the emulator numbers them; null when the trace does not say. */
  readonly kinds: Uint8Array | null;
}

/** In a trace: 0 fetch, 1 load, 2 store. */
const KINDS = Uint8Array.of(2, 0, 1);

/** A page trace in the format of test/fixtures/replacement/FORMAT.md ("PGT1"): page ids in the order referenced. */
export function readPgt1(name: string): Pgt1 {
  const bytes = gunzipSync(readFileSync(new URL(`../fixtures/replacement/${name}`, import.meta.url)));
  if (bytes.toString('latin1', 0, 4) !== 'PGT1') throw new Error(`${name} is not a PGT1 trace`);
  const flags = bytes[4]!;
  const pageCount = bytes.readUInt32LE(5);
  const ids = new Int32Array(bytes.readUInt32LE(9));
  const kinds = (flags & 1) === 0 ? null : new Uint8Array(ids.length);
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
    const zigzag = kinds === null ? value : Math.floor(value / 4);
    if (kinds !== null) kinds[index] = KINDS[value % 4]!;
    id += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    ids[index] = id;
  }
  return { ids, kinds };
}

const mix = (hash: number, word: number): number => Math.imul(hash ^ word, 16777619);

/** FNV-1a over 32-bit words. */
export const fnv32 = (words: Int32Array): string => (words.reduce(mix, 0x811c9dc5) >>> 0).toString(16).padStart(8, '0');
