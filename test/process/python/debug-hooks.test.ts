import { describe, expect, it } from 'vitest';
import { MEM, OBJ, RAW } from '../../../src/process/python/allocator-record.ts';
import { debugProgram } from './debug-program.ts';

const MAX = 2n ** 63n - 1n;

describe('the layout of a block', () => {
  it('is header, data and trailing pads, 24 bytes more than was asked for, in 3.8 and later', () => {
    for (const version of ['3.8', '3.11', '3.13']) {
      const { hooks, host, hex } = debugProgram(version);
      const data = hooks.malloc(hooks.slot(RAW), 5);
      expect(host.calls).toEqual([`malloc ${hooks.lowerRecord(RAW)} 29`]);
      expect(hex(data - 16, 29)).toBe(
        `0000000000000005 72 fdfdfdfdfdfdfd cdcdcdcdcd fdfdfdfdfdfdfdfd`.replaceAll(' ', ''),
      );
    }
  });

  it('ends with a serial number in 3.7 and before, counted over all domains', () => {
    for (const [version, clean, forbidden] of [
      ['3.7', 'cd', 'fd'],
      ['3.6', 'cb', 'fb'],
    ] as const) {
      const { hooks, memory, hex } = debugProgram(version);
      const first = hooks.malloc(hooks.slot(MEM), 3);
      const second = hooks.calloc(hooks.slot(OBJ), 2, 2);
      expect(hex(first - 16, 35)).toBe(
        `0000000000000003 6d ${forbidden.repeat(7)} ${clean.repeat(3)} ${forbidden.repeat(8)} 0000000000000001`.replaceAll(
          ' ',
          '',
        ),
      );
      expect(hex(second - 16, 36)).toBe(
        `0000000000000004 6f ${forbidden.repeat(7)} 00000000 ${forbidden.repeat(8)} 0000000000000002`.replaceAll(
          ' ',
          '',
        ),
      );
      expect(hooks.serialNumber(memory)).toBe(2);
    }
  });

  it('asks below for one zeroed element, pads included', () => {
    const { hooks, host } = debugProgram('3.11');
    hooks.calloc(hooks.slot(OBJ), 10, 20);
    expect(host.calls).toEqual([`calloc ${hooks.lowerRecord(OBJ)} 1 224`]);
  });

  it('is all pads for zero bytes', () => {
    const { hooks, hex } = debugProgram('3.11');
    const data = hooks.malloc(hooks.slot(OBJ), 0);
    expect(hex(data - 16, 24)).toBe(`00000000000000006f${'fd'.repeat(15)}`);
  });

  it('is filled with dead bytes from end to end when freed', () => {
    for (const [version, extra] of [
      ['3.11', 24],
      ['3.7', 32],
    ] as const) {
      const { hooks, host, hex } = debugProgram(version);
      for (const size of [0, 1, 40, 5000]) {
        const data = hooks.malloc(hooks.slot(RAW), size);
        hooks.free(hooks.slot(RAW), data);
        expect(host.calls.at(-1)).toBe(`free ${hooks.lowerRecord(RAW)} ${data - 16}`);
        expect(hex(data - 16, size + extra)).toBe('dd'.repeat(size + extra));
      }
    }
  });
});

describe('sizes', () => {
  it('that overflow with the pads are refused without a call below', () => {
    for (const [version, extra] of [
      ['3.11', 24n],
      ['3.7', 32n],
    ] as const) {
      const { hooks, host } = debugProgram(version);
      const slot = hooks.slot(RAW);
      const data = hooks.malloc(slot, 16);
      host.calls.length = 0;
      expect(hooks.malloc(slot, MAX - extra + 1n)).toBe(0);
      expect(hooks.calloc(slot, 2, 2n ** 62n)).toBe(0);
      expect(hooks.calloc(slot, 2n ** 62n, 2)).toBe(0);
      expect(hooks.realloc(slot, data, MAX - extra + 1n)).toBe(0);
      expect(host.calls).toEqual([]);
      expect(hooks.malloc(slot, MAX - extra)).toBe(0);
      expect(host.calls).toEqual([`malloc ${hooks.lowerRecord(RAW)} ${MAX}`]);
    }
  });

  it('are not counted when the allocator below refuses', () => {
    const { hooks, host, memory } = debugProgram('3.7');
    host.refuses = true;
    expect(hooks.malloc(hooks.slot(RAW), 8)).toBe(0);
    expect(hooks.calloc(hooks.slot(RAW), 1, 8)).toBe(0);
    expect(hooks.serialNumber(memory)).toBe(0);
  });

  it('are counted before anything else up to 3.6', () => {
    const { hooks, host, memory, hex } = debugProgram('3.6');
    const slot = hooks.slot(RAW);
    const data = hooks.malloc(slot, 8);
    host.refuses = true;
    hooks.malloc(slot, 8);
    hooks.calloc(slot, 1, MAX);
    hooks.realloc(slot, data, 9);
    expect(hooks.serialNumber(memory)).toBe(4);
    host.refuses = false;
    // A call below that is itself numbered: the block bears the number that is current when it is dressed.
    host.duringRealloc = () => hooks.malloc(slot, 1);
    expect(hex(hooks.realloc(slot, data, 7) + 7 + 8, 8)).toBe('0000000000000006');
  });
});

describe('realloc', () => {
  it('of NULL is malloc', () => {
    const { hooks, host } = debugProgram('3.11');
    hooks.realloc(hooks.slot(MEM), 0, 10);
    expect(host.calls).toEqual([`malloc ${hooks.lowerRecord(MEM)} 34`]);
  });

  it('that fails leaves every byte as it was, serial number included', () => {
    for (const version of ['3.11', '3.7', '3.6']) {
      for (const size of [0, 1, 64, 128, 129, 191, 192, 1000]) {
        const { hooks, host, memory, hex } = debugProgram(version);
        hooks.malloc(hooks.slot(OBJ), 1);
        const data = hooks.malloc(hooks.slot(OBJ), size);
        for (let at = 0; at < size; at++) memory.store8(data + at, (at * 7) & 0xff);
        const before = hex(data - 16, size + 32);
        host.refuses = true;
        for (const wanted of [0, 10, 200, 5000]) {
          expect(hooks.realloc(hooks.slot(OBJ), data, wanted)).toBe(0);
          expect(hex(data - 16, size + 32)).toBe(before);
        }
      }
    }
  });

  it('shows dead bytes to whoever looks while the block is below', () => {
    const { hooks, host, memory, hex } = debugProgram('3.11');
    const seen: string[] = [];
    const short = hooks.malloc(hooks.slot(RAW), 128);
    const long = hooks.malloc(hooks.slot(RAW), 129);
    memory.fill(short, 0x11, 128);
    memory.fill(long, 0x22, 129);
    host.duringRealloc = (address) => seen.push(hex(address, 24 + 129));
    hooks.realloc(hooks.slot(RAW), short, 300);
    hooks.realloc(hooks.slot(RAW), long, 300);
    expect(seen[0]!.slice(0, 2 * (24 + 128))).toBe('dd'.repeat(24 + 128));
    expect(seen[1]).toBe(`${'dd'.repeat(16 + 64)}22${'dd'.repeat(64 + 8)}`);
  });

  it('keeps the data, fills what is new with clean bytes and moves the pads', () => {
    for (const [from, to] of [
      [10, 500],
      [500, 10],
      [200, 180],
      [200, 100],
      [200, 136],
      [200, 137],
      [128, 129],
      [129, 128],
      [0, 3],
      [3, 0],
    ] as const) {
      const { hooks, memory, hex } = debugProgram('3.7');
      let data = hooks.malloc(hooks.slot(MEM), from);
      const bytes = Uint8Array.from({ length: from }, (_, index) => (index * 13 + 1) & 0xff);
      memory.write(data, bytes);
      data = hooks.realloc(hooks.slot(MEM), data, to);
      const kept = Buffer.from(bytes.subarray(0, to)).toString('hex');
      expect(hex(data - 16, 16)).toBe(`${to.toString(16).padStart(16, '0')}6d${'fd'.repeat(7)}`);
      expect(hex(data, to)).toBe(kept + 'cd'.repeat(Math.max(0, to - from)));
      expect(hex(data + to, 16)).toBe(`${'fd'.repeat(8)}0000000000000002`);
      hooks.free(hooks.slot(MEM), data);
    }
  });
});

describe('realloc up to 3.6', () => {
  it('erases nothing', () => {
    const { hooks, host, memory, hex } = debugProgram('3.6');
    const data = hooks.malloc(hooks.slot(RAW), 100);
    memory.fill(data, 0x33, 100);
    let below = '';
    host.duringRealloc = (address) => {
      below = hex(address + 16, 100);
    };
    const moved = hooks.realloc(hooks.slot(RAW), data, 200);
    expect(below).toBe('33'.repeat(100));
    expect(hex(data, 100)).toBe('33'.repeat(100));
    expect(hex(moved, 200)).toBe('33'.repeat(100) + 'cb'.repeat(100));
    hooks.free(hooks.slot(RAW), moved);
  });
});

describe('free', () => {
  it('of NULL looks at nothing', () => {
    const { hooks, host, signalOf } = debugProgram('3.11');
    expect(signalOf(() => hooks.free(hooks.slot(RAW), 0))).toBe(null);
    expect(signalOf(() => hooks.withGil.free(hooks.slot(OBJ), 0))).toBe(null);
    expect(host.calls).toEqual([]);
  });

  it('of what is no address faults as the first look at the id does', () => {
    for (const address of [1, 8, 0x123456]) {
      const { hooks, host, signalOf } = debugProgram('3.11');
      expect(signalOf(() => hooks.free(hooks.slot(RAW), address))).toBe('SIGSEGV');
      expect(host.fatal).toEqual([]);
    }
  });

  it('checks the id first, then the leading pads, then the trailing ones', () => {
    const breakAt = (offsets: readonly number[]): readonly string[] => {
      const { hooks, host, memory, signalOf } = debugProgram('3.11');
      const data = hooks.malloc(hooks.slot(MEM), 10);
      for (const offset of offsets) memory.store8(data + offset, 0x41);
      expect(signalOf(() => hooks.free(hooks.slot(MEM), data))).toBe('SIGABRT');
      return host.fatal;
    };
    expect(breakAt([-8, -1, 10])).toEqual([
      `_PyMem_DebugRawFree: bad ID: Allocated using API 'A', verified using API 'm'`,
    ]);
    expect(breakAt([-1, 10])).toEqual(['_PyMem_DebugRawFree: bad leading pad byte']);
    expect(breakAt([-7])).toEqual(['_PyMem_DebugRawFree: bad leading pad byte']);
    expect(breakAt([10])).toEqual(['_PyMem_DebugRawFree: bad trailing pad byte']);
    expect(breakAt([17])).toEqual(['_PyMem_DebugRawFree: bad trailing pad byte']);
  });

  it('does not see what lies beyond the pads', () => {
    const { hooks, memory, signalOf } = debugProgram('3.11');
    const data = hooks.malloc(hooks.slot(MEM), 10);
    memory.store8(data + 18, 0x41);
    expect(signalOf(() => hooks.free(hooks.slot(MEM), data))).toBe(null);
  });

  it.for([
    ['3.8', `API '`],
    ['3.11', `API '\0', verified using API 'm'`],
  ] as const)('ends the message where the id is the zero byte up to 3.8: %s', ([release, end]) => {
    const { hooks, host, memory, signalOf, stderr } = debugProgram(release);
    const data = hooks.malloc(hooks.slot(MEM), 10);
    memory.store8(data - 8, 0);
    expect(signalOf(() => hooks.free(hooks.slot(MEM), data))).toBe('SIGABRT');
    expect(host.fatal).toEqual([`_PyMem_DebugRawFree: bad ID: Allocated using ${end}`]);
    expect(stderr()).toContain(`API '\0'\n`);
  });

  it('finds each wrong pad where they lie across two pages', () => {
    for (let before = 0; before <= 8; before++) {
      for (let wrong = 0; wrong <= 8; wrong++) {
        const { hooks, memory, signalOf } = debugProgram('3.11');
        // The first block's data begin 32 bytes into a page.
        const data = hooks.malloc(hooks.slot(RAW), 4096 - 32 - before);
        const tail = data + 4096 - 32 - before;
        expect(tail % 4096).toBe((4096 - before) % 4096);
        memory.store8(tail + wrong, 0);
        expect(signalOf(() => hooks.free(hooks.slot(RAW), data))).toBe(wrong === 8 ? null : 'SIGABRT');
      }
    }
  });
});

describe('the GIL', () => {
  it('must be held for mem and obj, whatever the arguments', () => {
    const calls: readonly [string, (program: ReturnType<typeof debugProgram>) => void][] = [
      ['_PyMem_DebugMalloc', ({ hooks }) => hooks.withGil.malloc(hooks.slot(OBJ), MAX)],
      ['_PyMem_DebugCalloc', ({ hooks }) => hooks.withGil.calloc(hooks.slot(OBJ), 1, 1)],
      ['_PyMem_DebugRealloc', ({ hooks }) => hooks.withGil.realloc(hooks.slot(MEM), 0, 1)],
      ['_PyMem_DebugFree', ({ hooks }) => hooks.withGil.free(hooks.slot(MEM), 0)],
    ];
    for (const [func, call] of calls) {
      const program = debugProgram('3.11');
      program.host.gil = false;
      expect(program.signalOf(() => call(program))).toBe('SIGABRT');
      expect(program.host.fatal).toEqual([`${func}: Python memory allocator called without holding the GIL`]);
      expect(program.host.calls).toEqual([]);
      expect(program.stderr()).toBe('');
    }
  });

  it('is not asked for before 3.6', () => {
    const { hooks, host, signalOf } = debugProgram('3.5');
    host.gil = false;
    expect(signalOf(() => hooks.withGil.free(hooks.slot(OBJ), hooks.withGil.malloc(hooks.slot(OBJ), 5)))).toBe(null);
  });

  it('does not matter to raw', () => {
    const { hooks, host, signalOf } = debugProgram('3.11');
    host.gil = false;
    const slot = hooks.slot(RAW);
    expect(signalOf(() => hooks.free(slot, hooks.realloc(slot, hooks.calloc(slot, 1, 2), 3)))).toBe(null);
  });
});
