import { Xxh64 } from '../../src/trace/zstd/xxh64.ts';

/** A Zstandard frame with one block that is not compressed, and its checksum (RFC 8878, section 3.1.1). */
export function zstdFrame(content: Uint8Array): Uint8Array {
  const sum = new Xxh64();
  sum.update(content);
  // Single segment, content size in four bytes, checksum.
  const head = Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0b10_1_0_0_1_00, ...little(content.length, 4));
  const block = little(1 | (content.length << 3), 3);
  return Uint8Array.of(...head, ...block, ...content, ...little(sum.low32(), 4));
}

const little = (value: number, bytes: number): number[] =>
  Array.from({ length: bytes }, (_, at) => Math.floor(value / 256 ** at) % 256);
