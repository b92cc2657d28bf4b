/** What a person reads of pages that leave: why, whose, where to. */
import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../src/machine/events.ts';
import { namesOf } from '../../src/report/names.ts';
import { whyLines } from '../../src/report/why.ts';
import { runScenarioText } from '../../src/scenario/run.ts';

const run = (machine: string, steps: readonly string[], head = '') =>
  runScenarioText(`version: 1
name: what leaves
machine: { paging: x86_64, memory: 2MiB, swap: 1MiB, ${machine} }
${head}steps:
  - { do: spawn, process: p }
${steps.map((step) => `  - { do: ${step} }\n`).join('')}`);

type Ran = ReturnType<typeof run>;
const told = (ran: Ran, step = ran.steps.length - 1) =>
  whyLines(ran.steps[step]!.events, namesOf(ran)).map(({ text }) => text);
const evictions = (ran: Ran, step = ran.steps.length - 1) =>
  ran.steps[step]!.events.filter((event): event is MachineEvent & { type: 'Eviction' } => event.type === 'Eviction');

const FILL = ['mmap, length: 64KiB, as: a', 'touch, at: a, length: 32KiB'];
const PAGEOUT = 'madvise, at: a, length: 8KiB, advice: pageout';

describe('MADV_PAGEOUT', () => {
  it.each(['clock', 'fifo', 'linux'])('is why the pages leave, whatever %s would have chosen', (policy) => {
    const gone = evictions(run(`swapKind: zswap, replacement: ${policy}`, [...FILL, PAGEOUT]));
    expect(gone.map(({ why }) => why)).toEqual(Array(2).fill('the program asked for it (MADV_PAGEOUT)'));
  });

  it('on a disk: what was written, and that it is still in memory', () => {
    const ran = run('swapKind: disk', [...FILL, PAGEOUT, 'madvise, at: a+16KiB, length: 4KiB, advice: pageout']);
    expect(told(ran, 3)).toEqual([
      '2 pages written to swap slots 0 to 1; their frames stay in the swap cache until memory is wanted',
    ]);
    expect(told(ran, 4)).toEqual([
      '1 page written to swap slot 2; its frame stays in the swap cache until memory is wanted',
    ]);
  });
});

describe('a memory group', () => {
  const steps = ['group_create, group: g, limit: 16KiB', 'group_move, group: g', ...FILL];

  it('is called by the name it was given', () => {
    expect(evictions(run('replacement: linux', steps))[0]!.why).toContain('of anonymous pages of group g and had not');
    expect(evictions(run('replacement: clock', steps))[0]!.why).toBe(
      'of the pages of group g that could leave it was the first in the order of clock',
    );
  });

  it('so too when one of its processes is killed', () => {
    const swapless = ['group_create, group: g, limit: 16KiB, swappiness: 0', ...steps.slice(1)];
    expect(told(run('replacement: linux', swapless)).join()).toContain('memory group g is at its limit');
  });
});

describe('a page of a file', () => {
  const book = 'files:\n  book: { kind: disk, size: 64KiB, fill: page, cached: false }\n';
  const mapped = (access: string) => [
    'open, file: book, mode: rw, as: fd',
    'mmap, fd: fd, length: 64KiB, prot: rw, flags: shared, as: map',
    `touch, at: map, length: 16KiB, access: ${access}`,
    'madvise, at: map, length: 16KiB, advice: pageout',
  ];

  it('is dropped when the file has the same bytes', () => {
    const ran = run('replacement: clock', mapped('load'), book);
    expect(ran.steps.at(-1)!.cost).toMatchObject({ evictions: 4, cleanEvictions: 4 });
    expect(told(ran)[0]).toContain('clean, so dropped');
  });

  it('is written to the file when it was changed', () => {
    const ran = run('replacement: clock', mapped('store'), book);
    expect(ran.steps.at(-1)!.cost).toMatchObject({ evictions: 4, dirtyEvictions: 4 });
    expect(told(ran)[0]).toContain('dirty, to its file');
  });
});

it('a signal that comes with an errno is told without saying the reason twice', () => {
  const ran = runScenarioText(`version: 1
name: a file too large
machine: { paging: x86_64, memory: 2MiB }
files: { log: { size: 4KiB } }
steps:
  - { do: spawn, process: p, signals: survive }
  - { do: open, file: log, mode: rw, as: fd }
  - { do: setrlimit, resource: fsize, soft: 8KiB }
  - { do: ftruncate, fd: fd, size: 12KiB, expect: { errno: EFBIG, signal: SIGXFSZ } }
`);
  const lines = told(ran);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toContain('RLIMIT_FSIZE');
  expect(lines[1]).toBe('p gets SIGXFSZ too');
});
