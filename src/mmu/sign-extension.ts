/**
 * 64-bit addresses in doubles. The upper half of a sign-extended format is carried as the negative number that its bits
 * are in two's complement:
 *
 *     0xffff_ffff_ffff_f123  =  -0xedd  =  address - 2^64
 *
 * so that indices, page numbers and offsets come out of the same floors and masks as below. Doubles hold these numbers
 * exactly down to -2^53; what lies between (of `sv57` and `x86_64-la57` alone) must be refused before it gets here.
 * People see the 64-bit address.
 */
import type { PageTableFormat } from './page-table/formats.ts';

const ADDRESS_BITS = 64;
/** Addresses from here up to -(this) are exact. */
export const EXACT_START = -(2 ** 53);

/** First address that a processor of this format translates: negative when it has an upper half. */
export function addressStart(format: PageTableFormat): number {
  return format.canonical === 'sign-extended' ? Math.max(-(2 ** (format.virtualBits - 1)), EXACT_START) : 0;
}

/** First address above the lower half (or, zero-extended, above the whole space), which is not translated. */
export function addressEnd(format: PageTableFormat): number {
  return 2 ** (format.canonical === 'sign-extended' ? format.virtualBits - 1 : format.virtualBits);
}

/** Does the address (0 to 2^64 - 1) lie in the space: its unused upper bits copies of the top used bit, or zero? */
export function isCanonical(address: bigint, format: PageTableFormat): boolean {
  const { canonical, virtualBits } = format;
  if (canonical === 'zero-extended') return address >> BigInt(virtualBits) === 0n;
  return BigInt.asUintN(ADDRESS_BITS, BigInt.asIntN(virtualBits, address)) === address;
}

/** The address a person means by it: a bigint of 64 bits for one of the upper half. */
export function unsignedAddress(address: number | bigint): number | bigint {
  return address >= 0 ? address : BigInt.asUintN(ADDRESS_BITS, BigInt(address));
}

/** `0x…`, as 64-bit two's complement when negative. */
export const hexAddress = (address: number | bigint): string => `0x${unsignedAddress(address).toString(16)}`;

/** Remainder of a division that rounds down: 0 to divisor - 1, for negative values too. */
export function floorRemainder(value: number, divisor: number): number {
  const rest = value % divisor;
  // The remainder of a negative multiple is -0.
  return rest < 0 ? rest + divisor : rest + 0;
}
