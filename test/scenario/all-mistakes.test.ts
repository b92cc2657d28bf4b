/** A file's mistakes are all told at once, each once, and none that only follows from another. */
import { expect, it } from 'vitest';
import { InputErrors } from '../../src/mmu/input-error.ts';
import { loadScenario, parseScenario } from '../../src/scenario/load.ts';
import { runScenarioText } from '../../src/scenario/run.ts';

const HEAD = 'version: 1\nname: mistakes\nsteps:\n';
/** Errors as `code line:column`. */
const codes = (text: string) =>
  parseScenario(text, 'bad.yaml').errors.map(({ code, range }) => `${code} ${range?.line}:${range?.column}`);

it('all mistakes of a file at once, in the order of their places', () => {
  const text = `version: 1
name: many
machine: { memroy: 64KiB, cpus: 0 }
steps:
  - { do: spawn, process: parent }
  - { do: stroe, process: parent, at: 0, value: 1 }
  - { do: load, process: parnet, at: bufff }
  - do: repeat
    times: 3
    steps:
      - { do: load, process: parent, at: 0x10+, size: 3 }
expect:
  counters: { walk: 1 }
`;
  expect(codes(text)).toEqual([
    'MEM-SCN-006 3:12',
    'MEM-SCN-011 3:33',
    'MEM-SCN-007 6:11',
    'MEM-SCN-017 7:26',
    'MEM-SCN-016 7:38',
    'MEM-SCN-014 11:47',
    'MEM-SCN-010 11:55',
    'MEM-SCN-006 13:15',
  ]);
});

it('one mistake does not hide another on its line, in its loop or in its machine', () => {
  const text = `version: 1
name: many
machine: { cpus: 0, memory: 6144, tlb: { entries: 15, ways: 4 } }
steps:
  - { do: load, process: mian, at: bufff, size: 3, expect: { fault: { kind: reuse, count: -1 }, value: nobody } }
  - { do: stroe, process: mian, at: 0, value: 1 }
  - { do: repeat, times: many, steps: [{ do: load, at: bufff }] }
  - { do: for, var: i, step: 0, to: 3, steps: [{ do: load, at: i, length: 0 }] }
expect:
  counters: { walk: 1 }
  resident: { mian: 1, main: -1 }
`;
  expect(codes(text)).toEqual([
    'MEM-SCN-011 3:18',
    'MEM-SCN-025 3:29',
    'MEM-TLB-003 3:40',
    'MEM-SCN-017 5:26',
    'MEM-SCN-016 5:36',
    'MEM-SCN-010 5:49',
    'MEM-SCN-011 5:91',
    'MEM-SCN-016 5:104',
    'MEM-SCN-007 6:11',
    'MEM-SCN-017 6:27',
    'MEM-SCN-009 7:26',
    'MEM-SCN-016 7:56',
    'MEM-SCN-011 8:30',
    'MEM-SCN-011 8:75',
    'MEM-SCN-006 10:15',
    'MEM-SCN-017 11:15',
    'MEM-SCN-011 11:30',
  ]);
});

it('what depends on a mistaken key of the machine is not said', () => {
  const found = (machine: string) => codes(`version: 1\nname: x\nmachine: ${machine}\nsteps: [{ do: check }]\n`);
  expect(found('{ paging: sv93, memory: 6144, tlb: { entries: 15, ways: 4 } }')).toEqual([
    'MEM-SCN-010 3:20',
    'MEM-TLB-003 3:45',
  ]);
  expect(found('{ kernel: non, root: 0 }')).toEqual(['MEM-SCN-010 3:20']);
});

it('a step with a mistake still makes its names known', () => {
  const text = `${HEAD}  - { do: mmap, as: buf, lenght: 4KiB }\n  - { do: fork, as: child, extra: 1 }\n  - { do: load, process: child, at: buf }\n`;
  expect(codes(text)).toEqual(['MEM-SCN-008 4:5', 'MEM-SCN-006 4:26', 'MEM-SCN-006 5:28']);
});

it('nothing is taken for certain that a signal or a loop decides', () => {
  const text = `${HEAD}  - { do: fork, as: child }
  - { do: load, process: child, at: 0, expect: { signal: SIGSEGV } }
  - { do: mmap, as: buf, length: 4KiB }
  - { do: repeat, times: 3, steps: [{ do: fork, as: c }, { do: exit, process: c }, { do: wait, process: main }] }
  - { do: load, at: buf }
`;
  expect(codes(text)).toEqual([]);
});

it('a machine with a mistake in it is not held against the steps', () => {
  const bare = (machine: string) =>
    `version: 1\nname: x\nmachine: ${machine}\nsteps:\n  - { do: translate, at: 0 }\n  - { do: check, at: 0 }\n`;
  expect(codes(bare('{ kernel: none, memroy: 64KiB }'))).toEqual(['MEM-SCN-006 3:26']);
  expect(codes(bare('{ kernel: non }'))).toEqual(['MEM-SCN-010 3:20']);
  // A mistake elsewhere in the head leaves the machine known.
  expect(codes(bare('{ kernel: none }').replace('name: x', 'nmae: x'))).not.toContain('MEM-SCN-026 5:11');
  expect(codes(bare('{ swap: 0 }').replace('name: x', 'nmae: x'))).toContain('MEM-SCN-026 5:11');
});

it('what an expression comes to is left to the run, which says in words why the step cannot be', () => {
  const text = (body: string) => `${HEAD}  - { do: for, var: n, to: 0, steps: [${body}] }\n`;
  const told = (body: string) => {
    const { steps } = runScenarioText(text(body));
    return steps[0]?.expectations.map(({ what, actual }) => `${what}: ${actual}`);
  };
  expect(told('{ do: load, at: heap, length: n }')).toEqual([
    'step: its length `n` is 0 here, and a load reads 1 byte to 64 MiB at once',
  ]);
  expect(told('{ do: touch, at: heap, length: n-1 }')).toEqual([
    'step: its length `n-1` is -1 here, and a length is 0 or more',
  ]);
  expect(told('{ do: touch, at: heap, length: 1, stride: n }')).toEqual([
    'step: its stride `n` is 0 here, and a touch goes up by 1 byte or more',
  ]);
  expect(told('{ do: touch, at: heap, length: n+1TiB }')).toEqual([
    'step: its length `n+1TiB` is 1099511627776 here: 268,435,456 accesses, where 10,000,000 are the most',
  ]);
});

it('loadScenario throws all of them', () => {
  expect(() => loadScenario('', 'empty.yaml')).toThrow(InputErrors);
});

it('names the file', () => {
  expect(parseScenario('', 'some/file.yaml').errors[0]?.file).toBe('some/file.yaml');
});
