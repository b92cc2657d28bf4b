import { InputError } from '../mmu/input-error.ts';
import { suggest } from '../mmu/nearest.ts';

/**
 * What a reference costs on average, from what its parts cost. Nothing is hidden: every formula of the textbooks is this one
 * with other numbers.
 *
 * ```
 *   found  = tlb + memory                         the translation is in the TLB
 *   walked = tlb + levels × memory + memory       it is not: one memory access a level of the page table, then the access
 *   access = tlbHit × found + (1 − tlbHit) × walked
 *   fault  = service + swapIn + dirty × swapOut + restart + again
 *            again: what the restarted access costs: `walked`, `access`, or nothing that is not in `service`
 *   effective   = (1 − p) × access + p × fault                     p: faults per reference
 *   instruction = cpu + accesses × effective
 * ```
 *
 * Times in nanoseconds. Sources: Silberschatz (access time with a TLB; effective access time 200 + 7,999,800 p), OSTEP
 * (AMAT), lecture notes that add up a fault from its parts.
 */
export interface CostModel {
  readonly memory: number;
  readonly tlb: number;
  /** Share of accesses, 0 … 1. */
  readonly tlbHit: number;
  readonly levels: number;
  readonly service: number;
  readonly swapIn: number;
  readonly swapOut: number;
  /** Share of faults that write a page first; null: as measured. */
  readonly dirty: number | null;
  readonly restart: number;
  readonly again: AfterFault;
  /** Faults per reference; null: as measured. */
  readonly faultRatio: number | null;
  readonly cpu: number;
  /** Memory accesses of an instruction. */
  readonly accesses: number;
}

export const AFTER_FAULT = ['walk', 'access', 'nothing'] as const;
/**
 * - `walk`: the restarted access misses the TLB and walks, as on hardware
 * - `access`: it costs what an access costs on average
 * - `nothing`: the time of the fault includes it
 */
export type AfterFault = (typeof AFTER_FAULT)[number];

/** Defaults: memory as in most books, a TLB that never misses, a disk of the textbooks. */
const DEFAULT_COSTS: CostModel = {
  memory: 100,
  tlb: 0,
  tlbHit: 1,
  levels: 1,
  service: 8e6,
  swapIn: 0,
  swapOut: 0,
  dirty: null,
  restart: 0,
  again: 'walk',
  faultRatio: null,
  cpu: 0,
  accesses: 1,
};

type CostValues = 'time' | 'share' | 'count' | 'again';

export interface CostEntry {
  readonly values: CostValues;
  readonly defaultsTo: string;
  /** One sentence, for help and documentation. */
  readonly description: string;
}

export const COST_OPTIONS: Readonly<Record<keyof CostModel, CostEntry>> = {
  memory: { values: 'time', defaultsTo: '100ns', description: 'an access to memory' },
  tlb: { values: 'time', defaultsTo: '0ns', description: 'a look into the TLB' },
  tlbHit: { values: 'share', defaultsTo: '1', description: 'share of accesses whose translation the TLB has' },
  levels: { values: 'count', defaultsTo: '1', description: 'memory accesses of a walk through the page table' },
  service: { values: 'time', defaultsTo: '8ms', description: 'a page fault, apart from the parts named here' },
  swapIn: { values: 'time', defaultsTo: '0ns', description: 'reading the page' },
  swapOut: { values: 'time', defaultsTo: '0ns', description: 'writing the page that leaves, where it is dirty' },
  dirty: { values: 'share', defaultsTo: 'as measured', description: 'share of faults for which a dirty page leaves' },
  restart: { values: 'time', defaultsTo: '0ns', description: 'getting the process going again' },
  again: {
    values: 'again',
    defaultsTo: 'walk',
    description: 'what the restarted access costs: a TLB miss (walk), the mean (access), nothing',
  },
  faultRatio: { values: 'share', defaultsTo: 'as measured', description: 'faults per reference' },
  cpu: { values: 'time', defaultsTo: '0ns', description: 'an instruction, apart from memory' },
  accesses: { values: 'count', defaultsTo: '1', description: 'memory accesses of an instruction' },
};

const TIME_UNITS: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };
const COUNT_MAX = 1000;

/**
 * A cost model from what somebody typed: `memory=200ns`, `tlbHit=0.98`, `again=nothing`; the last of the same name counts.
 * @throws InputError MEM-TRC-050
 */
export function parseCostModel(settings: readonly string[]): CostModel {
  const model: Record<string, number | string | null> = { ...DEFAULT_COSTS };
  for (const setting of settings) {
    const at = setting.indexOf('=');
    const name = (at < 0 ? setting : setting.slice(0, at)).trim();
    if (!Object.hasOwn(COST_OPTIONS, name)) {
      throw new InputError({
        code: 'MEM-TRC-050',
        message: `the cost model has no \`${name}\``,
        hint: suggest(name, Object.keys(COST_OPTIONS), 'costs'),
      });
    }
    const { values } = COST_OPTIONS[name as keyof CostModel];
    model[name] = readCost(name, at < 0 ? '' : setting.slice(at + 1).trim(), values);
  }
  // Every name has been read as what it is.
  return model as unknown as CostModel;
}

const HINTS: Readonly<Record<CostValues, string>> = {
  time: 'times take ns, us, ms or s: `100ns`, `8ms`',
  share: 'a number from 0 to 1: `0.98`',
  count: `a number from 0 to ${COUNT_MAX}`,
  again: `one of ${AFTER_FAULT.join(', ')}`,
};

function readCost(name: string, text: string, values: CostValues): number | string {
  if (values === 'time') return parseTime(name, text);
  if (values === 'again' && AFTER_FAULT.some((known) => known === text)) return text;
  const number = NUMBER.test(text) ? Number(text) : Number.NaN;
  if (values === 'share' && number <= 1) return number;
  if (values === 'count' && number <= COUNT_MAX) return number;
  throw wrongValue(name, text, values);
}

const NUMBER = /^(?:\d+(?:\.\d*)?(?:e-?\d+)?|\.\d+)$/i;

/**
 * A time with its unit (0 needs none), in ns.
 * @throws InputError MEM-TRC-050 that names whose value it is
 */
export function parseTime(name: string, text: string): number {
  const match = /^(.*?)\s*(ns|us|µs|ms|s|)$/i.exec(text);
  const number = match !== null && NUMBER.test(match[1]!) ? Number(match[1]) : Number.NaN;
  const unit = match?.[2]?.toLowerCase() ?? '';
  if (Number.isFinite(number) && (unit !== '' || number === 0)) return number * (TIME_UNITS[unit] ?? 1);
  throw wrongValue(name, text, 'time');
}

const wrongValue = (name: string, text: string, values: CostValues): InputError =>
  new InputError({
    code: 'MEM-TRC-050',
    message: text === '' ? `\`${name}\` needs a value` : `\`${name}\` cannot be \`${text}\``,
    hint: HINTS[values],
  });

/** Both per reference and as measured; the model may know better. */
export interface MeasuredRatios {
  readonly faultRatio: number;
  /** Share of faults for which a dirty page leaves; null: nobody knows, so none. */
  readonly dirty: number | null;
}

export interface AccessTimes {
  /** A reference that does not fault, in ns. */
  readonly access: number;
  /** One that does. */
  readonly fault: number;
  /** The mean of all: the effective access time. */
  readonly effective: number;
  /** An instruction. */
  readonly instruction: number;
}

/** What a replay counted; write-backs: null where nobody knows. */
export interface ReplayCounts {
  readonly references: number;
  readonly faults: number;
  readonly writeBacks: number | null;
}

/** Of a replay: faults and dirty evictions as it counted them. */
export function replayTimes(model: CostModel, { references, faults, writeBacks }: ReplayCounts): AccessTimes {
  const dirty = writeBacks === null || faults === 0 ? null : writeBacks / faults;
  return accessTimes(model, { faultRatio: references === 0 ? 0 : faults / references, dirty });
}

export function accessTimes(model: CostModel, measured: MeasuredRatios): AccessTimes {
  const found = model.tlb + model.memory;
  const walked = found + model.levels * model.memory;
  // Sums of differences rather than of products: 0.8 × 120 + 0.2 × 220 is not quite 140 in binary.
  const access = found + (1 - model.tlbHit) * (walked - found);
  const dirty = model.dirty ?? measured.dirty ?? 0;
  const again = { walk: walked, access, nothing: 0 }[model.again];
  const fault = model.service + model.swapIn + dirty * model.swapOut + model.restart + again;
  const p = model.faultRatio ?? measured.faultRatio;
  const effective = access + p * (fault - access);
  return { access, fault, effective, instruction: model.cpu + model.accesses * effective };
}
