/** `mmulator trace run`: a recorded program on an emulated machine. */
import type { PolicyName } from '../../kernel/reclaim/policy.ts';
import { POLICIES, parsePolicyName } from '../../kernel/reclaim/registry.ts';
import type { MachineConfig } from '../../machine/config.ts';
import { InputError } from '../../mmu/input-error.ts';
import { FORMAT_NAMES, type FormatName } from '../../mmu/page-table/formats.ts';
import { TLB_POLICIES, type TlbPolicy } from '../../mmu/tlb/config.ts';
import { toJson } from '../../report/json.ts';
import { traceLines } from '../../report/trace-report.ts';
import { type TraceReport, TraceRun } from '../../trace/run.ts';
import { parseRunCosts, runTimes } from '../../trace/run-cost.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { sizeInBytes, wholeNumber } from '../numbers.ts';
import { optionsFor } from '../policy-options.ts';
import { inFile, nameOf, pushTrace, readerOptions, TRACE_INPUT_OPTIONS } from '../trace-input.ts';

export const traceRunCommand = defineCommand({
  group: { name: 'trace', summary: 'Recorded memory traces' },
  usage: 'run <file>',
  summary: 'Run a recorded memory trace of any format through the whole machine',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'The trace; - for standard input' },
  },
  options: {
    policy: {
      alias: ['p', 'replacement'],
      type: 'string',
      describe: 'Replacement policy: see `mmulator list policies`; default clock',
    },
    option: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Option of the policy, such as referenceOnLoad=false; again for more',
    },
    frames: { alias: 'f', type: 'string', describe: 'Most pages resident at once, instead of by memory alone' },
    memory: { type: 'string', describe: 'Physical memory, such as 256KiB; default 16MiB, with --frames 1GiB' },
    swap: { type: 'string', describe: 'Swap device, such as 1MiB; default 16GiB' },
    paging: { choices: FORMAT_NAMES, describe: 'Page-table format; default x86_64' },
    'tlb-entries': { type: 'string', describe: 'TLB entries; 0 for no TLB; default 64, in 4 ways' },
    'tlb-ways': { type: 'string', describe: 'TLB ways; as many as entries for a fully associative TLB' },
    'tlb-policy': { choices: TLB_POLICIES, describe: 'Who leaves a full set of the TLB; default lru' },
    'tlb-split': { type: 'boolean', describe: 'First levels for code and for data apart' },
    'tlb-l2-entries': { type: 'string', describe: 'Entries of a second level; default none' },
    'tlb-l2-ways': { type: 'string', describe: 'Its ways; default all of its entries' },
    cost: {
      type: 'string',
      array: true,
      nargs: 1,
      describe: 'Cost, such as memory=80ns, service=100us, minor=500ns; else as measured, or the defaults',
    },
    seed: { type: 'string', describe: 'Seed of everything random; default 0, as of all replays' },
    ...TRACE_INPUT_OPTIONS,
  },
  examples: [
    ['trace run ls.lackey.gz --memory 256KiB --policy clock', ''],
    ['trace run ls.lackey.gz --frames 32 --policy lru --json', ''],
    ['trace run ls.lackey.gz --tlb-entries 64 --tlb-ways 4 --tlb-l2-entries 1536 --tlb-l2-ways 12', ''],
  ],
  epilogue:
    'Record one with: mmulator trace record -- ls. Formats, costs, and why faults may differ from those of\n`trace simulate`: docs/traces.md',
  async run(args, context) {
    const config = traceConfig(args);
    const costs = parseRunCosts((args.cost ?? []).flatMap((text) => text.split(',')));
    const run = await runTraceFile(args.file, new TraceRun(config, readerOptions(args)), args, context);
    if (run === null) return EXIT.interrupted;
    const { report } = run;
    // With `tickEvery`, which is obeyed by who runs the machine.
    const machine = { ...run.machine, replacementOptions: config.replacementOptions ?? {} };
    const times = runTimes(report, costs);
    const file = nameOf(args.file);
    if (args.json) context.io.stdout.write(`${toJson({ file, machine, ...report, nanoseconds: times })}\n`);
    else context.io.stdout.write(`${traceLines(report, times, machine, file, context.style).join('\n')}\n`);
    return (report.killed === null ? EXIT.held : EXIT.failed) satisfies ExitCode;
  },
});

interface TraceArgs {
  readonly memory?: string | undefined;
  readonly swap?: string | undefined;
  readonly policy?: string | undefined;
  readonly option?: readonly string[] | undefined;
  readonly paging?: FormatName | undefined;
  readonly frames?: string | undefined;
  readonly seed?: string | undefined;
}

interface TlbArgs {
  readonly tlbEntries?: string | undefined;
  readonly tlbWays?: string | undefined;
  readonly tlbPolicy?: TlbPolicy | undefined;
  readonly tlbSplit?: boolean | undefined;
  readonly tlbL2Entries?: string | undefined;
  readonly tlbL2Ways?: string | undefined;
}

/** Only what was asked for: the rest is the machine's to choose. */
function traceConfig(args: TraceArgs & TlbArgs): Partial<MachineConfig> {
  const policy = machinePolicy(args.policy ?? 'clock');
  return {
    ...(args.memory === undefined ? {} : { memory: sizeInBytes('--memory', args.memory) }),
    ...(args.swap === undefined ? {} : { swap: sizeInBytes('--swap', args.swap) }),
    replacement: policy,
    replacementOptions: optionsFor([policy], args.option ?? []),
    ...(args.paging === undefined ? {} : { paging: args.paging }),
    ...(args.frames === undefined ? {} : { residentPages: wholeNumber('--frames', args.frames, 1) }),
    ...(args.seed === undefined ? {} : { seed: wholeNumber('--seed', args.seed) }),
    ...tlbConfig(args),
  };
}

/** @throws InputError for a name that is none, and for a policy that a machine cannot have */
function machinePolicy(text: string): PolicyName {
  if (text.includes(',') || text === 'all') {
    throw new InputError({
      code: 'MEM-CLI-007',
      message: `--policy: a machine has one replacement policy, not \`${text}\``,
      hint: 'many at once: mmulator trace simulate',
    });
  }
  const policy = parsePolicyName(text);
  if (!POLICIES[policy].needsFuture) return policy;
  throw new InputError({
    code: 'MEM-POL-002',
    message: `--policy: \`${policy}\` has to know what is to come, and a machine does not`,
    hint: 'mmulator trace simulate --policy opt',
  });
}

function tlbConfig(args: TlbArgs): Partial<MachineConfig> {
  const { tlbEntries = '64', tlbWays, tlbPolicy, tlbSplit, tlbL2Entries, tlbL2Ways } = args;
  if ([args.tlbEntries, tlbWays, tlbPolicy, tlbSplit, tlbL2Entries, tlbL2Ways].every(isMissing)) return {};
  if (tlbWays !== undefined && args.tlbEntries === undefined) {
    throw new InputError({ code: 'MEM-CLI-008', message: '--tlb-ways needs --tlb-entries', hint: '--tlb-entries 64' });
  }
  const entries = wholeNumber('--tlb-entries', tlbEntries);
  if (entries === 0) {
    const useless = [tlbWays, tlbPolicy, tlbSplit, tlbL2Entries, tlbL2Ways].some((value) => !isMissing(value));
    if (useless) throw new InputError({ code: 'MEM-CLI-008', message: '--tlb-entries 0: there is no TLB to describe' });
    return { tlb: null };
  }
  if (tlbL2Ways !== undefined && tlbL2Entries === undefined) {
    throw new InputError({
      code: 'MEM-CLI-008',
      message: '--tlb-l2-ways needs --tlb-l2-entries',
      hint: 'such as 1536',
    });
  }
  const ways =
    tlbWays === undefined ? (args.tlbEntries === undefined ? 4 : entries) : wholeNumber('--tlb-ways', tlbWays, 1);
  const tlb = {
    entries,
    ways,
    ...(tlbPolicy === undefined ? {} : { policy: tlbPolicy }),
    ...(tlbSplit === undefined ? {} : { split: tlbSplit }),
  };
  if (tlbL2Entries === undefined) return { tlb };
  const l2 = wholeNumber('--tlb-l2-entries', tlbL2Entries, 1);
  return {
    tlb: {
      ...tlb,
      l2: { entries: l2, ways: tlbL2Ways === undefined ? l2 : wholeNumber('--tlb-l2-ways', tlbL2Ways, 1) },
    },
  };
}

const isMissing = (value: unknown): boolean => value === undefined;

/** Null when interrupted. */
async function runTraceFile(
  file: string,
  run: TraceRun,
  options: { readonly progress?: boolean | undefined },
  context: CommandContext,
): Promise<{ readonly report: TraceReport; readonly machine: MachineConfig } | null> {
  if (!(await pushTrace(file, run, context, options))) return null;
  try {
    return { report: run.end(), machine: run.machine.config };
  } catch (thrown) {
    throw inFile(thrown, file);
  }
}
