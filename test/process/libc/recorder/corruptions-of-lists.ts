/** The tcache and the fastbins: double frees, links that lead astray, counts and sizes that do not fit. */
import { beyondTcache, type Corruption, chunkOf, FAST, LARGE } from './corruption.ts';
import type { Script } from './script.ts';

/** Where the thread's cache lies as seen from the first block of the heap, and its tables within. */
const TCACHE_FROM_FIRST = -0x290;
const TCACHE_ENTRIES = 0x80;

function tcacheIndex(size: number): number {
  return Math.max(0, Math.ceil((size + 8 - 32) / 16));
}

export const LIST_CORRUPTIONS: readonly Corruption[] = [
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
  ...[7, 8].map((length) => ({
    name: `tcache-list-of-${length}`,
    message: length === 7 ? null : 'free(): too many chunks detected in tcache',
    write(script: Script) {
      // A block that bears the key, from another list, and is not found: the eighth entry is one too many.
      const [other, victim, ...cached] = script.mallocs(9, 64) as [number, number, ...number[]];
      script.emit('store', victim, -8, 0x61);
      script.emit('free', victim);
      script.emit('store', victim, -8, 0x51);
      for (const slot of cached) script.free(slot);
      if (length === 8) {
        script.emit('link', other, 0, 999, 0);
        script.emit('link', cached[0]!, 0, other, 0);
      }
      script.emit('free', victim);
    },
  })),
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
];
