/**
 * Replays a recording on the emulator: every operation of the trace as calls of the Machine, every answer in the
 * recordings' notation, state included, so that the two can be compared field by field.
 */
import { errnoName } from '../../../src/kernel/linux-abi.ts';
import type { Process } from '../../../src/kernel/process.ts';
import type { AccessResult, Machine } from '../../../src/machine/machine.ts';
import { memoryOf, statusOf } from './figures.ts';
import {
  type Bindings,
  formatAddress,
  narrow,
  parseAddress,
  parseMapFlags,
  parseProtection,
  parseSize,
  runLengths,
} from './notation.ts';
import { HIDDEN, mapsOf, pageAt, pagesOf, sharesOf } from './observe.ts';
import { makeRecordedMachine } from './recorded-machine.ts';
import type { Op, Result, Trace } from './recording.ts';

const PAGE = 4096;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type Answer = Mutable<Result>;

export class Replay {
  readonly machine: Machine;
  /** Live processes in order of birth. */
  private readonly processes = new Map<string, Process>();
  private readonly names = new Map<number, string>();
  private readonly bindings: Bindings = new Map();
  /** P0's figures at the start. */
  private readonly start: Readonly<Record<string, number>>;
  /** Last state shown, as JSON: `maps P0`, `pt P0`, `share`. */
  private readonly shown = new Map<string, string>();

  constructor(trace: Trace) {
    const { machine, process } = makeRecordedMachine(trace);
    this.machine = machine;
    this.processes.set('P0', process);
    this.names.set(process.pid, 'P0');
    this.start = statusOf(process.space!);
    this.state({}, false);
  }

  /** State before the first operation, to compare with the recording's `base`. */
  base(): Result {
    const answer: Answer = {};
    this.state(answer, true);
    return answer;
  }

  /** Do one operation of the trace. */
  step(op: Op): Result {
    const answer: Answer = {};
    const process = this.processes.get(op.p ?? 'P0');
    if (process === undefined) return { skip: 'proc' };
    const address = op.addr === undefined ? 0 : parseAddress(op.addr, this.bindings);
    if (address === null) return { skip: 'unbound' };
    const before = { minor: process.minorFaults, major: process.majorFaults };
    this.perform(answer, op, process, address);
    if (!UNCOUNTED.has(op.op)) {
      answer.min = process.minorFaults - before.minor;
      answer.maj = process.majorFaults - before.major;
    }
    this.state(answer, op.op === 'snap');
    return answer;
  }

  /** An operation that is passed over still binds the name it would have bound. */
  bindFrom(op: Op, recorded: Result): void {
    if (op.as === undefined || typeof recorded.ret !== 'string') return;
    const address = parseAddress(recorded.ret, new Map());
    if (address !== null) this.bindings.set(op.as, BigInt(address));
  }

  private perform(answer: Answer, op: Op, process: Process, address: number | bigint): void {
    const { machine } = this;
    switch (op.op) {
      case 'mmap':
        this.address(answer, op, this.mmap(op, process, address));
        return;
      case 'munmap':
        number(answer, machine.munmap(process, address, parseSize(op.len!)));
        return;
      case 'mprotect':
        number(answer, machine.mprotect(process, address, parseSize(op.len!), parseProtection(op.prot!)));
        return;
      case 'brk':
        this.address(answer, op, machine.brk(process, address));
        return;
      case 'sbrk':
        this.address(answer, op, machine.sbrk(process, Number(BigInt.asIntN(64, BigInt(op.delta!)))));
        return;
      case 'read':
      case 'write':
      case 'rmw':
      case 'exec':
        this.access(answer, op, process, address);
        return;
      case 'touch':
        this.touch(answer, op, process, BigInt(address));
        return;
      case 'fork':
        this.fork(answer, op, process);
        return;
      case 'exit':
        machine.exit(process, op.code ?? 0);
        this.processes.delete(op.p ?? 'P0');
        answer.ret = 0;
        return;
      case 'wait':
        this.wait(answer, process);
        return;
      case 'setrlimit':
        this.setLimit(op, process);
        answer.ret = 0;
        return;
      case 'snap':
        this.memory(answer);
        return;
      default:
        throw new Error(`operation ${op.op} cannot be replayed`);
    }
  }

  private mmap(op: Op, process: Process, address: number | bigint): number {
    return this.machine.mmap(process, {
      address,
      length: parseSize(op.len!),
      prot: parseProtection(op.prot!),
      flags: parseMapFlags(op.flags!)!,
      offset: parseSize(op.off ?? 0),
    });
  }

  private address(answer: Answer, op: Op, result: number): void {
    number(answer, result);
    if (result < 0) return;
    answer.ret = formatAddress(result);
    if (op.as !== undefined) this.bindings.set(op.as, BigInt(result));
  }

  private access(answer: Answer, op: Op, process: Process, address: number | bigint): void {
    const { machine } = this;
    const before = this.pageState(process, address);
    const result = performAccess(machine, op, process, address);
    if (!result.ok) refuse(answer, result);
    else if (op.op === 'read') answer.val = hexOf(result.bytes!);
    else answer.ret = 0;
    const after = this.pageState(process, address);
    if (before.letter === '.' && after.letter === '.') return;
    answer.pg = `${before.letter}>${after.letter}`;
    // The recording does not compare frames around an instruction fetch.
    if (op.op !== 'exec' && before.pfn >= 0 && after.pfn >= 0) answer.pg += before.pfn === after.pfn ? '=' : '!';
  }

  private pageState(process: Process, address: number | bigint): { letter: string; pfn: number } {
    const { kernel, format } = this.machine;
    if (typeof address === 'bigint' || address >= format.userEnd) return { letter: '.', pfn: -1 };
    return pageAt(kernel, process.space!, address);
  }

  private touch(answer: Answer, op: Op, process: Process, start: bigint): void {
    const pages = Math.ceil(Number(op.len) / PAGE);
    let letters = '';
    answer.n = 0;
    for (let n = 0; n < pages; n++) {
      const at = narrow(BigInt.asUintN(64, start + BigInt(n * PAGE)));
      const value = op.val === undefined ? (n + 1) & 0xff : Number(op.val);
      const result = op.rw === 'w' ? this.machine.store(process, at, value) : this.machine.load(process, at, 1);
      if (!result.ok) {
        refuse(answer, result);
        break;
      }
      answer.n++;
      letters += result.major > 0 ? 'M' : (['.', 'm'][result.minor] ?? '2');
    }
    answer.f = runLengths(letters);
  }

  private fork(answer: Answer, op: Op, process: Process): void {
    const name = op.child!;
    const child = this.machine.fork(process, name);
    if (typeof child === 'number') {
      number(answer, child);
      return;
    }
    this.processes.set(name, child);
    this.names.set(child.pid, name);
    // The harness goes on in the child with its code and its scratch memory.
    for (const { start } of HIDDEN) this.machine.load(child, start, 1);
    answer.ret = name;
  }

  private wait(answer: Answer, process: Process): void {
    const result = this.machine.wait(process);
    if (typeof result === 'number') {
      number(answer, result);
      return;
    }
    answer.ret = this.names.get(result.pid)!;
    if (result.code !== null) answer.status = result.code;
  }

  private setLimit(op: Op, process: Process): void {
    const { limits } = process;
    const space = process.space!;
    const bytes = (current: number): number => {
      // Below zero it wraps around to no limit at all.
      if (op.rel !== undefined) return current * PAGE + op.rel < 0 ? Number.POSITIVE_INFINITY : current * PAGE + op.rel;
      return op.val === 'inf' ? Number.POSITIVE_INFINITY : Number(op.val);
    };
    if (op.res === 'STACK') limits.stack = bytes(space.stackPages);
    else if (op.res === 'AS') limits.addressSpace = bytes(space.totalPages);
    else limits.data = bytes(space.dataPages);
  }

  /** Add the state to the answer: what changed since it was last shown, or all of it. */
  private state(answer: Answer, whole: boolean): void {
    const { kernel } = this.machine;
    const spaces = new Map([...this.processes].map(([name, process]) => [name, process.space!]));
    const changed = (what: string, value: unknown): boolean => {
      const json = JSON.stringify(value);
      const before = this.shown.get(what);
      this.shown.set(what, json);
      return whole || json !== before;
    };
    for (const [name, space] of spaces) {
      const maps = mapsOf(kernel, space);
      if (changed(`maps ${name}`, maps)) answer.maps = { ...answer.maps, [name]: maps };
      const pages = pagesOf(kernel, space);
      if (changed(`pt ${name}`, pages)) answer.pt = { ...answer.pt, [name]: pages };
    }
    const shares = sharesOf(kernel, spaces);
    if (changed('share', shares)) answer.share = shares;
  }

  private memory(answer: Answer): void {
    const { kernel } = this.machine;
    answer.mem = Object.fromEntries(
      [...this.processes].map(([name, process]) => [name, memoryOf(kernel, process.space!, this.start)]),
    );
  }
}

/** The recording counts no faults of these. */
const UNCOUNTED = new Set(['exit', 'wait', 'setrlimit', 'snap']);

function number(answer: Answer, result: number): void {
  if (result < 0) answer.err = errnoName(result);
  else answer.ret = result;
}

function performAccess(machine: Machine, op: Op, process: Process, address: number | bigint): AccessResult {
  const value = BigInt(op.val ?? 0);
  switch (op.op) {
    case 'read':
      return machine.load(process, address, op.size ?? 1);
    case 'write':
      return machine.store(process, address, value, op.size ?? 1);
    case 'rmw':
      return machine.rmw(process, address, (old) => old + Number(value));
    default:
      return machine.fetch(process, address);
  }
}

function refuse(answer: Answer, { signal }: AccessResult): void {
  answer.sig = signal!.signal.replace('SIG', '');
  answer.code = (signal!.code ?? '').replace(/^(SEGV_|BUS_|SI_)/, '');
  answer.fa = formatAddress(signal!.address);
  // A general protection fault is no page fault; its signal frame carries 0.
  answer.pfec = signal!.errorCode ?? 0;
}

/** Little-endian bytes as one hex number. */
function hexOf(bytes: Uint8Array): string {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return `0x${value.toString(16)}`;
}
