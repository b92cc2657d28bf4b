/** `mmulator conform replacement`, `conform tlb`, `conform mrc`: recorded page traces and what came of them elsewhere. */
import type { ReplacementRecordingName } from '../../conform/replacement/kinds.ts';
import { type Command, type CommandContext, defineCommand } from '../command.ts';
import { conformFiles } from '../conform-files.ts';
import type { ExitCode } from '../exit-codes.ts';
import { noTraceNamed, TraceSelection } from '../linux-recordings.ts';
import { openReplacementRecording, REPLACEMENT_FOLDERS } from '../replacement-recordings.ts';
import { CONFORM_GROUP } from './conform.ts';

interface Wording {
  readonly summary: string;
  readonly file: string;
  readonly epilogue: string;
}

const WORDING: Readonly<Record<ReplacementRecordingName, Wording>> = {
  replacement: {
    summary: 'Replay page traces under recorded replacement policies, and compare every hit and miss',
    file: 'replacement.jsonl',
    epilogue:
      'Every row is a policy with a number of frames on a trace; it fails when the misses, the fingerprint of all hits and\nmisses or the write-backs differ. The replay is that of `trace simulate`.',
  },
  tlb: {
    summary: 'Send page traces through recorded TLBs, and compare hits and walks',
    file: 'tlb.jsonl',
    epilogue: 'Every row is a TLB of two levels on a trace. The TLB is that of the machine.',
  },
  mrc: {
    summary: 'Compare miss-ratio curves with recorded ones',
    file: 'mrc.json',
    epilogue:
      'Every entry is a trace with the misses of LRU at many sizes; here they come from one pass, as in `mmulator mrc`.',
  },
};

const COMMON_EPILOGUE =
  '\nExit status: 0 nothing failed, 1 a row failed, 2 a file is broken or no recording, or a trace is missing or is not the\none that was recorded. Plain and gzipped files are taken.';

function conformCommand(name: ReplacementRecordingName): Command {
  const { summary, file, epilogue } = WORDING[name];
  return defineCommand({
    group: CONFORM_GROUP,
    usage: `${name} <files..>`,
    summary,
    positionals: {
      files: {
        type: 'string',
        array: true,
        demandOption: true,
        describe: `Files such as ${file}, folders of them, patterns in quotes; - for standard input`,
      },
    },
    options: {
      traces: { type: 'string', describe: 'Folder of traces.json and its files; default that of each recording' },
      only: { type: 'string', describe: 'Only rows about the traces of these names: ls, or patterns: "cc1*,gzip"' },
      quiet: { alias: 'q', type: 'boolean', default: false, describe: 'Say only what did not pass' },
    },
    examples: [
      [`conform ${name} recordings/${file}`, 'traces.json and its traces lie beside it'],
      [`conform ${name} recordings --only 'cc1*' --json`, 'some traces of every file below a folder, for a program'],
    ],
    epilogue: epilogue + COMMON_EPILOGUE,
    run: (args, context) => conform(name, args, context),
  });
}

interface ConformArgs {
  readonly files: readonly string[];
  readonly traces?: string | undefined;
  readonly only?: string | undefined;
  readonly quiet: boolean;
}

function conform(name: ReplacementRecordingName, args: ConformArgs, context: CommandContext): Promise<ExitCode> {
  const { files, traces, only, quiet } = args;
  const selection = new TraceSelection(only);
  const isMeant = (trace: string) => selection.takes(trace);
  return conformFiles(
    files,
    {
      folders: REPLACEMENT_FOLDERS,
      open: (file, meant) => openReplacementRecording(context.io, file, name, { traces, isMeant, meant }),
      quiet,
      ...(only === undefined ? {} : { nothing: (file: string) => noTraceNamed(only, file) }),
      missed: () => selection.missed().map((trace) => noTraceNamed(trace)),
    },
    context,
  );
}

export const conformReplacementCommand = conformCommand('replacement');
export const conformTlbCommand = conformCommand('tlb');
export const conformMrcCommand = conformCommand('mrc');
