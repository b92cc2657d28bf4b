import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/kernel/linux-abi.ts';
import { during } from '../../src/machine/during.ts';
import { Random } from '../../src/mmu/random.ts';
import type { ImageOptions } from '../../src/process/image.ts';
import { expectDeath, forkOf, KIB, MIB, PAGE, type Run, sbrk, store, usertest, waitFor } from './xv6-machine.ts';

/**
 * Pintos' tests of virtual memory that need no files: `pt-*` (the stack) and `page-*` (more memory than there is).
 * Pintos starts with one page of stack and allows 8 MiB; it refuses accesses more than 32 bytes below the stack
 * pointer; Linux (x86, RISC-V) does not: there the limit and the guard gap alone decide, and so they do here.
 */
const PROGRAM: ImageOptions = { text: PAGE, data: PAGE, bss: PAGE, stack: PAGE };
const STACK = { image: PROGRAM, config: { paging: 'i386', memory: 16 * MIB } } as const;

const topOf = ({ process }: Run): number => process.space!.stackTop;
const textOf = ({ process }: Run): number => process.space!.areas.first!.start;

test('pt-grow-stack: an object of one page below the first stack page grows the stack', () => {
  usertest(STACK, (run) => {
    const object = topOf(run) - 2 * PAGE + 16;
    const { faults } = during(run.machine, () => store(run, object, new Uint8Array(64).fill(0xcc)));
    expect(faults).toMatchObject([{ kind: 'stack-growth', major: false }]);
    expect(run.machine.load(run.process, object, 64).bytes).toEqual(new Uint8Array(64).fill(0xcc));
  });
});

test('pt-grow-pusha: 32 bytes pushed across the boundary of the stack page', () => {
  usertest(STACK, (run) => {
    const pointer = topOf(run) - PAGE + 4;
    const { result } = during(run.machine, () =>
      run.machine.store(run.process, pointer - 32, new Uint8Array(32).fill(7)),
    );
    expect(result).toMatchObject({ ok: true, minor: 2 });
  });
});

describe('pt-grow-bad', () => {
  test('a page that Pintos refuses, 4 KiB below the stack pointer, Linux gives', () => {
    usertest(STACK, (run) => {
      expect(run.machine.load(run.process, topOf(run) - PAGE - 4096, 1).ok).toBe(true);
    });
  });

  test('below the stack limit is too far', () => {
    usertest(STACK, (run) => {
      const lowest = topOf(run) - run.machine.config.stackMax;
      expectDeath(run.machine, run.process, (child) => run.machine.load(child, lowest - 1, 1));
      expect(run.machine.load(run.process, lowest, 1).ok).toBe(true);
    });
  });

  test('closer to another area than the guard gap is too near', () => {
    usertest({ ...STACK, config: { ...STACK.config, stackGuardPages: 16 } }, (run) => {
      const { machine, process } = run;
      const neighbour = topOf(run) - 64 * PAGE;
      expect(machine.mmap(process, { address: neighbour, length: PAGE, prot: 3, flags: 0x32 })).toBe(neighbour);
      const lowest = neighbour + PAGE + 16 * PAGE;
      expectDeath(machine, process, (child) => machine.store(child, lowest - 1, 1));
      store(run, lowest, 1);
    });
  });
});

test('pt-big-stk-obj: an object of 64 KiB on the stack is written whole', () => {
  usertest(STACK, (run) => {
    const object = topOf(run) - 16 - 64 * KIB;
    const contents = Uint8Array.from({ length: 64 * KIB }, (_, at) => (at * 31) % 256);
    store(run, object, contents);
    expect(run.machine.load(run.process, object, 64 * KIB).bytes).toEqual(contents);
  });
});

test('pt-bad-addr: reading 0x04000000, which nobody mapped, kills', () => {
  usertest({ ...STACK, dies: 'SIGSEGV' }, ({ machine, process }) => {
    machine.load(process, 0x04000000, 4);
  });
});

test('pt-bad-read: read into an address that is not mapped is refused', () => {
  usertest(STACK, ({ machine, process }) => {
    process.input.push(1);
    expect(machine.read(process, 0, 0x04000000 - PAGE, 1)).toBe(-ERRNO.EFAULT);
    expect(process.input).toEqual([1]);
  });
});

test('pt-write-code: storing to the code kills', () => {
  usertest({ ...STACK, dies: 'SIGSEGV' }, (run) => {
    const { signal } = run.machine.store(run.process, textOf(run), 0);
    expect(signal?.code).toBe('SEGV_ACCERR');
  });
});

test('pt-write-code2: the kernel does not store to the code for the program either', () => {
  usertest(STACK, (run) => {
    run.process.input.push(0x90);
    expect(run.machine.read(run.process, 0, textOf(run), 1)).toBe(-ERRNO.EFAULT);
  });
});

test('pt-grow-stk-sc: a system call that writes below the stack grows it like the program', () => {
  usertest(STACK, (run) => {
    const { machine, process } = run;
    process.input.push(...Buffer.from('sample'));
    const { result, faults } = during(machine, () => machine.read(process, 0, topOf(run) - 2 * PAGE, 6));
    expect(result).toBe(6);
    expect(faults.map(({ kind }) => kind)).toEqual(['stack-growth']);
  });
});

/** Twice what the machine has: the rest is in swap. */
const SMALL = { image: PROGRAM, config: { paging: 'i386', memory: 1 * MIB, swap: 8 * MIB } } as const;

/** Pintos uses ARC4; any stream of bytes that undoes itself does. */
function cipher(run: Run, start: number, bytes: number, seed: number): void {
  const random = new Random(seed);
  for (let at = start; at < start + bytes; at += PAGE) {
    const page = run.machine.load(run.process, at, PAGE).bytes!;
    const word = random.below(2 ** 31);
    store(
      run,
      at,
      page.map((byte, index) => byte ^ ((word >>> (index % 24)) & 0xff)),
    );
  }
}

/** The pages that are not all `value`. */
function pagesNotAll(run: Run, start: number, bytes: number, value: number): number[] {
  const whole = Buffer.alloc(PAGE, value);
  const others: number[] = [];
  for (let at = start; at < start + bytes; at += PAGE) {
    if (!whole.equals(run.machine.load(run.process, at, PAGE).bytes!)) others.push((at - start) / PAGE);
  }
  return others;
}

const BUFFER = 2 * MIB;

test('page-linear: 2 MiB filled, encrypted and decrypted on 1 MiB of memory come back as they were', () => {
  usertest(SMALL, (run) => {
    const start = sbrk(run, BUFFER);
    store(run, start, new Uint8Array(BUFFER).fill(0x5a));
    expect(pagesNotAll(run, start, BUFFER, 0x5a)).toEqual([]);
    cipher(run, start, BUFFER, 11);
    expect(pagesNotAll(run, start, BUFFER, 0x5a).length).toBeGreaterThan(500);
    cipher(run, start, BUFFER, 11);
    expect(pagesNotAll(run, start, BUFFER, 0x5a)).toEqual([]);
    const { swapReads, swapWrites } = run.machine.counters();
    expect(Math.min(swapReads, swapWrites)).toBeGreaterThan(512);
  });
});

test('page-parallel: four children do so at once, page by page in turn', () => {
  usertest(SMALL, (run) => {
    const { machine, process } = run;
    const bytes = 1 * MIB;
    const start = sbrk(run, bytes);
    const children = [1, 2, 3, 4].map(() => forkOf(machine, process));
    for (let at = start; at < start + bytes; at += PAGE) {
      for (const child of children) store({ machine, process: child }, at, new Uint8Array(PAGE).fill(child.pid));
    }
    for (const child of children) {
      expect(pagesNotAll({ machine, process: child }, start, bytes, child.pid)).toEqual([]);
      machine.exit(child, 0x42);
    }
    for (const child of children) expect(waitFor(machine, process, child).code).toBe(0x42);
  });
});

test('page-shuffle: bytes exchanged at random over 128 KiB are exchanged back in reverse', () => {
  usertest({ ...SMALL, config: { ...SMALL.config, residentPages: 12 } }, (run) => {
    const { machine, process } = run;
    const bytes = 128 * KIB;
    const start = sbrk(run, bytes);
    const sorted = Uint8Array.from({ length: bytes }, (_, at) => (at % 257) % 256);
    store(run, start, sorted);
    const random = new Random(5);
    const swaps = Array.from({ length: 4000 }, () => [random.below(bytes), random.below(bytes)] as const);
    const exchange = ([one, other]: readonly [number, number]): void => {
      const a = machine.load(process, start + one, 1).bytes!;
      const b = machine.load(process, start + other, 1).bytes!;
      store(run, start + one, b);
      store(run, start + other, a);
    };
    swaps.forEach(exchange);
    expect(machine.load(process, start, bytes).bytes).not.toEqual(sorted);
    swaps.toReversed().forEach(exchange);
    expect(Buffer.compare(machine.load(process, start, bytes).bytes!, sorted)).toBe(0);
  });
});
