/**
 * The command line without a process: arguments and a world in, an exit code out.
 *
 *   arguments ──yargs──> command.run(args, context) ──> exit code
 *                  └── a mistake ──> diagnostic with the nearest spelling, exit code 2
 */
import yargs, { type Argv } from 'yargs';
import { InputError } from '../mmu/input-error.ts';
import { suggest } from '../mmu/nearest.ts';
import { type Command, type CommandContext, type CommandGroup, type ContextArgs, chooseStyle } from './command.ts';
import { COMMANDS } from './commands.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { inputErrorsIn, refuse, showBug } from './failure.ts';
import type { CliIo } from './io.ts';
import { STDIN } from './scenario-files.ts';
import { VERSION } from './version.ts';

/** yargs says what is wrong with the arguments; made an `InputError` once the command is known. */
class UsageProblem extends Error {
  override readonly name = 'UsageProblem';
}

export async function runCli(argv: readonly string[], io: CliIo): Promise<ExitCode> {
  const contextFor = ({ color, json = false, _: words = [] }: ContextArgs, own = 0): CommandContext => ({
    io,
    json,
    // A `-` there is the other program's to understand.
    behind: words.slice(own).map((word) => (word === STDIN ? '-' : word)),
    version: VERSION,
    style: chooseStyle(io, 'stdout', color),
    errorStyle: chooseStyle(io, 'stderr', color),
  });
  const context = contextFor({
    json: asksForJson(argv),
    color: argv.includes('--no-color') ? false : argv.includes('--color') ? true : undefined,
  });
  try {
    return await dispatch(argv, io, contextFor);
  } catch (thrown) {
    const errors = thrown instanceof UsageProblem ? [usageError(thrown.message, argv, io)] : inputErrorsIn(thrown);
    if (errors === null) return showBug(thrown, null, context, argv.includes('--verbose'));
    refuse(errors, null, context);
    return EXIT.badInput;
  }
}

/** Asked before the arguments are understood: they may be what is wrong. */
const asksForJson = (argv: readonly string[]): boolean =>
  argv.includes('--json') || / (-r|--reporter)[= ]json( |$)/.test(` ${argv.join(' ')}`);

async function dispatch(
  argv: readonly string[],
  io: CliIo,
  contextFor: (args: ContextArgs, own: number) => CommandContext,
): Promise<ExitCode> {
  let code: ExitCode | null = null;
  let output = '';
  const parser = makeParser(contextFor, (finished) => {
    code = finished;
  });
  if (argv.length === 0) {
    io.stderr.write(`${await parser.getHelp()}\n`);
    return EXIT.badInput;
  }
  // With a callback yargs prints nothing itself: help and version arrive here as text.
  const words = argv.map((word) => (word === '-' ? STDIN : word));
  await parser.parseAsync(words, {}, (_error, _args, text) => {
    output = text;
  });
  if (output !== '') io.stdout.write(`${output}\n`);
  return code ?? EXIT.held;
}

function makeParser(
  contextFor: (args: ContextArgs, own: number) => CommandContext,
  finish: (code: ExitCode) => void,
): Argv {
  let parser: Argv = yargs()
    .scriptName('mmulator')
    .usage('$0 <command> [options]\n\nAn operating-system memory manager you can run, watch, rewind and test.')
    .exitProcess(false)
    .strict()
    .parserConfiguration({ 'parse-positional-numbers': false, 'camel-case-expansion': true })
    .demandCommand(1)
    .version(VERSION)
    .alias('h', 'help')
    .wrap(98)
    .fail((message: string | null, error: Error | undefined) => {
      // With a message it is the arguments that are wrong; without, a command threw.
      if (message === null && error !== undefined) throw error;
      throw new UsageProblem(message ?? '');
    })
    .example('$0 run scenarios', 'run every scenario below a folder')
    .example('$0 explain fork.yaml --at 6', 'the whole story of step 6')
    .example('$0 inspect fork.yaml maps --at 6', 'the address spaces after step 6')
    .example('$0 explain copy on write', 'what a word means')
    .epilogue(
      'Exit status: 0 all held, 1 an expectation failed, 2 wrong usage or input, 70 a bug in mmulator,\n124 step limit, 130 interrupted.',
    );
  const groups = new Map<string, CommandGroup>();
  for (const command of COMMANDS) {
    if (command.group === null) parser = command.install(parser, contextFor, finish);
    else groups.set(command.group.name, command.group);
  }
  for (const { name, summary } of groups.values()) {
    const members = COMMANDS.filter((command) => command.group?.name === name);
    parser = parser.command(`${name} <command>`, summary, (builder) =>
      members.reduce((built, command) => command.install(built, contextFor, finish), builder).demandCommand(1),
    );
  }
  return parser;
}

/** The command these arguments begin with. */
function commandOf(argv: readonly string[]): Command | undefined {
  const words = argv.filter((word) => !word.startsWith('-'));
  return (
    COMMANDS.find((command) => command.name === words.slice(0, 2).join(' ')) ??
    COMMANDS.find((command) => command.name === words[0])
  );
}

/** yargs' sentences are recognised by their beginnings; one it words otherwise some day is shown as it is. */
function usageError(message: string, argv: readonly string[], io: CliIo): InputError {
  const command = commandOf(argv);
  const help = `mmulator ${command === undefined ? '' : `${command.name} `}--help`;
  if (command === undefined) return unknownCommand(argv, io);
  const unknown = /^Unknown (?:arguments?|commands?): (.*)$/m.exec(message)?.[1]?.split(', ');
  if (unknown !== undefined) return unknownArgument(unknown, command, argv);
  const choice = /Argument: (.*), Given: (.*), Choices: (.*)/.exec(message);
  if (choice !== null) {
    const choices = choice[3]!.split(', ').map((word) => word.replaceAll('"', ''));
    const given = givenWord(choice[1]!, argv) ?? choice[2]!.replaceAll('"', '');
    const option = command.usage.includes(choice[1]!) ? choice[1]! : `--${choice[1]}`;
    return new InputError({
      code: 'MEM-CLI-007',
      message: `${option}: \`${given}\` is not one of its values`,
      hint: suggestChoice(given, choices),
    });
  }
  const valueless = /Not enough arguments following: (.*)/.exec(message);
  if (valueless !== null) {
    return new InputError({ code: 'MEM-CLI-007', message: `--${valueless[1]} needs a value`, hint: `see ${help}` });
  }
  const misspelt = unknownOption(command, argv);
  if (misspelt !== null) return unknownArgument([misspelt], command, argv);
  const options = /^Missing required arguments?: (.*)/.exec(message)?.[1]?.split(', ');
  if (options === undefined && !message.startsWith('Not enough non-option arguments')) {
    return new InputError({ code: 'MEM-CLI-006', message: firstToLower(message), hint: `see ${help}` });
  }
  return missingArgument(options ?? [], command);
}

/** @param options that are missing; none: a word is */
function missingArgument(options: readonly string[], command: Command): InputError {
  const named = options.map((name) => `--${name}`).join(', ');
  const uses = (line: string): boolean =>
    options.some((name) => command.writtenAs(name).some((way) => writes(line, way)));
  const example = options.length === 0 ? command.examples[0] : command.examples.find(uses);
  const such = example === undefined ? '' : `such as: mmulator ${example}; `;
  return new InputError({
    code: 'MEM-CLI-008',
    message: options.length === 0 ? `something is missing: mmulator ${command.usage}` : `missing: ${named}`,
    hint: `${such}see mmulator ${command.name} --help`,
  });
}

const writes = (line: string, option: string): boolean => ` ${line} `.includes(` ${option} `);

/** What was written for an option; yargs has made a number of it by now, and null of what is none. */
function givenWord(option: string, argv: readonly string[]): string | null {
  const dashed = `--${option}`;
  const joined = argv.find((word) => word.startsWith(`${dashed}=`));
  const at = argv.indexOf(dashed);
  return joined?.slice(dashed.length + 1) ?? (at < 0 ? null : (argv[at + 1] ?? null));
}

/** An option the command does not have swallows the word behind it: not that word is what is wrong. */
function unknownOption(command: Command, argv: readonly string[]): string | null {
  const names = argv.slice(0, argv.includes('--') ? argv.indexOf('--') : undefined).flatMap((word) => {
    return /^--(?:no-)?([^=]+)/.exec(word)?.[1] ?? [];
  });
  return names.find((name) => !command.optionNames.includes(name)) ?? null;
}

/** `policy` for `policies` is meant, though more letters differ than in a slip of the finger. */
function suggestChoice(given: string, choices: readonly string[]): string {
  // Any digit is a slip away from any other.
  if (choices.every((choice) => /^\d+$/.test(choice))) return `known values: ${choices.join(', ')}`;
  const beginnings = choices.filter((choice) => given.length > 2 && choice.startsWith(given.replace(/y$/, '')));
  return beginnings.length === 1 ? `did you mean \`${beginnings[0]}\`?` : suggest(given, choices, 'values');
}

const firstToLower = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);

function unknownCommand(argv: readonly string[], io: CliIo): InputError {
  const words = argv.filter((argument) => !argument.startsWith('-'));
  const [word, second] = words;
  const members = COMMANDS.filter((command) => command.group !== null && command.group.name === word);
  if (members.length > 0) return unknownMember(word!, second, members);
  const names = [...new Set(COMMANDS.map((command) => command.name.split(' ')[0]!))];
  if (word === undefined) {
    const option = argv.find((argument) => argument !== '--') ?? '--';
    return new InputError({
      code: 'MEM-CLI-008',
      message: `${option}: no command given`,
      hint: `commands: ${names.join(', ')}`,
    });
  }
  const isPath = io.kindOf(word) !== null;
  return new InputError({
    code: 'MEM-CLI-005',
    message: `unknown command \`${word}\``,
    hint: isPath ? `to run it: mmulator run ${word}` : suggest(word, names, 'commands'),
  });
}

function unknownMember(group: string, word: string | undefined, members: readonly Command[]): InputError {
  const names = members.map((command) => command.name.slice(group.length + 1));
  if (word !== undefined) {
    const hint = suggest(word, names, 'commands');
    return new InputError({ code: 'MEM-CLI-005', message: `unknown command \`${group} ${word}\``, hint });
  }
  return new InputError({
    code: 'MEM-CLI-008',
    message: `\`${group}\` needs a second word`,
    hint: members.map((command) => `mmulator ${command.usage}`).join(', '),
  });
}

function unknownArgument(unknown: readonly string[], command: Command, argv: readonly string[]): InputError {
  const [first] = unknown;
  const word = first ?? '';
  if (argv.includes(word) && !word.startsWith('-')) {
    return new InputError({
      code: 'MEM-CLI-006',
      message: `one argument too many: \`${word}\``,
      hint: `usage: mmulator ${command.usage}`,
    });
  }
  const dashes = word.length === 1 ? '-' : '--';
  const hint = suggest(word, command.optionNames, 'options').replace(/`(.*)`/, '`--$1`');
  return new InputError({
    code: 'MEM-CLI-006',
    message: `\`mmulator ${command.name}\` has no option \`${dashes}${word}\``,
    hint,
  });
}
