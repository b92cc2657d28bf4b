/** Why an expectation did not hold: what is told belongs to what was expected. */
import { expect, it } from 'vitest';
import { runScenarioText } from '../../src/scenario/run.ts';

const HEAD = `version: 1
name: why
machine: { memory: 64KiB }
steps:
  - { do: spawn, process: main }
  - { do: mmap, process: main, as: buf, length: 8KiB }
  - { do: store, process: main, at: buf, value: 7 }
  - { do: fork, process: main, as: child }
  - { do: store, process: main, at: buf, value: 8 }
`;
/** What the last step's failed expectations are explained by. */
const why = (step: string) =>
  runScenarioText(`${HEAD}  - ${step}\n`)
    .steps.at(-1)
    ?.expectations.filter(({ held }) => !held)
    .map(({ what, explanation }) => [what, ...explanation]);

it.for([
  [
    'a value by who wrote it',
    '{ do: load, process: main, at: buf, expect: { value: 1 } }',
    [['value', 'last written by step 5, `store main buf = 8`']],
  ],
  [
    'a child’s value by what its parent wrote before the fork',
    '{ do: load, process: child, at: buf, expect: { value: 1 } }',
    [['value', 'last written by step 3, `store main buf = 7`']],
  ],
  [
    'bytes that nobody wrote',
    '{ do: load, process: main, at: buf+4KiB, expect: { bytes: "01 00 00 00" } }',
    [['bytes', 'no step before has written there']],
  ],
  [
    'pages by where they are',
    '{ do: load, process: main, at: buf, expect: { resident: 9 } }',
    [['resident', '1 resident in buf..buf+0x2000 rw-p anon']],
  ],
  [
    'an eviction that did not come',
    '{ do: load, process: main, at: buf, expect: { evicted: buf } }',
    [['evicted', 'nothing was evicted during the step']],
  ],
  ['areas by themselves', '{ do: load, process: main, at: buf, expect: { maps: ["buf..buf+4KiB rw-p"] } }', [['maps']]],
] as const)('%s', ([, step, expected]) => {
  expect(why(step)).toEqual(expected);
});

it('no sentence twice in a step', () => {
  const told =
    why('{ do: load, process: main, at: 0, expect: { fault: reuse, signal: none, code: SEGV_ACCERR } }') ?? [];
  const sentences = told.flatMap(([, ...rest]) => rest);
  expect(told).toHaveLength(3);
  expect(sentences.length).toBeGreaterThan(0);
  expect(new Set(sentences).size).toBe(sentences.length);
});
