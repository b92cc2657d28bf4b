import { describe, expect, it } from 'vitest';
import { OBJ, RAW } from '../../../src/process/python/allocator-record.ts';
import type { Frame } from '../../../src/process/python/frame.ts';
import { debugProgram } from './debug-program.ts';

const FRAMES: readonly Frame[] = [
  { file: 'inner.py', line: 7, name: 'leak' },
  { file: 'caf\u00e9 \u20ac \u{1f40d}.py', line: 3, name: '<module>' },
];

function dumpWith(frames: readonly Frame[] | null): string {
  const { hooks, host, memory, signalOf, stderr } = debugProgram('3.11');
  host.frames = frames;
  const data = hooks.malloc(hooks.slot(RAW), 2);
  memory.store8(data + 2, 0x78);
  expect(signalOf(() => hooks.free(hooks.slot(RAW), data))).toBe('SIGABRT');
  return stderr();
}

describe('the dump', () => {
  it('shows both ends, the data and how to learn more', () => {
    expect(dumpWith(null)).toBe(`Debug memory block at address p=0x300000000020: API 'r'
    2 bytes originally requested
    The 7 pad bytes at p-7 are FORBIDDENBYTE, as expected.
    The 8 pad bytes at tail=0x300000000022 are not all FORBIDDENBYTE (0xfd):
        at tail+0: 0x78 *** OUCH
        at tail+1: 0xfd
        at tail+2: 0xfd
        at tail+3: 0xfd
        at tail+4: 0xfd
        at tail+5: 0xfd
        at tail+6: 0xfd
        at tail+7: 0xfd
    Data at p: cd cd

Enable tracemalloc to get the memory block allocation traceback

`);
  });

  it('ends with the traceback of a block that tracemalloc knows, names in ASCII', () => {
    const text = dumpWith(FRAMES);
    expect(text.slice(text.indexOf('    Data'))).toBe(`    Data at p: cd cd

Memory block allocated at (most recent call first):
  File "inner.py", line 7
  File "caf\\xe9 \\u20ac \\U0001f40d.py", line 3

`);
  });

  it('says nothing more of one that tracemalloc does not know', () => {
    expect(dumpWith([]).endsWith('    Data at p: cd cd\n\n')).toBe(true);
  });

  it('cuts a file name of more than 500 characters', () => {
    expect(dumpWith([{ file: 'x'.repeat(500), line: 1, name: '' }])).toContain(`"${'x'.repeat(500)}"`);
    expect(dumpWith([{ file: 'x'.repeat(501), line: 1, name: '' }])).toContain(`"${'x'.repeat(500)}..."`);
  });

  it('shows all of 16 bytes, and the ends of 17', () => {
    const dataLine = (size: number): string => {
      const { hooks, memory, signalOf, stderr } = debugProgram('3.11');
      const data = hooks.malloc(hooks.slot(RAW), size);
      memory.write(
        data,
        Uint8Array.from({ length: size }, (_, index) => index),
      );
      memory.store8(data - 1, 0);
      signalOf(() => hooks.free(hooks.slot(RAW), data));
      return /^ {4}Data at p:.*$/m.exec(stderr())?.[0] ?? '';
    };
    expect(dataLine(0)).toBe('');
    expect(dataLine(1)).toBe('    Data at p: 00');
    expect(dataLine(16)).toBe('    Data at p: 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f');
    expect(dataLine(17)).toBe('    Data at p: 00 01 02 03 04 05 06 07 ... 09 0a 0b 0c 0d 0e 0f 10');
  });

  it('names the call in versions that number them', () => {
    const { hooks, signalOf, stderr } = debugProgram('3.6');
    hooks.malloc(hooks.slot(RAW), 1);
    const data = hooks.malloc(hooks.slot(RAW), 1);
    signalOf(() => hooks.free(hooks.slot(OBJ), data));
    expect(stderr()).toContain(
      'as expected.\n    The block was made by call #2 to debug malloc/realloc.\n    Data at p: cb\n',
    );
  });

  it('ends with the data before 3.6, which brought tracemalloc into it', () => {
    const { hooks, signalOf, stderr } = debugProgram('3.5');
    const data = hooks.malloc(hooks.slot(RAW), 1);
    signalOf(() => hooks.free(hooks.slot(OBJ), data));
    expect(stderr().endsWith('debug malloc/realloc.\n    Data at p: cb\n')).toBe(true);
  });

  it('follows a corrupted size to wherever it leads', () => {
    const dumpOfSize = (hex: string): [string | null, string] => {
      const { hooks, memory, signalOf, stderr } = debugProgram('3.11');
      const data = hooks.malloc(hooks.slot(RAW), 32);
      memory.write(data - 16, Buffer.from(hex, 'hex'));
      memory.store8(data - 1, 0);
      const signal = signalOf(() => hooks.free(hooks.slot(RAW), data));
      return [signal, stderr()];
    };
    // Into nothing: the text ends where the read faulted.
    for (const [size, tail] of [
      ['4142434445464748', '0x4142734445464768'],
      ['8000000000000000', '0x8000300000000020'],
      ['00ffffffffffffff', '0x10030000000001f'],
    ] as const) {
      const [signal, text] = dumpOfSize(size);
      expect(signal).toBe('SIGSEGV');
      expect(text.endsWith(`    The 8 pad bytes at tail=${tail} are `)).toBe(true);
      expect(text).toContain(`    ${BigInt(`0x${size}`)} bytes originally requested\n`);
    }
    // Around the address space: to the header, whose pads are read as a tail, and to NULL.
    const [signal, text] = dumpOfSize('fffffffffffffff9');
    expect(signal).toBe('SIGABRT');
    expect(text).toContain('at tail=0x300000000019 are not all FORBIDDENBYTE (0xfd):\n        at tail+0: 0xfd\n');
    expect(text).toContain('    Data at p:\n\nEnable');
    expect(dumpOfSize('ffffcfffffffffe0')[1].endsWith('tail=(nil) are ')).toBe(true);
    expect(dumpOfSize('ffffcfffffffffd0')[1].endsWith('tail=0xfffffffffffffff0 are ')).toBe(true);
  });
});

describe('a size that passes the pads but leads astray', () => {
  it('faults while the trailing pads are checked, before anything is printed', () => {
    const { hooks, memory, signalOf, stderr } = debugProgram('3.11');
    const data = hooks.malloc(hooks.slot(RAW), 32);
    memory.store8(data - 16, 0x41);
    expect(signalOf(() => hooks.realloc(hooks.slot(RAW), data, 64))).toBe('SIGSEGV');
    expect(stderr()).toBe('');
  });
});
