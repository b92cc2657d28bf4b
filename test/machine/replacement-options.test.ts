/** Options of replacement policies in a machine: it evicts as the replay of the same references under the same options. */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { REPLACEMENT_OPTIONS } from '../../src/kernel/reclaim/option-table.ts';
import type { ReplacementOptions } from '../../src/kernel/reclaim/options.ts';
import { type MachineConfig, resolveConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';
import { InputErrors } from '../../src/mmu/input-error.ts';
import { simulateReferences } from '../../src/trace/simulate.ts';
import { Xorshift128 } from '../../src/trace/xorshift.ts';

const PAGE = 4096;
const FRAMES = 8;
const PAGES = 24;
/** Some pages are used more often than others. */
const REFERENCES = ((random) => Array.from({ length: 600 }, () => Math.floor(random.fraction() ** 2 * PAGES)))(
  new Xorshift128(5),
);

/** A process that writes to pages, while no more than `FRAMES` of them may be resident. */
class Pages {
  readonly machine: Machine;
  readonly evictions: number[] = [];
  private readonly base: number;

  constructor(replacement: string, replacementOptions: ReplacementOptions) {
    const memory = 128 * PAGE;
    this.machine = new Machine({ memory, swap: memory, residentPages: FRAMES, replacement, replacementOptions });
    const process = this.machine.spawn({ name: 'pages', image: {} });
    const prot = PROT_READ | PROT_WRITE;
    this.base = this.machine.mmap(process, { length: PAGES * PAGE, prot, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    this.machine.on((event) => {
      if (event.type === 'Eviction')
        for (const { address } of event.mappings) this.evictions.push(this.pageOf(address));
    });
  }

  /** @returns pages in the order in which they left */
  refer(references: readonly number[], tickEvery: number): readonly number[] {
    this.evictions.length = 0;
    references.forEach((page, at) => {
      expect(this.machine.store(this.machine.process('pages')!, this.base + page * PAGE, at, 4).ok).toBe(true);
      if ((at + 1) % tickEvery === 0) this.machine.tick();
    });
    expect(this.machine.checkInvariants()).toEqual([]);
    return [...this.evictions];
  }

  private pageOf(address: number): number {
    return (address - this.base) / PAGE;
  }
}

/** Never in these references: what is not asked about time hears of none. */
const NEVER = 100_000;
const WRITES = new Uint8Array(REFERENCES.length).fill(1);

function replayed(policy: string, tickEvery: number, options: ReplacementOptions): readonly number[] {
  const all = REPLACEMENT_OPTIONS.tickEvery.policies.some((name) => name === policy)
    ? { ...options, tickEvery }
    : options;
  return simulateReferences(REFERENCES, { policy, frames: FRAMES, options: all, kinds: WRITES }).evictions;
}

describe.for<[policy: string, options: ReplacementOptions, tickEvery: number]>([
  ['clock', { referenceOnLoad: false }, NEVER],
  ['second-chance', { referenceOnLoad: false }, NEVER],
  ['enhanced-second-chance', { referenceOnLoad: false }, NEVER],
  ['gclock', { referenceOnLoad: false }, NEVER],
  ['gclock', { counterBits: 5 }, NEVER],
  ['nru', { referenceOnLoad: false }, 20],
  ['nfu', { referenceOnLoad: false }, 20],
  ['aging', { referenceOnLoad: false }, 20],
  ['aging', { counterBits: 2 }, 20],
  ['mglru', { referenceOnLoad: false }, NEVER],
  ['lfu', { lfuTies: 'first-loaded' }, NEVER],
  ['lfu', { lfuKeepsCounts: true }, NEVER],
  ['working-set', { window: 7 }, 1],
  ['pff', { faultInterval: 3 }, 1],
  ['wsclock', { window: 6 }, 3],
  ['wsclock', { writesAhead: 0 }, 3],
  ['2q', { inPart: 0.5, outPart: 2 }, NEVER],
  ['s3-fifo', { smallPart: 0.5, ghostPart: 0.25 }, NEVER],
  ['lirs', { hirPart: 0.5, stackPart: 1 }, NEVER],
])('%s with %o', ([policy, options, tickEvery]) => {
  it('evicts in a machine as in a replay, and otherwise than without', () => {
    const expected = replayed(policy, tickEvery, options);
    expect(new Pages(policy, options).refer(REFERENCES, tickEvery)).toEqual(expected);
    const plain = replayed(policy, tickEvery, {});
    expect(new Pages(policy, {}).refer(REFERENCES, tickEvery)).toEqual(plain);
    expect(plain).not.toEqual(expected);
  });

  it('goes on so after a snapshot is restored', () => {
    const pages = new Pages(policy, options);
    const half = REFERENCES.length / 2;
    const before = pages.refer(REFERENCES.slice(0, half), tickEvery);
    const snapshot = pages.machine.snapshot();
    const after = pages.refer(REFERENCES.slice(half), tickEvery);
    expect([...before, ...after]).toEqual(replayed(policy, tickEvery, options));
    pages.machine.restore(snapshot);
    expect(pages.refer(REFERENCES.slice(half), tickEvery)).toEqual(after);
    expect(pages.machine.config.replacementOptions).toEqual(options);
  });
});

describe('the hand of clock', () => {
  it('starts at the physical frame that handStart names', () => {
    const inOrder = [0, 1, 2, 3, 4, 5, 6, 7, 8];
    const first = new Pages('clock', {});
    first.refer(inOrder.slice(0, FRAMES), NEVER);
    const handStart = first.machine.kernel.policy.order()[3]!;
    const other = new Pages('clock', { handStart });
    other.refer(inOrder.slice(0, FRAMES), NEVER);
    expect(other.machine.kernel.policy.hand()).toBe(handStart);
    expect(other.machine.kernel.policy.hand()).not.toBe(first.machine.kernel.policy.hand());
    expect(other.refer(inOrder.slice(FRAMES), NEVER)).not.toEqual(first.refer(inOrder.slice(FRAMES), NEVER));
  });
});

/** As somebody without types might write it. */
function mistakes(config: Record<string, unknown>): readonly string[] {
  try {
    resolveConfig(config as Partial<MachineConfig>);
    return [];
  } catch (error) {
    if (!(error instanceof InputErrors)) throw error;
    return error.errors.map(({ code, message }) => `${code} ${message}`);
  }
}

describe('options that a machine cannot have', () => {
  it('are all told, before it is built', () => {
    const replacementOptions = { window: 4, counterBits: 8, handStart: -1, handStat: 0, referenceOnLoad: undefined };
    expect(mistakes({ replacement: 'clock', replacementOptions })).toEqual([
      'MEM-POL-003 `clock` has no option `window`',
      'MEM-POL-003 `clock` has no option `counterBits`',
      'MEM-POL-003 the option `handStart` cannot be -1',
      'MEM-POL-003 no replacement policy has an option `handStat`',
    ]);
  });

  it('are those of replays alone', () => {
    expect(mistakes({ replacement: 'aging', replacementOptions: { tickEvery: 50 } })).toEqual([
      'MEM-POL-003 a machine has no option `tickEvery`',
    ]);
    expect(mistakes({ replacement: 'lirs', replacementOptions: { lirsVariant: 'libcachesim', hirPart: 2 } })).toEqual([
      'MEM-POL-003 a machine has no option `lirsVariant`',
      'MEM-POL-003 the option `hirPart` cannot be 2',
    ]);
  });

  it('are told of a policy that there is not as far as that goes', () => {
    expect(mistakes({ replacement: 'clok', replacementOptions: { window: 0 } })).toEqual([
      'MEM-POL-001 there is no replacement policy `clok`',
      'MEM-POL-003 the option `window` cannot be 0',
    ]);
  });

  it('are no list and not nothing', () => {
    for (const replacementOptions of [null, [4], 'window=4']) {
      expect(mistakes({ replacementOptions })).toEqual([
        'MEM-POL-003 replacementOptions must be an object of options of the policy',
      ]);
    }
  });
});
