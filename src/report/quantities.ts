/** Numbers as people read them: addresses in hexadecimal, sizes in KiB, counts with their noun. */
export { sizeText as size } from '../mmu/size-text.ts';

/** `0x10010`, for addresses, frame contents and 64-bit constants alike. */
export function hex(value: number | bigint): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** `1 walk`, `3 walks`, `2 processes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${thousands(count)} ${count === 1 ? noun : plural}`;
}

/** `1,234,567`. */
export function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** Two decimals: policies are often that close. */
export function exactPercent(part: number, whole: number): string {
  return whole === 0 ? '0 %' : `${((100 * part) / whole).toFixed(2)} %`;
}

/** `66.7 %`; `0 %` of nothing. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const value = (100 * part) / whole;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} %`;
}
