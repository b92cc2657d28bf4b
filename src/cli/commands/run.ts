/** `mmulator run`: run scenarios, report, say with the exit code whether all held. */
import type { InputError } from '../../mmu/input-error.ts';
import { REPORTERS, reporterNamed } from '../../report/registry.ts';
import type { FileReport, ReporterRun } from '../../report/reporter.ts';
import { PLAIN } from '../../report/style.ts';
import { ALLOCATORS_OPTION, loadAllocators } from '../allocators.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import { showErrors } from '../failure.ts';
import { wholeNumber } from '../numbers.ts';
import { Progress } from '../progress.ts';
import { writeOutput } from '../read-input.ts';
import { type FileRun, runFile } from '../run-file.ts';
import { findScenarioFiles, STDIN } from '../scenario-files.ts';

export const runCommand = defineCommand({
  usage: 'run <files..>',
  summary: 'Run scenarios and check what they expect',
  positionals: {
    files: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Scenario files, folders of them, patterns in quotes; - for standard input',
    },
  },
  options: {
    reporter: {
      alias: 'r',
      choices: REPORTERS.map((reporter) => reporter.name),
      default: 'pretty',
      describe: 'How to report',
    },
    output: { alias: 'o', type: 'string', describe: 'Write the report to this file (-: standard output)' },
    seed: { type: 'string', describe: 'Seed of everything random, instead of the file’s own' },
    quiet: { alias: 'q', type: 'boolean', default: false, describe: 'Say only what failed' },
    bail: { type: 'boolean', default: false, describe: 'Stop at the first file that does not hold' },
    'max-steps': { type: 'string', describe: 'Stop a scenario after so many steps (exit status 124)' },
    update: {
      alias: 'u',
      type: 'boolean',
      default: false,
      describe: 'Write what happened to the golden record beside each file',
    },
    ...ALLOCATORS_OPTION,
  },
  examples: [
    ['run fork.yaml', 'one scenario, step by step'],
    ['run scenarios', 'every scenario below a folder, a line each'],
    ["run 'scenarios/**/swap-*.yaml' --bail", 'until one fails'],
    ['run scenarios -r junit -o report.xml', 'for a CI server'],
  ],
  async run(args, context) {
    const { io, style } = context;
    const found = findScenarioFiles(io, args.files);
    const options = {
      seed: args.seed === undefined ? null : wholeNumber('--seed', args.seed),
      maxSteps: args['max-steps'] === undefined ? null : wholeNumber('--max-steps', args['max-steps'], 1),
      update: args.update,
      verbose: args.verbose,
      allocators: await loadAllocators(io, args.allocators),
    };
    const reporter = reporterNamed(args.json ? 'json' : args.reporter)!;
    const sink = new Sink(context, args.output === STDIN ? undefined : args.output);
    const run = reporter.start({
      style: args.output === undefined ? style : PLAIN,
      files: found.files.length + found.errors.length,
      quiet: args.quiet,
      verbose: args.verbose,
      version: context.version,
    });
    const codes: ExitCode[] = found.errors.map((error) => reportMissing(error, run, sink, context));
    const progress = new Progress(context, found.files.length);
    for (const [index, file] of found.files.entries()) {
      // Lets Ctrl-C and a closed pipe be noticed between files.
      await io.pause();
      if (io.interrupted()) codes.push(EXIT.interrupted);
      if (io.interrupted() || io.stdout.closed) break;
      progress.at(index, file);
      const outcome = await runFile(file, options, context, () => progress.clear());
      progress.clear();
      codes.push(outcome.code);
      reportOutcome(file, outcome, run, sink);
      if (args.bail && outcome.code !== EXIT.held) break;
    }
    sink.write(run.end());
    sink.finish();
    return worst(codes);
  },
});

function reportOutcome(file: string, outcome: FileRun, run: ReporterRun, sink: Sink): void {
  if (outcome.kind === 'ran') sink.write(run.file({ kind: 'ran', file, result: outcome.result }));
  if (outcome.kind === 'bad') sink.write(run.file({ kind: 'bad', file, errors: outcome.errors }));
}

function reportMissing(error: InputError, run: ReporterRun, sink: Sink, context: CommandContext): ExitCode {
  showErrors([error], null, context);
  const report: FileReport = { kind: 'bad', file: error.file ?? '', errors: [error] };
  sink.write(run.file(report));
  return EXIT.badInput;
}

/** Where the report goes: to standard output as it comes, or to a file when it is whole. */
class Sink {
  private readonly context: CommandContext;
  private readonly file: string | undefined;
  private text = '';

  constructor(context: CommandContext, file: string | undefined) {
    this.context = context;
    this.file = file;
    // A place that cannot be written is found out before the work, not after it.
    if (file !== undefined) writeOutput(context.io, file, '');
  }

  write(text: string): void {
    if (this.file === undefined) this.context.io.stdout.write(text);
    else this.text += text;
  }

  finish(): void {
    if (this.file !== undefined) writeOutput(this.context.io, this.file, this.text);
  }
}
