/** A program's heaps as a picture: read with a spectator's eyes, so that looking changes nothing. */
import type { HeapRegion } from '../process/allocator.ts';
import { heapFigures, heapRegions } from '../process/check/figures.ts';
import type { Program } from '../process/program.ts';
import type { HeapBlockView, HeapRegionView, HeapView } from './view.ts';

/** A region of more pieces is shown by its figures alone: a picture is for a person. */
const BLOCKS_MAX = 4096;
/** One corruption breaks many rules. */
const BROKEN_MAX = 3;

export function viewHeap(program: Program): HeapView {
  const regions = heapRegions(program);
  const { ledger, python } = program;
  const held: Record<string, HeapView['held'][string]> = {};
  for (const { address, size, by, at } of ledger.live.slice(0, BLOCKS_MAX)) {
    held[key(address)] = { address, size, by, step: at.step };
  }
  return {
    malloc: program.mallocName,
    python: python?.profile.name ?? null,
    allocator: python?.allocatorName(program.peek()) ?? null,
    figures: heapFigures(program, regions),
    broken: program.brokenRules().slice(0, BROKEN_MAX),
    regions: Object.fromEntries(regions.map((region) => [key(region.start), viewRegion(region)])),
    held,
  };
}

const key = (address: number): string => `0x${address.toString(16)}`;

function viewRegion({ name, start, end, blocks }: HeapRegion): HeapRegionView {
  const bytes = (...states: readonly string[]) =>
    blocks.reduce((sum, block) => sum + (states.includes(block.state) ? block.bytes : 0), 0);
  const shown: Record<string, HeapBlockView> = {};
  if (blocks.length <= BLOCKS_MAX) for (const block of blocks) shown[key(block.start)] = { ...block };
  return {
    name,
    start,
    end,
    pieces: blocks.length,
    usedBytes: bytes('used'),
    freeBytes: bytes('free', 'cached', 'top'),
    blocks: shown,
  };
}
