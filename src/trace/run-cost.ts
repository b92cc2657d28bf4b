import { InputError } from '../mmu/input-error.ts';
import { type AccessTimes, accessTimes, type CostModel, parseCostModel } from './cost-model.ts';
import type { TraceReport } from './run.ts';

/**
 * What a run of a trace cost, by the cost model of the simulation (cost-model.ts) with what the machine measured in place
 * of what a book has to assume:
 *
 * ```
 *   tlbHit      hits by lookups                         levels   page-table entries read by misses of the TLB
 *   faultRatio  major faults by accesses                dirty    pages written to swap by major faults
 *   minor       a fault without a disk: its own cost, for each of the minor faults
 *   effective = (1 − p) × access + p × fault + minor faults by accesses × minor
 * ```
 *
 * What is said with `--cost` counts instead of what was measured.
 */
export interface RunCosts {
  readonly model: CostModel;
  /** Of a minor fault, in ns. */
  readonly minor: number;
  /** Names that were set: they count, not what was measured. */
  readonly said: ReadonlySet<string>;
}

/** As a fault without a disk takes Linux on hardware of today, in ns. */
const MINOR = 1000;
const MEASURED = ['tlbHit', 'levels', 'faultRatio', 'dirty'] as const;

/** @throws InputError MEM-TRC-050 */
export function parseRunCosts(settings: readonly string[]): RunCosts {
  const names = settings.map((setting) => setting.split('=')[0]!.trim());
  const minors = settings.filter((_, index) => names[index] === 'minor');
  const others = settings.filter((_, index) => names[index] !== 'minor');
  // A time like the others: read as one of them.
  const last = minors.at(-1);
  const minor = last === undefined ? MINOR : timeOf(last);
  return { model: parseCostModel(others), minor, said: new Set(names) };
}

/** The value of `minor=2us`, in ns. */
function timeOf(setting: string): number {
  const at = setting.indexOf('=');
  try {
    return parseCostModel([`service=${at < 0 ? '' : setting.slice(at + 1)}`]).service;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    const { code, message, hint } = error;
    throw new InputError({ code, message: message.replace('`service`', '`minor`'), hint });
  }
}

export interface RunTimes extends AccessTimes {
  /** What the times were made of, as measured or as said. */
  readonly tlbHit: number;
  readonly levels: number;
  readonly faultRatio: number;
  readonly dirty: number;
  readonly minorRatio: number;
  readonly minor: number;
}

/** Times of an access, in ns. */
export function runTimes(report: TraceReport, { model, minor, said }: RunCosts): RunTimes {
  const { tlb, accesses, pteReads, faults, swap } = report;
  const lookups = tlb.hits + tlb.misses;
  // Without a TLB every access walks.
  const measured = {
    tlbHit: part(tlb.hits, lookups),
    levels: part(pteReads, lookups === 0 ? accesses : tlb.misses),
    faultRatio: part(faults.major, accesses),
    dirty: part(swap.writes, faults.major),
  };
  const values = { ...measured };
  for (const name of MEASURED) if (said.has(name)) values[name] = model[name] ?? measured[name];
  const minorRatio = part(faults.minor, accesses);
  const times = accessTimes({ ...model, ...values }, { faultRatio: values.faultRatio, dirty: values.dirty });
  const effective = times.effective + minorRatio * minor;
  return {
    ...times,
    effective,
    instruction: model.cpu + model.accesses * effective,
    ...values,
    minorRatio,
    minor,
  };
}

const part = (of: number, whole: number): number => (whole === 0 ? 0 : of / whole);
