/** `mmulator explain`: the story of a step, or what an error code or a word means. */
import { InputError } from '../../mmu/input-error.ts';
import { nearest } from '../../mmu/nearest.ts';
import { COUNTER_ENTRIES, counterEntryLines, findCounter } from '../../report/counter-text.ts';
import { stepStory } from '../../report/explain/story.ts';
import { findTerm, TERM_NAMES } from '../../report/glossary.ts';
import { toJson } from '../../report/json.ts';
import { termLines } from '../../report/term-text.ts';
import type { StepResult } from '../../scenario/result.ts';
import { ALLOCATORS_OPTION, loadAllocators } from '../allocators.ts';
import { type CommandContext, defineCommand } from '../command.ts';
import { codeLines, ERROR_EXPLANATIONS, type ErrorExplanation, findCode } from '../error-explanations.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { wholeNumber } from '../numbers.ts';
import { runUntil, type StoppedRun } from '../run-until.ts';
import { STDIN } from '../scenario-files.ts';

export const explainCommand = defineCommand({
  usage: 'explain <what..>',
  summary: 'Tell the whole story of a step; or what an error code, a word or a counter means',
  positionals: {
    what: {
      type: 'string',
      array: true,
      demandOption: true,
      describe: 'A scenario file (or FILE:STEP), an error code, a term, or a counter',
    },
  },
  options: {
    at: { type: 'string', describe: 'The step, as `run` numbers them; default: the first that fails' },
    seed: { type: 'string', describe: 'Seed of everything random, instead of the file’s own' },
    ...ALLOCATORS_OPTION,
  },
  examples: [
    ['explain fork.yaml --at 6', 'the whole story of step 6'],
    ['explain fork.yaml:6', 'the same'],
    ['explain MEM-SCN-007', 'what an error code means'],
    ['explain copy on write', 'what a word means'],
  ],
  async run(args, context) {
    const { what, json } = args;
    const words = what.join(' ');
    const target = what.length === 1 ? fileTarget(words, context) : null;
    if (target !== null) {
      const at = args.at ?? target.at;
      return explainStep(target.file, at, args, context);
    }
    const code = findCode(words);
    if (code !== undefined) return say(json, code, codeLines(code, context.style), context);
    const term = findTerm(words);
    const counter = findCounter(words);
    // `walks` is both: the word says what happens, the counter what is counted of it.
    if (counter !== undefined) {
      const lines = [
        ...(term === undefined ? [] : [...termLines(term, context.style), '']),
        ...counterEntryLines(counter, context.style),
      ];
      return say(json, { ...term, ...counter }, lines, context);
    }
    if (term !== undefined) return say(json, term, termLines(term, context.style), context);
    throw nothingByThatName(words);
  },
});

interface FileTarget {
  readonly file: string;
  readonly at: string | undefined;
}

/** Is a file meant? Also one that is missing, when it is spelt like one. */
function fileTarget(word: string, { io }: CommandContext): FileTarget | null {
  if (word === STDIN || io.kindOf(word) === 'file') return { file: word, at: undefined };
  const numbered = /^(.+):(\d+)$/.exec(word);
  if (numbered !== null) return { file: numbered[1]!, at: numbered[2]! };
  return /\.ya?ml$|\//i.test(word) && findTerm(word) === undefined ? { file: word, at: undefined } : null;
}

interface ExplainOptions {
  readonly seed?: string | undefined;
  readonly verbose: boolean;
  readonly json: boolean;
  readonly allocators?: string | undefined;
}

async function explainStep(
  file: string,
  at: string | undefined,
  { seed, verbose, json, allocators }: ExplainOptions,
  context: CommandContext,
): Promise<ExitCode> {
  const run = await runUntil(
    file,
    {
      steps: at === undefined ? null : wholeNumber('--at', at, 1),
      seed: seed === undefined ? null : wholeNumber('--seed', seed),
      verbose,
      allocators: await loadAllocators(context.io, allocators),
    },
    context,
  );
  if (run.kind === 'not-run') return run.code;
  const step = at === undefined || run.last === null ? firstFailing(run, file) : run.last;
  const story = stepStory(run.result, step, { style: context.style, format: run.format, verbose });
  return say(json, { file, step: step.index + 1, result: step, symbols: run.result.symbols }, story, context);
}

function firstFailing({ result, position }: StoppedRun, file: string): StepResult {
  const failing = result.steps.find((step) => step.expectations.some((expectation) => !expectation.held));
  if (failing !== undefined) return failing;
  throw new InputError({
    code: 'MEM-CLI-008',
    message: 'which step? every one held',
    hint: `add --at N, from 1 to ${position}; \`mmulator run ${file}\` lists them`,
    file,
  });
}

function say(json: boolean, data: unknown, lines: readonly string[], { io }: CommandContext): ExitCode {
  io.stdout.write(json ? `${toJson(data)}\n` : `${lines.join('\n')}\n`);
  return EXIT.held;
}

function nothingByThatName(words: string): InputError {
  const codes = ERROR_EXPLANATIONS.map((entry: ErrorExplanation) => entry.code);
  const close = nearest(words, [...TERM_NAMES, ...COUNTER_ENTRIES.map(({ counter }) => counter), ...codes]);
  const term = close === null ? undefined : (findTerm(close)?.term ?? close);
  return new InputError({
    code: 'MEM-CLI-009',
    message: `nothing here is called \`${words}\``,
    hint: term === undefined ? '`mmulator list terms` has the words it knows' : `did you mean \`${term}\`?`,
  });
}
