/** An arena allocator that refuses: a program's own host allocator, not one that comes with the machine. */
import type { HostArenaAllocator } from '../../../src/process/python/host-functions.ts';

/** How often arenas were refused in all: a figure for suites, which no program sees. */
export const REFUSED = { arenas: 0 };

/** Refuses every n-th arena: words n, requests. */
export const stingyArena: HostArenaAllocator = {
  name: 'stingy-arena',
  about: 'refuses every n-th arena',
  words: 2,
  alloc(call, bytes) {
    call.setWord(1, call.word(1) + 1);
    if (call.word(1) % Math.max(1, call.word(0)) !== 0) return call.lower.alloc(bytes);
    REFUSED.arenas++;
    return 0;
  },
  free: (call, address, bytes) => call.lower.free(address, bytes),
};
