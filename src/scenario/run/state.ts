/**
 * What a run knows besides the machine: names of addresses and of processes. And the step at hand, as the executors
 * and the expectation checks see it.
 */
import type { Process } from '../../kernel/process.ts';
import type { Machine } from '../../machine/machine.ts';
import { type Expression, evaluate, type Quantity, toAddress } from '../expression.ts';
import { ScalarProblem } from '../scalar-problem.ts';
import { type BuiltInName, isBuiltIn, type Scenario } from '../scenario.ts';
import type { LoopVariables } from './cursor.ts';
import type { Write } from './writes.ts';

/** The step cannot run: its process is dead, or a name it uses got no value. The outcome says so; nothing is thrown on. */
export class CannotRun extends Error {
  override readonly name = 'CannotRun';
}

/** What changes as a run goes on, besides the machine and the cursor. */
export interface RunNames {
  /** Addresses bound by `as:`. */
  readonly symbols: Map<string, number>;
  /** Descriptors and identifiers bound by `as:`. */
  readonly numbers: Map<string, number>;
  /** Symbols whose binding call failed, and with what. */
  readonly unbound: Map<string, string>;
  /** The pid that each process name stands for: the latest, when a name is used again. */
  readonly pids: Map<string, number>;
  /** Where the image's sections start, by `pid.name`: found in a view once, since they never move. */
  readonly sections: Map<string, number>;
  /** How processes ended, by pid: `was killed by SIGSEGV`. */
  readonly endings: Map<number, string>;
  /** The latest writes and forks, the oldest first. */
  readonly writes: Write[];
}

export const cloneNames = (names: RunNames): RunNames => ({
  symbols: new Map(names.symbols),
  numbers: new Map(names.numbers),
  unbound: new Map(names.unbound),
  pids: new Map(names.pids),
  sections: new Map(names.sections),
  endings: new Map(names.endings),
  writes: [...names.writes],
});

export const noNames = (): RunNames => ({
  symbols: new Map(),
  numbers: new Map(),
  unbound: new Map(),
  pids: new Map(),
  sections: new Map(),
  endings: new Map(),
  writes: [],
});

export class StepContext {
  readonly machine: Machine;
  readonly scenario: Scenario;
  readonly names: RunNames;
  readonly variables: LoopVariables;
  /** Number of the first entry of the kernel's log that the step may write. */
  readonly logStart: number;
  /** Its address space as the step found it: a process that dies of the step has none any more. */
  private space: Process['space'] = null;
  private acting: Process | null = null;

  constructor(machine: Machine, scenario: Scenario, names: RunNames, variables: LoopVariables) {
    this.machine = machine;
    this.scenario = scenario;
    this.names = names;
    this.variables = variables;
    this.logStart = machine.kernel.log.written;
  }

  /** Whose step it is; null when it is nobody's. */
  get process(): Process | null {
    return this.acting;
  }

  actFor(process: Process | null): void {
    this.acting = process;
    this.space = process?.space ?? null;
  }

  /** The value of an expression; `CannotRun` when a name in it has none. */
  quantity(expression: Expression): Quantity {
    if (expression.constant !== null) return expression.constant;
    try {
      return evaluate(expression.root, (name) => this.lookup(name));
    } catch (problem) {
      if (problem instanceof ScalarProblem) throw new CannotRun(problem.message);
      throw problem;
    }
  }

  /** As an address: wrapped into 64 bits. */
  address(expression: Expression): Quantity {
    return toAddress(this.quantity(expression));
  }

  /** As a number that must be small enough to count with; `CannotRun` beyond 2^53. */
  count(expression: Expression): number {
    const value = this.quantity(expression);
    if (typeof value === 'number') return value;
    throw new CannotRun(`\`${expression.text}\` is ${value} here, and what is counted stays below 2^53`);
  }

  /** The process's name with loop variables put in. */
  resolvedName(name: string): string {
    return name.replaceAll(/\{([^}]*)\}/g, (_all, variable: string) => String(this.variables[variable] ?? variable));
  }

  /** The running process that `name` means, or the only one; `CannotRun` says why there is none. */
  runningProcess(name: string | undefined): Process {
    if (name === undefined) return this.onlyProcess();
    const resolved = this.resolvedName(name);
    const process = this.anyProcess(resolved);
    if (process === undefined) throw new CannotRun(this.whyMissing(resolved));
    if (process.state !== 'running') throw new CannotRun(`\`${resolved}\` ${howItEnded(process)}`);
    return process;
  }

  /** Running or zombie; undefined when it was never there or is gone. */
  anyProcess(name: string): Process | undefined {
    const pid = this.names.pids.get(name);
    return pid === undefined ? undefined : this.machine.process(pid);
  }

  /** Name of a pid, for people. */
  nameOf(pid: number): string {
    for (const [name, known] of this.names.pids) if (known === pid) return name;
    return `pid ${pid}`;
  }

  runningProcesses(): Process[] {
    return [...this.machine.kernel.processes.values()].filter((process) => process.state === 'running');
  }

  private onlyProcess(): Process {
    const running = this.runningProcesses();
    const only = running[0];
    if (running.length > 1) {
      throw new CannotRun(`which process? ${running.map((process) => process.name).join(' and ')} are running`);
    }
    if (only === undefined) throw new CannotRun(this.whyNobody());
    return only;
  }

  private whyNobody(): string {
    const ended = [...this.names.pids].flatMap(([name, pid]) => {
      const ending = this.names.endings.get(pid);
      return ending === undefined ? [] : [`\`${name}\` ${ending}`];
    });
    // The latest are the likeliest to matter.
    return ['no process is running', ...(ended.length === 0 ? [] : [ended.slice(-3).join(', ')])].join(': ');
  }

  private whyMissing(name: string): string {
    const pid = this.names.pids.get(name);
    if (pid === undefined) return `there is no process \`${name}\``;
    return `\`${name}\` ${this.names.endings.get(pid) ?? 'is dead and gone'}`;
  }

  private lookup(name: string): Quantity {
    const variable = this.variables[name];
    if (variable !== undefined) return variable;
    const symbol = this.names.symbols.get(name) ?? this.names.numbers.get(name);
    if (symbol !== undefined) return symbol;
    if (isBuiltIn(name)) return this.builtIn(name);
    const failure = this.names.unbound.get(name);
    throw new CannotRun(
      failure === undefined ? `\`${name}\` has no value yet` : `\`${name}\` has no value: ${failure}`,
    );
  }

  private builtIn(name: BuiltInName): number {
    if (name === 'page') return this.machine.format.pageBytes;
    const { space } = this;
    if (space === null) throw new CannotRun(`\`${name}\` is an address of a process, and none is at hand`);
    switch (name) {
      case 'heap':
        return space.brkStart;
      case 'brk':
        return space.brk;
      case 'stack':
        return space.stackTop;
      default:
        return this.section(name);
    }
  }

  private section(name: string): number {
    const pid = this.process?.pid;
    const key = `${pid}.${name}`;
    const known = this.names.sections.get(key);
    if (known !== undefined) return known;
    const areas = this.machine.view().processes[String(pid)]?.areas ?? [];
    const area = areas.find((candidate) => candidate.name === name);
    if (area === undefined) throw new CannotRun(`the program image has no \`${name}\``);
    this.names.sections.set(key, area.start);
    return area.start;
  }
}

export function howItEnded(process: Process): string {
  if (process.signal !== null) {
    const reason = process.lastSignal?.reason;
    return `was killed by ${process.signal}${reason === undefined ? '' : ` (${reason})`}`;
  }
  return `has exited with code ${process.exitCode ?? 0}`;
}
