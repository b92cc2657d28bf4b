/** `mmulator record`: run a scenario and write what a viewer needs to step through it both ways. */

import { stringifyRecord } from '../../machine/record.ts';
import { InputErrors } from '../../mmu/input-error.ts';
import { type RecordedRun, recordScenario } from '../../scenario/record-run.ts';
import type { Scenario } from '../../scenario/scenario.ts';
import { ALLOCATORS_OPTION, loadAllocators } from '../allocators.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { refuse } from '../failure.ts';
import { loadFile } from '../load-file.ts';
import { wholeNumber } from '../numbers.ts';
import { writeOutput } from '../read-input.ts';
import { STDIN } from '../scenario-files.ts';

export const recordCommand = defineCommand({
  usage: 'record <file>',
  summary: 'Run a scenario and write its record: the first view, then events and patches, both ways',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'A scenario' },
  },
  options: {
    output: { alias: 'o', type: 'string', describe: 'Where to write it; default, and -: standard output' },
    last: { type: 'string', describe: 'Keep only so many steps, the last ones' },
    seed: { type: 'string', describe: 'Seed of everything random, instead of the file’s own' },
    'max-steps': { type: 'string', describe: 'Stop after so many steps (exit status 124)' },
    ...ALLOCATORS_OPTION,
  },
  examples: [
    ['record fork.yaml -o fork.record.json', 'for `RecordPlayer` of the library'],
    ['record loop.yaml --last 100', 'the end of a long run'],
  ],
  async run(args, context) {
    const { io } = context;
    const stepsMax = args.last === undefined ? undefined : wholeNumber('--last', args.last, 1);
    const seed = args.seed === undefined ? undefined : wholeNumber('--seed', args.seed);
    const maxSteps = args['max-steps'] === undefined ? undefined : wholeNumber('--max-steps', args['max-steps'], 1);
    const allocators = await loadAllocators(io, args.allocators);
    const { scenario, errors, text } = await loadFile(args.file, io);
    const recorded = scenario === null ? null : recordOrErrors(scenario, { stepsMax, seed, maxSteps, allocators });
    if (recorded === null || recorded instanceof InputErrors) {
      refuse(recorded === null ? errors : recorded.errors, text, context);
      return EXIT.badInput;
    }
    const document = `${stringifyRecord(recorded.record)}\n`;
    if (args.output === undefined || args.output === STDIN) io.stdout.write(document);
    else writeOutput(io, args.output, document);
    const { status } = recorded.result;
    return status === 'step-limit' ? EXIT.stepLimit : status === 'held' ? EXIT.held : EXIT.failed;
  },
});

function recordOrErrors(scenario: Scenario, options: Parameters<typeof recordScenario>[1]): RecordedRun | InputErrors {
  try {
    return recordScenario(scenario, options);
  } catch (error) {
    if (error instanceof InputErrors) return error;
    throw error;
  }
}
