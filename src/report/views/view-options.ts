/** What every view of the machine is given besides the picture itself. */
import type { PageTableFormat } from '../../mmu/page-table/formats.ts';
import type { Names } from '../names.ts';
import type { Style } from '../style.ts';

export interface ViewOptions {
  readonly style: Style;
  readonly names: Names;
  readonly format: PageTableFormat;
  /** Only this process; null for all. */
  readonly process: number | null;
  /** With addresses and values of entries. */
  readonly verbose: boolean;
  /** The machine has no kernel: no process, nobody who owns frames. */
  readonly bare: boolean;
}

/** Heading of one process's part: `parent (pid 1)`. */
export const processTitle = (process: { readonly name: string; readonly pid: number }): string =>
  `${process.name} (pid ${process.pid})`;
