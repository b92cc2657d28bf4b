/** Textbook allocators: the door. */
import { invariant } from '../../mmu/invariant.ts';
import type { ProgramMemory } from '../program-memory.ts';
import { BuddyAllocator } from './buddy.ts';
import { FitAllocator } from './fit-allocator.ts';
import { checkTextbookOptions, type TextbookOptions } from './options.ts';
import { SegregatedAllocator } from './segregated.ts';
import { SlabAllocator } from './slab.ts';
import type { TextbookAllocator } from './textbook-heap.ts';

export type { TextbookOptions } from './options.ts';
export { TEXTBOOK_STATE_BYTES } from './state.ts';
export type { TextbookAllocator } from './textbook-heap.ts';

/**
 * The allocator that `options` describe, over TEXTBOOK_STATE_BYTES of zeroed memory at `state`, or over what another one
 * with the same options left there (a forked child's). `options` must have passed `checkTextbookOptions`.
 */
export function makeTextbookAllocator(
  memory: ProgramMemory,
  state: number,
  options: TextbookOptions,
): TextbookAllocator {
  invariant(checkTextbookOptions(options).length === 0, 'a textbook allocator is made of options that were checked');
  switch (options.policy) {
    case 'buddy':
      return new BuddyAllocator(memory, state, options);
    case 'segregated':
      return new SegregatedAllocator(memory, state, options);
    case 'slab':
      return new SlabAllocator(memory, state, options);
    default:
      return new FitAllocator(memory, state, options);
  }
}
