/** Bit fields as data: accessors, pretty printers, documents and the no-overlap test all derive from one table. */
export interface BitField {
  /** Lowest bit. */
  readonly bit: number;
  readonly width: number;
  /** What it means, in one sentence. */
  readonly doc: string;
}
export type BitLayout = Readonly<Record<string, BitField>>;

/** Pairs of names whose bits overlap. */
export function overlappingFields(layout: BitLayout): readonly (readonly [string, string])[] {
  const fields = Object.entries(layout).sort(([, a], [, b]) => a.bit - b.bit);
  const pairs: (readonly [string, string])[] = [];
  for (const [index, [name, field]] of fields.entries()) {
    for (const [otherName, other] of fields.slice(index + 1)) {
      if (other.bit < field.bit + field.width) pairs.push([name, otherName]);
    }
  }
  return pairs;
}

/** The bits of a field that fall into the low and into the high 32-bit word of an entry. */
export function fieldMasks(field: BitField | undefined): { readonly low: number; readonly high: number } {
  if (field === undefined) return { low: 0, high: 0 };
  let low = 0;
  let high = 0;
  for (let bit = field.bit; bit < field.bit + field.width; bit++) {
    if (bit < 32) low |= 1 << bit;
    else high |= 1 << (bit - 32);
  }
  return { low, high };
}

/** The value of each field in `raw`, by name. */
export function decodeFields(layout: BitLayout, raw: bigint): Readonly<Record<string, bigint>> {
  return Object.fromEntries(
    Object.entries(layout).map(([name, field]) => [
      name,
      (raw >> BigInt(field.bit)) & ((1n << BigInt(field.width)) - 1n),
    ]),
  );
}
