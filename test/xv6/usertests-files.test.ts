import { describe, expect, test } from 'vitest';
import { ERRNO } from '../../src/kernel/linux-abi.ts';
import { bytesAt, FILE_TYPES, makeFile, open, RW, readBack } from './file-calls.ts';
import {
  availableFrames,
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
} from './xv6-machine.ts';

/** usertests, "pointers handed to the kernel", where it reads and writes files: pread64 and pwrite64. */
const FAULT = -ERRNO.EFAULT;
const WILD = [
  KERNBASE,
  0x3fffffe000,
  0x3ffffff000,
  MAXVA,
  0x8000000000,
  0xeaeb0b5b00002f5en,
  0xffffffffffffffffn,
] as const;
const X = 'x'.charCodeAt(0);

describe.each(FILE_TYPES)('a file of %s', (type) => {
  const withFile = (body: (run: Run, fd: number) => void): void => {
    usertest({}, (run) => {
      makeFile(run, 'copyin1', new Uint8Array(2 * PAGE).fill(X), type);
      body(run, open(run, 'copyin1', 'rw'));
    });
  };

  test.for(named(WILD))('copyin, pgbug: a write from %s is refused and the file stays', ([, address]) => {
    withFile((run, fd) => {
      const { machine, process } = run;
      expect(machine.calls.pwrite(process, fd, address, 8192, 0)).toBe(FAULT);
      expect(machine.calls.pwrite(process, fd, address, 1, 2 * PAGE)).toBe(FAULT);
      expect(machine.kernel.files.get('copyin1')!.size).toBe(2 * PAGE);
      expect(readBack(run, 'copyin1', 2 * PAGE)).toEqual(new Uint8Array(2 * PAGE).fill(X));
    });
  });

  test.for(named(WILD))('copyout, pgbug: a read into %s is refused', ([, address]) => {
    withFile(({ machine, process }, fd) => {
      expect(machine.calls.pread(process, fd, address, 8192, 0)).toBe(FAULT);
      expect(machine.calls.pread(process, fd, address, 1, 0)).toBe(FAULT);
    });
  });

  test('copyout: a read into the program’s text or a read-only mapping is refused', () => {
    withFile((run, fd) => {
      const { machine, process } = run;
      const before = machine.load(process, process.space!.areas.first!.start, 1).bytes;
      expect(machine.calls.pread(process, fd, process.space!.areas.first!.start, 1, 0)).toBe(FAULT);
      expect(machine.load(process, process.space!.areas.first!.start, 1).bytes).toEqual(before);
      const at = machine.mmap(process, { length: PAGE, prot: 1, flags: 1, fd });
      expect(machine.calls.pread(process, fd, at, 1, 0)).toBe(FAULT);
    });
  });

  test('rwsbrk: a range given back is refused', () => {
    withFile((run, fd) => {
      const { machine, process } = run;
      const at = sbrk(run, 2 * PAGE);
      fillPages(run, at, 2, 1);
      sbrk(run, -2 * PAGE);
      expect(machine.calls.pwrite(process, fd, at + PAGE, 1024, 0)).toBe(FAULT);
      expect(machine.calls.pread(process, fd, at + PAGE, 10, 0)).toBe(FAULT);
    });
  });

  test('argptest: length -1 at the last heap byte is refused', () => {
    withFile((run, fd) => {
      const { machine, process } = run;
      sbrk(run, PAGE);
      const last = breakOf(run) - 1;
      expect(machine.calls.pread(process, fd, last, -1, 0)).toBe(FAULT);
      expect(machine.calls.pwrite(process, fd, last, -1, 0)).toBe(FAULT);
      expect(load(run, last)).toBe(0);
      expect(machine.calls.pread(process, fd, last, 2, 0)).toBe(1);
      expect(load(run, last)).toBe(X);
    });
  });

  test('validatetest: a pointer to every page up to 1.1 MB is answered', () => {
    withFile(({ machine, process }, fd) => {
      const mapped = (address: number): boolean => process.space!.areas.at(address) !== null;
      for (let address = 0; address < 1100 * 1024; address += PAGE) {
        expect(machine.calls.pwrite(process, fd, address, 1, 0)).toBe(mapped(address) ? 1 : FAULT);
      }
    });
  });

  test('sbrkarg: a buffer in fresh, untouched pages is written from and read into', () => {
    withFile((run, fd) => {
      const { machine, process } = run;
      expect(machine.calls.pwrite(process, fd, sbrk(run, PAGE), PAGE, 0)).toBe(PAGE);
      expect(machine.calls.pread(process, fd, sbrk(run, PAGE) + 9, 2 * PAGE - 9, 0)).toBe(PAGE - 9);
      expect(readBack(run, 'copyin1', PAGE + 1)).toEqual(
        Uint8Array.from({ length: PAGE + 1 }, (_, at) => (at < PAGE ? 0 : X)),
      );
    });
  });

  test('lazy_copyinstr: bytes across the boundary of an untouched lazy page reach the file whole', () => {
    withFile((run, fd) => {
      const { machine, process } = run;
      const at = sbrk(run, 2 * PAGE) + PAGE - 1;
      store(run, at, '/'.charCodeAt(0));
      expect(machine.calls.pwrite(process, fd, at, 2, PAGE - 1)).toBe(2);
      expect([...readBack(run, 'copyin1', PAGE + 2).subarray(PAGE - 2)]).toEqual([X, '/'.charCodeAt(0), 0, X]);
    });
  });

  test('partial_write: of two bytes with the second unmapped the first is in the file, now and from the disk', () => {
    usertest({}, (run) => {
      const { machine, process } = run;
      makeFile(run, 'partial', new Uint8Array(0), type);
      const fd = open(run, 'partial', 'rw');
      sbrk(run, PAGE);
      const last = breakOf(run) - 1;
      store(run, last, X);
      expect(machine.calls.pwrite(process, fd, last, 2, 0)).toBe(1);
      expect(machine.kernel.files.get('partial')!.size).toBe(1);
      machine.files.dropCache('partial');
      expect([...readBack(run, 'partial', 2)]).toEqual([X]);
      const at = machine.mmap(process, { length: PAGE, prot: RW, flags: 1, fd });
      expect([...bytesAt(run, at, 3)]).toEqual([X, 0, 0]);
    });
  });

  test('badwrite: 600 writes from a bad pointer, and files removed, lose no frame and no block', () => {
    usertest({}, (run) => {
      const { machine, process } = run;
      const before = availableFrames(machine);
      for (let call = 0; call < 600; call++) {
        makeFile(run, 'junk', new Uint8Array(0), type);
        const fd = open(run, 'junk', 'w');
        expect(machine.calls.pwrite(process, fd, 0xffffffffffn, 1, 0)).toBe(FAULT);
        expect(machine.kernel.files.get('junk')!.size).toBe(0);
        machine.calls.close(process, fd);
        machine.files.unlink('junk');
      }
      expect(availableFrames(machine)).toBe(before);
      makeFile(run, 'junk', Uint8Array.of(X), type);
      expect([...readBack(run, 'junk', 2)]).toEqual([X]);
    });
  });

  test('file (lab cow): the kernel’s own write into a copy-on-write page copies it', () => {
    withFile((run, fd) => {
      const { machine, process } = run;
      const at = sbrk(run, PAGE);
      store(run, at, 99);
      for (let round = 0; round < 4; round++) {
        const child = machine.fork(process);
        if (typeof child === 'number') throw new Error(`fork answered ${child}`);
        expect(machine.calls.pread(child, fd, at, 4, 0)).toBe(4);
        expect(load({ machine, process: child }, at)).toBe(X);
        machine.exit(child);
        machine.wait(process, child.pid);
      }
      expect(load(run, at)).toBe(99);
    });
  });
});
