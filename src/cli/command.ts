/**
 * A command of the command line: its arguments as data (yargs' own option tables, so the types of what `run` receives
 * are inferred from them), its help, and what it does.
 */
import type { Argv, InferredOptionTypes, Options, PositionalOptions } from 'yargs';
import { InputError } from '../mmu/input-error.ts';
import { PLAIN, type Style } from '../report/style.ts';
import type { ExitCode } from './exit-codes.ts';
import type { CliIo } from './io.ts';

export interface CommandContext {
  readonly io: CliIo;
  readonly version: string;
  /** --json: whatever happens, standard output gets a document. */
  readonly json: boolean;
  /** For standard output. */
  readonly style: Style;
  /** For standard error. */
  readonly errorStyle: Style;
  /** What stands behind `--`: another program and its arguments. */
  readonly behind: readonly string[];
}

/** Options every command takes. */
export const COMMON_OPTIONS = {
  json: { type: 'boolean', describe: 'Print JSON, for programs', default: false },
  color: { type: 'boolean', describe: 'Colour the output (default: when it is a terminal and NO_COLOR is not set)' },
  verbose: { type: 'boolean', describe: 'Tell more', default: false },
} as const satisfies Record<string, Options>;

type Example = readonly [command: string, meaning: string];

/** `trace`: the first word of commands that have two. */
export interface CommandGroup {
  readonly name: string;
  readonly summary: string;
}

interface CommandDefinition<
  Positionals extends Record<string, PositionalOptions>,
  Flags extends Record<string, Options>,
> {
  readonly group?: CommandGroup;
  /** As yargs wants it, without the group: `run [files..]`. */
  readonly usage: string;
  readonly summary: string;
  readonly positionals: Positionals;
  readonly options: Flags;
  readonly examples: readonly Example[];
  /** Beneath the options in the help. */
  readonly epilogue?: string;
  run(
    args: InferredOptionTypes<Positionals> & InferredOptionTypes<Flags> & InferredOptionTypes<typeof COMMON_OPTIONS>,
    context: CommandContext,
  ): Promise<ExitCode> | ExitCode;
}

export interface Command {
  readonly group: CommandGroup | null;
  /** `run`; with its group, `trace run`. */
  readonly name: string;
  /** `trace run <file>`. */
  readonly usage: string;
  readonly summary: string;
  /** Every long option it takes, for suggestions. */
  readonly optionNames: readonly string[];
  /** Lines of its help, without `mmulator`. */
  readonly examples: readonly string[];
  /** How an option may be written: `--frames`, `-f`. */
  writtenAs(option: string): readonly string[];
  /** Make it known to yargs; `finish` gets what it came to. */
  install(
    parser: Argv,
    context: (args: ContextArgs, words: number) => CommandContext,
    finish: (code: ExitCode) => void,
  ): Argv;
}

export interface ContextArgs {
  /** Words that are no options: those of the command, then those behind `--`. */
  readonly _?: readonly string[] | undefined;
  readonly color?: boolean | undefined;
  readonly json?: boolean | undefined;
}

export function defineCommand<
  const Positionals extends Record<string, PositionalOptions>,
  const Flags extends Record<string, Options>,
>(definition: CommandDefinition<Positionals, Flags>): Command {
  const { usage, summary, positionals, options, examples, epilogue } = definition;
  const flags = { ...options, ...COMMON_OPTIONS };
  const group = definition.group ?? null;
  const prefix = group === null ? '' : `${group.name} `;
  return {
    group,
    name: prefix + usage.replace(/ [[<].*/, ''),
    usage: prefix + usage,
    summary,
    optionNames: [...Object.keys(flags), 'help', 'version'],
    examples: examples.map(([line]) => line),
    writtenAs: (option) =>
      [option, ...aliasesOf(flags, option)].map((name) => (name.length > 1 ? `--${name}` : `-${name}`)),
    install: (parser, context, finish) =>
      parser.command(
        usage,
        summary,
        (builder) => {
          let built = builder;
          for (const [name, positional] of Object.entries(positionals)) built = built.positional(name, positional);
          built = built.options(withValueNeeded(flags));
          for (const [command, meaning] of examples) built = built.example(`$0 ${command}`, meaning);
          return epilogue === undefined ? built : built.epilogue(epilogue);
        },
        async (args) => {
          refuseRepeated(args, flags);
          // yargs has checked and converted the arguments by the very tables the type is inferred from.
          const typed = args as unknown as Parameters<typeof definition.run>[0];
          finish(await definition.run(typed, context(args as ContextArgs, group === null ? 1 : 2)));
        },
      ),
  };
}

const aliasesOf = (flags: Readonly<Record<string, Options>>, option: string): readonly string[] =>
  [flags[option]?.alias ?? []].flat();

/** `--at` with nothing behind it is a mistake, not an empty value. */
function withValueNeeded(flags: Readonly<Record<string, Options>>): Record<string, Options> {
  return Object.fromEntries(
    Object.entries(flags).map(([name, option]) => [
      name,
      option.type === 'boolean' ? option : { ...option, requiresArg: true },
    ]),
  );
}

/** yargs makes a list of an option given twice; which of the two was meant nobody knows. */
function refuseRepeated(args: Readonly<Record<string, unknown>>, flags: Readonly<Record<string, Options>>): void {
  for (const [name, option] of Object.entries(flags)) {
    if (option.type === 'array' || option.array === true || !Array.isArray(args[name])) continue;
    throw new InputError({ code: 'MEM-CLI-007', message: `--${name} is given twice`, hint: 'leave one of the two' });
  }
}

/** NO_COLOR (https://no-color.org), FORCE_COLOR and dumb terminals, unless the command line says which. */
export function chooseStyle(io: CliIo, stream: 'stdout' | 'stderr', color: boolean | undefined): Style {
  const { isTTY, columns } = io[stream];
  const { NO_COLOR, FORCE_COLOR, TERM } = io.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '' && FORCE_COLOR !== '0';
  const allowed = (NO_COLOR === undefined || NO_COLOR === '') && (forced || (isTTY && TERM !== 'dumb'));
  return { color: color ?? allowed, width: Math.max(60, Math.min(columns ?? PLAIN.width, PLAIN.width)) };
}
