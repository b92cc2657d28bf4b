/** `mmulator trace generate`: made-up references, the same from the same seed everywhere. */
import { InputError } from '../../mmu/input-error.ts';
import { thousands } from '../../report/quantities.ts';
import { Conversion } from '../../trace/convert.ts';
import { formatNamed, TRACE_FORMATS } from '../../trace/formats/registry.ts';
import { GENERATOR_NAMES, type GeneratorOptions, TraceGenerator } from '../../trace/generate.ts';
import { OSTEP_PROGRAMS, type OstepProblem, type OstepProgram } from '../../trace/ostep-addresses.ts';
import { ReferenceBatch } from '../../trace/reference.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { sizeInBytes, wholeNumber } from '../numbers.ts';
import { TRACE_INPUT_OPTIONS } from '../trace-input.ts';
import { openTraceOutput } from '../trace-output.ts';
import { TraceProgress } from '../trace-progress.ts';
import { tellWritten } from '../trace-written.ts';

const WRITABLE = TRACE_FORMATS.filter(({ writer }) => writer !== null).map(({ name }) => name);
/** Between two looks for Ctrl-C. */
const SLICE = 1 << 18;
/** Those of paging-policy.py; for the others as well. */
const DEFAULTS = { seed: '0', count: 10, pages: '10' };
/** As many addresses as the programs about translation ask for. */
const PROBLEM_COUNT: Readonly<Record<OstepProgram, number>> = {
  'ostep-relocation': 5,
  'ostep-segmentation': 5,
  'ostep-linear': 5,
  'ostep-multilevel': 10,
};

export const traceGenerateCommand = defineCommand({
  group: { name: 'trace', summary: 'Recorded memory traces' },
  usage: 'generate',
  summary: 'Make up a trace: the homework of OSTEP, zipf, loops, localities',
  positionals: {},
  options: {
    like: { choices: [...GENERATOR_NAMES, ...OSTEP_PROGRAMS], demandOption: true, describe: 'What kind of references' },
    seed: {
      alias: 's',
      type: 'string',
      default: DEFAULTS.seed,
      describe: 'Seed of everything random: of any size for ostep, else of 32 bits',
    },
    count: {
      alias: ['n', 'numaddrs'],
      type: 'string',
      describe: 'References; default: those of the homework, 5 or 10',
    },
    pages: {
      alias: ['m', 'maxpage'],
      type: 'string',
      default: DEFAULTS.pages,
      describe: 'Pages are 0 to this, without it',
    },
    addresses: {
      alias: 'a',
      type: 'string',
      describe: 'ostep: these pages instead of random ones: 0,1,2,0; ostep-…: what -a is there, a size such as 16k',
    },
    physmem: { alias: 'p', type: 'string', describe: 'ostep-…: size of the memory, such as 64k' },
    pagesize: { alias: 'P', type: 'string', describe: 'ostep-linear: size of a page; default 4k' },
    used: { alias: 'u', type: 'string', describe: 'ostep-linear: percent of the pages that are used; default 50' },
    base: { alias: ['b', 'b0'], type: 'string', describe: 'ostep-relocation, -segmentation: base; default drawn' },
    limit: { alias: ['l', 'l0'], type: 'string', describe: 'ostep-relocation, -segmentation: limit; default drawn' },
    base1: {
      alias: ['B', 'b1'],
      type: 'string',
      describe: 'ostep-segmentation: upper end of the segment that grows down',
    },
    limit1: { alias: ['L', 'l1'], type: 'string', describe: 'ostep-segmentation: its limit' },
    stores: { type: 'string', describe: 'Share of stores among the loads, such as 0.3' },
    'local-pages': { type: 'string', describe: 'locality: pages in use at a time; default pages / 16' },
    phase: { type: 'string', describe: 'locality: references until others are in use; default 10000' },
    'hot-pages': { type: 'string', describe: '80-20: share of the pages that are hot; default 0.2' },
    'hot-references': { type: 'string', describe: '80-20: share of the references to them; default 0.8' },
    to: {
      choices: WRITABLE,
      describe: 'The format to write; default pages, with --stores csv-pages, for addresses csv',
    },
    'page-size': { type: 'string', default: '4KiB', describe: 'For formats of addresses' },
    progress: TRACE_INPUT_OPTIONS.progress,
    output: {
      alias: 'o',
      type: 'string',
      describe: 'Where to write it, packed if it ends in .gz; default: standard output',
    },
  },
  examples: [
    ['trace generate --like ostep -s 0 -n 10', 'the addresses of paging-policy.py -s 0 -n 10'],
    ['trace generate --like ostep-segmentation -s 1 -a 128 -p 512', 'the addresses of segmentation.py'],
    ['trace generate --like zipf -n 20000000 -m 1000000 -s 12345 --to pgt -o zipf.pgt', 'for measuring'],
    ['trace generate --like loop -n 10000 -m 50', 'the worst that can happen to LRU'],
  ],
  epilogue:
    'ostep, ostep-relocation, ostep-segmentation, ostep-linear, ostep-multilevel: what the homeworks of OSTEP ask about,\nwith their options; uniform: any page; zipf: rank r in proportion to 1/r; mix: bursts of zipf, loops and scans; loop: around and\naround; scan: never twice; 80-20: hot and cold pages; locality: a few pages at a time. docs/traces.md tells more.',
  async run(args, context) {
    const { io } = context;
    const program = OSTEP_PROGRAMS.find((name) => name === args.like) ?? null;
    refuseForeign(args);
    const target = targetOf(args, program === null);
    const pageBytes = sizeInBytes('--page-size', args['page-size']);
    const isListed = program === null && args.addresses !== undefined && args.addresses !== '-1';
    const listed = isListed ? pageList(args.addresses ?? '') : null;
    const problem = program === null ? {} : problemOf(program, args);
    const generator = listed === null ? new TraceGenerator(args.like, generatorOptions(args, program), problem) : null;
    const output = openTraceOutput(io, args.output, target);
    const total = generator?.left ?? null;
    const of = { name: args.like, total, text: thousands, unit: 'references' };
    const progress = new TraceProgress(context, of, args.progress);
    let done = false;
    try {
      const conversion = new Conversion(
        formatNamed('csv'),
        generator?.unit ?? 'page',
        target,
        pageBytes,
        output,
        io.createScratch,
      );
      const batch = new ReferenceBatch(conversion);
      for (const [at, page] of (listed ?? []).entries()) {
        batch.access(0, Math.floor(page / 2 ** 32), page % 2 ** 32, 1, at + 1, 0);
      }
      while (generator !== null && generator.left > 0) {
        const { left } = generator;
        generator.feed(batch, SLICE);
        await io.pause();
        progress.add(left - generator.left);
        if (io.interrupted()) return EXIT.interrupted;
        if (output.isUnread) return EXIT.held;
      }
      batch.flush();
      output.finish(conversion.end());
      done = true;
      tellWritten(output, { conversion }, context);
      return EXIT.held;
    } finally {
      progress.clear();
      if (!done) output.discard();
    }
  },
});

interface GenerateArgs {
  readonly seed: string;
  readonly count?: string | undefined;
  readonly pages: string;
  readonly stores?: string | undefined;
  readonly localPages?: string | undefined;
  readonly phase?: string | undefined;
  readonly hotPages?: string | undefined;
  readonly hotReferences?: string | undefined;
  readonly addresses?: string | undefined;
  readonly physmem?: string | undefined;
  readonly pagesize?: string | undefined;
  readonly used?: string | undefined;
  readonly base?: string | undefined;
  readonly limit?: string | undefined;
  readonly base1?: string | undefined;
  readonly limit1?: string | undefined;
}

const PAGES_MAX = 2 ** 31 - 1;

function generatorOptions(args: GenerateArgs, program: OstepProgram | null): GeneratorOptions {
  const { stores, localPages, phase, hotPages, hotReferences } = args;
  const pages = wholeNumber('--pages', args.pages, 1);
  if (pages > PAGES_MAX) throw new InputError({ code: 'MEM-CLI-007', message: `--pages: at most ${PAGES_MAX}` });
  return {
    seed: wholeSeed(args.seed),
    count:
      args.count === undefined
        ? program === null
          ? DEFAULTS.count
          : PROBLEM_COUNT[program]
        : wholeNumber('--count', args.count, 1),
    pages,
    ...(stores === undefined ? {} : { stores: share('--stores', stores) }),
    ...(localPages === undefined ? {} : { localPages: wholeNumber('--local-pages', localPages, 1) }),
    ...(phase === undefined ? {} : { phase: wholeNumber('--phase', phase, 1) }),
    ...(hotPages === undefined ? {} : { hotPages: share('--hot-pages', hotPages) }),
    ...(hotReferences === undefined ? {} : { hotReferences: share('--hot-references', hotReferences) }),
  };
}

/** Which kinds of references have which option. */
const OPTIONS_OF: Readonly<Partial<Record<keyof GenerateArgs, readonly string[]>>> = {
  localPages: ['locality'],
  phase: ['locality'],
  hotPages: ['80-20'],
  hotReferences: ['80-20'],
  addresses: ['ostep', ...OSTEP_PROGRAMS],
  physmem: ['ostep-relocation', 'ostep-segmentation', 'ostep-linear'],
  pagesize: ['ostep-linear'],
  used: ['ostep-linear'],
  base: ['ostep-relocation', 'ostep-segmentation'],
  limit: ['ostep-relocation', 'ostep-segmentation'],
  base1: ['ostep-segmentation'],
  limit1: ['ostep-segmentation'],
};

/** An option that does nothing is a mistake. */
function refuseForeign(args: GenerateArgs & { readonly like: string }): void {
  for (const [name, kinds] of Object.entries(OPTIONS_OF)) {
    if (args[name as keyof GenerateArgs] === undefined || kinds.includes(args.like)) continue;
    throw new InputError({
      code: 'MEM-CLI-007',
      message: `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}: \`${args.like}\` has no such option`,
      hint: `it belongs to ${kinds.join(', ')}`,
    });
  }
}

/** The format to write: one that says what was done, where something but loads is. @throws InputError */
function targetOf(args: { readonly to?: string | undefined; readonly stores?: string | undefined }, pages: boolean) {
  const { to, stores } = args;
  if (to === undefined) return formatNamed(!pages ? 'csv' : stores === undefined ? 'pages' : 'csv-pages');
  const target = formatNamed(to);
  if (stores === undefined || target.carries.kinds !== 'none') return target;
  throw new InputError({
    code: 'MEM-CLI-008',
    message: `--stores: \`${to}\` does not say which references are stores`,
    hint: 'leave --to out, or take csv-pages or pgt',
  });
}

function problemOf(program: OstepProgram, args: GenerateArgs): OstepProblem {
  const { addresses, physmem, pagesize, used, base, limit, base1, limit1 } = args;
  const size = (name: keyof OstepProblem, option: string, text: string | undefined): OstepProblem =>
    text === undefined || text === '-1' ? {} : { [name]: ostepSize(option, text) };
  const isMultilevel = program === 'ostep-multilevel';
  const percent = used === undefined ? null : wholeNumber('--used', used);
  if (percent !== null && percent > 100) throw new InputError({ code: 'MEM-CLI-007', message: '--used: at most 100' });
  return {
    ...size(isMultilevel ? 'allocated' : 'space', isMultilevel ? '-a' : '-a, the address space', addresses),
    ...size('physical', '--physmem', physmem),
    ...size('pageBytes', '--pagesize', pagesize),
    ...(percent === null ? {} : { used: percent }),
    ...size('base', '--base', base),
    ...size('limit', '--limit', limit),
    ...size('base1', '--base1', base1),
    ...size('limit1', '--limit1', limit1),
  };
}

/** A size as these programs write it, `16k`, or as everything here does, `16KiB`. */
function ostepSize(option: string, text: string): number {
  const short = /^(\d+)([kmg])$/i.exec(text);
  return sizeInBytes(option, short === null ? text : `${short[1]}${short[2]!.toUpperCase()}iB`);
}

/** Python takes seeds of any size. */
function wholeSeed(text: string): number | bigint {
  if (!/^-?\d+$/.test(text)) return wholeNumber('--seed', text, Number.MIN_SAFE_INTEGER);
  const seed = BigInt(text);
  return BigInt.asIntN(54, seed) === seed ? Number(seed) : seed;
}

function share(option: string, text: string): number {
  const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new InputError({ code: 'MEM-CLI-007', message: `${option}: \`${text}\` is not a share from 0 to 1` });
}

const pageList = (text: string): readonly number[] =>
  text.split(',').map((page) => wholeNumber('--addresses', page.trim()));
