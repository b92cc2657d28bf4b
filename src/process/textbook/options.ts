/**
 * What a textbook allocator can be asked to be. Every option has a default; the defaults of a list allocator are those of
 * OSTEP's chapter 17: an 8-byte header with the magic number 1234567, a free list by address, merging at once.
 *
 * Memory comes from one of two places:
 *
 *     bytes [, base]    one region of `bytes` bytes, mapped once (at `base`, or where the kernel likes); it never grows
 *     grow              the break, moved by multiples of `grow` bytes when nothing free is large enough
 */

export const FIT_POLICIES = ['first-fit', 'next-fit', 'best-fit', 'worst-fit'] as const;
export type FitPolicy = (typeof FIT_POLICIES)[number];
export const TEXTBOOK_POLICIES = [...FIT_POLICIES, 'buddy', 'segregated', 'slab'] as const;
export type TextbookPolicy = (typeof TEXTBOOK_POLICIES)[number];

/** `address`: sorted by address. `front`, `back`: where a freed block is put. */
export const LIST_ORDERS = ['address', 'size-ascending', 'size-descending', 'front', 'back'] as const;
export type ListOrder = (typeof LIST_ORDERS)[number];

/** When free neighbours become one block: at free, when a request would fail, or never. */
export const COALESCINGS = ['immediate', 'deferred', 'none'] as const;
export type Coalescing = (typeof COALESCINGS)[number];

interface MemorySource {
  /** Bytes of the one region. */
  readonly bytes?: number;
  /** Where the region begins; any byte but 0. */
  readonly base?: number;
  /** Step of growth by sbrk, in bytes. */
  readonly grow?: number;
}

/** One free list and a rule for which block to take. */
export interface FitOptions extends MemorySource {
  readonly policy: FitPolicy;
  /** Bytes of header before each block; 0: a table elsewhere. 4: size; 8: size, magic or next; 16: the same in 8-byte words. */
  readonly header?: 0 | 4 | 8 | 16;
  /** Of what the program is given: a power of two. Sizes are rounded so that it holds for every block. */
  readonly alignment?: number;
  readonly order?: ListOrder;
  readonly coalescing?: Coalescing;
  /** A block is split when at least this many bytes (and a smallest block) would be left. */
  readonly splitThreshold?: number;
  /** Best fit ends its search at a block of exactly the size. The textbook's looks at the whole list. */
  readonly stopAtExactFit?: boolean;
}

/** Blocks of 2^n bytes; halves of one block are buddies and merge again. */
export interface BuddyOptions extends MemorySource {
  readonly policy: 'buddy';
  /** 0: a table elsewhere holds each block's order. Else the order stands in the header. */
  readonly header?: 0 | 4 | 8 | 16;
  /** The smallest block is 2^minOrder bytes. */
  readonly minOrder?: number;
  readonly coalescing?: 'immediate' | 'none';
}

/** A free list for each class of sizes; neighbours are found by boundary tags. */
export interface SegregatedOptions extends MemorySource {
  readonly policy: 'segregated';
  /** 4: size and flags; 8: the same and a magic word; 16: the same in 8-byte words. */
  readonly header?: 4 | 8 | 16;
  readonly alignment?: number;
  /** Largest block (header included) of each class, ascending; larger blocks are a last class. Default: powers of two. */
  readonly classes?: readonly number[];
  readonly coalescing?: Coalescing;
  readonly splitThreshold?: number;
}

/** Caches of objects of one size, in slabs; larger requests get whole slabs. */
export interface SlabOptions extends MemorySource {
  readonly policy: 'slab';
  /** Object size of each cache, ascending. */
  readonly objectSizes?: readonly number[];
  /** A power of two; slabs lie at multiples of it from the start of their region. */
  readonly slabBytes?: number;
  /** Empty slabs a cache keeps before it gives one back. */
  readonly keepEmpty?: number;
}

export type TextbookOptions = FitOptions | BuddyOptions | SegregatedOptions | SlabOptions;

/** Where memory comes from, resolved. `base` 0: the kernel chooses. `bytes` 0: the break. */
export interface ResolvedSource {
  readonly bytes: number;
  readonly base: number;
  readonly grow: number;
}

export type ResolvedFit = Required<Omit<FitOptions, keyof MemorySource>> & ResolvedSource;
export type ResolvedBuddy = Required<Omit<BuddyOptions, keyof MemorySource>> & ResolvedSource;
export type ResolvedSegregated = Required<Omit<SegregatedOptions, keyof MemorySource>> & ResolvedSource;
export type ResolvedSlab = Required<Omit<SlabOptions, keyof MemorySource>> & ResolvedSource;

/** No heap is larger than links of 4 bytes can name. */
export const HEAP_BYTES_MAX = 2 ** 32 - 64;
/** A heap on the break may get so large. */
export const BREAK_REACH = 2 ** 31;
const GROW = 64 * 1024;
/** OSTEP's words; three malloc(100) from 4096 bytes leave 3764 only so. */
const ALIGNMENT = 4;
const MIN_ORDER = 4;
const POWER_CLASSES = [32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536];
/** Linux's kmalloc caches [mm/slab_common.c:kmalloc_info], as far as several objects fit into a 4096-byte slab. */
const OBJECT_SIZES = [8, 16, 32, 64, 96, 128, 192, 256, 512, 1024];
const SLAB_BYTES = 4096;

function resolveSource({ bytes, base, grow }: MemorySource): ResolvedSource {
  return { bytes: bytes ?? 0, base: base ?? 0, grow: bytes === undefined ? (grow ?? GROW) : 0 };
}

export function resolveFit(options: FitOptions): ResolvedFit {
  return {
    policy: options.policy,
    header: options.header ?? 8,
    alignment: options.alignment ?? (options.header === 16 ? 16 : ALIGNMENT),
    order: options.order ?? 'address',
    coalescing: options.coalescing ?? 'immediate',
    splitThreshold: options.splitThreshold ?? 0,
    stopAtExactFit: options.stopAtExactFit ?? false,
    ...resolveSource(options),
  };
}

export function resolveBuddy(options: BuddyOptions): ResolvedBuddy {
  const header = options.header ?? 0;
  return {
    policy: 'buddy',
    header,
    minOrder: options.minOrder ?? (header === 16 ? MIN_ORDER + 1 : MIN_ORDER),
    coalescing: options.coalescing ?? 'immediate',
    ...resolveSource(options),
  };
}

export function resolveSegregated(options: SegregatedOptions): ResolvedSegregated {
  return {
    policy: 'segregated',
    header: options.header ?? 4,
    alignment: options.alignment ?? (options.header === 16 ? 16 : 8),
    classes: options.classes ?? POWER_CLASSES,
    coalescing: options.coalescing ?? 'immediate',
    splitThreshold: options.splitThreshold ?? 0,
    ...resolveSource(options),
  };
}

export function resolveSlab(options: SlabOptions): ResolvedSlab {
  const slabBytes = options.slabBytes ?? SLAB_BYTES;
  return {
    policy: 'slab',
    objectSizes: options.objectSizes ?? OBJECT_SIZES.filter((size) => size <= slabBytes / 4),
    slabBytes,
    keepEmpty: options.keepEmpty ?? 1,
    ...resolveSource(options),
  };
}

const OPTIONS_OF: Readonly<Record<TextbookPolicy, readonly string[]>> = {
  'first-fit': ['header', 'alignment', 'order', 'coalescing', 'splitThreshold'],
  'next-fit': ['header', 'alignment', 'order', 'coalescing', 'splitThreshold'],
  'best-fit': ['header', 'alignment', 'order', 'coalescing', 'splitThreshold', 'stopAtExactFit'],
  'worst-fit': ['header', 'alignment', 'order', 'coalescing', 'splitThreshold'],
  buddy: ['header', 'minOrder', 'coalescing'],
  segregated: ['header', 'alignment', 'classes', 'coalescing', 'splitThreshold'],
  slab: ['objectSizes', 'slabBytes', 'keepEmpty'],
};
const SOURCE_OPTIONS = ['policy', 'bytes', 'base', 'grow'];
const ALIGNMENT_MAX = 4096;
/** Orders and classes have list heads in the allocator's state, caches four words each. */
const ORDER_MAX = 30;
const CLASSES_MAX = 32;
const CACHES_MAX = 20;
const SLAB_BYTES_MIN = 64;
/** A slab's own words: cache, objects in use, first free object, next, previous. */
export const SLAB_HEADER = 20;
/** Two links of 4 bytes in a free buddy block. */
const BUDDY_LINKS = 8;

/** What is wrong with `options`, a sentence each; [] when an allocator can be made of them. */
export function checkTextbookOptions(options: TextbookOptions): string[] {
  const { policy } = options;
  const allowed: readonly string[] | undefined = Object.hasOwn(OPTIONS_OF, policy) ? OPTIONS_OF[policy] : undefined;
  if (allowed === undefined) return [`'${policy}' is no allocator: there are ${TEXTBOOK_POLICIES.join(', ')}`];
  const problems = Object.entries(options)
    .filter(([name, value]) => value !== undefined && !allowed.includes(name) && !SOURCE_OPTIONS.includes(name))
    .map(
      ([name]) => `${policy} has no option '${name}'; it has ${[...allowed, ...SOURCE_OPTIONS.slice(1)].join(', ')}`,
    );
  checkSource(options, problems);
  switch (policy) {
    case 'buddy':
      checkBuddy(options, problems);
      break;
    case 'slab':
      checkSlab(options, problems);
      break;
    case 'segregated':
      checkShared(options, [4, 8, 16], problems);
      if (isPowerOfTwo(options.alignment) && options.alignment < 4) {
        problems.push('alignment must be 4 or more: two flags stand in the low bits of a size');
      }
      if (options.classes !== undefined) checkAscending('classes', options.classes, 1, CLASSES_MAX, problems);
      break;
    default:
      checkShared(options, [0, 4, 8, 16], problems);
      checkOneOf('order', options.order, LIST_ORDERS, problems);
      checkOneOf('stopAtExactFit', options.stopAtExactFit, [true, false], problems);
  }
  return problems;
}

function checkSource({ bytes, base, grow }: MemorySource, problems: string[]): void {
  checkWhole('bytes', bytes, 1, HEAP_BYTES_MAX, problems);
  checkWhole('base', base, 1, Number.MAX_SAFE_INTEGER, problems);
  checkWhole('grow', grow, 1, BREAK_REACH, problems);
  if (bytes !== undefined && grow !== undefined) {
    problems.push('a heap has either bytes (one region) or grow (steps of the break), not both');
  }
  if (base !== undefined && bytes === undefined)
    problems.push('base says where a region begins: it needs bytes as well');
}

function checkShared(options: FitOptions | SegregatedOptions, headers: readonly number[], problems: string[]): void {
  const { header, alignment, coalescing, splitThreshold } = options;
  checkOneOf('header', header, headers, problems);
  checkOneOf('coalescing', coalescing, COALESCINGS, problems);
  if (alignment !== undefined && (!isPowerOfTwo(alignment) || alignment > ALIGNMENT_MAX)) {
    problems.push(`alignment must be a power of two up to ${ALIGNMENT_MAX}, not ${alignment}`);
  }
  checkWhole('splitThreshold', splitThreshold, 0, HEAP_BYTES_MAX, problems);
}

function checkBuddy(options: BuddyOptions, problems: string[]): void {
  checkOneOf('header', options.header, [0, 4, 8, 16], problems);
  checkOneOf('coalescing', options.coalescing, ['immediate', 'none'], problems);
  checkWhole('minOrder', options.minOrder, 0, ORDER_MAX, problems);
  const { header, minOrder, bytes } = resolveBuddy(options);
  const least = 2 ** minOrder;
  if (least < header + BUDDY_LINKS) {
    problems.push(
      `minOrder ${minOrder} makes blocks of ${least} bytes: a free one needs ${header + BUDDY_LINKS}, header and links`,
    );
  }
  if (bytes > 0 && bytes < least) problems.push(`bytes (${bytes}) is less than the smallest block (${least})`);
}

function checkSlab(options: SlabOptions, problems: string[]): void {
  const { slabBytes, bytes, objectSizes } = resolveSlab(options);
  checkWhole('keepEmpty', options.keepEmpty, 0, Number.MAX_SAFE_INTEGER, problems);
  if (!isPowerOfTwo(slabBytes) || slabBytes < SLAB_BYTES_MIN || slabBytes > BREAK_REACH) {
    problems.push(`slabBytes must be a power of two from ${SLAB_BYTES_MIN} on, not ${slabBytes}`);
    return;
  }
  if (bytes > 0 && bytes < slabBytes) problems.push(`bytes (${bytes}) is less than one slab (${slabBytes})`);
  checkAscending('objectSizes', objectSizes, 4, CACHES_MAX, problems);
  if (!Array.isArray(objectSizes)) return;
  const largest = objectSizes.at(-1);
  const room = slabBytes - slabObjectsOffset(largest ?? 0);
  if (largest !== undefined && largest > room) {
    problems.push(`an object of ${largest} bytes does not fit into a slab of ${slabBytes}: there is room for ${room}`);
  }
}

/** Where a slab's objects begin: behind its own words, aligned as their size is, up to 16. */
export function slabObjectsOffset(objectBytes: number): number {
  let alignment = 4;
  while (alignment < 16 && objectBytes % (2 * alignment) === 0) alignment *= 2;
  return Math.ceil(SLAB_HEADER / alignment) * alignment;
}

function checkAscending(
  name: string,
  values: readonly number[],
  least: number,
  most: number,
  problems: string[],
): void {
  if (!Array.isArray(values)) {
    problems.push(`${name} must be a list of sizes`);
    return;
  }
  if (values.length === 0 || values.length > most) problems.push(`${name} must have 1 to ${most} sizes`);
  const rises = values.every((value, index) => Number.isInteger(value) && value > (values[index - 1] ?? least - 1));
  if (!rises) problems.push(`${name} must be whole numbers from ${least} on, each larger than the one before`);
}

function checkOneOf(name: string, value: unknown, allowed: readonly unknown[], problems: string[]): void {
  if (value === undefined || allowed.includes(value)) return;
  problems.push(`${name} must be one of ${allowed.join(', ')}, not ${String(value)}`);
}

function checkWhole(name: string, value: number | undefined, least: number, most: number, problems: string[]): void {
  if (value === undefined || (Number.isInteger(value) && value >= least && value <= most)) return;
  problems.push(`${name} must be a whole number from ${least} to ${most}, not ${value}`);
}

function isPowerOfTwo(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value > 0 && Number.isInteger(Math.log2(value));
}
