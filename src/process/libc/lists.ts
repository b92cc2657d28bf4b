/**
 * malloc's free lists as a spectator finds them: every tcache bin, fastbin and ring, with the chunks that hang on it. Reads
 * of a heap that an overflow went through end somewhere, too: lists are cut at their first impossible link.
 */
import type { MemoryReader } from '../program-memory.ts';
import {
  BINS,
  BK,
  CHUNK_MIN,
  FASTBINS,
  FD,
  HEADER_BYTES,
  INEXACT,
  LARGE_MIN,
  reveal,
  TCACHE_BINS,
  WORD_BYTES,
} from './layout.ts';
import { binAt, FASTBINS_AT, SYSTEM_MEM, TCACHE } from './state.ts';
import { countAt, entryAt } from './tcache.ts';

export interface FreeList {
  readonly kind: 'tcache' | 'fastbin' | 'bin';
  readonly index: number;
  /** `tcache 0x20`, `fastbin 0x30`, `unsorted`, `small bin 0x90`, `large bin 64`. */
  readonly name: string;
  readonly chunks: readonly number[];
  /** Why the list ends where it does, when it should not; null: it is whole. */
  readonly flaw: string | null;
  /** Chunks that the tcache says the bin has; otherwise as many as there are. */
  readonly count: number;
}

export function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

/** Every list that has something on it, or says so. */
export function freeLists(reader: MemoryReader, at: number): FreeList[] {
  const most = Math.min(reader.load64(at + SYSTEM_MEM) / CHUNK_MIN, 2 ** 24) + 1;
  const lists: FreeList[] = [];
  const tcache = reader.load64(at + TCACHE);
  if (tcache !== 0) {
    for (let index = 0; index < TCACHE_BINS; index++) {
      const name = `tcache ${hex(CHUNK_MIN + 16 * index)}`;
      const list = single(reader, entryAt(tcache, index), HEADER_BYTES, most);
      const count = reader.load32(countAt(tcache, index) & ~3) >>> (16 * (index & 1));
      lists.push({ kind: 'tcache', index, name, ...list, count: count & 0xffff });
    }
  }
  for (let index = 0; index < FASTBINS; index++) {
    const list = single(reader, at + FASTBINS_AT + WORD_BYTES * index, 0, most);
    const name = `fastbin ${hex(CHUNK_MIN + 16 * index)}`;
    lists.push({ kind: 'fastbin', index, name, ...list, count: list.chunks.length });
  }
  for (let index = 1; index < BINS; index++) {
    const list = ring(reader, binAt(at, index), most);
    lists.push({ kind: 'bin', index, name: binName(index), ...list, count: list.chunks.length });
  }
  return lists.filter((list) => list.chunks.length > 0 || list.count > 0 || list.flaw !== null);
}

function binName(index: number): string {
  if (index === 1) return 'unsorted';
  return index < LARGE_MIN / 16 ? `small bin ${hex(16 * index)}` : `large bin ${index}`;
}

interface Found {
  readonly chunks: number[];
  readonly flaw: string | null;
}

function isPossible(chunk: number): boolean {
  return chunk > 0 && chunk < INEXACT && chunk % 16 === 0;
}

/** A protected list; its links lead to `chunk + back`. */
function single(reader: MemoryReader, head: number, back: number, most: number): Found {
  const chunks: number[] = [];
  const seen = new Set<number>();
  let link = reader.load64(head);
  while (link !== 0) {
    const chunk = link - back;
    if (!isPossible(chunk)) return { chunks, flaw: `leads to ${hex(link)}` };
    if (seen.has(chunk) || chunks.length >= most) return { chunks, flaw: `leads back to ${hex(chunk)}` };
    seen.add(chunk);
    chunks.push(chunk);
    link = reveal(reader, chunk + FD);
  }
  return { chunks, flaw: null };
}

/** From the head along fd; every step is checked against the bk that should lead back. */
function ring(reader: MemoryReader, bin: number, most: number): Found {
  const chunks: number[] = [];
  let before = bin;
  let chunk = reader.load64(bin + FD);
  while (chunk !== bin) {
    if (!isPossible(chunk)) return { chunks, flaw: `fd leads to ${hex(chunk)}` };
    if (reader.load64(chunk + BK) !== before) return { chunks, flaw: `bk of ${hex(chunk)} does not lead back` };
    if (chunks.length >= most) return { chunks, flaw: 'goes round without its head' };
    chunks.push(chunk);
    before = chunk;
    chunk = reader.load64(chunk + FD);
  }
  return { chunks, flaw: reader.load64(bin + BK) === before ? null : 'bk of the head is not the last chunk' };
}
