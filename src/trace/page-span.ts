/** From addresses to pages: how large pages may be, and how many of them one reference touches. */
import { InputError } from '../mmu/input-error.ts';

/** Pages behind the first at most, so that one reference cannot keep the machine busy for ever (1 MiB of one-byte pages). */
const SPAN_MAX = 1 << 20;

/** The logarithm of a page size. @throws InputError MEM-TRC-038 */
export function pageShift(pageBytes: number): number {
  const shift = Math.log2(pageBytes);
  if (Number.isInteger(shift) && shift >= 0 && shift <= 30) return shift;
  throw new InputError({
    code: 'MEM-TRC-038',
    message: `${pageBytes} bytes are no page`,
    hint: 'page sizes are powers of two from 1 byte to 1 GiB',
  });
}

/**
 * How many pages a reference touches behind its first one.
 * @param low lower half of its address @param size bytes, from 1 @throws InputError MEM-TRC-038 when they are too many
 */
export function pagesBehind(low: number, size: number, shift: number): number {
  const pageBytes = 2 ** shift;
  const more = Math.floor(((low & (pageBytes - 1)) + size - 1) / pageBytes);
  if (more <= SPAN_MAX) return more;
  throw new InputError({
    code: 'MEM-TRC-038',
    message: `a reference touches ${more + 1} pages of ${pageBytes} bytes`,
    hint: 'choose larger pages',
  });
}
