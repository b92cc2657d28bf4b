import { describe, expect, test } from 'vitest';
import { expectDeath, KERNBASE, MAXVA, named, PAGE, usertest, XV6_PROGRAM } from './xv6-machine.ts';

/** xv6 usertests, "protection": each access is made by a child of its own, which must die of it. */

test('kernmem: reading the kernel’s addresses kills the child each time', () => {
  usertest({}, ({ machine, process }) => {
    for (let address = KERNBASE; address < KERNBASE + 2_000_000; address += 50_000) {
      expectDeath(machine, process, (child) => machine.load(child, address, 1));
    }
  });
});

test('MAXVAplus: writing at MAXVA << k kills the child for every k', () => {
  usertest({}, ({ machine, process }) => {
    let tried = 0;
    for (let address = BigInt(MAXVA); address < 1n << 64n; address <<= 1n) {
      expectDeath(machine, process, (child) => machine.store(child, address, 99));
      tried++;
    }
    expect(tried).toBe(26);
  });
});

test('stacktest: reading one stack size below the stack pointer kills the child', () => {
  const image = { ...XV6_PROGRAM, stack: PAGE };
  usertest({ image, config: { stackMax: PAGE } }, ({ machine, process }) => {
    const pointer = process.space!.stackTop - 16;
    expect(machine.load(process, pointer, 1).ok).toBe(true);
    expectDeath(machine, process, (child) => {
      const { signal } = machine.load(child, pointer - PAGE, 1);
      expect(signal).toMatchObject({ code: 'SEGV_MAPERR', address: pointer - PAGE });
    });
  });
});

describe('textwrite', () => {
  test('storing to the program’s text kills the child', () => {
    usertest({}, ({ machine, process }) => {
      const text = process.space!.areas.first!.start;
      expectDeath(machine, process, (child) => {
        expect(machine.store(child, text, 10).signal).toMatchObject({ code: 'SEGV_ACCERR', address: text });
      });
      expect(machine.fetch(process, text).ok).toBe(true);
    });
  });

  test('so does storing to address 0, where xv6 has its text', () => {
    usertest({}, ({ machine, process }) => {
      expectDeath(machine, process, (child) => machine.store(child, 0, 10));
    });
  });
});

const NOWRITE = [0, 0x80000000, 0x3fffffe000, 0x3ffffff000, 0x4000000000, 0xffffffffffffffffn] as const;

test.for(named(NOWRITE))('nowrite: storing to %s kills the child', ([, address]) => {
  usertest({}, ({ machine, process }) => {
    expectDeath(machine, process, (child) => machine.store(child, address, 10));
  });
});

test('a test that dies itself has a signal for a status', () => {
  usertest({ dies: 'SIGSEGV' }, ({ machine, process }) => {
    machine.store(process, KERNBASE, 1);
  });
});
