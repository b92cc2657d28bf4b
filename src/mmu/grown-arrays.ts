/**
 * Longer copies of typed arrays, for what is indexed by numbers that turn up one by one (pages, references):
 *
 *     [ what was there | new part … ]      at least doubled, so that growing one by one stays linear
 *
 * An array that is long enough is given back itself.
 */
export function grownInts(array: Int32Array, length: number, fill: number): Int32Array {
  if (length <= array.length) return array;
  const grown = new Int32Array(Math.max(length, 2 * array.length));
  grown.set(array);
  if (fill !== 0) grown.fill(fill, array.length);
  return grown;
}

export function grownBytes(array: Uint8Array, length: number): Uint8Array {
  if (length <= array.length) return array;
  const grown = new Uint8Array(Math.max(length, 2 * array.length));
  grown.set(array);
  return grown;
}

export function grownDoubles(array: Float64Array, length: number): Float64Array {
  if (length <= array.length) return array;
  const grown = new Float64Array(Math.max(length, 2 * array.length));
  grown.set(array);
  return grown;
}
