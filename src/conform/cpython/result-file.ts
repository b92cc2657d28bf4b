/**
 * What a real CPython did with a trace: for each op a line (or only hashes of them), then the state it ended in.
 *
 *     {"trace":"small-s01-real","profile":"cp311","n_ops":200,"sha256":…,"placement_sha256":…,"detail":"full",…}
 *     "P:0.0.48.9 rr:0,768 +A:0@0 rc:1,262144 rc:1,131072"          or   {"every":1000,"checkpoints":[…],…}
 *     {"final":{"arenas_total":1,…}}
 *
 * A line is a RESULT and the EVENTS that happened on the way: `+A` and `-A` are arenas coming and going, `rm rc rr rf` calls
 * of the lowest raw allocator. Placement is the line without the latter.
 */
import { Fields, isObject, type JsonObject, type Mistakes, parseJson, shortJson } from '../fields.ts';
import { LineReader } from '../line-reader.ts';

export interface ResultHeader {
  readonly trace: string;
  readonly profile: string;
  /** `3.11.7`. */
  readonly python: string;
  readonly debugHooks: boolean;
  readonly ops: number;
  /** Of all lines, each with its line feed. */
  readonly sha256: string;
  readonly placementSha256: string;
  readonly detail: 'full' | 'checkpoints';
}

/** First digits of the running hashes after every so many lines. */
export interface Checkpoints {
  readonly every: number;
  readonly lines: readonly string[];
  readonly placement: readonly string[];
}

const NOT_A_RESULT = 'MEM-CNF-003';
const WRONG_LINE = 'MEM-CNF-004';
const CUT_SHORT = 'MEM-CNF-005';

export class ResultFile {
  readonly header: ResultHeader;
  /** Null when every line is there. */
  readonly checkpoints: Checkpoints | null;
  private readonly lines: LineReader;
  private readonly mistakes: Mistakes;

  /** The header's mistakes are noted in `mistakes`. */
  constructor(text: string, mistakes: Mistakes) {
    this.mistakes = mistakes;
    this.lines = new LineReader(text);
    const first = this.lines.next();
    const json = first === null ? undefined : parseJson(first);
    this.header = readHeader(isObject(json) ? json : {}, mistakes);
    this.checkpoints = this.header.detail === 'checkpoints' ? this.readCheckpoints() : null;
  }

  /** The next op's line. @throws InputErrors */
  nextLine(): string {
    const line = this.lines.next();
    const json = line === null ? undefined : parseJson(line);
    if (typeof json === 'string') return json;
    if (line === null || isObject(json)) {
      return this.refuse(CUT_SHORT, `the header promises ${this.header.ops} lines, here they end`);
    }
    return this.refuseFrom(line);
  }

  /** This line is none of an op; of the others behind it, those that are none either, up to the final state. */
  private refuseFrom(first: string): never {
    let last = first;
    for (let line: string | null = first; line !== null; line = this.lines.next()) {
      const json = parseJson(line);
      if (typeof json === 'string') continue;
      if (isObject(json)) break;
      last = line;
      this.mistakes.add(WRONG_LINE, this.lines.number, notALine(line));
    }
    this.mistakes.throwIfAny();
    return this.refuse(WRONG_LINE, notALine(last));
  }

  /** The state at the end, as recorded. @throws InputErrors */
  final(): JsonObject {
    const line = this.lines.next();
    const json = line === null ? undefined : parseJson(line);
    const final = isObject(json) ? json.final : undefined;
    if (!isObject(final)) {
      const what = line === null ? 'the file ends' : `here is ${shortJson(json ?? line)}`;
      return this.refuse(CUT_SHORT, `{"final":{…}} must follow the ${this.header.ops} lines: ${what}`);
    }
    if (this.lines.next() !== null) this.refuse(WRONG_LINE, 'nothing may follow the final state');
    return final;
  }

  private readCheckpoints(): Checkpoints {
    const line = this.lines.next();
    const json = line === null ? undefined : parseJson(line);
    const fields = new Fields(isObject(json) ? json : {}, 2, this.mistakes, WRONG_LINE);
    const every = Math.max(1, fields.whole('every', 1));
    const read = (name: string): readonly string[] => {
      const digests = fields.texts(name);
      const wanted = Math.floor(this.header.ops / every);
      if (this.mistakes.errors.length === 0 && digests.length !== wanted) {
        const message = `\`${name}\` has ${digests.length} digests where ${wanted} are due: one after every ${every} ops`;
        this.mistakes.add(WRONG_LINE, 2, message);
      }
      return digests;
    };
    return { every, lines: read('checkpoints'), placement: read('placement_checkpoints') };
  }

  private refuse(code: string, message: string): never {
    return this.mistakes.refuse(code, this.lines.number, message);
  }
}

const notALine = (line: string): string =>
  `not the line of an op (a JSON text such as "P:0.1.48.3"): ${shortJson(parseJson(line) ?? line)}`;

function readHeader(json: JsonObject, mistakes: Mistakes): ResultHeader {
  const fields = new Fields(json, 1, mistakes, NOT_A_RESULT);
  return {
    trace: fields.text('trace'),
    profile: fields.text('profile'),
    python: fields.text('python'),
    debugHooks: fields.flag('debug_hooks'),
    ops: fields.whole('n_ops', 0),
    sha256: fields.text('sha256'),
    placementSha256: fields.text('placement_sha256'),
    detail: fields.oneOf('detail', ['full', 'checkpoints']),
  };
}
