/** What a process whose blocks are all freed may still hold: its last arena, nodes of the arena map, a little top. */
import { expect } from 'vitest';
import type { HeapHarness, Pair } from './harness.ts';

export function checkGivenBack(harness: HeapHarness, pair: Pair): void {
  const program = harness.program(pair);
  const { python } = program;
  const space = harness.process(pair).space!;
  const { pageBytes } = harness.machine.format;
  let arenaPages = 0;
  let nodes = 0;
  if (python !== null) {
    const { arenasCurrent, allocatedBlocks, mapNodes } = python.pymalloc.summary(program.peek());
    expect(arenasCurrent).toBeLessThanOrEqual(python.profile.keepsLastArena ? 1 : 0);
    expect(allocatedBlocks).toBe(pair.baseBlocks);
    if (pair.model.tracing) expect(harness.tracedBytes(pair)).toBe(0);
    arenaPages = (arenasCurrent * python.profile.arenaBytes) / pageBytes;
    nodes = (mapNodes?.middle ?? 0) + (mapNodes?.bottom ?? 0);
  }
  if (program.glibc === null) return;
  const { hblks, hblkhd, keepcost } = mallinfo(harness, pair);
  // All that pymalloc never gives back are the nodes of its arena map.
  expect(hblks).toBeLessThanOrEqual(nodes);
  expect(space.totalPages - pair.basePages).toBe(
    arenaPages + harness.heapPages(harness.process(pair)) + hblkhd! / pageBytes,
  );
  harness.call(pair, 'malloc_trim', [0]);
  expect(mallinfo(harness, pair).keepcost).toBeLessThanOrEqual(pageBytes + 64);
  if (keepcost! > pageBytes + 64) harness.count('tops trimmed');
}

/** The figures of struct mallinfo2, as the program would ask for them. */
function mallinfo(harness: HeapHarness, pair: Pair): Readonly<Record<string, number>> {
  const lines = harness.call(pair, 'mallinfo2', []).text!.trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => line.split(' ')).map(([name, value]) => [name!, Number(value)]));
}
