/** `mmulator sweep`: a grid of policies, sizes, TLBs over traces and scenarios, on all cores; interrupted, it goes on. */
import { InputErrors } from '../../mmu/input-error.ts';
import { toJson } from '../../report/json.ts';
import { counted, thousands } from '../../report/quantities.ts';
import type { Cell } from '../../sweep/cell.ts';
import { cellText } from '../../sweep/cell-text.ts';
import { cellsOf } from '../../sweep/grid.ts';
import type { SweepInputs, SweepPlan } from '../../sweep/plan.ts';
import { sweepResults } from '../../sweep/results.ts';
import type { Row } from '../../sweep/row.ts';
import { parseShard, shardOf } from '../../sweep/shard.ts';
import { examineSweepFile } from '../../sweep/sweep-file.ts';
import { tasksOf } from '../../sweep/task.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { inputErrorsIn, refuse } from '../failure.ts';
import { wholeNumber } from '../numbers.ts';
import { readInputText } from '../read-input.ts';
import { digestOf, findInputs, folderOf, missingInputs } from '../sweep/inputs.ts';
import { type FoundJournal, findJournal, Journal } from '../sweep/journal.ts';
import { RESULT_OPTIONS, type ResultPlaces, resultPlaces, writeResults } from '../sweep/outputs.ts';
import { runTasks } from '../sweep/run-tasks.ts';
import { tellFailed } from '../sweep/tell-failed.ts';
import { nameOf } from '../trace-input.ts';
import { TraceProgress } from '../trace-progress.ts';

export const sweepCommand = defineCommand({
  usage: 'sweep <file>',
  summary: 'Measure a grid (policies, frames, TLBs, page sizes) over traces and scenarios, on all cores',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'The sweep, in YAML (docs/sweep.md); - for standard input' },
  },
  options: {
    ...RESULT_OPTIONS,
    workers: { alias: 'w', type: 'string', describe: 'Threads; default: as many as there are cores' },
    shard: { type: 'string', describe: 'Only this part of the cells, such as 2/8; `mmulator merge` joins parts' },
    fresh: { type: 'boolean', default: false, describe: 'Measure all cells, also those in the journal' },
    'dry-run': { type: 'boolean', default: false, describe: 'List the cells; measure nothing' },
    quiet: { alias: 'q', type: 'boolean', default: false, describe: 'Say only what is wrong' },
  },
  examples: [
    ['sweep sweep.yaml', 'a table and a picture'],
    ['sweep sweep.yaml -o results/', 'JSON, CSV and a page; interrupted, the same command goes on'],
    ['sweep sweep.yaml --shard 2/8 -o results/', 'one of eight parts, on a computer of its own'],
    ['sweep sweep.yaml --dry-run', 'what would be measured'],
  ],
  epilogue:
    'With --output, finished cells are kept in a journal beside it, and not measured again. Results are the same bytes for any\nnumber of workers, shards and interruptions. Exit status 1: a cell could not be measured.',
  async run(args, context) {
    const { io } = context;
    const shard = args.shard === undefined ? null : parseShard(args.shard);
    const workers = args.workers === undefined ? io.cores() : wholeNumber('--workers', args.workers, 1);
    const folder = folderOf(args.file);
    const sweep = await readSweep(args.file, folder, context);
    if (typeof sweep === 'number') return sweep;
    const mine = shard === null ? sweep.cells : shardOf(sweep.cells, shard);
    if (args['dry-run']) return dryRun(mine, sweep, context);
    const places = resultPlaces(args, shard, io);
    const run = { ...sweep, mine, shard, folder, workers, places };
    return measure(run, args, context);
  },
});

interface Sweep {
  readonly plan: SweepPlan;
  readonly inputs: SweepInputs;
  /** Of all shards. */
  readonly cells: readonly Cell[];
}

/** The exit code instead, where the file or what it names is wrong; or when interrupted. */
async function readSweep(file: string, folder: string, context: CommandContext): Promise<Sweep | ExitCode> {
  const { io } = context;
  const text = await readInputText(io, file);
  try {
    const { plan, errors, named } = examineSweepFile(text, nameOf(file));
    if (plan === null || errors.length > 0) throw new InputErrors([...errors, ...missingInputs(named, folder, io)]);
    const inputs = await findInputs(plan, folder, io);
    return inputs === null ? EXIT.interrupted : { plan, inputs, cells: cellsOf(plan, inputs, digestOf) };
  } catch (thrown) {
    const errors = inputErrorsIn(thrown);
    if (errors === null) throw thrown;
    refuse(errors, text, context);
    return EXIT.badInput;
  }
}

function dryRun(mine: readonly Cell[], { cells }: Sweep, { io, json }: CommandContext): ExitCode {
  if (json) {
    const listed = mine.map(({ index, id, input, parameters }) => ({ index, id, input: input.name, parameters }));
    io.stdout.write(`${toJson({ cells: cells.length, listed })}\n`);
    return EXIT.held;
  }
  const digits = String(cells.length).length;
  for (const cell of mine) {
    if (io.stdout.closed) return EXIT.held;
    io.stdout.write(`${String(cell.index).padStart(digits)}  ${cellText(cell)}\n`);
  }
  const of = mine.length === cells.length ? '' : ` of ${cells.length}`;
  io.stdout.write(`${counted(mine.length, 'cell')}${of}\n`);
  return EXIT.held;
}

interface SweepRun extends Sweep {
  /** Those of the shard. */
  readonly mine: readonly Cell[];
  readonly folder: string;
  readonly workers: number;
  readonly places: ResultPlaces;
}

interface MeasureArgs {
  readonly fresh: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

async function measure(run: SweepRun, args: MeasureArgs, context: CommandContext): Promise<ExitCode> {
  const { io, version } = context;
  const { plan, inputs, cells, mine, places } = run;
  const found: FoundJournal | null =
    places.journal === null ? null : findJournal(places.journal, mine, { fresh: args.fresh, version, io });
  const journal = found === null ? null : new Journal(found, version, io);
  const rows: Row[] = [...(found?.rows ?? [])];
  const told = new SweepTold(run, rows.length, args.quiet, context);
  for (const note of found?.notes ?? []) told.note(note);
  if (rows.length > 0)
    told.note(`${thousands(rows.length)} of ${counted(mine.length, 'cell')} are in ${places.journal}`);
  const finished = new Set(rows.map(({ id }) => id));
  const tasks = tasksOf(
    mine.filter(({ id }) => !finished.has(id)),
    run.workers,
  );
  try {
    const listener = {
      finished: (done: readonly Row[]) => {
        journal?.add(done);
        rows.push(...done);
        told.progress.add(done.length);
      },
      died: (task: { readonly cells: readonly Cell[] }, why: string, again: boolean) =>
        told.died(task.cells, why, again),
      tick: () => told.tick(),
    };
    if (!(await runTasks(tasks, run, listener, io))) return interrupted(rows.length, run, told);
  } finally {
    told.progress.clear();
    journal?.close();
  }
  const results = sweepResults(plan, inputs, cells, rows, digestOf);
  await writeResults(results, places, { ...context, verbose: args.verbose });
  for (const { path } of places.files) told.note(`${path} is written`);
  return tellFailed(results, context) ? EXIT.failed : EXIT.held;
}

function interrupted(finished: number, { mine, places }: SweepRun, told: SweepTold): ExitCode {
  told.progress.clear();
  const kept =
    places.journal === null
      ? 'nothing is kept without --output'
      : `${thousands(finished)} of ${counted(mine.length, 'cell')} are in ${places.journal}; the same command goes on from there`;
  told.note(`interrupted: ${kept}`);
  return EXIT.interrupted;
}

/** What is said while it runs, on standard error. */
class SweepTold {
  readonly progress: TraceProgress;
  private readonly context: CommandContext;
  private readonly quiet: boolean;

  constructor({ mine }: SweepRun, finished: number, quiet: boolean, context: CommandContext) {
    this.context = context;
    this.quiet = quiet;
    const left = mine.length - finished;
    // A log gets a line now and then.
    this.progress = new TraceProgress(context, { name: 'cells', total: left, text: thousands }, !quiet);
  }

  /** Time has passed: the bar tells it; a log would only say the same again. */
  tick(): void {
    if (this.context.io.stderr.isTTY) this.progress.add(0);
  }

  /** What stays. */
  note(text: string): void {
    if (this.quiet) return;
    this.progress.clear();
    this.context.io.stderr.write(`${text}\n`);
  }

  died(cells: readonly Cell[], why: string, again: boolean): void {
    const [first] = cells;
    const others = cells.length > 1 ? ` and ${counted(cells.length - 1, 'other cell')}` : '';
    const where = first === undefined ? '' : ` at ${cellText(first)}${others}`;
    this.progress.clear();
    // Wrong is said also to those who want quiet.
    this.context.io.stderr.write(
      `a worker died${where}: ${why}; ${again ? 'tried once more' : 'given up after two attempts'}\n`,
    );
  }
}
