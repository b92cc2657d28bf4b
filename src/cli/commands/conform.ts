/** `mmulator conform cpython`: does this machine do what a real CPython was recorded doing? */
import type { FileConformance } from '../../conform/outcome.ts';
import type { InputError } from '../../mmu/input-error.ts';
import { conformanceDocument, conformanceLines, conformanceSummary } from '../../report/conformance.ts';
import { toJson } from '../../report/json.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT, type ExitCode, worst } from '../exit-codes.ts';
import { inputErrorsIn, showErrors } from '../failure.ts';
import { Progress } from '../progress.ts';
import { noRecordingIn, type OpenOptions, openRecording, RECORDING_FOLDERS } from '../recordings.ts';
import { findFiles } from '../scenario-files.ts';

/** Ops between two looks for Ctrl-C. */
const SLICE_OPS = 10_000;

export const conformCpythonCommand = defineCommand({
  group: { name: 'conform', summary: 'Check this machine against recordings of the real thing' },
  usage: 'cpython <files..>',
  summary: 'Replay recordings of CPython’s allocators and debug hooks, and compare',
  positionals: {
    files: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Results, files of debug-hook cases, folders of them, patterns in quotes; - for standard input',
    },
  },
  options: {
    traces: { type: 'string', describe: 'Folder of the traces; default ../traces from each result' },
    quiet: { alias: 'q', type: 'boolean', default: false, describe: 'Say only what did not pass' },
  },
  examples: [
    [
      'conform cpython results/small-s01-real.cp311.jsonl.gz',
      'one result; its trace is ../traces/small-s01-real.jsonl.gz',
    ],
    ['conform cpython recordings -q', 'every recording below a folder; tell only what failed'],
    ["conform cpython 'results/*.cp38.jsonl.gz' --traces traces --json", 'one profile, for a program'],
    ['conform cpython debug-hooks.json.gz', 'every case counts as one'],
  ],
  epilogue:
    'Exit status: 0 all passed, 1 something failed, 2 a file is no recording or its trace is missing.\nPlain and gzipped files are taken; what a file is shows in its contents.',
  async run(args, context) {
    const { io } = context;
    const found = findFiles(io, args.files, RECORDING_FOLDERS);
    const meant = new Set(args.files);
    const results: FileConformance[] = [];
    const errors: InputError[] = [...found.errors];
    const progress = new Progress(context, found.files.length);
    const out = new Report(context, args.quiet);
    for (const [index, file] of found.files.entries()) {
      if (io.interrupted()) break;
      progress.at(index, file);
      const ended = await conform(file, { traces: args.traces, meant: meant.has(file) }, context);
      progress.clear();
      if (ended === null) continue;
      if ('errors' in ended) errors.push(...ended.errors);
      else {
        results.push(ended);
        out.tell(ended);
      }
    }
    if (io.interrupted()) return EXIT.interrupted;
    if (results.length === 0 && errors.length === 0) errors.push(...args.files.map(noRecordingIn));
    out.end(results, errors);
    return exitCode(results, errors);
  },
});

/** Null for a file that is no recording, or when interrupted. */
async function conform(
  file: string,
  options: OpenOptions,
  { io }: CommandContext,
): Promise<FileConformance | { readonly errors: readonly InputError[] } | null> {
  try {
    const opened = await openRecording(io, file, options);
    if (opened === null || 'outcome' in opened) return opened;
    while (!opened.step(SLICE_OPS)) {
      await io.pause();
      if (io.interrupted()) return null;
    }
    await io.pause();
    return opened.result();
  } catch (thrown) {
    const errors = inputErrorsIn(thrown);
    if (errors === null) throw thrown;
    return { errors };
  }
}

function exitCode(results: readonly FileConformance[], errors: readonly InputError[]): ExitCode {
  return worst([
    ...(errors.length > 0 ? [EXIT.badInput] : []),
    ...(results.some(({ outcome }) => outcome === 'failed') ? [EXIT.failed] : []),
  ]);
}

/** Results as they come, or one document at the end. */
class Report {
  private readonly context: CommandContext;
  private readonly quiet: boolean;

  constructor(context: CommandContext, quiet: boolean) {
    this.context = context;
    this.quiet = quiet;
  }

  tell(result: FileConformance): void {
    const { io, json, style } = this.context;
    if (json || (this.quiet && result.outcome === 'passed')) return;
    io.stdout.write(`${conformanceLines(result, style).join('\n')}\n`);
  }

  end(results: readonly FileConformance[], errors: readonly InputError[]): void {
    const { io, json, style, version } = this.context;
    if (json) io.stdout.write(`${toJson(conformanceDocument(results, errors, version))}\n`);
    else if (results.length > 0) io.stdout.write(`${conformanceSummary(results, style)}\n`);
    if (errors.length > 0) showErrors(errors, null, this.context);
  }
}
