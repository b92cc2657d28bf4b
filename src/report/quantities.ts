/** Numbers as people read them: addresses in hexadecimal, sizes in KiB, counts with their noun. */

/** `0x10010`, for addresses, frame contents and 64-bit constants alike. */
export function hex(value: number | bigint): string {
  return value < 0 ? `-0x${(-value).toString(16)}` : `0x${value.toString(16)}`;
}

/** `4KiB`, `512B`: the largest unit that divides exactly, so that it reads back to the same number. */
export function size(bytes: number): string {
  const units = ['TiB', 'GiB', 'MiB', 'KiB'];
  let factor = 2 ** 40;
  for (const unit of units) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
    factor /= 1024;
  }
  return `${bytes}B`;
}

/** `1 walk`, `3 walks`, `2 processes`. */
export function counted(count: number, noun: string, plural = `${noun}s`): string {
  return `${thousands(count)} ${count === 1 ? noun : plural}`;
}

/** `1,234,567`. */
export function thousands(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+(?!\d))/g, ',');
}

/** `66.7 %`; `0 %` of nothing. */
export function percent(part: number, whole: number): string {
  if (whole === 0) return '0 %';
  const value = (100 * part) / whole;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} %`;
}
