/**
 * The journal of a sweep on the disk. What it holds is known by cells, not by plans: a row counts when its cell is one
 * of this sweep's, and a cell's id covers the bytes of its input, its parameters and how it is measured. So a changed trace is
 * measured again, and a grid that grew measures only what is new.
 */
import { InputError } from '../../mmu/input-error.ts';
import type { Cell } from '../../sweep/cell.ts';
import type { Row } from '../../sweep/row.ts';
import type { CliIo, GrowingFile } from '../io.ts';
import { fileBytes, writeProblem } from '../read-input.ts';
import { headLine, type JournalText, parseJournal, rowsLine } from './journal-text.ts';

export interface FoundJournal {
  readonly path: string;
  /** Rows of cells of this sweep, with their places in it. */
  readonly rows: readonly Row[];
  /** What whoever waits should know; nothing is wrong. */
  readonly notes: readonly string[];
  /** Where it goes on; 0: it begins. */
  readonly wholeBytes: number;
}

/**
 * @param fresh pass over what is there
 * @throws InputError MEM-SWP-051 the file is no journal; what cannot be read
 */
export function findJournal(
  path: string,
  cells: readonly Cell[],
  { fresh, version, io }: { readonly fresh: boolean; readonly version: string; readonly io: CliIo },
): FoundJournal {
  const nothing = { path, rows: [], notes: [], wholeBytes: 0 };
  if (io.kindOf(path) === null) return nothing;
  const bytes = fileBytes(io, path);
  const journal = parseJournal(bytes);
  if (journal.foreign) throw noJournal(path);
  if (fresh || journal.mmulator === null) return nothing;
  if (journal.mmulator !== version) {
    return { ...nothing, notes: [`${path}: written by mmulator ${journal.mmulator}, so all cells are measured anew`] };
  }
  const rows = rowsOfCells(journal, cells);
  return { path, rows, notes: notesOn(journal, rows, path, bytes.length), wholeBytes: journal.wholeBytes };
}

/** A cell that is in it twice was measured by two runs at once: both found the same. */
function rowsOfCells(journal: JournalText, cells: readonly Cell[]): Row[] {
  const found = new Map(journal.rows.map((row) => [row.id, row]));
  return cells.flatMap(({ id, index }) => {
    const row = found.get(id);
    return row === undefined ? [] : [{ ...row, index }];
  });
}

function notesOn(journal: JournalText, rows: readonly Row[], path: string, bytes: number): string[] {
  const notes: string[] = [];
  if (bytes > journal.wholeBytes) notes.push(`${path}: its last line is torn; what it was about is measured again`);
  if (journal.damaged.length > 0) {
    const lines = journal.damaged.join(', ');
    notes.push(`${path}: damaged in line ${lines}; what was there is measured again`);
  }
  if (journal.rows.length > 0 && rows.length === 0) {
    notes.push(`${path}: none of its rows is of a cell of this sweep: other inputs, another grid or another shard`);
  }
  return notes;
}

const noJournal = (path: string): InputError =>
  new InputError({
    code: 'MEM-SWP-051',
    message: 'not the journal of a sweep, though it stands where one would be',
    hint: 'take it away, or give another --output',
    file: path,
  });

/** Finished cells are added as they come. */
export class Journal {
  private readonly path: string;
  private readonly file: GrowingFile;

  /** @throws InputError MEM-CLI-013 there is no writing there */
  constructor({ path, wholeBytes }: FoundJournal, version: string, io: CliIo) {
    this.path = path;
    this.file = this.attempt(() => io.growFile(path, wholeBytes));
    if (wholeBytes === 0) this.attempt(() => this.file.write(headLine(version)));
  }

  /** Those that failed are left out: they are tried again. */
  add(rows: readonly Row[]): void {
    const measured = rows.filter(({ error }) => error === null);
    if (measured.length > 0) this.attempt(() => this.file.write(rowsLine(measured)));
  }

  close(): void {
    this.file.close();
  }

  private attempt<Result>(step: () => Result): Result {
    try {
      return step();
    } catch (error) {
      throw writeProblem(error, this.path);
    }
  }
}
