import { InputError } from '../../mmu/input-error.ts';
import { suggest } from '../../mmu/nearest.ts';
import { Aging } from './aging.ts';
import { Arc } from './arc.ts';
import { Car } from './car.ts';
import { Clock } from './clock.ts';
import { EnhancedSecondChance } from './enhanced-second-chance.ts';
import { Fifo } from './fifo.ts';
import { GClock } from './gclock.ts';
import { Lfu } from './lfu.ts';
import { Lifo } from './lifo.ts';
import { LinuxPolicy } from './linux.ts';
import { Lirs } from './lirs.ts';
import { Lru } from './lru.ts';
import { MgLru } from './mglru.ts';
import { Mru } from './mru.ts';
import { Nfu } from './nfu.ts';
import { Nru } from './nru.ts';
import { Opt } from './opt.ts';
import { checkReplacementOptions } from './option-table.ts';
import { Pff } from './pff.ts';
import { POLICY_NAMES, type PolicyContext, type PolicyName, type ReplacementPolicy } from './policy.ts';
import { RandomPolicy } from './random-policy.ts';
import { S3Fifo } from './s3-fifo.ts';
import { SecondChance } from './second-chance.ts';
import { Sieve } from './sieve.ts';
import { TwoQueue } from './two-q.ts';
import { WorkingSet } from './working-set.ts';
import { WsClock } from './wsclock.ts';

export interface PolicyEntry {
  readonly create: (context: PolicyContext) => ReplacementPolicy;
  /** One paragraph, for lists and the documentation. */
  readonly description: string;
  /** Why a victim was chosen, in one sentence: what an eviction says. */
  readonly reason: string;
  /** Looks at the reference bits of the hardware; the others know more, or want to know less. */
  readonly readsReferenceBits?: true;
  /** Works only on recorded references. */
  readonly needsFuture: boolean;
  /** Decides how much memory there is to be: pages leave though nobody needs room. */
  readonly isVariable?: true;
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
  random: {
    create: (context) => new RandomPolicy(context),
    needsFuture: false,
    reason: 'it was drawn by lot',
    description: 'A resident page drawn by lot, reproducible from the seed.',
  },
  opt: {
    create: (context) => new Opt(context),
    needsFuture: true,
    reason: 'of all resident pages its next use is furthest ahead',
    description:
      'Belady’s optimum: the page whose next use is furthest ahead leaves. Only for recorded references; no policy that loads every page does better.',
  },
  clock: {
    create: (context) => new Clock(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason: 'it was the first page under the hand whose reference bit was clear',
    description:
      'Second chance: a hand goes round the pages, clears the reference bits it finds set and takes the first page whose bit is clear. Needs only the accessed bit of the page tables.',
  },
  gclock: {
    create: (context) => new GClock(context),
    needsFuture: false,
    reason: 'it was the first page under the hand whose counter was 0',
    description:
      'The clock with counters of several bits (GCLOCK): every reference raises a page’s counter, the hand lowers it, and a page leaves when the hand finds 0.',
  },
  'second-chance': {
    create: (context) => new SecondChance(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason: 'it came to the front of the queue with a clear reference bit',
    description:
      'FIFO with a second chance: a page whose reference bit is set when its turn comes goes to the back of the queue with the bit cleared. Evicts the same pages as clock.',
  },
  'enhanced-second-chance': {
    create: (context) => new EnhancedSecondChance(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason: 'of the pages under the hand it was the first of the best class of referenced and dirty',
    description:
      'Clock that also looks at the dirty bit: pages that are neither referenced nor dirty go first, as they need not be written.',
  },
  nru: {
    create: (context) => new Nru(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason: 'it was of the lowest class of referenced and dirty',
    description:
      'Not recently used: pages fall into four classes by referenced since the last tick and dirty; the one longest in memory of the lowest class leaves.',
  },
  nfu: {
    create: (context) => new Nfu(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason: 'it was referenced in the fewest ticks',
    description:
      'Not frequently used: a counter for each page adds up the ticks in which it was referenced; the smallest leaves, among pages not referenced since. Never forgets.',
  },
  aging: {
    create: (context) => new Aging(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason: 'its history of reference bits was the smallest',
    description:
      'Aging: at every tick a page’s counter shifts right and takes its reference bit in front; the smallest counter leaves, among pages not referenced since. LRU in software.',
  },
  lfu: {
    create: (context) => new Lfu(context),
    needsFuture: false,
    reason: 'of all resident pages it was used least often',
    description:
      'Least frequently used: the page with the fewest references since it was loaded leaves. Ties, and whether counts outlive an eviction, are options.',
  },
  'working-set': {
    create: (context) => new WorkingSet(context),
    needsFuture: false,
    isVariable: true,
    reason: 'it was not used within the window of the working set, or memory was full and it was used longest ago',
    description:
      'The working set: exactly the pages of the last references (the window) stay in memory, so the allocation varies.',
  },
  wsclock: {
    create: (context) => new WsClock(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason:
      'the hand found it outside of the working set; or, as all were in it, of the clean pages, or else of all, it was used longest ago',
    description:
      'WSClock: clock’s hand looks for a clean page that has not been used for a number of ticks, and has dirty ones it meets written ahead.',
  },
  pff: {
    create: (context) => new Pff(context),
    needsFuture: false,
    isVariable: true,
    reason: 'memory was full and of all resident pages it was used longest ago',
    description:
      'Page-fault frequency: faults in quick succession add a frame, a fault after a long while takes away all pages not used since the one before.',
  },
  '2q': {
    create: (context) => new TwoQueue(context),
    needsFuture: false,
    reason: 'it was first in line among the pages seen once, or used longest ago of those that came back',
    description:
      '2Q: new pages wait in a queue of their own; only those that come back soon after they left it are kept, by LRU. One long scan does not displace what is used.',
  },
  arc: {
    create: (context) => new Arc(context),
    needsFuture: false,
    reason: 'it was used longest ago on the list that has its share of pages or more',
    description:
      'Adaptive replacement cache: one list of pages used once and one of pages used again, each remembering what it gave up; what comes back shifts the border between them.',
  },
  car: {
    create: (context) => new Car(context),
    needsFuture: false,
    reason: 'the hand of the clock that has its share of pages or more found it unused',
    description:
      'Clock with adaptive replacement: ARC with a clock in place of each of its two lists, so a hit only sets a bit.',
  },
  lirs: {
    create: (context) => new Lirs(context),
    needsFuture: false,
    reason: 'it was first in line among the pages with long intervals between their uses',
    description:
      'Low inter-reference recency set: most frames are for pages whose last two uses were close together; the rest pass through a short queue.',
  },
  sieve: {
    create: (context) => new Sieve(context),
    needsFuture: false,
    reason: 'it was the first page under the hand not visited since the last look',
    description:
      'SIEVE: a queue in the order of loading whose hand goes from old to new and takes the first page not visited; visited pages keep their place.',
  },
  's3-fifo': {
    create: (context) => new S3Fifo(context),
    needsFuture: false,
    reason:
      'it came to the end of the small queue used less than twice there, or of the main one with no use left in its count',
    description:
      'S3-FIFO: a small queue weeds out pages used only once, a large one keeps the others, and pages remembered after they left the small one go to the large one when they come back.',
  },
  linux: {
    create: (context) => new LinuxPolicy(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason: 'it was at the end of an inactive list and had not been used since the last look',
    description:
      'Linux’s lists: pages start on an inactive list, are activated when they are used twice there or come back soon after they left, and leave from its end when they were not used. Anonymous pages, files and every memory group have their own.',
  },
  mglru: {
    create: (context) => new MgLru(context),
    needsFuture: false,
    readsReferenceBits: true,
    reason: 'it was at the end of the oldest generation and had not been used since the last look',
    description:
      'Linux’s multi-generational LRU: pages age by generations, all reference bits are looked at when only two generations are left, and the oldest generation leaves. Without tiers, refault control and Bloom filters.',
  },
};

const isPolicyName = (name: string): name is PolicyName => (POLICY_NAMES as readonly string[]).includes(name);

/**
 * Build a policy by name.
 * @throws InputError MEM-POL-001 for a name that does not exist, MEM-POL-002 for `opt` without a future, MEM-POL-003 for an
 *   option that cannot be
 */
export function createPolicy(name: string, context: PolicyContext): ReplacementPolicy {
  if (context.options !== undefined) checkReplacementOptions(context.options);
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
