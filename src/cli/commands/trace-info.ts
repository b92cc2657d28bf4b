/** `mmulator trace info`: what a trace is like, before anything is simulated. */

import { InputError } from '../../mmu/input-error.ts';
import { toJson } from '../../report/json.ts';
import { type TraceRead, traceInfoData, traceInfoLines } from '../../report/trace-info.ts';
import { FactGatherer, type TraceFacts } from '../../trace/facts.ts';
import { TraceReader } from '../../trace/reader.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import { sizeInBytes, wholeNumber } from '../numbers.ts';
import { inFile, nameOf, pushTrace, readerOptions, TRACE_INPUT_OPTIONS } from '../trace-input.ts';

const WINDOW_MAX = 2 ** 28;

export const traceInfoCommand = defineCommand({
  group: { name: 'trace', summary: 'Recorded memory traces' },
  usage: 'info <file>',
  summary: 'Tell what a trace is like: footprint, working set over time, how soon pages are used again',
  positionals: {
    file: { type: 'string', demandOption: true, describe: 'The trace; - for standard input' },
  },
  options: {
    'page-size': { type: 'string', default: '4KiB', describe: 'Pages that addresses are counted in' },
    window: { type: 'string', default: '10000', describe: 'Page references that the working set looks back' },
    ...TRACE_INPUT_OPTIONS,
  },
  examples: [
    ['trace info ls.lackey.gz', ''],
    ['trace info ls.lackey.gz --page-size 2MiB --window 1000 --json', ''],
  ],
  async run(args, context) {
    const pageBytes = sizeInBytes('--page-size', args['page-size']);
    const window = wholeNumber('--window', args.window, 1);
    if (window > WINDOW_MAX) throw new InputError({ code: 'MEM-CLI-007', message: `--window: at most ${WINDOW_MAX}` });
    const opened: { gatherer: FactGatherer; read: TraceRead }[] = [];
    const reader = new TraceReader((format, unit) => {
      const gatherer = new FactGatherer({ pageBytes, unit, window });
      opened.push({ gatherer, read: { file: nameOf(args.file), format, unit } });
      return gatherer;
    }, readerOptions(args));
    if (!(await pushTrace(args.file, reader, context, args))) return EXIT.interrupted;
    try {
      reader.end();
    } catch (thrown) {
      throw inFile(thrown, args.file);
    }
    // A reader that has come to its end has opened its sink.
    const [{ gatherer, read }] = opened as [(typeof opened)[0]];
    tell(gatherer.end(), read, args.json, context);
    return EXIT.held;
  },
});

function tell(facts: TraceFacts, read: TraceRead, json: boolean, { io, style }: CommandContext): void {
  if (json) io.stdout.write(`${toJson(traceInfoData(facts, read))}\n`);
  else io.stdout.write(`${traceInfoLines(facts, read, style).join('\n')}\n`);
}
