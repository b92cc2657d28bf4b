/** `mmulator trace generate`: made-up references, the same from the same seed everywhere. */
import { InputError } from '../../mmu/input-error.ts';
import { thousands } from '../../report/quantities.ts';
import { Conversion } from '../../trace/convert.ts';
import { formatNamed, TRACE_FORMATS } from '../../trace/formats/registry.ts';
import { GENERATOR_NAMES, type GeneratorOptions, TraceGenerator } from '../../trace/generate.ts';
import { ReferenceBatch } from '../../trace/reference.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { sizeInBytes, wholeNumber } from '../numbers.ts';
import { TRACE_INPUT_OPTIONS } from '../trace-input.ts';
import { openTraceOutput } from '../trace-output.ts';
import { TraceProgress } from '../trace-progress.ts';

const WRITABLE = TRACE_FORMATS.filter(({ writer }) => writer !== null).map(({ name }) => name);
/** Between two looks for Ctrl-C. */
const SLICE = 1 << 18;
/** Those of paging-policy.py; for the others as well. */
const DEFAULTS = { seed: '0', count: '10', pages: '10' };

export const traceGenerateCommand = defineCommand({
  group: { name: 'trace', summary: 'Recorded memory traces' },
  usage: 'generate',
  summary: 'Make up a trace: the homework of OSTEP, zipf, loops, localities',
  positionals: {},
  options: {
    like: { choices: GENERATOR_NAMES, demandOption: true, describe: 'What kind of references' },
    seed: { alias: 's', type: 'string', default: DEFAULTS.seed, describe: 'Seed of everything random' },
    count: { alias: ['n', 'numaddrs'], type: 'string', default: DEFAULTS.count, describe: 'References' },
    pages: {
      alias: ['m', 'maxpage'],
      type: 'string',
      default: DEFAULTS.pages,
      describe: 'Pages are 0 to this, without it',
    },
    addresses: { alias: 'a', type: 'string', describe: 'These pages instead of random ones: 0,1,2,0 (ostep)' },
    stores: { type: 'string', describe: 'Share of stores among the loads, such as 0.3' },
    'local-pages': { type: 'string', describe: 'locality: pages in use at a time; default pages / 16' },
    phase: { type: 'string', describe: 'locality: references until others are in use; default 10000' },
    'hot-pages': { type: 'string', describe: '80-20: share of the pages that are hot; default 0.2' },
    'hot-references': { type: 'string', describe: '80-20: share of the references to them; default 0.8' },
    to: { choices: WRITABLE, default: 'pages', describe: 'The format to write' },
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
    ['trace generate --like zipf -n 20000000 -m 1000000 -s 12345 --to pgt -o zipf.pgt', 'for measuring'],
    ['trace generate --like loop -n 10000 -m 50', 'the worst that can happen to LRU'],
  ],
  epilogue:
    'ostep, uniform: any page; zipf: rank r in proportion to 1/r; mix: bursts of zipf, loops and scans; loop: around and\naround; scan: never twice; 80-20: hot and cold pages; locality: a few pages at a time. docs/traces.md tells more.',
  async run(args, context) {
    const { io } = context;
    const target = formatNamed(args.to);
    const pageBytes = sizeInBytes('--page-size', args['page-size']);
    const listed = args.addresses === undefined || args.addresses === '-1' ? null : pageList(args.addresses);
    const generator = listed === null ? new TraceGenerator(args.like, generatorOptions(args)) : null;
    const output = openTraceOutput(io, args.output, target);
    const total = generator?.left ?? null;
    const of = { name: args.like, total, text: thousands, unit: 'references' };
    const progress = new TraceProgress(context, of, args.progress);
    let done = false;
    try {
      const conversion = new Conversion(formatNamed('csv-pages'), 'page', target, pageBytes, output);
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
        if (args.output === undefined && io.stdout.closed) return EXIT.held;
      }
      batch.flush();
      output.finish(conversion.end());
      done = true;
      return EXIT.held;
    } finally {
      progress.clear();
      if (!done) output.discard();
    }
  },
});

interface GenerateArgs {
  readonly seed: string;
  readonly count: string;
  readonly pages: string;
  readonly stores?: string | undefined;
  readonly localPages?: string | undefined;
  readonly phase?: string | undefined;
  readonly hotPages?: string | undefined;
  readonly hotReferences?: string | undefined;
}

const PAGES_MAX = 2 ** 31 - 1;

function generatorOptions(args: GenerateArgs): GeneratorOptions {
  const { stores, localPages, phase, hotPages, hotReferences } = args;
  const pages = wholeNumber('--pages', args.pages, 1);
  if (pages > PAGES_MAX) throw new InputError({ code: 'MEM-CLI-007', message: `--pages: at most ${PAGES_MAX}` });
  return {
    seed: wholeNumber('--seed', args.seed, Number.MIN_SAFE_INTEGER),
    count: wholeNumber('--count', args.count, 1),
    pages,
    ...(stores === undefined ? {} : { stores: share('--stores', stores) }),
    ...(localPages === undefined ? {} : { localPages: wholeNumber('--local-pages', localPages, 1) }),
    ...(phase === undefined ? {} : { phase: wholeNumber('--phase', phase, 1) }),
    ...(hotPages === undefined ? {} : { hotPages: share('--hot-pages', hotPages) }),
    ...(hotReferences === undefined ? {} : { hotReferences: share('--hot-references', hotReferences) }),
  };
}

function share(option: string, text: string): number {
  const value = /^(\d+(\.\d*)?|\.\d+)$/.test(text) ? Number(text) : Number.NaN;
  if (value >= 0 && value <= 1) return value;
  throw new InputError({ code: 'MEM-CLI-007', message: `${option}: \`${text}\` is not a share from 0 to 1` });
}

const pageList = (text: string): readonly number[] =>
  text.split(',').map((page) => wholeNumber('--addresses', page.trim()));
