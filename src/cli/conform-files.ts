/** Checking this machine against files of recordings, whatever of: one after another, each told as it is done. */
import type { Conformance, FileConformance } from '../conform/outcome.ts';
import type { InputError } from '../mmu/input-error.ts';
import { conformanceDocument, conformanceLines, conformanceSummary } from '../report/conformance.ts';
import { toJson } from '../report/json.ts';
import type { CommandContext } from './command.ts';
import { EXIT, type ExitCode, worst } from './exit-codes.ts';
import { inputErrorsIn, showErrors } from './failure.ts';
import { Progress } from './progress.ts';
import { type FolderRule, findFiles } from './scenario-files.ts';

/** Ops between two looks for Ctrl-C. */
const SLICE_OPS = 10_000;

/** Ready to be checked, or skipped already; null for a file that came with its folder and is no recording. */
export type OpenedRecording = Conformance | FileConformance | null;

export interface RecordingSource {
  readonly folders: FolderRule;
  /**
   * `meant`: the person named this very file, so it had better be a recording; else it came with its folder.
   * @throws InputError or InputErrors what is wrong with the file
   */
  readonly open: (file: string, meant: boolean) => Promise<OpenedRecording>;
  /** What to say of what was named when no file held anything that is meant; default: that of an empty folder. */
  readonly nothing?: (path: string) => InputError;
  /** When all is read: what was asked for and not found, although something was. */
  readonly missed?: () => readonly InputError[];
  readonly quiet: boolean;
}

export async function conformFiles(
  wanted: readonly string[],
  source: RecordingSource,
  context: CommandContext,
): Promise<ExitCode> {
  const { io } = context;
  const found = findFiles(io, wanted, source.folders);
  const meant = new Set(wanted);
  const results: FileConformance[] = [];
  const errors: InputError[] = [...found.errors];
  const progress = new Progress(context, found.files.length);
  const out = new Report(context, source.quiet);
  for (const [index, file] of found.files.entries()) {
    if (io.interrupted()) break;
    progress.at(index, file);
    const ended = await conform(file, meant.has(file), source, context);
    progress.clear();
    if (ended === null) continue;
    if ('errors' in ended) errors.push(...ended.errors);
    else {
      results.push(ended);
      out.tell(ended);
    }
  }
  if (io.interrupted()) return EXIT.interrupted;
  if (results.length === 0 && errors.length === 0) errors.push(...wanted.map(source.nothing ?? source.folders.nothing));
  else if (errors.length === 0) errors.push(...(source.missed?.() ?? []));
  out.end(results, errors);
  return exitCode(results, errors);
}

/** Null for a file that is no recording, or when interrupted. */
async function conform(
  file: string,
  meant: boolean,
  source: RecordingSource,
  { io }: CommandContext,
): Promise<FileConformance | { readonly errors: readonly InputError[] } | null> {
  try {
    const opened = await source.open(file, meant);
    if (opened === null || 'outcome' in opened) return opened;
    while (!opened.step(SLICE_OPS)) {
      await io.pause();
      if (io.interrupted()) return null;
    }
    await io.pause();
    return opened.result();
  } catch (thrown) {
    const errors = inputErrorsIn(thrown);
    if (errors === null) throw thrown;
    return { errors };
  }
}

function exitCode(results: readonly FileConformance[], errors: readonly InputError[]): ExitCode {
  return worst([
    ...(errors.length > 0 ? [EXIT.badInput] : []),
    ...(results.some(({ outcome }) => outcome === 'failed') ? [EXIT.failed] : []),
  ]);
}

/** Results as they come, or one document at the end. */
class Report {
  private readonly context: CommandContext;
  private readonly quiet: boolean;

  constructor(context: CommandContext, quiet: boolean) {
    this.context = context;
    this.quiet = quiet;
  }

  tell(result: FileConformance): void {
    const { io, json, style } = this.context;
    if (json || (this.quiet && result.failed + result.skipped === 0)) return;
    io.stdout.write(`${conformanceLines(result, style).join('\n')}\n`);
  }

  end(results: readonly FileConformance[], errors: readonly InputError[]): void {
    const { io, json, style, version } = this.context;
    if (json) io.stdout.write(`${toJson(conformanceDocument(results, errors, version))}\n`);
    else if (results.length > 0) io.stdout.write(`${conformanceSummary(results, style)}\n`);
    if (errors.length > 0) showErrors(errors, null, this.context);
  }
}
