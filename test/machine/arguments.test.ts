/** What a caller passes wrong is told with a code and a hint; nothing reaches the machine. */
import { describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';
import { InputError, InputErrors } from '../../src/mmu/input-error.ts';

function codesOf(action: () => unknown): string[] {
  try {
    action();
  } catch (error) {
    if (error instanceof InputErrors) return error.errors.map(({ code }) => code);
    if (error instanceof InputError) return [error.code];
    throw error;
  }
  return [];
}

describe('machine configuration', () => {
  it('tells all mistakes at once, also beside an unknown format', () => {
    const wrong = { paging: 'sv93', memory: 5, cpus: 0, replacement: 'lur', swap: -1, pagng: 'sv39' };
    expect(codesOf(() => new Machine(wrong as unknown as Partial<MachineConfig>)).sort()).toEqual([
      'MEM-CFG-001',
      'MEM-CFG-002',
      'MEM-CFG-003',
      'MEM-CFG-003',
      'MEM-CFG-008',
      'MEM-POL-001',
    ]);
  });

  it('undefined means the default', () => {
    const config = { memory: undefined } as unknown as Partial<MachineConfig>;
    expect(new Machine(config).config.memory).toBe(16 << 20);
  });
});

describe('accesses', () => {
  const machine = new Machine();
  const process = machine.spawn({ name: 'p' });
  const before = machine.counters();

  it.for<[string, () => unknown, string]>([
    ['a name for a process', () => machine.load('p' as never, 0, 1), 'MEM-API-007'],
    ['no address', () => machine.load(process, undefined as never, 1), 'MEM-API-008'],
    ['not a number', () => machine.load(process, Number.NaN, 1), 'MEM-API-008'],
    ['half an address', () => machine.store(process, 0.5, 1, 1), 'MEM-API-008'],
    ['no bytes', () => machine.load(process, 0, 0), 'MEM-API-009'],
    ['too many bytes', () => machine.load(process, 0, 1e12), 'MEM-API-009'],
    ['a value too large', () => machine.store(process, 0, 300, 1), 'MEM-API-010'],
    ['a value too negative', () => machine.store(process, 0, -129, 1), 'MEM-API-010'],
    ['half a value', () => machine.store(process, 0, 1.5, 4), 'MEM-API-010'],
    ['a word for a value', () => machine.store(process, 0, 'abc' as never, 4), 'MEM-API-010'],
    ['no such CPU', () => machine.switchTo(1, process), 'MEM-API-005'],
  ])('%s', ([, action, code]) => {
    expect(codesOf(action)).toEqual([code]);
    expect(machine.counters()).toEqual(before);
    expect(process.state).toBe('running');
  });

  it('the extremes that fit are stored', () => {
    const other = new Machine();
    const someone = other.spawn({});
    const at = other.mmap(someone, { length: 4096, prot: 3, flags: 0x22 });
    other.store(someone, at, -128, 1);
    other.store(someone, at + 1, 255, 1);
    other.store(someone, at + 8, 2n ** 64n - 1n, 8);
    expect(other.load(someone, at, 2).bytes).toEqual(Uint8Array.of(0x80, 0xff));
    expect(other.load(someone, at + 8, 8).bytes).toEqual(new Uint8Array(8).fill(0xff));
  });

  it('a process that has ended makes no accesses', () => {
    const other = new Machine();
    const someone = other.spawn({});
    other.exit(someone);
    expect(codesOf(() => other.load(someone, 0, 1))).toEqual(['MEM-API-001']);
  });
});

describe('explain looks through the process asked about', () => {
  it.for([true, false])('asids: %s; also when another process is loaded', (asids) => {
    const machine = new Machine({ tlb: { entries: 16, ways: 4, asids } });
    const [a, b] = ['a', 'b'].map((name) => machine.spawn({ name }));
    const at = 0x10_0000_0000;
    for (const process of [a!, b!]) {
      machine.mmap(process, { address: at, length: 8192, prot: 3, flags: 0x32 });
      machine.store(process, at, 1, 1);
    }
    machine.store(b!, at + 4096, 1, 1);
    const frameOf = (process: typeof a, address: number) =>
      machine.explain(process!, address, 'load').walk.at(-1)?.pfn ?? null;
    const before = machine.counters();
    for (const process of [a!, b!]) {
      const translation = machine.explain(process, at, 'load');
      expect(translation.physical).toBe(frameOf(process, at)! * 4096);
    }
    expect(frameOf(a, at)).not.toBe(frameOf(b, at));
    expect(machine.explain(a!, at + 4096, 'load').fault).not.toBeNull();
    expect(machine.counters()).toEqual(before);
  });

  it('translate is for bare hardware', () => {
    const machine = new Machine();
    expect(codesOf(() => machine.translate(0, 0x1000, 'load'))).toEqual(['MEM-API-012']);
    expect(codesOf(() => machine.translate(0, 0x1000, 'lod' as never, { peek: true }))).toEqual(['MEM-API-012']);
  });
});
