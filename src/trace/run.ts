import type { SignalName } from '../kernel/events.ts';
import {
  errnoName,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../kernel/linux-abi.ts';
import type { Process } from '../kernel/process.ts';
import { checkObeyed } from '../kernel/reclaim/option-table.ts';
import { TICK_EVERY } from '../kernel/reclaim/options.ts';
import { hearsTicks, tickPolicy } from '../kernel/reclaim/policy-tick.ts';
import type { MachineConfig } from '../machine/config.ts';
import { costBetween } from '../machine/during.ts';
import { Machine } from '../machine/machine.ts';
import type { CounterName, Counters } from '../machine/view.ts';
import type { Cpu } from '../mmu/cpu.ts';
import { InputError } from '../mmu/input-error.ts';
import { type AccessKind, FETCH, LOAD, STORE } from '../mmu/units.ts';
import { PageNumbering } from './page-numbering.ts';
import { type ReaderOptions, TraceReader } from './reader.ts';
import { type BatchSink, MODIFY, type ReferenceBatch, type TraceKind, type TraceUnit } from './reference.ts';
import { traceMachine } from './run-machine.ts';

/** What running a recorded trace showed. Plain data; the counts leave out what starting the process cost. */
export interface TraceReport {
  /** Records of the trace. One that crosses a page boundary is one reference and touches two pages. */
  readonly references: {
    readonly total: number;
    readonly fetches: number;
    readonly loads: number;
    readonly stores: number;
    /** Load and store by one instruction. */
    readonly modifies: number;
    readonly pageCrossings: number;
    readonly bytes: number;
  };
  /** Pages touched, modifies twice: what the TLB was asked. */
  readonly accesses: number;
  readonly tlb: {
    readonly hits: number;
    readonly misses: number;
    readonly l1Misses: number;
    readonly l2Hits: number;
  };
  readonly walks: number;
  readonly pteReads: number;
  readonly faults: { readonly minor: number; readonly major: number };
  readonly evictions: { readonly clean: number; readonly dirty: number };
  readonly swap: { readonly reads: number; readonly writes: number };
  readonly pages: {
    readonly distinct: number;
    /** The most pages the process had in memory at once. */
    readonly peakResident: number;
  };
  /** Why the trace was not run to its end: the kernel killed the process at this line, or record of a binary trace. */
  readonly killed: { readonly line: number; readonly signal: SignalName; readonly reason: string } | null;
}

const RWX = PROT_READ | PROT_WRITE | PROT_EXEC;
/** Of a direct-mapped memory of 4096 pages. */
const KNOWN_MASK = 4095;
/** Accesses made in one go. */
const WAITING_MAX = 1024;
/** Pages of a trace that counts pages, not addresses, lie from here on: nothing may be mapped at the lowest addresses. */
const FIRST_PAGE = 256;
const MAP_FLAGS = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE;

/**
 * A recorded program (in any format of formats/) run on a whole machine as one process: every reference goes
 * through TLB, page tables and kernel.
 *
 * ```
 *   bytes → TraceReader → page known? ─yes→ cpu.touchBatch → TLB / walk / fault → counters → TraceReport
 *                            └─ no: mmap of that page, private, anonymous, rwx
 * ```
 *
 * A trace tells where a program touched memory, not what it wrote there; so no bytes are moved, but a store dirties
 * its page. Areas are made page by page, as nobody recorded the program's own; neighbours merge. A recorded page had
 * contents, code to run or data to read, so the process does without the zero page: also a first read gets a frame of
 * its own, by a minor fault.
 *
 *     const run = new TraceRun({ memory: 256 * 1024, replacement: 'clock' });
 *     for (const chunk of file) run.push(chunk);
 *     const report = run.end();
 */
export class TraceRun implements BatchSink {
  readonly machine: Machine;
  readonly process: Process;
  private readonly reader: TraceReader;
  /** What the numbers of the trace count: bytes, or pages of this machine. */
  private unit: TraceUnit = 'address';
  /** The process whose references these are; null before the first. */
  private traced: number | null = null;
  private readonly cpu: Cpu;
  private readonly pageBytes: number;
  private readonly pageScale: number;
  private readonly userEnd: number;
  private readonly before: Counters;
  private readonly pages = new PageNumbering();
  /** Direct-mapped memory of pages known to be mapped: page number + 1, by its low bits. */
  private readonly known = new Float64Array(KNOWN_MASK + 1);
  private readonly counts = new Float64Array(4);
  /** Page references from one timer interrupt to the next, for policies that hear of it; never for others. */
  private readonly tickEvery: number;
  private untilTick: number;
  /** Accesses that wait for their turn, and the references of the batch they belong to. */
  private readonly addresses = new Float64Array(WAITING_MAX);
  private readonly kinds = new Uint8Array(WAITING_MAX);
  private readonly origins = new Int32Array(WAITING_MAX);
  private waiting = 0;
  private crossings = 0;
  private bytes = 0;
  private peakResident: number;
  private faultsSeen = 0;
  private killedLine = 0;

  /** @throws InputError or InputErrors for an impossible configuration */
  constructor(config: Partial<MachineConfig> = {}, options: ReaderOptions = {}) {
    // Whoever runs a machine is its timer, so this option is obeyed here.
    const { tickEvery, ...replacementOptions } = config.replacementOptions ?? {};
    this.machine = new Machine(traceMachine({ ...config, replacementOptions }));
    const { policy } = this.machine.kernel;
    if (tickEvery !== undefined) checkObeyed('tickEvery', tickEvery, policy.name);
    this.tickEvery = hearsTicks(policy) ? (tickEvery ?? TICK_EVERY) : Number.POSITIVE_INFINITY;
    this.process = this.machine.spawn({ name: 'trace', image: {} });
    this.process.space!.forbidsZeroPage = true;
    this.cpu = this.machine.cpus[this.process.cpu]!;
    this.pageBytes = this.machine.format.pageBytes;
    this.pageScale = 1 / this.pageBytes;
    this.untilTick = this.tickEvery;
    this.userEnd = this.machine.format.userEnd;
    this.peakResident = this.process.space?.residentPages ?? 0;
    this.before = this.machine.counters();
    this.reader = new TraceReader((_format, unit) => this.opened(unit), options);
  }

  /** References of the trace read so far. */
  get references(): number {
    return this.reader.references;
  }

  /**
   * The next bytes of the trace. Nothing more is read once the process was killed.
   * @throws InputError for what is no trace (see formats/), MEM-TRC-011 for an address the machine has no place for,
   *   012 when the kernel refuses to map a page, 013 for a trace of several processes
   */
  push(chunk: Uint8Array): void {
    if (this.killedLine === 0) this.reader.push(chunk);
  }

  /** @throws InputError as push, and for a trace that breaks off or has no reference */
  end(): TraceReport {
    if (this.killedLine === 0) this.reader.end();
    const cost = costBetween(this.before, this.machine.counters());
    const counted = (name: CounterName): number => cost[name] ?? 0;
    const [loads, stores, fetches, modifies] = [LOAD, STORE, FETCH, MODIFY].map((kind) => this.counts[kind]!);
    return {
      references: {
        total: loads! + stores! + fetches! + modifies!,
        fetches: fetches!,
        loads: loads!,
        stores: stores!,
        modifies: modifies!,
        pageCrossings: this.crossings,
        bytes: this.bytes,
      },
      accesses: counted('accesses'),
      tlb: {
        hits: counted('tlbHits'),
        misses: counted('tlbMisses'),
        l1Misses: counted('l1TlbMisses'),
        l2Hits: counted('l2TlbHits'),
      },
      walks: counted('walks'),
      pteReads: counted('pteReads'),
      faults: { minor: counted('minorFaults'), major: counted('majorFaults') },
      evictions: { clean: counted('cleanEvictions'), dirty: counted('dirtyEvictions') },
      swap: { reads: counted('swapReads'), writes: counted('swapWrites') },
      pages: { distinct: this.pages.count, peakResident: this.peakResident },
      killed: this.killed(),
    };
  }

  /** References, from the reader. */
  take(batch: ReferenceBatch, count: number): void {
    const { processes, places } = batch;
    for (let at = 0; at < count && this.killedLine === 0; at++) {
      if (processes[at] !== this.traced) {
        this.flush(batch, at - 1);
        if (this.killedLine !== 0) return;
        this.adopt(processes[at]!, places[at]!);
      }
      this.access(batch, at);
    }
    this.flush(batch, count - 1);
  }

  private opened(unit: TraceUnit): this {
    this.unit = unit;
    return this;
  }

  private adopt(process: number, line: number): void {
    if (this.traced !== null) {
      throw new InputError({
        code: 'MEM-TRC-013',
        message: `the trace has references of process ${this.traced} and, from line or record ${line} on, of process ${process}`,
        hint: `one process is run: choose it with --process ${this.traced} or --process ${process}`,
      });
    }
    this.traced = process;
  }

  private access(batch: ReferenceBatch, at: number): void {
    const address = this.addressOf(batch, at);
    const size = this.sizeOf(batch, at);
    const line = batch.places[at]!;
    if (address + size > this.userEnd) {
      this.flush(batch, at - 1);
      if (this.killedLine === 0) this.refuse(batch.highs[at]!, batch.lows[at]!, line);
      return;
    }
    const kind = batch.kinds[at] as TraceKind;
    this.counts[kind]!++;
    this.bytes += size;
    const first = Math.floor(address * this.pageScale);
    const last = Math.floor((address + size - 1) * this.pageScale);
    this.touch(batch, at, kind, address, first);
    if (last === first) return;
    this.crossings++;
    for (let page = first + 1; page <= last; page++) this.touch(batch, at, kind, page * this.pageBytes, page);
  }

  private addressOf({ highs, lows }: ReferenceBatch, at: number): number {
    const number = highs[at]! * 0x1_0000_0000 + lows[at]!;
    return this.unit === 'address' ? number : (number + FIRST_PAGE) * this.pageBytes;
  }

  private sizeOf({ sizes }: ReferenceBatch, at: number): number {
    return this.unit === 'address' ? sizes[at]! : 1;
  }

  /** A reference that was counted was not run after all. */
  private discount(batch: ReferenceBatch, at: number): void {
    const address = this.addressOf(batch, at);
    const size = this.sizeOf(batch, at);
    this.counts[batch.kinds[at]!]!--;
    this.bytes -= size;
    if (Math.floor(address * this.pageScale) !== Math.floor((address + size - 1) * this.pageScale)) this.crossings--;
  }

  /** One page of a reference, whose turn comes with the next `flush`. */
  private touch(batch: ReferenceBatch, at: number, kind: TraceKind, address: number, page: number): void {
    if (this.killedLine !== 0) return;
    if (this.known[page & KNOWN_MASK] !== page + 1) {
      this.flush(batch, at);
      if (this.killedLine === 0) this.know(page, batch.places[at]!);
      if (this.killedLine !== 0) return;
    }
    this.wait(kind === MODIFY ? LOAD : kind, address, at);
    if (kind === MODIFY) this.wait(STORE, address, at);
    if (--this.untilTick === 0 || this.waiting > WAITING_MAX - 2) this.flush(batch, at);
    if (this.untilTick !== 0) return;
    this.untilTick = this.tickEvery;
    tickPolicy(this.machine.kernel);
  }

  private wait(kind: AccessKind, address: number, reference: number): void {
    const { waiting } = this;
    this.addresses[waiting] = address;
    this.kinds[waiting] = kind;
    this.origins[waiting] = reference;
    this.waiting = waiting + 1;
  }

  /**
   * Make the accesses that wait. So it is called before all that must find them made: a mapping, a tick, an error, the end
   * of the batch. `last`: the last reference of the batch that was counted; those behind the one whose access the kernel
   * answered by killing the process were not run.
   */
  private flush(batch: ReferenceBatch, last: number): void {
    const { process, cpu, waiting } = this;
    this.waiting = 0;
    for (let made = 0; made < waiting; ) {
      made = cpu.touchBatch(this.addresses, this.kinds, made, waiting);
      const faults = process.minorFaults + process.majorFaults;
      if (faults !== this.faultsSeen) {
        this.faultsSeen = faults;
        this.peakResident = Math.max(this.peakResident, process.space?.residentPages ?? 0);
      }
      if (!cpu.faulted) continue;
      const killed = this.origins[made - 1]!;
      this.killedLine = batch.places[killed]!;
      for (let at = killed + 1; at <= last; at++) this.discount(batch, at);
      return;
    }
  }

  /** Map a page seen for the first time; remember it. */
  private know(page: number, line: number): void {
    const seen = this.pages.count;
    this.pages.idOf(page);
    this.known[page & KNOWN_MASK] = page + 1;
    if (this.pages.count === seen) return;
    const address = page * this.pageBytes;
    const result = this.machine.mmap(this.process, { address, length: this.pageBytes, prot: RWX, flags: MAP_FLAGS });
    if (this.process.state === 'zombie') this.killedLine = line;
    if (result === address || this.killedLine !== 0) return;
    throw new InputError({
      code: 'MEM-TRC-012',
      message: `the kernel refuses to map the page at 0x${address.toString(16)} (line ${line}): ${errnoName(result)}`,
      hint:
        address < FIRST_PAGE * this.pageBytes
          ? 'nothing may be mapped at the lowest addresses; where they stand for pages: mmulator trace convert --to pages'
          : 'the trace touches more separate areas than a process may have',
      range: { line, column: 1, endLine: line, endColumn: 2 },
    });
  }

  private refuse(high: number, low: number, line: number): never {
    const number = (BigInt(high) << 32n) | BigInt(low);
    const address = this.unit === 'address' ? number : (number + BigInt(FIRST_PAGE)) * BigInt(this.pageBytes);
    throw new InputError({
      code: 'MEM-TRC-011',
      message: `the address 0x${address.toString(16)} (line ${line}) is outside of user space`,
      hint: `programs on this machine end at 0x${this.userEnd.toString(16)}: choose page tables that reach further, such as x86_64`,
      range: { line, column: 1, endLine: line, endColumn: 2 },
    });
  }

  private killed(): TraceReport['killed'] {
    if (this.killedLine === 0) return null;
    const { signal, lastSignal } = this.process;
    return { line: this.killedLine, signal: signal ?? 'SIGKILL', reason: lastSignal?.reason ?? 'out of memory' };
  }
}

/** Run a whole trace. @throws as TraceRun does */
export function runTrace(chunks: Iterable<Uint8Array>, config: Partial<MachineConfig> = {}): TraceReport {
  const run = new TraceRun(config);
  for (const chunk of chunks) run.push(chunk);
  return run.end();
}
