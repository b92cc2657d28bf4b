import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { chooseAllocators, wantsMallocStats } from '../../../src/process/python/configuration.ts';
import { pythonProfile } from '../../../src/process/python/profiles.ts';
import { pythonProgram, startedProgram } from './python-program.ts';

interface Fact {
  readonly python: string;
  readonly PYTHONMALLOC: string | null;
  readonly args: readonly string[];
  readonly name?: string;
  /** 3.6, which has no function for the name: does obj use pymalloc? */
  readonly pymalloc?: boolean;
  readonly returncode: number;
  readonly stderr: string;
}

const facts = ['pythonmalloc-3.11.7.json', 'pythonmalloc-other-versions.json'].flatMap((name): Fact[] =>
  JSON.parse(readFileSync(new URL(`../../fixtures/cpython/facts/${name}`, import.meta.url), 'utf8')),
);
const titled = facts.map((fact) => ({
  ...fact,
  title: `${fact.python} ${fact.args.join(' ')} PYTHONMALLOC=${fact.PYTHONMALLOC ?? '(unset)'}`,
}));
const series = (python: string): string => python.split('.').slice(0, 2).join('.');

describe('PYTHONMALLOC, as recorded from CPython', () => {
  it.each(titled)('$title', ({ python: version, PYTHONMALLOC, args, name, pymalloc, returncode, stderr }) => {
    const { python } = pythonProgram(series(version), {
      pythonMalloc: PYTHONMALLOC ?? undefined,
      devMode: args.includes('dev') || args.some((arg) => arg.includes('PYTHONDEVMODE')),
      // 3.6 reads -I too late to hide PYTHONMALLOC.
      ignoreEnvironment: args.includes('-E') || (args.includes('-I') && !version.startsWith('3.6')),
    });
    const answer = python.initialize();
    if (returncode !== 0) {
      expect(answer).toEqual({ ok: false, stderr, exitCode: returncode });
      return;
    }
    expect(answer).toEqual({ ok: true });
    if (pymalloc === undefined) expect(python.allocatorName()).toBe(name);
    else expect(python.allocatorName()?.startsWith('pymalloc')).toBe(pymalloc);
  });
});

describe('builds', () => {
  const name = (version: string, options: object): string | null =>
    startedProgram(version, options).python.allocatorName();

  it.each([
    [{ debugBuild: true }, 'pymalloc_debug'],
    [{ debugBuild: true, pythonMalloc: 'default' }, 'pymalloc_debug'],
    [{ debugBuild: true, pythonMalloc: 'pymalloc' }, 'pymalloc'],
    [{ withPymalloc: false }, 'malloc'],
    [{ withPymalloc: false, debugBuild: true }, 'malloc_debug'],
    [{ withPymalloc: false, pythonMalloc: 'debug' }, 'malloc_debug'],
    [{ withPymalloc: false, devMode: true }, 'malloc_debug'],
  ])('%o is %s', (options, expected) => {
    expect(name('3.11', options)).toBe(expected);
  });

  it('without pymalloc, asking for it is an unknown allocator', () => {
    const answer = chooseAllocators({ profile: pythonProfile('3.11')!, withPymalloc: false, pythonMalloc: 'pymalloc' });
    expect(answer).toMatchObject({ ok: false, exitCode: 1 });
    expect(answer).not.toHaveProperty('unsupported');
  });

  it('mimalloc is valid in 3.13, and told apart from an unknown allocator', () => {
    const answer = chooseAllocators({ profile: pythonProfile('3.13')!, pythonMalloc: 'mimalloc_debug' });
    expect(answer).toMatchObject({ ok: false, unsupported: true });
    expect(chooseAllocators({ profile: pythonProfile('3.13')!, pythonMalloc: 'mimallo' })).not.toHaveProperty(
      'unsupported',
    );
    const ignored = { profile: pythonProfile('3.13')!, pythonMalloc: 'mimalloc', ignoreEnvironment: true };
    expect(chooseAllocators(ignored)).toMatchObject({ ok: true });
  });

  it('before 3.6 the variable does not exist', () => {
    for (const version of ['2.7', '3.3', '3.4', '3.5']) {
      const { python } = startedProgram(version, { pythonMalloc: 'xyz' });
      expect([python.getAllocator(1).malloc === python.getAllocator(0).malloc, python.getAllocator(2).ctx]).toEqual([
        true,
        0,
      ]);
      expect(python.getAllocator(2).malloc).not.toBe(python.getAllocator(0).malloc);
    }
  });
});

describe('PYTHONMALLOCSTATS', () => {
  it.each([
    ['3.11', { pythonMallocStats: '1' }, true],
    ['3.11', { pythonMallocStats: '0' }, true],
    ['3.11', { pythonMallocStats: '' }, false],
    ['3.11', {}, false],
    ['3.11', { pythonMallocStats: '1', ignoreEnvironment: true }, false],
    ['3.5', { pythonMallocStats: '1' }, false],
    ['3.5', { pythonMallocStats: '', debugBuild: true }, true],
  ])('%s %o: %s', (version, options, expected) => {
    expect(wantsMallocStats({ profile: pythonProfile(version)!, ...options })).toBe(expected);
  });

  it('prints before the first arena what 3.11.7 printed', () => {
    const { python, stderr } = startedProgram('3.11', { pythonMallocStats: 'yes' });
    python.malloc(2, 100);
    const recorded = readFileSync(
      new URL('../../fixtures/cpython/facts/pythonmallocstats-3.11.7.txt', import.meta.url),
      'utf8',
    );
    const second = recorded.indexOf('Small block threshold', 1);
    expect(stderr()).toBe(recorded.slice(0, second));
  });

  const prints = (text: string): number => text.split('Small block threshold').length - 1;

  it('prints before each new arena and once at the end; 3.12 not at the end', () => {
    for (const [version, atEnd] of [
      ['3.8', 1],
      ['3.11', 1],
      ['3.12', 0],
      ['3.13', 1],
    ] as const) {
      const { python, stderr } = startedProgram(version, { pythonMallocStats: '1' });
      const seen = new Set<number>();
      for (let block = 0; block < 4500; block++) seen.add(python.pymalloc.locate(python.malloc(1, 512))!.arenaIndex);
      const arenas = seen.size;
      expect(arenas).toBeGreaterThan(2);
      expect(prints(stderr())).toBe(arenas);
      python.finalize();
      expect(prints(stderr())).toBe(arenas + atEnd);
    }
  });

  it('is silent when obj is not pymalloc, or something else stands on it', () => {
    const malloc = startedProgram('3.11', { pythonMallocStats: '1', pythonMalloc: 'malloc_debug' });
    malloc.python.malloc(2, 100);
    malloc.python.finalize();
    expect(malloc.stderr()).toBe('');
    const wrapped = startedProgram('3.11', { pythonMallocStats: '1' });
    wrapped.python.tracemalloc.start(1);
    wrapped.python.malloc(2, 100);
    expect(wrapped.stderr()).toBe('');
    wrapped.python.tracemalloc.stop();
    wrapped.python.finalize();
    expect(prints(wrapped.stderr())).toBe(1);
    // 3.13 looks below hooks that something stands on; 3.6 does not look at all.
    for (const [version, pythonMalloc, expected] of [
      ['3.13', 'debug', 1],
      ['3.13', 'pymalloc', 0],
      ['3.12', 'debug', 0],
      ['3.6', 'pymalloc', 1],
    ] as const) {
      const { python, stderr } = startedProgram(version, { pythonMallocStats: '1', pythonMalloc });
      python.tracemalloc.start(1);
      python.malloc(2, 100);
      expect([version, pythonMalloc, prints(stderr())]).toEqual([version, pythonMalloc, expected]);
    }
  });
});

describe('sys._debugmallocstats()', () => {
  const recorded: Record<string, readonly string[]> = JSON.parse(
    readFileSync(new URL('../../fixtures/cpython/facts/free-lists.json', import.meta.url), 'utf8'),
  );
  /** A recorded line with its number of objects set to 0. */
  const emptied = (line: string): string => {
    const phrase = line.slice(0, 48).trim().replace(/^\d+/, '0');
    return `${phrase.padStart(48)} =${'0'.padStart(21)}`;
  };

  it.each(Object.keys(recorded))('%s: a line per free list', (version) => {
    const { python, stderr } = startedProgram(series(version), { pythonMalloc: 'malloc' });
    python.debugMallocStats();
    expect(stderr().split('\n')).toEqual([...recorded[version]!.map(emptied), '']);
  });

  it('begins with the allocator part when obj is pymalloc, bare or under hooks', () => {
    for (const pythonMalloc of ['pymalloc', 'pymalloc_debug']) {
      const { python, memory, stderr } = startedProgram('3.11', { pythonMalloc });
      python.malloc(2, 100);
      python.debugMallocStats();
      expect(stderr().startsWith(`${python.pymalloc.statistics(memory)}\n`)).toBe(true);
      expect(stderr()).toContain('\n\n            0 free PyDictObjects');
    }
  });

  it('counts debug calls up to 3.7, under hooks', () => {
    const hooked = startedProgram('3.7', { pythonMalloc: 'debug' });
    hooked.python.malloc(2, 100);
    hooked.python.debugMallocStats();
    expect(hooked.stderr()).toContain('# times object malloc called       =                    ');
    const bare = startedProgram('3.7');
    bare.python.debugMallocStats();
    expect(bare.stderr()).not.toContain('times object malloc called');
  });

  it('does not exist in 2.7', () => {
    const { python, stderr } = startedProgram('2.7');
    python.debugMallocStats();
    expect(stderr()).toBe('');
  });
});
