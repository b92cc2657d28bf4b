import { InputError } from '../mmu/input-error.ts';
import { LOAD, STORE } from '../mmu/units.ts';
import { PythonRandom } from './ostep.ts';
import { OSTEP_PROGRAMS, type OstepProblem, type OstepProgram, ostepAddresses } from './ostep-addresses.ts';
import type { TraceSink, TraceUnit } from './reference.ts';
import { Xorshift128 } from './xorshift.ts';

/** Traces made up: page references with a known shape, the same from the same seed everywhere. */
export const GENERATOR_NAMES = ['ostep', 'uniform', 'zipf', 'mix', 'loop', 'scan', '80-20', 'locality'] as const;
export type GeneratorName = (typeof GENERATOR_NAMES)[number];

export interface GeneratorOptions {
  /** References. */
  readonly count: number;
  /** Different pages there may be: numbers 0 … pages - 1 (`mix` and `scan` go beyond). */
  readonly pages: number;
  /** Of any size for the generators of OSTEP; of others the lower 32 bits count. */
  readonly seed: number | bigint;
  /** Share of stores, 0 … 1; the others are loads. Default 0. */
  readonly stores?: number;
  /** `locality`: pages in use at a time, and references until it moves to others. Defaults: pages / 16, 10,000. */
  readonly localPages?: number;
  readonly phase?: number;
  /** `80-20`: share of the pages that are hot, and of the references that go to them. Defaults 0.2 and 0.8. */
  readonly hotPages?: number;
  readonly hotReferences?: number;
}

/** Answers the next page. Plain functions would do; objects keep their state where a debugger shows it. */
interface PageSource {
  next(): number;
}

/** As `paging-policy.py -s SEED -n COUNT -m PAGES` makes them up: uniform, by Python's random numbers. */
class OstepPages implements PageSource {
  private readonly random: PythonRandom;
  private readonly pages: number;

  constructor({ seed, pages }: GeneratorOptions) {
    this.random = new PythonRandom(seed);
    this.pages = pages;
  }

  next(): number {
    return Math.floor(this.pages * this.random.random());
  }
}

/** As the homeworks about translation make them up: addresses, not pages. */
class OstepAddresses implements PageSource {
  readonly next: () => number;

  constructor(program: OstepProgram, seed: number | bigint, problem: OstepProblem) {
    this.next = ostepAddresses(program, seed, problem);
  }
}

class UniformPages implements PageSource {
  private readonly random: Xorshift128;
  private readonly pages: number;

  constructor({ seed, pages }: GeneratorOptions) {
    this.random = new Xorshift128(word(seed));
    this.pages = pages;
  }

  next(): number {
    return this.random.below(this.pages);
  }
}

/** 12 bytes a page: 800 MB, and some seconds to fill. */
const TABLE_PAGES_MAX = 2 ** 26;

/**
 * Page of rank r is referenced in proportion to 1 / (r + 1); which page has which rank is shuffled. With it the traces
 * of conformance/replacement are made (gen-trace.mjs): every draw is made in the same order.
 */
class ZipfPages implements PageSource {
  readonly random: Xorshift128;
  private readonly cumulated: Float64Array;
  private readonly pageOfRank: Int32Array;

  constructor({ seed, pages }: GeneratorOptions) {
    if (pages > TABLE_PAGES_MAX) throw impossible(`a table of ranks holds at most ${TABLE_PAGES_MAX} pages`);
    this.random = new Xorshift128(word(seed));
    this.cumulated = new Float64Array(pages);
    this.pageOfRank = new Int32Array(pages);
    let sum = 0;
    for (let rank = 0; rank < pages; rank++) {
      sum += 1 / (rank + 1);
      this.cumulated[rank] = sum;
      this.pageOfRank[rank] = rank;
    }
    for (let rank = pages - 1; rank > 0; rank--) {
      const other = this.random.word() % (rank + 1);
      const page = this.pageOfRank[rank]!;
      this.pageOfRank[rank] = this.pageOfRank[other]!;
      this.pageOfRank[other] = page;
    }
  }

  next(): number {
    const { cumulated } = this;
    const wanted = this.random.fraction() * cumulated[cumulated.length - 1]!;
    let low = 0;
    let high = cumulated.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (cumulated[middle]! < wanted) low = middle + 1;
      else high = middle;
    }
    return this.pageOfRank[low]!;
  }
}

const ZIPF = 0;
const LOOP = 1;
const SCAN = 2;

/** Bursts of 1,000 to 10,000 references: of ten, seven zipf, two around a loop of pages / 16, one over pages never seen. */
class MixedPages implements PageSource {
  private readonly zipf: ZipfPages;
  private readonly pages: number;
  private readonly loopPages: number;
  private loopAt = 0;
  private scanAt: number;
  private left = 0;
  private burst = ZIPF;

  constructor(options: GeneratorOptions) {
    this.zipf = new ZipfPages(options);
    this.pages = options.pages;
    this.loopPages = Math.floor(options.pages / 16);
    this.scanAt = options.pages + this.loopPages;
    if (this.loopPages === 0) throw impossible('`mix` needs at least 16 pages');
  }

  next(): number {
    if (this.left === 0) this.begin();
    this.left--;
    if (this.burst === ZIPF) return this.zipf.next();
    if (this.burst === SCAN) return this.scanAt++;
    const page = this.pages + this.loopAt;
    this.loopAt = (this.loopAt + 1) % this.loopPages;
    return page;
  }

  private begin(): void {
    const { random } = this.zipf;
    const kind = random.word() % 10;
    this.left = 1000 + (random.word() % 9000);
    this.burst = kind < 7 ? ZIPF : kind < 9 ? LOOP : SCAN;
  }
}

/** Around and around; as a scan never twice. */
class SequentialPages implements PageSource {
  private readonly pages: number;
  private at = 0;

  constructor(pages: number) {
    this.pages = pages;
  }

  next(): number {
    const page = this.at++;
    if (this.at === this.pages) this.at = 0;
    return page;
  }
}

/** Some pages are hot: as "80 % of the references go to 20 % of the pages". */
class HotAndColdPages implements PageSource {
  private readonly random: Xorshift128;
  private readonly hot: number;
  private readonly cold: number;
  private readonly share: number;

  constructor({ seed, pages, hotPages = 0.2, hotReferences = 0.8 }: GeneratorOptions) {
    this.random = new Xorshift128(word(seed));
    this.hot = Math.round(pages * hotPages);
    this.cold = pages - this.hot;
    this.share = hotReferences;
    if (this.hot < 1 || this.cold < 1) throw impossible('`80-20` needs a hot page and a cold one at least');
  }

  next(): number {
    const isHot = this.random.fraction() < this.share;
    return isHot ? this.random.below(this.hot) : this.hot + this.random.below(this.cold);
  }
}

/** Phases, as Denning describes programs: for a while any of a few neighbouring pages, then of others. */
class LocalPages implements PageSource {
  private readonly random: Xorshift128;
  private readonly pages: number;
  private readonly localPages: number;
  private readonly phase: number;
  private first = 0;
  private left = 0;

  constructor({ seed, pages, localPages = Math.max(1, Math.floor(pages / 16)), phase = 10_000 }: GeneratorOptions) {
    this.random = new Xorshift128(word(seed));
    this.pages = pages;
    this.localPages = localPages;
    this.phase = phase;
    if (localPages > pages) throw impossible(`${localPages} pages in use at a time are more than ${pages} pages`);
  }

  next(): number {
    if (this.left === 0) {
      this.left = this.phase;
      this.first = this.random.below(this.pages - this.localPages + 1);
    }
    this.left--;
    return this.first + this.random.below(this.localPages);
  }
}

/**
 * References on their way into a sink, as many at a time as one asks for.
 * @throws InputError MEM-TRC-040 for numbers that do not fit together
 */
export class TraceGenerator {
  /** References still to come. */
  left: number;
  /** What is made up: pages, or addresses. */
  readonly unit: TraceUnit;
  private readonly source: PageSource;
  private readonly stores: number;
  /** Apart from the one of the pages: with and without stores a seed gives the same pages. Nor is it that of a seed nearby. */
  private readonly storeRandom: Xorshift128;
  private made: number;

  /** @param problem of a program of OSTEP that asks about addresses: its own options */
  constructor(name: GeneratorName | OstepProgram, options: GeneratorOptions, problem: OstepProblem = {}) {
    this.left = options.count;
    this.unit = isOstepProgram(name) ? 'address' : 'page';
    this.source = isOstepProgram(name) ? new OstepAddresses(name, options.seed, problem) : sourceOf(name, options);
    this.stores = options.stores ?? 0;
    this.storeRandom = new Xorshift128(storeSeed(word(options.seed)));
    this.made = 0;
    if (!(this.stores >= 0 && this.stores <= 1)) throw impossible(`${this.stores} is no share of stores`);
  }

  feed(sink: TraceSink, count: number): void {
    const { source, stores, storeRandom } = this;
    const wanted = Math.min(count, this.left);
    for (let index = 0; index < wanted; index++) {
      const kind = stores > 0 && storeRandom.fraction() < stores ? STORE : LOAD;
      this.made++;
      const page = source.next();
      sink.access(kind, Math.floor(page / 0x1_0000_0000), page % 0x1_0000_0000, 1, this.made, 0);
    }
    this.left -= wanted;
  }
}

const isOstepProgram = (name: GeneratorName | OstepProgram): name is OstepProgram =>
  OSTEP_PROGRAMS.some((one) => one === name);

/** Of a seed of any size what a generator of 32 bits takes. */
const word = (seed: number | bigint): number => Number(BigInt.asIntN(32, BigInt(seed)));

/** One to one, so that other seeds have other stores; multiplied, so that no neighbour's pages are drawn by the same numbers. */
const storeSeed = (seed: number): number => Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b);

function sourceOf(name: GeneratorName, options: GeneratorOptions): PageSource {
  switch (name) {
    case 'ostep':
      return new OstepPages(options);
    case 'uniform':
      return new UniformPages(options);
    case 'zipf':
      return new ZipfPages(options);
    case 'mix':
      return new MixedPages(options);
    case 'loop':
      return new SequentialPages(options.pages);
    case 'scan':
      return new SequentialPages(Number.POSITIVE_INFINITY);
    case '80-20':
      return new HotAndColdPages(options);
    case 'locality':
      return new LocalPages(options);
  }
}

function impossible(message: string): InputError {
  return new InputError({ code: 'MEM-TRC-040', message, hint: 'see `mmulator trace generate --help`' });
}
