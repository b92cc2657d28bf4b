/** The story of a step: how the address splits, the walk, the refusal, the kernel's answer, the outcome. */
import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../src/machine/events.ts';
import { FORMATS } from '../../src/mmu/page-table/formats.ts';
import { addressSplit } from '../../src/report/explain/address-split.ts';
import { latchedText } from '../../src/report/explain/refusal.ts';
import { stepStory } from '../../src/report/explain/story.ts';
import { walkDrawing } from '../../src/report/explain/walk-drawing.ts';
import { PLAIN } from '../../src/report/style.ts';
import type { StepResult } from '../../src/scenario/result.ts';
import { runScenarioText } from '../../src/scenario/run.ts';
import { BUFFER, COW_STEP, HELD, pageFault, stepResult, translateEvent, translation, WRITE_FAULT } from './fixture.ts';

const story = (step: StepResult, verbose = false): string =>
  stepStory(HELD, step, { style: PLAIN, format: FORMATS.sv39, verbose }).join('\n');

describe('the story of a step', () => {
  it('tells a copy on write from the address to the cost', () => {
    expect(story(COW_STEP)).toMatchInlineSnapshot(`
      "
       step 4  store child buf+0x10 = 7
       scenarios/cow.yaml:8:5

       ▸ address  buf+0x10 (0x10000010), store of 4 bytes on CPU 0
          38       30 29       21 20       12 11            0
         ┌───────────┬───────────┬───────────┬───────────────┐
         │ 000000000 │ 010000000 │ 000000000 │ 000000010000  │
         │ L2 = 0    │ L1 = 128  │ L0 = 0    │ offset = 0x10 │
         └───────────┴───────────┴───────────┴───────────────┘
         TLB   page 0x10000 → set 0, tag 0x4000, ASID 2: miss
         walk  from the root table at 0x3000
               └ L2[0]      PTE at 0x3000  = 0x0000000000001001  V-------  → table in frame 4
                 └ L1[128]  PTE at 0x4400  = 0x0000000000001401  V-------  → table in frame 5
                   └ L0[0]  PTE at 0x5000  = 0x0000000000003053  VR--U-A-  ✗ refused: write
               V valid  R read  W write  X execute  U user  G global  A accessed  D dirty
         fault the L0 entry at 0x5000 does not permit writing
               rule write; cause 15 (store page fault)

       ▸ kernel: copy-on-write  minor fault
         frame 12 is shared by 2 mappings, so the writer gets a copy
         frame 12 copied to frame 13 for child
         frame 13 serves the page now

       ▸ the access is tried again
         TLB   page 0x10000 → set 0, tag 0x4000, ASID 2: miss
         walk  from the root table at 0x3000
               └ L2[0]      PTE at 0x3000  = 0x0000000000001001  V-------  → table in frame 4
                 └ L1[128]  PTE at 0x4400  = 0x0000000000001401  V-------  → table in frame 5
                   └ L0[0]  PTE at 0x5000  = 0x0000000000003053  VR--U-A-  → frame 12

       ▸ done  physical 0xd010 = frame 13 + 0x10
         written: 07 00 00 00

       ▸ cost  counters that moved
         stores     1    pteReads           6
         tlbMisses  2    minorFaults        1
         walks      2    copyOnWriteFaults  1

       ▸ expected
         ✓ fault: copy-on-write
      "
    `);
  });

  it('tells that a clean TLB entry makes the walker set D', () => {
    const tlb = { hit: 'L1', set: 0, tag: 0x4000, way: 2, asid: 2 } as const;
    const hit = story(stepResult(0, 'store parent buf = 1', { events: [translateEvent(0, translation({ tlb }))] }));
    expect(hit).toContain('hit in L1, way 2\n');
    expect(hit).toContain('not needed: the TLB had the answer');
    const dirty = translateEvent(0, translation({ tlb, dirtyWalk: true }));
    const walked = story(stepResult(0, 'store parent buf = 1', { events: [dirty] }));
    expect(walked.replaceAll(/\s+/g, ' ')).toContain(
      'hit in L1, way 2, but the entry is not dirty: the walker sets D walk from the root table at 0x3000',
    );
    expect(walked).not.toContain('not needed');
    const refused = translateEvent(0, translation({ tlb, dirtyWalk: true, physical: null, fault: WRITE_FAULT }));
    expect(story(stepResult(0, 'store parent buf = 1', { events: [refused] })).replaceAll(/\s+/g, ' ')).toContain(
      'the walker goes to set D',
    );
  });

  it('tells a signal and why', () => {
    const text = story(HELD.steps[5]!);
    expect(text).toContain('signal: SIGSEGV');
    expect(text).toContain('no area covers address 0x0; child is killed');
  });

  it('tells the first pages of a long access and counts the rest', () => {
    const pages = Array.from({ length: 20 }, (_, index) => translateEvent(0, translation({ vpn: index, walk: [] })));
    const long = stepResult(0, 'store parent buf = …', { events: pages });
    expect(story(long)).toContain('14 more translations of this step; --verbose tells them all');
    expect(story(long, true)).not.toContain('more translations');
    const killed = { ...long, events: [...pages, ...HELD.steps[5]!.events] };
    expect(story(killed).indexOf('and so on')).toBeLessThan(story(killed).indexOf('signal: SIGSEGV'));
  });
});

describe('making room', () => {
  const forget = (address: number): MachineEvent => ({ type: 'TlbInvalidate', cpu: 0, scope: 'page', address });
  const evicted: MachineEvent = {
    type: 'Eviction',
    pfn: 8,
    mappings: [1, 2].map((pid) => ({ pid, address: BUFFER + 0x3000 })),
    dirty: true,
    policy: 'clock',
    to: 'swap',
    why: 'it was the oldest',
  };
  const outOfMemory: MachineEvent = { type: 'OomKill', pid: 2, badness: 9, candidates: [{ pid: 2, badness: 9 }] };
  const info = { signal: 'SIGKILL', code: null, address: 0, errorCode: null, reason: 'out of memory' } as const;
  const killed: MachineEvent = { type: 'Signal', pid: 2, info, killed: true };
  const exit: MachineEvent = { type: 'Exit', pid: 2, code: 0, signal: 'SIGKILL', freedFrames: 5, freedSlots: 0 };

  const told = (events: readonly MachineEvent[]) =>
    story(stepResult(0, 'store parent buf = 1', { events }))
      .split('\n')
      .map((line) => line.trim());

  it('folds what a TLB forgets again and again, and names whose page it was', () => {
    const again = Array.from({ length: 15 }, () => forget(BUFFER + 0x3000));
    const lines = told([translateEvent(0, translation()), ...again, evicted, pageFault('demand-zero', 'first write')]);
    expect(lines).toContain('CPU 0 forgets the entry for buf+0x3000 (0x10003000) of parent, child in its TLBs ×15');
    const row = [0, 1, 2].map((page) => forget(BUFFER + page * 4096));
    expect(told(row)).toContain(
      'CPU 0 forgets the entries for 3 pages, buf (0x10000000) to buf+0x2000 (0x10002000) in its TLBs',
    );
    // A page apart is a line of its own.
    expect(told([forget(BUFFER), forget(BUFFER + 0x5000)]).filter((line) => line.startsWith('CPU 0'))).toHaveLength(2);
  });

  it('ends with the frame that serves the page, after the kill that freed it', () => {
    const swapIn: MachineEvent = { type: 'SwapIn', slot: 3, pfn: 13 };
    const fault = pageFault('swap-in', 'it was in swap', true);
    const lines = told([translateEvent(0, translation()), outOfMemory, killed, exit, swapIn, fault]);
    const order = [
      'out of memory: killed child',
      'SIGKILL to child',
      'child gave back',
      'swap slot 3',
      'frame 13 serves',
    ];
    const places = order.map((text) => lines.findIndex((line) => line.startsWith(text)));
    expect(places).toEqual([...places].sort((left, right) => left - right));
    expect(places).not.toContain(-1);
    expect(lines.filter((line) => line.startsWith('▸ signal'))).toEqual([]);
  });

  it('of others stands under no signal', () => {
    const lines = told([killed, exit, evicted]);
    expect(lines).toContain('▸ signal: SIGKILL  to child');
    expect(lines[lines.findIndex((line) => line.startsWith('evicted')) - 1]).toBe('▸ kernel: making room');
  });
});

describe('a step that only looks', () => {
  it('is drawn from what it saw, having no events', () => {
    const outcome = { kind: 'physical', address: 0xc010 } as const;
    const text = story(stepResult(0, 'peek buf+0x10', { outcome, translation: translation() }));
    expect(text).toContain('▸ address  buf+0x10 (0x10000010), for a store');
    expect(text).toContain('└ L0[0]');
    expect(text).toContain('▸ found  physical 0xc010 = frame 12 + 0x10');
  });
});

describe('the split of an address', () => {
  const split = (...[address, format, level]: [number | bigint, keyof typeof FORMATS, number]) =>
    `\n${addressSplit(address, FORMATS[format], level, PLAIN).join('\n')}\n`;

  it('draws a cell a level', () => {
    expect(split(0x10000010, 'sv39', 0)).toMatchInlineSnapshot(`
      "
       38       30 29       21 20       12 11            0
      ┌───────────┬───────────┬───────────┬───────────────┐
      │ 000000000 │ 010000000 │ 000000000 │ 000000010000  │
      │ L2 = 0    │ L1 = 128  │ L0 = 0    │ offset = 0x10 │
      └───────────┴───────────┴───────────┴───────────────┘
      "
    `);
    expect(split(0x8049abc, 'i386', 0)).toMatchInlineSnapshot(`
      "
       31        22 21        12 11             0
      ┌────────────┬────────────┬────────────────┐
      │ 0000100000 │ 0001001001 │ 101010111100   │
      │ PGD = 32   │ PTE = 73   │ offset = 0xabc │
      └────────────┴────────────┴────────────────┘
      "
    `);
  });

  it('gives a superpage a longer offset', () => {
    expect(split(0x40212345, 'sv39', 1)).toMatchInlineSnapshot(`
      "
       38       30 29       21 20                    0
      ┌───────────┬───────────┬───────────────────────┐
      │ 000000001 │ 000000001 │ 000010010001101000101 │
      │ L2 = 1    │ L1 = 1    │ offset = 0x12345      │
      └───────────┴───────────┴───────────────────────┘
      "
    `);
  });

  it.for(Object.keys(FORMATS) as (keyof typeof FORMATS)[])('%s: the cells put together are the address', (format) => {
    const { levels, virtualBits } = FORMATS[format];
    const address = (1n << BigInt(virtualBits)) - 1n - 0x5a5a5n;
    const bits = split(address, format, 0).split('\n')[3]!.replaceAll(/[^01]/g, '');
    expect(BigInt(`0b${bits}`)).toBe(address);
    expect(bits.length).toBe(levels.reduce((sum, level) => sum + level.indexBits, 12));
    for (const line of split(address, format, 0).split('\n')) expect(line.length).toBeLessThan(97);
  });
});

describe('the walk', () => {
  it('names the size of a superpage', () => {
    const walk = translation()
      .walk.slice(0, 2)
      .map((step) => (step.level === 1 ? { ...step, kind: 'leaf' as const } : step));
    expect(walkDrawing(translation({ walk, pageBytes: 2 ** 21 }), 4096, PLAIN, '').at(-1)).toContain(
      'frame 5 (2MiB page)',
    );
  });

  it('marks an absent entry', () => {
    const walk = [{ ...translation().walk[0]!, kind: 'absent' as const, pfn: null }];
    expect(walkDrawing(translation({ walk }), 4096, PLAIN, '')).toEqual([
      '└ L2[0]  PTE at 0x3000  = 0x0000000000001001  V-------  ✗ not present',
    ]);
  });
});

describe('what the hardware latches', () => {
  it.for([
    [{ cause: 12 }, 'cause 12 (instruction page fault)'],
    [{ cause: 15 }, 'cause 15 (store page fault)'],
    [{ cause: null, errorCode: 7 }, 'error code 0x7 (present, write, user)'],
    [{ cause: null, errorCode: 4 }, 'error code 0x4 (not present, read, user)'],
    [{ cause: null, errorCode: 0x15 }, 'error code 0x15 (present, fetch, user)'],
    [{ cause: null, errorCode: 0x9 }, 'error code 0x9 (present, read, supervisor, reserved bit set)'],
    [{ cause: null, errorCode: null }, ''],
  ] as const)('%o is read out as: %s', ([latched, text]) => {
    expect(latchedText({ ...WRITE_FAULT, ...latched })).toBe(text);
  });
});

describe('a step of many pages that made memory short', () => {
  it('tells who reclaimed and which pages went first, beyond the pages told in full', () => {
    const result = runScenarioText(`version: 1
name: short of memory
machine: { paging: x86_64, memory: 2MiB, swap: 4MiB, replacement: linux }
steps:
  - { do: spawn, process: p }
  - { do: mmap, length: 3MiB, as: b }
  - { do: touch, at: b, length: 2MiB }
`);
    const step = result.steps[2]!;
    const evicted = step.events.filter(({ type }) => type === 'Eviction').length;
    expect(evicted).toBeGreaterThan(10);
    const told = stepStory(result, step, { style: PLAIN, format: FORMATS.x86_64, verbose: false }).join('\n');
    const short = told.slice(told.indexOf('and so on'));
    expect(short).toContain('kswapd woke');
    expect(short).toContain('kswapd looked at');
    expect(short.match(/evicted frame/g)).toHaveLength(3);
    expect(short.replace(/\s+/g, ' ')).toContain(`${evicted - 3} more evictions`);
  });
});
