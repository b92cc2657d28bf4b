/** Files against a naive model: random programs on a machine short of memory, and what the recordings do not ask. */
import { describe, expect, it } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';
import { Random } from '../../src/mmu/random.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const OPEN = { canRead: true, canWrite: true };

interface Model {
  bytes: Uint8Array;
}

/** The file's bytes after a change of size: zeros behind the old end. */
function resized(model: Model, size: number): void {
  const bytes = new Uint8Array(size);
  bytes.set(model.bytes.subarray(0, size));
  model.bytes = bytes;
}

function written(model: Model, offset: number, bytes: Uint8Array): void {
  if (offset + bytes.length > model.bytes.length) resized(model, offset + bytes.length);
  model.bytes.set(bytes, offset);
}

/** Is this offset behind the end, but not behind the page with the end? */
function isInLastPage({ bytes }: Model, offset: number): boolean {
  return offset > bytes.length && offset <= Math.ceil(bytes.length / PAGE) * PAGE;
}

function crossesEnd({ bytes }: Model, offset: number, length: number): boolean {
  const end = Math.ceil(bytes.length / PAGE) * PAGE;
  return offset < end && offset + length > end;
}

const PAGES = 24;

interface Setting {
  readonly machine: Machine;
  readonly process: Process;
  readonly fd: number;
  /** The whole file, shared, as long as it may get. */
  readonly shared: number;
  readonly buffer: number;
}

function setUp(type: 'tmpfs' | 'disk', paging: 'x86_64' | 'sv39', memory: number): Setting {
  const machine = new Machine({ paging, memory, swap: 64 * PAGE });
  const process = machine.spawn({ signals: 'survive' });
  expect(machine.files.create('data', type)).toBe(0);
  const fd = machine.calls.open(process, 'data', OPEN);
  const shared = machine.mmap(process, { length: PAGES * PAGE, prot: RW, flags: MAP_SHARED, fd });
  const buffer = machine.mmap(process, { length: 4 * PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  expect(Math.min(fd, shared, buffer)).toBeGreaterThan(0);
  return { machine, process, fd, shared, buffer };
}

function step(random: Random, { machine, process, fd, shared, buffer }: Setting, model: Model): void {
  const { files, calls } = machine;
  const offset = random.below(PAGES * PAGE - 2 * PAGE);
  const length = 1 + random.below(2 * PAGE);
  const bytes = Uint8Array.from({ length }, () => random.below(256));
  switch (random.below(10)) {
    case 0:
      expect(files.write('data', offset, bytes)).toBe(length);
      written(model, offset, bytes);
      return;
    case 1:
      expect(files.truncate('data', offset)).toBe(0);
      resized(model, offset);
      return;
    case 2:
      expect(files.punch('data', offset, length)).toBe(0);
      model.bytes.fill(0, offset, Math.min(offset + length, model.bytes.length));
      return;
    case 3:
      expect(files.sync('data')).toBe(0);
      return;
    case 4:
      expect(files.dropCache('data')).toBe(0);
      return;
    case 5: {
      expect(machine.store(process, buffer, bytes).ok).toBe(true);
      expect(calls.pwrite(process, fd, buffer, length, offset)).toBe(length);
      written(model, offset, bytes);
      return;
    }
    case 6: {
      const expected = model.bytes.subarray(offset, offset + length);
      expect(calls.pread(process, fd, buffer, length, offset)).toBe(expected.length);
      if (expected.length > 0) expect(machine.load(process, buffer, expected.length).bytes).toEqual(expected);
      return;
    }
    case 7: {
      // What is written behind the end but in its page is no part of the file: not asked here. Neither is a long store
      // that is cut short.
      if (isInLastPage(model, offset + length) || crossesEnd(model, offset, length)) return;
      const result = machine.store(process, shared + offset, bytes);
      expect(result.ok).toBe(offset + length <= model.bytes.length);
      if (result.ok) model.bytes.set(bytes, offset);
      return;
    }
    default: {
      const result = machine.load(process, shared + offset, length);
      if (offset + length <= model.bytes.length) {
        const differs = result.bytes!.findIndex((byte, i) => byte !== model.bytes[offset + i]);
        expect(differs, `byte ${offset + differs}`).toBe(-1);
      } else if (!isInLastPage(model, offset + length)) {
        expect(result.signal).toMatchObject({ signal: 'SIGBUS', code: 'BUS_ADRERR' });
      }
    }
  }
}

describe('random programs', () => {
  it.each([
    ['tmpfs', 'x86_64', 1],
    ['disk', 'x86_64', 2],
    ['tmpfs', 'sv39', 3],
    ['disk', 'sv39', 4],
  ] as const)('%s on %s: bytes are what a plain array has', (type, paging, seed) => {
    const random = new Random(seed);
    // Roomy, and so small that pages leave for the disk or for swap all the time.
    for (const memory of [1 << 20, 40 * PAGE]) {
      const setting = setUp(type, paging, memory);
      const model: Model = { bytes: new Uint8Array(0) };
      for (let n = 0; n < 200; n++) {
        step(random, setting, model);
        if (n % 50 === 0) expect(setting.machine.checkInvariants()).toEqual([]);
      }
      expect(setting.machine.files.read('data', 0, PAGES * PAGE)).toEqual(model.bytes);
      expect(setting.machine.checkInvariants()).toEqual([]);
    }
  });

  it('a snapshot goes on as its original would have', () => {
    const setting = setUp('disk', 'x86_64', 1 << 20);
    const { machine } = setting;
    const model: Model = { bytes: new Uint8Array(0) };
    for (let n = 0; n < 60; n++) step(new Random(n), setting, model);
    const snapshot = machine.snapshot();
    const before = machine.files.read('data', 0, PAGES * PAGE);
    machine.files.write('data', 0, Uint8Array.of(1, 2, 3, 4));
    machine.files.truncate('data', 4);
    machine.restore(snapshot);
    expect(machine.files.read('data', 0, PAGES * PAGE)).toEqual(before);
    expect(machine.checkInvariants()).toEqual([]);
    const process = machine.process(setting.process.pid)!;
    expect(process.files.get(setting.fd)?.inode).toBe(machine.kernel.files.get('data'));
  });
});

describe('names and descriptors', () => {
  it('are the lowest free, inherited by fork, and gone with the process', () => {
    const { machine, process, fd } = setUp('tmpfs', 'x86_64', 1 << 20);
    const { calls } = machine;
    expect(fd).toBe(3);
    expect(calls.open(process, 'data', OPEN)).toBe(4);
    const child = machine.fork(process) as Process;
    expect(calls.close(process, 3)).toBe(0);
    expect(calls.close(process, 3)).toBe(-9);
    expect(calls.open(process, 'data', OPEN)).toBe(3);
    // The child's own copy is still the first open of the file.
    expect(child.files.get(3)).not.toBe(process.files.get(3));
    expect(child.files.get(4)).toBe(process.files.get(4));
    expect(child.files.get(4)!.descriptors).toBe(2);
    machine.exit(child);
    expect(process.files.get(4)!.descriptors).toBe(1);
    expect(calls.open(process, 'nothing', OPEN)).toBe(-2);
    expect(machine.files.create('data', 'disk')).toBe(-17);
  });

  it.each(['tmpfs', 'disk'] as const)('%s: a file without a name lives as long as it is open or mapped', (type) => {
    const machine = new Machine({ paging: 'x86_64', memory: 1 << 20, swap: 0 });
    const process = machine.spawn();
    // Its tables stay while their neighbour is there.
    const beside = machine.mmap(process, { length: PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    machine.store(process, beside, 1);
    const { free } = machine.kernel.buddy;
    machine.files.create('data', type);
    machine.files.write('data', 0, new Uint8Array(3 * PAGE).fill(7));
    const fd = machine.calls.open(process, 'data', OPEN);
    const at = machine.mmap(process, { length: 3 * PAGE, prot: PROT_READ, flags: MAP_SHARED, fd });
    expect(machine.files.unlink('data')).toBe(0);
    expect(machine.files.unlink('data')).toBe(-2);
    machine.calls.close(process, fd);
    expect(machine.load(process, at + 2 * PAGE, 1).bytes).toEqual(Uint8Array.of(7));
    machine.munmap(process, at, 3 * PAGE);
    expect(machine.kernel.buddy.free).toBe(free);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it.each([
    ['/dev/null', OPEN, { pread: 0, pwrite: 100, mmap: -19 }],
    ['/dev/zero', OPEN, { pread: 100, pwrite: 100, mmap: 0 }],
    ['/', { canRead: true }, { pread: -21, pwrite: -9, mmap: -19 }],
    ['data', { isPath: true }, { pread: -9, pwrite: -9, mmap: -9 }],
    ['data', { canRead: true }, { pread: 0, pwrite: -9, mmap: 0 }],
    ['data', { canWrite: true }, { pread: -9, pwrite: 100, mmap: -13 }],
  ] as const)('%s opened as %o answers as Linux does', (name, mode, expected) => {
    const { machine, process, buffer } = setUp('tmpfs', 'x86_64', 1 << 20);
    const { calls } = machine;
    const fd = calls.open(process, name, mode);
    const mapped = machine.mmap(process, { length: PAGE, prot: PROT_READ, flags: MAP_PRIVATE, fd });
    expect(Math.min(mapped, 0)).toBe(expected.mmap);
    expect(calls.pread(process, fd, buffer, 100, 0)).toBe(expected.pread);
    expect(calls.pwrite(process, fd, buffer, 100, 0)).toBe(expected.pwrite);
    // 64-bit edges: a negative offset, and a range that runs past the largest one.
    if (expected.pread >= 0) {
      expect(calls.pread(process, fd, buffer, 1, 2n ** 64n - 1n)).toBe(-22);
      expect(calls.pread(process, fd, buffer, 4096, 2n ** 63n - 4096n)).toBe(-22);
      expect(calls.pread(process, fd, 2n ** 63n, 1, 0)).toBe(-14);
    }
  });
});

it('RLIMIT_FSIZE cuts a write short, and answers one behind it with EFBIG and SIGXFSZ', () => {
  const { machine, process, fd, buffer } = setUp('disk', 'x86_64', 1 << 20);
  process.limits.fileSize = 100;
  expect(machine.calls.pwrite(process, fd, buffer, 50, 80)).toBe(20);
  expect(process.lastSignal).toBeNull();
  expect(machine.calls.pwrite(process, fd, buffer, 0, 100)).toBe(0);
  expect(machine.calls.pwrite(process, fd, buffer, 1, 100)).toBe(-27);
  expect(process.lastSignal).toMatchObject({ signal: 'SIGXFSZ' });
  expect(machine.kernel.files.get('data')!.size).toBe(100);
});

describe('pages of a disk', () => {
  it('the first write to each clean page is noticed, and again after fsync', () => {
    const { machine, process, shared } = setUp('disk', 'x86_64', 1 << 20);
    machine.files.write('data', 0, new Uint8Array(2 * PAGE).fill(1));
    machine.files.sync('data');
    const faults = () => machine.store(process, shared, 5).minor;
    machine.load(process, shared, 1);
    expect([faults(), faults()]).toEqual([1, 0]);
    machine.files.sync('data');
    expect([faults(), faults()]).toEqual([1, 0]);
    machine.files.sync('data');
    // A writable PTE that outlived the sync would lose this write.
    machine.store(process, shared + 1, 6);
    machine.files.sync('data');
    machine.munmap(process, shared, PAGES * PAGE);
    machine.files.dropCache('data');
    expect(machine.files.read('data', 0, 3)).toEqual(Uint8Array.of(5, 6, 1));
  });

  it('dirty pages that nobody wrote back survive want of memory', () => {
    const { machine, process, shared } = setUp('disk', 'x86_64', 1 << 20);
    machine.files.truncate('data', PAGES * PAGE);
    for (let page = 0; page < PAGES; page++) machine.store(process, shared + page * PAGE, page + 1);
    const bytes = 240 * PAGE;
    const anon = machine.mmap(process, { length: bytes, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    for (let at = anon; at < anon + bytes; at += PAGE) machine.store(process, at, 9);
    expect(machine.kernel.counters.evictions).toBeGreaterThan(0);
    for (let page = 0; page < PAGES; page++) {
      expect(machine.load(process, shared + page * PAGE, 1).bytes).toEqual(Uint8Array.of(page + 1));
    }
    expect(machine.checkInvariants()).toEqual([]);
  });
});

describe('a debugger', () => {
  it('writes a private copy where the program may only read, and nothing into shared read-only memory', () => {
    const { machine, process, fd } = setUp('disk', 'x86_64', 1 << 20);
    const { calls } = machine;
    machine.files.write('data', 0, Uint8Array.of(1, 2, 3));
    const copy = machine.mmap(process, { length: PAGE, prot: PROT_READ, flags: MAP_PRIVATE, fd });
    const shared = machine.mmap(process, { length: PAGE, prot: PROT_READ, flags: MAP_SHARED, fd });
    expect(calls.peek(process, copy + 1)).toBe(2);
    expect(calls.poke(process, copy + 1, 9)).toBe(1);
    expect(calls.poke(process, shared + 1, 9)).toBe(-5);
    expect(machine.load(process, copy, 3).bytes).toEqual(Uint8Array.of(1, 9, 3));
    expect(machine.files.read('data', 0, 3)).toEqual(Uint8Array.of(1, 2, 3));
    expect(calls.peek(process, copy + PAGE * 1000)).toBe(-5);
    expect(calls.peek(process, 2n ** 63n)).toBe(-5);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('reaches pages that are in swap, and breaks sharing by fork', () => {
    const { machine, process, buffer } = setUp('tmpfs', 'x86_64', 1 << 20);
    machine.store(process, buffer, 4);
    const child = machine.fork(process) as Process;
    expect(machine.calls.poke(child, buffer, 5)).toBe(1);
    expect(machine.load(process, buffer, 1).bytes).toEqual(Uint8Array.of(4));
    const none = machine.mmap(process, {
      address: buffer,
      length: PAGE,
      prot: 0,
      flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
    });
    expect(machine.calls.peek(process, none)).toBe(0);
    expect(machine.calls.poke(process, none, 3)).toBe(1);
    expect(machine.load(process, none, 1).signal).toMatchObject({ code: 'SEGV_ACCERR' });
    expect(machine.checkInvariants()).toEqual([]);
  });
});
