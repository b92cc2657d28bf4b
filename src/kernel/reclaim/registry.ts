import { InputError } from '../../mmu/input-error.ts';
import { suggest } from '../../mmu/nearest.ts';
import { Clock } from './clock.ts';
import { Fifo } from './fifo.ts';
import { Lifo } from './lifo.ts';
import { LinuxPolicy } from './linux.ts';
import { Lru } from './lru.ts';
import { Mru } from './mru.ts';
import { Opt } from './opt.ts';
import { POLICY_NAMES, type PolicyContext, type PolicyName, type ReplacementPolicy } from './policy.ts';
import { RandomPolicy } from './random-policy.ts';

export interface PolicyEntry {
  readonly create: (context: PolicyContext) => ReplacementPolicy;
  /** One paragraph, for lists and the documentation. */
  readonly description: string;
  /** Why a victim was chosen, in one sentence: what an eviction says. */
  readonly reason: string;
  /** Works only on recorded references. */
  readonly needsFuture: boolean;
}

/** Every replacement policy. To add one: its file, its name in POLICY_NAMES, its line here, its line in the tests. */
export const POLICIES: Readonly<Record<PolicyName, PolicyEntry>> = {
  fifo: {
    create: (context) => new Fifo(context),
    needsFuture: false,
    reason: 'of all resident pages it was loaded first',
    description:
      'First in, first out: the page longest in memory leaves, however often it is used. More memory can mean more faults (Belady’s anomaly).',
  },
  lru: {
    create: (context) => new Lru(context),
    needsFuture: false,
    reason: 'of all resident pages it was used longest ago',
    description:
      'Least recently used, exactly: every reference is noted, which real hardware does not offer. More memory never means more faults.',
  },
  mru: {
    create: (context) => new Mru(context),
    needsFuture: false,
    reason: 'of all resident pages it was used last',
    description: 'Most recently used: the page used last leaves first. Best for a loop a little larger than memory.',
  },
  lifo: {
    create: (context) => new Lifo(context),
    needsFuture: false,
    reason: 'of all resident pages it was loaded last',
    description: 'Last in, first out: the page loaded last leaves, so those loaded first stay for good.',
  },
  clock: {
    create: (context) => new Clock(context),
    needsFuture: false,
    reason: 'it was the first page under the hand whose reference bit was clear',
    description:
      'Second chance: a hand goes round the pages, clears the reference bits it finds set and takes the first page whose bit is clear. Needs only the accessed bit of the page tables.',
  },
  random: {
    create: (context) => new RandomPolicy(context),
    needsFuture: false,
    reason: 'it was drawn by lot',
    description: 'A resident page drawn by lot, reproducible from the seed.',
  },
  linux: {
    create: (context) => new LinuxPolicy(context),
    needsFuture: false,
    reason: 'it was at the end of an inactive list and had not been used since the last look',
    description:
      'Linux’s lists: pages start on an inactive list, are activated when they are used twice there or come back soon after they left, and leave from its end when they were not used. Anonymous pages, files and every memory group have their own.',
  },
  opt: {
    create: (context) => new Opt(context),
    needsFuture: true,
    reason: 'of all resident pages its next use is furthest ahead',
    description:
      'Belady’s optimum: the page whose next use is furthest ahead leaves. Only for recorded references; no policy that loads every page does better.',
  },
};

const isPolicyName = (name: string): name is PolicyName => (POLICY_NAMES as readonly string[]).includes(name);

/**
 * Build a policy by name.
 * @throws InputError MEM-POL-001 for a name that does not exist, MEM-POL-002 for `opt` without a future
 */
export function createPolicy(name: string, context: PolicyContext): ReplacementPolicy {
  return POLICIES[parsePolicyName(name)].create(context);
}

/** @throws InputError MEM-POL-001 */
export function parsePolicyName(name: string): PolicyName {
  if (isPolicyName(name)) return name;
  throw new InputError({
    code: 'MEM-POL-001',
    message: `there is no replacement policy \`${name}\``,
    hint: suggest(name, POLICY_NAMES, 'policies'),
  });
}
