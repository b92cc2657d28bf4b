/** Expectations of calls and heaps: what a call answered and printed, what the watching tools found. */
import { heapFigures } from '../../process/check/figures.ts';
import type { LeakReport, LossKind } from '../../process/check/leaks.ts';
import type { HeapError } from '../../process/check/memcheck.ts';
import type { Amount } from '../schema/amount.ts';
import type { StepExpect } from '../schema/expect.ts';
import { amountHolds, amountText } from './amounts.ts';
import type { Verdict } from './areas.ts';
import type { Executed } from './executed.ts';
import type { StepContext } from './state.ts';

/** A number or text as answered; of a pointer only whether it is NULL (its value is what `address` is for). */
export function resultVerdict(
  wanted: Exclude<StepExpect['result'], undefined>,
  { pointer, answer }: Executed,
  otherwise: string,
): Verdict {
  // To YAML the word NULL without quotes is no text, but nothing.
  const expected = wanted ?? 'NULL';
  const found = pointer === undefined ? answer : pointer === 0 ? 'NULL' : 'block';
  if (Array.isArray(expected)) return partsVerdict(expected, found === undefined ? otherwise : String(found));
  const shown = (value: string | number | bigint) =>
    typeof value === 'string' ? JSON.stringify(value) : String(value);
  const actual = found === undefined ? otherwise : shown(found);
  return {
    what: '',
    expected: shown(expected),
    actual,
    held: found !== undefined && String(found) === String(expected),
  };
}

export function printsVerdict(expected: NonNullable<StepExpect['prints']>, { printed = '' }: Executed): Verdict {
  if (typeof expected !== 'string') return partsVerdict(expected, printed);
  return { what: '', expected: JSON.stringify(expected), actual: JSON.stringify(printed), held: printed === expected };
}

/** Are all parts in the text, in this order? */
export function partsVerdict(parts: readonly string[], text: string): Verdict {
  const actual = JSON.stringify(text);
  let from = 0;
  for (const part of parts) {
    const at = text.indexOf(part, from);
    if (at < 0) return { what: '', expected: `… ${JSON.stringify(part)} …`, actual, held: false };
    from = at + part.length;
  }
  return { what: '', expected: parts.map((part) => JSON.stringify(part)).join(' … '), actual, held: true };
}

export function errorsVerdict(expected: NonNullable<StepExpect['errors']>, errors: readonly HeapError[]): Verdict {
  const wanted = expected === 'none' ? [] : typeof expected === 'string' ? [expected] : expected;
  const text = (kinds: readonly string[]) => (kinds.length === 0 ? 'none' : kinds.join(', '));
  const [want, found] = [text(wanted), text(errors.map(({ kind }) => kind))];
  return { what: '', expected: want, actual: found, held: want === found };
}

export function leaksVerdicts(expected: NonNullable<StepExpect['leaks']>, report: LeakReport | undefined): Verdict[] {
  if (report === undefined) return [{ what: '', expected: 'a leak report', actual: 'the step made none', held: false }];
  if (expected === 'none') {
    const { blocks, bytes } = report.inUse;
    const actual = blocks === 0 ? 'none' : `${bytes} bytes in ${blocks} blocks`;
    return [{ what: '', expected: 'none', actual, held: blocks === 0 }];
  }
  return Object.entries(expected).flatMap(([kind, wanted]) => {
    if (wanted === undefined) return [];
    const { bytes, blocks } = report.totals[kind as LossKind];
    if (typeof wanted === 'number' || 'min' in wanted || 'max' in wanted) {
      return [amountVerdict(`.${kind}`, wanted as Amount, bytes)];
    }
    const both = wanted as { bytes?: Amount | undefined; blocks?: Amount | undefined };
    return [
      ...(both.bytes === undefined ? [] : [amountVerdict(`.${kind}.bytes`, both.bytes, bytes)]),
      ...(both.blocks === undefined ? [] : [amountVerdict(`.${kind}.blocks`, both.blocks, blocks)]),
    ];
  });
}

export function heapVerdicts(expected: NonNullable<StepExpect['heap']>, context: StepContext): Verdict[] {
  const { process } = context;
  const program =
    process === null || process.state !== 'running' ? undefined : context.machine.programs.loaded(process);
  const nothing = { blocks: 0, bytes: 0, free: 0, largestFree: 0, arenas: 0, searched: 0 };
  const figures = program === undefined ? null : heapFigures(program);
  const found =
    program === undefined || figures === null
      ? nothing
      : {
          blocks: figures.blocks,
          bytes: figures.askedBytes,
          free: figures.freeBytes,
          largestFree: figures.largestFree,
          arenas: figures.arenas,
          searched: program.textbook?.statistics(program.peek()).searchedLast ?? 0,
        };
  return Object.entries(expected).flatMap(([name, wanted]): Verdict[] => {
    if (wanted === undefined) return [];
    if (typeof wanted === 'boolean') {
      const rules = program?.brokenRules() ?? [];
      const actual = rules.length === 0 ? 'whole' : `broken: ${rules[0]}`;
      return [{ what: '.whole', expected: wanted ? 'whole' : 'broken', actual, held: wanted === (rules.length === 0) }];
    }
    return [amountVerdict(`.${name}`, wanted, found[name as keyof typeof found])];
  });
}

function amountVerdict(what: string, wanted: Amount, actual: number): Verdict {
  return { what, expected: amountText(wanted), actual: String(actual), held: amountHolds(wanted, actual) };
}
