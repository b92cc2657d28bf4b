/**
 * A golden record: what a run did, said or not by any `expect`, pinned beside the scenario as
 * `<scenario>.golden.json`. Lines, so that a difference is read as a difference of text.
 *
 *     "4 store child buf+0x10 = 7 → ok; copy-on-write; accesses 1, minorFaults 1, …"
 */
import { InputError } from '../mmu/input-error.ts';
import type { ScenarioResult, StepOutcome, StepResult } from './result.ts';

export interface GoldenRecord {
  readonly golden: 1;
  readonly name: string;
  readonly seed: number;
  readonly stepsRun: number;
  /** One line a step, of those kept; numbered from 1, as people see them everywhere. */
  readonly steps: readonly string[];
  /** Counters at the end that are not 0. */
  readonly counters: Readonly<Record<string, number>>;
}

export interface GoldenDifference {
  /** `step 3`, `counters.walks`, `seed`. */
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
}

/** `scenarios/first-touch.yaml` → `scenarios/first-touch.golden.json`. */
export const goldenFileOf = (scenarioFile: string): string => `${scenarioFile.replace(/\.ya?ml$/i, '')}.golden.json`;

export function goldenRecord(result: ScenarioResult): GoldenRecord {
  return {
    golden: 1,
    name: result.name,
    seed: result.seed,
    stepsRun: result.stepsRun ?? result.steps.length,
    steps: result.steps.map(stepLine),
    counters: Object.fromEntries(Object.entries(result.counters).filter(([, count]) => count !== 0)),
  };
}

/** The text of the file: stable order, one step a line, newline at the end. */
export const goldenText = (record: GoldenRecord): string => `${JSON.stringify(record, null, 2)}\n`;

/** @throws InputError MEM-GLD-001 when the text is not a golden record. */
export function parseGolden(text: string, file: string): GoldenRecord {
  const problem = (message: string): InputError =>
    new InputError({ code: 'MEM-GLD-001', message, hint: 'write it anew with `mmulator run --update`', file });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw problem('the golden record is not JSON');
  }
  if (!isGolden(value)) throw problem('this is not a golden record of version 1');
  return value;
}

function isGolden(value: unknown): value is GoldenRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Partial<Record<keyof GoldenRecord, unknown>>;
  return (
    record.golden === 1 &&
    Array.isArray(record.steps) &&
    typeof record.counters === 'object' &&
    record.counters !== null
  );
}

/** What differs between the record and a run; empty when the run did the same again. */
export function compareGolden(expected: GoldenRecord, actual: GoldenRecord): GoldenDifference[] {
  const differences: GoldenDifference[] = [];
  const compare = (what: string, before: string | number | undefined, after: string | number | undefined) => {
    if (before !== after)
      differences.push({ what, expected: String(before ?? 'nothing'), actual: String(after ?? 'nothing') });
  };
  compare('name', expected.name, actual.name);
  compare('seed', expected.seed, actual.seed);
  compare('steps', expected.stepsRun, actual.stepsRun);
  const count = Math.max(expected.steps.length, actual.steps.length);
  for (let index = 0; index < count; index++) compare(`step ${index + 1}`, expected.steps[index], actual.steps[index]);
  const names = new Set([...Object.keys(expected.counters), ...Object.keys(actual.counters)]);
  for (const name of [...names].sort())
    compare(`counters.${name}`, expected.counters[name] ?? 0, actual.counters[name] ?? 0);
  return differences;
}

function stepLine(step: StepResult): string {
  const faults = step.faults.map(
    (fault) => `${fault.kind}${fault.major ? ' (major)' : ''} at 0x${fault.address.toString(16)}`,
  );
  const cost = Object.entries(step.cost)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, count]) => `${name} ${count}`);
  const loop = Object.entries(step.loop).map(([name, value]) => `${name}=${value}`);
  const place = loop.length === 0 ? '' : ` [${loop.join(' ')}]`;
  const parts = [
    `${step.index + 1} ${step.text}${place} → ${outcomeLine(step.outcome)}`,
    faults.join(', '),
    cost.join(', '),
  ];
  return parts.filter((part) => part !== '').join('; ');
}

function outcomeLine(outcome: StepOutcome): string {
  switch (outcome.kind) {
    case 'ok':
      return 'ok';
    case 'value':
      return `value ${outcome.bytes}`;
    case 'address':
    case 'physical':
      return `${outcome.kind} 0x${outcome.address.toString(16)}`;
    case 'count':
      return `count ${outcome.count}`;
    case 'pointer':
      return outcome.address === 0 ? 'NULL' : `pointer 0x${outcome.address.toString(16)}`;
    case 'answer':
      return `answered ${JSON.stringify(outcome.text)}`;
    case 'process':
      return `process ${outcome.name} ${outcome.pid}`;
    case 'errno':
      return outcome.errno;
    case 'signal': {
      const { signal, code, address, errorCode } = outcome.info;
      const extra = errorCode === null ? '' : ` error code ${errorCode}`;
      return `${signal} ${code ?? ''} at 0x${address.toString(16)}${extra}`;
    }
    case 'dead':
      return `could not run: ${outcome.why}`;
    case 'refused':
      return `refused: ${outcome.rule}`;
    default:
      return outcome satisfies never;
  }
}
