/**
 * An address split into named bit fields, as books draw it: VPN and offset, page-table indices, TLB tag and index, cache
 * tag, index and offset. For `explain` and for exercises; exact for 64-bit values given as bigint.
 */
import type { PageTableFormat } from './page-table/formats.ts';

export interface AddressField {
  /** `VPN`, `VPO`, `TLBT`, `TLBI`, `CT`, `CI`, `CO`, or the index of a level by the level's name. */
  readonly name: string;
  /** Lowest bit and number of bits. */
  readonly bit: number;
  readonly width: number;
  readonly value: number;
}

/** A direct-mapped physical cache, as in CSAPP 9.6.4. Both sizes are powers of two. */
export interface CacheShape {
  readonly sets: number;
  readonly blockBytes: number;
}

/** Bits `bit` to `bit + width - 1`. Fields of more than 53 bits do not fit a number and are never asked for. */
export function addressBits(address: number | bigint, bit: number, width: number): number {
  return Number((BigInt(address) >> BigInt(bit)) & ((1n << BigInt(width)) - 1n));
}

/** Virtual page number and offset. */
export function virtualFields(address: number | bigint, format: PageTableFormat): readonly AddressField[] {
  const vpnBits = format.virtualBits - format.pageShift;
  return [field(address, 'VPN', format.pageShift, vpnBits), field(address, 'VPO', 0, format.pageShift)];
}

/** The index into the table of each level, root first, then the page offset (`VPO`). */
export function indexFields(address: number | bigint, format: PageTableFormat): readonly AddressField[] {
  const indices = format.levels.map((level) => field(address, level.name, level.shift, level.indexBits)).toReversed();
  return [...indices, field(address, 'VPO', 0, format.pageShift)];
}

/** TLB tag and set index of the address's page. `sets` is a power of two. */
export function tlbFields(address: number | bigint, format: PageTableFormat, sets: number): readonly AddressField[] {
  const indexBits = Math.log2(sets);
  const tagBit = format.pageShift + indexBits;
  return [
    field(address, 'TLBT', tagBit, format.virtualBits - tagBit),
    field(address, 'TLBI', format.pageShift, indexBits),
  ];
}

/** Physical page number and offset. */
export function physicalFields(address: number | bigint, format: PageTableFormat): readonly AddressField[] {
  const ppnBits = format.physicalBits - format.pageShift;
  return [field(address, 'PPN', format.pageShift, ppnBits), field(address, 'PPO', 0, format.pageShift)];
}

/** Cache tag, index and offset of a physical address. */
export function cacheFields(
  address: number | bigint,
  format: PageTableFormat,
  { sets, blockBytes }: CacheShape,
): readonly AddressField[] {
  const offsetBits = Math.log2(blockBytes);
  const indexBits = Math.log2(sets);
  const tagBit = offsetBits + indexBits;
  return [
    field(address, 'CT', tagBit, format.physicalBits - tagBit),
    field(address, 'CI', offsetBits, indexBits),
    field(address, 'CO', 0, offsetBits),
  ];
}

function field(address: number | bigint, name: string, bit: number, width: number): AddressField {
  return { name, bit, width, value: addressBits(address, bit, width) };
}
