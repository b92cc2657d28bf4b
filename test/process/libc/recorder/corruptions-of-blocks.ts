/** Pointers that are no blocks, blocks freed twice, and sizes overwritten by what overflows into them. */
import { beyondTcache, type Corruption, chunkOf, FAST, LARGE, SMALL } from './corruption.ts';
import type { Script } from './script.ts';

const assertion = (where: string, block: string, arena: string): string =>
  `Fatal glibc error: malloc assertion failure in ${where}: ` +
  `!${block} || chunk_is_mmapped (mem2chunk (${block})) || ${arena} == arena_for_chunk (mem2chunk (${block}))`;
const OTHER_ARENA_ASSERTIONS = {
  malloc: assertion('__libc_malloc', 'victim', '&main_arena'),
  calloc: assertion('__libc_calloc', 'mem', 'av'),
  realloc: assertion('__libc_realloc', 'newp', 'ar_ptr'),
  memalign: assertion('_mid_memalign', 'p', '&main_arena'),
};

function nextSizeMessage(field: number): string | null {
  if ((field & 1) === 0) return 'double free or corruption (!prev)';
  return field === 0x11 ? null : 'free(): invalid next size (normal)';
}

export const BLOCK_CORRUPTIONS: readonly Corruption[] = [
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
