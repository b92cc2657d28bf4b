/** A disk has an end: ENOSPC where a system call writes, SIGBUS where a mapping does, and room again afterwards. */
import { beforeEach, expect, it } from 'vitest';
import { FALLOC_FLAGS } from '../../src/kernel/flag-names.ts';
import { FLAG_DIRTY } from '../../src/kernel/frames/frame-table.ts';
import { ERRNO, MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const BLOCKS = 8;
const RW = PROT_READ | PROT_WRITE;
const PUNCH = FALLOC_FLAGS.punch_hole | FALLOC_FLAGS.keep_size;
let machine: Machine;
let process: Process;
let fd: number;
let buffer: number;

beforeEach(() => {
  machine = new Machine({ paging: 'x86_64', memory: 4 << 20, disk: BLOCKS * PAGE });
  process = machine.spawn({ name: 'stub', signals: 'survive' });
  machine.files.create('data', 'disk');
  fd = machine.calls.open(process, 'data', { canRead: true, canWrite: true });
  buffer = machine.mmap(process, { length: 32 * PAGE, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  for (let n = 0; n < 32; n++) machine.store(process, buffer + n * PAGE, n + 1);
});

const taken = () => machine.kernel.disk.taken;
const write = (pages: number, at: number) => machine.calls.pwrite(process, fd, buffer, pages * PAGE, at * PAGE);
function mapShared(pages: number): number {
  expect(machine.calls.ftruncate(process, fd, 64 * PAGE)).toBe(0);
  return machine.mmap(process, { length: pages * PAGE, prot: RW, flags: MAP_SHARED, fd });
}
const healthy = () => expect(machine.checkInvariants()).toEqual([]);

it('pwrite stops at the last block, then ENOSPC; what is there can be overwritten', () => {
  expect(write(20, 0)).toBe(BLOCKS * PAGE);
  expect(taken()).toBe(BLOCKS);
  expect(write(1, BLOCKS)).toBe(-ERRNO.ENOSPC);
  expect(write(3, 2)).toBe(3 * PAGE);
  healthy();
  expect(machine.calls.fsync(process, fd)).toBe(0);
  expect(taken()).toBe(BLOCKS);
  expect(write(1, 30)).toBe(-ERRNO.ENOSPC);
  expect(machine.files.write('data', 30 * PAGE, new Uint8Array(1))).toBe(-ERRNO.ENOSPC);
  expect(write(2, 0)).toBe(2 * PAGE);
  healthy();
});

it('a hole, a shorter file and the end of a file give blocks back, written or promised', () => {
  write(4, 0);
  machine.calls.fsync(process, fd);
  write(4, 4);
  const punched = machine.calls.fallocate(process, fd, PUNCH, 3 * PAGE, 2 * PAGE);
  expect(punched).toBe(0);
  expect(taken()).toBe(BLOCKS - 2);
  expect(machine.calls.ftruncate(process, fd, PAGE)).toBe(0);
  expect(taken()).toBe(1);
  healthy();
  expect(write(7, 100)).toBe(7 * PAGE);
  machine.files.unlink('data');
  expect(taken()).toBe(BLOCKS);
  expect(machine.calls.close(process, fd)).toBe(0);
  expect(taken()).toBe(0);
  healthy();
});

it('a mapped write that needs a block there is none of is SIGBUS, on the first touch and after a read', () => {
  const at = mapShared(20);
  for (let n = 0; n < BLOCKS; n++) expect(machine.store(process, at + n * PAGE, n).ok).toBe(true);
  expect(machine.load(process, at + 10 * PAGE, 1).ok).toBe(true);
  for (const page of [10, 12]) {
    const { ok, signal } = machine.store(process, at + page * PAGE, 1);
    expect(ok).toBe(false);
    expect(signal).toMatchObject({ signal: 'SIGBUS', code: 'BUS_ADRERR', address: at + page * PAGE });
    expect(signal!.reason).toMatch(/the disk is full/);
  }
  // A page that was refused is not dirty, and can still be read.
  const pfn = machine.kernel.files.get('data')!.frameAt(12);
  expect(machine.kernel.frames.has(pfn, FLAG_DIRTY)).toBe(false);
  expect(machine.load(process, at + 12 * PAGE, 1).bytes?.[0]).toBe(0);
  healthy();
  expect(machine.calls.fallocate(process, fd, PUNCH, 0, PAGE)).toBe(0);
  expect(machine.store(process, at + 12 * PAGE, 7).ok).toBe(true);
  expect(machine.store(process, at, 7).ok).toBe(false);
  healthy();
});

it('private copies and tmpfs need no block', () => {
  expect(write(BLOCKS, 0)).toBe(BLOCKS * PAGE);
  mapShared(1);
  const copy = machine.mmap(process, { length: 20 * PAGE, prot: RW, flags: MAP_PRIVATE, fd });
  expect(machine.store(process, copy + 15 * PAGE, 1).ok).toBe(true);
  machine.files.create('t', 'tmpfs');
  expect(machine.files.write('t', 0, new Uint8Array(9 * PAGE))).toBe(9 * PAGE);
  expect(taken()).toBe(BLOCKS);
  healthy();
});

it('a small hole in a file of many blocks looks at no others', () => {
  const { store } = machine.kernel.files.get('data')!;
  for (let page = 0; page < 1000; page++) store!.write(page, new Uint8Array(0));
  const kept = store!.taken;
  store!.discard(10, 13);
  expect(store!.taken).toBe(kept - 3);
  expect([9, 10, 12, 13].map((page) => store!.has(page))).toEqual([true, false, false, true]);
  store!.discard(990, Number.POSITIVE_INFINITY);
  expect(store!.taken).toBe(kept - 13);
});

it('a write takes blocks of pages as large as there is room for between cached ones', () => {
  machine = new Machine({ paging: 'x86_64', memory: 4 << 20 });
  machine.files.create('data', 'disk');
  const inode = machine.kernel.files.get('data')!;
  machine.files.write('data', 5 * PAGE, new Uint8Array(1));
  expect(machine.files.write('data', 0, new Uint8Array(8 * PAGE))).toBe(8 * PAGE);
  expect([...inode.pages.keys()]).toEqual([5, 0, 1, 2, 3, 4, 6, 7]);
  expect(machine.kernel.disk.blocks).toBe(2 ** 18);
  healthy();
});
