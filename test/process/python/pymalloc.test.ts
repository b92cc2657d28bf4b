/**
 * pymalloc's contracts, one by one. Rules and numbers: CPython's Objects/obmalloc.c and the C-API documentation, as in
 * the reference notes; placement against real binaries is the conformance suite's.
 */
import { describe, expect, it } from 'vitest';
import { Pymalloc } from '../../../src/process/python/pymalloc/pymalloc.ts';
import { pymallocProgram } from './pymalloc-program.ts';

const CTX = 0;

describe('which requests pools serve', () => {
  it('sizes 1 to 512; 0 and more go to the raw domain with the size asked for', () => {
    const { pymalloc, host } = pymallocProgram('3.11');
    for (const size of [1, 16, 511, 512])
      expect(pymalloc.isInside(pymalloc.malloc(CTX, size)), String(size)).toBe(true);
    host.calls.length = 0;
    for (const size of [0, 513, 2 ** 60, 2n ** 62n]) pymalloc.malloc(CTX, size);
    pymalloc.calloc(CTX, 0, 8);
    pymalloc.calloc(CTX, 100, 6);
    expect(host.calls).toEqual(['rm 0', 'rm 513', `rm ${2 ** 60}`, `rm ${2n ** 62n}`, 'rc 0,8', 'rc 100,6']);
  });

  it('without an arena all go to the raw domain, and every one tries again', () => {
    const { pymalloc, host, peek } = pymallocProgram('3.11');
    host.arenasMax = 0;
    const block = pymalloc.malloc(CTX, 8);
    pymalloc.malloc(CTX, 8);
    expect(pymalloc.isInside(block)).toBe(false);
    expect(host.calls).toEqual(['before arena', 'rr 0,768', 'no arena', 'rm 8', 'before arena', 'no arena', 'rm 8']);
    expect(pymalloc.allocatedBlocks(peek())).toBe(2);
    expect(pymalloc.brokenRules(peek())).toEqual([]);
  });

  it('an arena that the map has no memory for is given back', () => {
    const { pymalloc, host, peek, memory } = pymallocProgram('3.11');
    pymalloc.malloc(CTX, 8);
    const first = [...host.arenas][0]!;
    while (host.arenas.size === 1) pymalloc.malloc(CTX, 512);
    // Far from the first ones, so that it needs a bottom node of its own.
    host.allocateArena = (size) => memory.mmap(size, first - 2 ** 36, 0x10);
    host.freeArena = () => {
      host.calls.push('-arena');
    };
    host.refuseRaw = true;
    const blocks: number[] = [];
    for (let block = pymalloc.malloc(CTX, 512); block !== 0; block = pymalloc.malloc(CTX, 512)) blocks.push(block);
    expect(host.calls.slice(-4)).toEqual(['before arena', 'rc 1,131072', '-arena', 'rm 512']);
    expect(pymalloc.summary(peek()).arenasCurrent).toBe(2);
    expect(pymalloc.brokenRules(peek())).toEqual([]);
  });
});

describe('blocks', () => {
  it('calloc zeroes what was asked for, not the rest of the block', () => {
    const { pymalloc, memory } = pymallocProgram('3.11');
    const old = pymalloc.malloc(CTX, 64);
    memory.fill(old, 0xaa, 64);
    pymalloc.free(CTX, old);
    const block = pymalloc.calloc(CTX, 5, 10);
    expect(block).toBe(old);
    expect([...memory.bytes(block, 64)]).toEqual([...Array(50).fill(0), ...Array(14).fill(0xaa)]);
  });

  it.each([
    [64, 64, true],
    [64, 49, true],
    [64, 48, false],
    [64, 65, false],
    [64, 0, false],
    [16, 13, true],
    [16, 12, false],
  ])('realloc of a class of %i bytes to %i stays: %s', (from, to, stays) => {
    const { pymalloc } = pymallocProgram('3.11');
    const block = pymalloc.malloc(CTX, from);
    expect(pymalloc.realloc(CTX, block, to) === block).toBe(stays);
  });

  it('realloc leaves a raw block in the raw domain however small it gets', () => {
    const { pymalloc, host } = pymallocProgram('3.11');
    const block = pymalloc.realloc(CTX, pymalloc.malloc(CTX, 600), 8);
    expect(pymalloc.isInside(block)).toBe(false);
    expect(host.calls).toEqual(['rm 600', 'rr 1,8']);
  });

  it('realloc that fails leaves the old block', () => {
    const { pymalloc, host, memory } = pymallocProgram('3.11');
    const block = pymalloc.malloc(CTX, 100);
    memory.fill(block, 7, 100);
    host.refuseRaw = true;
    expect(pymalloc.realloc(CTX, block, 5000)).toBe(0);
    expect([...memory.bytes(block, 100)]).toEqual(Array(100).fill(7));
  });

  it.each([
    ['3.6', 'rr 1,1'],
    ['3.7', 'rr 1,0'],
  ])('%s resizes a raw block to 0 bytes by %s', (version, call) => {
    const { pymalloc, host } = pymallocProgram(version);
    pymalloc.realloc(CTX, pymalloc.malloc(CTX, 600), 0);
    expect(host.calls.at(-1)).toBe(call);
  });
});

describe('arenas', () => {
  it.each(['3.8', '3.9', '3.11'])('%s: one that is not pool-aligned loses a pool', (version) => {
    const { pymalloc, host, peek } = pymallocProgram(version);
    host.arenaOffset = 16;
    const block = pymalloc.malloc(CTX, 8);
    expect(pymalloc.summary(peek()).arenas).toMatchObject([{ freePools: 62, totalPools: 63, carved: 1 }]);
    expect(pymalloc.locate(block, peek())).toEqual({ arenaIndex: 0, pool: 0, offset: 48, sizeClass: 0 });
    expect(pymalloc.brokenRules(peek())).toEqual([]);
    pymalloc.free(CTX, block);
    expect(pymalloc.brokenRules(peek())).toEqual([]);
  });

  it('the vector of descriptors doubles when all 16 are in use', () => {
    const { pymalloc, host, peek } = pymallocProgram('3.8');
    while (host.arenas.size <= 16) pymalloc.malloc(CTX, 512);
    expect(host.calls.filter((call) => call.startsWith('rr'))).toEqual(['rr 0,768', 'rr 1,1536']);
    const { usable, unused } = pymalloc.summary(peek());
    expect({ usable, unused }).toEqual({
      usable: [16],
      unused: [17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31],
    });
    expect(pymalloc.brokenRules(peek())).toEqual([]);
  });

  it.each([
    ['3.8', []],
    ['3.9', [0]],
  ])('%s: arenas that stay when all is freed: %j', (version, kept) => {
    const { pymalloc, host, peek } = pymallocProgram(version);
    const blocks: number[] = [];
    while (host.arenas.size < 4) blocks.push(pymalloc.malloc(CTX, 256));
    for (const block of blocks) pymalloc.free(CTX, block);
    expect(pymalloc.summary(peek()).arenas.map(({ freePools }) => freePools - 64)).toEqual(kept);
    expect(host.arenas.size).toBe(kept.length);
    expect(pymalloc.brokenRules(peek())).toEqual([]);
  });
});

describe('state', () => {
  it('is all in the memory of the program: another instance over the same addresses goes on', () => {
    const { pymalloc, memory, state, profile, host, peek } = pymallocProgram('3.11');
    const blocks = Array.from({ length: 1000 }, (_, index) => pymalloc.malloc(CTX, (index % 600) + 1));
    const other = new Pymalloc(memory, state, profile, host);
    for (const block of blocks) other.free(CTX, block);
    expect(other.allocatedBlocks(peek())).toBe(0);
    expect(other.brokenRules(peek())).toEqual([]);
  });

  it.each(['2.7', '3.11'])('%s: initialize touches one page', (version) => {
    const { memory } = pymallocProgram(version);
    expect(memory.process.minorFaults).toBe(1);
  });

  it('a block freed in a domain it is not of is counted down below zero, as in CPython', () => {
    const { pymalloc, host, peek } = pymallocProgram('3.11');
    pymalloc.free(CTX, host.rawMalloc(100));
    expect(pymalloc.allocatedBlocks(peek())).toBe(-1);
    expect(pymalloc.brokenRules(peek())).toEqual([
      'live blocks of the raw domain: -1; a block was freed in a domain it is not of',
    ]);
  });
});

describe('statistics', () => {
  // facts/pythonmallocstats-3.11.7.txt: what a real 3.11.7 prints before its first arena.
  it('of an empty allocator', () => {
    const { pymalloc, peek } = pymallocProgram('3.11');
    expect(pymalloc.statistics(peek())).toBe(`\
Small block threshold = 512, in 32 size classes.

class   size   num pools   blocks in use  avail blocks
-----   ----   ---------   -------------  ------------

# arenas allocated total           =                    0
# arenas reclaimed                 =                    0
# arenas highwater mark            =                    0
# arenas allocated current         =                    0
0 arenas * 1048576 bytes/arena     =                    0

# bytes in allocated blocks        =                    0
# bytes in available blocks        =                    0
0 unused pools * 16384 bytes       =                    0
# bytes lost to pool headers       =                    0
# bytes lost to quantization       =                    0
# bytes lost to arena alignment    =                    0
Total                              =                    0

arena map counts
# arena map mid nodes              =                    0
# arena map bot nodes              =                    0

# bytes lost to arena map root     =              262,144
# bytes lost to arena map mid      =                    0
# bytes lost to arena map bot      =                    0
Total                              =              262,144
`);
  });

  it('up to 3.7 the serial number of the debug hooks comes first', () => {
    const { pymalloc, peek } = pymallocProgram('3.7');
    const text = pymalloc.statistics(peek(), 1234567);
    expect(text).toContain('\n\n# times object malloc called       =            1,234,567\n# arenas allocated total');
    expect(text).not.toContain('arena map');
  });
});
