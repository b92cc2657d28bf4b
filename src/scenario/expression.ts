/**
 * The expressions of a scenario file: addresses, lengths and values.
 *
 *   expression := term (('+' | '-') term)*
 *   term       := factor ('*' factor)*
 *   factor     := number | name | '-' factor | '(' expression ')'
 *   number     := ('0x' hex+ | '0b' bit+ | digit+) unit?          `_` may separate digits
 *   unit       := 'B' | 'KiB' | 'MiB' | 'GiB' | 'TiB'
 *   name       := letter (letter | digit | '_' | '.')*            a symbol bound by `as:`, a loop variable, a built-in
 *
 * Arithmetic is exact: results are numbers while they are safe integers and bigints beyond, so a 64-bit constant keeps
 * every bit. As with pointers in C, what falls outside 64 bits wraps around when it is used as an address.
 */
import { ScalarProblem } from './scalar-problem.ts';

export type Quantity = number | bigint;

export type ExpressionNode =
  | { readonly kind: 'number'; readonly value: Quantity }
  | { readonly kind: 'name'; readonly name: string; readonly offset: number }
  | { readonly kind: 'negate'; readonly operand: ExpressionNode }
  | {
      readonly kind: 'binary';
      readonly operator: '+' | '-' | '*';
      readonly left: ExpressionNode;
      readonly right: ExpressionNode;
    };

export interface Expression {
  /** As written, for showing. */
  readonly text: string;
  readonly root: ExpressionNode;
  /** The names used, with their offsets in `text`. */
  readonly names: readonly { readonly name: string; readonly offset: number }[];
  /** Its value when it uses no name. */
  readonly constant: Quantity | null;
}

/** Where names get their values. Answers undefined for a name that has none. */
export type NameLookup = (name: string) => Quantity | undefined;

/** Bytes in each unit a number may carry. */
export const SIZE_UNITS = {
  B: 1,
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  TiB: 1024 ** 4,
} as const;

const LIMIT_64 = 1n << 64n;
const UNIT_HINT = 'sizes take B, KiB, MiB, GiB or TiB: `64KiB`';

const normal = (value: bigint): Quantity => {
  const small = Number(value);
  return Number.isSafeInteger(small) ? small : value;
};

const combine = (operator: '+' | '-' | '*', left: Quantity, right: Quantity): Quantity => {
  if (typeof left === 'number' && typeof right === 'number') {
    const quick = operator === '+' ? left + right : operator === '-' ? left - right : left * right;
    if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick;
  }
  const [a, b] = [BigInt(left), BigInt(right)];
  return normal(operator === '+' ? a + b : operator === '-' ? a - b : a * b);
};

const negated = (value: Quantity): Quantity => combine('-', 0, value);

/** Evaluate; `lookup` must know every name (the loader and runner check first), or a `ScalarProblem` is thrown. */
export function evaluate(node: ExpressionNode, lookup: NameLookup): Quantity {
  switch (node.kind) {
    case 'number':
      return node.value;
    case 'negate':
      return negated(evaluate(node.operand, lookup));
    case 'binary':
      return combine(node.operator, evaluate(node.left, lookup), evaluate(node.right, lookup));
    case 'name': {
      const value = lookup(node.name);
      if (value === undefined) {
        throw new ScalarProblem({
          code: 'MEM-SCN-016',
          message: `\`${node.name}\` has no value here`,
          offset: node.offset,
          length: node.name.length,
        });
      }
      return value;
    }
    default:
      return node satisfies never;
  }
}

/** Bring a value into the 64-bit address space, wrapping as pointer arithmetic does. */
export function toAddress(value: Quantity): Quantity {
  if (typeof value === 'number' && value >= 0) return value;
  return normal(BigInt.asUintN(64, BigInt(value)));
}

/** Parse, or throw a `ScalarProblem` that points at the offending character. */
export function parseExpression(text: string): Expression {
  const parser = new ExpressionParser(text);
  const root = parser.whole();
  const names = parser.names;
  const constant = names.length === 0 ? evaluate(root, () => undefined) : null;
  return { text: text.trim(), root, names, constant };
}

/** An expression for a number met in the file as a number. */
export function literal(value: Quantity): Expression {
  if (BigInt(value) >= LIMIT_64 || BigInt(value) < -(LIMIT_64 / 2n)) throw beyond64(String(value), 0);
  return { text: String(value), root: { kind: 'number', value }, names: [], constant: value };
}

function beyond64(digits: string, offset: number): ScalarProblem {
  return new ScalarProblem({
    code: 'MEM-SCN-015',
    message: `${digits} does not fit in 64 bits`,
    hint: 'the largest 64-bit constant is 0xffffffffffffffff',
    offset,
    length: digits.length,
  });
}

const NUMBER = /(0x[0-9a-f]+(?:_[0-9a-f]+)*|0b[01]+(?:_[01]+)*|[0-9]+(?:_[0-9]+)*)([a-z]*)/iy;
const NAME = /[A-Za-z][A-Za-z0-9_.]*/y;

class ExpressionParser {
  readonly names: { name: string; offset: number }[] = [];
  private readonly text: string;
  private position = 0;
  private depth = 0;

  constructor(text: string) {
    this.text = text;
  }

  whole(): ExpressionNode {
    const node = this.sum();
    if (this.peek() !== '') {
      throw this.problem(
        `unexpected \`${this.peek()}\``,
        1,
        'an expression is like `buf+0x10`, `buf+i*4KiB` or `0x1000`',
      );
    }
    return node;
  }

  private sum(): ExpressionNode {
    let left = this.product();
    for (;;) {
      const operator = this.peek();
      if (operator !== '+' && operator !== '-') return left;
      this.position++;
      left = { kind: 'binary', operator, left, right: this.product() };
    }
  }

  private product(): ExpressionNode {
    let left = this.factor();
    while (this.peek() === '*') {
      this.position++;
      left = { kind: 'binary', operator: '*', left, right: this.factor() };
    }
    return left;
  }

  private factor(): ExpressionNode {
    const next = this.peek();
    // A limit on everything: the parser recurses, and the text comes from outside.
    if (++this.depth > 200) throw this.problem('expression nested too deeply', 1);
    const node = this.operand(next);
    this.depth--;
    return node;
  }

  private operand(next: string): ExpressionNode {
    if (next === '-') {
      this.position++;
      return { kind: 'negate', operand: this.factor() };
    }
    if (next === '(') {
      this.position++;
      const inner = this.sum();
      if (this.peek() !== ')') throw this.problem('missing `)`', 1);
      this.position++;
      return inner;
    }
    if (next >= '0' && next <= '9' && next !== '') return this.number();
    NAME.lastIndex = this.position;
    const name = NAME.exec(this.text)?.[0];
    if (name !== undefined) {
      this.names.push({ name, offset: this.position });
      const node: ExpressionNode = { kind: 'name', name, offset: this.position };
      this.position += name.length;
      return node;
    }
    if (next === '') throw this.problem('expression ends too early: a number, a name or `(` is missing', 1);
    throw this.problem(`unexpected \`${next}\`: expected a number, a name or \`(\``, 1);
  }

  private number(): ExpressionNode {
    NUMBER.lastIndex = this.position;
    const [whole, digits, unit] = NUMBER.exec(this.text) as unknown as [string, string, string];
    const start = this.position;
    const scale =
      unit === '' ? 1 : Object.hasOwn(SIZE_UNITS, unit) ? SIZE_UNITS[unit as keyof typeof SIZE_UNITS] : null;
    if (scale === null) {
      const near = Object.keys(SIZE_UNITS).find((known) => known[0]?.toLowerCase() === unit[0]?.toLowerCase());
      const hint = near === undefined ? UNIT_HINT : `did you mean \`${digits}${near}\`? ${UNIT_HINT}`;
      this.position += digits.length;
      throw this.problem(`\`${whole}\` is not a number: unknown unit \`${unit}\``, unit.length, hint, 'MEM-SCN-013');
    }
    const value = BigInt(digits.replaceAll('_', '')) * BigInt(scale);
    if (value >= LIMIT_64) throw beyond64(whole, start);
    this.position += whole.length;
    return { kind: 'number', value: normal(value) };
  }

  /** The next character that is not a blank; '' at the end. */
  private peek(): string {
    while (this.text[this.position] === ' ' || this.text[this.position] === '\t') this.position++;
    return this.text[this.position] ?? '';
  }

  private problem(message: string, length: number, hint?: string, code = 'MEM-SCN-014'): ScalarProblem {
    return new ScalarProblem({ code, message, hint, offset: this.position, length });
  }
}
