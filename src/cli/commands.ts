/** The commands, in the order the help lists them. A new one is a file in commands/ and a line here. */
import type { Command } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { completionCommand } from './commands/completion.ts';
import { conformCpythonCommand, conformLinuxCommand } from './commands/conform.ts';
import { conformMrcCommand, conformReplacementCommand, conformTlbCommand } from './commands/conform-replacement.ts';
import { explainCommand } from './commands/explain.ts';
import { initCommand } from './commands/init.ts';
import { inspectCommand } from './commands/inspect.ts';
import { listCommand } from './commands/list.ts';
import { mergeCommand } from './commands/merge.ts';
import { mrcCommand } from './commands/mrc.ts';
import { procCommand } from './commands/proc.ts';
import { recordCommand } from './commands/record.ts';
import { runCommand } from './commands/run.ts';
import { schemaCommand } from './commands/schema.ts';
import { sweepCommand } from './commands/sweep.ts';
import { traceConvertCommand } from './commands/trace-convert.ts';
import { traceGenerateCommand } from './commands/trace-generate.ts';
import { traceInfoCommand } from './commands/trace-info.ts';
import { traceRecordCommand } from './commands/trace-record.ts';
import { traceRunCommand } from './commands/trace-run.ts';
import { traceSimulateCommand } from './commands/trace-simulate.ts';

export const COMMANDS: readonly Command[] = [
  runCommand,
  checkCommand,
  explainCommand,
  inspectCommand,
  procCommand,
  recordCommand,
  initCommand,
  listCommand,
  traceSimulateCommand,
  traceRunCommand,
  traceInfoCommand,
  traceConvertCommand,
  traceRecordCommand,
  traceGenerateCommand,
  mrcCommand,
  sweepCommand,
  mergeCommand,
  conformCpythonCommand,
  conformLinuxCommand,
  conformReplacementCommand,
  conformTlbCommand,
  conformMrcCommand,
  schemaCommand,
  completionCommand,
];
