/** `mmulator init`: a first scenario, commented, that runs. */
import { InputError } from '../../mmu/input-error.ts';
import { toJson } from '../../report/json.ts';
import { paint } from '../../report/style.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { writeOutput } from '../read-input.ts';
import { STARTER_SCENARIO } from '../starter.ts';

export const initCommand = defineCommand({
  usage: 'init [file]',
  summary: 'Write a commented scenario to start from',
  positionals: {
    file: { type: 'string', default: 'first.yaml', describe: 'Where to write it' },
  },
  options: {
    force: { type: 'boolean', default: false, describe: 'Overwrite the file if it is there' },
  },
  examples: [
    ['init', 'writes first.yaml'],
    ['init lessons/paging.yaml', 'writes it there'],
  ],
  run({ file, force, json }, { io, style }) {
    const kind = io.kindOf(file);
    if (kind === 'folder') {
      throw new InputError({
        code: 'MEM-CLI-013',
        message: 'is a folder',
        hint: `give a file: ${file}/first.yaml`,
        file,
      });
    }
    if (kind !== null && !force) {
      throw new InputError({
        code: 'MEM-CLI-012',
        message: 'the file is already there',
        hint: '--force overwrites it',
        file,
      });
    }
    writeOutput(io, file, STARTER_SCENARIO);
    if (json) io.stdout.write(`${toJson({ written: file })}\n`);
    else io.stdout.write(`${paint(style, 'green', '✓')} wrote ${file}\n  now: mmulator run ${file}\n`);
    return EXIT.held;
  },
});
