import { describe, expect, test } from 'vitest';
import {
  ERRNO,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
} from '../../src/kernel/linux-abi.ts';
import { Random } from '../../src/mmu/random.ts';
import type { ImageOptions } from '../../src/process/image.ts';
import {
  bytesAt,
  expectBytes,
  FILE_TYPES,
  type FileType,
  makeFile,
  map,
  mapFile,
  open,
  readBack,
  text,
  writeTo,
} from './file-calls.ts';
import { expectDeath, inChild, isAlive, KIB, MIB, PAGE, type Run, sbrk, store, usertest } from './xv6-machine.ts';

/**
 * Pintos' `mmap-*`. Its mmap(fd, addr) maps a whole file at the address given, or refuses; here MAP_FIXED_NOREPLACE asks
 * for that. Its sample.txt is a little text of less than a page.
 */
const PROGRAM: ImageOptions = { text: PAGE, data: PAGE, bss: PAGE, stack: PAGE };
const CONFIG = { image: PROGRAM, config: { paging: 'i386', memory: 2 * MIB, swap: 2 * MIB } } as const;
const ACTUAL = 0x10000000;
const SAMPLE = text('"Amazing Electronic Fact: If you scuffed your feet long enough without touching anything, …"');
const ZEROS = new Uint8Array(PAGE - SAMPLE.length);

const mapAt = (run: Run, fd: number, address: number, length = PAGE): number =>
  map(run, fd, length, { address, flags: MAP_SHARED | MAP_FIXED_NOREPLACE });

const expectSample = (run: Run, at: number): void => {
  expectBytes(bytesAt(run, at, SAMPLE.length), SAMPLE);
  expectBytes(bytesAt(run, at + SAMPLE.length, ZEROS.length), ZEROS);
};

describe.each(FILE_TYPES)('Pintos on %s', (type: FileType) => {
  const pintos = (name: string, body: (run: Run) => void, dies?: 'SIGSEGV' | 'SIGBUS'): void => {
    test(name, () => {
      usertest({ ...CONFIG, ...(dies === undefined ? {} : { dies }) }, (run) => {
        makeFile(run, 'sample.txt', SAMPLE, type);
        body(run);
      });
    });
  };

  pintos('mmap-read: the file, and zeros behind it to the end of its page', (run) => {
    const fd = open(run, 'sample.txt', 'rw');
    expect(mapAt(run, fd, ACTUAL)).toBe(ACTUAL);
    expectSample(run, ACTUAL);
    expect(run.machine.munmap(run.process, ACTUAL, PAGE)).toBe(0);
    expect(run.machine.calls.close(run.process, fd)).toBe(0);
  });

  pintos('mmap-close: a mapping survives the descriptor', (run) => {
    const at = mapFile(run, 'sample.txt', PAGE);
    expectSample(run, at);
  });

  pintos(
    'mmap-unmap: an access after munmap kills',
    (run) => {
      const at = mapFile(run, 'sample.txt', PAGE);
      expectSample(run, at);
      expect(run.machine.munmap(run.process, at, PAGE)).toBe(0);
      run.machine.load(run.process, at, 1);
    },
    'SIGSEGV',
  );

  pintos('mmap-overlap: a mapping over another is refused, and the other stays', (run) => {
    makeFile(run, 'zeros', new Uint8Array(PAGE), type);
    const fd = open(run, 'zeros', 'rw');
    expect(mapAt(run, fd, ACTUAL)).toBe(ACTUAL);
    store(run, ACTUAL, 7);
    expect(mapAt(run, fd, ACTUAL)).toBe(-ERRNO.EEXIST);
    expect(mapAt(run, fd, ACTUAL - PAGE, 2 * PAGE)).toBe(-ERRNO.EEXIST);
    expect([...bytesAt(run, ACTUAL, 1)]).toEqual([7]);
  });

  pintos('mmap-twice: one file mapped at two addresses shows its data at both', (run) => {
    const places = [ACTUAL, ACTUAL + 16 * PAGE];
    for (const place of places) expect(mapAt(run, open(run, 'sample.txt', 'rw'), place)).toBe(place);
    for (const place of places) expectSample(run, place);
    store(run, places[0]!, 1);
    expect([...bytesAt(run, places[1]!, 1)]).toEqual([1]);
  });

  pintos('mmap-write: what is stored before munmap is read from the file', (run) => {
    makeFile(run, 'sample', new Uint8Array(SAMPLE.length), type);
    const at = mapFile(run, 'sample', PAGE);
    store(run, at, SAMPLE);
    expect(run.machine.munmap(run.process, at, PAGE)).toBe(0);
    expectBytes(readBack(run, 'sample', PAGE), SAMPLE);
  });

  pintos('mmap-exit: what a child stored is in the file although it only exited', (run) => {
    const { machine, process } = run;
    makeFile(run, 'sample', new Uint8Array(SAMPLE.length), type);
    inChild(machine, process, (child) => {
      const its = { machine, process: child };
      store(its, mapFile(its, 'sample', PAGE), SAMPLE);
    });
    machine.files.dropCache('sample');
    expectBytes(readBack(run, 'sample', PAGE), SAMPLE);
  });

  pintos('mmap-shuffle: 128 KiB exchanged at random through a mapping are in the file in the same order', (run) => {
    const { machine, process } = run;
    const size = 128 * KIB;
    const expected = Uint8Array.from({ length: size }, (_, at) => (at * 257) % 256);
    makeFile(run, 'buffer', new Uint8Array(size), type);
    const at = mapFile(run, 'buffer', size);
    store(run, at, expected);
    const random = new Random(9);
    for (let round = 0; round < 2000; round++) {
      const [one, other] = [random.below(size), random.below(size)];
      const [a, b] = [expected[one]!, expected[other]!];
      store(run, at + one, machine.load(process, at + other, 1).bytes!);
      store(run, at + other, a);
      expected[one] = b;
      expected[other] = a;
    }
    expectBytes(bytesAt(run, at, size), expected);
    expect(machine.munmap(process, at, size)).toBe(0);
    expectBytes(readBack(run, 'buffer', size), expected);
  });

  pintos('mmap-clean: munmap of a page that was only read does not undo a write to the file', (run) => {
    const fd = open(run, 'sample.txt', 'rw');
    expect(mapAt(run, fd, ACTUAL)).toBe(ACTUAL);
    expectSample(run, ACTUAL);
    const overwrite = text('Now is the time for all good...');
    expect(writeTo(run, 'sample.txt', overwrite)).toBe(overwrite.length);
    expect(run.machine.munmap(run.process, ACTUAL, PAGE)).toBe(0);
    run.machine.files.dropCache('sample.txt');
    expectBytes(readBack(run, 'sample.txt', overwrite.length), overwrite);
  });

  pintos(
    'mmap-inherit: fork inherits a mapping; with MADV_DONTFORK, as after an exec, a touch kills the child',
    (run) => {
      const { machine, process } = run;
      const at = mapFile(run, 'sample.txt', PAGE);
      expect(inChild(machine, process, (child) => expectSample({ machine, process: child }, at)).code).toBe(0);
      expect(machine.calls.madvise(process, at, PAGE, 'DONTFORK')).toBe(0);
      expectDeath(machine, process, (child) => machine.store(child, at, new Uint8Array(PAGE)));
      expectSample(run, at);
    },
  );

  pintos('mmap-misalign: an address that is no page’s is refused', (run) => {
    expect(mapAt(run, open(run, 'sample.txt', 'r'), 0x10001234)).toBe(-ERRNO.EINVAL);
  });

  pintos('mmap-null: address 0 is refused', (run) => {
    expect(mapAt(run, open(run, 'sample.txt', 'rw'), 0)).toBe(-ERRNO.EPERM);
  });

  pintos('mmap-over-code, mmap-over-data, mmap-over-stk: a mapping over them is refused', (run) => {
    const { machine, process } = run;
    const fd = open(run, 'sample.txt', 'rw');
    const areas = process.space!.areas;
    const code = areas.first!;
    const stack = areas.at(process.space!.stackTop - 1)!;
    for (const place of [code.start, code.next!.start, stack.start]) {
      expect(mapAt(run, fd, place)).toBe(-ERRNO.EEXIST);
    }
    expect(machine.fetch(process, code.start).ok).toBe(true);
    expect(isAlive(process)).toBe(true);
  });

  pintos('mmap-remove: a mapping of a removed file has its data, whatever takes its place', (run) => {
    const { machine, process } = run;
    const at = mapFile(run, 'sample.txt', PAGE);
    expect(machine.files.unlink('sample.txt')).toBe(0);
    expect(machine.calls.open(process, 'sample.txt', { canRead: true })).toBe(-ERRNO.ENOENT);
    makeFile(run, 'overwrite', new Uint8Array(4 * PAGE).fill(0xaa), type);
    makeFile(run, 'sample.txt', new Uint8Array(PAGE).fill(0xbb), type);
    expectSample(run, at);
    store(run, at, 5);
    expect(readBack(run, 'sample.txt', 1)).toEqual(Uint8Array.of(0xbb));
  });

  pintos('mmap-zero: an empty file cannot be mapped with its length', (run) => {
    makeFile(run, 'empty', new Uint8Array(0), type);
    expect(mapAt(run, open(run, 'empty', 'rw'), ACTUAL, 0)).toBe(-ERRNO.EINVAL);
    expectDeath(run.machine, run.process, (child) => run.machine.load(child, ACTUAL, 1));
  });

  pintos(
    'mmap-zero: mapped with a page nevertheless, a touch kills',
    (run) => {
      makeFile(run, 'empty', new Uint8Array(0), type);
      run.machine.load(run.process, mapFile(run, 'empty', PAGE), 1);
    },
    'SIGBUS',
  );

  pintos(
    'mmap-ro: storing to a mapping for reading kills; a private one of a read-only descriptor may be stored to',
    (run) => {
      const readOnly = mapFile(run, 'sample.txt', PAGE, 'r', { prot: PROT_READ });
      expectSample(run, readOnly);
      expectDeath(run.machine, run.process, (child) => run.machine.store(child, readOnly, 1));
      const own = mapFile(run, 'sample.txt', PAGE, 'r', { flags: MAP_PRIVATE });
      store(run, own, 1);
      expectSample(run, readOnly);
    },
  );

  pintos('mmap-off, mmap-bad-off: an offset of whole pages maps from there on, another is refused', (run) => {
    makeFile(
      run,
      'large',
      Uint8Array.from({ length: 3 * PAGE }, (_, at) => Math.floor(at / PAGE)),
      type,
    );
    const fd = open(run, 'large', 'r');
    const at = map(run, fd, PAGE, { prot: PROT_READ, offset: 2 * PAGE });
    expect([...bytesAt(run, at, 1)]).toEqual([2]);
    expect(map(run, fd, PAGE, { prot: PROT_READ, offset: 0x1234 })).toBe(-ERRNO.EINVAL);
  });

  pintos('mmap-kernel: an address of the kernel’s is refused', (run) => {
    const fd = open(run, 'sample.txt', 'rw');
    expect(map(run, fd, PAGE, { address: 0xc0000000, flags: MAP_SHARED | MAP_FIXED })).toBe(-ERRNO.ENOMEM);
    expect(map(run, fd, PAGE, { address: 0xfffff000, flags: MAP_SHARED | MAP_FIXED })).toBe(-ERRNO.ENOMEM);
  });
});

test.for([
  ['mmap-bad-fd', 0x5678],
  ['mmap-bad-fd2', -1],
  ['mmap-bad-fd3', -1024],
] as const)('%s: descriptor %i is refused', ([, fd]) => {
  usertest(CONFIG, (run) => {
    expect(mapAt(run, fd, ACTUAL)).toBe(-ERRNO.EBADF);
  });
});

test('lazy-file: pages of a mapped file come with their touches, not with mmap', () => {
  usertest(CONFIG, (run) => {
    const { machine, process } = run;
    makeFile(run, 'large', new Uint8Array(64 * PAGE).fill(3));
    const at = mapFile(run, 'large', 64 * PAGE);
    expect(process.majorFaults).toBe(0);
    const first = machine.load(process, at, 1);
    expect(first).toMatchObject({ ok: true, major: 1 });
    expect(process.space!.residentPages).toBeLessThan(64);
  });
});

test('swap-file: a mapped file larger than memory is written and read back, though its pages leave on the way', () => {
  usertest({ ...CONFIG, config: { ...CONFIG.config, swap: 0 } }, (run) => {
    const { machine, process } = run;
    const size = 3 * MIB;
    expect(machine.files.create('large', 'disk')).toBe(0);
    expect(machine.files.truncate('large', size)).toBe(0);
    const at = mapFile(run, 'large', size);
    for (let page = 0; page < size / PAGE; page++) store(run, at + page * PAGE + 9, page % 251);
    expect(machine.counters().evictions).toBeGreaterThan(100);
    for (let page = 0; page < size / PAGE; page++) {
      expect(bytesAt(run, at + page * PAGE + 9, 1)[0]).toBe(page % 251);
    }
    expect(machine.munmap(process, at, size)).toBe(0);
    expect(readBack(run, 'large', PAGE)[9]).toBe(0);
  });
});

test('swap-iter: memory, a file and memory again, each written while the others have to leave', () => {
  usertest(CONFIG, (run) => {
    const { machine } = run;
    const size = 1 * MIB;
    const first = sbrk(run, size);
    makeFile(run, 'large', new Uint8Array(size), 'tmpfs');
    const file = mapFile(run, 'large', size);
    const second = sbrk(run, size);
    for (const [index, start] of [first, file, second].entries()) {
      store(run, start, new Uint8Array(size).fill(index + 1));
    }
    for (const [index, start] of [first, file, second].entries()) {
      expectBytes(bytesAt(run, start, size), new Uint8Array(size).fill(index + 1));
    }
    expect(machine.counters().swapWrites).toBeGreaterThan(256);
  });
});
