/** What the file alone cannot tell of a process's libraries is left to the run. */
import { expect, it } from 'vitest';
import { parseScenario } from '../../src/scenario/load.ts';
import { SMALL_PAGES } from './heap-mistakes.ts';

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

it.for([
  ["'3.10'", SMALL_PAGES],
  ["{ version: '3.8', PYTHONMALLOC: malloc }", SMALL_PAGES],
  ["{ version: '2.7', withPymalloc: false }", SMALL_PAGES],
  ["'2.7'", 'machine: { paging: i386 }\n'],
  ["'3.9'", ''],
] as const)('Python %s reads no byte beyond its page: %s', ([python, machine]) => {
  const text = `version: 1\nname: x\n${machine}steps:\n  - { do: spawn, process: a, python: ${python} }\n`;
  expect(parseScenario(text).errors).toEqual([]);
});
