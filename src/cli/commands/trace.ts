/** `mmulator trace run`: a recorded program on an emulated machine. */
import { POLICIES } from '../../kernel/reclaim/registry.ts';
import type { MachineConfig } from '../../machine/config.ts';
import { InputError } from '../../mmu/input-error.ts';
import { suggest } from '../../mmu/nearest.ts';
import { FORMAT_NAMES, type FormatName } from '../../mmu/page-table/formats.ts';
import { toJson } from '../../report/json.ts';
import { traceLines } from '../../report/trace-report.ts';
import { type TraceReport, TraceRun } from '../../trace/run.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { sizeInBytes, wholeNumber } from '../numbers.ts';
import { inFile, pushTrace, readerOptions, TRACE_INPUT_OPTIONS } from '../trace-input.ts';

export const traceRunCommand = defineCommand({
  group: { name: 'trace', summary: 'Recorded memory traces' },
  usage: 'run <file>',
  summary: 'Run a recorded memory trace of any format through the whole machine',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'The trace; - for standard input' },
  },
  options: {
    memory: { type: 'string', describe: 'Physical memory, such as 256KiB; default 16MiB' },
    swap: { type: 'string', describe: 'Swap device, such as 1MiB; default 64MiB' },
    replacement: { type: 'string', describe: 'Replacement policy: see `mmulator list policies`; default clock' },
    paging: { choices: FORMAT_NAMES, describe: 'Page-table format; default x86_64' },
    frames: { type: 'string', describe: 'Most pages resident at once, instead of by memory alone' },
    'tlb-entries': { type: 'string', describe: 'TLB entries; 0 for no TLB; default 64, in 4 ways' },
    'tlb-ways': { type: 'string', describe: 'TLB ways; as many as entries for a fully associative TLB' },
    seed: { type: 'string', describe: 'Seed of everything random; default 1' },
    ...TRACE_INPUT_OPTIONS,
  },
  examples: [
    ['trace run ls.lackey --memory 256KiB --replacement clock', ''],
    ['trace run ls.lackey.gz --frames 32 --replacement lru --json', ''],
  ],
  epilogue: 'Record one with: mmulator trace record -- ls. Formats: docs/traces.md',
  async run(args, context) {
    const config = traceConfig(args);
    const run = await runTraceFile(args.file, new TraceRun(config, readerOptions(args)), context);
    if (run === null) return EXIT.interrupted;
    const { report, machine } = run;
    if (args.json) context.io.stdout.write(`${toJson({ file: args.file, machine, ...report })}\n`);
    else context.io.stdout.write(`${traceLines(report, machine, args.file, context.style).join('\n')}\n`);
    return (report.killed === null ? EXIT.held : EXIT.failed) satisfies ExitCode;
  },
});

interface TraceArgs {
  readonly memory?: string | undefined;
  readonly swap?: string | undefined;
  readonly replacement?: string | undefined;
  readonly paging?: FormatName | undefined;
  readonly frames?: string | undefined;
  readonly tlbEntries?: string | undefined;
  readonly tlbWays?: string | undefined;
  readonly seed?: string | undefined;
}

/** Only what was asked for: the rest is the machine's to choose. */
function traceConfig(args: TraceArgs): Partial<MachineConfig> {
  const policies = Object.keys(POLICIES).filter((name) => name !== 'opt');
  if (args.replacement !== undefined && !Object.hasOwn(POLICIES, args.replacement)) {
    throw new InputError({
      code: 'MEM-CLI-007',
      message: `--replacement: no policy is called \`${args.replacement}\``,
      hint: suggest(args.replacement, policies, 'policies'),
    });
  }
  return {
    ...(args.memory === undefined ? {} : { memory: sizeInBytes('--memory', args.memory) }),
    ...(args.swap === undefined ? {} : { swap: sizeInBytes('--swap', args.swap) }),
    ...(args.replacement === undefined ? {} : { replacement: args.replacement }),
    ...(args.paging === undefined ? {} : { paging: args.paging }),
    ...(args.frames === undefined ? {} : { residentPages: wholeNumber('--frames', args.frames, 1) }),
    ...(args.seed === undefined ? {} : { seed: wholeNumber('--seed', args.seed) }),
    ...tlbConfig(args),
  };
}

function tlbConfig({ tlbEntries, tlbWays }: TraceArgs): Partial<MachineConfig> {
  if (tlbEntries === undefined) {
    if (tlbWays === undefined) return {};
    throw new InputError({ code: 'MEM-CLI-008', message: '--tlb-ways needs --tlb-entries', hint: '--tlb-entries 64' });
  }
  const entries = wholeNumber('--tlb-entries', tlbEntries);
  if (entries === 0) return { tlb: null };
  return { tlb: { entries, ways: tlbWays === undefined ? entries : wholeNumber('--tlb-ways', tlbWays, 1) } };
}

/** Null when interrupted. */
async function runTraceFile(
  file: string,
  run: TraceRun,
  context: CommandContext,
): Promise<{ readonly report: TraceReport; readonly machine: MachineConfig } | null> {
  if (!(await pushTrace(file, run, context))) return null;
  try {
    return { report: run.end(), machine: run.machine.config };
  } catch (thrown) {
    throw inFile(thrown, file);
  }
}
