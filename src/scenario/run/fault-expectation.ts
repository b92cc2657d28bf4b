/** `fault:` in its four forms: a kind, `none`, a list in order, a kind with a count. */
import type { FaultKind } from '../../kernel/events.ts';
import type { CounterName } from '../../machine/view.ts';
import type { StepCost } from '../result.ts';
import type { StepExpect } from '../schema/expect.ts';
import { amountHolds, amountText } from './amounts.ts';
import type { Verdict } from './areas.ts';
import type { Happened } from './expectations.ts';

/** The counter that counts each kind. */
const COUNTER_OF: Readonly<Record<FaultKind, CounterName>> = {
  'demand-zero': 'demandZeroFaults',
  'zero-page': 'zeroPageFaults',
  'copy-on-write': 'copyOnWriteFaults',
  reuse: 'reuseFaults',
  file: 'fileFaults',
  shared: 'sharedFaults',
  'swap-in': 'swapInFaults',
  'swap-cache': 'swapCacheFaults',
  'stack-growth': 'stackGrowths',
  spurious: 'spuriousFaults',
  huge: 'hugeFaults',
};

export function faultVerdict(expected: NonNullable<StepExpect['fault']>, happened: Happened): Verdict {
  const { executed, cost, listened } = happened;
  const kinds = listened ? happened.faults.map((fault) => fault.kind) : kindsFromCost(cost);
  const signal = executed.signal?.signal;
  const actual = [
    ...kinds,
    ...(signal === undefined ? [] : [`${signal}${executed.signal?.code == null ? '' : ` ${executed.signal.code}`}`]),
  ];
  const actualText = actual.length === 0 ? 'none' : actual.join(', ');
  const verdict = (text: string, held: boolean): Verdict => ({ what: '', expected: text, actual: actualText, held });
  // A refused access did fault, though the kernel resolved nothing.
  if (expected === 'none') return verdict('none', actual.length === 0);
  if (typeof expected === 'string') return verdict(expected, kinds.length === 1 && kinds[0] === expected);
  if (Array.isArray(expected)) {
    const same = kinds.length === expected.length && expected.every((kind, index) => kinds[index] === kind);
    return verdict(expected.length === 0 ? 'none' : expected.join(', '), same);
  }
  const count = kinds.filter((kind) => kind === expected.kind).length;
  return {
    what: '',
    expected: `${amountText(expected.count)} × ${expected.kind}`,
    actual: `${count} × ${expected.kind}`,
    held: amountHolds(expected.count, count),
  };
}

/** Kinds without their order, which is all that counters know. */
function kindsFromCost(cost: StepCost): FaultKind[] {
  return (Object.entries(COUNTER_OF) as [FaultKind, CounterName][]).flatMap(([kind, counter]) =>
    Array.from({ length: cost[counter] ?? 0 }, () => kind),
  );
}
