/** `mmulator check`: are these scenarios well written? Nothing is run. */

import type { InputError } from '../../mmu/input-error.ts';
import { errorDocument, toJson } from '../../report/json.ts';
import { counted } from '../../report/quantities.ts';
import { paint } from '../../report/style.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { showErrors } from '../failure.ts';
import { loadFile } from '../load-file.ts';
import { findScenarioFiles } from '../scenario-files.ts';

export const checkCommand = defineCommand({
  usage: 'check <files..>',
  summary: 'Check that scenarios are well written, without running them',
  positionals: {
    files: { type: 'string', array: true, demandOption: true, describe: 'Scenario files, folders, patterns in quotes' },
  },
  options: {
    quiet: { alias: 'q', type: 'boolean', default: false, describe: 'Say only what is wrong' },
  },
  examples: [
    ['check scenarios', 'every scenario below a folder'],
    ['check fork.yaml --json', 'mistakes with their places, for an editor'],
  ],
  async run(args, context) {
    const { io } = context;
    const found = findScenarioFiles(io, args.files);
    const checked: CheckedFile[] = found.errors.map((error) => ({
      file: error.file ?? '',
      errors: [error],
      steps: 0,
      text: null,
    }));
    for (const file of found.files) {
      const loaded = await loadFile(file, io);
      checked.push({ file, errors: loaded.errors, steps: loaded.scenario?.totalSteps ?? 0, text: loaded.text });
    }
    if (args.json) {
      const files = checked.map(({ file, errors, steps }) => ({
        file,
        valid: errors.length === 0,
        steps,
        errors: errors.map(errorDocument),
      }));
      io.stdout.write(`${toJson({ mmulator: context.version, version: 1, files })}\n`);
    } else {
      tell(checked, context, args.quiet);
    }
    return checked.some(({ errors }) => errors.length > 0) ? EXIT.badInput : EXIT.held;
  },
});

interface CheckedFile {
  readonly file: string;
  readonly errors: readonly InputError[];
  readonly steps: number;
  readonly text: string | null;
}

function tell(checked: readonly CheckedFile[], context: CommandContext, quiet: boolean): void {
  const { io, style } = context;
  for (const { file, errors, steps, text } of checked) {
    if (errors.length > 0) showErrors(errors, text, context);
    const mark = errors.length === 0 ? paint(style, 'green', '✓') : paint(style, 'red', '✗');
    const said = errors.length === 0 ? counted(steps, 'step') : counted(errors.length, 'mistake');
    if (!quiet || errors.length > 0) io.stdout.write(`${mark} ${file}  ${paint(style, 'dim', said)}\n`);
  }
}
