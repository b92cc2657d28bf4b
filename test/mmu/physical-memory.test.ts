import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PhysicalMemory } from '../../src/mmu/physical-memory.ts';

const GIB = 2 ** 30;

describe('physical memory', () => {
  it('agrees with a plain array of bytes, whatever the size, alignment and chunk', () => {
    // Around the border of two chunks, and of two blocks.
    const bases = [0, 65536 - 16, 2 ** 28 - 16, 5 * 2 ** 30 - 16];
    const step = fc.record({
      base: fc.constantFrom(...bases),
      offset: fc.integer({ min: 0, max: 24 }),
      size: fc.constantFrom(1, 2, 4),
      value: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const memory = new PhysicalMemory(6 * GIB, 4096);
        const model = new Map<number, number>();
        for (const { base, offset, size, value } of steps) {
          const pa = base + offset;
          if (size === 1) memory.store8(pa, value);
          else if (size === 2) memory.store16(pa, value);
          else memory.store32(pa, value);
          for (let i = 0; i < size; i++) model.set(pa + i, (value >>> (8 * i)) & 0xff);
        }
        const copy = memory.cloneState();
        for (const base of bases) {
          for (let pa = base; pa < base + 28; pa++) {
            const byte = (at: number) => model.get(at) ?? 0;
            expect(memory.load8(pa)).toBe(byte(pa));
            expect(memory.load16(pa)).toBe(byte(pa) + byte(pa + 1) * 256);
            const word = byte(pa) + byte(pa + 1) * 2 ** 8 + byte(pa + 2) * 2 ** 16 + byte(pa + 3) * 2 ** 24;
            expect(memory.load32(pa)).toBe(word);
            expect(copy.load32(pa)).toBe(word);
          }
          expect([...memory.readBytes(base, 28)]).toEqual(
            Array.from({ length: 28 }, (_, i) => model.get(base + i) ?? 0),
          );
        }
      }),
      { numRuns: 25, seed: 3 },
    );
  });

  it('fills, copies, moves and hashes frames, across chunks too', () => {
    const memory = new PhysicalMemory(GIB, 4096);
    const far = 2 ** 28 / 4096 + 3;
    memory.fillFrame(1, 0xab);
    memory.copyFrame(1, far);
    memory.copyFrame(1, 2);
    expect(memory.hashFrame(far)).toBe(memory.hashFrame(1));
    expect(memory.load32(far * 4096)).toBe(0xabababab);
    memory.store8(2 * 4096 + 4095, 0xac);
    expect(memory.hashFrame(2)).not.toBe(memory.hashFrame(1));
    memory.zeroFrame(1);
    expect(memory.hashFrame(1)).toBe(memory.hashFrame(200_000)); // never written
    const device = new Uint8Array(10000);
    memory.readFrameInto(far, device, 100);
    expect([device[99], device[100], device[4195], device[4196]]).toEqual([0, 0xab, 0xab, 0]);
    memory.writeFrameFrom(7, device, 99);
    expect([memory.load8(7 * 4096), memory.load8(7 * 4096 + 1)]).toEqual([0, 0xab]);
  });

  it('hashes as FNV-1a does', () => {
    const memory = new PhysicalMemory(64, 4);
    memory.writeBytes(0, Uint8Array.from([0x66, 0x6f, 0x6f, 0x62])); // "foob", in the published test vectors
    expect(memory.hashFrame(0)).toBe(0x3f5076ef);
  });

  it('of any odd size can be read to its last byte', () => {
    const memory = new PhysicalMemory(37, 16);
    expect(memory.frames).toBe(2);
    memory.store8(36, 9);
    expect(memory.load8(36)).toBe(9);
    expect(() => memory.load8(37)).toThrow('physical address within memory');
    expect(() => memory.load16(36)).toThrow('physical address within memory');
    expect(() => memory.zeroFrame(2)).toThrow('frame number within physical memory');
  });

  it('a copy is independent', () => {
    const memory = new PhysicalMemory(1 << 20, 4096);
    memory.store32(70000, 1);
    const copy = memory.cloneState();
    memory.store32(70000, 2);
    copy.store32(4, 3);
    expect([copy.load32(70000), memory.load32(70000), memory.load32(4)]).toEqual([1, 2, 0]);
  });

  it('of 64 GiB costs what it touches', () => {
    const before = process.memoryUsage().rss;
    const memory = new PhysicalMemory(64 * GIB, 4096);
    // 10 MiB in 160 places, spread over all of it.
    for (let piece = 0; piece < 160; piece++) {
      for (let page = 0; page < 16; page++) memory.fillFrame(piece * 104_000 + page, piece + 1);
    }
    expect(memory.load8(159 * 104_000 * 4096)).toBe(160);
    expect((process.memoryUsage().rss - before) / 2 ** 20).toBeLessThan(60);
  });
});
