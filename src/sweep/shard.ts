import { InputError } from '../mmu/input-error.ts';
import type { Cell } from './cell.ts';

/** One of `of` parts of a sweep, counted from 1. */
export interface Shard {
  readonly number: number;
  readonly of: number;
}

/** `2/5`. @throws InputError MEM-SWP-033 */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text.trim());
  const [number, of] = [Number(match?.[1]), Number(match?.[2])];
  if (match !== null && number >= 1 && number <= of && Number.isSafeInteger(of)) return { number, of };
  throw new InputError({
    code: 'MEM-SWP-033',
    message: `\`${text}\` is no shard`,
    hint: 'the second of five is `2/5`; they are counted from 1',
  });
}

/** Every cell is in exactly one of the shards. */
export const shardOf = (cells: readonly Cell[], { number, of }: Shard): Cell[] =>
  cells.filter(({ index }) => index % of === number - 1);
