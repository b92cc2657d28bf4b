import { describe, expect, test } from 'vitest';
import { ERRNO, MAP_PRIVATE, MAP_SHARED, PROT_READ } from '../../src/kernel/linux-abi.ts';
import { bytesAt, expectBytes, FILE_TYPES, makeFile, map, mapFile, open, RW, readBack, text } from './file-calls.ts';
import { expectDeath, inChild, isAlive, PAGE, type Run, store, usertest } from './xv6-machine.ts';

/** The mmap lab's `mmaptest`. Its file is a page and a half of 'A'; each kind of file system must pass. */
const SIZE = PAGE + PAGE / 2;
const A = 'A'.charCodeAt(0);
const Z = 'Z'.charCodeAt(0);

/** Two pages as they must look through a mapping: a page and a half of 'A', then zeros. */
const CONTENTS = new Uint8Array(2 * PAGE).fill(A, 0, SIZE);

/** `_v1` of mmaptest. */
const expectContents = (run: Run, address: number): void => expectBytes(bytesAt(run, address, 2 * PAGE), CONTENTS);

describe.each(FILE_TYPES)('mmaptest on %s', (type) => {
  const mmaptest = (name: string, body: (run: Run) => void): void => {
    test(name, () => {
      usertest({}, (run) => {
        makeFile(run, 'mmap.dur', CONTENTS.subarray(0, SIZE), type);
        body(run);
      });
    });
  };
  const unmap = ({ machine, process }: Run, address: number, pages: number): void => {
    expect(machine.munmap(process, address, pages * PAGE)).toBe(0);
  };

  mmaptest('basic mmap: a page and a half of the file, then zeros to the end of the page', (run) => {
    const at = map(run, open(run, 'mmap.dur', 'r'), 2 * PAGE, { prot: PROT_READ, flags: MAP_PRIVATE });
    expectContents(run, at);
    unmap(run, at, 2);
  });

  mmaptest('mmap private: a read-only descriptor may be mapped writable, and the file never changes', (run) => {
    const at = mapFile(run, 'mmap.dur', 2 * PAGE, 'r', { flags: MAP_PRIVATE });
    expectContents(run, at);
    store(run, at, new Uint8Array(2 * PAGE).fill(Z));
    expectBytes(bytesAt(run, at, 2 * PAGE), new Uint8Array(2 * PAGE).fill(Z));
    unmap(run, at, 2);
    expectBytes(readBack(run, 'mmap.dur', 2 * PAGE), CONTENTS.subarray(0, SIZE));
  });

  mmaptest('mmap read-only: a shared writable mapping of a read-only descriptor is refused', (run) => {
    const fd = open(run, 'mmap.dur', 'r');
    expect(map(run, fd, 3 * PAGE)).toBe(-ERRNO.EACCES);
    const at = map(run, fd, 3 * PAGE, { prot: PROT_READ });
    expect(run.machine.mprotect(run.process, at, PAGE, RW)).toBe(-ERRNO.EACCES);
  });

  mmaptest('mmap read/write, dirty: what was stored before a partial munmap is in the file', (run) => {
    const at = mapFile(run, 'mmap.dur', 3 * PAGE);
    expectContents(run, at);
    store(run, at, new Uint8Array(2 * PAGE).fill(Z));
    unmap(run, at, 2);
    // The end of the file stays where it was, whatever was stored behind it.
    expectBytes(readBack(run, 'mmap.dur', 2 * PAGE), new Uint8Array(SIZE).fill(Z));
    // The rest of the mapping, which lies behind the file, is unmapped later.
    unmap(run, at + 2 * PAGE, 1);
    expect(run.process.space!.areas.at(at + 2 * PAGE)).toBeNull();
  });

  mmaptest('a partial munmap from either end leaves the middle mapped', (run) => {
    const at = mapFile(run, 'mmap.dur', 3 * PAGE);
    unmap(run, at + 2 * PAGE, 1);
    unmap(run, at, 1);
    expectBytes(bytesAt(run, at + PAGE, PAGE), CONTENTS.subarray(PAGE));
    for (const gone of [at, at + 2 * PAGE]) {
      expectDeath(run.machine, run.process, (child) => run.machine.load(child, gone, 1));
    }
    unmap(run, at + PAGE, 1);
  });

  mmaptest('mmap two files: mapped at once they stay distinct, and outlive each other', (run) => {
    const { machine } = run;
    const [one, two] = ['12345', '67890'].map((contents, index) => {
      makeFile(run, `mmap${index}`, text(contents), type);
      const at = mapFile(run, `mmap${index}`, PAGE, 'rw', { prot: PROT_READ, flags: MAP_PRIVATE });
      expect(machine.files.unlink(`mmap${index}`)).toBe(0);
      return at;
    }) as [number, number];
    expect(Buffer.from(bytesAt(run, one, 5)).toString()).toBe('12345');
    expect(Buffer.from(bytesAt(run, two, 5)).toString()).toBe('67890');
    unmap(run, one, 1);
    expect(Buffer.from(bytesAt(run, two, 5)).toString()).toBe('67890');
    unmap(run, two, 1);
  });

  mmaptest('fork: the child faults in what the parent has not touched, and unmaps for itself alone', (run) => {
    const { machine, process } = run;
    const fd = open(run, 'mmap.dur', 'r');
    const [one, two] = [0, 1].map(() => map(run, fd, 2 * PAGE, { prot: PROT_READ })) as [number, number];
    // The first page is not touched by the parent.
    expect(bytesAt(run, one + PAGE, 1)[0]).toBe(A);
    const { code } = inChild(machine, process, (child) => {
      expectContents({ machine, process: child }, one);
      expect(machine.munmap(child, one, PAGE)).toBe(0);
    });
    expect(code).toBe(0);
    expectContents(run, one);
    expectContents(run, two);
  });

  mmaptest('fork: a shared mapping stays shared, a private one does not', (run) => {
    const { machine, process } = run;
    const shared = mapFile(run, 'mmap.dur', 2 * PAGE);
    const own = mapFile(run, 'mmap.dur', 2 * PAGE, 'r', { flags: MAP_PRIVATE });
    store(run, own, 1);
    inChild(machine, process, (child) => {
      for (const at of [shared + 5, own + 5]) store({ machine, process: child }, at, Z);
    });
    expect([...bytesAt(run, shared + 5, 1), ...bytesAt(run, own + 5, 1)]).toEqual([Z, A]);
    expect(readBack(run, 'mmap.dur', 6)[5]).toBe(Z);
  });

  mmaptest('writes to a read-only mapping kill, and so does any access after munmap', (run) => {
    const { machine, process } = run;
    const at = mapFile(run, 'mmap.dur', 2 * PAGE, 'r', { prot: PROT_READ });
    for (const touched of [false, true]) {
      if (touched) expectContents(run, at);
      expectDeath(machine, process, (child) => machine.store(child, at, Z));
    }
    unmap(run, at, 2);
    expectDeath(machine, process, (child) => machine.load(child, at, 1));
    expectDeath(machine, process, (child) => machine.load(child, at + PAGE, 1));
    expect(isAlive(process)).toBe(true);
  });

  mmaptest('a page wholly behind the end of the file is SIGBUS', (run) => {
    const at = mapFile(run, 'mmap.dur', 3 * PAGE);
    expectDeath(run.machine, run.process, (child) => run.machine.load(child, at + 2 * PAGE, 1), 'SIGBUS');
    expectDeath(run.machine, run.process, (child) => run.machine.store(child, at + 2 * PAGE, 1), 'SIGBUS');
  });

  mmaptest('an offset of a page maps the second page first', (run) => {
    const fd = open(run, 'mmap.dur', 'r');
    const at = map(run, fd, PAGE, { prot: PROT_READ, flags: MAP_SHARED, offset: PAGE });
    expectBytes(bytesAt(run, at, PAGE), CONTENTS.subarray(PAGE));
    expect(map(run, fd, PAGE, { prot: PROT_READ, offset: 100 })).toBe(-ERRNO.EINVAL);
  });
});
