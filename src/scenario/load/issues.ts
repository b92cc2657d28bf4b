/** From zod's issues to `InputError`s with a place, our codes, and the nearest spelling. */
import type { z } from 'zod';
import { POLICIES } from '../../kernel/reclaim/registry.ts';
import { InputError, type SourceRange } from '../../mmu/input-error.ts';
import { nearest, suggest } from '../../mmu/nearest.ts';
import type { ScalarProblemDetails } from '../scalar-problem.ts';
import { EXPECTATION_NAMES } from '../schema/expect.ts';
import { describeInput } from '../schema/scalars.ts';
import type { Locator, Path } from './locate.ts';

type Issue = z.core.$ZodIssue;

export interface IssueContext {
  readonly file: string;
  readonly locator: Locator;
  /** Path of the validated value inside the file. */
  readonly base: Path;
  /** What is being read: `a store step`, `machine`. */
  readonly where: string;
}

/**
 * Parse settings: issues keep the input they complain about, and an unknown key lists (as its message, one a line)
 * the keys that the object at hand does have, which zod's finished issue no longer tells.
 */
export const PARSE_SETTINGS: z.core.ParseContext<Issue> = {
  reportInput: true,
  error: (raw) => {
    if (raw.code !== 'unrecognized_keys') return undefined;
    const shape = (raw.inst as z.ZodObject | undefined)?.shape;
    return Object.keys(shape ?? {}).join('\n');
  },
};

export function inputErrorsOf(issues: readonly Issue[], context: IssueContext): InputError[] {
  return issues.flatMap((issue) => errorsOf(issue, context, []));
}

function errorsOf(issue: Issue, context: IssueContext, prefix: Path): InputError[] {
  const path = [...prefix, ...issue.path];
  const full = [...context.base, ...path];
  const make = (
    code: string,
    message: string,
    hint: string | undefined,
    range: SourceRange = context.locator.value(full),
  ) => new InputError({ code, message, hint, range, file: context.file });
  const key = path.findLast((part) => typeof part === 'string');
  const named = key === undefined ? context.where : `\`${key}\``;
  if (issue.code !== 'invalid_union' && issue.code !== 'unrecognized_keys' && issue.input === undefined) {
    const holder = path.slice(0, -1).findLast((part) => typeof part === 'string');
    const owner = holder === undefined ? context.where : `\`${holder}\``;
    return [make('MEM-SCN-008', `${owner} needs \`${String(path.at(-1))}\``, hintOf(issue))];
  }
  switch (issue.code) {
    case 'unrecognized_keys':
      return issue.keys.map((unknown) => unknownKey(unknown, issue.message.split('\n'), context, path));
    case 'invalid_value':
      return [wrongChoice(issue, named, make)];
    case 'invalid_type':
      if (typeof issue.input === 'bigint')
        return [make('MEM-SCN-012', `${named}: ${issue.input} is too large`, 'whole numbers go up to 2^53 - 1')];
      return [
        make(
          'MEM-SCN-009',
          `${named}: expected ${typeName(issue.expected)}, found ${describeInput(issue.input)}`,
          undefined,
        ),
      ];
    case 'too_big':
      if (issue.maximum === Number.MAX_SAFE_INTEGER)
        return [make('MEM-SCN-012', `${named}: ${issue.input} is too large`, 'whole numbers go up to 2^53 - 1')];
      return [make('MEM-SCN-011', `${named}: ${String(issue.input)} is too large`, `at most ${issue.maximum}`)];
    case 'too_small':
      if (issue.origin === 'array' || issue.origin === 'string')
        return [make('MEM-SCN-011', `${named} is empty`, `at least ${issue.minimum} needed`)];
      return [make('MEM-SCN-011', `${named}: ${String(issue.input)} is too small`, `at least ${issue.minimum}`)];
    case 'invalid_union':
      return unionErrors(issue, context, path, make);
    case 'custom': {
      const problem = issue.params?.problem as ScalarProblemDetails | undefined;
      const range =
        problem?.offset === undefined
          ? context.locator[problem?.atKey === true ? 'key' : 'value'](full)
          : context.locator.within(full, problem.offset, problem.length ?? 1);
      return [make(problem?.code ?? 'MEM-SCN-009', `${named}: ${issue.message}`, problem?.hint, range)];
    }
    default:
      return [make('MEM-SCN-009', `${named}: ${issue.message}`, undefined)];
  }
}

const hintOf = (issue: Issue): string | undefined =>
  issue.code === 'custom' ? (issue.params?.problem as ScalarProblemDetails | undefined)?.hint : undefined;

type Make = (code: string, message: string, hint: string | undefined, range?: SourceRange) => InputError;

function unknownKey(unknown: string, known: readonly string[], context: IssueContext, path: Path): InputError {
  const inExpect = path.at(-1) === 'expect' && context.base[0] === 'steps';
  const misplaced = inExpect && (EXPECTATION_NAMES as readonly string[]).includes(unknown);
  const holder = path.findLast((part) => typeof part === 'string');
  const within = context.base.length === 0 ? '' : ` of ${context.where}`;
  const where = holder === undefined ? context.where : `\`${holder}\`${within}`;
  return new InputError({
    code: misplaced ? 'MEM-SCN-030' : 'MEM-SCN-006',
    message: misplaced ? `${context.where} has no \`${unknown}\` to expect` : `unknown key \`${unknown}\` in ${where}`,
    hint: misplaced ? `it can expect: ${known.join(', ')}` : suggest(unknown, known, 'keys'),
    range: context.locator.key([...context.base, ...path, unknown]),
    file: context.file,
  });
}

const POLICIES_OF_THE_FUTURE = Object.entries(POLICIES).flatMap(([name, entry]) => (entry.needsFuture ? [name] : []));

function wrongChoice(issue: z.core.$ZodIssueInvalidValue, named: string, make: Make): InputError {
  const choices = issue.values.map(String);
  const one = choices.length === 1 ? `\`${choices[0]}\`` : `one of ${choices.join(', ')}`;
  if (typeof issue.input !== typeof issue.values[0]) {
    const hint = quotesHint(issue.input, choices);
    return make('MEM-SCN-009', `${named}: expected ${one}, found ${describeInput(issue.input)}`, hint);
  }
  const needsFuture = named === '`replacement`' && POLICIES_OF_THE_FUTURE.includes(String(issue.input));
  if (needsFuture) {
    const hint = 'it works on recorded references (`mmulator trace`) only; take lru or clock';
    return make('MEM-SCN-010', `${named}: \`${String(issue.input)}\` needs to know the future`, hint);
  }
  const close = typeof issue.input === 'string' ? meantBy(issue.input, choices) : null;
  return make(
    'MEM-SCN-010',
    `${named}: ${describeInput(issue.input)} is not ${one}`,
    close === null ? undefined : `did you mean \`${close}\`?`,
  );
}

/** Letters of a choice that tell which one is meant: `anon`, `overcommit`. */
const SHORTENED_MIN = 3;

/** The choice meant, also by one who writes it as C does (`MAP_PRIVATE`, `IPC_RMID`) or not to its end. */
const meantBy = (input: string, choices: readonly string[]): string | null =>
  nearest(input, choices) ??
  nearest(input.replace(/^[A-Z]+_/, '').toLowerCase(), choices) ??
  choices.find((choice) => input.length >= SHORTENED_MIN && choice.startsWith(input.toLowerCase())) ??
  null;

/**
 * A union's complaint is that of the branch the person meant: the only one whose outer type fits. When none fits, what
 * each would have taken is listed; when several do, the one that went wrong deepest.
 */
function unionErrors(issue: z.core.$ZodIssueInvalidUnion, context: IssueContext, path: Path, make: Make): InputError[] {
  const branches = issue.errors.filter((branch) => branch.length > 0);
  const isMismatch = (inner: Issue): boolean => inner.path.length === 0 && rootMismatch(inner);
  const fitting = branches.filter((branch) => !branch.some(isMismatch));
  const deepest = fitting.toSorted((a, b) => depthOf(b) - depthOf(a))[0];
  if (deepest !== undefined) return deepest.flatMap((inner) => errorsOf(inner, context, path));
  const enums = branches.flat().flatMap((inner) => (inner.code === 'invalid_value' ? inner.values.map(String) : []));
  const expected = branches.flat().filter(isMismatch).map(expectedOf);
  const key = path.findLast((part) => typeof part === 'string');
  // Of a text that no branch takes: what the branch for texts says of it.
  const isText = typeof issue.input === 'string';
  const hints = isText ? branches.flat().flatMap((inner) => hintOf(inner) ?? []) : [];
  const close = typeof issue.input === 'string' ? meantBy(issue.input, enums) : null;
  return [
    make(
      'MEM-SCN-009',
      `\`${String(key)}\`: expected ${[...new Set(expected)].join(' or ')}, found ${describeInput(issue.input)}`,
      close === null ? (quotesHint(issue.input, enums) ?? hints[0]) : `did you mean \`${close}\`?`,
    ),
  ];
}

/** YAML reads a version without quotes as a number, and 3.10 as 3.1. */
const quotesHint = (input: unknown, choices: readonly string[]): string | undefined =>
  typeof input === 'number' && choices.some((choice) => /^\d/.test(choice))
    ? `write it in quotes: \`'${choices.find((choice) => Number(choice) === input) ?? choices.at(-1)}'\``
    : undefined;

function rootMismatch(issue: Issue): boolean {
  if (issue.code === 'invalid_type') return true;
  if (issue.code === 'invalid_value') return typeof issue.input !== typeof issue.values[0];
  return issue.code === 'custom' && (issue.params?.problem as ScalarProblemDetails | undefined)?.code === 'MEM-SCN-009';
}

function expectedOf(issue: Issue): string {
  if (issue.code === 'invalid_type') return typeName(issue.expected);
  if (issue.code === 'invalid_value') return `one of ${issue.values.map(String).join(', ')}`;
  return /expected (.*), found/.exec(issue.message)?.[1] ?? 'another kind of value';
}

const depthOf = (branch: readonly Issue[]): number => Math.max(...branch.map((inner) => inner.path.length));

function typeName(expected: string): string {
  switch (expected) {
    case 'object':
    case 'record':
      return 'a mapping';
    case 'array':
      return 'a list';
    case 'number':
    case 'int':
      return 'a whole number';
    case 'string':
      return 'text';
    case 'boolean':
      return '`true` or `false`';
    case 'null':
      return 'nothing';
    default:
      return expected;
  }
}
