/** `mmulator trace record`: the memory references of a program, recorded by Valgrind's Lackey while it runs. */
import { InputError } from '../../mmu/input-error.ts';
import { Conversion } from '../../trace/convert.ts';
import { formatNamed, TRACE_FORMATS } from '../../trace/formats/registry.ts';
import { TraceReader } from '../../trace/reader.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliIo, ProgramEnd } from '../io.ts';
import { sizeInBytes } from '../numbers.ts';
import { openTraceOutput } from '../trace-output.ts';
import { tellWritten } from '../trace-written.ts';

const WRITABLE = TRACE_FORMATS.filter(({ writer }) => writer !== null).map(({ name }) => name);
const VALGRIND = 'valgrind';
/** Its log goes where runProgram listens, and nothing of it between the program's own output. */
const VALGRIND_OPTIONS = ['--tool=lackey', '--trace-mem=yes', '--log-fd=3'];
/** What Valgrind exits with when it cannot run the program. */
const NOT_FOUND = 127;
const LF = 10;

export const traceRecordCommand = defineCommand({
  group: { name: 'trace', summary: 'Recorded memory traces' },
  usage: 'record',
  summary: 'Record the memory references of a program (needs Valgrind)',
  positionals: {},
  options: {
    output: {
      alias: 'o',
      type: 'string',
      describe: 'Where to write it; default: PROGRAM.lackey.gz, - for standard output',
    },
    to: { choices: WRITABLE, default: 'lackey', describe: 'The format to write' },
    'page-size': { type: 'string', default: '4KiB', describe: 'For formats of pages' },
    valgrind: { type: 'string', default: VALGRIND, describe: 'The Valgrind to use' },
  },
  examples: [
    ['trace record -- ls -l', 'writes ls.lackey.gz'],
    ['trace record --to pgt -o sort.pgt.gz -- sort words.txt', 'pages only: a tenth of the size'],
  ],
  epilogue:
    'The program runs some hundred times slower than it would. Its own exit status does not matter; that of this command\nis 0 when there is a recording. Ctrl-C ends it: what was recorded up to there is kept.',
  async run(args, context) {
    const { io, behind: command } = context;
    const target = formatNamed(args.to);
    const pageBytes = sizeInBytes('--page-size', args['page-size']);
    const [program] = command;
    if (program === undefined) {
      throw new InputError({
        code: 'MEM-CLI-008',
        message: 'the program to record is missing',
        hint: 'it stands behind two dashes: mmulator trace record -- ls -l',
      });
    }
    const path = args.output ?? `${program.slice(program.lastIndexOf('/') + 1)}.${target.name}.gz`;
    const output = openTraceOutput(io, path, target);
    let conversion: Conversion | null = null;
    let done = false;
    try {
      const reader = new TraceReader(
        (format, unit) => {
          conversion = new Conversion(format, unit, target, pageBytes, output, io.createScratch);
          return conversion;
        },
        { format: 'lackey' },
      );
      const lines = new WholeLines(reader);
      const end = await run(io, args.valgrind, command, (bytes) => lines.push(bytes));
      // Ctrl-C is how the recording of a server ends: what it did up to there is what there is to know.
      const isInterrupted = io.interrupted();
      if (isInterrupted && reader.references === 0) return EXIT.interrupted;
      if (!isInterrupted) lines.end();
      try {
        reader.end();
      } catch (thrown) {
        throw nothingRecorded(thrown, program, end);
      }
      output.finish(finished(conversion));
      done = true;
      const of = ` of ${program}${isInterrupted ? ', up to the interruption' : ''}`;
      tellWritten(output, { conversion, of }, context);
      return EXIT.held;
    } finally {
      if (!done) output.discard();
    }
  },
});

/** Lines that have come to their end; of a program that was stopped the last one may be half a line, and look whole. */
class WholeLines {
  private readonly reader: TraceReader;
  private tail: Uint8Array;

  constructor(reader: TraceReader) {
    this.reader = reader;
    this.tail = new Uint8Array(0);
  }

  push(bytes: Uint8Array): void {
    const end = bytes.lastIndexOf(LF) + 1;
    if (end > 0) {
      this.end();
      this.reader.push(bytes.subarray(0, end));
    }
    this.tail = Buffer.concat([this.tail, bytes.subarray(end)]);
  }

  /** What is there of the last line is all of it. */
  end(): void {
    this.reader.push(this.tail);
    this.tail = new Uint8Array(0);
  }
}

const finished = (conversion: Conversion | null): Uint8Array => conversion?.end() ?? new Uint8Array(0);

async function run(
  io: CliIo,
  valgrind: string,
  command: readonly string[],
  heard: (bytes: Uint8Array) => void,
): Promise<ProgramEnd> {
  try {
    return await io.runProgram(valgrind, [...VALGRIND_OPTIONS, '--', ...command], heard);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error) || error instanceof InputError) throw error;
    if (error.code !== 'ENOENT' && error.code !== 'EACCES') throw error;
    throw new InputError({
      code: 'MEM-TRC-037',
      message: `cannot run \`${valgrind}\`: ${error.code === 'ENOENT' ? 'it is not installed' : 'permission denied'}`,
      hint: 'install it (`apt install valgrind`), or record on another machine and bring the file',
    });
  }
}

/** A recording without a reference is one of a program that did not run; one that breaks off is what it is. */
function nothingRecorded(thrown: unknown, program: string, { status, signal }: ProgramEnd): unknown {
  if (!(thrown instanceof InputError) || thrown.code !== 'MEM-TRC-001') return thrown;
  const why = status === NOT_FOUND ? 'is there such a program?' : signal === null ? `exit status ${status}` : signal;
  return new InputError({
    code: 'MEM-TRC-039',
    message: `\`${program}\` did not run under Valgrind: ${why}`,
    hint: 'Valgrind runs programs of its own architecture; scripts through their interpreter',
  });
}
