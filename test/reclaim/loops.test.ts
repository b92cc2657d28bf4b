/** Loops against policies over traces long enough for lists of hundreds of pages, for counters that run full, for arrays that grow. */
import { describe, expect, test } from 'vitest';
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import { POLICIES } from '../../src/kernel/reclaim/registry.ts';
import { Random } from '../../src/mmu/random.ts';
import { PageNumbering } from '../../src/trace/page-numbering.ts';
import { Replay } from '../../src/trace/replay.ts';

interface Trace {
  readonly ids: Int32Array;
  readonly kinds: Uint8Array;
}

/** Phases: some pages much used and many little, then a loop, then a scan; a third writes. */
function trace(seed: number, length: number, pages: number): Trace {
  const random = new Random(seed);
  const numbering = new PageNumbering();
  const ids = new Int32Array(length);
  const kinds = new Uint8Array(length);
  for (let at = 0; at < length; at++) {
    const phase = Math.floor(at / 700) % 5;
    const skewed = Math.floor(pages * (random.below(10_000) / 10_000) ** 3);
    const page = phase < 3 ? skewed : phase === 3 ? pages + (at % 90) : 2 * pages + at;
    ids[at] = numbering.idOf(page);
    kinds[at] = random.below(3) === 0 ? 1 : 0;
  }
  return { ids, kinds };
}

const TRACE = trace(3, 14_000, 400);
const OPTIONS: Readonly<Record<string, ReplacementOptions>> = {
  'by default': {},
  'with intervals of 37, pages loaded unused': {
    referenceOnLoad: false,
    tickEvery: 37,
    window: 150,
    faultInterval: 12,
    counterBits: 5,
  },
  'with all in the window, nothing written ahead': { window: 100_000, writesAhead: 0, tickEvery: 1000, handStart: 5 },
};

/** With the hand at a frame that there is. */
const fitting = ({ handStart, ...options }: ReplacementOptions, frames: number): ReplacementOptions =>
  handStart === undefined ? options : { ...options, handStart: handStart % frames };

describe.for(Object.entries(POLICIES))('the loop of %s', ([policy]) => {
  test.for(Object.entries(OPTIONS))('%s', ([, asked]) => {
    for (const frames of [1, 2, 31, 120, 400]) {
      const options = fitting(asked, frames);
      const results = [true, false].map((withoutLoop) => {
        const replay = new Replay({ policy, frames, options, writeBacks: true, fingerprint: true, withoutLoop });
        replay.feed(TRACE.ids, TRACE.kinds, TRACE.ids.length);
        return replay.end();
      });
      expect(results[0]).toEqual(results[1]);
      expect(results[0]!.faults).toBeGreaterThanOrEqual(results[0]!.distinctPages);
    }
  });
});
