/** A heap's picture beside the model: pieces tile their regions, and every block of the model lies in one that is used. */
import { expect } from 'vitest';
import type { HeapRegion } from '../../../src/process/allocator.ts';
import { heapRegions } from '../../../src/process/check/figures.ts';
import type { HeapHarness, Pair } from './harness.ts';

/** Regions are tiled by pieces; every block of the model lies in one that is used; tracemalloc counts the same bytes. */
export function checkRegions(harness: HeapHarness, pair: Pair): void {
  const program = harness.program(pair);
  const regions = heapRegions(program);
  for (const [index, region] of regions.entries()) {
    checkTiling(harness, region);
    if (index > 0 && region.start < regions[index - 1]!.end)
      expect.fail(`${region.name} overlaps the region before it`);
  }
  checkBlocks(harness, pair, regions);
  // Asking is a call: it can be the one that memory does not suffice for.
  if (program.python === null || !pair.model.tracing || harness.heapCase.mayDie === true) return;
  expect(harness.tracedBytes(pair)).toBe(pair.model.tracedBytes);
  harness.count('traced bytes compared');
}

function checkTiling(harness: HeapHarness, { name, start, end, blocks }: HeapRegion): void {
  let at = start;
  for (const block of blocks) {
    if (block.start !== at || block.bytes <= 0) expect.fail(`${name} has a gap at 0x${at.toString(16)}`);
    at += block.bytes;
    const kind = /^(tcache|fastbin|unsorted|small bin|large bin)/.exec(block.detail)?.[0];
    if (kind !== undefined) harness.count(kind);
  }
  if (at !== end) expect.fail(`${name} ends at 0x${end.toString(16)}, its pieces at 0x${at.toString(16)}`);
}

function checkBlocks(harness: HeapHarness, pair: Pair, regions: readonly HeapRegion[]): void {
  const used = regions.flatMap(({ name, blocks }) =>
    blocks.filter(({ state }) => state === 'used').map((piece) => ({ ...piece, name })),
  );
  let index = 0;
  for (const block of pair.model.blocks) {
    const end = block.address + block.size;
    while (index < used.length && used[index]!.payload! + used[index]!.payloadBytes < end) index++;
    const piece = used[index];
    if (piece !== undefined && piece.payload! <= block.address)
      harness.count(piece.name === 'mapped chunk' ? 'mapped blocks' : 'blocks found in regions');
    else
      expect.fail(`no used piece holds the ${block.size} bytes of ${block.family} at 0x${block.address.toString(16)}`);
  }
}
