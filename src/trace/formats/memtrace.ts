import { FETCH, LOAD, STORE } from '../../mmu/units.ts';
import type { TraceKind } from '../reference.ts';
import type { TraceFormat } from './format.ts';
import { headLines, mostlyRecords } from './recognition.ts';
import { HEX_VALUE, SIZE_MAX, TextParser } from './text-parser.ts';

/**
 * What DynamoRIO's memory tracers print, in three looks that may be told apart line by line:
 *
 * ```
 *   drmemtrace's view tool (`drrun -t drmemtrace -tool view -indir …`; it writes to standard error):
 *     Output format:
 *     <--record#-> <--instr#->: <---tid---> <record details>
 *               12           2:     3264766 ifetch       4 byte(s) @ 0x0000000000401028 48 83 eb 01   sub …
 *               13           2:     3264766 write        8 byte(s) @ 0x00007fff0c2c1d08 by PC 0x0000000000401028
 *               14           2:     3264766 <marker: tid 3264766 on core 10>
 *
 *   samples/memtrace_simple.c:   0x00007fff0c2c1d08:  8, w          the address; r, w or the opcode fetched there
 *   samples/memtrace_x86.c:      0x401028,w,8,0x7fff0c2c1d08        PC, r or w, size, address
 * ```
 *
 * [clients/drcachesim/tools/view.cpp, api/samples/memtrace_*.c]. Markers, prefetches and flushes are no references.
 * Threads share their memory: the thread is not kept. Text ahead of the records and the tool's summary behind them are
 * passed over, known by their looks; anything else is a mistake.
 */
const COLON = 58;
const COMMA = 44;
const LESS = 60;
const SPACE = 32;

/** By name of the view tool: null for what is no reference. */
const VIEW_KINDS: readonly (readonly [name: string, kind: TraceKind])[] = [
  ['ifetch ', FETCH],
  ['read ', LOAD],
  ['write ', STORE],
];
const NO_REFERENCE = /^(pref|iflush|dflush)/;
/** Headings and the end of the view tool's output, and what the program printed between. */
const ASIDE = /^\s*(Format:|Output format:|<--record|-{20,}|={20,}|View tool results|\d+ : )/;

class MemtraceParser extends TextParser {
  /** The view tool has ended: its summary and those of other tools follow. */
  private ended = false;

  protected record(): void {
    if (this.ended) return;
    const start = this.at;
    if (this.accept('0x')) {
      this.at = start;
      this.sample(start);
      return;
    }
    if (this.view(start)) return;
    const text = this.rest(start);
    if (text.startsWith('View tool results')) this.ended = true;
    else if (!ASIDE.test(text)) this.fail('MEM-TRC-032', 'not a record of DynamoRIO', start);
  }

  /** `record# instr#: tid details`; false when the line does not begin so. */
  private view(start: number): boolean {
    for (const behind of [SPACE, COLON, SPACE]) {
      if (this.decimal() === 0 || this.peek() !== behind) {
        this.at = start;
        return false;
      }
      this.at++;
      this.skipBlanks();
    }
    if (this.peek() === LESS) return true;
    for (const [name, kind] of VIEW_KINDS) {
      if (this.accept(name)) {
        this.viewReference(kind);
        return true;
      }
    }
    const details = this.rest(this.at);
    // The bytes of a long instruction go on in a line of their own.
    const isEncoding = /^([0-9a-f]{2} ?)+$/.test(details);
    if (!isEncoding && !NO_REFERENCE.test(details)) this.fail('MEM-TRC-032', 'not a record of DynamoRIO', this.at);
    return true;
  }

  private viewReference(kind: TraceKind): void {
    this.skipBlanks();
    const size = this.size(SIZE_MAX, false);
    if (!this.accept(' byte(s) @ ')) this.fail('MEM-TRC-032', '`byte(s) @` belongs here', this.at);
    const addressStart = this.at;
    if (this.hex() === 0) this.fail('MEM-TRC-033', 'a hexadecimal address belongs here', addressStart);
    this.checkEnd(size, addressStart);
    this.emit(kind, size, 0);
  }

  /** The looks of the two samples. */
  private sample(start: number): void {
    if (this.hex() === 0) this.fail('MEM-TRC-033', 'a hexadecimal address belongs here', start);
    const mark = this.peek();
    if (mark !== COLON && mark !== COMMA) this.fail('MEM-TRC-032', 'not a record of DynamoRIO', this.at);
    this.at++;
    this.skipBlanks();
    if (mark === COMMA) {
      this.sampleOfPc();
      return;
    }
    const size = this.size(SIZE_MAX, false);
    this.comma();
    this.skipBlanks();
    const word = this.at;
    this.skipWord();
    if (this.at === word) this.fail('MEM-TRC-032', 'r, w or an opcode belongs here', word);
    const letter = this.at - word === 1 ? this.bytes[word]! : 0;
    this.checkEnd(size, start);
    this.emit(letter === LETTER_R ? LOAD : letter === LETTER_W ? STORE : FETCH, size, 0);
  }

  private sampleOfPc(): void {
    const letter = this.peek();
    if (letter !== LETTER_R && letter !== LETTER_W) this.fail('MEM-TRC-032', 'r or w belongs here', this.at);
    this.at++;
    this.comma();
    const size = this.size(SIZE_MAX, false);
    this.comma();
    const addressStart = this.at;
    if (this.hex() === 0) this.fail('MEM-TRC-033', 'a hexadecimal address belongs here', addressStart);
    if (this.at < this.lineEnd && HEX_VALUE[this.peek()]! < 0 && this.peek() !== SPACE) {
      this.fail('MEM-TRC-032', 'something follows the record', this.at);
    }
    this.checkEnd(size, addressStart);
    this.emit(letter === LETTER_R ? LOAD : STORE, size, 0);
  }

  private comma(): void {
    if (this.peek() !== COMMA) this.fail('MEM-TRC-032', 'a comma belongs here', this.at);
    this.at++;
  }

  /** For lines that are no references. */
  private rest(start: number): string {
    return String.fromCharCode(...this.bytes.subarray(start, Math.min(this.lineEnd, start + 200)));
  }
}

const LETTER_R = 114;
const LETTER_W = 119;

export const memtrace: TraceFormat = {
  name: 'memtrace',
  title: 'DynamoRIO memtrace as text: drmemtrace’s view tool, memtrace_simple, memtrace_x86',
  unit: 'address',
  carries: { kinds: 'no modify', sizes: true, processes: false },
  recognizes: (head, whole) => mostlyRecords(headLines(head, whole), RECORD, ASIDE),
  parser: (sink) =>
    new MemtraceParser(sink, 'a record looks like `13 2: 3264766 write 8 byte(s) @ 0x7fff0c2c1d08 by PC 0x401028`'),
  writer: null,
};

const RECORD = /^\s*(\d+\s+\d+:\s+\d+\s+\S|0x[0-9a-f]+:\s+\d+,\s*\S+\s*$|0x[0-9a-f]+,[rw],\d+,0x[0-9a-f]+\s*$)/i;
