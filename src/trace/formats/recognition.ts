/** How the text formats look at the beginning of a trace: as lines of characters, once, before anything is parsed. */

const LINES_MAX = 64;

/**
 * The first lines that are not blank, without the last one where it may be cut off; null when this is no text.
 * @param whole there is no more than these bytes
 */
export function headLines(head: Uint8Array, whole: boolean): readonly string[] | null {
  for (const byte of head) {
    if (byte < 9 || (byte > 13 && byte < 32 && byte !== 27)) return null;
  }
  let text = '';
  for (let at = 0; at < head.length; at += 4096) text += String.fromCharCode(...head.subarray(at, at + 4096));
  const lines = text.split(/\r?\n/);
  if (!whole && lines.length > 1) lines.pop();
  return lines.filter((line) => line.trim() !== '').slice(0, LINES_MAX);
}

/** Are these lines records, or half of them at least? `aside` are lines that a trace of this format may also have, and that prove nothing. */
export function mostlyRecords(lines: readonly string[] | null, record: RegExp, aside: RegExp | null = null): boolean {
  if (lines === null) return false;
  const telling = aside === null ? lines : lines.filter((line) => !aside.test(line));
  const records = telling.filter((line) => record.test(line)).length;
  return records > 0 && records * 2 >= telling.length;
}
