/**
 * From the text of a sweep file to its plan, or to every mistake in it.
 *
 *     text ── yaml, with places ── zod, trace by trace ── what must fit together ──> SweepPlan
 */

import type { z } from 'zod';
import { REPLACEMENT_OPTIONS } from '../kernel/reclaim/option-table.ts';
import type { ReplacementOptions } from '../kernel/reclaim/options.ts';
import { POLICY_NAMES, type PolicyName } from '../kernel/reclaim/policy.ts';
import { InputError, InputErrors, type SourceRange } from '../mmu/input-error.ts';
import { inputErrorsOf, PARSE_SETTINGS } from '../scenario/load/issues.ts';
import type { Path } from '../scenario/load/locate.ts';
import { YamlSource } from '../scenario/load/yaml-source.ts';
import { describeInput } from '../scenario/schema/scalars.ts';
import { parseCostModel } from '../trace/cost-model.ts';
import { canonicalJson } from './canonical-json.ts';
import { nameOfTrace } from './input-name.ts';
import type { Grid, SweepCost, SweepPlan, TraceSource } from './plan.ts';
import { type GridSpec, SWEEP_VERSION, sweepHeadSchema } from './sweep-schema.ts';
import { readTraceSource } from './trace-source.ts';

const START = 'a sweep has `sweep: 1`, `traces:` or `scenarios:`, and `grid:`';

/** @throws InputErrors MEM-SWP-…, and of what stands in it MEM-TLB-…, MEM-TRC-…: every mistake in the order of their places */
export function readSweepFile(text: string, file: string): SweepPlan {
  const { plan, errors } = examineSweepFile(text, file);
  if (plan !== null && errors.length === 0) return plan;
  throw new InputErrors(errors);
}

/** What a sweep file says, as far as it can be read. */
export interface SweepReading {
  /** Null: there are errors, and not enough is sound for a plan. */
  readonly plan: SweepPlan | null;
  /** In the order of their places. */
  readonly errors: readonly InputError[];
  /** Those inputs that are sound by themselves: whether their files are there can be said though all else is wrong. */
  readonly named: NamedInputs;
}

/** What a plan names on the disk. */
export type NamedInputs = Pick<SweepPlan, 'traces' | 'scenarios'>;

/** For whoever has more to say about a file than its own mistakes. Throws nothing. */
export function examineSweepFile(text: string, file: string): SweepReading {
  const reader = new SweepFileReader(text, file);
  const plan = reader.read();
  const place = ({ range }: InputError): readonly [number, number] => [range?.line ?? 0, range?.column ?? 0];
  const errors = reader.errors.toSorted((one, other) => {
    const [[line, column], [otherLine, otherColumn]] = [place(one), place(other)];
    return line - otherLine || column - otherColumn;
  });
  return { plan, errors, named: reader.named };
}

/** Options as they stand in the file: those for all, and the points of the axis. */
interface WrittenOptions {
  readonly common: ReplacementOptions;
  readonly own: readonly ReplacementOptions[];
}

class SweepFileReader {
  readonly errors: InputError[] = [];
  named: NamedInputs = { traces: [], scenarios: [] };
  private readonly file: string;
  private readonly source: YamlSource;

  constructor(text: string, file: string) {
    this.file = file;
    this.source = new YamlSource(text, file);
  }

  read(): SweepPlan | null {
    const { source } = this;
    this.errors.push(...source.errors.map(asSweepError));
    if (!source.isReadable) return null;
    const raw = this.plainValue();
    if (raw === undefined) return null;
    if (raw === null) return this.fail('MEM-SWP-003', 'the file is empty', START, source.locator.offsets(0, 1));
    if (typeof raw !== 'object' || Array.isArray(raw)) {
      return this.fail('MEM-SWP-004', `a sweep is a mapping, found ${describeInput(raw)}`, START, this.at([]));
    }
    if (!('sweep' in raw)) {
      const hint = 'steps' in raw ? 'this is a scenario: `mmulator run` runs it' : START;
      return this.fail('MEM-SWP-004', 'this is not a sweep: it has no `sweep: 1`', hint, this.at([]));
    }
    if (raw.sweep !== SWEEP_VERSION) {
      const message = `version ${describeInput(raw.sweep)} is not one this mmulator reads`;
      return this.fail('MEM-SWP-005', message, `write \`sweep: ${SWEEP_VERSION}\``, this.at(['sweep']));
    }
    return this.plan(raw as Record<string, unknown>);
  }

  private plan(raw: Record<string, unknown>): SweepPlan | null {
    const head = this.parsed(sweepHeadSchema, raw, [], 'the sweep');
    const rawTraces = Array.isArray(raw.traces) ? raw.traces : [];
    const traces = rawTraces.map((trace, index) => this.trace(trace, ['traces', index]));
    const scenarios: readonly unknown[] = Array.isArray(raw.scenarios) ? raw.scenarios : [];
    this.named = {
      traces: traces.filter((trace) => trace !== null),
      scenarios: unique(scenarios.filter((scenario) => typeof scenario === 'string').filter((file) => file !== '')),
    };
    if (head === null || traces.includes(null)) return null;
    const plan: SweepPlan = {
      title: head.title ?? null,
      ...this.named,
      grid: gridOf(head.grid ?? {}, head.options ?? {}),
      cost: head.cost === undefined ? null : costOf(Object.values(head.cost).filter((text) => text !== undefined)),
    };
    this.check(plan, { common: head.options ?? {}, own: head.grid?.options ?? [] });
    return plan;
  }

  private trace(raw: unknown, path: Path): TraceSource | null {
    const source = readTraceSource(raw, (schema, value, where) => this.parsed(schema, value, path, where));
    if (source instanceof InputError) {
      return this.fail(source.code, source.message, source.hint, this.at(path));
    }
    return source;
  }

  /** What each is right on its own, and does not fit the rest. */
  private check({ traces, scenarios, grid }: SweepPlan, written: WrittenOptions): void {
    if (traces.length === 0 && scenarios.length === 0) {
      this.fail('MEM-SWP-025', 'there is nothing to measure', 'give `traces:` or `scenarios:`', this.at([]));
      return;
    }
    const measuresTlb = grid.tlb?.some((tlb) => tlb !== null) === true;
    if (traces.length > 0 && grid.frames === null && (grid.policy !== null || !measuresTlb)) {
      const hint = 'add `grid: { frames: 16..1024 }`; without frames and policies a `tlb` alone is measured';
      this.fail('MEM-SWP-026', 'traces need numbers of `frames`', hint, this.key(['grid']));
    }
    if (scenarios.length === 0 && grid.memory !== null) {
      const hint = 'traces have `frames`; or add `scenarios:`';
      this.fail('MEM-SWP-027', '`memory` is for scenarios, and there are none', hint, this.key(['grid', 'memory']));
    }
    this.checkOptions(grid, written, traces.length > 0, scenarios.length > 0);
    const seen = new Set<string>();
    for (const [index, trace] of traces.entries()) {
      const name = nameOfTrace(trace);
      if (seen.has(name)) {
        const hint = 'give one of them another `name`';
        this.fail('MEM-SWP-028', `two traces are called \`${name}\``, hint, this.at(['traces', index]));
      }
      seen.add(name);
    }
  }

  /** An option that no policy of the grid obeys is a misunderstanding. What policy a scenario itself has is not known here. */
  private checkOptions(grid: Grid, written: WrittenOptions, hasTraces: boolean, hasScenarios: boolean): void {
    const { common, own: ownOptions } = written;
    const { options, policy } = grid;
    const ofTraces: readonly PolicyName[] = policy === 'all' ? POLICY_NAMES : (policy ?? ['lru']);
    const ofScenarios = policy === null ? POLICY_NAMES : ofTraces;
    const names = new Set(options.flatMap((set) => Object.keys(set) as (keyof ReplacementOptions)[]));
    for (const name of names) {
      const { policies: obeying, notInMachines } = REPLACEMENT_OPTIONS[name];
      if (hasTraces && obeying.some((one) => ofTraces.includes(one))) continue;
      if (hasScenarios && notInMachines === undefined && obeying.some((one) => ofScenarios.includes(one))) continue;
      const set = ownOptions.findIndex((own) => Object.hasOwn(own, name));
      const path = Object.hasOwn(common, name) ? ['options', name] : ['grid', 'options', set, name];
      const isForTraces = !hasTraces && notInMachines !== undefined;
      const hint = isForTraces ? 'it is for the replay of traces' : `it is one of ${obeying.join(', ')}`;
      this.fail('MEM-SWP-029', `nothing here obeys the option \`${name}\``, hint, this.key(path));
    }
  }

  private parsed<Output>(schema: z.ZodType<Output>, raw: unknown, base: Path, where: string): Output | null {
    const result = schema.safeParse(raw, PARSE_SETTINGS);
    if (result.success) return result.data;
    const context = { file: this.file, locator: this.source.locator, base, where };
    this.errors.push(...inputErrorsOf(result.error.issues, context).map(asSweepError));
    return null;
  }

  private plainValue(): unknown {
    try {
      return this.source.plainValue();
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      this.errors.push(asSweepError(error));
      return undefined;
    }
  }

  private at(path: Path): SourceRange {
    const range = this.source.locator.value(path);
    // A whole mapping need not be underlined to be pointed at.
    return range.endLine === range.line ? range : { ...range, endLine: range.line, endColumn: range.column + 1 };
  }

  private key(path: Path): SourceRange {
    const range = this.source.locator.key(path);
    return range.endLine === range.line ? range : { ...range, endLine: range.line, endColumn: range.column + 1 };
  }

  private fail(code: string, message: string, hint: string | undefined, range: SourceRange): null {
    this.errors.push(this.source.error(code, message, hint, range));
    return null;
  }
}

/** What can be wrong in any file of ours has the same number in the lists of both. */
const OWN_CODES: Readonly<Record<string, string>> = {
  'MEM-SCN-001': 'MEM-SWP-001',
  'MEM-SCN-002': 'MEM-SWP-002',
  'MEM-SCN-006': 'MEM-SWP-006',
  'MEM-SCN-008': 'MEM-SWP-008',
  'MEM-SCN-009': 'MEM-SWP-009',
  'MEM-SCN-010': 'MEM-SWP-010',
  'MEM-SCN-011': 'MEM-SWP-011',
  'MEM-SCN-012': 'MEM-SWP-012',
};
/** All else that a scenario’s scalars complain about is how a size is written. */
const NO_SIZE = 'MEM-SWP-020';

function asSweepError({ code, message, hint, range, file }: InputError): InputError {
  const own = code.startsWith('MEM-SCN-') ? (OWN_CODES[code] ?? NO_SIZE) : code;
  return new InputError({ code: own, message, hint, file, ...(range === undefined ? {} : { range }) });
}

function gridOf(spec: GridSpec, common: ReplacementOptions): Grid {
  const { policy, frames, memory, tlb, pageSize, seed, options } = spec;
  return {
    policy: policy === undefined || policy === 'all' ? (policy ?? null) : unique([policy].flat()),
    frames: frames === undefined ? null : unique([frames].flat(2)).toSorted((one, other) => one - other),
    memory: memory === undefined ? null : unique([memory].flat()),
    tlb: tlb === undefined ? null : uniqueValues([tlb].flat()),
    pageSize: pageSize === undefined ? null : unique([pageSize].flat()),
    seed: seed === undefined ? null : unique([seed].flat(2)),
    options: uniqueValues((options ?? [{}]).map((own) => ({ ...common, ...own }))),
  };
}

const unique = <Item>(items: readonly Item[]): Item[] => [...new Set(items)];

const uniqueValues = <Item>(items: readonly Item[]): Item[] => [
  ...new Map(items.map((item) => [canonicalJson(item), item])).values(),
];

function costOf(settings: readonly string[]): SweepCost {
  const model = parseCostModel(settings);
  const isGiven = settings.some((setting) => setting.startsWith('tlbHit='));
  return { ...model, tlbHit: isGiven ? model.tlbHit : null };
}
