/** malloc as its manual and its source tell it: sizes, reuse, growth, trimming, figures. Bytes are counted from the heap's start. */
import { describe, expect, it } from 'vitest';
import { MAP_FIXED } from '../../../src/kernel/linux-abi.ts';
import { LibcMalloc } from '../../../src/process/libc/malloc.ts';
import { M_MMAP_MAX, M_MMAP_THRESHOLD, M_MXFAST, M_PERTURB, M_TOP_PAD } from '../../../src/process/libc/options.ts';
import { PeekMemory } from '../../../src/process/peek-memory.ts';
import { mallocMachine } from './malloc-machine.ts';

const PAGE = 4096;
const KIB = 1024;

describe('placement', () => {
  it('begins behind the tcache, which is the first chunk, in a heap of 132 KiB', () => {
    const { libc, memory, start } = mallocMachine();
    expect(libc.malloc(24) - start).toBe(0x2a0);
    expect(libc.malloc(25) - start).toBe(0x2c0);
    expect(memory.sbrk(0) - start).toBe(0x21000);
    expect(memory.load64(start + 8)).toBe(0x291);
  });

  it.each([
    [0, 24],
    [24, 24],
    [25, 40],
    [1032, 1032],
    [1033, 1048],
    [128 * KIB - 8 - 16, 128 * KIB - 24],
    [128 * KIB, 128 * KIB + 8],
    [133 * KIB, 34 * PAGE - 16],
    [200_000, 49 * PAGE - 16],
  ])('%i bytes asked for are %i usable', (size, usable) => {
    const { libc } = mallocMachine();
    const block = libc.malloc(size);
    expect(libc.usableSize(block)).toBe(usable);
    expect(block % 16).toBe(0);
  });

  it('gives the last freed of a size back first, and no more than seven from the tcache', () => {
    const { libc } = mallocMachine();
    const blocks = Array.from({ length: 9 }, () => libc.malloc(40));
    for (const block of blocks) libc.free(block);
    const again = blocks.map(() => libc.malloc(40));
    // Seven of the tcache, then the fastbin's two, last in first out: the younger is taken, the other moves to the tcache.
    expect(again.map((block) => blocks.indexOf(block))).toEqual([6, 5, 4, 3, 2, 1, 0, 8, 7]);
  });

  it('joins free neighbours and splits them again', () => {
    const { libc, broken } = mallocMachine();
    const [one, two] = [libc.malloc(2000), libc.malloc(2000)];
    libc.malloc(24);
    libc.free(one);
    libc.free(two);
    expect(libc.malloc(4000)).toBe(one);
    libc.free(one);
    const part = libc.malloc(1000);
    expect([part, libc.malloc(1000)]).toEqual([one, one + 1008]);
    expect(broken()).toEqual([]);
  });

  it('grows and shrinks in place where it can', () => {
    const { libc } = mallocMachine();
    const block = libc.malloc(100);
    expect(libc.realloc(block, 5000)).toBe(block);
    libc.malloc(24);
    expect(libc.realloc(block, 100)).toBe(block);
    expect(libc.realloc(block, 4900)).toBe(block);
    expect(libc.realloc(block, 6000)).not.toBe(block);
  });

  it('frees by realloc to 0 bytes, and allocates by realloc of NULL', () => {
    const { libc } = mallocMachine();
    const block = libc.realloc(0, 50);
    expect(libc.realloc(block, 0)).toBe(0);
    expect(libc.malloc(50)).toBe(block);
  });

  it.each([32, 64, 4096, 65536])('aligns to %i', (alignment) => {
    const { libc, memory, broken } = mallocMachine();
    const blocks = [24, 1000, 200_000].map((size) => libc.memalign(alignment, size));
    for (const block of blocks) expect(block % alignment).toBe(0);
    expect(libc.posixMemalign(memory.sbrk(0) - 64, alignment, 10)).toBe(0);
    expect(broken()).toEqual([]);
    for (const block of blocks) libc.free(block);
    expect(broken()).toEqual([]);
  });

  it('refuses alignments that posix_memalign does not know', () => {
    const { libc, start } = mallocMachine();
    expect([0, 4, 24].map((alignment) => libc.posixMemalign(start, alignment, 10))).toEqual([22, 22, 22]);
  });

  it.each([2n ** 63n, 2n ** 64n - 1n, 2n ** 62n, 2 ** 50])('refuses %s bytes', (size) => {
    const { libc, broken } = mallocMachine();
    const block = libc.malloc(10);
    expect([libc.malloc(size), libc.calloc(size, 2), libc.realloc(block, size)]).toEqual([0, 0, 0]);
    expect(libc.usableSize(block)).toBe(24);
    expect(broken()).toEqual([]);
  });
});

describe('zeros', () => {
  it('calloc clears what was used before, and does not touch fresh pages', () => {
    const { libc, memory } = mallocMachine();
    const old = libc.malloc(3000);
    memory.fill(old, 0xaa, 3000);
    libc.free(old);
    expect(memory.bytes(libc.calloc(1, 3000), 3000).every((byte) => byte === 0)).toBe(true);
    // Top is cleared as far as it reached before; behind that, only the head of the new top is written.
    libc.calloc(1, 100 * KIB);
    const before = memory.process.space!.residentPages;
    libc.calloc(1, 120 * KIB);
    expect(memory.process.space!.residentPages - before).toBeLessThan(10);
  });

  it('M_PERTURB fills what comes and goes', () => {
    const { libc, memory } = mallocMachine();
    libc.mallopt(M_PERTURB, 0x5a);
    const block = libc.malloc(2000);
    libc.malloc(24);
    expect(memory.load8(block + 1999)).toBe(0xa5);
    libc.free(block);
    expect(memory.load8(block + 1000)).toBe(0x5a);
    expect(memory.load8(libc.calloc(1, 2000) + 1000)).toBe(0);
  });
});

describe('the system', () => {
  it('maps big requests, and serves their like from the heap once one was freed', () => {
    const { libc, memory } = mallocMachine();
    const block = libc.malloc(200_000);
    expect(memory.load64(block - 8)).toBe(49 * PAGE + 2);
    expect(libc.mallinfo2()).toMatchObject({ hblks: 1, hblkhd: 49 * PAGE });
    libc.free(block);
    expect(libc.mallinfo2()).toMatchObject({ hblks: 0, hblkhd: 0 });
    expect(memory.load64(libc.malloc(190_000) - 8) & 2).toBe(0);
    expect(memory.load64(libc.malloc(200_700) - 8) & 2).toBe(2);
  });

  it('remaps mapped chunks: in place when the pages suffice or can be cut, contents kept when not', () => {
    const { libc, memory } = mallocMachine();
    const block = libc.malloc(200_000);
    memory.fill(block, 7, 200_000);
    expect(libc.realloc(block, 200_100)).toBe(block);
    expect(libc.realloc(block, 150_000)).toBe(block);
    expect(libc.mallinfo2().hblkhd).toBe(37 * PAGE);
    libc.malloc(300_000);
    const { kernel, process } = memory;
    const frameOf = (address: number) =>
      kernel.pageTable.frame(kernel.pageTable.find(process.space!.root, address - (address % PAGE)));
    const frames = Array.from({ length: 36 }, (_, page) => frameOf(block + page * PAGE));
    const moved = libc.realloc(block, 2_000_000);
    expect(moved).not.toBe(block);
    expect(memory.bytes(moved, 150_000).every((byte) => byte === 7)).toBe(true);
    // mremap: the pages are the same ones, not copies.
    expect(frames.map((_, page) => frameOf(moved + page * PAGE))).toEqual(frames);
    expect(libc.mallinfo2().hblks).toBe(2);
  });

  it('lowers the break when top is above the threshold', () => {
    const { libc, memory, start, broken } = mallocMachine();
    const blocks = Array.from({ length: 20 }, () => libc.malloc(100_000));
    expect(memory.sbrk(0) - start).toBeGreaterThan(2_000_000);
    for (const block of blocks) libc.free(block);
    // 128 KiB of top stay: M_TOP_PAD.
    expect(memory.sbrk(0) - start).toBe(0x21000);
    expect(libc.mallocTrim(0)).toBe(1);
    expect(memory.sbrk(0) - start).toBe(PAGE);
    expect(libc.mallocTrim(0)).toBe(0);
    expect(broken()).toEqual([]);
  });

  it('malloc_trim gives back whole pages inside', () => {
    const { libc, memory, broken } = mallocMachine();
    const block = libc.malloc(100_000);
    libc.malloc(24);
    memory.fill(block, 1, 100_000);
    libc.free(block);
    const before = memory.process.space!.residentPages;
    expect(libc.mallocTrim(0)).toBe(1);
    expect(before - memory.process.space!.residentPages).toBeGreaterThanOrEqual(23);
    expect(broken()).toEqual([]);
  });

  it('leaves alone what others got by moving the break', () => {
    const { libc, memory, start, broken } = mallocMachine();
    libc.malloc(24);
    const theirs = memory.sbrk(1000);
    memory.fill(theirs, 0xee, 1000);
    const blocks = [10, 120_000, 100_000].map((size) => libc.malloc(size));
    expect(blocks.filter((block) => block > theirs)).toHaveLength(1);
    expect(memory.bytes(theirs, 1000).every((byte) => byte === 0xee)).toBe(true);
    expect(libc.mallinfo2().arena).toBe(memory.sbrk(0) - start);
    const peek = new PeekMemory(memory.kernel, memory.process);
    const regions = libc.regions(peek);
    expect(regions.map(({ name }) => name)).toEqual(['[heap]', '[heap]']);
    expect(regions[0]?.end).toBeLessThanOrEqual(theirs);
    expect(broken()).toEqual([]);
  });

  it('maps another piece when the break cannot move', () => {
    const { libc, memory, broken } = mallocMachine();
    const first = libc.malloc(24);
    memory.mmap(PAGE, memory.sbrk(0) + PAGE, MAP_FIXED);
    const blocks = Array.from({ length: 30 }, () => libc.malloc(100_000));
    expect(blocks.every((block) => block > 0)).toBe(true);
    const peek = new PeekMemory(memory.kernel, memory.process);
    expect(libc.regions(peek).filter(({ name }) => name === 'mapped heap').length).toBeGreaterThan(0);
    expect(broken()).toEqual([]);
    for (const block of [first, ...blocks]) libc.free(block);
    expect(broken()).toEqual([]);
  });

  it('a child has a heap of its own over the same addresses', () => {
    const { libc, memory, machine, state } = mallocMachine();
    const block = libc.malloc(100);
    const child = machine.fork(memory.process);
    if (typeof child === 'number') throw new Error('no child');
    machine.switchTo(0, child);
    const childMemory = Object.assign(Object.create(Object.getPrototypeOf(memory)), memory, { process: child });
    const childLibc = new LibcMalloc(childMemory, state);
    childLibc.free(block);
    expect(childLibc.malloc(100)).toBe(block);
    machine.switchTo(0, memory.process);
    expect(libc.malloc(100)).toBe(block + 112);
  });
});

describe('options and figures', () => {
  it('mallopt', () => {
    const { libc, memory, start } = mallocMachine();
    expect([libc.mallopt(M_MXFAST, 160), libc.mallopt(M_MXFAST, 161), libc.mallopt(99, 1)]).toEqual([1, 0, 1]);
    libc.mallopt(M_TOP_PAD, 0);
    libc.malloc(24);
    expect(memory.sbrk(0) - start).toBe(PAGE);
    libc.mallopt(M_MMAP_THRESHOLD, 10_000);
    expect(memory.load64(libc.malloc(10_000) - 8) & 2).toBe(2);
    libc.mallopt(M_MMAP_MAX, 0);
    expect(memory.load64(libc.malloc(10_000) - 8) & 2).toBe(0);
  });

  it('mallinfo2 counts what is in fastbins and bins, and the tcache as used', () => {
    const { libc } = mallocMachine();
    const small = Array.from({ length: 9 }, () => libc.malloc(24));
    const big = libc.malloc(2000);
    libc.malloc(24);
    for (const block of [...small, big]) libc.free(block);
    const top = 0x21000 - 0x290 - 10 * 0x20 - 0x7e0;
    expect(libc.mallinfo2()).toEqual({
      arena: 0x21000,
      ordblks: 2,
      smblks: 2,
      hblks: 0,
      hblkhd: 0,
      usmblks: 0,
      fsmblks: 0x40,
      uordblks: 0x290 + 8 * 0x20,
      fordblks: top + 0x7e0 + 0x40,
      keepcost: top,
    });
  });

  it('malloc_stats', () => {
    const { libc } = mallocMachine();
    libc.malloc(100);
    libc.malloc(200_000);
    expect(libc.mallocStats()).toBe(
      'Arena 0:\nsystem bytes     =     135168\nin use bytes     =        768\n' +
        'Total (incl. mmap):\nsystem bytes     =     335872\nin use bytes     =     201472\n' +
        'max mmap regions =          1\nmax mmap bytes   =     200704\n',
    );
  });
});
