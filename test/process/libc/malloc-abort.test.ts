/** What malloc says when it finds its bytes changed under it: each message of glibc 2.36 and what brings it about. */
import { describe, expect, it } from 'vitest';
import { protect } from '../../../src/process/libc/layout.ts';
import { type MallocMachine, mallocMachine } from './malloc-machine.ts';

interface Guest extends MallocMachine {
  /** So many blocks of a size. */
  blocks(count: number, size: number): number[];
  free(...blocks: number[]): void;
  /** A word of a block, counted from its payload: -8 is its size field. */
  poke(block: number, offset: number, value: number | bigint): void;
}

function guest(): Guest {
  const machine = mallocMachine();
  return {
    ...machine,
    blocks: (count, size) => Array.from({ length: count }, () => machine.libc.malloc(size)),
    free: (...blocks) => {
      for (const block of blocks) machine.libc.free(block);
    },
    poke: (block, offset, value) => machine.memory.storeBig(block + offset, BigInt(value)),
  };
}

/** Two chunks of a large bin's size and a chunk between them and all else; the first is sorted into its bin. */
function largeAndUnsorted(on: Guest): [number, number, number] {
  const [large] = on.blocks(1, 1976);
  const [fence] = on.blocks(1, 24);
  const [other] = on.blocks(1, 2000);
  on.blocks(1, 24);
  on.free(large!);
  on.blocks(1, 3000);
  on.free(other!);
  return [large!, other!, fence!];
}

/** Chunks of 32 bytes of which the last `count` are in the fastbin, the tcache being full; the tcache is emptied again. */
function fast(on: Guest, count: number): number[] {
  const blocks = on.blocks(7 + count + 1, 24);
  on.free(...blocks.slice(0, 7 + count));
  on.blocks(7, 24);
  return blocks.slice(7, 7 + count);
}

const CASES: Readonly<Record<string, readonly ((on: Guest) => void)[]>> = {
  'free(): double free detected in tcache 2': [
    (on) => {
      const [block] = on.blocks(1, 24);
      on.free(block!, block!);
    },
  ],
  'free(): too many chunks detected in tcache': [
    (on) => {
      const blocks = on.blocks(9, 24);
      on.free(...blocks.slice(0, 7));
      on.poke(blocks[0]!, 0, protect(blocks[0]!, blocks[1]!));
      on.poke(blocks[8]!, 8, on.memory.loadBig(blocks[0]! + 8));
      on.free(blocks[8]!);
    },
  ],
  'free(): unaligned chunk detected in tcache 2': [
    (on) => {
      const [one, two] = on.blocks(2, 24);
      on.free(one!, two!);
      on.poke(two!, 0, 3);
      on.free(one!);
    },
  ],
  'malloc(): unaligned tcache chunk detected': [
    (on) => {
      const [one, two] = on.blocks(2, 24);
      on.free(one!, two!);
      on.poke(two!, 0, 1n << 60n);
      on.blocks(2, 24);
    },
  ],
  'free(): invalid pointer': [
    (on) => on.free(on.blocks(1, 24)[0]! + 8),
    ...[0n, -16n, -4096n].map((size) => (on: Guest) => {
      const [block] = on.blocks(1, 40);
      on.poke(block!, -8, size & ~2n);
      on.free(block!);
    }),
  ],
  'free(): invalid size': [25, 57, (1n << 63n) + 9n].map((size) => (on: Guest) => {
    const [block] = on.blocks(1, 40);
    on.poke(block!, -8, size);
    on.free(block!);
  }),
  'free(): invalid next size (fast)': [0n, 1_000_001n, -1n].map((size) => (on: Guest) => {
    const blocks = on.blocks(9, 24);
    on.free(...blocks.slice(0, 7));
    on.poke(blocks[7]!, 24, size);
    on.free(blocks[7]!);
  }),
  'free(): invalid next size (normal)': [1n, 1_000_001n, -15n].map((size) => (on: Guest) => {
    const [block] = on.blocks(1, 2000);
    on.blocks(1, 24);
    on.poke(block!, 2008 - 8 + 8, size);
    on.free(block!);
  }),
  'double free or corruption (fasttop)': [
    (on) => {
      const blocks = on.blocks(8, 24);
      on.free(...blocks, blocks[7]!);
    },
  ],
  'double free or corruption (top)': [
    (on) => {
      const [block] = on.blocks(1, 2000);
      on.free(block!, block!);
    },
  ],
  'double free or corruption (out)': [1_000_001n, (1n << 63n) + 1n].map((size) => (on: Guest) => {
    const [block] = on.blocks(1, 2000);
    on.poke(block!, -8, size);
    on.free(block!);
  }),
  'double free or corruption (!prev)': [
    (on) => {
      const [block] = on.blocks(2, 2000);
      on.free(block!, block!);
    },
  ],
  'corrupted size vs. prev_size while consolidating': [
    (on) => {
      const [one, two] = on.blocks(3, 2000);
      on.free(one!);
      on.poke(one!, -8, 0x7b1);
      on.free(two!);
    },
  ],
  'corrupted size vs. prev_size': [
    (on) => {
      const [one, two] = on.blocks(3, 2000);
      on.free(two!);
      on.poke(two!, 2000, 16);
      on.free(one!);
    },
  ],
  'corrupted double-linked list': [
    (on) => {
      const [one, two, three] = on.blocks(3, 2000);
      on.free(one!);
      on.poke(one!, 0, three!);
      on.free(two!);
    },
  ],
  'corrupted double-linked list (not small)': [
    (on) => {
      const [large, fence] = [on.libc.malloc(1976), on.libc.malloc(24)];
      on.free(large);
      on.blocks(1, 3000);
      on.poke(large, 16, fence);
      on.blocks(1, 1976);
    },
  ],
  'free(): corrupted unsorted chunks': [
    (on) => {
      const [one, fence] = [on.libc.malloc(2000), on.libc.malloc(24)];
      const [two] = on.blocks(2, 2000);
      on.free(one);
      on.poke(one, 8, fence);
      on.free(two!);
    },
  ],
  'malloc(): invalid size (unsorted)': [1n, -15n].map((size) => unsorted(-8, size)),
  'malloc(): invalid next size (unsorted)': [0n, -1n].map((size) => unsorted(2008, size)),
  'malloc(): mismatching next->prev_size (unsorted)': [unsorted(2000, 48n)],
  'malloc(): invalid next->prev_inuse (unsorted)': [unsorted(2008, 33n)],
  'malloc(): unsorted double linked list corrupted': [
    (on) => {
      const [one, two] = on.blocks(2, 2000);
      on.free(one!);
      on.poke(one!, 0, two!);
      on.blocks(1, 3000);
    },
  ],
  'malloc(): smallbin double linked list corrupted': [
    (on) => {
      const blocks = on.blocks(20, 200);
      on.free(...blocks.slice(0, 7), blocks[8]!, blocks[10]!);
      on.blocks(1, 2000);
      on.blocks(7, 200);
      on.poke(blocks[8]!, 8, blocks[12]!);
      on.blocks(1, 200);
    },
  ],
  'malloc(): memory corruption (fast)': [
    (on) => {
      const [block] = fast(on, 1);
      on.poke(block!, -8, 0x41);
      on.blocks(1, 24);
    },
  ],
  'malloc(): unaligned fastbin chunk detected 2': [
    (on) => {
      const [older, younger] = fast(on, 2);
      const spare = on.blocks(0, 24);
      on.poke(younger!, 0, protect(younger!, older! + 8 - 16));
      // A full tcache does not stash, so the bad link becomes the head.
      for (let index = 0; index < 7; index++) spare.push(on.libc.malloc(40));
      on.memory.store16(on.start + 16, 7);
      on.libc.calloc(1, 24);
      on.libc.calloc(1, 24);
    },
  ],
  'malloc(): unaligned fastbin chunk detected 3': [
    (on) => {
      const [, younger] = fast(on, 2);
      on.poke(younger!, 0, 1);
      on.blocks(1, 24);
    },
  ],
  'malloc_consolidate(): unaligned fastbin chunk detected': [
    (on) => {
      const [, younger] = fast(on, 2);
      on.poke(younger!, 0, 1);
      on.blocks(1, 2000);
    },
  ],
  'malloc_consolidate(): invalid chunk size': [
    (on) => {
      const [block] = fast(on, 1);
      on.poke(block!, -8, 0x31);
      on.blocks(1, 2000);
    },
  ],
  'malloc(): largebin double linked list corrupted (nextsize)': [
    (on) => {
      const [large, , fence] = largeAndUnsorted(on);
      on.poke(large, 24, fence);
      on.blocks(1, 3000);
    },
  ],
  'malloc(): largebin double linked list corrupted (bk)': [
    (on) => {
      const [large, , fence] = largeAndUnsorted(on);
      on.poke(large, 8, fence);
      on.blocks(1, 3000);
    },
  ],
  'Fatal glibc error: malloc assertion failure in _int_malloc: chunk_main_arena (bck->bk)': [
    (on) => {
      const [large] = largeAndUnsorted(on);
      on.poke(large, -8, 0x7c5);
      on.blocks(1, 3000);
    },
  ],
  'malloc(): corrupted top size': [-1n, 1_000_000n].map((size) => (on: Guest) => {
    const [block] = on.blocks(1, 24);
    on.poke(block!, 24, size);
    on.blocks(1, 3000);
  }),
  'break adjusted to free malloc space': [
    (on) => {
      on.blocks(1, 24);
      on.memory.sbrk(-8192);
      on.blocks(3, 100_000);
    },
  ],
  'realloc(): invalid pointer': [
    (on) => void on.libc.realloc(on.blocks(1, 40)[0]! + 8, 100),
    ...[0n, -15n].map((size) => (on: Guest) => {
      const [block] = on.blocks(1, 40);
      on.poke(block!, -8, size);
      on.libc.realloc(block!, 100);
    }),
  ],
  'realloc(): invalid old size': [
    (on) => {
      const [block] = on.blocks(1, 24);
      on.poke(block!, -8, 1_000_001n);
      on.libc.realloc(block!, 100);
    },
  ],
  'realloc(): invalid next size': [1n, 1_000_001n].map((size) => (on: Guest) => {
    const [block] = on.blocks(2, 24);
    on.poke(block!, 24, size);
    on.libc.realloc(block!, 100);
  }),
  'munmap_chunk(): invalid pointer': [4098n, -2n].map((size) => (on: Guest) => {
    const [block] = on.blocks(1, 40);
    on.poke(block!, -8, size);
    on.free(block!);
  }),
  'mremap_chunk(): invalid pointer': [
    (on) => {
      const [block] = on.blocks(1, 200_000);
      on.poke(block!, -16, 16);
      on.libc.realloc(block!, 300_000);
    },
  ],
};

/** A word of a chunk in the unsorted bin is changed; the next malloc of another size comes by. */
function unsorted(offset: number, value: bigint): (on: Guest) => void {
  return (on) => {
    const [block] = on.blocks(1, 2000);
    on.blocks(1, 24);
    on.free(block!);
    on.poke(block!, offset, value);
    on.blocks(1, 3000);
  };
}

const table = Object.entries(CASES).flatMap(([message, ways]) =>
  ways.map((way, index) => [message, index, way] as const),
);

describe('abort()', () => {
  it.each(table)('%s, way %i', (message, _, way) => {
    const on = guest();
    expect(on.run(() => way(on))).toEqual({ signal: 'SIGABRT', text: `${message}\n` });
  });
});

describe('a fault', () => {
  it.each<[string, (on: Guest) => void]>([
    ['free of an address that is none', (on) => on.free(on.blocks(1, 24)[0]! - 2 ** 30)],
    ['free of a small number', (on) => on.free(8)],
    [
      'a chunk that says it is of another arena',
      (on) => {
        const [block] = on.blocks(1, 2000);
        on.poke(block!, -8, 0x7e5);
        on.free(block!);
      },
    ],
    [
      'a second free of a mapped chunk',
      (on) => {
        const [block] = on.blocks(1, 200_000);
        on.free(block!, block!);
      },
    ],
    ['a link to nowhere in the unsorted bin', unsorted(8, 0x0123456789abcdefn)],
  ])('%s', (_, way) => {
    const on = guest();
    expect(on.run(() => way(on))).toEqual({ signal: 'SIGSEGV', text: '' });
  });
});

describe('what glibc does not see', () => {
  it('a double free whose key was overwritten hands the block out twice', () => {
    const on = guest();
    const [block] = on.blocks(1, 24);
    on.free(block!);
    on.poke(block!, 8, 7);
    on.free(block!);
    expect(on.blocks(2, 24)).toEqual([block, block]);
  });
});
