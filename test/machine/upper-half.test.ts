/** Addresses of 64 bits at the library's door: exact, refused exactly, or not taken at all. */
import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../src/machine/events.ts';
import { Machine } from '../../src/machine/machine.ts';
import { normalizeAddress, processorAddress } from '../../src/machine/wild-address.ts';
import { FORMAT_NAMES, FORMATS, type FormatName } from '../../src/mmu/page-table/formats.ts';
import { PTE_READ, PTE_USER, PTE_VALID, PTE_WRITE } from '../../src/mmu/pte-flags.ts';
import { ACCESS_NAMES } from '../../src/mmu/units.ts';

const PAGE = 4096;
const RW = PTE_VALID | PTE_READ | PTE_WRITE | PTE_USER;
const END = 1n << 64n;
const SIGN_EXTENDED = FORMAT_NAMES.filter((name) => FORMATS[name].canonical === 'sign-extended');
const WIDE: readonly FormatName[] = ['sv57', 'x86_64-la57'];

/** Bare hardware whose last page, reached by the last index of every table, is frame 20. */
function bare(paging: FormatName): Machine {
  const machine = new Machine({ paging, kernel: 'none', memory: 64 * PAGE });
  const { pageTable, format } = machine;
  const top = format.levels.length - 1;
  for (let level = top; level >= 0; level--) {
    const entry = (top - level) * PAGE + 511 * 8;
    if (level > 0) pageTable.writeTable(entry, top - level + 1, level, true);
    else pageTable.writeLeaf(entry, 20, RW);
  }
  machine.setRoot(0, 0);
  return machine;
}

describe.for(SIGN_EXTENDED)('bare hardware of %s', (name) => {
  it('translates the last page, given as a constant or as the negative number', () => {
    const machine = bare(name);
    for (const address of [0xffff_ffff_ffff_f123n, -0xedd, -0xeddn]) {
      for (const access of ['load', 'store', 'load'] as const) {
        const { physical, address: shown, fault } = machine.translate(0, address, access);
        expect({ physical, shown, fault }).toEqual({
          physical: 20 * PAGE + 0x123,
          shown: 0xffff_ffff_ffff_f123n,
          fault: null,
        });
      }
    }
    expect(machine.counters()).toMatchObject({ accesses: 9, tlbMisses: 1 });
  });

  it('refuses what is not canonical exactly, and counts it', () => {
    const machine = bare(name);
    const bits = BigInt(FORMATS[name].virtualBits);
    const half = 1n << (bits - 1n);
    const constants = [half + 1n, END - half - 1n, 0x8000_0000_0000_0001n, (1n << 63n) - 1n];
    for (const constant of constants) {
      const { address, fault, physical, walk } = machine.translate(0, constant, 'load');
      expect({ address: BigInt(address), physical, walk }).toEqual({ address: constant, physical: null, walk: [] });
      expect(fault?.rule).toBe('non-canonical');
      expect(BigInt(fault?.address ?? 0)).toBe(constant);
      expect(fault?.sentence).toContain(`at 0x${constant.toString(16)} refused`);
    }
    expect(machine.counters()).toMatchObject({ accesses: constants.length, tlbHits: 0, tlbMisses: 0, walks: 0 });
  });

  it('takes the whole upper half, or says what of it it does not take', () => {
    const machine = bare(name);
    const half = 1n << BigInt(FORMATS[name].virtualBits - 1);
    const exact = 1n << 53n;
    for (const constant of [END - half, END - half + 0x123n, END - exact - 1n, exact, half - 1n]) {
      const inside = constant >= END - half || constant < half;
      const taken = constant >= END - exact || constant < exact;
      const look = () => machine.translate(0, constant, 'load', { peek: true });
      if (inside && !taken) expect(look).toThrow(expect.objectContaining({ code: 'MEM-API-006' }));
      else expect(look().fault?.rule).toBe(inside ? 'not-present' : 'non-canonical');
    }
    // Only the widest formats have such addresses.
    const refusable = half > exact;
    expect(refusable).toBe(WIDE.includes(name));
  });
});

describe('processorAddress', () => {
  it('is exact at both ends', () => {
    const format = FORMATS.sv57;
    expect(processorAddress(END - 1n, format)).toBe(-1);
    expect(processorAddress(END - (1n << 53n), format)).toBe(-(2 ** 53));
    expect(processorAddress((1n << 53n) - 1n, format)).toBe(2 ** 53 - 1);
    expect(() => processorAddress(END - (1n << 53n) - 1n, format)).toThrow(/0xffdfffffffffffff/);
    expect(() => processorAddress(1.5, format)).toThrow(expect.objectContaining({ code: 'MEM-API-008' }));
  });

  it('leaves a program’s addresses as they were: its upper half is a bigint', () => {
    expect(normalizeAddress(-1)).toBe(END - 1n);
  });
});

describe('with a kernel', () => {
  it.for(FORMAT_NAMES)('%s: a process meets a signal in the upper half, with any listener', (paging) => {
    for (const listen of [false, true]) {
      const machine = new Machine({ paging, memory: 128 * PAGE });
      const events: MachineEvent[] = [];
      if (listen) machine.on((event) => events.push(event));
      const process = machine.spawn({ signals: 'survive' });
      for (const address of [END - 1n, -1, -PAGE, END - (1n << 38n)]) {
        const { signal, ok } = machine.load(process, address, 1);
        expect(ok).toBe(false);
        const x86 = FORMATS[paging].family === 'x86';
        if (paging === 'i386' && BigInt(address) === END - (1n << 38n)) expect(signal?.code).toBe('SI_KERNEL');
        else {
          expect(signal).toMatchObject({
            signal: 'SIGSEGV',
            code: 'SEGV_MAPERR',
            address: BigInt.asUintN(64, BigInt(address)),
            errorCode: x86 ? 5 : null,
          });
        }
      }
      expect(events.some((event) => event.type === 'Translate')).toBe(false);
    }
  });

  it.for(SIGN_EXTENDED)('%s: explain looks there, and finds nothing mapped', (paging) => {
    const machine = new Machine({ paging, memory: 128 * PAGE });
    const process = machine.spawn();
    machine.spawn();
    for (const access of ACCESS_NAMES) {
      const { address, physical, fault, walk } = machine.explain(process, 0xffff_ffff_ffff_ffffn, access);
      expect({ address, physical, rule: fault?.rule }).toEqual({
        address: 0xffff_ffff_ffff_ffffn,
        physical: null,
        rule: 'not-present',
      });
      expect(walk[0]?.index).toBe(511);
    }
    expect(machine.explain(process, 0x8000_0000_0000_0001n, 'load').fault).toMatchObject({
      rule: 'non-canonical',
      address: 0x8000_0000_0000_0001n,
    });
  });

  it('explain of a 32-bit format calls such an address out of range', () => {
    const machine = new Machine({ paging: 'sv32', memory: 128 * PAGE });
    const process = machine.spawn();
    for (const constant of [END - 1n, 0x8000_0000_0000_0001n]) {
      expect(machine.explain(process, constant, 'store').fault).toMatchObject({
        rule: 'out-of-range',
        address: constant,
      });
    }
  });
});
