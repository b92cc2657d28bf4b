/**
 * One pass over a trace for all the cells of a task: the simulation of `trace simulate`, and beside it the TLBs.
 *
 * ```
 *   batches ─► kinds ─► pages ─┬─► Simulation: one replay for each different run  ─┐
 *                              └─► TlbReplay: one for each different TLB           ─┴─► rows: every cell has one of each
 * ```
 *
 * A cell that cannot be is found before the pass, keeps its error, and takes no part in it.
 */
import { InputError } from '../mmu/input-error.ts';
import { KindFilter } from '../trace/kind-filter.ts';
import { type PageSink, PageStream } from '../trace/page-stream.ts';
import type { BatchSink, ReferenceBatch, TraceKind, TraceUnit } from '../trace/reference.ts';
import { Replay, ratio } from '../trace/replay.ts';
import { replayConfigOf, Simulation, type SimulationRow, type SimulationRun } from '../trace/simulation.ts';
import { TlbReplay } from '../trace/tlb-replay.ts';
import type { Cell } from './cell.ts';
import { cellErrorOf, errorRow } from './cell-error.ts';
import { runKey, tlbKey } from './cell-keys.ts';
import type { CellError, Row, TlbFigures, TraceFigures } from './row.ts';
import { TracedPages } from './traced-pages.ts';

const PAGE_BYTES_DEFAULT = 4096;
/** What `trace simulate` takes where nobody says. */
const SEED_DEFAULT = 0;

export interface PassFacts {
  readonly unit: TraceUnit;
  /** Does the format tell loads from stores? Without, there are no write-backs. */
  readonly tellsKinds: boolean;
  readonly kinds: readonly TraceKind[] | null;
}

export class TracePass implements BatchSink, PageSink {
  private readonly cells: readonly Cell[];
  private readonly errors = new Map<Cell, CellError>();
  /** By `runKey`, in the order of the simulation's runs. */
  private readonly runs = new Map<string, SimulationRun>();
  private readonly simulation: Simulation;
  private readonly tlbs = new Map<string, TlbReplay>();
  private readonly filter: KindFilter;
  private readonly stream: PageStream;
  private readonly traced: TracedPages;

  /** @param cells all of one page size @throws InputError MEM-TRC-038 where that is none */
  constructor(cells: readonly Cell[], { unit, tellsKinds, kinds }: PassFacts) {
    this.cells = cells;
    const pageBytes = cells[0]?.parameters.pageSize ?? PAGE_BYTES_DEFAULT;
    this.filter = new KindFilter(kinds);
    this.stream = new PageStream(this, { pageBytes, unit });
    this.traced = new TracedPages(this.stream.numbering);
    for (const cell of cells) this.addRun(cell, tellsKinds);
    const config = { policies: [], frames: [], options: {}, seed: SEED_DEFAULT, kinds: null, pageBytes };
    this.simulation = new Simulation({ ...config, allocation: 'global', writeBacks: tellsKinds }, unit, [
      ...this.runs.values(),
    ]);
    for (const cell of cells) {
      const { tlb, seed } = cell.parameters;
      if (tlb === null || tlb === 'none' || this.errors.has(cell)) continue;
      const key = tlbKey(cell);
      if (!this.tlbs.has(key)) this.tlbs.set(key, seed === null ? new TlbReplay(tlb) : new TlbReplay(tlb, seed));
    }
  }

  take(batch: ReferenceBatch, count: number): void {
    const kept = this.filter.keep(batch, count);
    if (kept > 0) this.stream.take(batch, kept);
  }

  pages(ids: Int32Array, kinds: Uint8Array, count: number): void {
    this.simulation.pages(ids, kinds, count);
    if (this.tlbs.size === 0) return;
    this.traced.grow();
    if (this.traced.isTooLarge) return;
    const { numbers, spaces } = this.traced;
    for (const tlb of this.tlbs.values()) tlb.feed(ids, numbers, 0, count, kinds, spaces);
  }

  /** At the end of the trace. Before each run that had to wait for it there is a pause. @returns in the order of the cells */
  *rows(): Generator<void, Row[], undefined> {
    this.stream.flush();
    for (const _run of this.simulation.rest()) yield;
    const references = this.stream.pageReferences;
    if (references === 0) {
      const error = cellErrorOf(
        new InputError({
          code: 'MEM-TRC-055',
          message: 'the trace has no such references',
          hint: '`kinds` or `process` chose none of them',
        }),
      );
      return this.cells.map((cell) => errorRow(cell, this.errors.get(cell) ?? error));
    }
    const rows = this.simulation.rows();
    const simulated = new Map(Array.from(this.runs.keys(), (key, index) => [key, rows[index]!]));
    const tlbs = new Map(Array.from(this.tlbs, ([key, tlb]) => [key, tlbFigures(tlb)]));
    return this.cells.map((cell) => {
      const error = this.errors.get(cell) ?? (this.traced.isTooLarge && tlbs.has(tlbKey(cell)) ? TOO_LARGE : null);
      if (error !== null) return errorRow(cell, error);
      const figures = traceFigures(references, simulated.get(runKey(cell)) ?? null, tlbs.get(tlbKey(cell)) ?? null);
      return { index: cell.index, id: cell.id, figures, error: null };
    });
  }

  /** A run that cannot be must not keep the others from theirs. */
  private addRun(cell: Cell, tellsKinds: boolean): void {
    const { policy, frames, options, seed } = cell.parameters;
    if (policy === null || this.runs.has(runKey(cell))) return;
    const run = { policy, frames: frames ?? 0, options, seed: seed ?? SEED_DEFAULT };
    try {
      new Replay(replayConfigOf(run, tellsKinds));
      this.runs.set(runKey(cell), run);
    } catch (thrown) {
      this.errors.set(cell, cellErrorOf(thrown));
    }
  }
}

const TOO_LARGE: CellError = {
  code: 'MEM-SWP-034',
  message: 'page numbers of more than 52 bits fit no TLB',
  hint: 'take larger pages',
};

function tlbFigures(tlb: TlbReplay): TlbFigures {
  const { references: lookups, l1Hits, l2Hits, walks } = tlb.end();
  return { lookups, l1Hits, l2Hits, walks, hitRatio: ratio(l1Hits + l2Hits, lookups) };
}

function traceFigures(references: number, row: SimulationRow | null, tlb: TlbFigures | null): TraceFigures {
  return {
    kind: 'trace',
    references,
    hits: row?.hits ?? null,
    faults: row?.faults ?? null,
    coldFaults: row?.coldFaults ?? null,
    hitRatio: row?.hitRatio ?? null,
    writeBacks: row?.writeBacks ?? null,
    meanResident: row?.meanResident ?? null,
    tlb,
  };
}
