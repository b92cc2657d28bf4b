/**
 * What happened while something was done to a machine: its events, faults, signals and the difference of its counters.
 *
 *     const { faults, cost } = during(machine, () => machine.store(child, buffer, 7, 1));
 *     // faults: [{ kind: 'copy-on-write', major: false, address: …, why: '…' }], cost: { stores: 1, … }
 *
 * It listens only that long, so the machine pays for events only while somebody wants them.
 */
import type { FaultKind } from '../kernel/events.ts';
import type { MachineEvent, MachineListener, SignalInfo } from './events.ts';
import type { CounterName, Counters } from './view.ts';

/** As much of a `Machine` as listening needs. */
export interface Observable {
  on(listener: MachineListener): () => void;
  counters(): Counters;
}

export interface ObservedFault {
  readonly kind: FaultKind;
  readonly major: boolean;
  readonly address: number;
  /** One sentence on why the kernel chose this. */
  readonly why: string;
}

export interface Observed<Result> {
  /** What the action returned. */
  readonly result: Result;
  readonly events: readonly MachineEvent[];
  /** The page faults that the kernel resolved, in order. */
  readonly faults: readonly ObservedFault[];
  /** The ones it did not: each became a signal. */
  readonly signals: readonly SignalInfo[];
  /** Differences of the counters; those that did not change are left out. */
  readonly cost: Partial<Counters>;
}

/** Do `action` and tell what the machine did meanwhile. An exception of the action passes through. */
export function during<Result>(machine: Observable, action: () => Result): Observed<Result> {
  const events: MachineEvent[] = [];
  const before = machine.counters();
  const stop = machine.on((event) => events.push(event));
  let result: Result;
  try {
    result = action();
  } finally {
    stop();
  }
  return {
    result,
    events,
    faults: events.flatMap((event) =>
      event.type === 'PageFault'
        ? [{ kind: event.kind, major: event.major, address: event.address, why: event.why }]
        : [],
    ),
    signals: events.flatMap((event) => (event.type === 'Signal' ? [event.info] : [])),
    cost: costBetween(before, machine.counters()),
  };
}

/** How much each counter rose from one moment to a later one; those that did not are left out. */
export function costBetween(before: Counters, after: Counters): Partial<Counters> {
  const names = Object.keys(after) as CounterName[];
  return Object.fromEntries(
    names.filter((name) => after[name] !== before[name]).map((name) => [name, after[name] - before[name]]),
  );
}
