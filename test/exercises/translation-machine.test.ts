import { describe, expect, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';

/** E9 and F12 on machines that run: the bits of a process's own page table, the TLB of a processor at work. */

describe('E9: the entries of an Sv39 process, as xv6’s vmprint shows them', () => {
  const ACCESSED_DIRTY = 0xc0;
  const ALL = PROT_READ | PROT_WRITE | PROT_EXEC;
  const GIB = 2 ** 30;

  /** The entries on the way to `address`, root first, read from memory where the walk says they are. */
  const entriesOf = (machine: Machine, process: Process, address: number): number[] =>
    machine.explain(process, address, 'load').walk.map(({ pteAddress }) => {
      const { memory } = machine;
      return memory.load32(pteAddress + 4) * 2 ** 32 + memory.load32(pteAddress);
    });
  /** Bits 53–10 are the frame number: physical address = (entry >> 10) << 12. */
  const physicalOf = (entry: number): number => Math.floor(entry / 2 ** 10) * 2 ** 12;

  test.for([
    ['VRWXU, text and data', ALL, 0x1f],
    ['VRWU', PROT_READ | PROT_WRITE, 0x17],
    ['VRXU', PROT_READ | PROT_EXEC, 0x1b],
    ['VRU', PROT_READ, 0x13],
  ] as const)('%s: pointers have V only, the leaf has its rights', ([, prot, bits]) => {
    const machine = new Machine({ paging: 'sv39' });
    const process = machine.spawn({ name: 'sh' });
    // [1][2][3]: an index of its own at each level.
    const address = GIB + 2 * 2 ** 21 + 3 * 4096;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    expect(machine.mmap(process, { address, length: 4096, prot: ALL, flags })).toBe(address);
    machine.store(process, address, 42);
    expect(machine.mprotect(process, address, 4096, prot)).toBe(0);

    const { walk, physical } = machine.explain(process, address, 'load');
    expect(walk.map(({ index }) => index)).toEqual([1, 2, 3]);
    const entries = entriesOf(machine, process, address);
    expect(entries.slice(0, 2).map((entry) => entry % 0x400)).toEqual([0x01, 0x01]);
    expect((entries[2]! % 0x400) & ~ACCESSED_DIRTY).toBe(bits);
    // Each entry's frame is where the next table is, the last one's where the byte is.
    expect(entries.slice(0, 2).map(physicalOf)).toEqual(walk.slice(1).map(({ tableAddress }) => tableAddress));
    expect(physicalOf(entries[2]!)).toBe(physical);
    expect(machine.memory.load8(physicalOf(entries[2]!))).toBe(42);
  });

  test('a leaf without U, as of xv6’s stack guard, refuses the program though it is valid', () => {
    const machine = new Machine({ paging: 'sv39' });
    const process = machine.spawn({ name: 'sh', signals: 'survive' });
    const address = GIB;
    machine.mmap(process, { address, length: 4096, prot: ALL, flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED });
    machine.store(process, address, 1);
    const { pteAddress } = machine.explain(process, address, 'load').walk[2]!;
    const entry = machine.memory.load32(pteAddress);
    machine.memory.store32(pteAddress, entry & ~0x10);
    expect(machine.explain(process, address, 'load').fault).toBeNull(); // the TLB still has the old entry
    machine.cpus[0]!.invalidateAll(true);
    expect(machine.explain(process, address, 'load').fault).toMatchObject({ rule: 'user', level: 0, cause: 13 });
  });
});

describe('F12: the sum of ten ints at address 100, on pages of 16 bytes', () => {
  const INTS = Array.from({ length: 10 }, (_, index) => 100 + 4 * index);
  const TINY = {
    pageBytes: 16,
    pteBytes: 4,
    levels: [8],
    fields: { frame: { bit: 0, width: 16 }, valid: 31, write: 30, accessed: 29, dirty: 28 },
  } as const;
  const TLB = { entries: 16, ways: 16, asids: false } as const;

  const sum = (machine: Machine, process: Process): number =>
    INTS.reduce((total, address) => {
      const { bytes } = machine.load(process, address, 4);
      return total + new DataView(bytes!.buffer, bytes!.byteOffset).getInt32(0, true);
    }, 0);

  const lookups = (machine: Machine): { hits: number; misses: number } => {
    const { tlbHits: hits, tlbMisses: misses } = machine.counters();
    return { hits, misses };
  };
  const lookupsOf = (machine: Machine, action: () => void): { hits: number; misses: number } => {
    const before = lookups(machine);
    action();
    const after = lookups(machine);
    return { hits: after.hits - before.hits, misses: after.misses - before.misses };
  };

  test('a process whose TLB is empty misses 3 times and hits 7 times (70 %), and the second time hits 10 times', () => {
    const machine = new Machine({ paging: TINY, memory: 16 * 1024, tlb: TLB });
    const process = machine.spawn({ name: 'sum', image: {} });
    const other = machine.spawn({ name: 'other', image: {} });
    const prot = PROT_READ | PROT_WRITE;
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
    expect(machine.mmap(process, { address: 96, length: 48, prot, flags })).toBe(96); // pages 6, 7 and 8
    for (const [index, address] of INTS.entries()) machine.store(process, address, index + 1, 4);
    // Without ASIDs a switch to another process and back empties the TLB.
    machine.switchTo(0, other);
    machine.switchTo(0, process);

    expect(lookupsOf(machine, () => expect(sum(machine, process)).toBe(55))).toEqual({ hits: 7, misses: 3 });
    expect(lookupsOf(machine, () => expect(sum(machine, process)).toBe(55))).toEqual({ hits: 10, misses: 0 });
    const vpns = machine.view().cpus[0]!.tlb.map(({ vpn }) => vpn);
    expect(vpns.toSorted((a, b) => a - b)).toEqual([6, 7, 8]);
  });

  test('bare hardware with a page table set up by hand counts the same', () => {
    const machine = new Machine({
      kernel: 'none',
      paging: { pageBytes: 16, pteBytes: 1, levels: [4] },
      memory: 512,
      tlb: { entries: 16, ways: 16 },
    });
    // One-byte entries, the valid bit on top: pages 6, 7, 8 in frames 9, 10, 11.
    machine.memory.writeBytes(6, Uint8Array.of(0x89, 0x8a, 0x8b));
    machine.setRoot(0, 0);
    const walk = (): number[] => INTS.map((address) => machine.translate(0, address, 'load').physical!);
    const expected = INTS.map((address) => address + 3 * 16);
    expect(lookupsOf(machine, () => expect(walk()).toEqual(expected))).toEqual({ hits: 7, misses: 3 });
    expect(lookupsOf(machine, () => expect(walk()).toEqual(expected))).toEqual({ hits: 10, misses: 0 });
  });
});
