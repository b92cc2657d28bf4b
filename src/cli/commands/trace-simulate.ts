/** `mmulator trace simulate`: what replacement policies make of a trace. */
import { InputError } from '../../mmu/input-error.ts';
import { toJson } from '../../report/json.ts';
import { thousands } from '../../report/quantities.ts';
import {
  type SimulationFacts,
  simulationCsv,
  simulationData,
  simulationLines,
} from '../../report/simulation-report.ts';
import { storyData, storyLines } from '../../report/story-report.ts';
import { ALLOCATIONS, type Allocation } from '../../trace/allocation.ts';
import { COST_OPTIONS, parseCostModel } from '../../trace/cost-model.ts';
import type { TraceFormat } from '../../trace/formats/format.ts';
import { frameSizes } from '../../trace/frame-sizes.ts';
import { parseInitialPages } from '../../trace/initial-pages.ts';
import { parseKinds } from '../../trace/kind-names.ts';
import { TraceReader } from '../../trace/reader.ts';
import type { BatchSink, TraceUnit } from '../../trace/reference.ts';
import { Simulation, type SimulationConfig } from '../../trace/simulation.ts';
import { StoryTeller } from '../../trace/story.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { sizeInBytes, wholeNumber } from '../numbers.ts';
import { chosenPolicies, POLICY_OPTIONS, type PolicyArgs, policyOptionHelp } from '../policy-options.ts';
import { inFile, nameOf, pushTrace, readerOptions, TRACE_INPUT_OPTIONS } from '../trace-input.ts';
import { TraceProgress } from '../trace-progress.ts';

export const traceSimulateCommand = defineCommand({
  group: { name: 'trace', summary: 'Recorded memory traces' },
  usage: 'simulate <file>',
  summary: 'Replay a trace under replacement policies: faults, write-backs, hit ratio, access time',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'The trace; - for standard input' },
  },
  options: {
    ...POLICY_OPTIONS,
    frames: {
      alias: 'f',
      type: 'string',
      demandOption: true,
      describe: '64, 64,100, 64..4096 (doubling), 64..4096:64',
    },
    initial: {
      type: 'string',
      describe: 'Pages in memory before the first reference: 101..120, in the order of loading',
    },
    kinds: { type: 'string', describe: 'Only these: fetch, load, store, modify; data is all but fetch' },
    'page-size': { type: 'string', default: '4KiB', describe: 'Between addresses and pages' },
    allocation: { choices: ALLOCATIONS, default: 'global', describe: 'Do processes share frames or have their own?' },
    'write-backs': { type: 'boolean', default: true, describe: 'Count dirty evictions; --no-write-backs is faster' },
    cost: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Cost, such as memory=100ns; with any there are access times',
    },
    explain: { type: 'string', describe: 'Tell the story of this reference instead, counted from 1' },
    csv: { type: 'boolean', default: false, describe: 'Print CSV, for spreadsheets' },
    ...TRACE_INPUT_OPTIONS,
  },
  examples: [
    ['trace simulate ls.lackey.gz --policy lru,clock,arc --frames 16..1024', ''],
    ['trace simulate ls.lackey.gz -p aging -f 64 --option tickEvery=50 --option counterBits=4', ''],
    ['trace simulate ls.lackey.gz -f 64 --cost memory=100ns --cost tlb=5ns --cost tlbHit=0.98 --cost service=8ms', ''],
    ['trace simulate loop.pages -p mru,opt -f 20 --initial 101..120', 'frames that hold other pages are not empty'],
    ['trace simulate ls.lackey.gz -p opt,lru -f 8 --explain 1000', 'hit or miss, who leaves and why, what stays'],
  ],
  epilogue: `Options of policies:\n${policyOptionHelp()}\n\nCosts (times in ns, us, ms or s):\n${costHelp()}`,
  async run(args, context) {
    if (args.csv && (args.json || args.explain !== undefined)) {
      throw new InputError({
        code: 'MEM-CLI-007',
        message: `--csv: not together with ${args.json ? '--json' : '--explain'}`,
        hint: 'leave one of the two',
      });
    }
    const config = simulationConfig(args);
    // What is wrong with the options is said before a long trace is read.
    new Simulation(args.explain === undefined ? config : { ...config, writeBacks: false }, 'page');
    const settings = (args.cost ?? []).flatMap((text) => text.split(','));
    const cost = settings.length === 0 ? null : parseCostModel(settings);
    if (args.explain !== undefined) {
      return explain(args.file, { ...config, position: wholeNumber('--explain', args.explain, 1) }, args, context);
    }
    return simulate(args.file, config, { cost, csv: args.csv }, args, context);
  },
});

type InputArgs = Parameters<typeof readerOptions>[0] & {
  readonly json: boolean;
  readonly progress?: boolean | undefined;
};

interface SimulateArgs extends PolicyArgs {
  readonly frames: string;
  readonly initial?: string | undefined;
  readonly kinds?: string | undefined;
  readonly 'page-size': string;
  readonly allocation: Allocation;
  readonly 'write-backs': boolean;
}

function simulationConfig(args: SimulateArgs): SimulationConfig & { readonly initial: readonly number[] } {
  if (args.initial !== undefined && args.allocation !== 'global') {
    throw new InputError({
      code: 'MEM-CLI-007',
      message: '--initial: only where processes share the frames',
      hint: 'choose one process: --process N',
    });
  }
  return {
    ...chosenPolicies(args),
    frames: frameSizes('--frames', args.frames),
    allocation: args.allocation,
    initial: args.initial === undefined ? [] : parseInitialPages('--initial', args.initial),
    writeBacks: args['write-backs'],
    pageBytes: sizeInBytes('--page-size', args['page-size']),
    kinds: args.kinds === undefined ? null : parseKinds('--kinds', args.kinds),
  };
}

/** Through the whole trace. @returns the format; null when interrupted */
async function readTrace(
  file: string,
  open: (format: TraceFormat, unit: TraceUnit) => BatchSink,
  args: InputArgs,
  context: CommandContext,
): Promise<TraceReader | null> {
  const reader = new TraceReader(open, readerOptions(args));
  if (!(await pushTrace(file, reader, context, args))) return null;
  try {
    reader.end();
  } catch (thrown) {
    throw inFile(thrown, file);
  }
  return reader;
}

async function simulate(
  file: string,
  config: ReturnType<typeof simulationConfig>,
  { cost, csv }: { readonly cost: SimulationFacts['cost']; readonly csv: boolean },
  args: InputArgs,
  context: CommandContext,
): Promise<ExitCode> {
  const { io, style } = context;
  const opened: { simulation: Simulation; format: TraceFormat; unit: TraceUnit }[] = [];
  const open = (format: TraceFormat, unit: TraceUnit): BatchSink => {
    if (config.allocation !== 'global' && !format.carries.processes) throw noProcesses(format);
    const writeBacks = config.writeBacks && format.carries.kinds !== 'none';
    const simulation = new Simulation({ ...config, writeBacks }, unit);
    opened.push({ simulation, format, unit });
    return simulation;
  };
  if ((await readTrace(file, open, args, context)) === null) return EXIT.interrupted;
  const [{ simulation, format, unit }] = opened as [(typeof opened)[0]];
  if (!(await runRest(simulation, file, args, context))) return EXIT.interrupted;
  const facts: SimulationFacts = {
    file: nameOf(file),
    format: format.name,
    pageBytes: unit === 'page' ? null : config.pageBytes,
    references: simulation.pageReferences,
    pages: simulation.distinctPages,
    allocation: config.allocation,
    initial: config.initial,
    cost,
  };
  const rows = simulation.rows();
  if (args.json) io.stdout.write(`${toJson(simulationData(rows, facts))}\n`);
  else io.stdout.write(`${(csv ? simulationCsv(rows, facts) : simulationLines(rows, facts, style)).join('\n')}\n`);
  return EXIT.held;
}

/** @returns false when interrupted */
async function runRest(
  simulation: Simulation,
  file: string,
  args: InputArgs,
  context: CommandContext,
): Promise<boolean> {
  const { io } = context;
  const of = { name: file, total: simulation.waiting, text: thousands, unit: 'runs' };
  const progress = new TraceProgress(context, of, args.progress);
  let begun = 0;
  try {
    for (const run of simulation.rest()) {
      progress.at(run);
      progress.add(begun++ === 0 ? 0 : 1);
      await io.pause();
      if (io.interrupted()) return false;
    }
    if (simulation.pageReferences === 0) throw nothingLeft();
    return true;
  } catch (thrown) {
    throw inFile(thrown, file);
  } finally {
    progress.clear();
  }
}

async function explain(
  file: string,
  config: SimulationConfig & { readonly position: number },
  args: InputArgs,
  context: CommandContext,
): Promise<ExitCode> {
  const { io, style } = context;
  if (config.allocation !== 'global') {
    throw new InputError({
      code: 'MEM-CLI-007',
      message: '--explain: only where processes share the frames',
      hint: 'choose one process: --process N',
    });
  }
  const opened: { teller: StoryTeller; unit: TraceUnit; format: TraceFormat }[] = [];
  const open = (format: TraceFormat, unit: TraceUnit): BatchSink => {
    const teller = new StoryTeller(config, unit);
    opened.push({ teller, unit, format });
    return teller;
  };
  if ((await readTrace(file, open, args, context)) === null) return EXIT.interrupted;
  const [{ teller, unit, format }] = opened as [(typeof opened)[0]];
  try {
    const stories = teller.stories();
    const facts = { unit, pageBytes: config.pageBytes, kinds: format.carries.kinds !== 'none' };
    if (args.json) io.stdout.write(`${toJson({ file: nameOf(file), ...storyData(stories, facts) })}\n`);
    else io.stdout.write(`${storyLines(stories, facts, style).join('\n')}\n`);
    return EXIT.held;
  } catch (thrown) {
    throw inFile(thrown, file);
  }
}

const noProcesses = (format: TraceFormat): InputError =>
  new InputError({
    code: 'MEM-TRC-051',
    message: `\`${format.name}\` does not say whose references they are`,
    hint: 'leave --allocation out, or take csv or perf, which do',
  });

const nothingLeft = (): InputError =>
  new InputError({
    code: 'MEM-TRC-055',
    message: 'the trace has no such references',
    hint: '--kinds or --process chose none of them',
  });

function costHelp(): string {
  const lines = Object.entries(COST_OPTIONS).map(
    ([name, { defaultsTo, description }]) => `  ${name.padEnd(16)}${description} (default ${defaultsTo})`,
  );
  return lines.join('\n');
}
