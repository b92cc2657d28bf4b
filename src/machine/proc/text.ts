/** Columns as the kernel prints them [fs/seq_file.c:seq_put_decimal_ull_width, seq_path]. */

const KIB = 1024;
const VALUE_WIDTH = 8;

/** `Rss:                1500 kB`, from bytes. */
export const kibibytes = (bytes: number): string => `${number(Math.floor(bytes / KIB))} kB`;

/** Right-aligned in the eight columns that most values get. */
export const number = (value: number): string => String(value).padStart(VALUE_WIDTH);

/** `Rss:` and blanks up to where values begin. */
export const label = (name: string): string => `${name}:`.padEnd(16);

/** At least eight digits. */
export const hex = (value: number): string => value.toString(16).padStart(8, '0');
