/**
 * A machine and a scenario's way through it, one step at a time: what `runScenario` and `ScenarioSession` are made of.
 *
 *     boot ──> step ──> step ──> … ──> done
 *        snapshot() and restore() at any point: machine, cursor and names together
 */
import type { MachineEvent } from '../../machine/events.ts';
import { Machine, type MachineSnapshot } from '../../machine/machine.ts';
import type { Counters, MachineView } from '../../machine/view.ts';
import { InputError, InputErrors } from '../../mmu/input-error.ts';
import type { AnyHostAllocator } from '../../process/python/host-functions.ts';
import type { StepResult } from '../result.ts';
import { type ActionNode, IMPLICIT_PROCESS, type Scenario } from '../scenario.ts';
import { machineConfigOf } from '../schema/machine.ts';
import { nameOfStep } from '../schema/steps.ts';
import { prepareBareMachine } from './bare-machine.ts';
import { stepCost } from './cost.ts';
import { Cursor } from './cursor.ts';
import { execute } from './execute.ts';
import { checkStep } from './expectations.ts';
import { cloneNames, howItEnded, noNames, type RunNames, StepContext } from './state.ts';
import { prepareMachine } from './world.ts';
import { noteWrite } from './writes.ts';

export interface EngineOptions {
  /** Overrides the scenario's. */
  readonly seed?: number | undefined;
  /** Collect the events of every step; when false only where an expectation needs them. Default true. */
  readonly events?: boolean | undefined;
  /** Allocators written in TypeScript, for `PyMem_SetAllocator` and `PyObject_SetArenaAllocator` to name. */
  readonly allocators?: readonly AnyHostAllocator[] | undefined;
}

export interface EngineSnapshot {
  readonly machine: MachineSnapshot;
  readonly cursor: Cursor;
  readonly names: RunNames;
  readonly index: number;
}

export class ScenarioEngine {
  readonly scenario: Scenario;
  readonly machine: Machine;
  /** Free frames and swap slots right after boot, before any process. */
  readonly boot: MachineView['memory'];
  private readonly listening: boolean;
  private cursor: Cursor;
  private namesNow: RunNames = noNames();
  private stepsDone = 0;
  private countersBefore: Counters;

  /** @throws InputErrors when the machine cannot be built as the file describes it. */
  constructor(scenario: Scenario, options: EngineOptions = {}) {
    this.scenario = scenario;
    this.listening = options.events ?? true;
    this.machine = buildMachine(scenario, options.seed);
    for (const allocator of options.allocators ?? []) this.machine.programs.addAllocator(allocator);
    this.cursor = new Cursor(scenario.steps);
    if (scenario.machine.kernel === 'none') prepareBareMachine(this.machine, scenario.machine);
    this.boot = this.machine.view().memory;
    prepareMachine(this.machine, scenario);
    if (scenario.implicitMain) {
      const main = this.machine.spawn({ name: IMPLICIT_PROCESS });
      this.namesNow.pids.set(IMPLICIT_PROCESS, main.pid);
    }
    this.countersBefore = this.machine.counters();
  }

  get names(): RunNames {
    return this.namesNow;
  }

  /** Steps done so far. */
  get index(): number {
    return this.stepsDone;
  }

  /** Are all steps done? */
  atEnd(): boolean {
    return this.cursor.clone().next() === null;
  }

  /** A context without a step, for the final expectations. */
  context(): StepContext {
    return new StepContext(this.machine, this.scenario, this.namesNow, {});
  }

  /** Do the next step and check what it expects; null at the end. */
  step(): StepResult | null {
    const node = this.cursor.next();
    if (node === null) return null;
    const listened = this.listening || needsEvents(node);
    const events: MachineEvent[] = [];
    const stop = listened ? this.machine.on((event) => keepEvent(events, event)) : null;
    const { context, executed } = this.perform(node);
    stop?.();
    this.noteEndings(context, events);
    const counters = this.machine.counters();
    const cost = stepCost(this.countersBefore, counters);
    const faults = events.flatMap((event) =>
      event.type === 'PageFault' ? [{ kind: event.kind, major: event.major, address: event.address }] : [],
    );
    const expectations =
      node.step.expect === undefined && executed.outcome.kind !== 'dead'
        ? NOTHING
        : checkStep({ node, context, executed, faults, events, cost, listened });
    noteWrite(context, node, executed, this.stepsDone);
    // Checking may look at memory through the machine; what that counts is not the next step's.
    this.countersBefore = expectations.length === 0 ? counters : this.machine.counters();
    return {
      index: this.stepsDone++,
      range: node.range,
      do: nameOfStep(node.step),
      text: node.text,
      process: context.process?.name ?? null,
      pid: context.process?.pid ?? null,
      note: node.step.note ?? null,
      loop: context.variables,
      outcome: executed.outcome,
      faults,
      events: this.listening ? events : NOTHING,
      cost,
      expectations,
      ...(executed.translation === undefined ? {} : { translation: executed.translation }),
      ...(executed.printed ? { printed: executed.printed } : {}),
      ...(executed.remarks?.length ? { remarks: executed.remarks } : {}),
      ...(executed.errors?.length ? { heapErrors: executed.errors } : {}),
      ...(executed.leaks === undefined ? {} : { leaks: executed.leaks }),
    };
  }

  /** Do the next step for its effect on the machine alone: replay. False at the end. */
  skip(): boolean {
    const node = this.cursor.next();
    if (node === null) return false;
    const { context, executed } = this.perform(node);
    noteWrite(context, node, executed, this.stepsDone);
    this.countersBefore = this.machine.counters();
    this.stepsDone++;
    return true;
  }

  snapshot(): EngineSnapshot {
    return {
      machine: this.machine.snapshot(),
      cursor: this.cursor.clone(),
      names: cloneNames(this.namesNow),
      index: this.stepsDone,
    };
  }

  restore(snapshot: EngineSnapshot): void {
    this.machine.restore(snapshot.machine);
    // Clones again: the snapshot may be restored more than once.
    this.cursor = snapshot.cursor.clone();
    this.namesNow = cloneNames(snapshot.names);
    this.stepsDone = snapshot.index;
    this.countersBefore = this.machine.counters();
  }

  /** How processes ended is asked after they are gone, when a later step names them. */
  private noteEndings({ process, names }: StepContext, events: readonly MachineEvent[]): void {
    if (process !== null && process.state !== 'running') names.endings.set(process.pid, howItEnded(process));
    for (const event of events) {
      if (event.type === 'OomKill') names.endings.set(event.pid, 'was killed because memory ran out');
    }
  }

  private perform(node: ActionNode) {
    this.machine.tick();
    this.machine.frames = [{ file: this.scenario.file, line: node.range.line, name: '<scenario>' }];
    const context = new StepContext(this.machine, this.scenario, this.namesNow, this.cursor.variables);
    const executed = execute(context, node.step);
    return { context, executed };
  }
}

const NOTHING: readonly never[] = [];

/** One step can be a whole sweep over memory. Beyond this many events the plain accesses among them are left out. */
const EVENTS_MAX = 10_000;

function keepEvent(events: MachineEvent[], event: MachineEvent): void {
  if (events.length >= EVENTS_MAX && (event.type === 'Translate' || event.type === 'Access')) return;
  events.push(event);
}

/** Kinds of faults can be counted without events; victims of an eviction cannot. */
function needsEvents(node: ActionNode): boolean {
  const expect = node.step.expect;
  return expect !== undefined && ('evicted' in expect || 'fault' in expect);
}

/** What the machine itself refuses is the file's mistake: give it the file's place. */
function buildMachine(scenario: Scenario, seed: number | undefined): Machine {
  const placed = (error: InputError) =>
    new InputError({
      code: error.code,
      message: error.message,
      hint: error.hint,
      range: scenario.machineRange,
      file: scenario.file,
    });
  try {
    return new Machine(machineConfigOf(scenario.machine, seed));
  } catch (error) {
    if (error instanceof InputErrors) throw new InputErrors(error.errors.map(placed));
    if (error instanceof InputError) throw new InputErrors([placed(error)]);
    throw error;
  }
}
