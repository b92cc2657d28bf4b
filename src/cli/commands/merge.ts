/** `mmulator merge`: parts of a sweep become the whole, the same bytes as of a sweep that was never divided. */
import { InputError, InputErrors } from '../../mmu/input-error.ts';
import { counted } from '../../report/quantities.ts';
import type { Cell } from '../../sweep/cell.ts';
import { cellText } from '../../sweep/cell-text.ts';
import { mergeResults, missingCells } from '../../sweep/merge.ts';
import type { SweepResults } from '../../sweep/results.ts';
import { parseResults } from '../../sweep/results-file.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { inputErrorsIn } from '../failure.ts';
import type { CliIo } from '../io.ts';
import { fileBytes } from '../read-input.ts';
import { findFiles } from '../scenario-files.ts';
import { digestOf } from '../sweep/inputs.ts';
import { RESULT_OPTIONS, resultPlaces, writeResults } from '../sweep/outputs.ts';
import { tellFailed } from '../sweep/tell-failed.ts';

/** More are counted only. */
const MISSING_TOLD_MAX = 10;

export const mergeCommand = defineCommand({
  usage: 'merge <parts..>',
  summary: 'Join the parts that `sweep --shard` wrote',
  positionals: {
    parts: { type: 'string', array: true, demandOption: true, describe: 'Files, folders, patterns in quotes' },
  },
  options: {
    ...RESULT_OPTIONS,
    partial: { type: 'boolean', default: false, describe: 'Write what there is, though cells are missing' },
    quiet: { alias: 'q', type: 'boolean', default: false, describe: 'Say only what is wrong' },
  },
  examples: [
    ["merge 'results/part-*.json' -o results/", 'JSON, CSV and a page of all'],
    ['merge part-1.json part-2.json --csv', ''],
  ],
  epilogue:
    'Parts of another sweep, of other inputs or that contradict each other are refused. Exit status 1: cells are missing\n(nothing is written then, unless with --partial), or one could not be measured.',
  async run(args, context) {
    const { io } = context;
    const parts = readParts(args.parts, io);
    const results = mergeResults(parts, digestOf);
    const missing = missingCells(results, digestOf);
    const places = resultPlaces(args, null, io);
    tellMissing(missing, results, args.partial, context);
    if (missing.length > 0 && !args.partial) return EXIT.failed;
    await writeResults(results, places, { ...context, verbose: args.verbose });
    if (!args.quiet) for (const { path } of places.files) io.stderr.write(`${path} is written\n`);
    return tellFailed(results, context) || missing.length > 0 ? EXIT.failed : EXIT.held;
  },
});

interface Part {
  readonly file: string;
  readonly results: SweepResults;
}

/** @throws InputErrors all that is wrong with any of them */
function readParts(wanted: readonly string[], io: CliIo): Part[] {
  const found = findFiles(io, wanted, PARTS);
  const errors: InputError[] = [...found.errors];
  const parts = found.files.flatMap((file): Part[] => {
    try {
      return [{ file, results: parseResults(new TextDecoder().decode(fileBytes(io, file)), file) }];
    } catch (thrown) {
      const wrong = inputErrorsIn(thrown);
      if (wrong === null) throw thrown;
      errors.push(...wrong);
      return [];
    }
  });
  if (errors.length > 0) throw new InputErrors(errors);
  return parts;
}

const PARTS = {
  extension: /\.json$/i,
  nothing: (folder: string): InputError =>
    new InputError({
      code: 'MEM-SWP-052',
      message: 'no part in this folder',
      hint: 'parts end in .json: `mmulator sweep FILE --shard 1/4 -o part-1.json` writes one',
      file: folder,
    }),
};

function tellMissing(missing: readonly Cell[], results: SweepResults, partial: boolean, { io }: CommandContext): void {
  if (missing.length === 0) return;
  const lines = missing.slice(0, MISSING_TOLD_MAX).map((cell) => `  ${cell.index}  ${cellText(cell)}`);
  const more = missing.length - lines.length;
  if (more > 0) lines.push(`  … and ${counted(more, 'other')}`);
  const nothing = partial ? '' : '; nothing is written (--partial does it nevertheless)';
  io.stderr.write(`missing ${counted(missing.length, 'cell')} of ${results.cells}${nothing}:\n${lines.join('\n')}\n`);
}
