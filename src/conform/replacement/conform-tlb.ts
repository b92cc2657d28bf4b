/** `tlb.jsonl`: hits of TLBs of two levels on page traces. */
import { validateTlbConfig } from '../../mmu/tlb/config.ts';
import { TlbReplay } from '../../trace/tlb-replay.ts';
import type { ExplainedDifference } from '../outcome.ts';
import type { RecordedRow, RowReader } from './recorded-rows.ts';
import type { RecordedPages } from './recorded-trace.ts';
import { differingNumber, type RowKind, type RowReplay } from './row-conformance.ts';

const POLICIES = { LRU: 'lru', FIFO: 'fifo' } as const;

export interface TlbRow extends RecordedRow {
  readonly l1: { readonly entries: number; readonly ways: number };
  readonly l2: { readonly entries: number; readonly ways: number };
  readonly policy: string;
  readonly l1Hits: number;
  readonly l2Hits: number;
  readonly walks: number;
}

export const tlbRows: RowReader<TlbRow> = {
  expected:
    'every line is {"trace":…,"l1Entries":…,"l1Ways":…,"l2Entries":…,"l2Ways":…,"policy":…,"refs":…,"l1Hits":…,"l2Hits":…,"walks":…}',
  marks: ['trace', 'l1Entries', 'l2Entries', 'walks'],
  isList: false,
  read: (fields, common) => {
    const l1 = { entries: fields.whole('l1Entries', 1), ways: fields.whole('l1Ways', 1) };
    const l2 = { entries: fields.whole('l2Entries', 1), ways: fields.whole('l2Ways', 1) };
    const policy = fields.text('policy');
    if ([l1, l2].every(({ entries, ways }) => entries > 0 && ways > 0)) {
      for (const { message } of validateTlbConfig({ ...l1, l2 })) fields.refuse(message);
    }
    return {
      ...common,
      title: `${policy}, ${l1.entries} entries in ${l1.ways} ways, ${l2.entries} in ${l2.ways}`,
      l1,
      l2,
      policy,
      l1Hits: fields.whole('l1Hits', 0),
      l2Hits: fields.whole('l2Hits', 0),
      walks: fields.whole('walks', 0),
    };
  },
};

export const tlbKind: RowKind<TlbRow> = {
  kind: 'TLBs',
  missing: ({ policy }) => (Object.hasOwn(POLICIES, policy) ? null : `the policy ${policy}`),
  start: (row) => new TlbRowReplay(row),
};

/** The TLBs of the machine, with both levels under the row's policy. */
class TlbRowReplay implements RowReplay {
  private readonly row: TlbRow;
  private readonly replay: TlbReplay;

  constructor(row: TlbRow) {
    this.row = row;
    const policy = POLICIES[row.policy as keyof typeof POLICIES];
    this.replay = new TlbReplay({ ...row.l1, policy, l2: { ...row.l2, policy } });
  }

  feed({ ids, numbers }: RecordedPages, from: number, to: number): void {
    this.replay.feed(ids, numbers, from, to);
  }

  differences(): readonly ExplainedDifference[] {
    const ours = this.replay.end();
    return (['l1Hits', 'l2Hits', 'walks'] as const).flatMap((field) =>
      differingNumber(field, this.row[field], ours[field]),
    );
  }
}
