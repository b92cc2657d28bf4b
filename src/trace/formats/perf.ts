import { FETCH, LOAD, STORE } from '../../mmu/units.ts';
import type { TraceKind } from '../reference.ts';
import type { TraceFormat } from './format.ts';
import { headLines, mostlyRecords } from './recognition.ts';
import { characters, TextParser } from './text-parser.ts';

/**
 * Sampled accesses of Linux's perf, as two of its commands print them:
 *
 * ```
 *   perf script (fields comm, pid, time, event and addr at least; more may be there):
 *     ls 19935/19935 26218.858112: page-faults:     5653af8585c0 ffffffff81752b6a
 *     ls 19935 [003] 26218.858150: 7 cpu/mem-loads,ldlat=30/P: 7fbe8c76c110 68100142 |OP LOAD|LVL L1 hit|… 7fbe8c7537ad _dl_start
 *
 *   perf mem report -D:
 *     # PID, TID, IP, ADDR, LOCAL WEIGHT, DSRC, SYMBOL
 *     19935 19935 0x7fbe8c752b70 0x7fbe8c76be06 7 0x68100142 /usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2:_start
 * ```
 *
 * [tools/perf/builtin-script.c, builtin-mem.c]. Loads and stores are told apart by the data source (`|OP STORE|`; in a raw
 * dump the low bits of DSRC, PERF_MEM_OP_… of linux/perf_event.h), else by the name of the event; a page fault at the very
 * address of its instruction is a fetch. Samples have no size: 1 byte. Samples without an address (0) are passed over.
 */
const LINE =
  /^\s*(?<comm>\S.*?)\s+(?<pid>-?\d+)(?:\/-?\d+)?\s+(?:\[\d+\]\s+)?(?:\d+\.\d+:\s+)(?:\d+\s+)?(?<event>\S.*?):\s+(?<rest>\S.*)$/;
const RAW = /^\s*(?<pid>\d+)[\s,]\s*\d+[\s,]\s*0x[0-9a-f]+[\s,]\s*0x(?<address>[0-9a-f]+)[\s,](?<rest>.*)$/i;
const RAW_PREFIX = /^\s*\d+[\s,]\s*\d+[\s,]\s*0x/;
const RAW_SOURCE = /0x([0-9a-f]+)[\s,]+\S+:\S*\s*$/i;
/** A field of addr or ip: perf prints no shorter ones, and no symbol looks like it. */
const ADDRESS = /^[0-9a-f]{5,}$/;

/** Names of symbols can be long; the patterns must not meet anything they would take long over. */
const SAMPLE_BYTES_MAX = 16384;
const SIZE = 1;
const HASH = 35;
const TAB = 9;

class PerfParser extends TextParser {
  protected record(): void {
    // Remarks, and the frames of call chains.
    if (this.peek() === HASH || this.bytes[this.lineStart] === TAB) return;
    const { bytes, lineStart, lineEnd } = this;
    if (lineEnd - lineStart > SAMPLE_BYTES_MAX) {
      this.fail('MEM-TRC-032', `a sample has at most ${SAMPLE_BYTES_MAX} bytes`, lineStart);
    }
    const text = characters(bytes, lineStart, lineEnd);
    if (RAW_PREFIX.test(text)) this.raw(text);
    else this.script(text);
  }

  private script(text: string): void {
    const groups = LINE.exec(text)?.groups;
    if (groups === undefined) this.fail('MEM-TRC-032', 'not a sample of perf script', this.lineStart);
    const rest = groups.rest!;
    const words = rest.split(/\s+/);
    const operation = /\|OP ([^|]*)/.exec(rest)?.[1];
    const [address = '', second] = words;
    // Alone with a symbol behind it, it is the instruction pointer that perf prints by default.
    const others = words.slice(1).filter((word) => ADDRESS.test(word));
    const isAddress = operation !== undefined || second === undefined || others.length > 0 || address === '0';
    const at = this.lineStart + text.length - rest.length;
    if (!/^[0-9a-f]+$/.test(address) || !isAddress) this.fail('MEM-TRC-033', 'the sample has no data address', at);
    this.sample(groups.pid!, address, at, kindOf(operation, groups.event!, others[0] === address));
  }

  private raw(text: string): void {
    const groups = RAW.exec(text)?.groups;
    if (groups === undefined) this.fail('MEM-TRC-032', 'not a sample of perf mem report -D', this.lineStart);
    let digits = groups.address!;
    const at = text.indexOf(`0x${digits}`, text.indexOf('0x') + 2) + this.lineStart;
    // perf up to 6.x has a slip in the format of its first line: 0x016 and then the digits. Proper ones have no zero in
    // front, or sixteen digits.
    if (digits.startsWith('016') && digits.length !== 16) digits = digits.slice(3);
    const source = Number.parseInt(RAW_SOURCE.exec(text)?.[1]?.slice(-2) ?? '0', 16);
    this.sample(groups.pid!, digits, at, (source & 4) !== 0 ? STORE : (source & 16) !== 0 ? FETCH : LOAD);
  }

  private sample(pid: string, address: string, at: number, kind: TraceKind): void {
    if (address.replace(/^0+/, '').length > 16) this.fail('MEM-TRC-005', 'the address has more than 64 bits', at);
    const digits = address.padStart(16, '0').slice(-16);
    this.high = Number.parseInt(digits.slice(0, 8), 16);
    this.low = Number.parseInt(digits.slice(8), 16);
    // The idle task and threads already gone are -1.
    const process = Number(pid) >>> 0;
    if (this.high !== 0 || this.low !== 0) this.emit(kind, SIZE, process);
  }
}

function kindOf(operation: string | undefined, event: string, atInstruction: boolean): TraceKind {
  const said = operation === undefined || operation === 'N/A' ? event : operation;
  if (/store|write/i.test(said)) return STORE;
  if (/exec|fetch/i.test(said)) return FETCH;
  return atInstruction && !/load|read/i.test(said) ? FETCH : LOAD;
}

export const perf: TraceFormat = {
  name: 'perf',
  title: 'perf script with addr, perf mem report -D',
  unit: 'address',
  carries: { kinds: 'no modify', sizes: false, processes: true },
  recognizes: (head, whole) => {
    const lines = headLines(head, whole);
    return mostlyRecords(lines, LINE, ASIDE) || mostlyRecords(lines, RAW, ASIDE);
  },
  parser: (sink) => new PerfParser(sink, 'print samples with `perf script -F comm,pid,time,event,addr,ip`'),
  writer: null,
};

/** Remarks and frames of call chains. */
const ASIDE = /^(#|\t)/;
