/**
 * The fields of one JSON object in a recording, read with their types checked. What is wrong is collected, so that a file
 * with five mistakes is told all five at once.
 */
import { InputError, InputErrors } from '../mmu/input-error.ts';

/** Mistakes told of one file: behind these, it is likely something else altogether. */
const MISTAKES_MAX = 20;

/** The mistakes found in one recording. */
export class Mistakes {
  private readonly file: string;
  private readonly found: InputError[] = [];

  constructor(file: string) {
    this.file = file;
  }

  /** `line`, `column`: from 1; line 0: of the file as a whole. */
  add(code: string, line: number, message: string, hint?: string, column = 1): void {
    const range = line === 0 ? undefined : { line, column, endLine: line, endColumn: column };
    this.found.push(new InputError({ code, message, hint, file: this.file, range }));
    if (this.found.length >= MISTAKES_MAX) this.throwIfAny();
  }

  get errors(): readonly InputError[] {
    return this.found;
  }

  /** One that ends the reading. @throws InputErrors */
  refuse(code: string, line: number, message: string, hint?: string): never {
    this.add(code, line, message, hint);
    throw new InputErrors(this.found);
  }

  /** @throws InputErrors */
  throwIfAny(): void {
    if (this.found.length > 0) throw new InputErrors(this.found);
  }
}

export type JsonObject = Readonly<Record<string, unknown>>;

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The line as JSON; undefined when it is none. */
export function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** Where and how a line that `parseJson` could not read stops being JSON. */
export interface JsonProblem {
  /** From 1. */
  readonly column: number;
  readonly what: string;
}

export function jsonProblem(line: string): JsonProblem {
  try {
    JSON.parse(line);
    return { column: 1, what: 'it is JSON' };
  } catch (thrown) {
    // V8 words this differently from release to release: only these beginnings are relied on, and only for the sentence.
    const message = thrown instanceof Error ? thrown.message : '';
    if (/^(?:Unexpected end|Unterminated)/.test(message))
      return { column: line.length + 1, what: 'the line is cut short' };
    const position = /at position (\d+)/.exec(message);
    if (position === null) return { column: 1, what: 'not JSON' };
    const column = Number(position[1]) + 1;
    return { column, what: `not JSON from column ${column} on` };
  }
}

/** What stands in for a field that is wrong: the mistake is noted, and the file is refused before anything is used. */
const WRONG_TEXT = '';
const WRONG_NUMBER = 0;

export class Fields {
  private readonly object: JsonObject;
  private readonly line: number;
  private readonly mistakes: Mistakes;
  private readonly code: string;
  private readonly place: string;

  /** `code`: of the error that a wrong field is; `place`: what its message begins with, where a line says too little. */
  constructor(object: JsonObject, line: number, mistakes: Mistakes, code: string, place = '') {
    this.object = object;
    this.line = line;
    this.mistakes = mistakes;
    this.code = code;
    this.place = place;
  }

  text(name: string): string {
    const value = this.object[name];
    return typeof value === 'string' ? value : this.wrong(name, 'text', WRONG_TEXT);
  }

  flag(name: string): boolean {
    const value = this.object[name];
    return typeof value === 'boolean' ? value : this.wrong(name, 'true or false', false);
  }

  /** A whole number from `least` to `most`, or 2^53 - 1. */
  whole(name: string, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const value = wholeOf(this.object[name]);
    if (value !== null && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `${least} up` : `${least} to ${most}`;
    return this.wrong(name, `a whole number from ${range}`, WRONG_NUMBER);
  }

  /** Something else is wrong with the object. */
  refuse(message: string): void {
    this.mistakes.add(this.code, this.line, this.place + message);
  }

  oneOf<const Choice extends string>(name: string, choices: readonly Choice[]): Choice {
    const value = this.object[name];
    return choices.find((choice) => choice === value) ?? this.wrong(name, `one of ${choices.join(', ')}`, choices[0]!);
  }

  inner(name: string): Fields {
    const value = this.object[name];
    return new Fields(
      isObject(value) ? value : this.wrong(name, 'an object', {}),
      this.line,
      this.mistakes,
      this.code,
      `${this.place}${name}: `,
    );
  }

  texts(name: string): readonly string[] {
    const value = this.object[name];
    return Array.isArray(value) && value.every((item) => typeof item === 'string')
      ? value
      : this.wrong(name, 'a list of texts', []);
  }

  private wrong<Value>(name: string, expected: string, instead: Value): Value {
    const value = this.object[name];
    const got = value === undefined ? 'it is missing' : `not ${shortJson(value)}`;
    this.mistakes.add(this.code, this.line, `${this.place}\`${name}\` must be ${expected}: ${got}`);
    return instead;
  }
}

/** A whole number written as one, in decimal digits or as `0x…`; null for anything else or from 2^53 up. */
export function wholeOf(value: unknown): number | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? value : null;
  if (typeof value !== 'string' || !/^(?:0x[0-9a-f]+|-?\d+)$/i.test(value)) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

const SHOWN_MAX = 40;

export function shortJson(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length <= SHOWN_MAX ? text : `${text.slice(0, SHOWN_MAX)}…`;
}
