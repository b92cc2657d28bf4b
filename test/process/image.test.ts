/** Where things are in a new address space. */
import { describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';

const layoutOf = (config: Partial<MachineConfig>) => {
  const machine = new Machine({ memory: 1 << 20, ...config });
  const process = machine.spawn({ name: 'p' });
  const { brk } = machine.view().processes[process.pid]!;
  const areas = machine
    .view()
    .processes[process.pid]!.areas.map(
      (area) => `${area.start.toString(16)}-${area.end.toString(16)} ${area.perms} ${area.name}`,
    );
  return { areas, brk: brk.start.toString(16), mmapBase: process.space!.mmapBase.toString(16) };
};

describe('layout of a process', () => {
  it('x86_64: Linux places a program that is not relocated so', () => {
    expect(layoutOf({ paging: 'x86_64', memory: 1 << 24 })).toMatchInlineSnapshot(`
      {
        "areas": [
          "400000-401000 r-xp text",
          "401000-402000 r--p rodata",
          "402000-403000 rw-p data",
          "403000-404000 rw-p bss",
          "7ffffffde000-7ffffffff000 rw-p [stack]",
        ],
        "brk": "404000",
        "mmapBase": "7ffff7fff000",
      }
    `);
  });

  it('sv39', () => {
    expect(layoutOf({ paging: 'sv39', memory: 1 << 24 })).toMatchInlineSnapshot(`
      {
        "areas": [
          "10000-11000 r-xp text",
          "11000-12000 r--p rodata",
          "12000-13000 rw-p data",
          "13000-14000 rw-p bss",
          "3ffffdf000-4000000000 rw-p [stack]",
        ],
        "brk": "14000",
        "mmapBase": "3ff8000000",
      }
    `);
  });

  it('the same seed gives the same randomized layout, another seed another, and no seed any without ASLR', () => {
    const first = layoutOf({ aslr: true, seed: 5 });
    expect(layoutOf({ aslr: true, seed: 5 })).toEqual(first);
    expect(layoutOf({ aslr: true, seed: 6 })).not.toEqual(first);
    expect(layoutOf({ seed: 5 })).toEqual(layoutOf({ seed: 6 }));
  });

  it('randomized layouts stay in order and leave room, in large and small spaces', () => {
    const small = {
      pageBytes: 64,
      pteBytes: 4,
      levels: [6, 6],
      fields: {
        valid: 0,
        read: 1,
        write: 2,
        execute: 3,
        user: 4,
        global: 5,
        accessed: 6,
        dirty: 7,
        frame: { bit: 12, width: 16 },
      },
    } as const;
    for (const paging of ['sv32', 'sv39', 'sv48', 'sv57', 'x86_64', 'x86_64-la57', 'i386', small] as const) {
      for (let seed = 0; seed < 40; seed++) {
        const machine = new Machine({ paging, memory: 1 << 18, aslr: true, seed });
        const space = machine.spawn({}).space!;
        const ends = [...machine.view().processes[1]!.areas.map((area) => area.end)];
        expect(ends).toEqual([...ends].sort((a, b) => a - b));
        expect(space.brkStart).toBeLessThan(space.mmapBase);
        expect(space.mmapBase).toBeLessThan(space.stackTop);
        expect(space.stackTop).toBeLessThanOrEqual(machine.format.userEnd);
        expect(machine.checkInvariants()).toEqual([]);
      }
    }
  });

  it('contents come from the image, zeros fill the rest, bss is zero, data is private', () => {
    const machine = new Machine({ memory: 1 << 20 });
    const data = Uint8Array.of(1, 2, 3);
    const process = machine.spawn({ image: { text: Uint8Array.of(0x13), data, bss: 100 } });
    const areas = machine.view().processes[process.pid]!.areas;
    const at = (name: string) => areas.find((area) => area.name === name)!.start;
    expect(machine.fetch(process, at('text')).bytes).toEqual(Uint8Array.of(0x13));
    expect(machine.load(process, at('data'), 5).bytes).toEqual(Uint8Array.of(1, 2, 3, 0, 0));
    expect(machine.load(process, at('bss'), 4).bytes).toEqual(new Uint8Array(4));
    const child = machine.fork(process);
    if (typeof child === 'number') throw new Error('fork failed');
    machine.store(child, at('data'), 9, 1);
    expect(machine.load(process, at('data'), 1).bytes).toEqual(Uint8Array.of(1));
    expect(machine.store(process, at('text'), 1, 1).signal).toMatchObject({ code: 'SEGV_ACCERR' });
  });

  it('an image that does not fit is refused, with nothing left behind', () => {
    const machine = new Machine({ paging: 'sv32', memory: 1 << 20 });
    expect(() => machine.spawn({ image: { bss: 2 ** 32 } })).toThrow('does not fit');
    expect(machine.kernel.buddy.free).toBe(machine.kernel.bootFreeFrames);
    expect(machine.checkInvariants()).toEqual([]);
  });
});
