/** Commands that change what stands before pymalloc: tracemalloc, host allocators, other sources of arenas. */
import type { Command } from './commands.ts';
import type { HeapHarness, Pair } from './harness.ts';

export function customize(
  harness: HeapHarness,
  pair: Pair,
  step: Extract<Command, { do: 'trace' | 'wrap' | 'wrap arenas' }>,
): void {
  const { model } = pair;
  switch (step.do) {
    case 'trace':
      if (model.tracing) {
        harness.call(pair, 'tracemalloc.stop', []);
        model.blocks = model.blocks.map((block) => ({ ...block, traced: false }));
        model.tracing = false;
      } else if (!model.rawRefuses) model.tracing = harness.call(pair, 'tracemalloc.start', [step.frames]).text === '';
      break;
    case 'wrap':
      // Without a traceback for a block that was resized, tracemalloc ends the program [tracemalloc_realloc].
      if (step.host === 'failing' && step.domain === 'raw' && model.tracing) break;
      harness.call(pair, 'PyMem_SetAllocator', [step.domain, step.host, step.host === 'failing' ? step.every : 0]);
      if (step.host !== 'failing') break;
      model.mayRefuse = true;
      model.rawRefuses ||= step.domain === 'raw';
      break;
    case 'wrap arenas':
      harness.call(pair, 'PyObject_SetArenaAllocator', [step.host, step.host === 'stingy-arena' ? step.every : 0]);
  }
}
