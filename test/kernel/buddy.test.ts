/** The buddy allocator: by hand on a drawing, and against a set of free frames. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BuddyAllocator, MAX_ORDER } from '../../src/kernel/frames/buddy.ts';

describe('BuddyAllocator', () => {
  it('splits the lower half off and merges buddies again', () => {
    const buddy = new BuddyAllocator(16, 0);
    expect(buddy.freeBlocks().slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
    expect(buddy.allocate(0)).toBe(0);
    expect(buddy.freeBlocks().slice(0, 5)).toEqual([1, 1, 1, 1, 0]);
    expect(buddy.allocate(1)).toBe(2);
    buddy.release(0);
    buddy.release(2, 1);
    expect(buddy.freeBlocks().slice(0, 5)).toEqual([0, 0, 0, 0, 1]);
    expect(buddy.free).toBe(16);
  });

  it('gives the exercise H7 blocks: 21 KiB of 256 KiB is granted 32 KiB', () => {
    const pages = 256 / 4;
    const buddy = new BuddyAllocator(pages, 0);
    expect(buddy.allocate(Math.ceil(Math.log2(21 / 4)))).toBe(0);
    // 256 -> 128 + 64 + 32 free beside the 32 granted: orders 5, 4, 3 of 4 KiB frames.
    expect(buddy.freeBlocks().slice(0, 7)).toEqual([0, 0, 0, 1, 1, 1, 0]);
  });

  it('refuses to free what is free', () => {
    const buddy = new BuddyAllocator(8, 0);
    const pfn = buddy.allocate(0);
    buddy.release(pfn);
    const again = buddy.allocate(3);
    buddy.release(again, 3);
    expect(() => buddy.release(again, 3)).toThrow('a free frame is freed');
  });

  it('never hands a frame out twice, aligns blocks to their size, and gets everything back', () => {
    const command = fc.record({ order: fc.nat(4), free: fc.boolean(), which: fc.nat(1000) });
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 3000 }), fc.array(command, { maxLength: 200 }), (frames, commands) => {
        const buddy = new BuddyAllocator(frames, 1);
        const held: { pfn: number; order: number }[] = [];
        const used = new Set<number>([0]);
        for (const { order, free, which } of commands) {
          if (free && held.length > 0) {
            const [block] = held.splice(which % held.length, 1);
            for (let i = 0; i < 1 << block!.order; i++) used.delete(block!.pfn + i);
            buddy.release(block!.pfn, block!.order);
          } else {
            const pfn = buddy.allocate(order);
            if (pfn < 0) continue;
            expect(pfn % (1 << order)).toBe(0);
            for (let i = 0; i < 1 << order; i++) {
              expect(used.has(pfn + i)).toBe(false);
              expect(pfn + i).toBeLessThan(frames);
              used.add(pfn + i);
            }
            held.push({ pfn, order });
          }
          expect(buddy.free).toBe(frames - used.size);
          expect(buddy.checkInvariants()).toEqual([]);
        }
        for (const { pfn, order } of held) buddy.release(pfn, order);
        expect(buddy.free).toBe(frames - 1);
        expect(buddy.checkInvariants()).toEqual([]);
        let order = MAX_ORDER;
        while (order > 0 && frames < 2 << order) order--;
        // All merged again: a block of the largest order that fits above the reserved frame can be had.
        expect(buddy.allocate(order)).toBeGreaterThan(0);
      }),
      { numRuns: 120, seed: 3 },
    );
  });
});
