/**
 * Recordings made with our own recorder (see recorder/README.md) from other seeds, releases and limits than the public ones:
 * small raw limits and few arenas, bases just below where the arena map's nodes end, requests that no size_t sum holds, blocks
 * freed through another domain, forged links and sizes. Each must be reproduced as it is.
 */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { FIXTURES, lines, replayed } from './replayed.ts';

const RESULTS = readdirSync(`${FIXTURES}fresh/results`).sort();
const RELEASES = ['3.6', '3.7', '3.8', '3.9', '3.10', '3.11', '3.12', '3.13'];

describe('fresh recordings', () => {
  it('cover every release, with hooks and without', () => {
    const profiles = RELEASES.map((release) => `cp${release.replace('.', '')}`);
    const recorded = new Set(RESULTS.map((name) => name.split('.')[1]));
    expect([...recorded].sort()).toEqual([...profiles, ...profiles.map((profile) => `${profile}d`)].sort());
  });

  it.for(RESULTS)('%s', async (name) => {
    const { outcome, divergences } = await replayed(`fresh/results/${name}`);
    expect(divergences).toEqual([]);
    expect(outcome).toBe('passed');
  });

  it('of debug-hook cases: of every release, all as recorded', async () => {
    const { cases } = JSON.parse(lines('fresh/debug-hooks.json.gz').join('\n')) as { cases: Array<{ python: string }> };
    expect(new Set(cases.map(({ python }) => python.replace(/\.\d+$/, '')))).toEqual(new Set(RELEASES));
    const { passed, skipped, divergences } = await replayed('fresh/debug-hooks.json.gz');
    expect(divergences).toEqual([]);
    expect({ passed, skipped }).toEqual({ passed: cases.length, skipped: 0 });
  });
});
