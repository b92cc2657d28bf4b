/**
 * Where leaf tables were found: paths that walks went before, each good only while the page table still says so.
 *
 *     row = (first address of the leaf table's region / its span) mod 64
 *     keys    row * 2: region number, root           (NaN: empty, equal to nothing)
 *     steps   row * stride: the leaf table's first word, then for each level above it: word of the entry, its two words
 *
 * Nothing is known here that is not in emulated memory: a path is used after its entries were read again and found to be
 * the words they were, whoever may have written them since. The pointers of a path are all plain (pte-codec.ts), so they
 * take no right away, and a walk along it differs from a walk from the root in nothing but its cost. Words are those of
 * the memory's chunk 0 (physical-memory.ts); tables elsewhere have no path here.
 */
import type { PhysicalMemory } from './physical-memory.ts';

const ROWS = 64;
const WORDS_PER_STEP = 3;

export class WalkPaths {
  private readonly memory: PhysicalMemory;
  private readonly regionScale: number;
  private readonly stride: number;
  private readonly keys = new Float64Array(2 * ROWS).fill(Number.NaN);
  private readonly steps: Int32Array;

  /** `span`: bytes of addresses that a leaf table serves; `pointers`: levels above it. */
  constructor(memory: PhysicalMemory, span: number, pointers: number) {
    this.memory = memory;
    this.regionScale = 1 / span;
    this.stride = 1 + WORDS_PER_STEP * pointers;
    this.steps = new Int32Array(ROWS * this.stride);
  }

  /** First word of the leaf table that serves `va` under this root, or -1 when that takes a walk. */
  find(root: number, va: number): number {
    const { keys, steps, stride } = this;
    const region = Math.floor(va * this.regionScale);
    const row = region & (ROWS - 1);
    if (keys[2 * row] !== region || keys[2 * row + 1] !== root) return -1;
    const words = this.memory.nearWords;
    const first = row * stride;
    for (let at = first + 1; at < first + stride; at += WORDS_PER_STEP) {
      const word = steps[at]!;
      if ((words[word]! | 0) !== steps[at + 1] || (words[word + 1]! | 0) !== steps[at + 2]) return -1;
    }
    return steps[first]!;
  }

  /** A walk followed plain pointers to this leaf table; `entries`: their addresses, by level from 1 on. */
  note(root: number, va: number, table: number, entries: Float64Array): void {
    const { keys, steps, stride } = this;
    const words = this.memory.nearWords;
    const region = Math.floor(va * this.regionScale);
    const row = region & (ROWS - 1);
    keys[2 * row] = region;
    keys[2 * row + 1] = root;
    let at = row * stride;
    steps[at++] = table >>> 2;
    for (let level = 1; at < (row + 1) * stride; level++) {
      const word = entries[level]! >>> 2;
      steps[at++] = word;
      steps[at++] = words[word]!;
      steps[at++] = words[word + 1]!;
    }
  }
}
