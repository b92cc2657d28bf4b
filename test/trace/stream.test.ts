import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { POLICY_NAMES } from '../../src/kernel/reclaim/policy.ts';
import { InputError } from '../../src/mmu/input-error.ts';
import { LOAD, STORE } from '../../src/mmu/units.ts';
import { PageNumbering } from '../../src/trace/page-numbering.ts';
import { Replay, type StreamConfig, type StreamResult } from '../../src/trace/replay.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';

const page = fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: 60 }));
const trace = fc.array(fc.tuple(page, fc.boolean()), { maxLength: 200 });

function streamed(
  pages: readonly number[],
  writes: readonly boolean[],
  pieces: number[],
  config: StreamConfig,
): StreamResult {
  const numbering = new PageNumbering();
  const ids = Int32Array.from(pages, (entry) => numbering.idOf(entry));
  const kinds = Uint8Array.from(writes, (isWrite) => (isWrite ? STORE : LOAD));
  const replay = new Replay(config);
  let from = 0;
  for (const piece of [...pieces, ids.length]) {
    const to = Math.min(ids.length, from + piece);
    replay.feed(ids.subarray(from, to), kinds.subarray(from, to), to - from);
    from = to;
  }
  return replay.end();
}

describe.for(POLICY_NAMES)('%s in a stream', (policy) => {
  test('gives the misses and write-backs that the replay of the whole gives, however it is cut', () => {
    fc.assert(
      fc.property(
        trace,
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.nat({ max: 70 })),
        (references, frames, pieces) => {
          const pages = references.map(([entry]) => entry);
          const writes = references.map(([, isWrite]) => isWrite);
          const options = { tickEvery: 7, window: 3, faultInterval: 4 };
          const whole = simulateReferences(pages, { policy, frames, options, kinds: writes.map(Number) });
          const result = streamed(pages, writes, pieces, { policy, frames, options, writeBacks: true });
          expect(result).toMatchObject({
            policy,
            frames,
            references: whole.references,
            hits: whole.hits,
            faults: whole.faults,
            distinctPages: whole.distinctPages,
            capacityMisses: whole.capacityMisses,
            hitRate: whole.hitRate,
            writeBacks: whole.writeBacks,
            missBitsFnv32: null,
          });
          const known = streamed(pages, writes, pieces, { policy, frames, options, fingerprint: true });
          const again = streamed(pages, writes, [], { policy, frames, options, fingerprint: true, withoutLoop: true });
          expect(known.missBitsFnv32).toBe(again.missBitsFnv32);
          expect(known.writeBacks).toBeNull();
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** As FORMAT.md of the recordings has it, from one byte a reference: in words of 32, the last one right-aligned. */
function fingerprintOf(missed: Uint8Array): string {
  let hash = 0x811c9dc5;
  for (let from = 0; from < missed.length; from += 32) {
    const word = missed.subarray(from, from + 32).reduce((bits, bit) => 2 * bits + bit, 0);
    hash = Math.imul(hash ^ word, 16777619);
  }
  return (hash >>> 0).toString(16).padStart(8, '0');
}

describe('a stream', () => {
  test('longer than a piece is replayed piece by piece', () => {
    const ids = Int32Array.from({ length: 200_001 }, (_, at) => at % 11);
    for (const policy of ['lru', 'mru', 'opt', 'aging']) {
      const replay = new Replay({ policy, frames: 10, fingerprint: true });
      replay.feed(ids, null, ids.length);
      const { faults, missBitsFnv32 } = replay.end();
      const whole = simulateReferences(ids, { policy, frames: 10 });
      expect(faults).toBe(whole.faults);
      expect(missBitsFnv32).toBe(fingerprintOf(whole.missed));
    }
  });

  test('of nothing', () => {
    const empty = { references: 0, faults: 0, hits: 0, hitRate: 0, distinctPages: 0, missBitsFnv32: '811c9dc5' };
    expect(new Replay({ policy: 'arc', frames: 3, fingerprint: true }).end()).toMatchObject(empty);
    expect(new Replay({ policy: 'opt', frames: 3, fingerprint: true }).end()).toMatchObject(empty);
  });

  test('tells how much memory a policy took that chooses it itself', () => {
    const ids = Int32Array.from({ length: 1000 }, (_, at) => at % 4);
    const mean = (policy: string): number | null => {
      const replay = new Replay({ policy, frames: 100, options: { window: 2 } });
      replay.feed(ids, null, ids.length);
      return replay.end().meanResident;
    };
    expect(mean('working-set')).toBeCloseTo(2, 1);
    expect(mean('lru')).toBeNull();
  });

  test.for([
    [{ policy: 'best', frames: 4 }, 'MEM-POL-001'],
    [{ policy: 'lru', frames: 0 }, 'MEM-TRC-021'],
    [{ policy: 'gclock', frames: 4, options: { counterBits: 0 } }, 'MEM-POL-003'],
    [{ policy: 'nru', frames: 4, options: { tickEvery: 0 } }, 'MEM-POL-003'],
  ] as const)('%o is refused', ([config, code]) => {
    expect(() => new Replay(config)).toThrow(InputError);
    expect(() => new Replay(config)).toThrow(expect.objectContaining({ code }));
  });
});
