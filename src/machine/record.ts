/**
 * The record of a run: what every report and viewer reads instead of asking the machine.
 *
 *     first view ──patches 0──▶ view 1 ──patches 1──▶ view 2 ──▶ …        position: how many steps are done
 *         0      ◀─inverse 0──    1     ◀─inverse 1──    2
 *
 * A step holds its events and the immer patches between the views around it, so the record costs what changed, and a
 * player steps both ways in O(what changed) without a machine.
 *
 * Limits. Taking a view costs O(what is in use) and comparing it the same: a record is for runs that a person will look
 * at, not for traces of millions of references. `stepsMax` bounds it: beyond that many steps the oldest are folded into
 * the first view, and `firstStep` says how many are gone. A jump costs the changes it passes over. Frames appear by the hash
 * of their bytes, so bytes themselves cannot be read back from a record: rewind the machine for that (`Rewinder`).
 */
import { applyPatches, type Patch } from 'immer';
import { InputError } from '../mmu/input-error.ts';
import type { MachineEvent } from './events.ts';
import { reconcile } from './reconcile.ts';
import type { MachineView } from './view.ts';

export interface RecordStep {
  readonly events: readonly MachineEvent[];
  /** From the view before the step to the view after it. */
  readonly patches: readonly Patch[];
  /** And back. */
  readonly inverse: readonly Patch[];
}

/** Plain data; but for bigints in events JSON-able, see `stringifyRecord`. */
export interface RunRecord {
  readonly version: 1;
  /** Position of `first`: 0, or how many of the oldest steps were folded into it. */
  readonly firstStep: number;
  readonly first: MachineView;
  /** `steps[i]` leads from position `firstStep + i` to the next. */
  readonly steps: readonly RecordStep[];
}

/** Makes a record as a run goes: hand it the first view, then each step's events and the view after it. */
export class RecordBuilder {
  private first: MachineView;
  private firstStep = 0;
  private latest: MachineView;
  private steps: RecordStep[] = [];
  private readonly stepsMax: number;

  /** `stepsMax`: how many steps to keep, at least 1; the newest stay. */
  constructor(firstView: MachineView, options: { readonly stepsMax?: number } = {}) {
    this.first = firstView;
    this.latest = firstView;
    this.stepsMax = options.stepsMax ?? Number.POSITIVE_INFINITY;
    if (!(this.stepsMax >= 1)) {
      throw new InputError({
        code: 'MEM-REC-003',
        message: 'a record keeps at least one step',
        hint: 'raise stepsMax',
      });
    }
  }

  /** Both arguments become part of the record; the view may be frozen. */
  add(events: readonly MachineEvent[], nextView: MachineView): void {
    const { value, patches, inverse } = reconcile(this.latest, nextView);
    this.latest = value;
    this.steps.push({ events, patches, inverse });
    // Folding in batches: one `splice` of half the list, not a `shift` each step.
    if (this.steps.length >= this.stepsMax * 2) this.fold(this.steps.length - this.stepsMax);
  }

  /** The latest view, sharing with earlier ones whatever did not change. */
  get view(): MachineView {
    return this.latest;
  }

  /** The record so far. The builder may go on; the record does not change. */
  finish(): RunRecord {
    if (this.steps.length > this.stepsMax) this.fold(this.steps.length - this.stepsMax);
    return { version: 1, firstStep: this.firstStep, first: this.first, steps: [...this.steps] };
  }

  private fold(count: number): void {
    for (const step of this.steps.splice(0, count)) this.first = applyPatches(this.first, step.patches);
    this.firstStep += count;
  }
}

/** Steps through a record, both ways. */
export class RecordPlayer {
  readonly record: RunRecord;
  private current: MachineView;
  private at: number;

  /** Stands at the record's first position. */
  constructor(record: RunRecord) {
    this.record = record;
    this.current = record.first;
    this.at = record.firstStep;
  }

  /** How many steps are done, counted from the start of the run. */
  get position(): number {
    return this.at;
  }

  get view(): MachineView {
    return this.current;
  }

  /** The positions that can be reached, both included. */
  get range(): { readonly first: number; readonly last: number } {
    return { first: this.record.firstStep, last: this.record.firstStep + this.record.steps.length };
  }

  /** The step that led to this position; null at the first. */
  get lastStep(): RecordStep | null {
    return this.record.steps[this.at - this.record.firstStep - 1] ?? null;
  }

  /** One step on. False, and nothing happens, at the end. */
  forward(): boolean {
    const step = this.record.steps[this.at - this.record.firstStep];
    if (step === undefined) return false;
    this.current = applyPatches(this.current, step.patches);
    this.at += 1;
    return true;
  }

  /** One step back. False, and nothing happens, at the beginning. */
  back(): boolean {
    const step = this.lastStep;
    if (step === null) return false;
    this.current = applyPatches(this.current, step.inverse);
    this.at -= 1;
    return true;
  }

  /**
   * Go to a position and return its view.
   * @throws InputError `MEM-REC-001` for a position that the record does not have.
   */
  goTo(position: number): MachineView {
    const { first, last } = this.range;
    if (!Number.isInteger(position) || position < first || position > last) {
      throw new InputError({
        code: 'MEM-REC-001',
        message: `the record has no position ${position}`,
        hint:
          position < first && position >= 0
            ? `the steps before ${first} were not kept; replay the run to see them`
            : `positions go from ${first} to ${last}`,
      });
    }
    while (this.at < position) this.forward();
    while (this.at > position) this.back();
    return this.current;
  }
}

/** JSON has no bigint, and addresses of 2^53 and above are bigints in events: they are written as `{"$bigint": "0x…"}`. */
export function stringifyRecord(record: RunRecord): string {
  return JSON.stringify(record, (_key, value: unknown) =>
    typeof value === 'bigint' ? { $bigint: `0x${value.toString(16)}` } : value,
  );
}

/** @throws InputError `MEM-REC-002` when the text is not a record of this version. */
export function parseRecord(text: string): RunRecord {
  const hint = 'pass the JSON that stringifyRecord wrote';
  let data: unknown;
  try {
    data = JSON.parse(text, (_key, value: unknown) => bigintOf(value) ?? value);
  } catch {
    throw new InputError({ code: 'MEM-REC-002', message: 'the record is not JSON', hint });
  }
  if (!isRecord(data)) throw new InputError({ code: 'MEM-REC-002', message: 'not a record of version 1', hint });
  return data;
}

function bigintOf(value: unknown): bigint | undefined {
  if (typeof value !== 'object' || value === null || !('$bigint' in value)) return undefined;
  return typeof value.$bigint === 'string' && /^0x[0-9a-f]+$/.test(value.$bigint) ? BigInt(value.$bigint) : undefined;
}

function isRecord(data: unknown): data is RunRecord {
  if (typeof data !== 'object' || data === null) return false;
  const { version, firstStep, first, steps }: Record<string, unknown> = { ...data };
  const isStep = (step: unknown): boolean =>
    typeof step === 'object' &&
    step !== null &&
    ['events', 'patches', 'inverse'].every((name) => Array.isArray(Reflect.get(step, name)));
  return (
    version === 1 &&
    Number.isInteger(firstStep) &&
    typeof first === 'object' &&
    first !== null &&
    Array.isArray(steps) &&
    steps.every(isStep)
  );
}
