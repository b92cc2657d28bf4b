/** How frames of Zstandard begin (RFC 8878, sections 3.1.1 and 3.1.2). */

/** The first four bytes as a little-endian number. */
export const MAGIC = 0xfd2fb528;
/** Of frames to pass over; the last four bits are free. */
const SKIPPED_MAGIC = 0x184d2a50;

export const isSkipped = (magic: number): boolean => (magic & 0xffff_fff0) >>> 0 === SKIPPED_MAGIC;

/** Do these first four bytes begin such a file? */
export function isZstd(mark: Uint8Array): boolean {
  const magic = (mark[0]! | (mark[1]! << 8) | (mark[2]! << 16) | (mark[3]! << 24)) >>> 0;
  return magic === MAGIC || isSkipped(magic);
}
