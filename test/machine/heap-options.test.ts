/** What JavaScript callers hand to spawn, call and addAllocator: taken as meant, or refused by an InputError with a code. */
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine/machine.ts';
import type { CallOptions, SpawnOptions } from '../../src/machine/machine-api.ts';
import { InputError } from '../../src/mmu/input-error.ts';
import type { Argument } from '../../src/process/functions/function.ts';
import type {
  AnyHostAllocator,
  HostAllocator,
  HostArenaAllocator,
  HostCall,
} from '../../src/process/python/host-functions.ts';

/** Of a call that must be refused. */
function refusal(act: () => unknown): { code: string; message: string; hint: string | undefined } {
  try {
    act();
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return { code: error.code, message: error.message, hint: error.hint };
  }
  throw new Error('it was not refused');
}
const code = (act: () => unknown): string => refusal(act).code;
/** Options as JavaScript may have them. */
const spawn = (options: unknown) => new Machine({ paging: 'x86_64', memory: 8 << 20 }).spawn(options as SpawnOptions);

function app(options: SpawnOptions = { python: '3.11' }) {
  const machine = new Machine({ paging: 'x86_64', memory: 8 << 20, swap: 0 });
  const process = machine.spawn({ name: 'app', ...options });
  const call = (name: string, ...args: Argument[]) => machine.call(process, name, args);
  return { machine, process, call };
}

describe('spawn', () => {
  it.each<[SpawnOptions['python'], string]>([
    [{ version: '3.11', PYTHONMALLOC: 'debug' }, 'pymalloc_debug'],
    [{ version: '3.11', pythonMalloc: 'debug' }, 'pymalloc_debug'],
    [{ version: '3.11', dev: true }, 'pymalloc_debug'],
    [{ version: '3.11', devMode: true }, 'pymalloc_debug'],
    [{ version: '3.11', PYTHONMALLOC: 'malloc', isolated: true }, 'pymalloc'],
    [{ version: '3.11', PYTHONMALLOC: 'malloc', ignoreEnvironment: false }, 'malloc'],
  ])('takes both spellings of a Python setting: %j', (python, name) => {
    expect(app({ python }).call('_PyMem_GetCurrentAllocatorName').text).toBe(name);
  });

  it('PYTHONMALLOCSTATS prints, in either spelling', () => {
    for (const setting of [{ PYTHONMALLOCSTATS: '1' }, { pythonMallocStats: '1' }]) {
      expect(app({ python: { version: '3.11', ...setting } }).call('Py_FinalizeEx').output).toContain('arenas');
    }
  });

  it('names the key that was probably meant', () => {
    const refused = refusal(() => spawn({ python: { version: '3.11', PYTHONMALOC: 'debug' } }));
    expect(refused).toMatchObject({ code: 'MEM-API-021', hint: 'did you mean `PYTHONMALLOC`?' });
    expect(refusal(() => spawn({ memchek: true }))).toMatchObject({ hint: 'did you mean `memcheck`?' });
  });

  it.each([
    { python: null },
    { python: 3.11 },
    { python: [] },
    { python: {} },
    { python: { version: 3.11 } },
    { python: { version: '3.11', PYTHONMALLOC: 1 } },
    { python: { version: '3.11', dev: 'yes' } },
    { python: { version: '3.11', dev: true, devMode: true } },
    { malloc: null },
    { malloc: 1 },
    { malloc: 'foo' },
    { malloc: 'toString' },
    { malloc: {} },
    { malloc: [] },
    { malloc: { policy: 'slab', objectSizes: 8 } },
    { malloc: { policy: 'segregated', classes: 'all' } },
    { malloc: { policy: 'best-fit', stopAtExactFit: 'yes' } },
    { memcheck: 'yes' },
    { signals: 'ignore' },
    { name: 5 },
    'app',
    null,
  ])('refuses %j', (options) => {
    expect(code(() => spawn(options))).toBe('MEM-API-021');
  });

  it('a version that nobody knows has a code of its own', () => {
    expect(code(() => spawn({ python: { version: '1.5' } }))).toBe('MEM-API-016');
  });

  it.each<[unknown, RegExp]>([
    ['foo', /'foo' is no allocator: there are first-fit/],
    [{ policy: 'best-fit', alignment: 3 }, /alignment must be a power of two up to 4096, not 3/],
    [{ policy: 'buddy', order: 'address' }, /buddy has no option 'order'/],
  ])('says of malloc what checkTextbookOptions says: %j', (malloc, message) => {
    expect(refusal(() => spawn({ malloc })).message).toMatch(message);
  });

  it.each<SpawnOptions['malloc']>(['first-fit', 'slab', { policy: 'first-fit' }, 'glibc'])(
    'takes malloc: %j',
    (malloc) => {
      const { call } = app({ malloc });
      const [one, two] = [call('malloc', 10).value, call('malloc', 10).value];
      expect(Number(two)).toBeGreaterThan(Number(one));
    },
  );

  it('leaves no process behind when it refuses', () => {
    const machine = new Machine({ paging: 'x86_64', memory: 8 << 20 });
    expect(code(() => machine.spawn({ malloc: 'foo' } as unknown as SpawnOptions))).toBe('MEM-API-021');
    expect([...machine.kernel.processes.values()]).toEqual([]);
  });
});

describe('call', () => {
  it.each<Argument>([2 ** 64, 2n ** 64n, 2n ** 64n + 10n, -(2n ** 63n) - 1n, 1.5, Number.NaN, 'x'])(
    'refuses the size %s',
    (size) => {
      const { call } = app();
      expect(code(() => call('malloc', size))).toBe('MEM-API-013');
      expect(code(() => call('PyMem_Calloc', 1, size))).toBe('MEM-API-013');
    },
  );

  it('takes every size that 64 bits can hold, a negative one as C does', () => {
    const { call } = app();
    for (const size of [2n ** 64n - 1n, 2 ** 60, -1, -(2n ** 63n)]) expect(call('malloc', size).value).toBe(0);
    // As many elements as there are numbers, of no bytes each.
    expect(call('PyMem_Calloc', 2n ** 64n - 1n, 0).value).toBeGreaterThan(0);
  });

  it.each(['PyMem_SetAllocator', 'PyMem_GetAllocator'])('%s names the domains', (name) => {
    const args: Argument[] = name === 'PyMem_SetAllocator' ? ['meh', 'counting'] : ['meh'];
    const refused = refusal(() => app().call(name, ...args));
    expect(refused.code).toBe('MEM-API-013');
    expect(refused.message).toContain('`meh` is no domain (they are raw, mem, obj)');
  });

  it('refuses options that it does not know', () => {
    const { machine, process } = app();
    const refused = refusal(() => machine.call(process, 'malloc', [1], { thred: 'x' } as CallOptions));
    expect(refused).toMatchObject({ code: 'MEM-API-013', hint: 'did you mean `thread`?' });
    expect(code(() => machine.call(process, 'malloc', [1], { thread: 5 } as unknown as CallOptions))).toBe(
      'MEM-API-013',
    );
    expect(code(() => machine.call(process, 'malloc', 1 as unknown as Argument[]))).toBe('MEM-API-013');
  });

  it.each<[string, Argument[], string, string]>([
    ['sys._debugmallocstats', [], '2.7', '3.3'],
    ['sys.getallocatedblocks', [], '3.3', '3.4'],
    ['PyGILState_Check', [], '3.3', '3.4'],
    ['PyMem_RawMalloc', [1], '3.3', '3.4'],
    ['PyMem_GetAllocator', ['mem'], '2.7', '3.4'],
    ['tracemalloc.start', [], '3.3', '3.4'],
    ['PyObject_Calloc', [1, 1], '3.4', '3.5'],
    ['Py_FinalizeEx', [], '3.5', '3.6.0'],
    ['PyTraceMalloc_Track', [1, 4096, 1], '3.6', '3.7.3'],
    ['_PyMem_GetCurrentAllocatorName', [], '3.7', '3.8'],
    ['tracemalloc.reset_peak', [], '3.8', '3.9'],
    ['tracemalloc.reset_peak', [], '3.9', '3.13'],
  ])('%s%j: not in %s, but in %s', (name, args, before, since) => {
    if (before !== '3.9') {
      expect(refusal(() => app({ python: before }).call(name, ...args))).toMatchObject({
        code: 'MEM-API-015',
        message: expect.stringMatching(/came with Python 3\.\d; app has [23]\.\d$/),
      });
    }
    expect(app({ python: since }).call(name, ...args).ok).toBe(true);
  });
});

/** Passes everything on. */
const passing: HostAllocator = {
  name: 'own',
  about: 'one of a test',
  words: 2,
  malloc: (call, size) => call.lower.malloc(size),
  calloc: (call, count, size) => call.lower.calloc(count, size),
  realloc: (call, address, size) => call.lower.realloc(address, size),
  free: (call, address) => call.lower.free(address),
};
const arenas: HostArenaAllocator = {
  name: 'own-arenas',
  about: 'one of a test',
  words: 0,
  alloc: (call, size) => call.lower.alloc(size),
  free: (call, address, size) => call.lower.free(address, size),
};

function wrapped(own: Partial<HostAllocator>) {
  const made = app();
  made.machine.programs.addAllocator({ ...passing, ...own });
  made.call('PyMem_SetAllocator', 'mem', 'own');
  return made;
}

describe('addAllocator', () => {
  it.each<[unknown, RegExp]>([
    [undefined, /is no allocator/],
    [{ name: 'x' }, /\(x\) has no function `malloc`/],
    [{ ...passing, name: '' }, /has no name/],
    [{ ...passing, words: 1.5 }, /has `words` that are no count/],
    [{ ...arenas, free: null }, /has no function `free`/],
    [{ ...passing, name: 'counting' }, /cannot be added/],
  ])('refuses %j', (allocator, message) => {
    const refused = refusal(() => app().machine.programs.addAllocator(allocator as AnyHostAllocator));
    expect(refused.code).toBe('MEM-API-019');
    expect(refused.message).toMatch(message);
  });
});

describe('a host allocator that fails', () => {
  const setting = (call: HostCall, index: number, value: number): number => {
    call.setWord(index, value);
    return 0;
  };
  const endless = (): number => endless() + 1;
  const answering = (answer: unknown) => ({ malloc: () => answer as number });

  it.each<[string, Partial<HostAllocator>, RegExp]>([
    [
      'throws',
      {
        malloc: () => {
          throw new Error('oh no');
        },
      },
      /^the allocator `own` threw Error: oh no in its `malloc`$/,
    ],
    ['recurses without end', { malloc: endless }, /threw RangeError: Maximum call stack/],
    ['answers a fraction', answering(1.5), /answered 1\.5 in its `malloc`/],
    ['answers text', answering('x'), /answered 'x'/],
    ['answers nothing', answering(undefined), /answered undefined/],
    ['answers a negative number', answering(-8), /answered -8/],
    ['answers a number that is not exact', answering(2 ** 53), /answered 9007199254740992/],
    ['reads a word beyond its own', { malloc: (call) => call.word(2) }, /named word 2 in its `call\.word`/],
    ['reads a word before its own', { malloc: (call) => call.word(-1) }, /named word -1/],
    ['writes a word beyond its own', { malloc: (call) => setting(call, 2, 1) }, /named word 2 in its `call\.setWord`/],
    ['writes a fraction', { malloc: (call) => setting(call, 1, 0.5) }, /set 0\.5/],
    ['writes a negative number', { malloc: (call) => setting(call, 1, -1) }, /set -1/],
    [
      'passes no size on',
      { malloc: (call) => call.lower.malloc(Number.NaN) },
      /passed on NaN in its `call\.lower\.malloc`/,
    ],
    ['passes 2^64 on', { malloc: (call) => call.lower.malloc(2n ** 64n) }, /passed on 18446744073709551616/],
  ])('%s', (_what, own, message) => {
    const { call, machine } = wrapped(own);
    const refused = refusal(() => call('PyMem_Malloc', 10));
    expect(refused.code).toBe('MEM-API-022');
    expect(refused.message).toMatch(message);
    // The rest of the machine goes on, and what was left halfway is no bug of ours.
    expect(call('PyObject_Malloc', 10).value).toBeGreaterThan(0);
    expect(machine.programs.brokenRules()).toEqual([]);
  });

  it('calloc, realloc and free are held to it too', () => {
    const fails = () => {
      throw new TypeError('no');
    };
    const { call } = wrapped({ calloc: () => -1, realloc: fails, free: fails });
    const block = Number(call('PyMem_Malloc', 10).value);
    expect(refusal(() => call('PyMem_Calloc', 1, 1)).message).toContain('answered -1 in its `calloc`');
    expect(refusal(() => call('PyMem_Realloc', block, 20)).message).toContain('threw TypeError: no in its `realloc`');
    expect(refusal(() => call('PyMem_Free', block)).message).toContain('threw TypeError: no in its `free`');
  });

  it('arenas are held to it too', () => {
    const { call, machine } = app({ python: '3.9' });
    machine.programs.addAllocator({ ...arenas, alloc: () => 0.5 });
    call('PyObject_SetArenaAllocator', 'own-arenas');
    const grow = () => {
      for (let blocks = 0; blocks < 2000; blocks++) call('PyObject_Malloc', 512);
    };
    expect(refusal(grow)).toMatchObject({
      code: 'MEM-API-022',
      message: 'the allocator `own-arenas` answered 0.5 in its `alloc`',
    });
    expect(machine.programs.brokenRules()).toEqual([]);
  });

  it('a signal that ends the program below it stays a signal', () => {
    const { call } = wrapped({ malloc: (host) => host.memory.load64(8) });
    const result = call('PyMem_Malloc', 10);
    expect(result).toMatchObject({ ok: false, signal: { signal: 'SIGSEGV', address: 8 } });
  });

  it('a size that it doubles may have more than 53 bits', () => {
    const { call } = wrapped({ malloc: (host, size) => host.lower.malloc(2 * Number(size)) });
    expect(call('PyMem_Malloc', 2 ** 52 + 2).value).toBe(0);
  });

  it('a count that the program wrote over begins anew', () => {
    const { machine, process, call } = app();
    const ctx = Number(call('PyMem_SetAllocator', 'mem', 'counting').value);
    machine.store(process, ctx + 48, new Uint8Array(8).fill(0xff));
    expect(call('PyMem_Malloc', 10).value).toBeGreaterThan(0);
    expect(machine.load(process, ctx + 48, 8).bytes).toEqual(new Uint8Array(8));
  });
});
