/** Every family of mistake in a scenario file: its code, its place and its hint. */
import { describe, expect, it } from 'vitest';
import { LOADER_ERRORS } from '../../src/scenario/error-catalogue.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { HEAPS, type Row } from './heap-mistakes.ts';
import { KERNEL } from './kernel-mistakes.ts';

const HEAD = 'version: 1\nname: mistakes\nsteps:\n';
/** Errors as `code line:column`, with the hint. */
const mistakes = (text: string) =>
  parseScenario(text, 'bad.yaml').errors.map(({ code, range, hint }) => ({
    at: `${code} ${range?.line}:${range?.column}`,
    hint: hint ?? '',
  }));

/** One step on line 4, in a file that is otherwise right. */
const step = (text: string): string => `${HEAD}  - ${text}\n`;

const FILES: readonly Row[] = [
  { what: 'an empty file', text: '', at: 'MEM-SCN-003 1:1', hint: /version: 1/ },
  { what: 'a file of comments', text: '# nothing\n\n', at: 'MEM-SCN-003 1:1', hint: /init/ },
  { what: 'a list', text: '- 1\n', at: 'MEM-SCN-004 1:1', hint: /version/ },
  { what: 'an unclosed quote', text: 'version: 1\nname: "x\n', at: 'MEM-SCN-001 3:1', hint: /not closed/ },
  { what: 'a tab as indentation', text: 'version: 1\nsteps:\n\t- x\n', at: 'MEM-SCN-001 3:1', hint: /spaces/ },
  { what: 'two documents', text: `${step('{ do: check }')}---\na: 1\n`, at: 'MEM-SCN-001 5:1', hint: /one scenario/ },
  {
    what: 'a page of prose',
    text: '# A title\n\nSome `prose`: with [a link](x): y\n\n- and: a list\n```ts\nx: { }}\n```\n',
    at: 'MEM-SCN-004 1:1',
    hint: /version: 1/,
  },
  {
    what: 'brackets without end',
    text: `version: 1\nx: ${'['.repeat(20000)}`,
    at: 'MEM-SCN-001 2:20003',
    hint: /100 levels/,
  },
  { what: 'an anchor inside itself', text: 'version: 1\nname: &a [*a]\n', at: 'MEM-SCN-001 1:1', hint: /anchor/ },
  {
    what: 'a key given twice',
    text: 'version: 1\nname: a\nname: b\nsteps: [{ do: check }]\n',
    at: 'MEM-SCN-002 3:1',
    hint: /remove/,
  },
  {
    what: 'a later version',
    text: 'version: 2\nname: a\nsteps: [{ do: check }]\n',
    at: 'MEM-SCN-005 1:10',
    hint: /version: 1/,
  },
  { what: 'no version', text: 'name: a\nsteps: [{ do: check }]\n', at: 'MEM-SCN-008 1:1', hint: /^$/ },
  { what: 'no steps', text: 'version: 1\nname: a\n', at: 'MEM-SCN-008 1:1', hint: /^$/ },
  {
    what: 'an empty list of steps',
    text: 'version: 1\nname: a\nsteps: []\n',
    at: 'MEM-SCN-011 3:8',
    hint: /at least 1/,
  },
  { what: 'steps that are no list', text: 'version: 1\nname: a\nsteps: 3\n', at: 'MEM-SCN-009 3:8', hint: /^$/ },
  {
    what: 'a misspelt key of the file',
    text: `nmae: b\n${step('{ do: check }')}`,
    at: 'MEM-SCN-006 1:1',
    hint: /`name`/,
  },
];

const machine = (text: string): string => `version: 1\nname: a\nmachine: { ${text} }\nsteps: [{ do: check }]\n`;
const MACHINES: readonly Row[] = [
  { what: 'an unknown format', text: machine('paging: sv93'), at: 'MEM-SCN-010 3:20', hint: /`sv39`/ },
  { what: 'an unknown policy', text: machine('replacement: clok'), at: 'MEM-SCN-010 3:25', hint: /`clock`/ },
  { what: 'a policy of the future', text: machine('replacement: opt'), at: 'MEM-SCN-010 3:25', hint: /recorded/ },
  { what: 'a misspelt key', text: machine('memroy: 64KiB'), at: 'MEM-SCN-006 3:12', hint: /`memory`/ },
  { what: 'a unit that means two things', text: machine('memory: 64KB'), at: 'MEM-SCN-013 3:22', hint: /`64KiB`/ },
  { what: 'half a page', text: machine('memory: 6144'), at: 'MEM-SCN-025 3:20', hint: /8192/ },
  { what: 'swap of half a page', text: machine('swap: 1'), at: 'MEM-SCN-025 3:18', hint: /4096/ },
  { what: 'no memory', text: machine('memory: 0'), at: 'MEM-SCN-011 3:20', hint: /64KiB/ },
  { what: 'memory beyond 2^53', text: machine('memory: 9007199254740993'), at: 'MEM-SCN-012 3:20', hint: /2\^53/ },
  { what: 'memory beyond 2^64', text: machine('memory: 36893488147419103232'), at: 'MEM-SCN-015 3:20', hint: /64-bit/ },
  { what: 'negative memory', text: machine('memory: -4096'), at: 'MEM-SCN-011 3:20', hint: /0 or more/ },
  { what: 'a count beyond 2^53', text: machine('seed: 9007199254740993'), at: 'MEM-SCN-012 3:18', hint: /2\^53/ },
  { what: 'memory that is no number', text: machine('memory: [1]'), at: 'MEM-SCN-009 3:20', hint: /64KiB/ },
  { what: 'a fraction of a CPU', text: machine('cpus: 1.5'), at: 'MEM-SCN-009 3:18', hint: /^$/ },
  { what: 'no CPU', text: machine('cpus: 0'), at: 'MEM-SCN-011 3:18', hint: /at least 1/ },
  {
    what: 'a TLB whose ways do not divide it',
    text: machine('tlb: { entries: 6, ways: 4 }'),
    at: 'MEM-TLB-003 3:17',
    hint: /sets/,
  },
  { what: 'a TLB without ways', text: machine('tlb: { entries: 6 }'), at: 'MEM-SCN-008 3:17', hint: /^$/ },
  {
    what: 'a format whose fields overlap',
    text: machine(
      'kernel: none, paging: { pageBytes: 16, pteBytes: 1, levels: [4], fields: { valid: 0 , frame: { bit: 0, width: 4 } } }',
    ),
    at: 'MEM-FMT-008 3:34',
    hint: /own bits/,
  },
  { what: 'page tables for a kernel', text: machine('root: 0'), at: 'MEM-SCN-026 3:12', hint: /kernel: none/ },
  {
    what: 'contents twice',
    text: machine('kernel: none, contents: [{ at: 0, bytes: "00", words: [1] }]'),
    at: 'MEM-SCN-021 3:37',
    hint: /at: 0x40/,
  },
];

const STEPS: readonly Row[] = [
  { what: 'an unknown step', text: step('{ do: stroe, at: 0, value: 1 }'), at: 'MEM-SCN-007 4:11', hint: /`store`/ },
  { what: 'a step like none', text: step('{ do: frobnicate }'), at: 'MEM-SCN-007 4:11', hint: /known steps: spawn/ },
  { what: 'a step without do', text: step('{ od: load, at: 0 }'), at: 'MEM-SCN-008 4:5', hint: /`do`/ },
  { what: 'a step that is text', text: step('load'), at: 'MEM-SCN-009 4:5', hint: /do: load/ },
  {
    what: 'a misspelt key',
    text: step('{ do: mmap, lenght: 4KiB, length: 4KiB }'),
    at: 'MEM-SCN-006 4:17',
    hint: /`length`/,
  },
  { what: 'a missing key', text: step('{ do: mmap }'), at: 'MEM-SCN-008 4:5', hint: /64KiB/ },
  { what: 'a wrong type', text: step('{ do: load, at: [1] }'), at: 'MEM-SCN-009 4:21', hint: /64-bit/ },
  { what: 'a wrong size', text: step('{ do: load, at: 0, size: 3 }'), at: 'MEM-SCN-010 4:30', hint: /^$/ },
  { what: 'an unknown name', text: step('{ do: load, at: haep }'), at: 'MEM-SCN-016 4:21', hint: /`heap`/ },
  {
    what: 'an unknown name inside',
    text: step('{ do: load, at: "0x10 + nowhere" }'),
    at: 'MEM-SCN-016 4:29',
    hint: /heap/,
  },
  { what: 'an expression cut short', text: step('{ do: load, at: 0x10+ }'), at: 'MEM-SCN-014 4:26', hint: /^$/ },
  { what: 'a stray character', text: step('{ do: load, at: 1/2 }'), at: 'MEM-SCN-014 4:22', hint: /expression/ },
  {
    what: 'a 65-bit address',
    text: step('{ do: load, at: "0x10000000000000000" }'),
    at: 'MEM-SCN-015 4:22',
    hint: /0xffffffffffffffff/,
  },
  {
    what: 'a 65-bit address, unquoted',
    text: step('{ do: load, at: 18446744073709551616 }'),
    at: 'MEM-SCN-015 4:21',
    hint: /64-bit/,
  },
  {
    what: 'an unknown process',
    text: step('{ do: load, process: mian, at: 0 }'),
    at: 'MEM-SCN-017 4:26',
    hint: /`main`/,
  },
  {
    what: 'a value too wide',
    text: step('{ do: store, at: 0, value: 300, size: 1 }'),
    at: 'MEM-SCN-022 4:32',
    hint: /size: 2/,
  },
  {
    what: 'a load of more than a load can read',
    text: step('{ do: load, at: 0, length: 8GiB }'),
    at: 'MEM-SCN-011 4:32',
    hint: /64MiB/,
  },
  { what: 'a load of nothing', text: step('{ do: load, at: 0, length: 0 }'), at: 'MEM-SCN-011 4:32', hint: /1 byte/ },
  {
    what: 'a heap that shrinks as in C',
    text: step('{ do: sbrk, by: "0xffffffffffffffff" }'),
    at: 'MEM-SCN-012 4:21',
    hint: /by: -1`/,
  },
  {
    what: 'a touch of less than nothing',
    text: step('{ do: touch, at: 0, length: -1 }'),
    at: 'MEM-SCN-011 4:33',
    hint: /1 byte or more/,
  },
  {
    what: 'a touch that would never end',
    text: step('{ do: touch, at: 0, length: 1, stride: 0 }'),
    at: 'MEM-SCN-011 4:44',
    hint: /one access a page/,
  },
  {
    what: 'a touch of too much',
    text: step('{ do: touch, at: 0, length: 1TiB }'),
    at: 'MEM-SCN-011 4:33',
    hint: /stride/,
  },
  {
    what: 'a touch that writes more than a byte',
    text: step('{ do: touch, at: 0, length: 1, value: 300 }'),
    at: 'MEM-SCN-022 4:43',
    hint: /255/,
  },
  {
    what: 'fewer faults than none',
    text: step('{ do: load, at: 0, expect: { fault: { kind: reuse, count: -1 } } }'),
    at: 'MEM-SCN-011 4:63',
    hint: /at least 0/,
  },
  {
    what: 'a count that no number is',
    text: step('{ do: load, at: 0, expect: { faults: { min: 3, max: 2 } } }'),
    at: 'MEM-SCN-011 4:42',
    hint: /swap/,
  },
  {
    what: 'a value that a load cannot read',
    text: step('{ do: load, at: 0, expect: { value: 0x1ffffffff } }'),
    at: 'MEM-SCN-022 4:41',
    hint: /size: 8/,
  },
  {
    what: 'a value that rmw cannot find',
    text: step('{ do: rmw, at: 0, add: 1, expect: { value: 256 } }'),
    at: 'MEM-SCN-022 4:48',
    hint: /255/,
  },
  {
    what: 'more bytes than a load reads',
    text: step('{ do: load, at: 0, size: 1, expect: { bytes: "aa bb" } }'),
    at: 'MEM-SCN-022 4:50',
    hint: /length: 2/,
  },
  { what: 'a store of nothing', text: step('{ do: store, at: 0 }'), at: 'MEM-SCN-008 4:11', hint: /^$/ },
  { what: 'two values', text: step('{ do: store, at: 0, value: 1, text: a }'), at: 'MEM-SCN-021 4:41', hint: /one of/ },
  {
    what: 'size and length',
    text: step('{ do: load, at: 0, size: 1, length: 9 }'),
    at: 'MEM-SCN-021 4:41',
    hint: /one of the two/,
  },
  { what: 'odd hex', text: step('{ do: store, at: 0, bytes: "abc" }'), at: 'MEM-SCN-024 4:32', hint: /two digits/ },
  { what: 'no hex', text: step('{ do: store, at: 0, bytes: "0x41" }'), at: 'MEM-SCN-024 4:34', hint: /without 0x/ },
  { what: 'a bad protection', text: step('{ do: mmap, length: 1, prot: rq }'), at: 'MEM-SCN-027 4:34', hint: /rwx/ },
  {
    what: 'a bad flag',
    text: step('{ do: mmap, length: 1, flags: [shred] }'),
    at: 'MEM-SCN-010 4:36',
    hint: /`shared`/,
  },
  {
    what: 'a reserved name',
    text: step('{ do: mmap, length: 1, as: heap }'),
    at: 'MEM-SCN-029 4:32',
    hint: /always there/,
  },
  { what: 'a bad name', text: step('{ do: mmap, length: 1, as: 2nd }'), at: 'MEM-SCN-031 4:32', hint: /letter/ },
  { what: 'a CPU that is not there', text: step('{ do: switch, cpu: 1 }'), at: 'MEM-SCN-011 4:24', hint: /cpus: 2/ },
  {
    what: 'an expectation of another step',
    text: step('{ do: munmap, at: 0, length: 1, expect: { value: 1 } }'),
    at: 'MEM-SCN-030 4:47',
    hint: /errno/,
  },
  {
    what: 'a misspelt expectation',
    text: step('{ do: load, at: 0, expect: { vaule: 1 } }'),
    at: 'MEM-SCN-006 4:34',
    hint: /`value`/,
  },
  {
    what: 'an unknown kind of fault',
    text: step('{ do: load, at: 0, expect: { fault: demand-zro } }'),
    at: 'MEM-SCN-010 4:41',
    hint: /`demand-zero`/,
  },
  {
    what: 'a fault that is a number',
    text: step('{ do: load, at: 0, expect: { fault: 7 } }'),
    at: 'MEM-SCN-009 4:41',
    hint: /^$/,
  },
  {
    what: 'an unknown counter',
    text: step('{ do: check, expect: { counters: { wlaks: 1 } } }'),
    at: 'MEM-SCN-006 4:40',
    hint: /`walks`/,
  },
  {
    what: 'a broken area line',
    text: step('{ do: check, expect: { maps: [heap] } }'),
    at: 'MEM-SCN-033 4:35',
    hint: /start\.\.end/,
  },
  { what: 'translate with a kernel', text: step('{ do: translate, at: 0 }'), at: 'MEM-SCN-026 4:11', hint: /peek/ },
  {
    what: 'a huge repeat',
    text: step('{ do: repeat, times: 100000000, steps: [{ do: check }] }'),
    at: 'MEM-SCN-023 4:5',
    hint: /10,000,000/,
  },
  {
    what: 'nested loops, together huge',
    text: step('{ do: repeat, times: 10000, steps: [{ do: repeat, times: 10000, steps: [{ do: check }] }] }'),
    at: 'MEM-SCN-023 4:5',
    hint: /10,000,000/,
  },
  {
    what: 'a loop that stands still',
    text: step('{ do: for, var: i, to: 3, step: 0, steps: [{ do: check }] }'),
    at: 'MEM-SCN-011 4:37',
    hint: /count down/,
  },
  {
    what: 'a loop without an end',
    text: step('{ do: for, var: i, steps: [{ do: check }] }'),
    at: 'MEM-SCN-008 4:11',
    hint: /below/,
  },
  {
    what: 'a step inside a loop',
    text: step('{ do: repeat, times: 2, steps: [{ do: laod }] }'),
    at: 'MEM-SCN-007 4:43',
    hint: /`load`/,
  },
  {
    what: 'a loop variable outside',
    text: step('{ do: spawn, process: "p{i}" }'),
    at: 'MEM-SCN-016 4:5',
    hint: /no loop variables/,
  },
];

const PROCESSES: readonly Row[] = [
  {
    what: 'which of two',
    text: `${HEAD}  - { do: fork, as: child }\n  - { do: load, at: 0 }\n`,
    at: 'MEM-SCN-018 5:11',
    hint: /process: main/,
  },
  {
    what: 'after its exit',
    text: `${HEAD}  - { do: fork, as: child }\n  - { do: exit, process: child }\n  - { do: load, process: child, at: 0 }\n`,
    at: 'MEM-SCN-019 6:26',
    hint: /before/,
  },
  {
    what: 'spawned further down',
    text: `${HEAD}  - { do: load, at: 0 }\n  - { do: spawn, process: p }\n`,
    at: 'MEM-SCN-018 4:11',
    hint: /spawn/,
  },
  {
    what: 'the same name twice',
    text: `${HEAD}  - { do: spawn, process: p }\n  - { do: spawn, process: p }\n`,
    at: 'MEM-SCN-020 5:27',
    hint: /another name/,
  },
  {
    what: 'in the final expectations',
    text: `${HEAD}  - { do: check }\nexpect:\n  processes: [mian]\n`,
    at: 'MEM-SCN-017 6:15',
    hint: /`main`/,
  },
];

describe.for([
  ['heaps', HEAPS],
  ['the kernel', KERNEL],
  ['the file', FILES],
  ['the machine', MACHINES],
  ['a step', STEPS],
  ['a process', PROCESSES],
] as const)('mistakes in %s', ([, rows]) => {
  it.for(rows.map((row) => [row.what, row] as const))('%s', ([, { text, at, hint }]) => {
    const found = mistakes(text);
    expect(found.map((mistake) => mistake.at)).toContain(at);
    expect(found.find((mistake) => mistake.at === at)?.hint).toMatch(hint);
  });

  it('says one thing about each', () => {
    for (const { what, text } of rows) {
      // Without version and steps there are two things to say.
      expect([what, mistakes(text).length]).toEqual([what, 1]);
    }
  });
});

describe('the catalogue', () => {
  const used = new Set(
    [...HEAPS, ...KERNEL, ...FILES, ...MACHINES, ...STEPS, ...PROCESSES].map(({ at }) => at.split(' ')[0]),
  );

  it.for(LOADER_ERRORS.map(({ code }) => code))('%s is provoked by a row above', (code) => {
    expect(used.has(code)).toBe(true);
  });

  it('explains every code once', () => {
    const known = LOADER_ERRORS.map(({ code }) => code);
    expect(new Set(known).size).toBe(known.length);
    expect([...used].filter((code) => code?.startsWith('MEM-SCN') && !known.includes(code))).toEqual([]);
  });
});
