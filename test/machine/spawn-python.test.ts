/** Pythons that a machine refuses to run: refused before anything of the process is there. */
import { describe, expect, it } from 'vitest';
import { Machine } from '../../src/machine/machine.ts';
import type { SpawnOptions } from '../../src/machine/machine-api.ts';
import { InputError } from '../../src/mmu/input-error.ts';

function machineOf(pageBytes: number, levels: number[]): Machine {
  const frame = { bit: 8, width: 18 };
  const fields = { valid: 0, read: 1, write: 2, execute: 3, user: 4, global: 5, accessed: 6, dirty: 7, frame };
  return new Machine({ paging: { name: 'small', pageBytes, pteBytes: 4, levels, fields }, memory: 4 << 20 });
}

function spawned(machine: Machine, python: SpawnOptions['python']): InputError | null {
  try {
    machine.spawn({ python });
    return null;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return error;
  }
}

describe('Pythons up to 3.9, whose free reads the start of a pool', () => {
  it.each(['2.7', '3.3', '3.5', '3.6.0', '3.8', '3.9'])(
    '%s is refused where pages are smaller than pools',
    (version) => {
      const machine = machineOf(256, [8, 6, 6]);
      const free = machine.kernel.buddy.free;
      const refused = spawned(machine, version);
      expect(refused?.code).toBe('MEM-API-020');
      expect(refused?.message).toContain(`Python ${version} does not work on pages of 256 bytes`);
      expect(refused?.hint).toMatch(/pages of 4096 bytes, or Python 3\.10/);
      expect([...machine.kernel.processes.values()]).toEqual([]);
      expect(machine.kernel.buddy.free).toBe(free);
    },
  );

  it('half a pool is too small, a pool is enough', () => {
    expect(spawned(machineOf(2048, [9, 9]), '3.9')?.code).toBe('MEM-API-020');
    expect(spawned(machineOf(4096, [9, 9]), '3.9')).toBeNull();
  });

  it.each<SpawnOptions['python']>([
    '3.10',
    '3.13',
    { version: '3.9', pythonMalloc: 'malloc_debug' },
    { version: '3.6', pythonMalloc: 'debug' },
    { version: '2.7', withPymalloc: false },
  ])('runs where pymalloc reads nothing of others: %j', (python) => {
    const machine = machineOf(256, [8, 6, 6]);
    const process = machine.spawn({ python });
    const domain = typeof python === 'object' && python.version === '2.7' ? 'PyObject' : 'PyMem';
    const blocks = [1, 100, 700, 20_000].map((size) => Number(machine.call(process, `${domain}_Malloc`, [size]).value));
    for (const block of blocks) expect(machine.call(process, `${domain}_Free`, [block]).ok).toBe(true);
  });
});

it('a Python that nobody knows leaves no process behind', () => {
  const machine = new Machine();
  expect(spawned(machine, '1.5')?.code).toBe('MEM-API-016');
  expect([...machine.kernel.processes.values()]).toEqual([]);
});
