/** What became of a trace that was written to a file: a line on standard error or, with --json, a document. */
import { toJson } from '../report/json.ts';
import { counted } from '../report/quantities.ts';
import type { Conversion } from '../trace/convert.ts';
import type { CommandContext } from './command.ts';
import type { TraceOutput } from './trace-output.ts';

interface Written {
  /** Null where nothing came to it. */
  readonly conversion: Conversion | null;
  /** Whose references they are, to be said behind their number: ` of ls`. */
  readonly of?: string;
}

/**
 * Told once the file is complete. Of a trace that goes to standard output only a recording is told, on standard error, where
 * the recorded program's words go; what the format has no place for is said there wherever it went.
 */
export function tellWritten(output: TraceOutput, { conversion, of = '' }: Written, context: CommandContext): void {
  const { io, json } = context;
  const { format } = output;
  const references = conversion?.written ?? 0;
  const losesKinds = conversion?.losesKinds ?? false;
  if (losesKinds) {
    io.stderr.write(
      `${output.name}: \`${format}\` does not say which references are stores or fetches: that is lost\n`,
    );
  }
  if (json && output.isFile) {
    const lost = losesKinds ? ['kinds'] : [];
    io.stdout.write(`${toJson({ file: output.name, format, references, lost })}\n`);
  } else if (output.isFile || of !== '') io.stderr.write(`${output.name}: ${counted(references, 'reference')}${of}\n`);
}
