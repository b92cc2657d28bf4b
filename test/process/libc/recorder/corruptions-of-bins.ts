/** Free chunks of the unsorted, small and large bins: their links, their sizes, and what their neighbours say of them. */
import { beyondTcache, type Corruption, chunkOf, LARGE, SMALL } from './corruption.ts';
import type { Script } from './script.ts';

export const BIN_CORRUPTIONS: readonly Corruption[] = [
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
];
