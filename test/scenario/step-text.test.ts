/** The one line a step is known by keeps what the file says. */
import { describe, expect, it } from 'vitest';
import { loadScenario } from '../../src/scenario/load.ts';
import type { ActionNode } from '../../src/scenario/scenario.ts';

const textOf = (step: string): string => {
  const scenario = loadScenario(`version: 1\nname: x\nsteps:\n  - { do: mmap, as: buf, length: 4KiB }\n  - ${step}\n`);
  return (scenario.steps[1] as ActionNode).text;
};

describe('numbers are shown as written', () => {
  it.for([
    ['{ do: load, at: 0xffff8000_00001000 }', 'load 0xffff8000_00001000'],
    ['{ do: load, at: 0xffff800000001000 }', 'load 0xffff800000001000'],
    ['{ do: load, at: "0xffff800000001000" }', 'load 0xffff800000001000'],
    ['{ do: load, at: 4096 }', 'load 4096'],
    ['{ do: store, at: buf+0x10, value: 0x2a }', 'store buf+0x10 = 0x2a'],
    ['{ do: store, at: buf, value: 42, size: 8 }', 'store buf = 42 size 8'],
    ['{ do: mmap, length: 0x2000, at: 0x10000000 }', 'mmap 0x2000 rw at 0x10000000'],
    ['{ do: group_create, group: g, limit: 128KiB }', 'group_create g limit 128KiB'],
    ['{ do: group_limit, group: g, limit: infinity }', 'group_limit g limit infinity'],
  ] as const)('%s', ([step, text]) => {
    expect(textOf(step)).toBe(text);
  });
});
