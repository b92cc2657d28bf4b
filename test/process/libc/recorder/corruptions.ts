/**
 * Programs that break the heap so that one check of the library finds it: each is named after the message it is meant to
 * reach, and `expected` says so, for the recording to be held against what the program's author wanted.
 *
 * A chunk's header lies 16 bytes before the block: at -16 the size of a free chunk before it, at -8 its own size and flags.
 */
import type { Script } from './script.ts';

export interface Corruption {
  readonly name: string;
  /** The line on the standard error stream, or the signal when there is none; null: the program carries on. */
  readonly message: string | null;
  readonly write: (script: Script) => void;
}

/** Where the thread's cache lies as seen from the first block of the heap, and its tables within. */
const TCACHE_FROM_FIRST = -0x290;
const TCACHE_ENTRIES = 0x80;

function tcacheIndex(size: number): number {
  return Math.max(0, Math.ceil((size + 8 - 32) / 16));
}

const TOP_ASSERTION =
  'Fatal glibc error: malloc assertion failure in sysmalloc: (old_top == initial_top (av) && old_size == 0) || ' +
  '((unsigned long) (old_size) >= MINSIZE && prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0)';

const assertion = (where: string, block: string, arena: string): string =>
  `Fatal glibc error: malloc assertion failure in ${where}: ` +
  `!${block} || chunk_is_mmapped (mem2chunk (${block})) || ${arena} == arena_for_chunk (mem2chunk (${block}))`;
const OTHER_ARENA_ASSERTIONS = {
  malloc: assertion('__libc_malloc', 'victim', '&main_arena'),
  calloc: assertion('__libc_calloc', 'mem', 'av'),
  realloc: assertion('__libc_realloc', 'newp', 'ar_ptr'),
  memalign: assertion('_mid_memalign', 'p', '&main_arena'),
};

const FAST = 40;
const SMALL = 200;
const LARGE = 1500;

/** Seven blocks in the tcache list of `size`, then `count` more of that size, still allocated, a guard behind each. */
function beyondTcache(script: Script, size: number, count: number): number[] {
  const cached = script.mallocs(7, size);
  script.malloc(24);
  const blocks: number[] = [];
  for (let index = 0; index < count; index++) {
    blocks.push(script.malloc(size));
    script.malloc(24);
  }
  for (const slot of cached) script.free(slot);
  return blocks;
}

function nextSizeMessage(field: number): string | null {
  if ((field & 1) === 0) return 'double free or corruption (!prev)';
  return field === 0x11 ? null : 'free(): invalid next size (normal)';
}

const chunkOf = (size: number): number => Math.max(32, (size + 8 + 15) & ~15);

export const CORRUPTIONS: readonly Corruption[] = [
  ...[8, 100, 1032].map((size) => ({
    name: `double-free-tcache-${size}`,
    message: 'free(): double free detected in tcache 2',
    write(script: Script) {
      const [first, second] = script.mallocs(2, size) as [number, number];
      script.free(first);
      script.free(second);
      script.emit('free', first);
    },
  })),
  {
    name: 'double-free-tcache-key-lost',
    message: null,
    write(script) {
      const slot = script.malloc(64);
      script.free(slot);
      script.emit('store', slot, 8, 0);
      script.emit('free', slot);
      script.malloc(64);
      script.malloc(64);
    },
  },
  {
    name: 'tcache-unaligned-in-list',
    message: 'free(): unaligned chunk detected in tcache 2',
    write(script) {
      const [first, second, third] = script.mallocs(3, 64) as [number, number, number];
      script.free(first);
      script.free(second);
      script.free(third);
      script.emit('link', third, 0, second, 8);
      script.emit('alias', 500, second, 8);
      script.emit('free', first);
    },
  },
  {
    name: 'tcache-too-many',
    message: 'free(): too many chunks detected in tcache',
    write(script) {
      const [guard, first, second, victim] = script.mallocs(4, 64) as [number, number, number, number];
      script.free(first);
      script.free(second);
      script.free(victim);
      script.emit('malloc', 500, 64);
      script.emit('link', first, 0, second, 0);
      // The key again on a block that is not in the list: copied by freeing it into another size's list.
      script.emit('store', victim, -8, 0x61);
      script.emit('free', victim);
      script.emit('store', victim, -8, 0x51);
      script.emit('free', victim);
      script.free(guard);
    },
  },
  {
    name: 'tcache-get-unaligned',
    message: 'malloc(): unaligned tcache chunk detected',
    write(script) {
      const [first, second] = script.mallocs(2, 64) as [number, number];
      script.free(first);
      script.free(second);
      script.emit('link', second, 0, first, 8);
      script.malloc(64);
      script.malloc(64);
    },
  },
  {
    name: 'tcache-entry-poisoned',
    message: null,
    write(script) {
      // The list leads into a live block: handed out twice, no check sees it.
      const [live, first, second] = script.mallocs(3, 64) as [number, number, number];
      script.free(first);
      script.free(second);
      script.emit('link', second, 0, live, 16);
      script.malloc(64);
      script.emit('malloc', 500, 64);
    },
  },
  {
    name: 'tcache-table-overwritten',
    message: 'malloc(): unaligned tcache chunk detected',
    write(script) {
      const first = script.malloc(64);
      script.free(script.malloc(64));
      script.emit('pointer', first, TCACHE_FROM_FIRST + TCACHE_ENTRIES + 8 * tcacheIndex(64), first, 4);
      script.malloc(64);
    },
  },
  {
    name: 'tcache-counts-overwritten',
    message: null,
    write(script) {
      const [first, second] = script.mallocs(2, 64) as [number, number];
      // The count says full: the block goes to its fastbin.
      script.emit('store8', first, TCACHE_FROM_FIRST + 2 * tcacheIndex(64), 7);
      script.emit('free', second);
      script.look();
      script.emit('store8', first, TCACHE_FROM_FIRST + 2 * tcacheIndex(64), 0);
      script.emit('malloc', 500, 64);
    },
  },
  ...[FAST, 120].map((size) => ({
    name: `double-free-fasttop-${size}`,
    message: 'double free or corruption (fasttop)',
    write(script: Script) {
      const [slot] = beyondTcache(script, size, 1) as [number];
      script.emit('free', slot);
      script.emit('free', slot);
    },
  })),
  {
    name: 'double-free-fast-not-top',
    message: null,
    write(script) {
      const [first, second] = beyondTcache(script, FAST, 2) as [number, number];
      script.emit('free', first);
      script.emit('free', second);
      script.emit('free', first);
      for (let index = 0; index < 7; index++) script.emit('malloc', 500 + index, FAST);
      script.emit('malloc', 600, FAST);
      script.emit('malloc', 601, FAST);
      script.emit('malloc', 602, FAST);
    },
  },
  ...[1, 4, 8, 12, 15].map((delta) => ({
    name: `free-invalid-pointer-${delta}`,
    message: 'free(): invalid pointer',
    write(script: Script) {
      const slot = script.malloc(100);
      script.emit('alias', 500, slot, delta);
      script.emit('store', slot, delta - 8, 0x41);
      script.emit('free', 500);
    },
  })),
  {
    name: 'free-invalid-pointer-wraps',
    message: 'free(): invalid pointer',
    write(script) {
      const slot = script.malloc(100);
      script.emit('store', slot, -8, '0xfffffffffffffff1');
      script.emit('free', slot);
    },
  },
  ...[0, 1, 0x11, 0x19, 0x29].map((field) => ({
    name: `free-invalid-size-${field}`,
    // No size at all makes the block seem to wrap around the end of memory.
    message: field < 0x10 ? 'free(): invalid pointer' : 'free(): invalid size',
    write(script: Script) {
      const slot = script.malloc(100);
      script.malloc(24);
      script.emit('store', slot, -8, field);
      script.emit('free', slot);
    },
  })),
  {
    name: 'free-inside-a-block',
    message: 'free(): invalid pointer',
    write(script) {
      const slot = script.malloc(100);
      script.emit('fill', slot, 0, 100, 0);
      script.emit('alias', 500, slot, 32);
      script.emit('free', 500);
    },
  },
  {
    name: 'free-inside-a-block-looking-real',
    message: null,
    write(script) {
      const slot = script.malloc(200);
      script.emit('store', slot, 24, 0x51);
      script.emit('alias', 500, slot, 32);
      script.emit('free', 500);
      script.emit('malloc', 501, 64);
    },
  },
  ...[0, 8, 0x10, 0x21000, 0x100000].map((field) => ({
    name: `free-invalid-next-size-fast-${field}`,
    message: field === 0x10 || field < 0x10 || field >= 0x21000 ? 'free(): invalid next size (fast)' : null,
    write(script: Script) {
      const [slot] = beyondTcache(script, FAST, 1) as [number];
      script.emit('store', slot, chunkOf(FAST) - 8, field);
      script.emit('free', slot);
    },
  })),
  ...[0, 1, 0x11, 0x21001, 0x100001].map((field) => ({
    name: `free-next-size-normal-${field}`,
    // 0x11 is too small for a chunk, but the flag in it makes the library's comparison pass.
    message: nextSizeMessage(field),
    write(script: Script) {
      const slot = script.malloc(LARGE);
      script.malloc(24);
      script.emit('store', slot, chunkOf(LARGE) - 8, field);
      script.emit('free', slot);
    },
  })),
  {
    name: 'invalid-fastbin-entry-free',
    message: 'invalid fastbin entry (free)',
    write(script) {
      // Checked only when a part is freed from within: here the rest of a block that realloc shrinks.
      const long = script.malloc(312);
      const [slot] = beyondTcache(script, FAST, 1) as [number];
      script.emit('free', slot);
      script.emit('store', slot, -8, 0x51);
      script.emit('realloc', long, 312 - chunkOf(FAST));
    },
  },
  {
    name: 'double-free-top',
    message: 'double free or corruption (top)',
    write(script) {
      const slot = script.malloc(LARGE);
      script.emit('free', slot);
      script.emit('free', slot);
    },
  },
  {
    name: 'double-free-out',
    message: 'double free or corruption (out)',
    write(script) {
      const slot = script.malloc(LARGE);
      script.malloc(24);
      script.emit('store', slot, -8, 0x40001);
      script.emit('free', slot);
    },
  },
  ...[SMALL, LARGE, 30_000].map((size) => ({
    name: `double-free-prev-${size}`,
    message: 'double free or corruption (!prev)',
    write(script: Script) {
      const [slot] = beyondTcache(script, size, 1) as [number];
      script.emit('free', slot);
      script.emit('free', slot);
    },
  })),
  {
    name: 'consolidate-backward-wrong-size',
    message: 'corrupted size vs. prev_size while consolidating',
    write(script) {
      const [first] = beyondTcache(script, LARGE, 1) as [number];
      const behind = script.malloc(LARGE);
      script.malloc(24);
      script.emit('free', first);
      // The block behind claims a free neighbour that is smaller than what lies there.
      script.emit('store', behind, -8, chunkOf(LARGE));
      script.emit('store', behind, -16, 0x40);
      script.emit('store', behind, -0x48, 0x61);
      script.emit('free', behind);
    },
  },
  {
    name: 'unlink-wrong-prev-size',
    message: 'corrupted size vs. prev_size',
    write(script) {
      const first = script.malloc(LARGE);
      const second = script.malloc(LARGE);
      script.malloc(24);
      script.emit('free', second);
      script.emit('store', second, chunkOf(LARGE) - 16, 0x500);
      script.emit('free', first);
    },
  },
  {
    name: 'unlink-corrupted-list',
    message: 'corrupted double-linked list',
    write(script) {
      const first = script.malloc(LARGE);
      const second = script.malloc(LARGE);
      const guard = script.malloc(240);
      script.emit('free', second);
      script.emit('pointer', second, 0, guard, 0);
      script.emit('free', first);
    },
  },
  {
    name: 'unlink-corrupted-not-small',
    message: 'corrupted double-linked list (not small)',
    write(script) {
      const first = script.malloc(LARGE);
      const second = script.malloc(LARGE);
      const guard = script.malloc(240);
      script.emit('free', second);
      script.malloc(6000);
      script.emit('pointer', second, 16, guard, 0);
      script.emit('free', first);
    },
  },
  ...[
    { name: 'zero', field: 0, message: 'malloc(): invalid size (unsorted)' },
    { name: 'tiny', field: 0x11, message: 'malloc(): invalid size (unsorted)' },
    { name: 'huge', field: 0x80001, message: 'malloc(): invalid size (unsorted)' },
    { name: 'short', field: 0x301, message: 'malloc(): invalid next size (unsorted)' },
  ].map(({ name, field, message }) => ({
    name: `unsorted-size-${name}`,
    message,
    write(script: Script) {
      const slot = script.malloc(LARGE);
      script.malloc(24);
      script.emit('fill', slot, 0, LARGE, 0);
      script.emit('free', slot);
      script.emit('store', slot, -8, field);
      script.malloc(3000);
    },
  })),
  {
    name: 'unsorted-prev-size',
    message: 'malloc(): mismatching next->prev_size (unsorted)',
    write(script) {
      const slot = script.malloc(LARGE);
      script.malloc(24);
      script.emit('free', slot);
      script.emit('store', slot, chunkOf(LARGE) - 16, 0x500);
      script.malloc(3000);
    },
  },
  {
    name: 'unsorted-prev-inuse',
    message: 'malloc(): invalid next->prev_inuse (unsorted)',
    write(script) {
      const slot = script.malloc(LARGE);
      script.malloc(24);
      script.emit('free', slot);
      script.emit('store', slot, chunkOf(LARGE) - 8, 0x21);
      script.malloc(3000);
    },
  },
  ...[
    { where: 0, name: 'fd' },
    { where: 8, name: 'bk' },
  ].map(({ where, name }) => ({
    name: `unsorted-list-${name}`,
    message: 'malloc(): unsorted double linked list corrupted',
    write(script: Script) {
      const slot = script.malloc(LARGE);
      const guard = script.malloc(240);
      script.emit('fill', guard, 0, 240, 0);
      script.emit('free', slot);
      script.emit('pointer', slot, where, guard, 0);
      script.malloc(3000);
    },
  })),
  {
    name: 'free-corrupted-unsorted',
    message: 'free(): corrupted unsorted chunks',
    write(script) {
      const [first, second] = beyondTcache(script, LARGE, 2) as [number, number];
      script.emit('free', first);
      script.emit('pointer', first, 8, second, 0);
      script.emit('free', second);
    },
  },
  ...[
    { where: 0, size: 3000, name: 'after-split' },
    { where: 8, size: 1000, name: 'bk' },
  ].map(({ where, size, name }) => ({
    name: `unsorted-second-${name}`,
    message: 'malloc(): unsorted double linked list corrupted',
    write(script: Script) {
      // One chunk lies sorted, the other one's links are broken.
      const [first, second] = beyondTcache(script, 5000, 2) as [number, number];
      script.emit('free', first);
      script.malloc(9000);
      script.emit('free', second);
      script.emit('pointer', second, where, first, -16);
      script.emit('malloc', 500, size);
      script.emit('malloc', 501, 600);
    },
  })),
  ...[
    { name: 'best-fit', size: 1030, message: 'malloc(): corrupted unsorted chunks' },
    { name: 'bigger-bin', size: 200, message: 'malloc(): corrupted unsorted chunks 2' },
  ].map(({ name, size, message }) => ({
    name: `unsorted-beyond-10000-${name}`,
    message,
    write(script: Script) {
      // Of so many unsorted chunks some stay so: the rest of a split chunk meets the youngest one, whose link is broken.
      script.emit('mallocs', 1000, 20_200, 1056);
      script.emit('frees', 1000, 10_100, 2);
      script.emit('pointer', 1000 + 2 * 10_099, 8, 1001, 0);
      script.emit('malloc', 900, size);
    },
  })),
  {
    name: 'smallbin-list',
    message: 'malloc(): smallbin double linked list corrupted',
    write(script) {
      const cached = script.mallocs(7, SMALL);
      const [slot, guard] = [script.malloc(SMALL), script.malloc(240)];
      for (const each of cached) script.free(each);
      script.emit('free', slot);
      script.malloc(3000);
      script.mallocs(7, SMALL);
      script.emit('fill', guard, 0, 240, 0);
      script.emit('pointer', slot, 8, guard, 0);
      script.malloc(SMALL);
    },
  },
  ...[
    { where: 24, name: 'nextsize' },
    { where: 8, name: 'bk' },
  ].map(({ where, name }) => ({
    name: `largebin-insert-${name}`,
    message: `malloc(): largebin double linked list corrupted (${name})`,
    write(script: Script) {
      const small = script.malloc(1544);
      script.malloc(240);
      const large = script.malloc(1560);
      const guard = script.malloc(240);
      script.emit('fill', guard, 0, 240, 0);
      script.emit('free', small);
      script.malloc(6000);
      script.emit('free', large);
      script.emit('pointer', small, where, guard, 0);
      script.malloc(6000);
    },
  })),
  ...[FAST, 24].map((size) => ({
    name: `fastbin-get-wrong-size-${size}`,
    message: 'malloc(): memory corruption (fast)',
    write(script: Script) {
      const [slot] = beyondTcache(script, size, 1) as [number];
      script.emit('free', slot);
      script.emit('store', slot, -8, 0x71);
      script.mallocs(7, size);
      script.malloc(size);
    },
  })),
  {
    name: 'fastbin-get-unaligned-2',
    message: 'malloc(): unaligned fastbin chunk detected 2',
    write(script) {
      // Nine in the list: one is given, seven stock the tcache, and the broken link of the last becomes the head.
      const blocks = beyondTcache(script, FAST, 9);
      for (const slot of blocks) script.emit('free', slot);
      script.emit('link', blocks[1]!, 0, blocks[0]!, -8);
      script.mallocs(7 + 1 + 7, FAST);
      script.malloc(FAST);
    },
  },
  {
    name: 'fastbin-stock-unaligned-3',
    message: 'malloc(): unaligned fastbin chunk detected 3',
    write(script) {
      const blocks = beyondTcache(script, FAST, 3) as [number, number, number];
      for (const slot of blocks) script.emit('free', slot);
      script.mallocs(7, FAST);
      script.emit('link', blocks[1], 0, blocks[0], -4);
      script.emit('malloc', 500, FAST);
      script.emit('malloc', 501, FAST);
    },
  },
  {
    name: 'consolidate-unaligned',
    message: 'malloc_consolidate(): unaligned fastbin chunk detected',
    write(script) {
      const [first, second] = beyondTcache(script, FAST, 2) as [number, number];
      script.emit('free', first);
      script.emit('free', second);
      script.emit('link', second, 0, first, -8);
      script.malloc(2000);
    },
  },
  {
    name: 'consolidate-invalid-size',
    message: 'malloc_consolidate(): invalid chunk size',
    write(script) {
      const [slot] = beyondTcache(script, FAST, 1) as [number];
      script.emit('free', slot);
      script.emit('store', slot, -8, 0x51);
      script.malloc(2000);
    },
  },
  {
    name: 'consolidate-previous',
    message: 'corrupted size vs. prev_size in fastbins',
    write(script) {
      const cached = script.mallocs(7, FAST);
      const before = script.malloc(LARGE);
      const slot = script.malloc(FAST);
      script.malloc(24);
      for (const each of cached) script.free(each);
      script.emit('free', before);
      script.emit('free', slot);
      script.emit('store', slot, -16, 0x40);
      script.emit('store', slot, -0x48, 0x61);
      script.malloc(2000);
    },
  },
  {
    name: 'info-unaligned',
    message: 'int_mallinfo(): unaligned fastbin chunk detected',
    write(script) {
      const [first, second] = beyondTcache(script, FAST, 2) as [number, number];
      script.emit('free', first);
      script.emit('free', second);
      script.emit('link', second, 0, first, -8);
      script.emit('info');
    },
  },
  ...['0xffffffffffffffff', '0x1000001', '0x21011', '0x21001'].map((field) => ({
    name: `top-size-${field}`,
    // As large as the whole heap is still believed.
    message: field === '0x21001' ? null : 'malloc(): corrupted top size',
    write(script: Script) {
      const slot = script.malloc(100);
      script.emit('store', slot, chunkOf(100) - 8, field);
      script.malloc(3000);
    },
  })),
  ...[0x21, 0xc01].map((field) => ({
    name: `top-assertion-${field}`,
    // The top is too small, and does not end at a page.
    message: TOP_ASSERTION,
    write(script: Script) {
      const slot = script.malloc(100);
      script.emit('store', slot, chunkOf(100) - 8, field);
      script.malloc(5000);
    },
  })),
  ...[0x300, 0x80, 0x9c0].map((left) => ({
    name: `top-shrunk-to-page-${left}`,
    message: null,
    write(script: Script) {
      // Small but plausible: the library believes that others moved the break, fences the old top and frees it.
      const size = 0x1000 - left - 0x290 - 8;
      const slot = script.malloc(size);
      script.emit('store', slot, size, left + 1);
      script.malloc(5000);
      script.look();
      script.malloc(left - 0x40);
    },
  })),
  {
    name: 'break-moved-back',
    message: 'break adjusted to free malloc space',
    write(script) {
      script.malloc(100);
      script.emit('sbrk', -8192);
      script.malloc(120_000);
      script.malloc(120_000);
    },
  },
  ...[
    { where: -8, value: 0x30ff2, name: 'size' },
    { where: -16, value: 8, name: 'gap' },
    { where: -8, value: 0x30012, name: 'short' },
  ].flatMap(({ where, value, name }) => [
    {
      name: `munmap-${name}`,
      message: 'munmap_chunk(): invalid pointer',
      write(script: Script) {
        const slot = script.malloc(200_000);
        script.emit('store', slot, where, value);
        script.emit('free', slot);
      },
    },
    {
      name: `mremap-${name}`,
      message: 'mremap_chunk(): invalid pointer',
      write(script: Script) {
        const slot = script.malloc(200_000);
        script.emit('store', slot, where, value);
        script.emit('realloc', slot, 400_000);
      },
    },
  ]),
  {
    name: 'munmap-flag-on-heap-block',
    message: 'munmap_chunk(): invalid pointer',
    write(script) {
      const slot = script.malloc(100);
      script.emit('store', slot, -8, 0x73);
      script.emit('free', slot);
    },
  },
  ...[4, 8].map((delta) => ({
    name: `realloc-invalid-pointer-${delta}`,
    message: 'realloc(): invalid pointer',
    write(script: Script) {
      const slot = script.malloc(100);
      script.emit('store', slot, delta - 8, 0x41);
      script.emit('alias', 500, slot, delta);
      script.emit('realloc', 500, 200);
    },
  })),
  ...[0x10, 0x40001].map((field) => ({
    name: `realloc-old-size-${field}`,
    message: 'realloc(): invalid old size',
    write(script: Script) {
      const slot = script.malloc(100);
      script.malloc(24);
      script.emit('store', slot, -8, field);
      script.emit('realloc', slot, 200);
    },
  })),
  ...[0x10, 0x40001].map((field) => ({
    name: `realloc-next-size-${field}`,
    message: 'realloc(): invalid next size',
    write(script: Script) {
      const slot = script.malloc(100);
      script.malloc(24);
      script.emit('store', slot, chunkOf(100) - 8, field);
      script.emit('realloc', slot, 200);
    },
  })),
  ...[
    { name: 'grown', field: 0x91 },
    { name: 'shrunk', field: 0x51 },
  ].map(({ name, field }) => ({
    name: `overflow-${name}`,
    message: null,
    write(script: Script) {
      // The classic: one byte past the end changes the neighbour's size; it is freed and given out as something else.
      const [first, second] = script.mallocs(2, 104) as [number, number];
      script.malloc(104);
      script.emit('store8', first, 104, field);
      script.emit('free', second);
      script.emit('malloc', 500, 104);
      script.emit('malloc', 501, field - 9);
    },
  })),
  ...[SMALL, LARGE].map((size) => ({
    name: `null-byte-${size}`,
    // The block in front is no free chunk: its bytes are taken for links.
    message: 'SIGSEGV',
    write(script: Script) {
      // A terminating zero past the end clears the neighbour's "previous in use".
      const first = script.malloc(size);
      const second = script.malloc(0x4f8);
      script.malloc(24);
      script.emit('store8', first, chunkOf(size) - 8, 0);
      script.emit('store', first, chunkOf(size) - 16, chunkOf(size));
      script.emit('free', second);
    },
  })),
  ...[
    { name: 'tcache', size: 100, message: null },
    { name: 'normal', size: LARGE, message: 'SIGSEGV' },
  ].flatMap(({ name, size, message }) => [
    {
      // The block claims to be of a thread's arena, which would be named at the multiple of 64 MiB below: there is none.
      name: `other-arena-free-${name}`,
      message,
      write(script: Script) {
        const slot = script.malloc(size);
        script.malloc(24);
        script.emit('store', slot, -8, chunkOf(size) + 5);
        script.emit('free', slot);
        script.emit('malloc', 500, size);
      },
    },
    {
      name: `other-arena-realloc-${name}`,
      message: 'SIGSEGV',
      write(script: Script) {
        const slot = script.malloc(size);
        script.malloc(24);
        script.emit('store', slot, -8, chunkOf(size) + 5);
        script.emit('realloc', slot, 2 * size);
      },
    },
  ]),
  ...(['malloc', 'calloc', 'realloc', 'memalign'] as const).map((call) => ({
    name: `other-arena-${call}`,
    message: OTHER_ARENA_ASSERTIONS[call],
    write(script: Script) {
      // A free chunk claims it, and fits exactly.
      const size = 1096;
      const whole = call === 'memalign' ? chunkOf(size) + 64 + 32 : size;
      const [small] = script.mallocs(2, 24) as [number];
      const [slot] = beyondTcache(script, whole, 1) as [number];
      script.emit('free', slot);
      script.emit('store', slot, -8, chunkOf(whole) + 5);
      if (call === 'malloc') script.emit('malloc', 500, size);
      else if (call === 'calloc') script.emit('calloc', 500, 1, size);
      else if (call === 'memalign') script.emit('memalign', 500, 64, size);
      else script.emit('realloc', small, size);
    },
  })),
];
