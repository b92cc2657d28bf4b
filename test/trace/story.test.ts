/** The story of one reference, against what a replay of everything before it says. */
import { describe, expect, it } from 'vitest';
import { POLICY_NAMES } from '../../src/kernel/reclaim/policy.ts';
import { LOAD, STORE } from '../../src/mmu/units.ts';
import { ReferenceBatch } from '../../src/trace/reference.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { type StoryConfig, StoryTeller } from '../../src/trace/story.ts';

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

  it('every policy, every reference: as the replay has it', () => {
    for (const policy of POLICY_NAMES) {
      for (let position = 1; position <= SILBERSCHATZ.length; position++) {
        const [story] = stories(SILBERSCHATZ, { policies: [policy], position });
        // Only opt needs to know what comes; for it a shorter recording would be another.
        if (policy === 'opt') continue;
        const replay = simulateReferences(SILBERSCHATZ.slice(0, position), { policy, frames: 3 });
        expect([policy, position, story?.hit]).toEqual([policy, position, replay.missed[position - 1] === 0]);
        expect(story?.faultsSoFar).toBe(replay.faults);
        const held = replay.frames.flatMap((page, frame) => (page === null ? [] : [[BigInt(page), frame]]));
        expect(story?.contents.map(({ page, frame }) => [page, frame]).sort(byFrame)).toEqual(held);
        if (story?.victim) expect(Number(story.victim.page)).toBe(replay.evictions.at(-1 - story.surplus.length));
      }
    }
  });

  it('a reference that is not there', () => {
    expect(() => stories(SILBERSCHATZ, { position: 21 })).toThrowError(
      expect.objectContaining({ code: 'MEM-TRC-054', message: 'there is no reference 21: the trace has 20' }),
    );
  });
});

const byFrame = (one: readonly unknown[], other: readonly unknown[]): number => Number(one[1]) - Number(other[1]);
