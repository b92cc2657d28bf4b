import { describe, expect, it } from 'vitest';
import { PTRDIFF_MAX } from '../../../src/process/allocator.ts';
import {
  type AllocatorRecord,
  arenaRecordOf,
  type Domain,
  IMPLEMENTER,
  MEM,
  OBJ,
  RAW,
  recordOf,
} from '../../../src/process/python/allocator-record.ts';
import type { HostAllocator } from '../../../src/process/python/host-functions.ts';
import { startedProgram } from './python-program.ts';

const DOMAINS: readonly Domain[] = [RAW, MEM, OBJ];
const TOO_LARGE = PTRDIFF_MAX + 1n;

describe('the public functions', () => {
  it.each(DOMAINS)('domain %i refuses what overflows before the allocator is asked', (domain) => {
    const { python, memory } = startedProgram();
    const ctx = python.installHostAllocator(domain, 'counting')!;
    const block = python.malloc(domain, 10);
    memory.store8(block, 7);
    expect(python.malloc(domain, TOO_LARGE)).toBe(0);
    expect(python.realloc(domain, block, TOO_LARGE)).toBe(0);
    expect(python.calloc(domain, 2, PTRDIFF_MAX)).toBe(0);
    expect(python.calloc(domain, 2 ** 40, 2 ** 40)).toBe(0);
    expect(python.calloc(domain, 2n ** 62n, 2)).toBe(0);
    expect(memory.load8(block)).toBe(7);
    const counts = [0, 1, 2, 3].map((index) => memory.load64(ctx + 48 + index * 8));
    expect(counts).toEqual([1, 0, 0, 0]);
    // Just not too large: the allocator is asked, and refuses.
    expect(python.calloc(domain, 1, PTRDIFF_MAX)).toBe(0);
    expect(python.calloc(domain, PTRDIFF_MAX, 1)).toBe(0);
    expect(memory.load64(ctx + 56)).toBe(2);
  });

  it.each(DOMAINS)('domain %i: 0 bytes, elements of 0 bytes, NULL', (domain) => {
    const { python } = startedProgram();
    const blocks = [python.malloc(domain, 0), python.malloc(domain, 0), python.calloc(domain, 2n ** 64n - 1n, 0)];
    blocks.push(python.calloc(domain, 0, 8), python.realloc(domain, 0, 0), python.realloc(domain, 0, 8));
    expect(blocks.every((block) => block !== 0)).toBe(true);
    expect(new Set(blocks).size).toBe(blocks.length);
    // realloc to 0 bytes does not free.
    const shrunk = python.realloc(domain, blocks[5]!, 0);
    expect(shrunk).not.toBe(0);
    blocks[5] = shrunk;
    for (const block of blocks) python.free(domain, block);
    python.free(domain, 0);
  });

  it('keeps what realloc moves and zeroes what calloc gives', () => {
    const { python, memory } = startedProgram('3.11', { pythonMalloc: 'debug' });
    for (const domain of DOMAINS) {
      let block = python.malloc(domain, 40);
      memory.write(block, new Uint8Array(40).fill(0x5a));
      block = python.realloc(domain, block, 4000);
      expect([...memory.bytes(block, 40)]).toEqual(new Array(40).fill(0x5a));
      python.free(domain, block);
      const zeroed = python.calloc(domain, 30, 100);
      expect(memory.bytes(zeroed, 3000).every((byte) => byte === 0)).toBe(true);
      python.free(domain, zeroed);
    }
  });

  it('big requests of obj go through the record that raw has at that moment', () => {
    const { python, memory } = startedProgram();
    const small = python.malloc(OBJ, 512);
    const ctx = python.installHostAllocator(RAW, 'counting')!;
    const before = memory.load64(ctx + 48);
    const big = python.malloc(OBJ, 513);
    expect(memory.load64(ctx + 48)).toBe(before + 1);
    python.free(OBJ, big);
    python.free(OBJ, small);
    expect(memory.load64(ctx + 48 + 24)).toBe(1);
    expect(python.pymalloc.isInside(small)).toBe(true);
    expect(python.pymalloc.isInside(big)).toBe(false);
  });
});

describe('records in memory', () => {
  it('unknown domains: Get answers NULLs, Set is ignored', () => {
    const { python, text } = startedProgram();
    const nulls: AllocatorRecord = { ctx: 0, malloc: 0, calloc: 0, realloc: 0, free: 0 };
    expect(python.getAllocator(3)).toEqual(nulls);
    expect(python.getAllocator(-1)).toEqual(nulls);
    const before = DOMAINS.map((domain) => python.getAllocator(domain));
    const arenas = python.getArenaAllocator();
    python.setAllocator(3, recordOf(text, IMPLEMENTER.libc, 1));
    expect(DOMAINS.map((domain) => python.getAllocator(domain))).toEqual(before);
    expect(python.getArenaAllocator()).toEqual(arenas);
  });

  it('a pointer that the program overwrote is where the next call goes', () => {
    const { python, memory, signalOf, process } = startedProgram();
    memory.store64(python.recordAddress(OBJ) + 8, 0xdead0);
    expect(signalOf(() => python.malloc(OBJ, 8))).toBe('SIGSEGV');
    expect(process.lastSignal?.address).toBe(0xdead0);
    const other = startedProgram();
    other.memory.store64(other.python.recordAddress(OBJ) + 8, other.text + 7);
    expect(other.signalOf(() => other.python.malloc(OBJ, 8))).toBe('SIGILL');
    const unregistered = startedProgram();
    unregistered.python.setAllocator(MEM, recordOf(unregistered.text, 60, 0));
    expect(unregistered.signalOf(() => unregistered.python.malloc(MEM, 8))).toBe('SIGILL');
  });

  it("another function's pointer in a field calls that function", () => {
    const { python, memory, text, libc } = startedProgram();
    // calloc where malloc should be: calloc(ctx, 64, whatever the register held).
    memory.store64(python.recordAddress(RAW) + 8, recordOf(text, IMPLEMENTER.libc, 0).calloc);
    expect(python.malloc(RAW, 64)).not.toBe(0);
    memory.store64(python.recordAddress(RAW) + 8, recordOf(text, IMPLEMENTER.libc, 0).free);
    const block = python.calloc(RAW, 1, 64);
    expect(python.malloc(RAW, block)).toBe(0);
    // Freed, so it is what the C library gives next.
    expect(libc.malloc(64)).toBe(block);
  });

  it('a runtime made anew over the same bytes goes on', () => {
    const { python, again } = startedProgram('3.11', { pythonMalloc: 'debug' });
    const block = python.malloc(OBJ, 30);
    const other = again();
    expect(other.allocatorName()).toBe('pymalloc_debug');
    other.free(OBJ, block);
    expect(other.malloc(OBJ, 30)).toBe(block);
    expect(other.runtimeState).toBe('initialized');
    expect(other.currentThread()).toBe(python.currentThread());
  });

  it('names exact sets only', () => {
    const { python, text } = startedProgram('3.11', { pythonMalloc: 'malloc' });
    expect(python.allocatorName()).toBe('malloc');
    python.setAllocator(OBJ, recordOf(text, IMPLEMENTER.pymalloc, 0));
    expect(python.allocatorName()).toBe(null);
    python.setAllocator(MEM, recordOf(text, IMPLEMENTER.pymalloc, 0));
    expect(python.allocatorName()).toBe('pymalloc');
    python.setupDebugHooks();
    expect(python.allocatorName()).toBe('pymalloc_debug');
    python.tracemalloc.start(1);
    expect(python.allocatorName()).toBe(null);
    python.tracemalloc.stop();
    expect(python.allocatorName()).toBe('pymalloc_debug');
  });
});

describe('PyMem_SetupDebugHooks', () => {
  it('twice in a row is harmless', () => {
    const { python } = startedProgram('3.11', { pythonMalloc: 'debug' });
    const before = DOMAINS.map((domain) => python.getAllocator(domain));
    python.setupDebugHooks();
    expect(DOMAINS.map((domain) => python.getAllocator(domain))).toEqual(before);
    python.free(OBJ, python.malloc(OBJ, 10));
  });

  it('over something that wraps the hooks, the single slot makes a circle: the stack overflows', () => {
    const { python, signalOf, process } = startedProgram('3.11', { pythonMalloc: 'debug' });
    python.tracemalloc.start(1);
    python.setupDebugHooks();
    expect(signalOf(() => python.malloc(OBJ, 10))).toBe('SIGSEGV');
    expect(process.lastSignal?.reason).toContain('in a circle');
  });

  it('the same when pymalloc stands below itself', () => {
    const { python, signalOf, text, process } = startedProgram();
    python.setAllocator(RAW, recordOf(text, IMPLEMENTER.pymalloc, 0));
    expect(signalOf(() => python.malloc(OBJ, 1000))).toBe('SIGSEGV');
    expect(process.lastSignal?.reason).toContain('in a circle');
  });

  it('late, over live blocks: their free is found out, and dies of reading their size, as in 3.11', () => {
    const { python, signalOf, stderr } = startedProgram();
    const block = python.malloc(OBJ, 100);
    python.setupDebugHooks();
    // What should be the size is the pool's header, and the trailing pads are looked for that far away.
    expect(signalOf(() => python.free(OBJ, block))).toBe('SIGSEGV');
    expect(stderr()).toContain(`Debug memory block at address p=0x${block.toString(16)}: API '`);
    expect(stderr()).toContain('The 7 pad bytes at p-7 are not all FORBIDDENBYTE (0xfd):');
  });

  it('mixing domains is the documented error', () => {
    const { python, signalOf, stderr } = startedProgram('3.11', { pythonMalloc: 'debug' });
    const block = python.malloc(MEM, 9);
    expect(signalOf(() => python.free(OBJ, block))).toBe('SIGABRT');
    expect(stderr()).toContain("bad ID: Allocated using API 'm', verified using API 'o'");
  });
});

describe('arena allocators', () => {
  it('maps arenas, gives them back, and counts through a host wrapper', () => {
    const { python, memory, process } = startedProgram();
    const ctx = python.installHostArenas('counting-arena')!;
    const before = process.space!.totalPages;
    const blocks: number[] = [];
    for (let count = 0; count < 5000; count++) blocks.push(python.malloc(OBJ, 512));
    const arenas = memory.load64(ctx + 24);
    expect(arenas).toBe(3);
    expect(process.space!.totalPages - before).toBeGreaterThanOrEqual(3 * 256);
    for (const block of blocks) python.free(OBJ, block);
    expect(memory.load64(ctx + 32)).toBe(2);
    // Live arenas go back through whatever stands there then.
    expect(python.removeHostArenas()).toBe(true);
    expect(python.removeHostArenas()).toBe(false);
    python.free(OBJ, python.malloc(OBJ, 1));
  });

  it('that refuse leave small requests to the raw domain', () => {
    const { python, hosts, text } = startedProgram();
    const implementer = hosts.registerArena({
      name: 'none',
      about: 'no arenas',
      words: 0,
      alloc: () => 0,
      free: () => undefined,
    })!;
    python.setArenaAllocator(arenaRecordOf(text, implementer, 0));
    const block = python.malloc(OBJ, 16);
    expect(block).not.toBe(0);
    expect(python.pymalloc.isInside(block)).toBe(false);
  });
});

describe('host allocators', () => {
  it('failing: every n-th request is NULL, and a failed realloc leaves the block', () => {
    const { python, memory } = startedProgram();
    python.installHostAllocator(MEM, 'failing', [3]);
    const got = [1, 2, 3, 4, 5, 6].map(() => python.malloc(MEM, 8) !== 0);
    expect(got).toEqual([true, true, false, true, true, false]);
    const block = python.malloc(MEM, 8);
    memory.store8(block, 9);
    python.free(MEM, python.calloc(MEM, 1, 1));
    expect(python.realloc(MEM, block, 100)).toBe(0);
    expect(memory.load8(block)).toBe(9);
    python.free(MEM, block);
  });

  it('logging: a line per call, and removal puts back what was wrapped', () => {
    const { python, stderr } = startedProgram();
    const before = python.getAllocator(OBJ);
    python.installHostAllocator(OBJ, 'logging');
    const block = python.malloc(OBJ, 64);
    const moved = python.realloc(OBJ, block, 2000);
    python.free(OBJ, python.calloc(OBJ, 2, 4));
    python.free(OBJ, moved);
    const hex = (address: number): string => `0x${address.toString(16)}`;
    expect(stderr().split('\n').slice(0, 2)).toEqual([
      `obj malloc(64) = ${hex(block)}`,
      `obj realloc(${hex(block)}, 2000) = ${hex(moved)}`,
    ]);
    expect(stderr()).toContain('obj calloc(2, 4) = 0x');
    expect(stderr()).toContain(`obj free(${hex(moved)})`);
    expect(python.removeHostAllocator(OBJ)).toBe(true);
    expect(python.getAllocator(OBJ)).toEqual(before);
    expect(python.removeHostAllocator(OBJ)).toBe(false);
  });

  it('stack: hooks over a wrapper over pymalloc', () => {
    const { python, memory } = startedProgram();
    const ctx = python.installHostAllocator(OBJ, 'counting')!;
    python.setupDebugHooks();
    const block = python.malloc(OBJ, 10);
    expect([...memory.bytes(block - 8, 1)]).toEqual([0x6f]);
    python.free(OBJ, block);
    expect([memory.load64(ctx + 48), memory.load64(ctx + 72)]).toEqual([1, 1]);
    expect(python.removeHostAllocator(OBJ)).toBe(false);
    expect(python.allocatorName()).toBe(null);
  });

  it('names are unique and must be known', () => {
    const { python, hosts } = startedProgram();
    const mine: HostAllocator = {
      name: 'counting',
      about: '',
      words: 0,
      malloc: () => 0,
      calloc: () => 0,
      realloc: () => 0,
      free: () => undefined,
    };
    expect(hosts.register(mine)).toBe(null);
    expect(python.installHostAllocator(RAW, 'unheard-of')).toBe(null);
    expect(python.installHostAllocator(RAW, 'counting-arena')).toBe(null);
    expect(python.installHostArenas('counting')).toBe(null);
    expect(hosts.list('allocator').map(({ name }) => name)).toEqual(['counting', 'failing', 'logging']);
  });
});

describe('checkReplacement', () => {
  it('says nothing of a wrapper, and warns of the rest', () => {
    const { python, text, libc, memory } = startedProgram('3.11', { pythonMalloc: 'debug' });
    const current = python.getAllocator(OBJ);
    const ctx = libc.calloc(1, 48);
    for (const [index, word] of [
      current.ctx,
      current.malloc,
      current.calloc,
      current.realloc,
      current.free,
    ].entries()) {
      memory.store64(ctx + index * 8, word);
    }
    expect(python.checkReplacement(OBJ, recordOf(text, 8, ctx))).toEqual([]);
    expect(python.checkReplacement(OBJ, current)).toEqual([]);
    const replaced = python.checkReplacement(OBJ, recordOf(text, IMPLEMENTER.libc, 0)).join('\n');
    expect(replaced).toContain('must wrap the existing one');
    expect(replaced).toContain('PyMem_SetupDebugHooks must be called');
    expect(python.checkReplacement(RAW, recordOf(text, IMPLEMENTER.pymalloc, 0)).join('\n')).toContain('thread-safe');
    expect(python.checkReplacement(7, current)).toEqual([expect.stringContaining('no such domain')]);
    const wild = python.checkReplacement(OBJ, { ...current, free: 0x10 });
    expect(wild).toContain('free is 0x10, where no function begins: the first call will crash');
  });

  it('before initialization anything goes, and 3.3 has no domains', () => {
    const { python, text } = startedProgram();
    python.runtimeState = 'preinitialized';
    expect(python.checkReplacement(OBJ, recordOf(text, IMPLEMENTER.libc, 0))).toEqual([]);
    const old = startedProgram('3.3');
    expect(old.python.checkReplacement(OBJ, old.python.getAllocator(OBJ))).toHaveLength(1);
  });
});
