import { type AccessTimes, accessTimes, type CostModel, parseCostModel, parseTime } from './cost-model.ts';
import type { TraceReport } from './run.ts';

/**
 * What a run of a trace cost, by the cost model of the simulation (cost-model.ts) with what the machine measured in place
 * of what a book has to assume:
 *
 * ```
 *   tlbHit      hits by lookups              levels   page-table entries read, by walks (also those of restarted accesses)
 *   faultRatio  major faults by accesses     dirty    pages written to swap, by all faults
 *   minor       a fault without a disk: its own cost and, as of any fault, the writing of a page that leaves for it
 *   effective = (1 − p) × access + p × fault + minor faults by accesses × (minor + dirty × swapOut)
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
  const last = minors.at(-1);
  const minor = last === undefined ? MINOR : parseTime('minor', valueIn(last));
  return { model: parseCostModel(others), minor, said: new Set(names) };
}

const valueIn = (setting: string): string =>
  setting.includes('=') ? setting.slice(setting.indexOf('=') + 1).trim() : '';

export interface RunTimes extends AccessTimes {
  /** What the times were made of, as measured or as said. */
  readonly tlbHit: number;
  readonly levels: number;
  readonly faultRatio: number;
  readonly dirty: number;
  readonly minorRatio: number;
  /** What a minor fault costs on top of the access, with its share of writing. */
  readonly minor: number;
}

/** Times of an access, in ns. */
export function runTimes(report: TraceReport, { model, minor, said }: RunCosts): RunTimes {
  const { tlb, accesses, walks, pteReads, faults, swap } = report;
  const measured = {
    tlbHit: part(tlb.hits, tlb.hits + tlb.misses),
    levels: part(pteReads, walks),
    faultRatio: part(faults.major, accesses),
    dirty: part(swap.writes, faults.major + faults.minor),
  };
  const values = { ...measured };
  for (const name of MEASURED) if (said.has(name)) values[name] = model[name] ?? measured[name];
  const minorRatio = part(faults.minor, accesses);
  const minorFault = minor + values.dirty * model.swapOut;
  const times = accessTimes({ ...model, ...values }, { faultRatio: values.faultRatio, dirty: values.dirty });
  const effective = times.effective + minorRatio * minorFault;
  return {
    ...times,
    effective,
    instruction: model.cpu + model.accesses * effective,
    ...values,
    minorRatio,
    minor: minorFault,
  };
}

const part = (of: number, whole: number): number => (whole === 0 ? 0 : of / whole);
