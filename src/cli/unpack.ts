/** Gzipped input, known by its first two bytes whatever the file is called. */
import { constants, gunzipSync } from 'node:zlib';
import { InputError } from '../mmu/input-error.ts';

const isGzipped = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/** The bytes themselves when they are not gzipped. @throws InputError MEM-CLI-004 */
export function unpacked(bytes: Uint8Array, file: string): Uint8Array {
  if (!isGzipped(bytes)) return bytes;
  try {
    return gunzipSync(bytes);
  } catch {
    throw new InputError({
      code: 'MEM-CLI-004',
      message: 'looks gzipped, but cannot be unpacked',
      hint: 'it is damaged or cut short: copy it again',
      file,
    });
  }
}

/** As much of the beginning as `packedBytes` of a packed file give, or so many plain ones. @throws InputError MEM-CLI-004 */
export function unpackedHead(bytes: Uint8Array, packedBytes: number, file: string): Uint8Array {
  const head = bytes.subarray(0, packedBytes);
  if (!isGzipped(bytes) || head.length === bytes.length) return unpacked(head, file);
  try {
    return gunzipSync(head, { finishFlush: constants.Z_SYNC_FLUSH });
  } catch {
    return unpacked(bytes, file);
  }
}
