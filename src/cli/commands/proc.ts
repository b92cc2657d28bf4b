/** `mmulator proc`: what /proc would show after some step, in Linux's own text. */
import type { Machine } from '../../machine/machine.ts';
import { PAGEMAP, PAGEMAP_SUMMARY, PROCESS_FILES, SYSTEM_FILES } from '../../machine/proc/files.ts';
import { describePagemapEntry } from '../../machine/proc/pagemap.ts';
import { InputError } from '../../mmu/input-error.ts';
import { columns } from '../../report/columns.ts';
import { toJson } from '../../report/json.ts';
import { ALLOCATORS_OPTION, loadAllocators } from '../allocators.ts';
import { defineCommand } from '../command.ts';
import { EXIT } from '../exit-codes.ts';
import type { CliIo } from '../io.ts';
import { wholeNumber } from '../numbers.ts';
import { type ProcFile, procFiles } from '../proc-files.ts';
import { runUntil } from '../run-until.ts';

/** Entries of pagemap written at once. */
const CHUNK_PAGES = 8192;

export const procCommand = defineCommand({
  usage: 'proc <scenario> <files..>',
  summary: 'Print files of /proc after a step, as Linux would: maps, smaps, status, meminfo, …',
  positionals: {
    scenario: { type: 'string', demandOption: true, describe: 'A scenario' },
    files: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'meminfo; dmesg; maps (of the only process, or of --process); 2/maps; child/maps; /proc/2/maps',
    },
  },
  options: {
    at: { type: 'string', describe: 'After this step, as `run` numbers them; 0: before the first; default: the last' },
    process: { alias: 'p', type: 'string', describe: 'Whose files, by name or pid' },
    raw: { type: 'boolean', default: false, describe: 'pagemap: 8 bytes for each page of each area, little-endian' },
    seed: { type: 'string', describe: 'Seed of everything random, instead of the file’s own' },
    ...ALLOCATORS_OPTION,
  },
  examples: [
    ['proc fork.yaml meminfo', 'at the end'],
    ['proc fork.yaml maps --at 6 --process child', 'areas of a process'],
    ['proc fork.yaml 1/smaps 2/smaps --at 6', 'several files, each under its name'],
    ['proc oom.yaml dmesg', 'what the kernel wrote to its log: whom the OOM killer chose, and why'],
  ],
  epilogue: [...Object.entries({ ...PROCESS_FILES, [PAGEMAP]: { summary: PAGEMAP_SUMMARY }, ...SYSTEM_FILES })]
    .map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`)
    .join('\n'),
  async run(args, context) {
    const { io } = context;
    const steps = args.at === undefined ? null : wholeNumber('--at', args.at);
    const seed = args.seed === undefined ? null : wholeNumber('--seed', args.seed);
    const run = await runUntil(
      args.scenario,
      { steps, seed, verbose: args.verbose, allocators: await loadAllocators(io, args.allocators) },
      context,
    );
    if (run.kind === 'not-run') return run.code;
    const { machine, position } = run;
    if (run.bare) {
      const hint = '/proc is made by a kernel: leave `kernel: none` out, or use `inspect`';
      throw new InputError({ code: 'MEM-CLI-017', message: 'bare hardware has no /proc', hint });
    }
    const files = procFiles(machine, args.files, args.process, position);
    if (args.raw) {
      writeRaw(machine, onlyPagemap(files, args.json), io);
      return EXIT.held;
    }
    const shown = files.map((file) => ({ file, lines: contents(machine, file) }));
    if (args.json) {
      const list = shown.map(({ file: { path, name }, lines }) =>
        name === PAGEMAP ? { path, pages: lines } : { path, text: lines },
      );
      io.stdout.write(`${toJson({ file: args.scenario, step: position, files: list })}\n`);
      return EXIT.held;
    }
    for (const [index, { file, lines }] of shown.entries()) {
      // As `head` and `tail` tell several files apart; one alone is the file, byte for byte.
      if (shown.length > 1) io.stdout.write(`${index === 0 ? '' : '\n'}==> ${file.path} <==\n`);
      io.stdout.write(typeof lines === 'string' ? lines : pagemapTable(lines));
      if (lines === '') io.stderr.write(`${file.path} is empty: ${whyEmpty(file)}\n`);
    }
    return EXIT.held;
  },
});

interface PagemapRow {
  readonly address: string;
  readonly value: string;
  readonly page: string;
}

function contents(machine: Machine, { path, name, process }: ProcFile): string | PagemapRow[] {
  if (name !== PAGEMAP || process === null) return machine.proc.read(path);
  return machine.proc.pagemapPages(process).map(({ address, value }) => ({
    address: address.toString(16).padStart(8, '0'),
    value: value.toString(16).padStart(16, '0'),
    page: describePagemapEntry(value),
  }));
}

function pagemapTable(rows: readonly PagemapRow[]): string {
  const lines = columns([['address', 'entry', 'page'], ...rows.map((row) => [row.address, row.value, row.page])]);
  return `${lines.join('\n')}\n`;
}

function onlyPagemap(files: readonly ProcFile[], json: boolean): ProcFile {
  const [file] = files;
  if (file?.name === PAGEMAP && files.length === 1 && !json) return file;
  const hint = 'mmulator proc fork.yaml pagemap --raw > pages.bin';
  throw new InputError({ code: 'MEM-CLI-007', message: '--raw is for one pagemap and nothing else', hint });
}

/** The entries of every page of every area, one area after the other: what reading the file there gives. */
function writeRaw(machine: Machine, { process }: ProcFile, io: CliIo): void {
  const { pageBytes } = machine.format;
  for (let area = process!.space?.areas.first ?? null; area !== null; area = area.next) {
    for (let at = area.start; at < area.end && !io.stdout.closed; at += CHUNK_PAGES * pageBytes) {
      const length = Math.min(CHUNK_PAGES * pageBytes, area.end - at);
      const bytes = new DataView(new ArrayBuffer((length / pageBytes) * 8));
      for (const [page, value] of machine.proc.pagemap(process!, at, length).entries()) {
        bytes.setBigUint64(page * 8, value, true);
      }
      io.stdout.write(new Uint8Array(bytes.buffer));
    }
  }
}

function whyEmpty({ process }: ProcFile): string {
  if (process === null) return 'the kernel has said nothing yet';
  return process.state === 'zombie'
    ? `${process.name} has ended and waits to be waited for; look at an earlier step with --at`
    : 'nothing is mapped';
}
