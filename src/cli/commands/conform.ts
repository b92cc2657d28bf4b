/** `mmulator conform cpython`, `conform linux`: does this machine do what the real thing was recorded doing? */
import { LEVEL_MAX } from '../../conform/linux/compare.ts';
import { defineCommand } from '../command.ts';
import { conformFiles } from '../conform-files.ts';
import { LINUX_RECORDING_FOLDERS, noTraceNamed, openLinuxRecording, TraceSelection } from '../linux-recordings.ts';
import { openRecording, RECORDING_FOLDERS } from '../recordings.ts';

export const CONFORM_GROUP = { name: 'conform', summary: 'Check this machine against recordings of the real thing' };

export const conformCpythonCommand = defineCommand({
  group: CONFORM_GROUP,
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
  run: (args, context) =>
    conformFiles(
      args.files,
      {
        folders: RECORDING_FOLDERS,
        open: (file, meant) => openRecording(context.io, file, { traces: args.traces, meant }),
        quiet: args.quiet,
      },
      context,
    ),
});

const LEVELS = Array.from({ length: LEVEL_MAX }, (_, index) => index + 1);

export const conformLinuxCommand = defineCommand({
  group: CONFORM_GROUP,
  usage: 'linux <files..>',
  summary: 'Replay recordings of Linux’s memory manager, and compare call by call',
  positionals: {
    files: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'Files of traces, folders of them, patterns in quotes; - for standard input',
    },
  },
  options: {
    level: {
      alias: 'l',
      type: 'number',
      choices: LEVELS,
      default: LEVEL_MAX,
      describe:
        '1 results and data, 2 and fault addresses and frame reuse, 3 and fault counts, 4 and maps, 5 and pages and sharing, 6 and smaps and status',
    },
    only: { type: 'string', describe: 'Only the traces of these names: fork-017, or patterns: "fork-0*,mix-003"' },
    quiet: { alias: 'q', type: 'boolean', default: false, describe: 'Say only what did not pass' },
  },
  examples: [
    ['conform linux fork.jsonl.gz', 'every trace counts as one'],
    ['conform linux recordings -q --level 1', 'every file below a folder; only what the calls answer'],
    ['conform linux fork.jsonl.gz --only fork-017', 'one trace'],
    ['conform linux traces.jsonl --json', 'for a program: docs/conform.md describes the document'],
    ['conform linux - < traces.jsonl.gz', 'from another program'],
  ],
  epilogue:
    'Exit status: 0 nothing failed, 1 a trace failed, 2 a file is broken or no recording (nothing of it is replayed).\nA trace fails at its first op that answers otherwise. One with an op that cannot be replayed is compared up to there,\nand skipped when nothing differs. Plain and gzipped files are taken.',
  run: (args, context) => {
    const { only } = args;
    const selection = new TraceSelection(only);
    const isMeant = (trace: string) => selection.takes(trace);
    return conformFiles(
      args.files,
      {
        folders: LINUX_RECORDING_FOLDERS,
        open: (file, meant) => openLinuxRecording(context.io, file, { level: args.level, isMeant, meant }),
        quiet: args.quiet,
        missed: () => selection.missed().map((name) => noTraceNamed(name)),
        ...(only === undefined ? {} : { nothing: (file: string) => noTraceNamed(only, file) }),
      },
      context,
    );
  },
});
