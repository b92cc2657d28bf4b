/**
 * The naive model: what a process may see, as a map from page to bytes. No frames, no page tables, no sharing tricks:
 * fork copies everything, shared pages are one object, a signal follows from the area alone.
 */
export const PAGE_READ = 1;
export const PAGE_WRITE = 2;
export const PAGE_EXEC = 4;

export interface ModelPage {
  bytes: Uint8Array;
  prot: number;
  shared: boolean;
  growsDown: boolean;
  /** A guard marker stands where the page would be. */
  guarded: boolean;
}

export type Verdict =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: 'SEGV_MAPERR' | 'SEGV_ACCERR'; readonly address: number };

export interface ModelLimits {
  readonly pageBytes: number;
  readonly stackTop: number;
  readonly stackMax: number;
  readonly guardPages: number;
  /** x86: any right at all lets reads and, before a page is present, fetches pass. */
  readonly readRights: number;
}

export class ModelProcess {
  readonly pages = new Map<number, ModelPage>();
  readonly limits: ModelLimits;
  brk: number;
  readonly brkStart: number;

  constructor(limits: ModelLimits, brkStart: number) {
    this.limits = limits;
    this.brkStart = brkStart;
    this.brk = brkStart;
  }

  fork(): ModelProcess {
    const child = new ModelProcess(this.limits, this.brkStart);
    child.brk = this.brk;
    for (const [page, held] of this.pages) {
      child.pages.set(page, held.shared ? { ...held } : { ...held, bytes: held.bytes.slice() });
    }
    return child;
  }

  map(first: number, count: number, prot: number, shared: boolean): void {
    for (let page = first; page < first + count; page++) {
      this.pages.set(page, {
        bytes: new Uint8Array(this.limits.pageBytes),
        prot,
        shared,
        growsDown: false,
        guarded: false,
      });
    }
  }

  unmap(first: number, count: number): void {
    for (let page = first; page < first + count; page++) this.pages.delete(page);
  }

  /** False at the first hole; pages before it are changed. */
  protect(first: number, count: number, prot: number): boolean {
    for (let page = first; page < first + count; page++) {
      const held = this.pages.get(page);
      if (held === undefined) return false;
      held.prot = prot;
    }
    return true;
  }

  /** Give what is mapped in the range other addresses; `keep`: what was there stays mapped, private pages empty. */
  move(first: number, count: number, to: number, keep: boolean): void {
    for (let i = 0; i < count; i++) {
      const held = this.pages.get(first + i);
      if (held === undefined) continue;
      this.pages.set(to + i, held);
      if (!keep) this.pages.delete(first + i);
      else this.pages.set(first + i, { ...held, bytes: held.shared ? held.bytes : this.zeros(), guarded: false });
    }
  }

  /** Empty the private pages of the range; false when there was a hole in it. */
  discard(first: number, count: number): boolean {
    return this.each(first, count, (held) => {
      if (!held.guarded && !held.shared) held.bytes = this.zeros();
    });
  }

  /** Put guard markers over the range, or take them away; false when there was a hole in it. */
  guard(first: number, count: number, install: boolean): boolean {
    return this.each(first, count, (held) => {
      if (!held.shared && install) held.bytes = this.zeros();
      held.guarded = install;
    });
  }

  private each(first: number, count: number, visit: (held: ModelPage) => void): boolean {
    let whole = true;
    for (let page = first; page < first + count; page++) {
      const held = this.pages.get(page);
      if (held === undefined) whole = false;
      else visit(held);
    }
    return whole;
  }

  private zeros(): Uint8Array {
    return new Uint8Array(this.limits.pageBytes);
  }

  /** May `size` bytes at `address` be read or written? Grows the stack as an access would. */
  reach(address: number, size: number, write: boolean): Verdict {
    const { pageBytes } = this.limits;
    for (let at = address; at < address + size; at += pageBytes - (at % pageBytes)) {
      const page = Math.floor(at / pageBytes);
      if (!this.pages.has(page) && !this.growStackTo(page)) return { ok: false, code: 'SEGV_MAPERR', address: at };
      const allowed = this.pages.get(page)!.prot & (write ? PAGE_WRITE : this.limits.readRights);
      if (allowed === 0) return { ok: false, code: 'SEGV_ACCERR', address: at };
      if (this.pages.get(page)!.guarded) return { ok: false, code: 'SEGV_MAPERR', address: at };
    }
    return { ok: true };
  }

  byteAt(address: number): number {
    return this.pages.get(Math.floor(address / this.limits.pageBytes))!.bytes[address % this.limits.pageBytes]!;
  }

  setByte(address: number, value: number): void {
    this.pages.get(Math.floor(address / this.limits.pageBytes))!.bytes[address % this.limits.pageBytes] = value;
  }

  private growStackTo(page: number): boolean {
    const { pageBytes, stackMax, stackTop, guardPages } = this.limits;
    const above = [...this.pages.keys()].filter((other) => other > page).sort((a, b) => a - b)[0];
    if (above === undefined || !this.pages.get(above)!.growsDown) return false;
    if (stackTop - page * pageBytes > stackMax || page < 1) return false;
    const below = [...this.pages.entries()].filter(([other]) => other < page).sort(([a], [b]) => b - a)[0];
    if (below !== undefined && below[1].prot !== 0 && !below[1].growsDown && page - below[0] - 1 < guardPages)
      return false;
    const prot = this.pages.get(above)!.prot;
    for (let other = page; other < above; other++) {
      this.pages.set(other, { bytes: new Uint8Array(pageBytes), prot, shared: false, growsDown: true, guarded: false });
    }
    return true;
  }
}
