/**
 * A page table as a tree: one line a table, runs of entries that only advance folded into one.
 *
 *   L2[0]
 *   └ L1[128]
 *     └ L0 at 0x5000
 *         [0]       0x10000000  → frame 12       VRW-U-AD  anon
 *         [1..15]   0x10001000  → frames 13–27   VRW-U-AD  anon
 *
 * The picture has decoded leaves only; tables above them follow from the addresses.
 */
import type { MachineView, ProcessView, PteView } from '../../machine/view.ts';
import type { PageTableFormat } from '../../mmu/page-table/formats.ts';
import { columns } from '../columns.ts';
import { counted, hex, size } from '../quantities.ts';
import { paint } from '../style.ts';
import { processTitle, type ViewOptions } from './view-options.ts';

/** Consecutive entries of one table with the same flags and consecutive targets. */
interface Run {
  readonly first: PteView;
  readonly count: number;
}

export function pageTableView(view: MachineView, options: ViewOptions): string[] {
  const lines: string[] = [];
  for (const process of Object.values(view.processes)) {
    if (options.process !== null && process.pid !== options.process) continue;
    if (lines.length > 0) lines.push('');
    lines.push(...processTree(process, options));
  }
  return lines.length === 0 ? ['no process, so no page table of one'] : lines;
}

function processTree(process: ProcessView, options: ViewOptions): string[] {
  const { style, format } = options;
  const pages = Object.values(process.pages).sort((left, right) => left.address - right.address);
  const title = paint(style, 'bold', processTitle(process));
  if (process.state === 'zombie') return [title, '  a zombie has no page table any more'];
  const head = `${title}  root at ${hex(process.root)}, ${counted(process.tableFrames, 'table frame')}, ${format.name}`;
  if (pages.length === 0) return [head, '  no page is mapped yet'];
  const top = format.levels.length - 1;
  return [head, ...tableLines(pages, top, process.root, '  ', options)];
}

/** `pages` all lie in one table of this level. */
function tableLines(
  pages: readonly PteView[],
  level: number,
  table: number | null,
  indent: string,
  options: ViewOptions,
): string[] {
  const { format, style } = options;
  const lines: string[] = [];
  let leaves: PteView[] = [];
  const flush = () => {
    if (leaves.length > 0) lines.push(...runLines(leaves, level, indent, options));
    leaves = [];
  };
  // In the order of the entries: superpages stand between the tables, where they are.
  for (const [index, group] of groupBy(pages, (page) => indexOf(page.address, level, format))) {
    if (levelOf(group[0]!, format) === level) {
      leaves.push(...group);
      continue;
    }
    flush();
    const { name } = format.levels[level]!;
    const next = level - 1;
    const nextTable = childTable(group, next, format);
    const at = nextTable === null ? '' : ` at ${hex(nextTable)}`;
    const entry = options.verbose && table !== null ? `PTE at ${hex(table + index * format.pteBytes)} ` : '';
    const arrow = `${entry}→ ${format.levels[next]!.name} table${at}`;
    lines.push(`${indent}${paint(style, 'cyan', `${name}[${index}]`)} ${paint(style, 'dim', arrow)}`);
    lines.push(...tableLines(group, next, nextTable, `${indent}  `, options));
  }
  flush();
  return lines;
}

/** Address of the table at `level` that holds these pages: known where one of its own entries is a leaf. */
function childTable(pages: readonly PteView[], level: number, format: PageTableFormat): number | null {
  const leaf = pages.find((page) => levelOf(page, format) === level);
  if (leaf === undefined) return null;
  return leaf.pteAddress - indexOf(leaf.address, level, format) * format.pteBytes;
}

function runLines(leaves: readonly PteView[], level: number, indent: string, options: ViewOptions): string[] {
  const { format, names, style } = options;
  const rows = runsOf(leaves, format).map(({ first, count }) => {
    const index = indexOf(first.address, level, format);
    const where = count === 1 ? `[${index}]` : `[${index}..${index + count - 1}]`;
    return [
      `${format.levels[level]!.name}${where}`,
      hex(first.address),
      paint(style, 'dim', names.symbol(first.address) ?? ''),
      targetText(first, count),
      ...(options.verbose ? [`PTE at ${hex(first.pteAddress)} = ${first.value}`] : []),
      first.letters,
      first.pageBytes > format.pageBytes ? `${size(first.pageBytes)} ${first.what}` : first.what,
    ];
  });
  return columns(rows, { indent });
}

function targetText(page: PteView, count: number): string {
  if (page.target === null) return page.state === 'guard' ? 'guard' : '-';
  const noun = page.state === 'swapped' ? 'slot' : 'frame';
  const text = count === 1 ? `${noun} ${page.target}` : `${noun}s ${page.target}–${page.target + count - 1}`;
  return page.state === 'prot-none' ? `→ ${text} (PROT_NONE)` : `→ ${text}`;
}

function runsOf(leaves: readonly PteView[], format: PageTableFormat): Run[] {
  const runs: { first: PteView; count: number }[] = [];
  for (const page of leaves) {
    const run = runs.at(-1);
    if (run !== undefined && continues(run, page, format)) run.count++;
    else runs.push({ first: page, count: 1 });
  }
  return runs;
}

function continues({ first, count }: Run, page: PteView, format: PageTableFormat): boolean {
  const frames = first.pageBytes / format.pageBytes;
  return (
    page.address === first.address + count * first.pageBytes &&
    page.pageBytes === first.pageBytes &&
    page.letters === first.letters &&
    page.state === first.state &&
    page.what === first.what &&
    (first.target === null ? page.target === null : page.target === first.target + count * frames)
  );
}

const indexOf = (address: number, level: number, format: PageTableFormat): number => {
  const { shift, indexBits } = format.levels[level]!;
  return Math.floor(address / 2 ** shift) % 2 ** indexBits;
};

/** The level whose leaves map this many bytes. */
const levelOf = (page: PteView, format: PageTableFormat): number =>
  Math.max(
    0,
    format.levels.findIndex((level) => level.pageBytes === page.pageBytes),
  );

function groupBy(pages: readonly PteView[], key: (page: PteView) => number): Map<number, PteView[]> {
  const groups = new Map<number, PteView[]>();
  for (const page of pages) {
    const group = groups.get(key(page));
    if (group === undefined) groups.set(key(page), [page]);
    else group.push(page);
  }
  return groups;
}
