/**
 * Where results go, for `sweep` and `merge` alike:
 *
 *     (nothing)        a table on standard output        --json, --csv   that instead
 *     -o all.json      this file, and no table           (.csv, .html: what the name says; all else is JSON)
 *     -o results/      results.json, results.csv and results.html in it; of a shard part-2-of-8.json
 *     --html page.html the page, besides all this
 *
 * All of it is known, and tried, before the first cell is measured.
 */
import { posix } from 'node:path';
import type { Options } from 'yargs';
import { InputError } from '../../mmu/input-error.ts';
import { sweepLines } from '../../report/sweep-report.ts';
import type { SweepResults } from '../../sweep/results.ts';
import { resultsJson } from '../../sweep/results.ts';
import { resultsCsv } from '../../sweep/results-csv.ts';
import type { Shard } from '../../sweep/shard.ts';
import type { CommandContext } from '../command.ts';
import type { CliIo, OutputFile } from '../io.ts';
import { writeProblem } from '../read-input.ts';
import { STDIN } from '../scenario-files.ts';

export const RESULT_OPTIONS = {
  output: {
    alias: 'o',
    type: 'string',
    describe: 'Write results to this file (.json, .csv, .html), or all three into this folder/',
  },
  csv: { type: 'boolean', default: false, describe: 'Print CSV, for spreadsheets' },
  html: { type: 'string', describe: 'Also write a page to this file: table and plots, without network' },
} as const satisfies Record<string, Options>;

type Format = 'json' | 'csv' | 'html';

export interface ResultPlaces {
  readonly stdout: 'table' | 'json' | 'csv' | null;
  readonly files: readonly { readonly path: string; readonly format: Format }[];
  /** Beside the output; null: there is none, so nothing is kept. */
  readonly journal: string | null;
}

interface ResultArgs {
  readonly output?: string | undefined;
  readonly csv: boolean;
  readonly json: boolean;
  readonly html?: string | undefined;
}

const EXTENSION = /\.(json|csv|html)$/i;

/**
 * @param shard null: the whole
 * @throws InputError for options that do not go together, MEM-CLI-013 for what cannot be written
 */
export function resultPlaces(args: ResultArgs, shard: Shard | null, io: CliIo): ResultPlaces {
  if (args.csv && args.json) {
    throw new InputError({
      code: 'MEM-CLI-007',
      message: '--csv: not together with --json',
      hint: 'leave one of the two',
    });
  }
  const output = args.output === STDIN ? undefined : args.output;
  const stdout = args.json ? 'json' : args.csv ? 'csv' : output === undefined ? 'table' : null;
  const { files, journal } = output === undefined ? NO_OUTPUT : outputPlaces(output, shard, io);
  const { html } = args;
  if (html === undefined || files.some(({ path, format }) => path === html && format === 'html')) {
    return { stdout, files, journal };
  }
  checkPlace(html, io);
  if (files.some(({ path }) => path === html)) {
    throw new InputError({ code: 'MEM-CLI-007', message: `--html: ${html} is the --output already` });
  }
  return { stdout, files: [...files, { path: html, format: 'html' }], journal };
}

const NO_OUTPUT = { files: [], journal: null } as const;

function outputPlaces(output: string, shard: Shard | null, io: CliIo): Omit<ResultPlaces, 'stdout'> {
  if (output.endsWith('/') || io.kindOf(output) === 'folder') {
    const folder = output.replace(/(?<=.)\/+$/, '');
    attempt(folder, () => io.makeFolder(folder));
    const stem = shard === null ? 'results' : partName(shard);
    const formats: readonly Format[] = shard === null ? ['json', 'csv', 'html'] : ['json'];
    const files = formats.map((format) => ({ path: posix.join(folder, `${stem}.${format}`), format }));
    return { files, journal: posix.join(folder, `${stem}.journal`) };
  }
  checkPlace(output, io);
  const format = (EXTENSION.exec(output)?.[1]?.toLowerCase() ?? 'json') as Format;
  if (shard !== null && format !== 'json') {
    throw new InputError({
      code: 'MEM-CLI-007',
      message: `--output: ${output} would be no part that can be merged`,
      hint: 'parts are JSON: `-o part.json`, or a folder; `mmulator merge` then writes what you like',
    });
  }
  // A pipe or a device has no beside.
  return { files: [{ path: output, format }], journal: io.kindOf(output) === 'other' ? null : `${output}.journal` };
}

/** With as many digits as the last part has: then they lie in order. */
const partName = ({ number, of }: Shard): string => `part-${String(number).padStart(String(of).length, '0')}-of-${of}`;

/** Rather than after hours of work. */
function checkPlace(path: string, io: CliIo): void {
  const wrong = (reason: string): InputError =>
    new InputError({ code: 'MEM-CLI-013', message: `cannot write: ${reason}`, file: path });
  if (io.kindOf(posix.dirname(path)) !== 'folder') throw wrong('its folder does not exist');
  if (io.kindOf(path) === 'folder') throw wrong('is a folder, not a file');
}

/**
 * Everything that was asked for. Files are put in their places only when all of them are whole beside them; if one cannot
 * be put there even so, those before it are, and are named.
 * @throws InputError MEM-CLI-013
 */
export async function writeResults(
  results: SweepResults,
  { stdout, files }: ResultPlaces,
  context: CommandContext & { readonly verbose: boolean },
): Promise<void> {
  const { io, style } = context;
  const texts = await Promise.all(files.map(({ format }) => textOf(results, format)));
  const open: OpenFile[] = [];
  try {
    for (const [at, { path }] of files.entries()) {
      attempt(path, () => {
        const file = io.createFile(path);
        open.push({ path, file });
        file.write(new TextEncoder().encode(texts[at]));
      });
    }
  } catch (thrown) {
    for (const { file } of open) file.discard();
    throw thrown;
  }
  putInPlace(open);
  if (stdout === 'json') io.stdout.write(resultsJson(results));
  if (stdout === 'csv') io.stdout.write(resultsCsv(results));
  if (stdout === 'table') io.stdout.write(`${sweepLines(results, style, context).join('\n')}\n`);
}

interface OpenFile {
  readonly path: string;
  readonly file: OutputFile;
}

function putInPlace(open: readonly OpenFile[]): void {
  for (const [at, { path, file }] of open.entries()) {
    try {
      file.finish(new Uint8Array(0));
    } catch (error) {
      for (const other of open.slice(at)) other.file.discard();
      const problem = writeProblem(error, path);
      if (at === 0) throw problem;
      const written = open.slice(0, at).map((one) => one.path);
      const hint = `${written.join(', ')} ${written.length === 1 ? 'is' : 'are'} written, and nothing else`;
      throw new InputError({ code: problem.code, message: problem.message, hint, file: path });
    }
  }
}

async function textOf(results: SweepResults, format: Format): Promise<string> {
  if (format === 'json') return resultsJson(results);
  if (format === 'csv') return resultsCsv(results);
  // The page brings d3 along: only who wants one waits for it.
  const { sweepPage } = await import('../../report/sweep-page.ts');
  return sweepPage(results);
}

function attempt(path: string, step: () => void): void {
  try {
    step();
  } catch (error) {
    throw writeProblem(error, path);
  }
}
