/**
 * What a replayed trace acts on: the machine, its processes under the trace's names, the addresses the trace has bound to
 * names, and what of the state was shown last.
 */
import type { Argument } from '../../kernel/arguments.ts';
import type { Process } from '../../kernel/process.ts';
import type { Machine } from '../../machine/machine.ts';
import { memoryOf, statusOf } from './figures.ts';
import { type Bindings, parseAddress } from './notation.ts';
import { mapsOf, pagesOf, sharesOf } from './observe.ts';
import { makeRecordedMachine } from './recorded-machine.ts';
import type { Answer, Trace } from './recording.ts';

export class World {
  readonly machine: Machine;
  /** Live processes in order of birth. */
  readonly processes = new Map<string, Process>();
  /** Names by pid, also of those that have ended. */
  readonly names = new Map<number, string>();
  readonly bindings: Bindings = new Map();
  /** Descriptors by the names the trace gave them. */
  readonly descriptors = new Map<string, number>();
  /** Identifiers of System V segments by the names the trace gave them. */
  readonly segments = new Map<string, number>();
  /** P0's figures at the start. */
  private readonly start: Readonly<Record<string, number>>;
  /** Last state shown, as JSON: `maps P0`, `pt P0`, `share`. */
  private readonly shown = new Map<string, string>();

  constructor(trace: Pick<Trace, 'nostack' | 'zswap' | 'ops'>) {
    const { machine, process } = makeRecordedMachine(trace);
    this.machine = machine;
    this.join('P0', process);
    this.start = statusOf(machine.kernel, process.space!);
    this.showState({}, false);
  }

  /** The process is the one of that name from now on. */
  join(name: string, process: Process): void {
    this.processes.set(name, process);
    this.names.set(process.pid, name);
  }

  /** Null when a symbol in it is not bound. */
  addressOf(text: string | undefined): Argument | null {
    return text === undefined ? 0 : parseAddress(text, this.bindings);
  }

  /** Those that have ended - killed by whomever - are gone for the trace. */
  dropEnded(): void {
    for (const [name, process] of this.processes) if (process.state !== 'running') this.processes.delete(name);
  }

  /** Add the state to the answer: what changed since it was last shown, or (`whole`) all of it. */
  showState(answer: Answer, whole: boolean): void {
    const { kernel } = this.machine;
    const spaces = new Map([...this.processes].map(([name, process]) => [name, process.space!]));
    for (const [name, space] of spaces) {
      const maps = mapsOf(kernel, space);
      if (this.isNews(`maps ${name}`, maps) || whole) answer.maps = { ...answer.maps, [name]: maps };
      const pages = pagesOf(kernel, space);
      if (this.isNews(`pt ${name}`, pages) || whole) answer.pt = { ...answer.pt, [name]: pages };
    }
    const shares = sharesOf(kernel, spaces);
    if (this.isNews('share', shares) || whole) answer.share = shares;
  }

  /** Add the figures of status and smaps of every process. */
  showMemory(answer: Answer): void {
    const { kernel } = this.machine;
    answer.mem = Object.fromEntries(
      [...this.processes].map(([name, process]) => [name, memoryOf(kernel, process.space!, this.start)]),
    );
  }

  private isNews(what: string, value: unknown): boolean {
    const json = JSON.stringify(value);
    const before = this.shown.get(what);
    this.shown.set(what, json);
    return json !== before;
  }
}
