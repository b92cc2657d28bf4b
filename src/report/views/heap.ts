/**
 * Heaps as maps: each region a line of cells from its start to its end, each cell an equal share of it.
 *
 *     [heap]  0x555000..0x576000  132KiB
 *     ##c#..tttttttttttttttttttttttttttttttttttttttttttttttttttttttttt
 *
 * A cell shows what most of its bytes are, and `+` where a smaller part of them is in use. With --verbose every piece is
 * listed.
 */
import type { HeapBlockView, HeapRegionView, HeapView, MachineView } from '../../machine/view.ts';
import { counted, hex, percent, size, thousands } from '../quantities.ts';
import { type Ink, paint, type Style } from '../style.ts';
import { processTitle, type ViewOptions } from './view-options.ts';

type State = HeapBlockView['state'];

const CELLS: Readonly<Record<State, readonly [letter: string, ink: Ink, meaning: string]>> = {
  used: ['#', 'cyan', 'in use (+ in part)'],
  cached: ['c', 'yellow', 'freed, kept for quick reuse'],
  free: ['.', 'green', 'free'],
  top: ['_', 'dim', 'never used'],
  header: ['h', 'blue', 'the allocator’s own'],
  lost: ['x', 'magenta', 'no block can use it'],
};
const CELLS_WIDE = 64;
const PARTLY_USED = '+';

export function heapView(view: MachineView, options: ViewOptions): string[] {
  const processes = Object.values(view.processes).filter(
    (process) => options.process === null || process.pid === options.process,
  );
  if (processes.length === 0) return ['no process, so no heap'];
  return processes.flatMap((process, index) => {
    const title = paint(options.style, 'bold', `# ${processTitle(process)}`);
    const lines = process.heap === null ? ['  has not called an allocator'] : heapLines(process.heap, options);
    return [...(index > 0 ? [''] : []), title, ...lines];
  });
}

function heapLines(heap: HeapView, options: ViewOptions): string[] {
  const { style } = options;
  const regions = Object.values(heap.regions).sort((a, b) => a.start - b.start);
  const names = [
    `malloc: ${heap.malloc}`,
    ...(heap.python === null
      ? []
      : [`Python ${heap.python}`, `allocators: ${heap.allocator ?? 'a mixture of its own'}`]),
  ];
  const used = new Set(regions.flatMap(({ blocks }) => Object.values(blocks).map(({ state }) => state)));
  const legend = (Object.keys(CELLS) as State[])
    .filter((state) => used.has(state))
    .map((state) => `${paint(style, CELLS[state][1], CELLS[state][0])} ${CELLS[state][2]}`)
    .join('   ');
  return [
    `  ${names.join(', ')}`,
    ...heap.broken.map((rule) => `  ${paint(style, 'red', 'broken')}: ${rule}`),
    ...figureLines(heap),
    ...regions.flatMap((region) => ['', ...regionLines(region, heap, options)]),
    ...(legend === '' ? [] : ['', `  ${legend}`]),
  ];
}

function figureLines({ figures }: HeapView): string[] {
  const { bytes, payloadBytes, freeBytes, largestFree, headerBytes, lostBytes } = figures;
  const overhead = headerBytes + lostBytes;
  return [
    `  the program holds ${counted(figures.blocks, 'block')}, ${counted(figures.askedBytes, 'byte')} asked for`,
    `  of ${thousands(bytes)} bytes: ${thousands(payloadBytes)} in blocks, ${thousands(freeBytes)} free (largest ${thousands(largestFree)}), ${thousands(overhead)} overhead (${percent(overhead, bytes)})`,
    `  internal fragmentation ${counted(figures.internalFragmentation, 'byte')}, external ${(100 * figures.externalFragmentation).toFixed(1)} %`,
  ];
}

function regionLines(region: HeapRegionView, heap: HeapView, options: ViewOptions): string[] {
  const { style } = options;
  const { name, start, end, pieces } = region;
  const title = `  ${paint(style, 'bold', name)}  ${hex(start)}..${hex(end)}  ${size(end - start)}, ${counted(pieces, 'piece')}`;
  const blocks = Object.values(region.blocks).sort((a, b) => a.start - b.start);
  if (blocks.length === 0)
    return [
      title,
      `  ${thousands(region.usedBytes)} bytes in use, ${thousands(region.freeBytes)} free: too many pieces to draw`,
    ];
  return [title, ...cells(region, blocks, style), ...(options.verbose ? pieceLines(blocks, heap, options) : [])];
}

function cells({ start, end }: HeapRegionView, blocks: readonly HeapBlockView[], style: Style): string[] {
  const share = (end - start) / CELLS_WIDE;
  let line = '';
  let from = 0;
  for (let cell = 0; cell < CELLS_WIDE; cell++) {
    const low = start + cell * share;
    const high = low + share;
    while (from < blocks.length - 1 && blocks[from]!.start + blocks[from]!.bytes <= low) from++;
    const amounts = new Map<State, number>();
    for (let index = from; index < blocks.length && blocks[index]!.start < high; index++) {
      const block = blocks[index]!;
      const bytes = Math.min(high, block.start + block.bytes) - Math.max(low, block.start);
      amounts.set(block.state, (amounts.get(block.state) ?? 0) + bytes);
    }
    const [most] = [...amounts].sort((a, b) => b[1] - a[1]);
    if (most === undefined) line += ' ';
    else if (most[0] !== 'used' && amounts.has('used')) line += paint(style, CELLS.used[1], PARTLY_USED);
    else line += paint(style, CELLS[most[0]][1], CELLS[most[0]][0]);
  }
  return [`  ${line}`];
}

function pieceLines(blocks: readonly HeapBlockView[], heap: HeapView, { names, style }: ViewOptions): string[] {
  return blocks.map((block) => {
    const [letter, ink, meaning] = CELLS[block.state];
    // With debug hooks the program's address lies behind a pad, inside the payload; behind two where mem's are over raw's.
    const inside = block.payload === null ? [] : [block.payload, block.payload + 16, block.payload + 32];
    const held = inside.map((address) => heap.held[hex(address)]).find((found) => found !== undefined);
    const who =
      held === undefined
        ? ''
        : ` <- ${names.symbol(held.address) ?? hex(held.address)}, ${counted(held.size, 'byte')} by ${held.by} at step ${held.step}`;
    const what = block.detail === '' ? meaning : `${meaning}: ${block.detail}`;
    return `  ${paint(style, ink, letter)} ${hex(block.start)} ${String(block.bytes).padStart(8)}  ${what}${who}`;
  });
}
