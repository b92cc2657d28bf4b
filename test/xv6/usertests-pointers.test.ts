import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/kernel/linux-abi.ts';
import {
  breakOf,
  fillPages,
  KERNBASE,
  load,
  MAXVA,
  named,
  PAGE,
  type Run,
  sbrk,
  store,
  usertest,
  XV6_PROGRAM,
} from './xv6-machine.ts';

/**
 * xv6 usertests, "pointers handed to the kernel". read and write go to the console here: files and pipes come later.
 */
const FAULT = -ERRNO.EFAULT;

/** copyin and copyout: xv6's kernel base, the pages at the top of user space, the first address past it, the last one. */
const WILD = [KERNBASE, 0x3fffffe000, 0x3ffffff000, MAXVA, 0xffffffffffffffffn] as const;
/** lazy_copy: bad addresses from the last pages of user space to far past it. */
const BAD = [0x3fffffc000, 0x3fffffd000, 0x3fffffe000, 0x3ffffff000, 0x4000000000, 0x8000000000] as const;

const type = (run: Run, text: string): void => {
  run.process.input.push(...Buffer.from(text));
};
const typed = ({ process }: Run): string => Buffer.from(process.output).toString();

describe('copyin', () => {
  test.for(named(WILD))('write from %s is refused', ([, address]) => {
    usertest({}, (run) => {
      expect(run.machine.write(run.process, 1, address, 8192)).toBe(FAULT);
      expect(run.machine.write(run.process, 1, address, 1)).toBe(FAULT);
      expect(run.process.output).toEqual([]);
    });
  });
});

describe('copyout', () => {
  test.for(named(WILD))('read into %s is refused, and the input is still there', ([, address]) => {
    usertest({}, (run) => {
      type(run, 'x'.repeat(8192));
      expect(run.machine.read(run.process, 0, address, 8192)).toBe(FAULT);
      expect(run.process.input).toHaveLength(8192);
    });
  });

  test('reading into the program’s text is refused: the kernel may not write what the program may not', () => {
    usertest({}, (run) => {
      type(run, 'x');
      const text = run.process.space!.areas.first!;
      expect(run.machine.read(run.process, 0, text.start, 1)).toBe(FAULT);
    });
  });
});

test('rwsbrk: a range returned by sbrk is refused by read and write', () => {
  usertest({}, (run) => {
    const a = sbrk(run, 8192);
    fillPages(run, a, 2, 1);
    sbrk(run, -8192);
    type(run, 'x'.repeat(10));
    expect(run.machine.write(run.process, 1, a + PAGE, 1024)).toBe(FAULT);
    expect(run.machine.read(run.process, 0, a + PAGE, 10)).toBe(FAULT);
  });
});

test('pgbug: the non-canonical pointer 0xeaeb0b5b00002f5e is an error, and is not cut to 32 bits', () => {
  usertest({}, (run) => {
    const pointer = 0xeaeb0b5b00002f5en;
    type(run, 'x');
    expect(run.machine.write(run.process, 1, pointer, 1)).toBe(FAULT);
    expect(run.machine.read(run.process, 0, pointer, 1)).toBe(FAULT);
  });
});

test('badarg: 50,000 calls with a bad pointer lose no page', () => {
  usertest({}, (run) => {
    for (let call = 0; call < 50_000; call++) {
      if (run.machine.write(run.process, 1, 0xffffffffn, 1) !== FAULT) throw new Error(`call ${call} was not refused`);
    }
  });
});

test('argptest: length -1 at the last heap byte is refused', () => {
  usertest({}, (run) => {
    sbrk(run, PAGE);
    const last = breakOf(run) - 1;
    type(run, 'xyz');
    expect(run.machine.read(run.process, 0, last, 2)).toBe(1); // a short count: the second byte has no page
    expect(run.machine.write(run.process, 1, last, -1)).toBe(FAULT);
    expect(String.fromCharCode(load(run, last))).toBe('x');
  });
});

test('argptest: read at the last heap byte with length -1 is refused before any input is taken', () => {
  usertest({}, (run) => {
    sbrk(run, PAGE);
    type(run, 'xyz');
    expect(run.machine.read(run.process, 0, breakOf(run) - 1, -1)).toBe(FAULT);
    expect(run.process.input).toHaveLength(3);
  });
});

test('validatetest: every page address up to 1.1 MB is answered, never a crash', () => {
  usertest({}, (run) => {
    const { machine, process } = run;
    const mapped = (address: number): boolean => process.space!.areas.at(address) !== null;
    for (let address = 0; address < 1100 * 1024; address += PAGE) {
      expect(machine.write(process, 1, address, 1)).toBe(mapped(address) ? 1 : FAULT);
    }
  });
});

test('sbrkarg: buffers inside a fresh, untouched page work for write and read', () => {
  usertest({}, (run) => {
    const a = sbrk(run, PAGE);
    expect(run.machine.write(run.process, 1, a, PAGE)).toBe(PAGE);
    expect(typed(run)).toBe('\0'.repeat(PAGE));
    const b = sbrk(run, PAGE);
    type(run, 'hello');
    expect(run.machine.read(run.process, 0, b, 5)).toBe(5);
    expect(String.fromCharCode(load(run, b + 4))).toBe('o');
  });
});

test('partial_write: of two bytes with the second unmapped, the first is written (a short count, as Linux answers)', () => {
  usertest({}, (run) => {
    sbrk(run, PAGE);
    const last = breakOf(run) - 1;
    store(run, last, 0x58);
    expect(run.machine.write(run.process, 1, last, 2)).toBe(1);
    expect(typed(run)).toBe('X');
  });
});

test('badwrite: 600 failed writes from a bad pointer change nothing', () => {
  usertest({}, (run) => {
    const before = run.machine.view();
    for (let call = 0; call < 600; call++) {
      expect(run.machine.write(run.process, 1, 0xffffffffffn, 1)).toBe(FAULT);
    }
    expect(run.machine.view().memory).toEqual(before.memory);
    expect(run.process.output).toEqual([]);
    expect(run.machine.write(run.process, 1, breakOf(run) - 1, 1)).toBe(1);
  });
});

test('sbrklast: a size just past a page boundary, shrunk to just before it: the last page serves read and write', () => {
  usertest({}, (run) => {
    const partial = breakOf(run) % PAGE;
    if (partial !== 0) sbrk(run, PAGE - partial);
    sbrk(run, PAGE);
    sbrk(run, 10);
    sbrk(run, -20);
    const p = breakOf(run) - 64;
    store(run, p, 0x78);
    store(run, p + 1, 0);
    expect(run.machine.write(run.process, 1, p, 1)).toBe(1);
    store(run, p, 0);
    type(run, typed(run));
    expect(run.machine.read(run.process, 0, p, 1)).toBe(1);
    expect(load(run, p)).toBe(0x78);
  });
});

describe('lazy_copy', () => {
  test('the kernel reads zeros from an untouched lazy page', () => {
    usertest({}, (run) => {
      const p = sbrk(run, 4 * PAGE);
      expect(run.machine.write(run.process, 1, p + 2 * PAGE, 1)).toBe(1);
      expect(run.process.output).toEqual([0]);
    });
  });

  test('sbrk to below 0 is refused and the break stays', () => {
    usertest({}, (run) => {
      const old = breakOf(run);
      expect(run.machine.sbrk(run.process, -(old + 1))).toBe(-ERRNO.ENOMEM);
      expect(breakOf(run)).toBe(old);
    });
  });

  test.for(named(BAD))('read and write at %s fail', ([, address]) => {
    usertest({}, (run) => {
      type(run, 'x'.repeat(512));
      expect(run.machine.read(run.process, 0, address, 512)).toBe(FAULT);
      expect(run.machine.write(run.process, 1, address, 512)).toBe(FAULT);
    });
  });
});

test('lazy_copyinstr: bytes across the boundary of an untouched lazy page reach the kernel whole', () => {
  usertest({ image: XV6_PROGRAM }, (run) => {
    const p = sbrk(run, 2 * PAGE);
    store(run, p + PAGE - 1, '/'.charCodeAt(0));
    expect(run.machine.write(run.process, 1, p + PAGE - 1, 2)).toBe(2);
    expect(typed(run)).toBe('/\0');
  });
});
