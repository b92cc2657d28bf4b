/** Heaps from TypeScript, as docs/heaps.md shows it: calls, an allocator of one's own, tools and matchers. */
import { describe, expect, it } from 'vitest';
import { findLeaks, type HostAllocator, InputError, Machine, runScenarioText } from '../../src/index.ts';
import '../../src/vitest.ts';

/** docs/heaps.md: hands out at most so many bytes; what is handed out now stands in a word of the program's memory. */
const budget: HostAllocator = {
  name: 'budget',
  about: 'refuses requests beyond a budget of bytes',
  words: 2, // 0: the budget, 1: bytes handed out
  malloc(call, size) {
    if (call.word(1) + Number(size) > call.word(0)) return 0;
    call.setWord(1, call.word(1) + Number(size));
    return call.lower.malloc(size);
  },
  calloc(call, count, size) {
    if (call.word(1) + Number(count) * Number(size) > call.word(0)) return 0;
    call.setWord(1, call.word(1) + Number(count) * Number(size));
    return call.lower.calloc(count, size);
  },
  realloc: (call, address, size) => call.lower.realloc(address, size),
  free: (call, address) => call.lower.free(address),
};

function python() {
  const machine = new Machine({ paging: 'x86_64', memory: 8 << 20, swap: 0 });
  const process = machine.spawn({ name: 'app', python: '3.11' });
  return { machine, process };
}

describe('an allocator written in TypeScript', () => {
  it('wraps a domain, and keeps what it knows in the memory of the program', () => {
    const { machine, process } = python();
    machine.programs.addAllocator(budget);
    const ctx = Number(machine.call(process, 'PyMem_SetAllocator', ['mem', 'budget', 100]).value);
    expect(machine.call(process, 'PyMem_Malloc', [60]).value).toBeGreaterThan(0);
    expect(machine.call(process, 'PyMem_Malloc', [60]).value).toBe(0);
    expect(machine.call(process, 'PyMem_Calloc', [2, 20]).value).toBeGreaterThan(0);
    // Behind the record that it wraps (40 bytes) and the domain (8) stand its words.
    const words = machine.load(process, ctx + 48, 16).bytes;
    expect(words).toEqual(new Uint8Array([100, 0, 0, 0, 0, 0, 0, 0, 100, 0, 0, 0, 0, 0, 0, 0]));
  });

  it('a forked child has its own count', () => {
    const { machine, process } = python();
    machine.programs.addAllocator(budget);
    machine.call(process, 'PyMem_SetAllocator', ['mem', 'budget', 100]);
    machine.call(process, 'PyMem_Malloc', [80]);
    const child = machine.fork(process, 'child');
    if (typeof child === 'number') throw new Error(`fork answered ${child}`);
    expect(machine.call(child, 'PyMem_Malloc', [20]).value).toBeGreaterThan(0);
    expect(machine.call(child, 'PyMem_Malloc', [20]).value).toBe(0);
    expect(machine.call(process, 'PyMem_Malloc', [20]).value).toBeGreaterThan(0);
  });

  it('is named in a scenario that gets it as an option', () => {
    const scenario = `version: 1
name: a budget
steps:
  - { do: spawn, process: app, python: '3.11' }
  - { do: PyMem_SetAllocator, domain: mem, allocator: budget, word: 100 }
  - { do: PyMem_Malloc, size: 200, as: p, expect: { result: NULL } }
`;
    expect(runScenarioText(scenario, { allocators: [budget] })).toHold();
    expect(runScenarioText(scenario).steps[1]?.outcome).toMatchObject({
      kind: 'dead',
      why: expect.stringContaining('no allocator `budget`'),
    });
  });

  it('a name is taken once, and an unknown one is a mistake', () => {
    const { machine, process } = python();
    machine.programs.addAllocator(budget);
    expect(() => machine.programs.addAllocator(budget)).toThrow(InputError);
    expect(() => machine.call(process, 'PyMem_SetAllocator', ['mem', 'buget'])).toThrow(/no allocator `buget`/);
    expect(() => machine.call(process, 'PyObject_SetArenaAllocator', ['budget'])).toThrow(/no arena allocator/);
  });
});

describe('matchers', () => {
  it('toHaveNoLeaks: what is freed or pointed to is not lost', () => {
    const { machine, process } = python();
    expect(machine).toHaveNoLeaks(process);
    const block = Number(machine.call(process, 'malloc', [24]).value);
    expect(machine).not.toHaveNoLeaks(process);
    expect(() => expect(machine).toHaveNoLeaks(process)).toThrow(/24 bytes in 1 blocks are definitely lost/);
    machine.call(process, 'free', [block]);
    expect(machine).toHaveNoLeaks(process);
    expect(() => expect(machine).not.toHaveNoLeaks(process)).toThrow(/has lost none/);
  });

  it('toHaveHeapErrors: any, or exactly these', () => {
    const machine = new Machine({ paging: 'x86_64', memory: 4 << 20, swap: 0 });
    const process = machine.spawn({ name: 'app', memcheck: true });
    const block = Number(machine.call(process, 'malloc', [24]).value);
    expect(machine).not.toHaveHeapErrors(process);
    machine.store(process, block + 24, 1, 1);
    expect(machine).toHaveHeapErrors(process);
    expect(machine).toHaveHeapErrors(process, ['invalid-write']);
    expect(machine).not.toHaveHeapErrors(process, ['invalid-read']);
    expect(() => expect(machine).not.toHaveHeapErrors(process)).toThrow(/Invalid write of size 1/);
    expect(findLeaks(machine.programs.require(process)).inUse).toEqual({ bytes: 24, blocks: 1 });
  });

  it('a process is named by itself, its pid or its name, and judged by what it had lost when it called exit', () => {
    const machine = new Machine({ paging: 'x86_64', memory: 8 << 20, swap: 0 });
    const process = machine.spawn({ name: 'app', memcheck: true });
    const block = Number(machine.call(process, 'malloc', [24]).value);
    machine.load(process, block + 24, 1);
    for (const name of [process, 'app', process.pid]) expect(machine).not.toHaveNoLeaks(name);
    machine.exit(process);
    for (const name of [process, 'app', process.pid]) {
      expect(() => expect(machine).toHaveNoLeaks(name)).toThrow(/24 bytes in 1 blocks are definitely lost/);
      expect(machine).toHaveHeapErrors(name, ['invalid-read']);
    }
    const killed = machine.spawn({ name: 'killed', memcheck: true });
    machine.call(killed, 'malloc', [24]);
    machine.kill(killed, 'SIGKILL');
    for (const check of [expect(machine), expect(machine).not]) {
      expect(() => check.toHaveNoLeaks(killed)).toThrow(/ask before process \d+ ends/);
    }
  });

  it('without a clock or frames their reports name no place', () => {
    const { machine, process } = python();
    machine.call(process, 'malloc', [24]);
    expect(() => expect(machine).toHaveNoLeaks(process)).toThrow(
      /definitely lost in loss record 1 of 1\n +by malloc\n/,
    );
  });

  it('they say what they cannot judge', () => {
    const { machine, process } = python();
    machine.call(process, 'malloc', [1]);
    expect(() => expect(machine).toHaveHeapErrors(process)).toThrow(/memcheck: true/);
    expect(() => expect(machine).not.toHaveHeapErrors(process)).toThrow(/memcheck: true/);
    expect(() => expect({}).toHaveNoLeaks(process)).toThrow(/a machine/);
    const watched = machine.spawn({ name: 'watched', memcheck: true });
    expect(machine).not.toHaveHeapErrors(watched);
    for (const check of [expect(machine), expect(machine).not]) {
      expect(() => check.toHaveNoLeaks('nobody')).toThrow(/there is no 'nobody'/);
      // @ts-expect-error a process is asked for
      expect(() => check.toHaveNoLeaks()).toThrow(/toHaveNoLeaks judges a process/);
      // @ts-expect-error there is no such kind
      expect(() => check.toHaveHeapErrors(watched, ['invalid-raed'])).toThrow(/kinds of heap errors: invalid-read, /);
    }
  });
});
