/**
 * Where a page number starts looking in a table with open addressing: Fibonacci hashing of both halves of the number,
 * so that neighbouring pages, the common case, spread evenly. Mask the result.
 */
export function placeOf(page: number): number {
  const high = (page / 0x1_0000_0000) | 0;
  const mixed = Math.imul((page | 0) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
