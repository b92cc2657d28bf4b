/** `mmulator trace convert`: a trace in another format. */
import { Conversion } from '../../trace/convert.ts';
import { formatNamed, TRACE_FORMATS } from '../../trace/formats/registry.ts';
import { TraceReader } from '../../trace/reader.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { sizeInBytes } from '../numbers.ts';
import { inFile, pushTrace, readerOptions, TRACE_INPUT_OPTIONS } from '../trace-input.ts';
import { openTraceOutput } from '../trace-output.ts';
import { tellWritten } from '../trace-written.ts';

const WRITABLE = TRACE_FORMATS.filter(({ writer }) => writer !== null).map(({ name }) => name);

export const traceConvertCommand = defineCommand({
  group: { name: 'trace', summary: 'Recorded memory traces' },
  usage: 'convert <file>',
  summary: 'Write a trace in another format',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'The trace; - for standard input' },
  },
  options: {
    to: { choices: WRITABLE, demandOption: true, describe: 'The format to write' },
    output: {
      alias: 'o',
      type: 'string',
      describe: 'Where to write it, packed if it ends in .gz; default: standard output',
    },
    'page-size': { type: 'string', default: '4KiB', describe: 'Between addresses and pages' },
    ...TRACE_INPUT_OPTIONS,
  },
  examples: [
    ['trace convert ls.lackey.gz --to pgt -o ls.pgt.gz', 'one to two bytes a reference'],
    ['trace convert w10.oracleGeneral.zst --to csv-pages', 'to look at it'],
    ['trace convert - --to din < ls.lackey', 'from another program'],
  ],
  epilogue: 'What the formats hold, and what is lost between them: docs/traces.md',
  async run(args, context) {
    const target = formatNamed(args.to);
    const pageBytes = sizeInBytes('--page-size', args['page-size']);
    const options = readerOptions(args);
    const output = openTraceOutput(context.io, args.output, target);
    let conversion: Conversion | null = null;
    let done = false;
    try {
      const reader = new TraceReader((format, unit) => {
        conversion = new Conversion(format, unit, target, pageBytes, output, context.io.createScratch);
        return conversion;
      }, options);
      const { progress } = args;
      if (!(await pushTrace(args.file, reader, context, { progress, isEnough: () => output.isUnread }))) {
        return output.isUnread ? EXIT.held : EXIT.interrupted;
      }
      reader.end();
      output.finish(ended(conversion));
      done = true;
      tellWritten(output, { conversion }, context);
      return EXIT.held;
    } catch (thrown) {
      throw inFile(thrown, args.file);
    } finally {
      if (!done) output.discard();
    }
  },
});

/** A reader that has come to its end has opened its sink. */
const ended = (conversion: Conversion | null): Uint8Array => conversion?.end() ?? new Uint8Array(0);
