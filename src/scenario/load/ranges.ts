/**
 * Address ranges and area lines as a scenario writes them.
 *
 *     buf..buf+8KiB rw-p         7f0000000000-7f0000002000 rw-p 00000000 00:00 0  [heap]
 *     buf-buf+8KiB ---p anon     (one dash that splits into two expressions; `..` never needs guessing)
 */
import { type Expression, literal, parseExpression } from '../expression.ts';
import { ScalarProblem } from '../scalar-problem.ts';

export interface RangeText {
  readonly start: Expression;
  /** Null: the area that holds `start`. */
  readonly end: Expression | null;
}

export interface AreaLine {
  readonly range: RangeText & { readonly end: Expression };
  /** `rw-p`. */
  readonly perms: string;
  /** Null: any name. */
  readonly name: string | null;
}

const PROC_RANGE = /^([0-9a-f]{4,16})-([0-9a-f]{4,16})$/;
const PERMS = /^[r-][w-][x-][ps]$/;

/** `start..end`, or one address. Throws a `ScalarProblem`. */
export function parseRange(text: string): RangeText {
  const dots = text.indexOf('..');
  if (dots < 0) return { start: parseExpression(text), end: null };
  return { start: parseExpression(text.slice(0, dots)), end: shifted(text, dots + 2, text.length) };
}

/** A line of `maps:`. Throws a `ScalarProblem`. */
export function parseAreaLine(line: string): AreaLine {
  const words = line.trim().split(/\s+/);
  // The range may hold blanks (`buf .. buf + 8KiB rw-p`), the permissions never do: they end it.
  const at = words.findIndex((word) => PERMS.test(word));
  if (at < 1) {
    throw new ScalarProblem({
      code: 'MEM-SCN-033',
      message: `\`${line}\` is not an area`,
      hint: 'write `start..end perms name`: `buf..buf+8KiB rw-p`',
    });
  }
  const range = parseAreaRange(words.slice(0, at).join(''));
  // Offset, device and inode of a line copied from /proc are not compared: only anonymous memory is here.
  const tail = words.slice(at + 1);
  const name = /^[0-9a-f]{8}$/.test(tail[0] ?? '') ? tail.slice(3).join(' ') : tail.join(' ');
  return { range, perms: words[at]!, name: name === '' ? null : name };
}

function parseAreaRange(text: string): RangeText & { readonly end: Expression } {
  const proc = PROC_RANGE.exec(text);
  if (proc !== null && !text.includes('..')) {
    const [start, end] = [BigInt(`0x${proc[1]}`), BigInt(`0x${proc[2]}`)];
    return { start: literal(start), end: literal(end) };
  }
  const range = text.includes('..') ? parseRange(text) : null;
  if (range?.end) return { start: range.start, end: range.end };
  const dash = text.indexOf('-');
  if (dash <= 0) {
    throw new ScalarProblem({
      code: 'MEM-SCN-033',
      message: `\`${text}\` has no end`,
      hint: 'write the range as `start..end`',
    });
  }
  return { start: parseExpression(text.slice(0, dash)), end: shifted(text, dash + 1, text.length) };
}

/** Parse a part of `text`, with problems placed in the whole. */
function shifted(text: string, from: number, to: number): Expression {
  try {
    return parseExpression(text.slice(from, to));
  } catch (problem) {
    if (!(problem instanceof ScalarProblem)) throw problem;
    const { offset } = problem.details;
    throw new ScalarProblem({ ...problem.details, offset: offset === undefined ? undefined : offset + from });
  }
}
