/** Where the heap meets the system, top and mapped chunks; and what realloc finds. */
import { type Corruption, chunkOf, LARGE } from './corruption.ts';
import type { Script } from './script.ts';

const TOP_ASSERTION =
  'Fatal glibc error: malloc assertion failure in sysmalloc: (old_top == initial_top (av) && old_size == 0) || ' +
  '((unsigned long) (old_size) >= MINSIZE && prev_inuse (old_top) && ((unsigned long) old_end & (pagesize - 1)) == 0)';

export const EDGE_CORRUPTIONS: readonly Corruption[] = [
  {
    name: 'top-size-wraps-free',
    message: 'double free or corruption (out)',
    write(script) {
      // Top is said to end before it begins: every block lies behind it.
      const slot = script.malloc(LARGE);
      const last = script.malloc(24);
      script.emit('store', last, 24, '0xfffffffffffff001');
      script.emit('free', slot);
    },
  },
  {
    name: 'top-size-wraps-figures',
    message: null,
    write(script) {
      const slot = script.malloc(100);
      script.emit('free', script.malloc(LARGE));
      script.emit('store', slot, 104, '0xfffffffffffff001');
      script.look();
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
];
