/** `--allocators FILE`: allocators written outside, named by the steps of a scenario. */
import { describe, expect, it } from 'vitest';
import { runCli } from '../../src/cli/run-cli.ts';
import { fakeWorld } from './fake-io.ts';

const SCENARIO = `version: 1
name: an allocator of one's own
steps:
  - { do: spawn, process: app, python: '3.11' }
  - { do: PyMem_SetAllocator, domain: mem, allocator: doubling, as: ctx }
  - { do: PyMem_Malloc, size: 100, as: block, expect: { result: block } }
  - { do: check, at: ctx+48, size: 8, expect: { value: 1 } }
  - { do: PyMem_SetAllocator, domain: mem, allocator: previous }
  - { do: PyMem_Free, ptr: block }
`;

interface Call {
  readonly lower: Record<'malloc' | 'calloc' | 'realloc', (...args: unknown[]) => number> & {
    free(address: number): void;
  };
  word(index: number): number;
  setWord(index: number, value: number): void;
}

/** Asks for twice the bytes, and counts. */
const doubling = {
  name: 'doubling',
  about: 'twice the bytes',
  words: 1,
  malloc(call: Call, size: number) {
    call.setWord(0, call.word(0) + 1);
    return call.lower.malloc(2 * size);
  },
  calloc: (call: Call, count: number, size: number) => call.lower.calloc(count, 2 * size),
  realloc: (call: Call, address: number, size: number) => call.lower.realloc(address, 2 * size),
  free: (call: Call, address: number) => call.lower.free(address),
};

async function run(exported: unknown, ...extra: string[]) {
  const world = fakeWorld({
    files: { 'own.yaml': SCENARIO, 'own.mjs': '// a module' },
    modules: exported === undefined ? {} : { 'own.mjs': { default: exported } },
  });
  const code = await runCli(['run', 'own.yaml', '--allocators', 'own.mjs', ...extra], world.io);
  return { code, out: world.out(), err: world.err() };
}

describe('--allocators', () => {
  it('lets steps name them', async () => {
    expect(await run([doubling])).toMatchObject({ code: 0, err: '' });
    expect(await run(doubling)).toMatchObject({ code: 0 });
  });

  it.each<[string, unknown, string]>([
    ['no module', undefined, 'cannot be imported'],
    ['no allocator', [42], 'item 1 of its default export is no allocator'],
    ['no name', [{ ...doubling, name: '' }], 'has no name'],
    [
      'no free',
      [doubling, { ...doubling, name: 'b', free: 1 }],
      'item 2 of its default export (b) has no function `free`',
    ],
    ['words', [{ ...doubling, words: -1 }], 'has `words` that are no count'],
    ['a name that is taken', [doubling, doubling], 'doubling'],
  ])('refuses %s', async (_what, exported, message) => {
    const { code, err } = await run(exported);
    expect(code).toBe(2);
    expect(err).toContain(message);
  });

  it('is missing: the step that names one cannot run', async () => {
    const world = fakeWorld({ files: { 'own.yaml': SCENARIO } });
    expect(await runCli(['run', 'own.yaml'], world.io)).not.toBe(0);
    expect(world.out() + world.err()).toContain('doubling');
  });

  it.each<[string, unknown, string]>([
    [
      'throws',
      () => {
        throw new Error('oh no');
      },
      'the allocator `doubling` threw Error: oh no in its `malloc`',
    ],
    [
      'recurses without end',
      function malloc(this: unknown, ...args: unknown[]): number {
        return 1 + malloc.apply(this, args);
      },
      'Maximum call stack',
    ],
    ['answers a fraction', () => 1.5, 'the allocator `doubling` answered 1.5'],
  ])('one that %s fails the step, and is no bug of ours', async (_what, malloc, message) => {
    const { code, out, err } = await run([{ ...doubling, malloc }]);
    expect(code).toBe(1);
    expect(out).toContain(message);
    expect(out + err).not.toContain('bug');
  });
});
