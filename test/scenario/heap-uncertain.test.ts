/** What the file alone cannot tell of a process's libraries is left to the run. */
import { expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/load.ts';

const HEAD = 'version: 1\nname: x\nsteps:\n';

it.for([
  ['a Python in a loop', `  - { do: repeat, times: 1, steps: [{ do: spawn, process: a, python: '3.11' }] }`],
  [
    'processes with numbers',
    `  - { do: for, var: i, below: 2, steps: [{ do: spawn, process: 'w{i}', python: '3.11' }] }`,
  ],
  [
    'one of several',
    `  - { do: spawn, process: a, python: '3.11' }\n  - { do: spawn, process: b }\n  - { do: exit, process: b }`,
  ],
] as const)('what is not certain is left to the run: %s', ([, spawns]) => {
  expect(parseScenario(`${HEAD}${spawns}\n  - { do: PyMem_Malloc, size: 5, as: x }\n`).errors).toEqual([]);
});
