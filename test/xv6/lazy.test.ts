import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/kernel/linux-abi.ts';
import { breakOf, GIB, inChild, isAlive, load, MIB, PAGE, type Run, sbrk, store, usertest } from './xv6-machine.ts';

/** Lab lazy (`lazytests`) and the lazy allocation of xv6's usertests: a large promise on a machine of 128 MiB. */
const LIGHTLY = { overcommit: 1 } as const;
const REGION = GIB;

/** Touch a page every `step` bytes, each with its own address. Returns the addresses. */
function touchSparsely(run: Run, start: number, step: number): number[] {
  const touched: number[] = [];
  for (let at = start; at < start + REGION; at += step) {
    store(run, at, at, 8);
    touched.push(at);
  }
  return touched;
}

test('lazy_alloc: one page in 64 of a lazy 1 GiB, each reads back its own address', () => {
  usertest({ config: LIGHTLY }, (run) => {
    const touched = touchSparsely(run, sbrk(run, REGION), 64 * PAGE);
    expect(touched).toHaveLength(4096);
    expect(touched.filter((at) => load(run, at, 6) !== at)).toEqual([]);
  });
});

test('lazy_unmap: whoever touches a page after giving the 1 GiB back is killed', () => {
  usertest({ config: LIGHTLY }, (run) => {
    const { machine, process } = run;
    const touched = touchSparsely(run, sbrk(run, REGION), 16 * MIB);
    expect(touched).toHaveLength(64);
    for (const at of touched) {
      const { signal } = inChild(machine, process, (child) => {
        expect(machine.sbrk(child, -REGION)).toBeGreaterThan(0);
        expect(machine.store(child, at, at, 8).signal?.code).toBe('SEGV_MAPERR');
      });
      expect(signal).toBe('SIGSEGV');
    }
    expect(touched.filter((at) => load(run, at, 6) !== at)).toEqual([]); // the parent's own are still there
  });
});

describe('lab lazy, out of memory', () => {
  test('16 MiB after 16 MiB until the process is killed; the parent survives', () => {
    usertest({ config: LIGHTLY }, (run) => {
      const { machine, process } = run;
      const mine = sbrk(run, PAGE);
      store(run, mine, 42);
      let blocks = 0;
      const { signal } = inChild(machine, process, (child) => {
        while (isAlive(child)) {
          const block = machine.sbrk(child, 16 * MIB);
          for (let at = block; at < block + 16 * MIB && isAlive(child); at += PAGE) machine.store(child, at, 1);
          blocks++;
        }
      });
      expect(signal).toBe('SIGKILL');
      expect(blocks).toBe(8); // 128 MiB less the tables: the eighth does not fit whole
      expect(load(run, mine)).toBe(42);
    });
  });
});

describe('lazy_sbrk', () => {
  test('reaches the end of user space exactly; the last page is zero and works; one more byte fails', () => {
    usertest({ config: LIGHTLY }, (run) => {
      const end = run.machine.format.userEnd;
      const old = breakOf(run);
      expect(sbrk(run, end - old)).toBe(old);
      expect(breakOf(run)).toBe(end);
      expect(run.machine.load(run.process, end - PAGE, PAGE).bytes).toEqual(new Uint8Array(PAGE));
      store(run, end - 1, 1);
      expect(load(run, end - 1)).toBe(1);
      expect(run.machine.sbrk(run.process, 1)).toBe(-ERRNO.ENOMEM);
      expect(breakOf(run)).toBe(end);
    });
  });

  test('one byte more than the space in one go fails too, lightly or strictly promised', () => {
    for (const overcommit of [0, 1, 2] as const) {
      usertest({ config: { overcommit } }, (run) => {
        const old = breakOf(run);
        expect(run.machine.sbrk(run.process, run.machine.format.userEnd - old + 1)).toBe(-ERRNO.ENOMEM);
        expect(breakOf(run)).toBe(old);
      });
    }
  });
});
