import { InputError } from '../../mmu/input-error.ts';
import { FETCH, LOAD, STORE } from '../../mmu/units.ts';
import { KIND_NAMES } from '../kind-names.ts';
import { MODIFY, type TraceKind, type TraceSink, type TraceUnit } from '../reference.ts';
import type { ParserOptions, TraceFormat } from './format.ts';
import { headLines } from './recognition.ts';
import { characters, SIZE_MAX, TextParser } from './text-parser.ts';
import { TextWriter } from './text-writer.ts';

/**
 * Tables: a header line that names the columns, then one reference a line. Commas, semicolons or tabs between the fields.
 *
 * ```
 *   kind,address,size,process         time;page
 *   load,0x7ffe10,8,1                 0.1;17
 *   store,0x7ffe18,8,1                0.2;18
 * ```
 *
 * Columns may stand in any order, and others beside them are passed over:
 *
 *   address addr vaddr                  a number; hexadecimal with 0x, else decimal
 *   page vpn id obj_id object key block the same, but counting pages: the format `csv-pages`
 *   kind op type rw access              l load r read 0 | s store w write 1 | i x fetch ifetch exec 2 | m modify 3
 *   size length len bytes obj_size      decimal, from 1; default 1
 *   process pid asid                    decimal; default 0
 *
 * Without a header line the columns have to be told (ParserOptions.columns); the separator is then the one that makes so
 * many fields of the first line, with a number where it belongs.
 *
 * A field may stand in quotation marks, and then hold separators and, doubled, quotation marks (RFC 4180); but no line ends:
 * a line is a reference.
 */
type Role = 'number' | 'kind' | 'size' | 'process' | 'other';

const NAMES: Readonly<Record<TraceUnit, readonly string[]>> = {
  address: ['address', 'addr', 'vaddr'],
  page: ['page', 'vpn', 'id', 'obj_id', 'object', 'key', 'block'],
};
const ROLE_NAMES: readonly (readonly [Role, readonly string[]])[] = [
  ['kind', ['kind', 'op', 'type', 'rw', 'access']],
  ['size', ['size', 'length', 'len', 'bytes', 'obj_size']],
  ['process', ['process', 'pid', 'asid']],
];
const KIND_WORDS: ReadonlyMap<string, TraceKind> = new Map([
  ...['l', 'load', 'r', 'read', '0'].map((word) => [word, LOAD] as const),
  ...['s', 'store', 'w', 'write', '1'].map((word) => [word, STORE] as const),
  ...['i', 'x', 'fetch', 'ifetch', 'exec', '2'].map((word) => [word, FETCH] as const),
  ...['m', 'modify', '3'].map((word) => [word, MODIFY] as const),
]);
const IS_NUMBER = /^(0x[\da-f]+|\d+)$/i;
const SEPARATORS = [',', ';', '\t'] as const;
/** Objects of a cache have sizes of their own. */
const PAGE_SIZE_MAX = 0xffff_ffff;
const PROCESS_MAX = 0xffff_ffff;
const ZERO = 48;
const QUOTE = 34;
const SPACE = 32;
const LF = 10;
const COMMA = 44;

class CsvParser extends TextParser {
  private readonly unit: TraceUnit;
  private roles: readonly Role[] | null;
  private separator: number;
  /** Known: from the header line, or from the first line under columns that were told. */
  private isSeparated: boolean;
  /** The field at hand began with a quotation mark. */
  private isQuoted: boolean;

  constructor(sink: TraceSink, unit: TraceUnit, { columns }: ParserOptions) {
    super(sink, `the first line names the columns, such as \`kind,${unit},size\``);
    this.unit = unit;
    this.separator = COMMA;
    this.isSeparated = false;
    this.isQuoted = false;
    this.roles = columns === undefined ? null : this.rolesOf(columns);
  }

  protected record(): void {
    if (this.roles === null) {
      this.header();
      return;
    }
    if (!this.isSeparated) this.separate(this.roles);
    this.at = this.lineStart;
    const start = this.at;
    let kind: TraceKind = LOAD;
    let size = 1;
    let process = 0;
    let high = 0;
    let low = 0;
    let numberAt = -1;
    for (const role of this.roles) {
      const fieldStart = this.beginField();
      if (role === 'number') {
        this.number();
        high = this.high;
        low = this.low;
        numberAt = fieldStart;
      } else if (role === 'kind') kind = this.kind();
      else if (role === 'size') size = this.size(this.unit === 'address' ? SIZE_MAX : PAGE_SIZE_MAX, false);
      else if (role === 'process') process = this.process();
      this.endField(role === 'other');
    }
    if (this.at <= this.lineEnd) this.fail('MEM-TRC-032', 'more fields than columns', this.at);
    if (numberAt < 0) this.fail('MEM-TRC-032', 'fields are missing', start);
    this.high = high;
    this.low = low;
    if (this.unit === 'address') this.checkEnd(size, numberAt);
    this.emit(kind, size, process);
  }

  private header(): void {
    const text = characters(this.bytes, this.lineStart, this.lineEnd);
    const { names, separator } = columnNames(text);
    this.separator = separator.charCodeAt(0);
    this.isSeparated = true;
    this.roles = this.rolesOf(names);
  }

  /** By the line at hand, the first one. */
  private separate(roles: readonly Role[]): void {
    const text = characters(this.bytes, this.lineStart, this.lineEnd);
    const separator =
      SEPARATORS.find((candidate) => {
        const fields = fieldsOf(text, candidate);
        // In `0,5;17` both make two.
        return fields.length === roles.length && IS_NUMBER.test(fields[roles.indexOf('number')]!);
      }) ?? ',';
    this.separator = separator.charCodeAt(0);
    this.isSeparated = true;
  }

  /** @throws InputError MEM-TRC-035 without a column of numbers */
  private rolesOf(names: readonly string[]): readonly Role[] {
    const roles = names.map((name): Role => roleOf(name, this.unit));
    if (roles.filter((role) => role === 'number').length === 1) return roles;
    const message = roles.includes('number')
      ? 'two columns could be the address or page'
      : `no column is called ${NAMES[this.unit].join(', ')}`;
    if (this.line > 0) this.fail('MEM-TRC-035', message, this.lineStart);
    throw new InputError({ code: 'MEM-TRC-035', message, hint: this.hint });
  }

  private beginField(): number {
    if (this.at > this.lineEnd) this.fail('MEM-TRC-032', 'fields are missing', this.lineEnd);
    this.skipSpaces();
    this.isQuoted = this.peek() === QUOTE;
    if (this.isQuoted) {
      this.at++;
      this.skipSpaces();
    }
    return this.at;
  }

  /** To the first byte behind the separator; one behind the line's end where there is none. */
  private endField(anything: boolean): void {
    if (this.isQuoted) this.endQuotes(anything);
    else if (anything) {
      while (this.at < this.lineEnd && this.bytes[this.at] !== this.separator) this.at++;
    }
    this.skipSpaces();
    if (this.at < this.lineEnd && this.peek() !== this.separator) {
      this.fail('MEM-TRC-033', 'not a number (hexadecimal takes 0x)', this.at);
    }
    this.at++;
  }

  /** Behind the quotation mark that ends the field. */
  private endQuotes(anything: boolean): void {
    const { bytes, lineEnd } = this;
    this.skipSpaces();
    while (anything && this.at < lineEnd) {
      if (bytes[this.at] !== QUOTE) this.at++;
      else if (this.at + 1 < lineEnd && bytes[this.at + 1] === QUOTE) this.at += 2;
      else break;
    }
    if (this.at >= lineEnd) this.fail('MEM-TRC-032', 'the quotation mark is not closed on its line', this.at);
    if (this.peek() !== QUOTE) this.fail('MEM-TRC-033', 'not a number (hexadecimal takes 0x)', this.at);
    this.at++;
  }

  private skipSpaces(): void {
    while (this.peek() === SPACE) this.at++;
  }

  private number(): void {
    const start = this.at;
    const isHex = this.peek() === ZERO && (this.bytes[start + 1]! | 32) === 120 && start + 1 < this.lineEnd;
    const digits = isHex ? this.hex() : this.decimal();
    if (digits === 0) this.fail('MEM-TRC-033', 'a number belongs here', start);
  }

  private process(): number {
    const start = this.at;
    if (this.decimal() === 0) this.fail('MEM-TRC-033', 'a process number belongs here', start);
    const value = this.high * 0x1_0000_0000 + this.low;
    if (value > PROCESS_MAX) this.fail('MEM-TRC-033', 'the process number is above 2^32 - 1', start);
    return value;
  }

  private kind(): TraceKind {
    const start = this.at;
    while (this.at < this.lineEnd && this.bytes[this.at] !== this.separator && this.peek() !== QUOTE) this.at++;
    const word = String.fromCharCode(...this.bytes.subarray(start, Math.min(this.at, start + 16)));
    const kind = KIND_WORDS.get(word.trim().toLowerCase());
    if (kind === undefined) this.fail('MEM-TRC-032', 'not a kind of access (load, store, fetch, modify)', start);
    return kind;
  }
}

function columnNames(header: string): { readonly names: readonly string[]; readonly separator: string } {
  const separator = SEPARATORS.find((candidate) => fieldsOf(header, candidate).length > 1) ?? ',';
  return { names: fieldsOf(header, separator).map((name) => name.toLowerCase()), separator };
}

/** A line as its fields, without quotation marks and blanks around them; for the first line only. */
function fieldsOf(line: string, separator: string): string[] {
  const fields: string[] = [];
  let field = '';
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at]!;
    if (quoted && character === '"' && line[at + 1] === '"') field += line[at++]!;
    else if (quoted) {
      if (character === '"') quoted = false;
      else field += character;
    } else if (character === separator) {
      fields.push(field.trim());
      field = '';
    } else if (character === '"' && field.trim() === '') quoted = true;
    else field += character;
  }
  return [...fields, field.trim()];
}

function roleOf(name: string, unit: TraceUnit): Role {
  const wanted = name.trim().toLowerCase();
  if (NAMES[unit].includes(wanted)) return 'number';
  return ROLE_NAMES.find(([, names]) => names.includes(wanted))?.[0] ?? 'other';
}

class CsvWriter extends TextWriter {
  private readonly unit: TraceUnit;
  private hasHeader = false;

  constructor(out: ConstructorParameters<typeof TextWriter>[0], unit: TraceUnit) {
    super(out);
    this.unit = unit;
  }

  protected line(kind: TraceKind, high: number, low: number, size: number, process: number): void {
    if (!this.hasHeader) {
      this.text(`kind,${this.unit},size,process\n`);
      this.hasHeader = true;
    }
    this.text(KIND_NAMES[kind]);
    this.byte(COMMA);
    if (this.unit === 'address') {
      this.text('0x');
      this.hex(high, low, 1);
    } else this.decimal64(high, low);
    this.byte(COMMA);
    this.decimal(size);
    this.byte(COMMA);
    this.decimal(process);
    this.byte(LF);
  }
}

const csvOf = (unit: TraceUnit): TraceFormat => ({
  name: unit === 'address' ? 'csv' : 'csv-pages',
  title: unit === 'address' ? 'CSV with a column of addresses' : 'CSV with a column of pages or object ids',
  unit,
  carries: { kinds: 'all', sizes: true, processes: true },
  recognizes: (head, whole) => {
    const [first = '', second = ''] = headLines(head, whole) ?? [];
    const { names } = columnNames(first);
    // A single name might be anything: what follows must be a number.
    const isTable = names.length > 1 || IS_NUMBER.test(fieldsOf(second, ',')[0]!);
    return isTable && names.some((name) => NAMES[unit].includes(name));
  },
  parser: (sink, options) => new CsvParser(sink, unit, options),
  writer: (out) => new CsvWriter(out, unit),
});

export const csv: TraceFormat = csvOf('address');
export const csvPages: TraceFormat = csvOf('page');
