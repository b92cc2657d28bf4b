/** `mmulator inspect`: a picture of the machine after some step. */

import type { MachineView } from '../../machine/view.ts';
import { InputError } from '../../mmu/input-error.ts';
import { suggest } from '../../mmu/nearest.ts';
import { toJson } from '../../report/json.ts';
import { namesOf } from '../../report/names.ts';
import { VIEWS, viewText } from '../../report/views/registry.ts';
import { ALLOCATORS_OPTION, loadAllocators } from '../allocators.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { wholeNumber } from '../numbers.ts';
import { runUntil } from '../run-until.ts';

export const inspectCommand = defineCommand({
  usage: 'inspect <file> <view>',
  summary: 'Show the machine after a step: maps, pagetable, frames, tlb, swap, heap, processes',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'A scenario' },
    view: { type: 'string', demandOption: true, choices: VIEWS.map((view) => view.name), describe: 'What to show' },
  },
  options: {
    at: { type: 'string', describe: 'After this step, as `run` numbers them; 0: before the first; default: the last' },
    process: { alias: 'p', type: 'string', describe: 'Only this process, by name or pid' },
    seed: { type: 'string', describe: 'Seed of everything random, instead of the file’s own' },
    ...ALLOCATORS_OPTION,
  },
  examples: [
    ['inspect fork.yaml maps', 'address spaces at the end'],
    ['inspect fork.yaml pagetable --at 6 --process child', 'a page table as a tree'],
    ['inspect fork.yaml frames --at 6 --json', 'for a program'],
  ],
  epilogue: VIEWS.map((view) => `  ${view.name.padEnd(10)} ${view.description}`).join('\n'),
  async run(args, context) {
    const { io, style } = context;
    const steps = args.at === undefined ? null : wholeNumber('--at', args.at);
    const seed = args.seed === undefined ? null : wholeNumber('--seed', args.seed);
    const run = await runUntil(
      args.file,
      { steps, seed, verbose: args.verbose, allocators: await loadAllocators(io, args.allocators) },
      context,
    );
    if (run.kind === 'not-run') return run.code;
    const { machineView: machine, format, result } = run;
    const process = args.process === undefined ? null : pidOf(args.process, machine, run.position);
    const view = VIEWS.find(({ name }) => name === args.view)!;
    if (args.json) {
      const data = { file: args.file, step: run.position, view: view.name, [view.name]: view.data(machine, process) };
      io.stdout.write(`${toJson(data)}\n`);
    } else {
      const lines = viewText(view, machine, {
        style,
        format,
        process,
        names: namesOf(result),
        verbose: args.verbose,
        bare: run.bare,
      });
      io.stdout.write(lines.length === 0 ? '' : `${lines.join('\n')}\n`);
    }
    return EXIT.held;
  },
});

function pidOf(wanted: string, machine: MachineView, position: number): number {
  const processes = Object.values(machine.processes);
  const found = processes.find(({ name }) => name === wanted) ?? processes.find(({ pid }) => String(pid) === wanted);
  if (found !== undefined) return found.pid;
  throw new InputError({
    code: 'MEM-CLI-011',
    message: `after step ${position} there is no process \`${wanted}\``,
    hint: suggest(
      wanted,
      processes.map(({ name }) => name),
      'processes',
    ),
  });
}
