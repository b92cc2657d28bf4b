/** What a step came to, in a few words, and what it cost. */
import type { StepCost, StepOutcome, StepResult } from '../scenario/result.ts';
import type { Names } from './names.ts';
import { counted, hex } from './quantities.ts';
import { errnoOf } from './refused-call.ts';

/** `= 42`, `pid 2`, `ENOMEM`, `SIGSEGV SEGV_MAPERR at 0x0`; empty when it simply went well. */
export function outcomeText(outcome: StepOutcome, names: Names): string {
  switch (outcome.kind) {
    case 'ok':
      return '';
    case 'value':
      return outcome.number === null ? `= ${bytesText(outcome.bytes)}` : `= ${numberText(outcome.number)}`;
    case 'address':
      return `= ${hex(outcome.address)}`;
    case 'count':
      return `= ${outcome.count}`;
    case 'pointer':
      return outcome.address === 0 ? '= NULL' : `= ${hex(outcome.address)}`;
    case 'answer':
      // Lines stand below the step.
      return outcome.text === '' || outcome.text.includes('\n') ? '' : `= ${outcome.text}`;
    case 'process':
      return `pid ${outcome.pid}`;
    case 'errno':
      return outcome.errno;
    case 'signal': {
      const { signal, code, address } = outcome.info;
      // A program that aborts has no address to blame.
      if (code === null || code === 'SI_TKILL') return signal;
      return code === 'SI_KERNEL'
        ? `${signal} ${code}`
        : `${signal} ${code} at ${names.symbol(address) ?? hex(address)}`;
    }
    case 'dead':
      return `not run: ${outcome.why}`;
    case 'physical':
      return `→ ${hex(outcome.address)}`;
    case 'refused':
      return `refused: ${outcome.rule}`;
    default: {
      const unknown: never = outcome;
      return unknown;
    }
  }
}

/** The outcome of a whole step: a `brk` that failed answers the break as it was, which alone would look like success. */
export function stepOutcomeText(step: Pick<StepResult, 'outcome' | 'events'>, names: Names): string {
  const { outcome } = step;
  if (outcome.kind !== 'address' || !breakStayed(step)) return outcomeText(outcome, names);
  return `ENOMEM, the break stays at ${hex(outcome.address)}`;
}

export const stepIsGood = (step: Pick<StepResult, 'outcome' | 'events'>): boolean =>
  outcomeIsGood(step.outcome) && !breakStayed(step);

const breakStayed = ({ events }: Pick<StepResult, 'events'>): boolean =>
  events.some((event) => event.type === 'Syscall' && event.name === 'brk' && errnoOf(event) !== null);

/** Did the program get what it asked for? */
export function outcomeIsGood(outcome: StepOutcome): boolean {
  return !['errno', 'signal', 'dead', 'refused'].includes(outcome.kind);
}

/** Numbers from 1024 on are shown in hexadecimal too: `4096 (0x1000)`. */
function numberText(decimal: string): string {
  const value = BigInt(decimal);
  return value >= 1024n ? `${decimal} (${hex(value)})` : decimal;
}

/** Long reads are shown by their beginning: `de ad be ef 00 00 00 00 … (64 bytes)`. */
export function bytesText(bytes: string): string {
  const text = readableText(bytes);
  if (text !== null) return text;
  const pairs = bytes.match(/[0-9a-f]{2}/gi) ?? [];
  if (pairs.length <= 8) return pairs.join(' ');
  return `${pairs.slice(0, 8).join(' ')} … (${pairs.length} bytes)`;
}

/** Four bytes or more that are all printable ASCII are shown as the text they are. */
function readableText(bytes: string): string | null {
  const codes = (bytes.match(/[0-9a-f]{2}/gi) ?? []).map((pair) => Number.parseInt(pair, 16));
  if (codes.length < 4 || codes.length > 64 || !codes.every((code) => code >= 0x20 && code < 0x7f)) return null;
  return JSON.stringify(String.fromCharCode(...codes));
}

/** `demand-zero`, `swap-in (major)`, `demand-zero ×4`. */
export function faultsText(faults: StepResult['faults']): string {
  const counts = new Map<string, number>();
  for (const fault of faults) {
    const name = fault.major ? `${fault.kind} (major)` : fault.kind;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].map(([name, count]) => (count === 1 ? name : `${name} ×${count}`)).join(', ');
}

type CostName = readonly [counter: keyof StepCost, noun: string, plural?: string];

/** Costs worth a word on a step's own line; faults have a column, what the kernel did stands below. */
const STEP_COSTS: readonly CostName[] = [
  ['tlbMisses', 'TLB miss', 'TLB misses'],
  ['pteReads', 'PTE read'],
  ['tlbFlushes', 'TLB flush', 'TLB flushes'],
];
/** And where only a sum is shown. */
const SUMMED_COSTS: readonly CostName[] = [
  ...STEP_COSTS,
  ['tlbShootdowns', 'shootdown'],
  ['evictions', 'eviction'],
  ['swapReads', 'swap read'],
  ['swapWrites', 'swap write'],
  ['oomKills', 'OOM kill'],
];

/** `1 TLB miss, 3 PTE reads`; empty for a step that cost nothing to speak of. */
export const costText = (cost: StepCost): string => listCosts(cost, STEP_COSTS);
export const summedCostText = (cost: StepCost): string => listCosts(cost, SUMMED_COSTS);

function listCosts(cost: StepCost, names: readonly CostName[]): string {
  return names
    .flatMap(([name, noun, plural]) => {
      const count = cost[name] ?? 0;
      return count === 0 ? [] : [counted(count, noun, plural)];
    })
    .join(', ');
}

/** The cost of several steps together. */
export function addCosts(costs: readonly StepCost[]): StepCost {
  const sum: Record<string, number> = {};
  for (const cost of costs) {
    for (const [name, count] of Object.entries(cost)) sum[name] = (sum[name] ?? 0) + count;
  }
  return sum;
}
