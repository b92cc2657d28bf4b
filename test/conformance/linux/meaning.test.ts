/** What a difference means: a sentence for each field, naming the first place where the two part. */
import { expect, it } from 'vitest';
import { meaningOf } from '../../../src/conform/linux/meaning.ts';
import type { Result } from '../../../src/conform/linux/recording.ts';

const area = (
  start: string,
  end: string,
  perms = 'rw-p',
  flags = 'rd wr',
): [string, string, string, number, string, string] => [start, end, perms, 0, 'anon', flags];
const maps = (...rows: ReturnType<typeof area>[]): Result => ({ maps: { P0: rows } });
const pt = (runs: string): Result => ({ pt: { P0: [['ARENA+0x0', runs]] } });

const CASES: readonly (readonly [keyof Result, Result, Result, string])[] = [
  ['err', { err: 'ENOMEM' }, { ret: 0 }, 'Linux refuses with ENOMEM, this machine answers 0'],
  [
    'ret',
    { ret: 'ARENA+0x0' },
    { sig: 'SEGV', code: 'ACCERR' },
    'Linux answers ARENA+0x0, this machine raises SIGSEGV (ACCERR)',
  ],
  [
    'skip',
    { skip: 'proc' },
    { killed: 'KILL' },
    'Linux finds the process ended, this machine kills the process (KILL)',
  ],
  ['skip', {}, { skip: 'unbound' }, 'Linux answers nothing, this machine finds a symbol unbound: the op is not done'],
  ['vec', { vec: '1101' }, { vec: '1111' }, 'page 2 of the range is not in memory on Linux, here it is'],
  ['vec', { vec: '11' }, { vec: '10' }, 'page 1 of the range is in memory on Linux, here it is not'],
  ['n', { n: 3 }, { n: 5 }, 'Linux lets 3 of the accesses pass, this machine 5'],
  [
    'pfec',
    { pfec: 4 },
    { pfec: 7 },
    'Linux says 4: read of a page that is not there, this machine 7: write of a page that is there but may not be used so',
  ],
  ['pg', { pg: 'A>A!' }, { pg: 'A>A=' }, 'Linux takes another frame, this machine keeps the frame'],
  [
    'pg',
    { pg: '.>A' },
    { pg: '.>Z' },
    'the access leaves an anonymous frame mapped once on Linux, here the shared zero page',
  ],
  [
    'pg',
    { pg: 'a>A!' },
    { pg: 'A>A=' },
    'before the access the page was an anonymous frame mapped more than once on Linux, here an anonymous frame mapped once',
  ],
  ['maj', { maj: 1 }, {}, 'Linux counts 1 major faults, this machine 0'],
  ['f', { f: '1m15.1M' }, { f: '1m16.' }, 'access 16 (from 0): a major fault on Linux, no fault here'],
  ['f', { f: '4m' }, { f: '2m' }, 'access 2 (from 0): a minor fault on Linux, none is made here'],
  [
    'maps',
    maps(area('A', 'C')),
    maps(area('A', 'B'), area('B', 'C')),
    'P0: area 0: [A, C) rw-p anon on Linux, [A, B) rw-p anon here (Linux merges what stays apart here)',
  ],
  [
    'maps',
    maps(area('A', 'B'), area('B', 'C')),
    maps(area('A', 'C')),
    'P0: area 0: [A, B) rw-p anon on Linux, [A, C) rw-p anon here (what Linux keeps apart is merged here)',
  ],
  [
    'maps',
    maps(area('A', 'B')),
    maps(area('A', 'C')),
    'P0: area 0: [A, B) rw-p anon on Linux, [A, C) rw-p anon here (another range is mapped)',
  ],
  ['maps', maps(area('A', 'B')), maps(), 'P0: area 0: [A, B) rw-p anon on Linux, none here (another range is mapped)'],
  [
    'maps',
    maps(area('A', 'B', 'rw-p', 'rd wr lo')),
    maps(area('A', 'B')),
    'P0: the area [A, B) has VmFlags `rd wr lo` on Linux, `rd wr` here',
  ],
  ['maps', {}, maps(area('A', 'B')), 'the areas of P0 change here, on Linux they stay'],
  ['pt', pt('4A'), {}, 'the pages of P0 change on Linux, here they stay'],
  [
    'pt',
    pt('4A'),
    pt('3A1a'),
    'P0: page 3 of the area at ARENA+0x0: on Linux an anonymous frame mapped once, here an anonymous frame mapped more than once',
  ],
  [
    'pt',
    pt('34359738368.1S'),
    pt('34359738368.1G'),
    'P0: page 34359738368 of the area at ARENA+0x0: on Linux a swap entry, here a guard marker',
  ],
  ['pt', pt('1A'), { pt: { P0: [] } }, 'P0: an area with pages starts at ARENA+0x0 on Linux, at no address here'],
  [
    'share',
    { share: [['P0:A', 'P1:A', 2]] },
    { share: [['P0:A', 'P1:A', 1]] },
    'shared on Linux: 2 pages of P0:A, P1:A; here: 1 pages of P0:A, P1:A',
  ],
  ['share', { share: [] }, {}, 'what is shared changes on Linux, here it stays'],
];

it.for(CASES)('%s: %o and %o', ([field, linux, ours, sentence]) => {
  expect(meaningOf(field, linux, ours)).toBe(sentence);
});
