import type { ReferenceBatch, TraceKind } from './reference.ts';

/** References of some kinds only. */
export class KindFilter {
  /** One byte a kind: 1 for those that stay. Null: all do. */
  private readonly stays: Uint8Array | null;

  /** @param kinds null: all */
  constructor(kinds: readonly TraceKind[] | null) {
    this.stays = kinds === null ? null : new Uint8Array(4);
    for (const kind of kinds ?? []) this.stays![kind] = 1;
  }

  /** Move the references that stay to the front. @returns how many there are */
  keep(batch: ReferenceBatch, count: number): number {
    const { stays } = this;
    if (stays === null) return count;
    const { kinds } = batch;
    let kept = 0;
    for (let at = 0; at < count; at++) {
      if (stays[kinds[at]!] !== 0) batch.move(at, kept++);
    }
    return kept;
  }
}
