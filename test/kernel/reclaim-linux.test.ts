/** The linux policy in a machine: second chance, refaults, files and code, locks, and why each page left. */
import { describe, expect, it } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import { endReclaim, reclaimPages, tryToFree } from '../../src/kernel/reclaim/shrink.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;

function boot({ swap = 4 << 20, memory = 4 << 20 } = {}) {
  const machine = new Machine({ paging: 'sv39', memory, swap, swapKind: 'zswap', replacement: 'linux' });
  // One page at a time comes back.
  machine.kernel.sysctl['page-cluster'] = 0;
  const process = machine.spawn({ name: 'p', image: {} });
  const { kernel } = machine;
  const map = (pages: number) => machine.mmap(process, { length: pages * PAGE, prot: RW, flags: PRIVATE });
  const touch = (at: number, pages: number) => {
    for (let n = 0; n < pages; n++) machine.store(process, at + n * PAGE, n & 0xff);
  };
  const mapFile = (pages: number, prot: number) => {
    machine.files.create('data', 'disk');
    machine.files.write('data', 0, new Uint8Array(pages * PAGE));
    machine.files.sync('data');
    const fd = machine.calls.open(process, 'data', { canRead: true, canWrite: true });
    return { fd, at: machine.mmap(process, { length: pages * PAGE, prot, flags: MAP_SHARED, fd }) };
  };
  const sizes = () => kernel.lru!.totalsOf(0);
  /** One pass over everything. */
  const pass = (wanted = 1000) => {
    const reclaimed = reclaimPages(kernel, null, wanted, 0);
    expect(machine.checkInvariants()).toEqual([]);
    return reclaimed;
  };
  return { machine, kernel, process, map, touch, mapFile, sizes, pass };
}

describe('anonymous pages', () => {
  it('get one more round for the access that brought them, are active when used again, and leave when not', () => {
    const { map, touch, sizes, pass } = boot();
    const a = map(10);
    touch(a, 10);
    expect(sizes()).toMatchObject({ inactiveAnon: 10, activeAnon: 0 });
    expect(pass()).toBe(0);
    touch(a, 4);
    expect(pass()).toBe(6);
    // The four became active, and were the longer list then; the pass deactivated them at its end.
    expect(sizes()).toMatchObject({ inactiveAnon: 4, activeAnon: 0 });
  });

  it('of an active list not longer than the inactive one are left alone, used or not [shrink_list, inactive_is_low]', () => {
    const { map, touch, sizes, pass } = boot();
    const a = map(100);
    touch(a, 100);
    expect(pass()).toBe(0);
    touch(a, 4);
    // 32 pages are looked at in one go: the four used again, and 28 that leave, though fewer were wanted.
    expect(pass(4)).toBe(28);
    expect(sizes()).toMatchObject({ activeAnon: 4, inactiveAnon: 68 });
    expect(pass(4)).toBe(32);
    expect(sizes()).toMatchObject({ activeAnon: 4, inactiveAnon: 36 });
  });

  it('that come back soon go to the active list at once [workingset_refault]', () => {
    const { machine, kernel, process, map, touch, sizes, pass } = boot();
    const a = map(64);
    touch(a, 64);
    pass();
    touch(a, 40);
    expect(pass()).toBe(24);
    endReclaim(kernel);
    // Forty were activated, and 32 of them deactivated in the end.
    expect(sizes()).toMatchObject({ activeAnon: 8, inactiveAnon: 32 });
    // The clock says 40 + 24; the last to leave left at 63, the first one at 40: 8 active pages are fewer than 24.
    machine.load(process, a + 63 * PAGE, 1);
    expect(sizes().activeAnon).toBe(9);
    machine.load(process, a + 40 * PAGE, 1);
    expect(sizes()).toMatchObject({ activeAnon: 9, inactiveAnon: 33 });
    expect(kernel.vmstat).toMatchObject({ workingset_refault_anon: 2, workingset_activate_anon: 1 });
    // That had not been active before it left; one that has been is a part of the working set restored.
    expect(kernel.vmstat.workingset_restore_anon).toBe(0);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('without swap stay, and the file pages go', () => {
    const { machine, process, map, touch, mapFile, kernel, pass } = boot({ swap: 0 });
    const a = map(10);
    touch(a, 10);
    const { at } = mapFile(4, PROT_READ);
    machine.load(process, at, 1);
    for (let n = 0; n < 4; n++) pass();
    expect(process.space!.residentAnon).toBe(10);
    expect(kernel.fileFrames).toBe(0);
  });
});

describe('files', () => {
  it('leave before anonymous memory while enough of them are inactive', () => {
    const { machine, process, map, touch, mapFile, sizes, kernel } = boot();
    const a = map(16);
    touch(a, 16);
    const { fd } = mapFile(64, PROT_READ);
    for (let n = 0; n < 64; n++) machine.calls.pread(process, fd, a, 1, n * PAGE);
    const files = sizes().inactiveFile;
    expect(files).toBe(64);
    expect(reclaimPages(kernel, null, 32, 1)).toBe(32);
    endReclaim(kernel);
    expect(sizes()).toMatchObject({ inactiveAnon: 16, inactiveFile: 32 });
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('read twice through system calls are active [folio_mark_accessed]', () => {
    const { machine, process, map, mapFile, sizes } = boot();
    const a = map(1);
    const { fd } = mapFile(40, PROT_READ);
    for (let n = 0; n < 40; n++) machine.calls.pread(process, fd, a, 1, n * PAGE);
    expect(sizes().activeFile).toBe(0);
    for (let n = 0; n < 40; n++) machine.calls.pread(process, fd, a, 1, n * PAGE);
    // Activations wait in batches of 31.
    expect(sizes().activeFile).toBe(31);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('that are code in use are activated at once, and stay active when the list is shortened [shrink_active_list]', () => {
    const { machine, process, mapFile, sizes, kernel, pass } = boot();
    const { at } = mapFile(4, PROT_READ | PROT_EXEC);
    for (let n = 0; n < 4; n++) machine.fetch(process, at + n * PAGE);
    pass();
    expect(sizes()).toMatchObject({ activeFile: 4, inactiveFile: 0 });
    machine.fetch(process, at);
    reclaimPages(kernel, null, 100, 0, { force: true });
    expect(sizes()).toMatchObject({ activeFile: 1, inactiveFile: 3 });
  });

  it('written to are not reclaimed but written, and leave when they are found unused again', () => {
    const { machine, process, mapFile, sizes, kernel, pass } = boot();
    const { at } = mapFile(4, RW);
    for (let n = 0; n < 4; n++) machine.store(process, at + n * PAGE, 7);
    // A round for the use, then the disk.
    pass();
    expect(pass()).toBe(0);
    expect(sizes()).toMatchObject({ inactiveFile: 4 });
    expect(pass()).toBe(4);
    expect(kernel.fileFrames).toBe(0);
    expect(machine.files.read('data', 0, 1)).toEqual(Uint8Array.of(7));
  });
});

describe('locked pages', () => {
  it('are unevictable as long as they are locked', () => {
    const { machine, kernel, process, map, touch, sizes } = boot();
    const a = map(8);
    touch(a, 8);
    machine.calls.mlock(process, a, 4 * PAGE);
    expect(sizes()).toMatchObject({ inactiveAnon: 4, activeAnon: 0 });
    for (let n = 0; n < 4; n++) tryToFree(kernel, null, 8);
    expect(process.space!.residentAnon).toBe(4);
    machine.calls.munlock(process, a, 4 * PAGE);
    expect(sizes().inactiveAnon + sizes().activeAnon).toBe(4);
    expect(machine.checkInvariants()).toEqual([]);
  });
});

describe('MADV_FREE and MADV_COLD', () => {
  it('pages given up move to the files, leave without swap, and come back to the others when written', () => {
    const { machine, process, map, touch, sizes, kernel, pass } = boot();
    const a = map(4);
    touch(a, 4);
    machine.calls.madvise(process, a, 4 * PAGE, 'FREE');
    // They wait in a batch; the next call of the kind moves them.
    machine.calls.madvise(process, a, 0, 'FREE');
    machine.calls.madvise(process, a, 4 * PAGE, 'COLD');
    expect(sizes()).toMatchObject({ inactiveAnon: 0, inactiveFile: 4 });
    machine.store(process, a, 1);
    expect(pass()).toBe(3);
    expect(pass()).toBe(0);
    expect(process.space!.swapEntries).toBe(0);
    expect(process.space!.residentAnon).toBe(1);
    expect(sizes()).toMatchObject({ inactiveFile: 0, activeFile: 0 });
    expect(kernel.swap.writes).toBe(0);
  });
});

describe('why', () => {
  it('each page left, in a sentence', () => {
    const { machine, process, map, touch, pass } = boot();
    const reasons: string[] = [];
    machine.on((event) => {
      if (event.type === 'Eviction') reasons.push(event.why);
    });
    const a = map(40);
    touch(a, 40);
    pass();
    expect(pass(32)).toBe(32);
    expect(reasons).toHaveLength(32);
    expect(new Set(reasons)).toEqual(
      new Set([
        'it was at the end of the inactive list of anonymous pages and had not been used since the last look (priority 0)',
      ]),
    );
    machine.calls.madvise(process, a + 32 * PAGE, 8 * PAGE, 'PAGEOUT');
    expect(reasons.at(-1)).toBe('the program asked for it (MADV_PAGEOUT)');
  });
});
