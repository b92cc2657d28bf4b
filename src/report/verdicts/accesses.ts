/** Verdicts on one access or step: did it fault, how, what did it read, what did it cost. */

import type { SignalInfo } from '../../machine/events.ts';
import type { Counters } from '../../machine/view.ts';
import { suggest } from '../../mmu/nearest.ts';
import { COUNTER_NAMES } from '../../scenario/schema/expect.ts';
import {
  cannotJudge,
  differingCounts,
  hex,
  isAccess,
  isObserved,
  isScenario,
  isStep,
  isTranslation,
  isView,
  signalSentence,
  type Verdict,
} from './verdict.ts';

interface Faults {
  /** Names under which the faults may be asked for; null when what was judged does not tell kinds. */
  readonly kinds: readonly string[] | null;
  readonly minor: number;
  readonly major: number;
  /** What was seen, a line each. */
  readonly story: readonly string[];
  readonly refused: boolean;
}

/** `asked`: a fault's kind, a hardware rule, `minor` or `major`. */
export function faultVerdict(received: unknown, asked?: string): Verdict {
  const faults = faultsOf(received);
  const seen = faults.story.length === 0 ? ['there was no fault at all'] : faults.story;
  const story = seen.map((line) => `  ${line}`).join('\n');
  if (asked === undefined) {
    const pass = faults.refused || faults.minor + faults.major > 0;
    return { pass, why: () => (pass ? `expected no fault, but:\n${story}` : `expected a fault, but it went through`) };
  }
  let pass: boolean;
  if (asked === 'minor') pass = faults.minor > 0;
  else if (asked === 'major') pass = faults.major > 0;
  else if (faults.kinds !== null) pass = faults.kinds.includes(asked);
  else {
    throw new TypeError(
      `an access's result tells \`toFault()\`, \`toFault('minor')\` and \`toFault('major')\`, not the kind of its faults: judge during(machine, () => machine.store(…)) to ask for '${asked}'`,
    );
  }
  return { pass, why: () => `expected ${pass ? 'no' : 'a'} '${asked}' fault, but:\n${story}` };
}

function faultsOf(received: unknown): Faults {
  if (isTranslation(received)) {
    const { fault } = received;
    return {
      kinds: fault === null ? [] : [fault.rule],
      minor: 0,
      major: 0,
      story: fault === null ? [] : [`${fault.rule}: ${fault.sentence}`],
      refused: fault !== null,
    };
  }
  if (isAccess(received)) {
    const { minor, major, signal } = received;
    const story = [
      ...(minor > 0 ? [`minor faults: ${minor}`] : []),
      ...(major > 0 ? [`major faults: ${major}`] : []),
      ...(signal === null ? [] : [signalSentence(signal)]),
    ];
    return { kinds: null, minor, major, story, refused: signal !== null };
  }
  if (isObserved(received)) {
    const story = [
      ...received.faults.map(({ kind, address, why }) => `${kind} at ${hex(address)}: ${why}`),
      ...received.signals.map(signalSentence),
    ];
    return { ...countFaults(received.faults), story, refused: received.signals.length > 0 };
  }
  if (isStep(received)) {
    const { outcome } = received;
    const refusal =
      outcome.kind === 'signal'
        ? [signalSentence(outcome.info)]
        : outcome.kind === 'refused'
          ? [`${outcome.rule}: ${outcome.sentence}`]
          : [];
    const { kinds, minor, major } = countFaults(received.faults);
    return {
      kinds: outcome.kind === 'refused' ? [...kinds, outcome.rule] : kinds,
      minor,
      major,
      story: [...received.faults.map(({ kind, address }) => `${kind} at ${hex(address)}`), ...refusal],
      refused: refusal.length > 0,
    };
  }
  throw cannotJudge('toFault', "an access's result, during(machine, action), a translation or a scenario's step");
}

function countFaults(faults: readonly { readonly kind: string; readonly major: boolean }[]) {
  const major = faults.filter((fault) => fault.major).length;
  return { kinds: faults.map((fault) => fault.kind), minor: faults.length - major, major };
}

export function segfaultVerdict(received: unknown, code?: string): Verdict {
  const signals = signalsOf(received);
  const wanted = code === undefined ? 'SIGSEGV' : `SIGSEGV (${code})`;
  const pass = signals.some((info) => info.signal === 'SIGSEGV' && (code === undefined || info.code === code));
  const found = signals.length === 0 ? 'no signal was sent' : signals.map(signalSentence).join('\n  ');
  return { pass, why: () => `expected ${pass ? 'no ' : ''}${wanted}, but:\n  ${found}` };
}

function signalsOf(received: unknown): readonly SignalInfo[] {
  if (isAccess(received)) return received.signal === null ? [] : [received.signal];
  if (isObserved(received)) {
    // A machine may be told to let a process survive its signals: the access's own result knows of them too.
    const own = isAccess(received.result) && received.result.signal !== null ? [received.result.signal] : [];
    return received.signals.length > 0 ? received.signals : own;
  }
  if (isStep(received)) return received.outcome.kind === 'signal' ? [received.outcome.info] : [];
  throw cannotJudge('toSegfault', "an access's result, during(machine, action) or a scenario's step");
}

export function valueVerdict(received: unknown, expected: number | bigint | Uint8Array): Verdict {
  const read = bytesOf(received);
  if (read instanceof Uint8Array) {
    const wanted = expected instanceof Uint8Array ? expected : littleEndian(expected, read.length);
    const pass = wanted !== null && wanted.length === read.length && wanted.every((byte, i) => byte === read[i]);
    const shown = expected instanceof Uint8Array ? spell(expected) : `${expected} (${hex(expected)})`;
    const tooWide = wanted === null ? `, which does not fit ${read.length} bytes` : '';
    return { pass, why: () => `expected ${pass ? 'not ' : ''}to read ${shown}${tooWide}; read ${spell(read)}` };
  }
  return { pass: false, why: () => `expected a value, but ${read}` };
}

/** What was read, or why there is nothing. */
function bytesOf(received: unknown): Uint8Array | string {
  if (isObserved(received) && isAccess(received.result)) return bytesOf(received.result);
  if (isAccess(received)) {
    if (received.signal !== null) return `the access ended in ${signalSentence(received.signal)}`;
    return received.bytes ?? 'the access reads nothing: a store has no value';
  }
  if (isStep(received)) {
    const { outcome } = received;
    if (outcome.kind === 'value') {
      return Uint8Array.from(outcome.bytes.match(/[0-9a-f]{2}/gi) ?? [], (pair) => Number.parseInt(pair, 16));
    }
    if (outcome.kind === 'signal') return `the step ended in ${signalSentence(outcome.info)}`;
    return `the step's outcome is '${outcome.kind}'`;
  }
  throw cannotJudge('toHaveValue', "an access's result, during(machine, action) or a scenario's step");
}

/** The bytes of a number in memory order; null when it does not fit. Negative ones are two's complement. */
function littleEndian(value: number | bigint, length: number): Uint8Array | null {
  if (typeof value === 'number' && !Number.isInteger(value)) return null;
  const whole = BigInt(value);
  const bits = length * 8;
  if (BigInt.asUintN(bits, whole) !== whole && BigInt.asIntN(bits, whole) !== whole) return null;
  let rest = BigInt.asUintN(bits, whole);
  return Uint8Array.from({ length }, () => {
    const byte = Number(rest & 0xffn);
    rest >>= 8n;
    return byte;
  });
}

function spell(bytes: Uint8Array): string {
  const pairs = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  if (bytes.length < 1 || bytes.length > 8) return `bytes ${pairs.join(' ')}`;
  const value = BigInt(`0x${pairs.toReversed().join('')}`);
  return `${value} (${hex(value)}; bytes ${pairs.join(' ')})`;
}

/** A counter that does not exist is 0 and always was: asking for it is an error of the test. */
function refuseUnknown(matcher: string, expected: Partial<Counters>): void {
  const known: readonly string[] = COUNTER_NAMES;
  const unknown = Object.keys(expected).filter((name) => !known.includes(name));
  if (unknown.length === 0) return;
  const told = unknown.map((name) => `no counter is called '${name}': ${suggest(name, known, 'counters')}`);
  throw new TypeError(`${matcher}: ${told.join('; ')}`);
}

export function costVerdict(received: unknown, expected: Partial<Counters>): Verdict {
  refuseUnknown('toCost', expected);
  const cost = costOf(received, expected);
  const wrong = differingCounts(expected, cost);
  return verdictOnCounts(wrong, 'cost', expected);
}

function costOf(received: unknown, expected: Partial<Counters>): Partial<Counters> {
  if (isObserved(received) || isStep(received)) return received.cost;
  if (!isAccess(received)) {
    throw cannotJudge('toCost', "an access's result, during(machine, action) or a scenario's step");
  }
  const unknown = Object.keys(expected).filter((name) => name !== 'minorFaults' && name !== 'majorFaults');
  if (unknown.length === 0) return { minorFaults: received.minor, majorFaults: received.major };
  throw new TypeError(`an access's result does not tell ${unknown.join(', ')}: judge during(machine, () => …)`);
}

export function countersVerdict(received: unknown, expected: Partial<Counters>): Verdict {
  refuseUnknown('toHaveCounters', expected);
  if (isView(received) || isScenario(received)) {
    return verdictOnCounts(differingCounts(expected, received.counters), 'counters', expected);
  }
  throw cannotJudge('toHaveCounters', 'a machine, a view or a scenario result');
}

function verdictOnCounts(wrong: readonly string[], what: string, expected: Partial<Counters>): Verdict {
  const pass = wrong.length === 0;
  const shown = Object.entries(expected).map(([name, count]) => `${name}: ${count}`);
  return {
    pass,
    why: () =>
      pass
        ? `expected another ${what} than ${shown.join(', ')}`
        : `the ${what} ${what === 'cost' ? 'differs' : 'differ'}:\n  ${wrong.join('\n  ')}`,
  };
}
