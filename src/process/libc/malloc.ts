/**
 * malloc(3) of the C library: glibc 2.36 on x86-64, one thread, the main arena [malloc/malloc.c].
 *
 *     malloc --> tcache --> arena (allocate.ts) --> system (grow.ts, mapped.ts)
 *     free   --> tcache --> arena (release.ts)  --> system (trim.ts)
 *
 * Placement, reuse and complaints are those of the real library. What it draws at random, the key of the tcache, is fixed
 * here. errno is not kept: a refused request is NULL.
 */
import {
  type Allocator,
  type HeapRegion,
  NULL,
  PTRDIFF_MAX,
  productOf,
  type Size,
  type WalkableHeap,
} from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { alignmentFor, allocateAligned } from './align.ts';
import { allocate } from './allocate.ts';
import { assertionFailed } from './failure.ts';
import { figuresOf, type MallocFigures, statisticsOf } from './figures.ts';
import {
  ALIGNMENT,
  CHUNK_MIN,
  chunkFor,
  chunkSize,
  HEADER_BYTES,
  INEXACT,
  IS_MMAPPED,
  isPreviousInUse,
  NON_MAIN_ARENA,
  nextChunk,
  PREV_INUSE,
  SIZE,
  TCACHE_CHUNK_MAX,
  TCACHE_FILL,
  TCACHE_REQUEST_MAX,
  WORD_BYTES,
  withoutFlags,
} from './layout.ts';
import { releaseMapped } from './mapped.ts';
import { setOption } from './options.ts';
import { releaseToCache, releaseUncached } from './release.ts';
import { checkOld, resizeChunk, resizeMapped } from './resize.ts';
import { brokenRulesOf } from './rules.ts';
import { Arena, initialize, MAX_SYSTEM_MEM, PERTURB, SBRK_BASE, SYSTEM_MEM, TOP } from './state.ts';
import { putCached, TCACHE_BYTES, TCACHE_KEY, takeCached } from './tcache.ts';
import { trimAll } from './trim.ts';
import { regionsOf } from './walk.ts';

export { LIBC_STATE_BYTES } from './state.ts';

/** HEAP_MAX_SIZE: where the heaps of other arenas begin. */
const HEAP_BYTES = 64 * 1024 * 1024;
const EINVAL = 22;
const ENOMEM = 12;

/** Whose assertion it is, and what it calls its variables. */
interface Site {
  readonly where: string;
  readonly name: string;
  readonly arena: string;
}
const IN_MALLOC: Site = { where: '__libc_malloc', name: 'victim', arena: '&main_arena' };
const IN_CALLOC: Site = { where: '__libc_calloc', name: 'mem', arena: 'av' };
const IN_REALLOC: Site = { where: '__libc_realloc', name: 'newp', arena: 'ar_ptr' };
const IN_MEMALIGN: Site = { where: '_mid_memalign', name: 'p', arena: '&main_arena' };

export class LibcMalloc implements Allocator, WalkableHeap {
  private readonly memory: ProgramMemory;
  private readonly arena: Arena;

  /** `state`: LIBC_STATE_BYTES of zeroed memory, aligned to 16; set up by the first call. */
  constructor(memory: ProgramMemory, state: number) {
    this.memory = memory;
    this.arena = new Arena(memory, state);
  }

  malloc(size: Size): number {
    if (typeof size === 'number' && size <= TCACHE_REQUEST_MAX) {
      const { memory } = this;
      const tcache = memory.load64(this.arena.tcache);
      if (tcache !== 0) {
        const index = size <= 24 ? 0 : ((size + 23) >>> 4) - 2;
        const count = memory.load16(tcache + 2 * index);
        if (count > 0) return takeCached(this.arena, tcache, index, count);
      }
    }
    return this.mallocFromArena(size);
  }

  free(address: number): void {
    if (address === NULL) return;
    const { memory, arena } = this;
    const head = memory.load64(address - WORD_BYTES);
    // What release() does with most chunks: of a size that the tcache takes, flagged P at most, not freed before.
    if (head >= CHUNK_MIN && head <= TCACHE_CHUNK_MAX + PREV_INUSE && (head & 14) === 0 && (address & 15) === 0) {
      const tcache = memory.load64(arena.tcache);
      if (tcache !== 0 && memory.load64(address + WORD_BYTES) !== TCACHE_KEY) {
        const index = (head >>> 4) - 2;
        const count = memory.load16(tcache + 2 * index);
        if (count < TCACHE_FILL) putCached(arena, tcache, index, count, address);
        else releaseUncached(arena, address - HEADER_BYTES, head - (head & PREV_INUSE), false);
        return;
      }
    }
    this.freeCarefully(address, head);
  }

  calloc(count: Size, size: Size): number {
    const bytes = productOf(count, size);
    if (bytes > PTRDIFF_MAX) return NULL;
    const { memory, arena } = this;
    const { at } = arena;
    initialize(arena);
    if (memory.load64(arena.tcache) === 0) this.makeCache();
    const oldTop = memory.load64(at + TOP);
    // What top holds was used before, up to where the heap has ever reached; only beyond are the system's zeros.
    const reached = memory.load64(at + SBRK_BASE) + memory.load64(at + MAX_SYSTEM_MEM) - oldTop;
    const oldTopSize = Math.max(chunkSize(memory, oldTop), reached < 0 ? Number.POSITIVE_INFINITY : reached);
    const payload = allocate(arena, Number(bytes), chunkFor(bytes));
    this.checkArena(payload, IN_CALLOC);
    if (payload === NULL) return NULL;
    const chunk = payload - HEADER_BYTES;
    const head = memory.load64(chunk + SIZE);
    const isPerturbed = memory.load32(at + PERTURB) !== 0;
    if ((head & IS_MMAPPED) !== 0) {
      if (isPerturbed) memory.fill(payload, 0, Number(bytes));
      return payload;
    }
    let dirty = head - (head & 7);
    if (!isPerturbed && chunk === oldTop && dirty > oldTopSize) dirty = oldTopSize;
    memory.fill(payload, 0, dirty - WORD_BYTES);
    return payload;
  }

  /** `size` 0 frees. */
  realloc(address: number, size: Size): number {
    initialize(this.arena);
    if (address === NULL) return this.malloc(size);
    if (size === 0) {
      this.free(address);
      return NULL;
    }
    const { memory } = this;
    const head = memory.load64(address - WORD_BYTES);
    const flags = head < INEXACT ? head : memory.load8(address - WORD_BYTES);
    if ((flags & IS_MMAPPED) !== 0) return resizeMapped(this.arena, this, address, size);
    if (memory.load64(this.arena.tcache) === 0) this.makeCache();
    const owner = (flags & NON_MAIN_ARENA) === 0 ? this.arena.at : this.findArena(address - HEADER_BYTES);
    checkOld(this.arena, address - HEADER_BYTES);
    const chunkBytes = chunkFor(size);
    if (chunkBytes < 0) return NULL;
    this.enterArena(owner);
    const payload = resizeChunk(this.arena, address - HEADER_BYTES, chunkBytes);
    this.checkArena(payload, IN_REALLOC);
    return payload;
  }

  /** malloc_usable_size(3). */
  usableSize(address: number): number {
    if (address === NULL) return 0;
    const { memory } = this;
    const chunk = address - HEADER_BYTES;
    const size = chunkSize(memory, chunk);
    if ((memory.load8(chunk + SIZE) & IS_MMAPPED) !== 0) return size - HEADER_BYTES;
    return isPreviousInUse(memory, nextChunk(memory, chunk)) ? size - WORD_BYTES : 0;
  }

  /** memalign(3), and aligned_alloc(3), which is the same: an alignment that is no power of two is raised to one. */
  memalign(alignment: Size, size: Size): number {
    initialize(this.arena);
    if (alignment <= ALIGNMENT) return this.malloc(size);
    const power = alignmentFor(alignment);
    if (power < 0) return NULL;
    const payload = allocateAligned(this.arena, power, size);
    this.checkArena(payload, IN_MEMALIGN);
    return payload;
  }

  /** posix_memalign(3): stores the address at `target`. 0, EINVAL or ENOMEM. */
  posixMemalign(target: number, alignment: number, size: Size): number {
    const words = alignment / WORD_BYTES;
    if (alignment === 0 || !Number.isInteger(words) || 2 ** Math.round(Math.log2(words)) !== words) return EINVAL;
    const payload = this.memalign(alignment, size);
    if (payload === NULL) return ENOMEM;
    this.memory.store64(target, payload);
    return 0;
  }

  /** malloc_trim(3): 1 if memory went back to the system. */
  mallocTrim(pad: number): 0 | 1 {
    initialize(this.arena);
    return trimAll(this.arena, pad);
  }

  /** mallopt(3); parameters M_… are in options.ts, values are ints. 1: done. */
  mallopt(parameter: number, value: number): 0 | 1 {
    return setOption(this.arena, parameter, value);
  }

  mallinfo2(): MallocFigures {
    initialize(this.arena);
    return figuresOf(this.arena);
  }

  /** The text that malloc_stats(3) prints on stderr. */
  mallocStats(): string {
    initialize(this.arena);
    return statisticsOf(this.arena);
  }

  /**
   * The heap, piece by piece, and the mapped chunks whose payloads are in `mapped`: glibc itself keeps no list of those.
   */
  regions(reader: MemoryReader, mapped: readonly number[] = []): HeapRegion[] {
    return regionsOf(reader, this.arena.at, this.memory.pageBytes, mapped);
  }

  brokenRules(reader: MemoryReader): string[] {
    return brokenRulesOf(reader, this.arena.at, this.memory.pageBytes);
  }

  /** malloc when the tcache has nothing, or is not there yet. */
  private mallocFromArena(size: Size): number {
    const { memory, arena } = this;
    initialize(arena);
    const chunkBytes = chunkFor(size);
    if (chunkBytes < 0) return NULL;
    if (memory.load64(arena.tcache) === 0) this.makeCache();
    const payload = allocate(arena, Number(size), chunkBytes);
    this.checkArena(payload, IN_MALLOC);
    return payload;
  }

  private freeCarefully(address: number, head: number): void {
    const { memory, arena } = this;
    const flags = head < INEXACT ? head : memory.load8(address - WORD_BYTES);
    if ((flags & IS_MMAPPED) !== 0) {
      releaseMapped(arena, address - HEADER_BYTES);
      return;
    }
    if (memory.load64(arena.tcache) === 0) this.makeCache();
    const chunk = address - HEADER_BYTES;
    const owner = (flags & NON_MAIN_ARENA) === 0 ? arena.at : this.findArena(chunk);
    const size = withoutFlags(head);
    if (releaseToCache(arena, chunk, size)) return;
    this.enterArena(owner);
    releaseUncached(arena, chunk, size, false);
  }

  /** tcache_init. Without memory for it there is none, and the next call tries again. */
  private makeCache(): void {
    const { memory, arena } = this;
    initialize(arena);
    const cache = allocate(arena, TCACHE_BYTES, chunkFor(TCACHE_BYTES));
    if (cache === NULL) return;
    memory.store64(arena.tcache, cache);
    memory.fill(cache, 0, TCACHE_BYTES);
  }

  /** arena_for_chunk of a chunk with A set: the word where the heap of another arena would begin. Most often a fault. */
  private findArena(chunk: number): number {
    return this.memory.load64(chunk - (chunk % HEAP_BYTES));
  }

  /**
   * glibc works on whatever arena the word there leads to, and looks at its system_mem before anything else. None but the
   * main arena exists here, so that is most often a fault, too; if it is not, the main arena stands in.
   */
  private enterArena(owner: number): void {
    if (owner !== this.arena.at) this.memory.load64(owner + SYSTEM_MEM);
  }

  /** What is handed out is of the main arena, or mapped: an overflow into a free chunk's size can make it look not so. */
  private checkArena(payload: number, site: Site): void {
    if (payload === NULL) return;
    const chunk = payload - HEADER_BYTES;
    const flags = this.memory.load8(chunk + SIZE);
    if ((flags & (IS_MMAPPED | NON_MAIN_ARENA)) !== NON_MAIN_ARENA) return;
    if (this.findArena(chunk) === this.arena.at) return;
    const { where, name, arena } = site;
    const chunkOf = `mem2chunk (${name})`;
    assertionFailed(
      this.memory,
      where,
      `!${name} || chunk_is_mmapped (${chunkOf}) || ${arena} == arena_for_chunk (${chunkOf})`,
    );
  }
}
