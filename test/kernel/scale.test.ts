/** Sizes that must not hurt: many processes (more than there are ASIDs), sparse mappings, a machine of 64 GiB. */
import { describe, expect, it } from 'vitest';
import { ASID_MAX } from '../../src/kernel/kernel.ts';
import {
  MAP_ANONYMOUS,
  MAP_NORESERVE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/linux-abi.ts';
import { Machine } from '../../src/machine/machine.ts';

const RW = PROT_READ | PROT_WRITE;
const ANON = MAP_PRIVATE | MAP_ANONYMOUS;

describe('scale', () => {
  it('more processes than ASIDs: each keeps to its own memory, and TLBs agree with the tables', () => {
    const machine = new Machine({ paging: 'sv39', memory: 256 << 20, overcommit: 1, cpus: 2 });
    const parent = machine.spawn({ name: 'parent', image: { stack: 4096 } });
    const page = machine.mmap(parent, { length: 4096, prot: RW, flags: ANON });
    machine.store(parent, page, 0, 4);
    const children = Array.from({ length: ASID_MAX + 100 }, (_, i) => {
      const child = machine.fork(parent, `child${i}`);
      if (typeof child === 'number') throw new Error('fork failed');
      if (i % 2 === 1) machine.switchTo(1, child);
      machine.store(child, page, i, 4);
      return child;
    });
    expect(machine.kernel.asidGeneration).toBe(2);
    for (const i of [0, 1, 2, 3, ASID_MAX, ASID_MAX + 99]) {
      const bytes = machine.load(children[i]!, page, 4).bytes!;
      expect(new DataView(bytes.buffer).getUint32(0, true)).toBe(i);
    }
    expect(machine.load(parent, page, 4).bytes).toEqual(new Uint8Array(4));
    for (const child of children.slice(8)) machine.exit(child);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('a roll-over gives new ASIDs to who is running elsewhere, so that nobody meets their translations', () => {
    const machine = new Machine({ memory: 8 << 20, cpus: 2, overcommit: 1 });
    const at = 0x10_0000_0000;
    const onCpu = (cpu: number, value: number) => {
      const process = machine.spawn({ cpu });
      machine.mmap(process, { address: at, length: 4096, prot: RW, flags: ANON | 0x10 });
      machine.store(process, at, value, 1);
      return process;
    };
    onCpu(0, 1);
    const elsewhere = onCpu(1, 2);
    machine.kernel.nextAsid = ASID_MAX + 1;
    // The first of the new generation, on CPU 0; on CPU 1 the old process goes on without a switch.
    onCpu(0, 3);
    expect(machine.kernel.asidGeneration).toBe(2);
    expect(machine.load(elsewhere, at, 1).bytes).toEqual(Uint8Array.of(2));
    expect(machine.checkInvariants()).toEqual([]);
    for (const value of [4, 5, 6]) {
      const newcomer = onCpu(1, value);
      expect(machine.load(newcomer, at, 1).bytes).toEqual(Uint8Array.of(value));
      expect(machine.checkInvariants()).toEqual([]);
    }
    expect(machine.load(elsewhere, at, 1).bytes).toEqual(Uint8Array.of(2));
  });

  it('64 GiB of memory and 1 TiB mapped: only what is touched takes frames, tables included', () => {
    const machine = new Machine({ paging: 'x86_64', memory: 64 * 2 ** 30, overcommit: 1 });
    const process = machine.spawn({ name: 'p' });
    const free = machine.kernel.buddy.free;
    const start = machine.mmap(process, { length: 2 ** 40, prot: RW, flags: ANON | MAP_NORESERVE });
    for (let i = 0; i < 64; i++) expect(machine.store(process, start + i * 2 ** 34, i, 1).ok).toBe(true);
    // Every touch is 16 GiB from the next: a page, a page table and a middle directory of its own, and of the upper
    // directories those that 1 TiB spans.
    const upper = Math.ceil((start + 2 ** 40) / 2 ** 39) - Math.floor(start / 2 ** 39);
    expect(free - machine.kernel.buddy.free).toBe(3 * 64 + upper);
    machine.exit(process);
    expect(machine.kernel.buddy.free).toBe(machine.kernel.bootFreeFrames);
  });

  it('a truncated file is unmapped wherever it is mapped, and from there only: nobody else’s areas are looked at', () => {
    const machine = new Machine({ paging: 'x86_64', memory: 16 << 20, overcommit: 1 });
    machine.files.create('f', 'tmpfs');
    machine.files.write('f', 0, new Uint8Array(4 * 4096).fill(7));
    const process = machine.spawn({ name: 'p', signals: 'survive' });
    const fd = machine.calls.open(process, 'f', { canRead: true, canWrite: true });
    const mapped = Array.from({ length: 3 }, () =>
      machine.mmap(process, { length: 4 * 4096, prot: RW, flags: MAP_SHARED, fd }),
    );
    // Pieces of one, a part that is gone, and all of it again in a child.
    machine.mprotect(process, mapped[1]! + 4096, 4096, PROT_READ);
    machine.munmap(process, mapped[2]!, 4096);
    const child = machine.fork(process);
    if (typeof child === 'number') throw new Error('fork failed');
    const others = machine.mmap(process, { length: 64 * 4096, prot: RW, flags: ANON });
    for (let page = 0; page < 64; page += 2) machine.mprotect(process, others + page * 4096, 4096, PROT_READ);
    const touched = (): boolean[] =>
      [process, child].flatMap((who) => mapped.map((at) => machine.load(who, at + 3 * 4096, 1).ok));
    expect(touched()).toEqual(Array(6).fill(true));
    const object = machine.kernel.files.get('f')!;
    const listed = [];
    for (let area = object.firstArea; area !== null; area = area.objectNext) listed.push(area.space);
    expect(listed.filter((space) => space === child.space)).toHaveLength(5);
    expect(listed).toHaveLength(10);
    machine.files.truncate('f', 4096);
    expect(touched()).toEqual(Array(6).fill(false));
    expect(machine.checkInvariants()).toEqual([]);
    machine.exit(child);
    machine.exit(process);
    expect(object.firstArea).toBeNull();
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('tens of thousands of areas: forked and taken down whole', () => {
    const machine = new Machine({ paging: 'sv39', memory: 16 << 20, overcommit: 1 });
    const process = machine.spawn({ name: 'p' });
    const base = 0x10_0000_0000;
    const pages = 60_000;
    machine.mmap(process, { address: base, length: pages * 4096, prot: RW, flags: ANON | 0x10 });
    for (let page = 0; page < pages; page += 2) machine.mprotect(process, base + page * 4096, 4096, PROT_READ);
    expect(process.space!.areas.count).toBeGreaterThan(pages);
    const child = machine.fork(process);
    if (typeof child === 'number') throw new Error('fork failed');
    expect(child.space!.areas.count).toBe(process.space!.areas.count);
    expect(machine.munmap(process, base, pages * 4096)).toBe(0);
    expect(machine.checkInvariants()).toEqual([]);
  });
});
