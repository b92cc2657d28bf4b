/** Sections A, B and G of the exercises through the commands a person would type; the numbers are the collection's, not ours. */
import { describe, expect, it, test } from 'vitest';
import { pipeline } from '../cli/pipeline.ts';

type Json = Record<string, unknown>;

const asList = (digits: string): string => [...digits].join(',');
const given = (pages: string): string => `mmulator trace generate --like ostep -a ${pages}`;
const simulated = async (source: string, options: string): Promise<Json> =>
  JSON.parse(await pipeline(`${source} | mmulator trace simulate - ${options} --json`));

/** `fifo 9 10`: faults of the policy with the numbers of frames, in their order. */
const CASES: readonly (readonly [id: string, source: string, frames: string, ...faults: string[]])[] = [
  ['A1, A2', given(asList('123412512345')), '3,4', 'fifo 9 10', 'lru 10 8', 'opt 7 6', 'clock 9 10'],
  ['A3', given(asList('70120304230321201701')), '3', 'fifo 15', 'lru 12', 'opt 9', 'clock 14'],
  [
    'A4',
    given(asList('70120304230321201701')),
    '1..7:1',
    'fifo 20 15 15 10 9 6 6',
    'lru 20 17 12 8 7 6 6',
    'opt 20 13 9 8 7 6 6',
  ],
  [
    'A5',
    given(asList('12342156212376321236')),
    '1..7:1',
    'lru 20 18 15 10 8 7 7',
    'fifo 20 18 16 14 10 10 7',
    'opt 20 15 11 8 7 7 7',
  ],
  ['A9', given(asList('0172327103')), '4', 'fifo 6', 'lru 7', 'opt 6'],
  ['A10', given(asList('01201303121')), '3', 'opt 5', 'lru 5', 'fifo 7'],
  ['A12', given(asList('1232413241')), '3', 'fifo 6', 'lru 9', 'opt 5'],
  [
    'A13',
    'mmulator trace generate --like loop -n 300 -m 100',
    '20',
    'opt 260',
    'mru 260',
    'lru 300',
    'fifo 300',
    'lifo 262',
  ],
  ['A16', 'mmulator trace generate --like loop -n 40 -m 20', '10', 'lifo 31', 'opt 30'],
  ['A19', 'mmulator trace generate --like ostep -s 0 -n 10', '3', 'fifo 9', 'lru 8', 'opt 6'],
  ['A20', 'mmulator trace generate --like ostep -s 1 -n 10', '3', 'fifo 8', 'lru 8', 'opt 7'],
  ['A22', 'mmulator trace generate --like loop -n 18 -m 6', '5,6', 'fifo 18 6', 'lru 18 6', 'mru 8 6', 'opt 8 6'],
  ['A23', 'mmulator trace generate --like loop -n 10000 -m 50', '49', 'fifo 10000', 'lru 10000', 'mru 253'],
  [
    'A24',
    'mmulator trace generate --like ostep -s 0 -n 100 -m 10',
    '1..5:1',
    'fifo 92 83 73 69 57',
    'lru 92 81 73 67 57',
    'opt 92 66 52 43 35',
    'mru 92 82 71 59 49',
  ],
];

test.for(CASES)('exercise %s', async ([, source, frames, ...faults]) => {
  const policies = faults.map((line) => line.split(' ')[0]);
  const { rows } = await simulated(source, `-p ${policies.join(',')} -f ${frames}`);
  const found = rows as { policy: string; faults: number }[];
  const told = policies.map((policy) => [
    policy,
    ...found.flatMap((row) => (row.policy === policy ? [row.faults] : [])),
  ]);
  expect(told.map((line) => line.join(' '))).toEqual(faults);
});

test('exercise A15: what is in memory at the start', async () => {
  const source = 'mmulator trace generate --like loop -n 300 -m 100';
  const { rows } = await simulated(source, '-p opt,mru,lifo -f 20 --initial 101..120');
  expect((rows as Json[]).map(({ faults }) => faults)).toEqual([260, 300, 300]);
});

test.for([
  ['opt', 54.5, 85.7, 1],
  ['lru', 54.5, 85.7, 1],
  ['fifo', 36.4, 57.1, 3],
] as const)(
  'exercises A10, A11: %s hits %d %%, %d %% without the cold misses',
  async ([policy, all, warm, capacity]) => {
    const { rows } = await simulated(given(asList('01201303121')), `-p ${policy} -f 3`);
    const [row] = rows as { hitRatio: number; warmHitRatio: number; faults: number; coldFaults: number }[];
    expect(row!.hitRatio * 100).toBeCloseTo(all, 1);
    expect(row!.warmHitRatio * 100).toBeCloseTo(warm, 1);
    expect([row!.coldFaults, row!.faults - row!.coldFaults]).toEqual([4, capacity]);
  },
);

describe('exercise A17', () => {
  const source = given('3,2,3,0,8,4,2,5,0,9,8,3,2');
  const story = async (position: number) => {
    const { stories } = await simulated(source, `-p clock -f 5 --explain ${position}`);
    return (stories as { victim: { page: string } | null; contents: Json[]; hand: number; faultsSoFar: number }[])[0]!;
  };

  it('evicts 3, 2, 4, 0', async () => {
    const stories = await Promise.all(Array.from({ length: 13 }, (_, index) => story(index + 1)));
    expect(stories.flatMap(({ victim }) => (victim === null ? [] : [Number(victim.page)]))).toEqual([3, 2, 4, 0]);
  });

  it('ends with frames 5, 9, 2, 8, 3, use bits 0, 0, 1, 0, 1 and the hand at 8', async () => {
    const { contents, hand, faultsSoFar } = await story(13);
    const frames = contents.toSorted((a, b) => Number(a.frame) - Number(b.frame));
    expect(frames.map(({ page }) => Number(page))).toEqual([5, 9, 2, 8, 3]);
    expect(frames.map(({ referenced }) => referenced)).toEqual([false, false, true, false, true]);
    expect([Number(frames[hand]!.page), faultsSoFar]).toEqual([8, 9]);
  });
});

/** In every tick the pages whose bit is 1, the last of them again until there is a reference for each page. */
function ticksAsReferences(ticks: readonly string[]): string {
  const references = ticks.flatMap((bits) => {
    const pages = [...bits].flatMap((bit, page) => (bit === '1' ? [page] : []));
    return Array.from(bits, (_, index) => pages[Math.min(index, pages.length - 1)]!);
  });
  return references.join(',');
}

test.for([
  [
    'B1',
    ['0111', '1011', '1010', '1101', '0010', '1010', '1100', '0001'],
    ['01101110', '01001001', '00110111', '10001011'],
  ],
  [
    'B2',
    ['101011', '110010', '110101', '100010', '011000'],
    ['01111000', '10110000', '10001000', '00100000', '01011000', '00101000'],
  ],
] as const)('exercise %s: the counters of aging', async ([, ticks, counters]) => {
  const pages = ticks[0].length;
  const options = `-p aging -f ${pages} --option tickEvery=${pages} --explain ${pages * ticks.length}`;
  const { stories } = await simulated(given(ticksAsReferences(ticks)), options);
  const held = (stories as { contents: { page: string; note: string }[] }[])[0]!.contents;
  const notes = held.toSorted((a, b) => Number(a.page) - Number(b.page)).map(({ note }) => note);
  expect(notes).toEqual(counters);
});

test.for([
  [10, [1, 2, 5, 6, 7]],
  [26, [3, 4]],
] as const)('exercise B3: the working set after reference %d', async ([position, set]) => {
  const source = given('2,6,1,5,7,7,7,7,5,1,6,2,3,4,1,2,3,4,4,4,3,4,3,4,4,4,1,3,2');
  const { stories } = await simulated(source, `-p working-set -f 20 --option window=10 --explain ${position}`);
  const held = (stories as { contents: { page: string }[] }[])[0]!.contents;
  expect(held.map(({ page }) => Number(page)).sort((a, b) => a - b)).toEqual(set);
});

test.for([
  ['G1', 'memory=100ns,tlb=20ns,tlbHit=0.8', { access: 140 }],
  ['G1', 'memory=100ns,tlb=20ns,tlbHit=0.98', { access: 122 }],
  ['G1', 'memory=10ns,tlbHit=0.8', { access: 12 }],
  ['G1', 'memory=10ns,tlbHit=0.99', { access: 10.1 }],
  ['G2', 'memory=200ns,service=8ms,again=nothing,faultRatio=0.001', { effective: 8199.8 }],
  ['G2', 'memory=200ns,service=8ms,again=nothing,faultRatio=2.5e-6', { effective: 219.9995 }],
  ['G3', 'memory=100ns,service=10ms,again=access,faultRatio=0.1', { effective: 1_000_100 }],
  ['G3', 'memory=100ns,service=10ms,again=access,faultRatio=0.001', { effective: 10_100 }],
  [
    'G4',
    'memory=100ns,tlb=5ns,tlbHit=0.98,service=100us,swapIn=10ms,swapOut=10ms,dirty=0.5,restart=20us',
    { access: 107, fault: 15_120_205 },
  ],
  [
    'G6, by direct accounting',
    'memory=150ns,tlbHit=0.9,levels=2,service=8ms,again=access,faultRatio=0.00005,cpu=100ns,accesses=2',
    { instruction: 1260 },
  ],
  [
    'G6, as its key has it',
    'memory=150ns,tlbHit=0.9,levels=1,service=8ms,again=access,faultRatio=0.00005,cpu=100ns,accesses=2',
    { instruction: 1230 },
  ],
] as const)('exercise %s: --cost %s', async ([, cost, expected]) => {
  const { rows } = await simulated('mmulator trace generate --like loop -n 1 -m 1', `-f 1 --cost ${cost}`);
  const [row] = rows as { nanoseconds: Record<string, number> }[];
  for (const [name, nanoseconds] of Object.entries(expected))
    expect(row!.nanoseconds[name]).toBeCloseTo(nanoseconds, 6);
});
