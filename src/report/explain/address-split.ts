/**
 * How an address splits, drawn as bit fields: one cell a page-table level with its index, one for the offset.
 *
 *    38        30 29        21 20        12 11            0
 *   ┌────────────┬────────────┬────────────┬───────────────┐
 *   │ 000000000  │ 010000000  │ 000000000  │ 000000010000  │
 *   │ L2 = 0     │ L1 = 128   │ L0 = 0     │ offset = 0x10 │
 *   └────────────┴────────────┴────────────┴───────────────┘
 */
import type { PageTableFormat } from '../../mmu/page-table/formats.ts';
import { hex } from '../quantities.ts';
import { type Ink, paint, type Style } from '../style.ts';

interface Cell {
  readonly high: number;
  readonly low: number;
  readonly label: string;
  readonly bits: string;
}

/** `leafLevel`: where the walk ended, if above 0; below it the address is all offset (a superpage). */
export function addressSplit(
  address: number | bigint,
  format: PageTableFormat,
  leafLevel: number,
  style: Style,
): string[] {
  const cells = cellsOf(BigInt.asUintN(64, BigInt(address)), format, leafLevel);
  const widths = cells.map((cell) => {
    const range = cell.high === cell.low ? `${cell.high}` : `${cell.high} ${cell.low}`;
    return Math.max(cell.label.length, cell.bits.length, range.length);
  });
  const border = (left: string, middle: string, right: string) =>
    paint(style, 'dim', left + widths.map((width) => '─'.repeat(width + 2)).join(middle) + right);
  const bar = paint(style, 'dim', '│');
  const row = (ink: Ink, text: (cell: Cell) => string) =>
    `${bar}${cells.map((cell, index) => ` ${paint(style, ink, text(cell).padEnd(widths[index]!))} `).join(bar)}${bar}`;
  const numbers = cells.map((cell, index) => {
    const width = widths[index]! + 2;
    const low = cell.high === cell.low ? '' : String(cell.low);
    return String(cell.high) + low.padStart(width - String(cell.high).length);
  });
  return [
    ` ${paint(style, 'dim', numbers.join(' '))}`,
    border('┌', '┬', '┐'),
    row('dim', (cell) => cell.bits),
    row('cyan', (cell) => cell.label),
    border('└', '┴', '┘'),
  ];
}

function cellsOf(address: bigint, format: PageTableFormat, leafLevel: number): Cell[] {
  const field = (low: number, width: number) => (address >> BigInt(low)) & ((1n << BigInt(width)) - 1n);
  const binary = (low: number, width: number) => field(low, width).toString(2).padStart(width, '0');
  const cells: Cell[] = [];
  for (let level = format.levels.length - 1; level >= leafLevel; level--) {
    const { name, shift, indexBits } = format.levels[level]!;
    cells.push({
      high: shift + indexBits - 1,
      low: shift,
      label: `${name} = ${field(shift, indexBits)}`,
      bits: binary(shift, indexBits),
    });
  }
  const offsetBits = format.levels[leafLevel]?.shift ?? format.pageShift;
  if (offsetBits > 0) {
    cells.push({
      high: offsetBits - 1,
      low: 0,
      label: `offset = ${hex(field(0, offsetBits))}`,
      bits: binary(0, offsetBits),
    });
  }
  return cells;
}
