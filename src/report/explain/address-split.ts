/**
 * How an address splits, drawn as bit fields: one cell a page-table level with its index, one for the offset.
 *
 *    38        30 29        21 20        12 11            0
 *   ┌────────────┬────────────┬────────────┬───────────────┐
 *   │ 000000000  │ 010000000  │ 000000000  │ 000000010000  │
 *   │ L2 = 0     │ L1 = 128   │ L0 = 0     │ offset = 0x10 │
 *   └────────────┴────────────┴────────────┴───────────────┘
 */
import { type AddressField, addressBits, indexFields } from '../../mmu/address-fields.ts';
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
  // Below a superpage's level the address is all offset.
  const offsetBits = format.levels[leafLevel]?.shift ?? format.pageShift;
  const indices = indexFields(address, format).filter(({ bit }) => bit >= offsetBits);
  const cells = indices.map((field) => cellOf(field, `${field.name} = ${field.value}`));
  if (offsetBits === 0) return cells;
  const offset = { name: 'offset', bit: 0, width: offsetBits, value: addressBits(address, 0, offsetBits) };
  return [...cells, cellOf(offset, `offset = ${hex(offset.value)}`)];
}

function cellOf({ bit, width, value }: AddressField, label: string): Cell {
  return { high: bit + width - 1, low: bit, label, bits: value.toString(2).padStart(width, '0') };
}
