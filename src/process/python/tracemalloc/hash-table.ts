/**
 * Chained hash tables in a program's memory [Python/hashtable.c of 3.9 and later].
 *
 * A table answers "which entry has this key?". It is a header, an array of buckets and one small block per entry, all taken
 * from the C library's malloc, never from a domain of Python: what tracemalloc needs for itself must not be traced.
 *
 *     header (80)              buckets (8 each)      entry (32)
 *     +0  entries              +0   first entry ──▶  +0  next in the chain, 0 at its end
 *     +8  buckets: 2^k         +8   0                +8  hash of the key, 64 bits
 *     +16 array ─────────────▶ …                     +16 key
 *     +24 7 functions, zero                          +24 value
 *
 *     entry in bucket  hash mod buckets      newest first in its chain
 *     after an insert  entries <= buckets / 2, or the array is made anew
 *     after a removal  entries >= buckets / 10, or the same
 *
 * The real header holds five pointers to functions and two to malloc and free; here the code that owns a table knows which
 * keys it has, and those words stay zero. How two keys compare is the owner's too: it walks `first`, `next` itself.
 */
import { type Allocator, NULL } from '../../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../../program-memory.ts';

const HEADER_BYTES = 80;
const ENTRY_BYTES = 32;
const BUCKET_BYTES = 8;
export const BUCKETS_MIN = 16;
/** Shares of used buckets outside which a table is rebuilt; a rebuilt one has about the middle of them. */
const HIGH = 0.5;
const LOW = 0.1;

const ENTRIES = 0;
const BUCKETS = 8;
const ARRAY = 16;
const NEXT = 0;
const HASH = 8;
const KEY = 16;
const VALUE = 24;

/** An owner's part in taking a whole table away: frees what the key or the value leads to. */
export type Release = (key: number, value: number) => void;

export class HashTables {
  private readonly memory: ProgramMemory;
  private readonly libc: Allocator;

  constructor(memory: ProgramMemory, libc: Allocator) {
    this.memory = memory;
    this.libc = libc;
  }

  /** An empty table; NULL when there is no memory. */
  create(): number {
    const { memory, libc } = this;
    const table = libc.malloc(HEADER_BYTES);
    if (table === NULL) return NULL;
    memory.fill(table, 0, HEADER_BYTES);
    const array = libc.malloc(BUCKETS_MIN * BUCKET_BYTES);
    if (array === NULL) {
      libc.free(table);
      return NULL;
    }
    memory.fill(array, 0, BUCKETS_MIN * BUCKET_BYTES);
    memory.store64(table + BUCKETS, BUCKETS_MIN);
    memory.store64(table + ARRAY, array);
    return table;
  }

  /** First entry of the chain where a key of this hash would be; 0: none. `hashLow`: the low 32 bits. */
  first(table: number, hashLow: number): number {
    const { memory } = this;
    return memory.load64(memory.load64(table + ARRAY) + this.bucketOf(hashLow, memory.load64(table + BUCKETS)));
  }

  next(entry: number): number {
    return this.memory.load64(entry + NEXT);
  }

  hashLow(entry: number): number {
    return this.memory.load32(entry + HASH);
  }

  key(entry: number): number {
    return this.memory.load64(entry + KEY);
  }

  value(entry: number): number {
    return this.memory.load64(entry + VALUE);
  }

  /** Put in a key that is not there yet. False, and nothing changed: no memory. */
  insert(table: number, hashLow: number, hashHigh: number, key: number, value: number): boolean {
    const { memory, libc } = this;
    const entry = libc.malloc(ENTRY_BYTES);
    if (entry === NULL) return false;
    memory.store32(entry + HASH, hashLow);
    memory.store32(entry + HASH + 4, hashHigh);
    memory.store64(entry + KEY, key);
    memory.store64(entry + VALUE, value);
    const entries = memory.load64(table + ENTRIES) + 1;
    memory.store64(table + ENTRIES, entries);
    if (entries > memory.load64(table + BUCKETS) * HIGH && !this.rebuild(table)) {
      memory.store64(table + ENTRIES, entries - 1);
      libc.free(entry);
      return false;
    }
    const bucket = memory.load64(table + ARRAY) + this.bucketOf(hashLow, memory.load64(table + BUCKETS));
    memory.store64(entry + NEXT, memory.load64(bucket));
    memory.store64(bucket, entry);
    return true;
  }

  /** Take out an entry and free it. A table that cannot shrink stays as large as it is. */
  remove(table: number, entry: number): void {
    const { memory } = this;
    const buckets = memory.load64(table + BUCKETS);
    // Where the pointer to the entry is: in the bucket, or in the entry before it (NEXT is an entry's first word).
    let link = memory.load64(table + ARRAY) + this.bucketOf(memory.load32(entry + HASH), buckets);
    for (let at = memory.load64(link); at !== entry; at = memory.load64(link)) link = at;
    memory.store64(link, memory.load64(entry + NEXT));
    const entries = memory.load64(table + ENTRIES) - 1;
    memory.store64(table + ENTRIES, entries);
    this.libc.free(entry);
    if (entries / buckets < LOW) this.rebuild(table);
  }

  /** Take out every entry; the array shrinks to its minimum if there is memory for that. */
  clear(table: number, release: Release): void {
    this.empty(table, release);
    this.memory.store64(table + ENTRIES, 0);
    this.rebuild(table);
  }

  destroy(table: number, release: Release): void {
    this.empty(table, release);
    this.libc.free(this.memory.load64(table + ARRAY));
    this.libc.free(table);
  }

  /** Bytes of the header, the array and the entries, without what malloc adds. */
  size(table: number): number {
    const { memory } = this;
    const array = memory.load64(table + BUCKETS) * BUCKET_BYTES;
    return HEADER_BYTES + array + memory.load64(table + ENTRIES) * ENTRY_BYTES;
  }

  private empty(table: number, release: Release): void {
    const { memory, libc } = this;
    const array = memory.load64(table + ARRAY);
    const end = array + memory.load64(table + BUCKETS) * BUCKET_BYTES;
    for (let bucket = array; bucket < end; bucket += BUCKET_BYTES) {
      let entry = memory.load64(bucket);
      while (entry !== NULL) {
        const next = memory.load64(entry + NEXT);
        release(memory.load64(entry + KEY), memory.load64(entry + VALUE));
        libc.free(entry);
        entry = next;
      }
      memory.store64(bucket, NULL);
    }
  }

  /** Move the chains to an array that fits the number of entries. True as well when it fits already. */
  private rebuild(table: number): boolean {
    const { memory, libc } = this;
    const fitting = bucketsFor(memory.load64(table + ENTRIES));
    const buckets = memory.load64(table + BUCKETS);
    if (fitting === buckets) return true;
    const fresh = libc.malloc(fitting * BUCKET_BYTES);
    if (fresh === NULL) return false;
    memory.fill(fresh, 0, fitting * BUCKET_BYTES);
    const array = memory.load64(table + ARRAY);
    for (let index = 0; index < buckets; index++) {
      let entry = memory.load64(array + index * BUCKET_BYTES);
      while (entry !== NULL) {
        const next = memory.load64(entry + NEXT);
        const bucket = fresh + this.bucketOf(memory.load32(entry + HASH), fitting);
        memory.store64(entry + NEXT, memory.load64(bucket));
        memory.store64(bucket, entry);
        entry = next;
      }
    }
    memory.store64(table + BUCKETS, fitting);
    memory.store64(table + ARRAY, fresh);
    libc.free(array);
    return true;
  }

  /** Offset of a hash's bucket in an array of 2^k <= 2^32 buckets. */
  private bucketOf(hashLow: number, buckets: number): number {
    return ((hashLow & (buckets - 1)) >>> 0) * BUCKET_BYTES;
  }
}

/** Smallest power of two that is at least 2 / (LOW + HIGH) times the entries [hashtable_rehash]. */
function bucketsFor(entries: number): number {
  const wanted = Math.floor((entries * 2.0) / (LOW + HIGH));
  let buckets = BUCKETS_MIN;
  while (buckets < wanted) buckets *= 2;
  return buckets;
}

/** An entry as a spectator reads it. */
export interface TableEntry {
  readonly bucket: number;
  readonly hashLow: number;
  readonly key: number;
  readonly value: number;
}

/** A table read to the end by `reader`: in order of buckets, each chain from its head. */
export interface TableContents {
  /** Entries by the header's count. */
  readonly counted: number;
  readonly buckets: number;
  readonly entries: readonly TableEntry[];
  /** False: the header is senseless, or a chain longer than the count allows (a circle, or a wrong count); reading ended there. */
  readonly sound: boolean;
}

/** Neither this many buckets nor entries fit in a guest: a header that says so was overwritten. */
const READ_MAX = 2 ** 24;

export function readTable(reader: MemoryReader, table: number): TableContents {
  const counted = reader.load64(table + ENTRIES);
  const buckets = reader.load64(table + BUCKETS);
  const array = reader.load64(table + ARRAY);
  const entries: TableEntry[] = [];
  if (counted > READ_MAX || buckets > READ_MAX) return { counted, buckets, entries, sound: false };
  for (let bucket = 0; bucket < buckets; bucket++) {
    let entry = reader.load64(array + bucket * BUCKET_BYTES);
    for (; entry !== NULL; entry = reader.load64(entry + NEXT)) {
      if (entries.length > counted) return { counted, buckets, entries, sound: false };
      const key = reader.load64(entry + KEY);
      entries.push({ bucket, hashLow: reader.load32(entry + HASH), key, value: reader.load64(entry + VALUE) });
    }
  }
  return { counted, buckets, entries, sound: true };
}
