/** Reading /proc's text back, as a tool on a real Linux would: knows nothing of how it was written. */

export interface SmapsEntry {
  readonly start: number;
  readonly end: number;
  readonly name: string;
  /** By key; kB where the line says so. */
  readonly fields: ReadonlyMap<string, number>;
  readonly flags: readonly string[];
}

export function parseSmaps(text: string): SmapsEntry[] {
  const entries: SmapsEntry[] = [];
  let fields = new Map<string, number>();
  for (const line of text.split('\n')) {
    const header = /^([0-9a-f]+)-([0-9a-f]+) [r-][w-][x-][ps] [0-9a-f]{8,} [0-9a-f]{2}:[0-9a-f]{2} \d+ *(.*)$/.exec(
      line,
    );
    const field = /^(\w+): +(\d+)( kB)?$/.exec(line);
    if (header !== null) {
      fields = new Map();
      const [start, end] = [header[1]!, header[2]!].map((hex) => Number.parseInt(hex, 16));
      entries.push({ start: start!, end: end!, name: header[3]!, fields, flags: [] });
    } else if (field !== null) fields.set(field[1]!, Number(field[2]));
    else if (line.startsWith('VmFlags: ')) (entries.at(-1)!.flags as string[]).push(...line.slice(9).trim().split(' '));
    else if (line !== '') throw new Error(`not a line of smaps: ${line}`);
  }
  return entries;
}

/** `Key:  12 kB` or `key 12`, by key. */
export function parseTable(text: string): Map<string, number> {
  const rows = [...text.matchAll(/^ *(\S+?):?\s+(\d+)(?: kB)?$/gm)];
  return new Map(rows.map(([, key, value]) => [key!, Number(value)]));
}

/** Free blocks by order. */
export function parseBuddyinfo(text: string): number[] {
  return text.trim().split(/\s+/).slice(4).map(Number);
}
