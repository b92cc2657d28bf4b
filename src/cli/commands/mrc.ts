/** `mmulator mrc`: how many misses with how many frames, for all sizes. */
import { InputError } from '../../mmu/input-error.ts';
import { toJson } from '../../report/json.ts';
import { mrcCsv, mrcLines } from '../../report/mrc-report.ts';
import { counted, thousands } from '../../report/quantities.ts';
import { frameSizes } from '../../trace/frame-sizes.ts';
import { curveSizes } from '../../trace/mrc/curve.ts';
import { CurveGatherer, type CurveReport } from '../../trace/mrc/gatherer.ts';
import type { ShardsConfig } from '../../trace/mrc/shards.ts';
import { type PageSink, PageStream } from '../../trace/page-stream.ts';
import { TraceReader } from '../../trace/reader.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { sizeInBytes, wholeNumber } from '../numbers.ts';
import { chosenPolicies, POLICY_OPTIONS, policyOptionHelp } from '../policy-options.ts';
import { inFile, nameOf, pushTrace, readerOptions, TRACE_INPUT_OPTIONS } from '../trace-input.ts';
import { TraceProgress } from '../trace-progress.ts';

/** Sizes shown unless others are asked for; replays cost a run each. */
const POINTS = 40;
const REPLAYED_POINTS = 16;
const SLICE = 1 << 18;
/** Pages below which a sample is warned of. */
const SAMPLE_FEW = 100;

export const mrcCommand = defineCommand({
  usage: 'mrc <file>',
  summary: 'Miss-ratio curve of a trace: how many misses with how many frames',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'The trace; - for standard input' },
  },
  options: {
    ...POLICY_OPTIONS,
    sizes: {
      type: 'string',
      describe:
        'Frames: 64,128,256 or 64..4096 (doubling) or 1..10:1 (steps) or all; default: spread from 1 to all pages',
    },
    shards: { type: 'string', describe: 'LRU from a sample: look at this part of the pages, such as 0.01' },
    'shards-pages': { type: 'string', describe: 'LRU from a sample of at most so many pages, such as 8192' },
    'page-size': { type: 'string', default: '4KiB', describe: 'Pages that addresses are counted in' },
    csv: {
      type: 'boolean',
      default: false,
      describe: 'Print CSV: policy,frames,misses,missRatio (of a sample: ,note)',
    },
    ...TRACE_INPUT_OPTIONS,
  },
  examples: [
    ['mrc cc1.pgt.gz', 'LRU, exact at all sizes, from one pass'],
    ['mrc cc1.pgt.gz --policy lru,clock,opt --sizes 64..4096', 'other policies are replayed at each size'],
    ['mrc belady.pages --policy fifo', 'shows Belady’s anomaly where there is one'],
    ['mrc huge.lackey.zst --shards 0.001 --csv', 'a thousandth of the pages tells nearly as much'],
  ],
  epilogue: `LRU takes memory by the pages of the trace, other policies 5 bytes a reference besides. SHARDS (Waldspurger and others,
2015) estimates LRU from some of the pages; its rate goes down by itself with --shards-pages.

Options of policies:
${policyOptionHelp()}`,
  async run(args, context) {
    const chosen = chosenPolicies(args);
    const { policies } = chosen;
    const sizes = parseSizes(args.sizes);
    const shards = shardsConfig(args);
    if (shards !== null && policies.some((policy) => policy !== 'lru')) {
      throw new InputError({
        code: 'MEM-CLI-008',
        message: '--shards samples LRU and no other policy',
        hint: 'leave --policy out',
      });
    }
    if (args.csv && args.json) {
      throw new InputError({ code: 'MEM-CLI-008', message: '--csv or --json, not both' });
    }
    const gatherer = new CurveGatherer({ ...chosen, shards });
    if (!(await read(args.file, gatherer, args, context))) return EXIT.interrupted;
    const replayed = policies.some((policy) => policy !== 'lru');
    const frames =
      sizes?.(gatherer.distinctPages) ??
      curveSizes(gatherer.distinctPages, replayed ? REPLAYED_POINTS : POINTS, gatherer.finest);
    if (!(await replayAll(gatherer, frames, args.progress, context))) return EXIT.interrupted;
    const report = gatherer.report();
    tell(report, args, context);
    warnOfFew(report, context);
    return EXIT.held;
  },
});

interface ReadArgs {
  readonly 'page-size': string;
  readonly format?: string | undefined;
  readonly columns?: string | undefined;
  readonly unit?: 'address' | 'page' | undefined;
  readonly process?: string | undefined;
  readonly progress?: boolean | undefined;
}

/** False when interrupted. */
async function read(file: string, sink: PageSink, args: ReadArgs, context: CommandContext): Promise<boolean> {
  const pageBytes = sizeInBytes('--page-size', args['page-size']);
  let stream: PageStream | null = null;
  const reader = new TraceReader((_format, unit) => {
    stream = new PageStream(sink, { pageBytes, unit });
    return stream;
  }, readerOptions(args));
  if (!(await pushTrace(file, reader, context, args))) return false;
  try {
    reader.end();
    flush(stream);
  } catch (thrown) {
    throw inFile(thrown, file);
  }
  return true;
}

/** A reader that has come to its end has opened its sink. */
const flush = (stream: PageStream | null): void => stream?.flush();

/** False when interrupted. */
async function replayAll(
  gatherer: CurveGatherer,
  frames: readonly number[],
  asked: boolean | undefined,
  context: CommandContext,
): Promise<boolean> {
  const { io } = context;
  const runs = gatherer.runs(frames);
  const of = { name: '', total: runs.length * gatherer.references, text: thousands, unit: 'references' };
  const progress = new TraceProgress(context, of, asked);
  for (const run of runs) {
    progress.at(run.title);
    for (let done = 0; ; done += SLICE) {
      await io.pause();
      if (io.interrupted()) {
        progress.clear();
        return false;
      }
      if (run.step(SLICE)) break;
      progress.add(Math.min(SLICE, gatherer.references - done));
    }
    progress.add(gatherer.references % SLICE);
  }
  progress.clear();
  return true;
}

function tell(
  report: CurveReport,
  args: { readonly file: string; readonly csv: boolean },
  { io, json, style }: CommandContext,
): void {
  if (json) io.stdout.write(`${toJson({ file: nameOf(args.file), ...report })}\n`);
  else if (args.csv) io.stdout.write(mrcCsv(report));
  else io.stdout.write(`${mrcLines(report, nameOf(args.file), style).join('\n')}\n`);
}

/** A sample of few pages is a matter of luck: said where it is not in the way of the numbers. */
function warnOfFew({ sampling, pages }: CurveReport, { io }: CommandContext): void {
  if (sampling === null || sampling.pages >= SAMPLE_FEW || sampling.pages === pages) return;
  io.stderr.write(
    `warning: the sample has only ${counted(sampling.pages, 'page')} of ${thousands(pages)}: its numbers may be far off, those of more pages are better\n`,
  );
}

function shardsConfig({
  shards,
  shardsPages,
}: {
  shards?: string | undefined;
  shardsPages?: string | undefined;
}): ShardsConfig | null {
  if (shards === undefined && shardsPages === undefined) return null;
  return {
    rate: shards === undefined ? 1 : sampledPart(shards),
    pagesMax: shardsPages === undefined ? null : wholeNumber('--shards-pages', shardsPages, 1),
  };
}

function sampledPart(text: string): number {
  if (/^(?:\d+\.?\d*|\.\d+)(?:e-?\d+)?$/i.test(text)) return Number(text);
  throw new InputError({
    code: 'MEM-CLI-007',
    message: `--shards: \`${text}\` is no part of the pages`,
    hint: 'a number above 0, at most 1: `0.01` for a hundredth',
  });
}

/** Frames as somebody typed them, as a function of the pages there are; null: choose. */
function parseSizes(text: string | undefined): ((pages: number) => number[]) | null {
  if (text === undefined) return null;
  if (text === 'all') return (pages) => Array.from({ length: Math.max(1, Math.ceil(pages)) }, (_, index) => index + 1);
  const sizes = frameSizes('--sizes', text);
  return () => sizes;
}
