/** What measuring a cell yields. Plain data, the same from every computer; lives in journals and results. */

/** What replaying a trace showed; as `trace simulate` and the TLBs of the machine count. */
export interface TraceFigures {
  readonly kind: 'trace';
  /** Page references: one that crosses a boundary is several. */
  readonly references: number;
  /** Null, with what follows, where only a TLB was measured. */
  readonly hits: number | null;
  readonly faults: number | null;
  readonly coldFaults: number | null;
  /** hits / references. */
  readonly hitRatio: number | null;
  /** Null: unknown. */
  readonly writeBacks: number | null;
  /** Frames in use on average, of policies that decide it; null: all. */
  readonly meanResident: number | null;
  /** Null without TLB. */
  readonly tlb: TlbFigures | null;
}

export interface TlbFigures {
  /** What the TLB was asked: page references. */
  readonly lookups: number;
  readonly l1Hits: number;
  readonly l2Hits: number;
  readonly walks: number;
  /** (l1Hits + l2Hits) / lookups. */
  readonly hitRatio: number;
}

/** The counters of a scenario's run and what became of its expectations. */
export interface ScenarioFigures {
  readonly kind: 'scenario';
  readonly status: 'held' | 'failed' | 'step-limit';
  readonly steps: number;
  readonly expectationsHeld: number;
  readonly expectationsFailed: number;
  readonly accesses: number;
  readonly minorFaults: number;
  readonly majorFaults: number;
  readonly evictions: number;
  readonly dirtyEvictions: number;
  /** Pages. */
  readonly swapReads: number;
  readonly swapWrites: number;
  readonly oomKills: number;
  /** Hits of any level, and what none had. */
  readonly tlbHits: number;
  readonly tlbMisses: number;
  readonly l2TlbHits: number;
  readonly walks: number;
  readonly pteReads: number;
}

export type Figures = TraceFigures | ScenarioFigures;

/** Why a cell could not be. */
export interface CellError {
  /** Of the first of several mistakes. */
  readonly code: string;
  readonly message: string;
  readonly hint: string | null;
}

/** Exactly one of figures and error is null. */
export interface Row {
  readonly index: number;
  /** Of the cell. */
  readonly id: string;
  readonly figures: Figures | null;
  readonly error: CellError | null;
}
