import { KIND_NAMES } from '../trace/kind-names.ts';
import type { FileTrace, GeneratedTrace, TraceSource } from './plan.ts';

/** What rows call a trace. For a pattern: before its files are known. */
export const nameOfTrace = (source: TraceSource): string =>
  source.kind === 'file' ? nameOfFile(source, source.file) : nameOfGenerated(source);

/**
 * A file as it is read: `big.csv (process 2, kinds 0 1)`. With a name of its own it is that; a pattern's name stands before
 * each of its files.
 */
export function nameOfFile(source: FileTrace, file: string): string {
  const { name, process, kinds, unit, format, columns } = source;
  if (name !== null) return file === source.file ? name : `${name} (${file})`;
  const settings = [
    ...(process === null ? [] : [`process ${process}`]),
    ...(kinds === null ? [] : [kinds.map((kind) => KIND_NAMES[kind]).join('+')]),
    ...(unit === null ? [] : [`unit ${unit}`]),
    ...(format === null ? [] : [format]),
    ...(columns === null ? [] : [`columns ${columns.join(' ')}`]),
  ];
  return settings.length === 0 ? file : `${file} (${settings.join(', ')})`;
}

/** `zipf (count 1000000, pages 10000, seed 1)`. */
function nameOfGenerated({ name, like, options }: GeneratedTrace): string {
  if (name !== null) return name;
  const settings = Object.entries(options).map(([key, value]) => `${key} ${value}`);
  return `${like} (${settings.join(', ')})`;
}
