/**
 * The scalars of a scenario file: sizes, addresses, values, bytes and names.
 *
 * Each is a zod schema that accepts what a person writes and yields what the runner uses, and carries (as zod meta)
 * the JSON Schema that an editor is shown. A mistake becomes a zod issue whose `params` hold our code, hint and the
 * offset inside the text; `issues.ts` turns it into an `InputError` with a place in the file.
 */
import { z } from 'zod';
import { type Expression, literal, parseExpression, type Quantity } from '../expression.ts';
import { ScalarProblem } from '../scalar-problem.ts';

/** A schema for one scalar: `parse` answers the value or throws a `ScalarProblem`. */
export function scalar<Value>(parse: (input: unknown) => Value, json: Record<string, unknown>) {
  return z
    .unknown()
    .transform((input, context): Value => {
      try {
        return parse(input);
      } catch (problem) {
        if (!(problem instanceof ScalarProblem)) throw problem;
        context.issues.push({ code: 'custom', message: problem.message, input, params: { problem: problem.details } });
        return z.NEVER;
      }
    })
    .meta(json);
}

/** What a value is, in the words of the file. */
export function describeInput(input: unknown): string {
  if (input === null) return 'nothing';
  if (input === undefined) return 'nothing';
  if (Array.isArray(input)) return 'a list';
  switch (typeof input) {
    case 'string':
      return `the text \`${input.length > 40 ? `${input.slice(0, 37)}…` : input}\``;
    case 'number':
    case 'bigint':
      return `the number ${input}`;
    case 'boolean':
      return `\`${input}\``;
    default:
      return 'a mapping';
  }
}

function wrongType(expected: string, input: unknown, hint?: string): ScalarProblem {
  if (input === undefined) return new ScalarProblem({ code: 'MEM-SCN-008', message: 'missing key', hint });
  return new ScalarProblem({
    code: 'MEM-SCN-009',
    message: `expected ${expected}, found ${describeInput(input)}`,
    hint,
  });
}

function toExpression(input: unknown, expected: string, hint: string): Expression {
  if (typeof input === 'string') return parseExpression(input);
  if (typeof input === 'bigint' || (typeof input === 'number' && Number.isSafeInteger(input))) return literal(input);
  throw wrongType(expected, input, hint);
}

const expressionOf = (expected: string, hint: string, description: string) =>
  scalar((input) => toExpression(input, expected, hint), { type: ['integer', 'string'], description });

export const address = (description: string) =>
  expressionOf('an address', 'an address is `name+offset`, a number or a quoted 64-bit constant', description);
export const length = (description: string) =>
  expressionOf('a length in bytes', 'a length is a number of bytes or `64KiB`', description);
export const value = (description: string) =>
  expressionOf('a number', 'a value is a whole number or an expression such as `i+1`', description);

function constantNumber(input: unknown, expected: string, hint: string): number {
  const found = toExpression(input, expected, hint);
  const constant: Quantity | null = found.constant;
  if (constant === null) {
    const first = found.names[0]!;
    throw new ScalarProblem({
      code: 'MEM-SCN-009',
      message: `expected ${expected} without names, found \`${first.name}\``,
      hint: `${hint}; what a name stands for is known only when the scenario runs`,
      offset: first.offset,
      length: first.name.length,
    });
  }
  if (typeof constant === 'bigint') {
    throw new ScalarProblem({
      code: 'MEM-SCN-012',
      message: `${found.text} is too large`,
      hint: 'sizes go up to 2^53 - 1 bytes (8 PiB)',
    });
  }
  if (constant < 0) {
    throw new ScalarProblem({ code: 'MEM-SCN-011', message: `${found.text} is negative`, hint: 'a size is 0 or more' });
  }
  return constant;
}

/** A size that must be known before the run: bytes, or `64KiB`. Yields a safe integer. */
export const size = (description: string) =>
  scalar((input) => constantNumber(input, 'a size', 'a size is a number of bytes or `64KiB`'), {
    type: ['integer', 'string'],
    description,
    examples: [65536, '64KiB'],
  });

/** Bytes that something may have at most, or `infinity`. */
export const byteLimit = (description: string) =>
  scalar(
    (input): number | 'infinity' => {
      const hint = 'a limit is a number of bytes, `64KiB`, or `infinity`';
      return input === 'infinity' ? input : constantNumber(input, 'a size or `infinity`', hint);
    },
    { type: ['integer', 'string'], description, examples: ['64KiB', 'infinity'] },
  );

/** A whole number in a range. `Infinity` limits are written as the safe-integer limits. */
export const whole = (description: string, minimum = 0, maximum = Number.MAX_SAFE_INTEGER) =>
  z.int().min(minimum).max(maximum).describe(description);

const TEMPLATE_NAME = /^[A-Za-z_](?:[A-Za-z0-9_-]|\{[A-Za-z][A-Za-z0-9_]*\})*$/;

const textMatching = (pattern: RegExp, what: string, hint: string, description: string) =>
  scalar(
    (input): string => {
      if (typeof input !== 'string') throw wrongType(what, input, hint);
      if (!pattern.test(input))
        throw new ScalarProblem({ code: 'MEM-SCN-031', message: `\`${input}\` is not ${what}`, hint });
      return input;
    },
    { type: 'string', pattern: pattern.source, description },
  );

/** A process name. In a loop it may contain a loop variable: `child{i}`. */
export const processName = (description: string) =>
  textMatching(
    TEMPLATE_NAME,
    'a process name',
    'letters, digits, `-` and `_`, starting with a letter: `child`, `worker{i}`',
    description,
  );
/** A name for an address. */
export const symbolName = (description: string) =>
  textMatching(
    /^[A-Za-z][A-Za-z0-9_]*$/,
    'a symbol name',
    'letters, digits and `_`, starting with a letter: `buf`, `page_2`',
    description,
  );
/** Bytes written in hex, blanks between them allowed: `de ad be ef`. Yields the bytes. */
export const hexBytes = (description: string) =>
  scalar(
    (input): Uint8Array => {
      // An all-digit byte string (`hex: 12`) reaches us as a number: its leading zeros are lost, so it must be quoted.
      if (typeof input !== 'string') throw wrongType('quoted hex digits', input, 'quote it: `hex: "00 2a"`');
      const digits = input.replaceAll(/[\s_]/g, '');
      const bad = input.search(/[^0-9a-fA-F\s_]/);
      if (bad >= 0) {
        throw new ScalarProblem({
          code: 'MEM-SCN-024',
          message: `\`${input[bad]}\` is not a hex digit`,
          hint: 'write two hex digits a byte, without 0x: `de ad be ef`',
          offset: bad,
          length: 1,
        });
      }
      if (digits.length % 2 !== 0 || digits.length === 0) {
        throw new ScalarProblem({
          code: 'MEM-SCN-024',
          message: `${digits.length} hex digits do not make whole bytes`,
          hint: 'write two digits a byte: `0a`, not `a`',
        });
      }
      return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
    },
    { type: 'string', description, examples: ['de ad be ef'] },
  );

/** `0` and `1`, one for each page. Must be quoted: YAML would read a number. */
export const bitString = (description: string) =>
  scalar(
    (input): string => {
      const hint = 'a digit for each page, in quotes: `"1101"`';
      if (typeof input !== 'string') throw wrongType('quoted digits 0 and 1', input, hint);
      const bad = input.search(/[^01]/);
      if (bad >= 0) {
        const message = `\`${input[bad]}\` is neither 0 nor 1`;
        throw new ScalarProblem({ code: 'MEM-SCN-037', message, hint, offset: bad, length: 1 });
      }
      return input;
    },
    { type: 'string', pattern: '^[01]*$', description },
  );

const PROT_WORD = /^(sem|growsdown|growsup|0x[0-9a-fA-F]{1,8})$/;

/**
 * `rwx` letters in any order, or `none`; behind that `|` and words or numbers: `rw|growsdown`. Yields the letters in the
 * order rwx ('' for none) and the rest as it is.
 */
export const protection = (description: string) =>
  scalar(
    (input): string => {
      const hint =
        'prot is `none` or letters of `rwx`: `r`, `rw`, `rx`; also `rw|growsdown`, `|growsup`, `|sem`, `|0x10`';
      if (typeof input !== 'string') throw wrongType('a protection', input, hint);
      const [rights = '', ...words] = input.split('|');
      const letters = rights === 'none' ? '' : rights.replaceAll('-', '');
      const bad = [...letters].findIndex(
        (letter, index) => !'rwx'.includes(letter) || letters.indexOf(letter) !== index,
      );
      const isWrong = bad >= 0 || (letters === '' && rights !== 'none') || words.some((word) => !PROT_WORD.test(word));
      if (isWrong) {
        throw new ScalarProblem({ code: 'MEM-SCN-027', message: `\`${input}\` is not a protection`, hint });
      }
      return [['r', 'w', 'x'].filter((letter) => letters.includes(letter)).join(''), ...words].join('|');
    },
    {
      type: 'string',
      pattern: '^(none|[rwx-]{1,3})(\\|(sem|growsdown|growsup|0x[0-9a-fA-F]{1,8}))*$',
      description,
    },
  );
