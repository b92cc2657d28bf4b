/** Why a page leaves, as precisely as can be known: ties, and policies with more than one reason. */
import { describe, expect, it } from 'vitest';
import { type DirtyBits, POLICY_NAMES, type PolicyName, type ReferenceBits } from '../../src/kernel/reclaim/policy.ts';
import { createPolicy, POLICIES } from '../../src/kernel/reclaim/registry.ts';
import { Random } from '../../src/mmu/random.ts';
import { LOAD, STORE } from '../../src/mmu/units.ts';
import { ReferenceBatch, type TraceKind } from '../../src/trace/reference.ts';
import { type StoryConfig, StoryTeller } from '../../src/trace/story.ts';

/** The story of the last of these references. */
function last(
  policy: PolicyName,
  references: readonly number[],
  config: Partial<StoryConfig> = {},
  kind: TraceKind = LOAD,
) {
  const common = { frames: [3], options: {}, seed: 0, pageBytes: 4096, kinds: null };
  const teller = new StoryTeller({ ...common, policies: [policy], position: references.length, ...config }, 'page');
  const batch = new ReferenceBatch(teller);
  for (const [at, page] of references.entries()) batch.access(kind, 0, page, 1, at + 1, 0);
  batch.flush();
  const [story] = teller.stories();
  return { reason: story?.reason, victim: Number(story?.victim?.page), contents: story?.contents };
}

describe('the reason of an eviction', () => {
  it('lfu: says what decides between pages used as often, and only then', () => {
    const general = 'of all resident pages it was used least often';
    expect(last('lfu', [1, 2, 3, 4])).toMatchObject({
      victim: 1,
      reason: `${general}; 2 others were its equals, and of equals the one used longest ago leaves`,
    });
    expect(last('lfu', [1, 2, 2, 3, 4], { options: { lfuTies: 'first-loaded' } }).reason).toBe(
      `${general}; another was its equal, and of equals the one loaded first leaves`,
    );
    expect(last('lfu', [1, 1, 2, 2, 3, 4])).toMatchObject({ victim: 3, reason: general });
  });

  it('nru: within the class', () => {
    const general = 'it was of the lowest class of referenced and dirty';
    expect(last('nru', [1, 2, 3, 4]).reason).toBe(
      `${general}; 2 others were its equals, and of equals the one loaded first leaves`,
    );
    // The tick after the third clears all bits, and 1 and 2 are used again.
    expect(last('nru', [1, 2, 3, 1, 2, 4], { options: { tickEvery: 3 } })).toMatchObject({
      victim: 3,
      reason: general,
    });
  });

  it.each([
    ['nfu', 'it was referenced in the fewest ticks'],
    ['aging', 'its history of reference bits was the smallest'],
  ] as const)('%s: among pages not referenced since the tick where there are such', (policy, general) => {
    const tie = '; 2 others were its equals, and of equals the one loaded first leaves';
    expect(last(policy, [1, 2, 3, 4]).reason).toBe(general + tie);
    // 1 is used after the tick: 2 and 3 are left to choose from.
    const options = { tickEvery: 3 };
    expect(last(policy, [1, 2, 3, 1, 4], { options })).toMatchObject({
      victim: 2,
      reason: `of the pages not referenced since the last tick ${general}; another was its equal, and of equals the one loaded first leaves`,
    });
    expect(last(policy, [1, 2, 3, 1, 1, 1, 2, 2, 1, 4], { options })).toMatchObject({ victim: 3, reason: general });
  });

  it('working-set: memory was full, or the window has passed', () => {
    expect(last('working-set', [1, 2, 3, 4]).reason).toBe(
      'memory was full and of all resident pages it was used longest ago',
    );
    expect(last('working-set', [1, 2, 3, 4], { options: { window: 3 } }).reason).toBe(
      'it was not used within the window of the working set',
    );
  });

  it('wsclock: outside of the working set; clean; all dirty', () => {
    const options = { tickEvery: 1, window: 1 };
    expect(last('wsclock', [1, 2, 3, 4, 4, 4, 4, 5], { options }).reason).toBe(
      'the hand found it outside of the working set',
    );
    expect(last('wsclock', [1, 2, 3, 4]).reason).toBe(
      'all pages were in the working set, and of the clean ones it was used longest ago',
    );
    expect(last('wsclock', [1, 2, 3, 4], {}, STORE).reason).toBe(
      'all pages were in the working set, and of them, all dirty, it was used longest ago',
    );
  });

  it('2q and s3-fifo: from which of their queues', () => {
    expect(last('2q', [1, 2, 3, 4]).reason).toBe('it was first in line among the pages seen once');
    const small = last('s3-fifo', [1, 2, 3, 4]);
    expect(small).toMatchObject({
      victim: 1,
      reason: 'it came to the end of the small queue used less than twice there',
    });
    // All are used twice in the small queue, so all move to the main one.
    const main = last('s3-fifo', [1, 2, 3, 1, 2, 3, 1, 2, 3, 4]);
    expect(main.reason).toBe('it came to the end of the main queue with no use left in its count');
  });

  it('of the others is what the registry says', () => {
    const precise = ['lfu', 'nru', 'nfu', 'aging', 'working-set', 'wsclock', '2q', 's3-fifo'];
    for (const policy of POLICY_NAMES.filter((name) => !precise.includes(name))) {
      expect([policy, last(policy, [1, 2, 3, 4]).reason]).toEqual([policy, POLICIES[policy].reason]);
    }
  });
});

describe('reference bits', () => {
  it('are told of policies that look at them: gclock, which counts, shows no star', () => {
    expect(last('gclock', [1, 2, 3, 4]).contents?.map(({ referenced }) => referenced)).toEqual([null, null, null]);
    expect(last('clock', [1, 2, 3, 4]).contents?.map(({ referenced }) => referenced)).toEqual([false, false, true]);
  });

  it('the registry knows who looks', () => {
    for (const name of POLICY_NAMES.filter((policy) => !POLICIES[policy].needsFuture)) {
      const bits = new WatchedBits();
      const dirty: DirtyBits = { isDirty: () => false };
      const policy = createPolicy(name, { slots: 4, references: bits, dirty, random: new Random(1) });
      for (const slot of [0, 1, 2, 3]) policy.admit(slot, slot);
      policy.tick?.();
      policy.victim(9);
      expect([name, bits.asked]).toEqual([name, POLICIES[name].readsReferenceBits === true]);
    }
  });
});

class WatchedBits implements ReferenceBits {
  asked = false;

  testAndClear(): boolean {
    this.asked = true;
    return false;
  }

  peek(): boolean {
    this.asked = true;
    return false;
  }
}
