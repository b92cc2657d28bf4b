/** The axes of a sweep's grid, as columns and as words. */
import type { CellParameters } from '../sweep/cell.ts';
import { tlbText } from '../sweep/cell-text.ts';
import type { ResultRow } from '../sweep/results.ts';
import { size, thousands } from './quantities.ts';

export interface Axis {
  readonly name: string;
  /** How titles say it of a value: `64 frames`; null: as `name value`. */
  readonly said: (text: string) => string;
  readonly numeric: boolean;
  /** Null: the axis does not apply to this cell. */
  readonly text: (parameters: CellParameters) => string | null;
  /** To order by. */
  readonly value: (parameters: CellParameters) => number | string | null;
}

const plain = (text: string): string => text;

const POLICY: Axis = {
  name: 'policy',
  said: plain,
  numeric: false,
  text: ({ policy }) => policy,
  value: ({ policy }) => policy,
};
const FRAMES: Axis = {
  name: 'frames',
  said: (text) => `${text} frames`,
  numeric: true,
  text: ({ frames }) => (frames === null ? null : thousands(frames)),
  value: ({ frames }) => frames,
};
const MEMORY: Axis = {
  name: 'memory',
  said: (text) => `${text} of memory`,
  numeric: true,
  text: ({ memory }) => (memory === null ? null : size(memory)),
  value: ({ memory }) => memory,
};
const TLB: Axis = {
  name: 'TLB',
  said: (text) => (text === 'none' ? 'no TLB' : `TLB ${text}`),
  numeric: false,
  text: ({ tlb }) => (tlb === null ? null : tlbText(tlb)),
  value: ({ tlb }) => (tlb === null ? null : tlb === 'none' ? 0 : tlb.entries + (tlb.l2?.entries ?? 0)),
};
const PAGE_SIZE: Axis = {
  name: 'page size',
  said: (text) => `${text} pages`,
  numeric: true,
  text: ({ pageSize }) => (pageSize === null ? null : size(pageSize)),
  value: ({ pageSize }) => pageSize,
};
const SEED: Axis = {
  name: 'seed',
  said: (text) => `seed ${text}`,
  numeric: true,
  text: ({ seed }) => (seed === null ? null : String(seed)),
  value: ({ seed }) => seed,
};
const OPTIONS: Axis = {
  name: 'options',
  said: plain,
  numeric: false,
  text: ({ options }) =>
    Object.entries(options)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ') || null,
  value: (parameters) => OPTIONS.text(parameters),
};

/** In the order of columns. */
export const AXES: readonly Axis[] = [POLICY, FRAMES, MEMORY, TLB, PAGE_SIZE, SEED, OPTIONS];
/** Who is compared with whom: these make a curve, and a competitor. */
export const CONTENDERS: readonly Axis[] = [POLICY, OPTIONS, SEED];
/** What makes a picture of its own, of what there is beside contenders and frames. */
export const SURROUNDINGS: readonly Axis[] = [MEMORY, PAGE_SIZE];
export const TLB_AXIS = TLB;

/** Those on which rows differ. */
export const varying = (axes: readonly Axis[], rows: readonly ResultRow[]): Axis[] =>
  axes.filter((axis) => new Set(rows.map(({ parameters }) => axis.text(parameters))).size > 1);

/** `arc, window=500`; axes that do not apply are left out. */
export function placeText(axes: readonly Axis[], { parameters }: ResultRow): string {
  return axes
    .flatMap((axis) => {
      const text = axis.text(parameters);
      return text === null ? [] : [axis.said(text)];
    })
    .join(', ');
}
