/**
 * Every recording of a real CPython's allocators, line by line: where each block came to lie, which calls the raw domain saw,
 * when arenas came and went, the state at the end and the statistics text. docs: FORMAT of ../../fixtures/cpython.
 */
import { describe, expect, it } from 'vitest';
import { RESULTS, replayed } from './replayed.ts';

describe('recorded allocations', () => {
  it('are all there: 21 traces under 7 profiles, large ones not under 3.7 with hooks', () => {
    expect(RESULTS).toHaveLength(141);
  });

  it.for(RESULTS)('%s', async (name) => {
    const { outcome, divergences, ops } = await replayed(`results/${name}`);
    expect(divergences).toEqual([]);
    expect(outcome).toBe('passed');
    expect(ops).toBeGreaterThan(0);
  });
});
