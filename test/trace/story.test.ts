/** The story of one reference, against what a replay of everything before it says. */
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../src/kernel/reclaim/policy.ts';
import { LOAD, STORE } from '../../src/mmu/units.ts';
import { ReferenceBatch } from '../../src/trace/reference.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { type ReferenceStory, type StoryConfig, StoryTeller } from '../../src/trace/story.ts';

const SILBERSCHATZ = [7, 0, 1, 2, 0, 3, 0, 4, 2, 3, 0, 3, 2, 1, 2, 0, 1, 7, 0, 1];
const CONFIG: StoryConfig = {
  policies: ['lru'],
  frames: [3],
  options: {},
  seed: 0,
  pageBytes: 4096,
  kinds: null,
  position: 1,
};

function stories(references: readonly number[], config: Partial<StoryConfig>, stores: readonly number[] = []) {
  const teller = new StoryTeller({ ...CONFIG, ...config }, 'page');
  const batch = new ReferenceBatch(teller);
  references.forEach((page, at) => {
    batch.access(stores.includes(at + 1) ? STORE : LOAD, 0, page, 1, at + 1, 0);
  });
  batch.flush();
  return teller.stories();
}

describe('the story of a reference', () => {
  it('a first use into a free frame', () => {
    expect(stories(SILBERSCHATZ, { position: 2 })[0]).toMatchObject({
      page: 0n,
      hit: false,
      frame: 1,
      lastUsedAt: null,
      leftAt: null,
      victim: null,
      reason: null,
      faultsSoFar: 2,
    });
  });

  it('a hit', () => {
    const [story] = stories(SILBERSCHATZ, { position: 7 });
    expect(story).toMatchObject({ page: 0n, hit: true, loadedAt: 2, lastUsedAt: 5, victim: null, faultsSoFar: 5 });
    // LRU: 2 was used at 4, 3 at 6, 0 now.
    expect(story?.contents.map(({ page }) => page)).toEqual([2n, 3n, 0n]);
  });

  it('a page that had to leave and takes the place of another, which is dirty', () => {
    const [story] = stories(SILBERSCHATZ, { position: 9 }, [6]);
    // 2 was loaded at 4 and left for 4 at 8; now 3 (6, a store) is used longest ago.
    expect(story).toMatchObject({ page: 2n, hit: false, lastUsedAt: 4, leftAt: 8 });
    expect(story?.victim).toMatchObject({ page: 3n, loadedAt: 6, lastUsedAt: 6, dirty: true });
    expect(story?.reason).toBe('of all resident pages it was used longest ago');
    expect(stories(SILBERSCHATZ, { position: 9 })[0]?.victim?.dirty).toBe(false);
  });

  it('opt knows when the victim is used again', () => {
    const [story] = stories(SILBERSCHATZ, { policies: ['opt'], position: 4 });
    expect(story?.victim).toMatchObject({ page: 7n, nextUsedAt: 18 });
  });

  it('pages that leave though nobody needs room', () => {
    const [story] = stories([1, 2, 3, 3, 3, 3, 3], {
      policies: ['working-set'],
      options: { window: 3 },
      frames: [8],
      position: 5,
    });
    expect(story?.hit).toBe(true);
    expect(story?.surplus.map(({ page }) => page)).toEqual([2n]);
    expect(story?.contents.map(({ page }) => page)).toEqual([3n]);
  });

  it('initial pages can be dirty, too', () => {
    const [story] = stories([0, 1], { policies: ['fifo'], frames: [1], initial: [0], position: 2 }, [1]);
    expect(story?.victim).toMatchObject({ page: 0n, loadedAt: null, lastUsedAt: 1, dirty: true });
  });

  it('a page written ahead of its turn leaves clean', () => {
    const dirty = [0, 1, 2, 9];
    const references = [...dirty, ...new Array<number>(40).fill(9), ...new Array<number>(40).fill(10), 11, 12];
    const options = { tickEvery: 2, window: 1 };
    const at = (position: number) =>
      stories(references, { policies: ['wsclock'], frames: [4], options, position }, [1, 2, 3, 4])[0]?.victim;
    const written = (count: number): number =>
      simulateReferences(references.slice(0, count), {
        policy: 'wsclock',
        frames: 4,
        options,
        kinds: references.map((_, index) => (index < 4 ? STORE : LOAD)),
      }).writeBacks;
    expect(written(85)).toBe(4);
    expect(at(86)).toMatchObject({ page: 2n, dirty: false });
    expect(written(86)).toBe(4);
  });

  it('every policy, every reference: as the replay has it', () => {
    const stores = [1, 4, 6, 9, 14, 18];
    const kinds = SILBERSCHATZ.map((_, at) => (stores.includes(at + 1) ? STORE : LOAD));
    // Only opt needs to know what comes; it gets the whole recording and is compared by what missed and who left.
    for (const policy of POLICY_NAMES) {
      const options = policy === 'wsclock' ? { tickEvery: 3, window: 1 } : {};
      const whole = simulateReferences(SILBERSCHATZ, { policy, frames: 3, options, kinds });
      let dirty = 0;
      let faults = 0;
      for (let position = 1; position <= SILBERSCHATZ.length; position++) {
        const [story] = stories(SILBERSCHATZ, { policies: [policy], options, position }, stores);
        faults += whole.missed[position - 1]!;
        expect([policy, position, story?.hit]).toEqual([policy, position, whole.missed[position - 1] === 0]);
        expect(story?.faultsSoFar).toBe(faults);
        if (story?.victim?.dirty) dirty++;
        if (position === SILBERSCHATZ.length) expect(heldIn(story)).toEqual(framesOf(whole.frames));
        if (policy === 'opt') continue;
        const replay = simulateReferences(SILBERSCHATZ.slice(0, position), { policy, frames: 3, options, kinds });
        expect(heldIn(story)).toEqual(framesOf(replay.frames));
        if (story?.victim) expect(Number(story.victim.page)).toBe(replay.evictions.at(-1 - story.surplus.length));
        if (policy === 'wsclock') continue;
        // Who leaves dirty is written there and then; wsclock writes ahead as well.
        expect([policy, position, dirty]).toEqual([policy, position, replay.writeBacks]);
      }
      if (policy === 'opt') expect(dirty).toBe(whole.writeBacks);
    }
  });

  it('a reference that is not there', () => {
    expect(() => stories(SILBERSCHATZ, { position: 21 })).toThrowError(
      expect.objectContaining({ code: 'MEM-TRC-054', message: 'there is no reference 21: the trace has 20' }),
    );
  });
});

const framesOf = (frames: readonly (number | null)[]) =>
  frames.flatMap((page, frame) => (page === null ? [] : [[BigInt(page), frame]]));

const heldIn = (story: ReferenceStory | undefined) =>
  story?.contents.map(({ page, frame }) => [page, frame]).sort(byFrame);

const byFrame = (one: readonly unknown[], other: readonly unknown[]): number => Number(one[1]) - Number(other[1]);
