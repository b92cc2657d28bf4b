/** `4KiB`, `512B`: the largest unit that divides exactly, so that it reads back to the same number. */
export function sizeText(bytes: number): string {
  const units = ['TiB', 'GiB', 'MiB', 'KiB'];
  let factor = 2 ** 40;
  for (const unit of units) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
    factor /= 1024;
  }
  return `${bytes}B`;
}
