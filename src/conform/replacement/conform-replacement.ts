/** `replacement.jsonl`: misses of replacement policies on page traces, and the fingerprint of every single hit and miss. */
import type { ReplacementOptions } from '../../kernel/reclaim/options.ts';
import type { PolicyName } from '../../kernel/reclaim/policy.ts';
import { Replay } from '../../trace/replay.ts';
import type { ExplainedDifference } from '../outcome.ts';
import type { RecordedRow, RowReader } from './recorded-rows.ts';
import type { RecordedPages } from './recorded-trace.ts';
import { differingNumber, type RowKind, type RowReplay } from './row-conformance.ts';

const FRAMES_MAX = 2 ** 24;

export interface ReplacementRow extends RecordedRow {
  readonly policy: string;
  readonly params: string;
  readonly frames: number;
  readonly misses: number;
  /** Null where the row does not say. */
  readonly missBitsFnv32: string | null;
  readonly dirtyEvictions: number | null;
}

export const replacementRows: RowReader<ReplacementRow> = {
  expected: 'every line is {"trace":…,"policy":…,"params":…,"size":…,"refs":…,"misses":…,"missBitsFnv32":…}',
  marks: ['trace', 'policy', 'size', 'misses'],
  isList: false,
  read: (fields, common) => {
    const policy = fields.text('policy');
    const params = 'params' in common.json ? fields.text('params') : '';
    const frames = fields.whole('size', 1, FRAMES_MAX);
    return {
      ...common,
      title: `${policy}${params === '' ? '' : ` ${params}`}, ${frames} frames`,
      policy,
      params,
      frames,
      misses: fields.whole('misses', 0),
      missBitsFnv32: 'missBitsFnv32' in common.json ? fields.text('missBitsFnv32') : null,
      dirtyEvictions: 'dirtyEvictions' in common.json ? fields.whole('dirtyEvictions', 0) : null,
    };
  },
};

interface OurPolicy {
  readonly policy: PolicyName;
  readonly options?: ReplacementOptions;
  /**
   * The recorded program keeps nothing at all in fewer frames, as one of its queues then has no room for a page (`lirs`: loses
   * track of its pages); ours goes on with what frames there are, and cannot be compared.
   */
  readonly least?: number;
}

/** The recordings' names → ours. libCacheSim's Clock starts a new page with bit 0. `+dirty`: the same, with write-backs. */
const OURS: Readonly<Record<string, OurPolicy>> = {
  FIFO: { policy: 'fifo' },
  LRU: { policy: 'lru' },
  Clock: { policy: 'clock', options: { referenceOnLoad: false } },
  'Clock n-bit-counter=2': { policy: 'gclock', options: { referenceOnLoad: false, counterBits: 2 } },
  Sieve: { policy: 'sieve' },
  LFU: { policy: 'lfu' },
  Belady: { policy: 'opt' },
  TwoQ: { policy: '2q', least: 4 },
  ARC: { policy: 'arc' },
  S3FIFO: { policy: 's3-fifo', least: 10 },
  'LIRS-paper Lhirs=max(1,floor(0.01C)), |S|<=2C': { policy: 'lirs' },
  'LIRS-libcachesim': { policy: 'lirs', options: { lirsVariant: 'libcachesim' }, least: 3 },
};

function policyOf({ policy, params }: ReplacementRow): OurPolicy | null {
  const name = `${policy.replace(/\+dirty$/, '')}${params === '' ? '' : ` ${params}`}`;
  return Object.hasOwn(OURS, name) ? OURS[name]! : null;
}

export const replacementKind: RowKind<ReplacementRow> = {
  kind: 'page replacement',
  missing: (row) => {
    const ours = policyOf(row);
    if (ours === null) return `the policy ${`${row.policy} ${row.params}`.trim()}`;
    const { least = 1 } = ours;
    return row.frames < least
      ? `${row.policy} in fewer than ${least} frames, in which its recorder keeps nothing`
      : null;
  },
  start: (row) => new ReplacementReplay(row),
};

/** The row's policy in the replay of `trace simulate`. */
class ReplacementReplay implements RowReplay {
  private readonly row: ReplacementRow;
  private readonly replay: Replay;

  constructor(row: ReplacementRow) {
    this.row = row;
    const { policy, options = {} } = policyOf(row)!;
    this.replay = new Replay({
      policy,
      options,
      frames: row.frames,
      fingerprint: row.missBitsFnv32 !== null,
      writeBacks: row.dirtyEvictions !== null,
    });
  }

  feed({ ids, kinds }: RecordedPages, from: number, to: number): void {
    this.replay.feed(ids.subarray(from, to), kinds.subarray(from, to), to - from);
  }

  differences(): readonly ExplainedDifference[] {
    const { row } = this;
    const { faults, missBitsFnv32, writeBacks } = this.replay.end();
    const differences = [...differingNumber('misses', row.misses, faults)];
    if (row.missBitsFnv32 !== null && row.missBitsFnv32 !== missBitsFnv32) {
      const meaning = differences.length > 0 ? null : 'as many misses, but not of the same references';
      const [field, expected, actual] = ['missBitsFnv32', row.missBitsFnv32, String(missBitsFnv32)];
      differences.push({ field, path: field, expected, actual, meaning });
    }
    if (row.dirtyEvictions !== null) {
      differences.push(...differingNumber('dirtyEvictions', row.dirtyEvictions, writeBacks ?? 0));
    }
    return differences;
  }
}
