/**
 * Numbers of a step that are certain before the run and that no run could use: a load of 0 bytes, a value wider than
 * what holds it. What an expression with a name in it comes to is left to the run.
 */
import type { Expression, Quantity } from '../expression.ts';
import { DEFAULT_ACCESS_BYTES, LOAD_BYTES_MAX, TOUCHES_MAX } from '../scenario.ts';
import type { ActionStep, StepOf } from '../schema/steps.ts';
import type { Path } from './locate.ts';

export interface ConstantProblem {
  readonly code: string;
  readonly message: string;
  readonly hint: string;
  /** Path inside the step. */
  readonly path: Path;
}

/** `pageBytes`: the stride of a touch that names none. The step may lack keys that had mistakes of their own. */
export function constantProblems(step: Partial<ActionStep>, pageBytes: number): ConstantProblem[] {
  switch (step.do) {
    case 'load':
      return [
        ...range(step.length, 'length', 1, LOAD_BYTES_MAX, 'a load reads 1 byte to 64MiB at once'),
        ...reads(step),
      ];
    case 'sbrk':
      return growth(step.by);
    case 'store':
      return fits(step.value, step.size ?? DEFAULT_ACCESS_BYTES, ['value'], true);
    case 'touch':
      return touched(step, pageBytes);
    case 'rmw':
    case 'check':
      return reads(step);
    case 'peekdata':
      return fits(step.expect?.value, 1, ['expect', 'value'], false);
    case 'pokedata':
      return fits(step.value, 1, ['value'], false);
    case 'peek':
    case 'translate':
      return fits(step.expect?.byte, 1, ['expect', 'byte'], false);
    default:
      return [];
  }
}

function range(
  expression: Expression | undefined,
  key: string,
  minimum: number,
  maximum: number,
  hint: string,
): ConstantProblem[] {
  const constant = expression?.constant ?? null;
  if (expression === undefined || constant === null || (constant >= minimum && constant <= maximum)) return [];
  const side = constant < minimum ? 'small' : 'large';
  return [{ code: 'MEM-SCN-011', message: `\`${key}\`: ${expression.text} is too ${side}`, hint, path: [key] }];
}

/** The machine's sbrk counts in safe integers; a huge unsigned number is C's way of writing a negative one. */
function growth(by: Expression | undefined): ConstantProblem[] {
  const constant = by?.constant ?? null;
  if (by === undefined || typeof constant !== 'bigint') return [];
  const meant = BigInt.asIntN(64, constant);
  const hint =
    meant < 0n && constant > 0n
      ? `to shrink the heap write \`by: ${meant}\``
      : 'a heap grows and shrinks by less than 2^53 bytes';
  return [{ code: 'MEM-SCN-012', message: `\`by\`: ${by.text} is too large`, hint, path: ['by'] }];
}

function touched(step: Partial<StepOf<'touch'>>, pageBytes: number): ConstantProblem[] {
  const problems = [
    ...range(step.length, 'length', 1, Number.MAX_SAFE_INTEGER, 'a touch covers 1 byte or more'),
    ...range(
      step.stride,
      'stride',
      1,
      Number.MAX_SAFE_INTEGER,
      `1 byte or more; leave it out for one access a page (${pageBytes} bytes)`,
    ),
    ...fits(step.value, 1, ['value'], false),
  ];
  const [length, stride] = [
    step.length?.constant ?? null,
    step.stride === undefined ? pageBytes : step.stride.constant,
  ];
  if (problems.length > 0 || length === null || stride === null) return problems;
  const accesses = Math.ceil(Number(length) / Number(stride));
  if (accesses <= TOUCHES_MAX) return problems;
  const message = `\`length\`: ${step.length?.text} makes ${accesses.toLocaleString('en')} accesses`;
  const hint = `at most ${TOUCHES_MAX.toLocaleString('en')} in one step: shorten it, or give a larger \`stride\``;
  return [{ code: 'MEM-SCN-011', message, hint, path: ['length'] }];
}

type Reading = Partial<StepOf<'load'> | StepOf<'rmw'> | StepOf<'check'>>;

/** What a step reads is as many bytes as it says: another number of them can never be what it read. */
function reads(step: Reading): ConstantProblem[] {
  const { expect } = step;
  if (expect === undefined) return [];
  const { bytes, text, value } = expect;
  const width = widthOf(step);
  const resizable = step.do === 'check' || (step.do === 'load' && step.length === undefined);
  // A check reads as many bytes as it expects.
  const written =
    step.do === 'check'
      ? []
      : ([
          ['bytes', bytes?.length],
          ['text', utf8Length(text)],
        ] as const);
  const lengths = written.flatMap(([key, length]) => {
    if (width === null || length === undefined || length === width) return [];
    const message = `\`${key}\`: ${bytesText(length)} expected of a step that reads ${width}`;
    const hint = step.do === 'load' ? `add \`length: ${length}\`` : `a ${step.do} reads ${bytesText(width)}`;
    return [{ code: 'MEM-SCN-022', message, hint, path: ['expect', key] }];
  });
  return [...lengths, ...(width === null ? [] : fits(value, width, ['expect', 'value'], resizable))];
}

function widthOf(step: Reading): number | null {
  if (step.do === 'rmw') return 1;
  if (step.do === 'load' && step.length !== undefined) {
    const { constant } = step.length;
    return constant === null || constant < 1 || constant > LOAD_BYTES_MAX ? null : Number(constant);
  }
  return ('size' in step ? step.size : undefined) ?? DEFAULT_ACCESS_BYTES;
}

const utf8Length = (text: string | undefined): number | undefined =>
  text === undefined ? undefined : new TextEncoder().encode(text).length;
const bytesText = (count: number): string => `${count} byte${count === 1 ? '' : 's'}`;

const fitsIn = (value: Quantity, size: number): boolean =>
  BigInt(value) < 1n << BigInt(8 * size) && BigInt(value) >= -(1n << BigInt(8 * size - 1));

/** `resizable`: the step takes `size:`, so that a larger one can be given. */
function fits(expression: Expression | undefined, size: number, path: Path, resizable: boolean): ConstantProblem[] {
  const constant = expression?.constant ?? null;
  if (expression === undefined || constant === null || size > 8 || fitsIn(constant, size)) return [];
  const larger = [1, 2, 4, 8].find((bytes) => bytes > size && fitsIn(constant, bytes));
  const largest = `the largest is ${(1n << BigInt(8 * size)) - 1n}`;
  const hint = resizable && larger !== undefined ? `add \`size: ${larger}\`` : largest;
  return [{ code: 'MEM-SCN-022', message: `${expression.text} does not fit in ${bytesText(size)}`, hint, path }];
}
