const UNITS = ['TiB', 'GiB', 'MiB', 'KiB'] as const;

/** For a person: the same where it is short, else rounded down to a tenth of the largest unit there is, `about 127.9GiB`. */
export function roughSizeText(bytes: number): string {
  const exact = sizeText(bytes);
  if (Number.parseInt(exact, 10) < 10_000) return exact;
  let factor = 2 ** 40;
  let unit = 0;
  while (bytes < factor) {
    factor /= 1024;
    unit++;
  }
  return `about ${Math.floor((bytes / factor) * 10) / 10}${UNITS[unit]}`;
}

/** `4KiB`, `512B`: the largest unit that divides exactly, so that it reads back to the same number. */
export function sizeText(bytes: number): string {
  let factor = 2 ** 40;
  for (const unit of UNITS) {
    if (bytes >= factor && bytes % factor === 0) return `${bytes / factor}${unit}`;
    factor /= 1024;
  }
  return `${bytes}B`;
}
