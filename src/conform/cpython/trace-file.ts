/**
 * A recorded trace: what a program asked of its three domains, one op a line, behind a header that says how the arenas and
 * the lowest raw allocator around it behaved.
 *
 *     {"trace":"small-s01-real","format":1,"n_ops":200,"arena":{"base":"0x2003ffe00000",…},"raw_limit":1073741824,…}
 *     {"op":"malloc","domain":"obj","id":1,"size":152}
 *
 * `id` is the program's name for a block; sizes from 2^53 up are decimal texts.
 */
import { type Size, sizeOf } from '../../process/allocator.ts';
import { DOMAIN_NAMES, type Domain } from '../../process/python/allocator-record.ts';
import { Fields, isObject, type Mistakes, parseJson, shortJson, wholeOf } from '../fields.ts';
import { LineReader } from '../line-reader.ts';

/** In which order freed arena slots are handed out again: never, last freed first, lowest first. */
const REUSE_RULES = ['mono', 'lifo', 'low'] as const;
type ArenaReuse = (typeof REUSE_RULES)[number];

/** Slot s of the arena allocator lies at base + offset + s × arena size. */
export interface ArenaRule {
  readonly base: number;
  readonly offset: number;
  readonly reuse: ArenaReuse;
  /** Arenas live at once, beyond which the arena allocator answers NULL; below 0: any number. */
  readonly maxArenas: number;
}

export interface TraceHeader {
  readonly trace: string;
  readonly ops: number;
  readonly arena: ArenaRule;
  /** Bytes; the lowest raw allocator answers NULL to requests above. */
  readonly rawLimit: number;
}

export type OpName = 'malloc' | 'calloc' | 'realloc' | 'free';

/** One op. A single object is filled again and again: read what is needed before the next. */
export interface TraceOp {
  name: OpName;
  domain: Domain;
  id: number;
  /** Bytes; for calloc those of an element, for free 0. */
  size: Size;
  /** Elements; 1 for anything but calloc. */
  count: Size;
}

/** What the mistakes in a trace are called. */
const NOT_A_TRACE = 'MEM-CNF-003';
const WRONG_OP = 'MEM-CNF-004';
const CUT_SHORT = 'MEM-CNF-005';
const OP_HINT =
  'an op is {"op":"malloc","domain":"raw|mem|obj","id":1,"size":16}; calloc has nelem and elsize instead of size, free neither';
const FORMAT = 1;

export class TraceFile {
  readonly header: TraceHeader;
  /** The op last read. */
  readonly op: TraceOp = { name: 'free', domain: 0, id: 0, size: 0, count: 1 };
  /** Its number, from 1. */
  number = 0;
  private readonly lines: LineReader;
  private readonly mistakes: Mistakes;

  /** The header's mistakes are noted in `mistakes`. */
  constructor(text: string, mistakes: Mistakes) {
    this.mistakes = mistakes;
    this.lines = new LineReader(text);
    this.header = readHeader(this.lines, mistakes);
  }

  /** Read the next op into `op`; false behind the last. @throws InputErrors */
  next(): boolean {
    const line = this.number < this.header.ops ? this.lines.next() : null;
    if (line === null) {
      this.end();
      return false;
    }
    this.number++;
    if (!readOp(parseJson(line), this.op)) this.refuseFrom(line);
    return true;
  }

  /** This line is no op; of the others behind it, those that are none either. */
  private refuseFrom(first: string): void {
    for (let line: string | null = first; line !== null; line = this.lines.next()) {
      if (readOp(parseJson(line), this.op)) continue;
      const shown = shortJson(parseJson(line) ?? line);
      this.mistakes.add(WRONG_OP, this.lines.number, `no op: ${shown}`, OP_HINT);
    }
    this.mistakes.throwIfAny();
  }

  /** The number of ops is the one that the header gives. */
  private end(): void {
    const { ops } = this.header;
    if (this.number < ops) {
      const message = `the header promises ${ops} ops, the file ends after ${this.number}`;
      this.mistakes.add(CUT_SHORT, 0, message, 'copy it again');
    } else if (this.lines.next() !== null) {
      const message = `the header promises ${ops} ops, here is one more`;
      this.mistakes.add(CUT_SHORT, this.lines.number, message);
    }
    this.mistakes.throwIfAny();
  }
}

function readHeader(lines: LineReader, mistakes: Mistakes): TraceHeader {
  const first = lines.next();
  const json = first === null ? undefined : parseJson(first);
  if (!isObject(json)) {
    const hint = 'line 1 is {"trace":…,"format":1,"n_ops":…,"arena":{…},…}';
    mistakes.refuse(NOT_A_TRACE, 1, 'not the header of a trace', hint);
  }
  const fields = new Fields(json, 1, mistakes, NOT_A_TRACE);
  const format = fields.whole('format', 1);
  if (format > FORMAT) {
    mistakes.add(NOT_A_TRACE, 1, `format ${format} is not known`, `this version of mmulator reads format ${FORMAT}`);
  }
  const arena = fields.inner('arena');
  return {
    trace: fields.text('trace'),
    ops: fields.whole('n_ops', 0),
    arena: {
      base: arena.whole('base', 0),
      offset: arena.whole('offset', 0),
      reuse: arena.oneOf('reuse', REUSE_RULES),
      maxArenas: arena.whole('max_arenas', Number.MIN_SAFE_INTEGER),
    },
    rawLimit: fields.whole('raw_limit', 0),
  };
}

/** False when the line is no op. */
function readOp(json: unknown, op: TraceOp): boolean {
  if (!isObject(json)) return false;
  const domain = DOMAIN_NAMES.indexOf(json.domain as (typeof DOMAIN_NAMES)[number]);
  const id = wholeOf(json.id);
  if (domain < 0 || id === null) return false;
  op.domain = domain as Domain;
  op.id = id;
  op.count = 1;
  op.size = 0;
  switch (json.op) {
    case 'malloc':
    case 'realloc':
      op.name = json.op;
      return isSize(json.size) && setSizes(op, 1, json.size);
    case 'calloc':
      op.name = 'calloc';
      return isSize(json.nelem) && isSize(json.elsize) && setSizes(op, json.nelem, json.elsize);
    case 'free':
      op.name = 'free';
      return true;
    default:
      return false;
  }
}

function setSizes(op: TraceOp, count: number | string, size: number | string): true {
  op.count = typeof count === 'number' ? count : sizeOf(BigInt(count));
  op.size = typeof size === 'number' ? size : sizeOf(BigInt(size));
  return true;
}

const SIZE_MAX = 2n ** 64n - 1n;

/** What a size_t holds: a whole number, or its decimal digits. */
function isSize(value: unknown): value is number | string {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0;
  return typeof value === 'string' && /^\d{1,20}$/.test(value) && BigInt(value) <= SIZE_MAX;
}

/** `malloc obj 152 bytes as block 1`: an op in words. */
export function opText({ name, domain, id, size, count }: TraceOp): string {
  const what = `${name} ${DOMAIN_NAMES[domain]} block ${id}`;
  if (name === 'free') return what;
  return name === 'calloc' ? `${what}, ${count} × ${size} bytes` : `${what}, ${size} bytes`;
}
