/** The pictures `inspect` draws, from a hand-made machine: what a reviewer approves here is what a person sees. */
import { describe, expect, it } from 'vitest';
import type { MachineView } from '../../src/machine/view.ts';
import { FORMATS } from '../../src/mmu/page-table/formats.ts';
import { makeNames } from '../../src/report/names.ts';
import { PLAIN } from '../../src/report/style.ts';
import { mapsLine } from '../../src/report/views/maps.ts';
import { VIEWS, viewText } from '../../src/report/views/registry.ts';
import { BUFFER, VIEW } from './fixture.ts';

const names = makeNames(
  new Map([
    [1, 'parent'],
    [2, 'child'],
  ]),
  { buf: BUFFER },
);

function picture(name: string, view: MachineView = VIEW, process: number | null = null): string {
  const options = { style: PLAIN, names, format: FORMATS.sv39, process, verbose: false, bare: false };
  return `\n${VIEWS.find((each) => each.name === name)!
    .text(view, options)
    .join('\n')}\n`;
}

describe('maps', () => {
  it('is what /proc/PID/maps shows', () => {
    expect(picture('maps', VIEW, 1)).toMatchInlineSnapshot(`
      "
      10000000-10008000 rw-p 00000000 00:00 0 
      30000000-30001000 rw-s 00000000 00:01 0                                  /dev/zero (deleted)
      3ffffde000-3ffffff000 rw-p 00000000 00:00 0                              [stack]
      "
    `);
  });

  it('says whose areas they are when there are several processes', () => {
    expect(picture('maps')).toContain('# parent (pid 1)');
  });

  it('prints a line as Linux does, byte for byte', () => {
    // Lines of linux-samples/proc-pid-files.txt, but for the inode, which an emulated machine has none of.
    const area = { flags: '', offset: 0, residentPages: 0, swappedPages: 0 };
    expect(mapsLine({ ...area, start: 0x7ffff5183000, end: 0x7ffff51a4000, perms: 'rw-p', name: '[stack]' })).toBe(
      '7ffff5183000-7ffff51a4000 rw-p 00000000 00:00 0                          [stack]',
    );
    expect(mapsLine({ ...area, start: 0x7fe200994000, end: 0x7fe20099c000, perms: 'rw-s', name: 'shared' })).toBe(
      '7fe200994000-7fe20099c000 rw-s 00000000 00:01 0                          /dev/zero (deleted)',
    );
    expect(mapsLine({ ...area, start: 0x1000, end: 0x2000, perms: 'rwxp', name: 'anon' })).toBe(
      '00001000-00002000 rwxp 00000000 00:00 0 ',
    );
  });
});

describe('pagetable', () => {
  it('is a tree with the runs folded', () => {
    expect(picture('pagetable')).toMatchInlineSnapshot(`
      "
      parent (pid 1)  root at 0x2000, 5 table frames, sv39
        L2[0] → L1 table
          L1[128] → L0 table at 0x5000
            L0[0]     0x10000000  buf         → frame 12      VRW-U-AD  anonymous
            L0[1..3]  0x10001000  buf+0x1000  → frames 20–22  VRW-U-AD  anonymous
            L0[4]     0x10004000  buf+0x4000  → slot 3        --------  anonymous
        L2[255] → L1 table
          L1[511] → L0 table at 0x6000
            L0[510]  0x3fffffe000    → frame 30  VRW-U-AD  anonymous

      child (pid 2)
        a zombie has no page table any more
      "
    `);
  });

  it('puts a superpage at its level', () => {
    const [parent] = Object.values(VIEW.processes);
    const leaf = { ...parent!.pages['0x10000000']!, pageBytes: 2 ** 21, target: 512, pteAddress: 0x4400 };
    const view = { ...VIEW, processes: { 1: { ...parent!, pages: { '0x10000000': leaf } } } };
    expect(picture('pagetable', view)).toMatchInlineSnapshot(`
      "
      parent (pid 1)  root at 0x2000, 5 table frames, sv39
        L2[0] → L1 table at 0x4000
          L1[128]  0x10000000  buf  → frame 512  VRW-U-AD  2MiB anonymous
      "
    `);
  });
});

describe('frames', () => {
  it('is a map of letters, a legend and the owners', () => {
    expect(picture('frames')).toMatchInlineSnapshot(`
      "
      64 frames of 4096 bytes, 11 used (17.2 %), 53 free

        0x00000  KZTTT.......+.......aaa.......aS................................

        . free   K kernel   Z the zero page   T page table   S shared memory   a parent
        + shared until written

        frame  use     refs  flags  mapped by
            0  kernel     1  --     -
            1  zero       1  --     -
          2–4  table      1  --     -
           12  anon       2  AD     parent buf (0x10000000), child buf (0x10000000)
        20–22  anon       1  AD     parent buf+0x1000 (0x10001000) …
           30  anon       1  AD     parent 0x3fffffe000
           31  shared     1  --     parent 0x30000000
      "
    `);
  });

  it('folds what is free on a large machine', () => {
    const memory = { ...VIEW.memory, frames: 2 ** 24, freeFrames: 2 ** 24 - 11 };
    const text = picture('frames', { ...VIEW, memory });
    expect(text).toContain('16,777,152 free frames');
    expect(text.split('\n').length).toBeLessThan(30);
  });
});

describe('tlb', () => {
  it('lists the entries of each CPU', () => {
    expect(picture('tlb')).toMatchInlineSnapshot(`
      "
      CPU 0  runs parent, ASID 1, 1 TLB entry
        tlb  set  way  ASID  of      page             frame  size  flags
        L1     0    0     1  parent  0x10000000  buf     12  4KiB  VRW-U-AD

      CPU 1  idle, 0 TLB entries
      "
    `);
  });
});

describe('swap', () => {
  it('says whose pages are out', () => {
    expect(picture('swap')).toMatchInlineSnapshot(`
      "
      16 slots, 1 used (6.3 %), 15 free

        slot  refs  cached in  page of
           3     1  -          parent buf+0x4000 (0x10004000)
      "
    `);
  });

  it('says how to get a swap device', () => {
    const memory = { ...VIEW.memory, swapSlots: 0, freeSwapSlots: 0 };
    expect(picture('swap', { ...VIEW, memory })).toContain('no swap device');
  });
});

describe('processes', () => {
  it('lists the living and the dead', () => {
    expect(picture('processes')).toMatchInlineSnapshot(`
      "
      pid  name    parent  state            cpu  resident  swapped  tables  minor  major
        1  parent  -       running            0         5        1       5      5      0
        2  child   parent  zombie, SIGSEGV    0         0        0       0      1      1
      resident, swapped: pages; tables: page-table frames; minor, major: faults so far
      "
    `);
  });
});

describe('all views', () => {
  it.for(VIEWS.map(({ name }) => name))('%s stays below 100 columns and draws the same each time', (name) => {
    for (const line of picture(name).split('\n')) expect(line.length).toBeLessThan(100);
    expect(picture(name)).toBe(picture(name));
  });

  it.for(VIEWS.map(({ name }) => name))('%s of an empty machine is drawn too', (name) => {
    const empty: MachineView = { ...VIEW, processes: {}, frames: {}, swap: {}, cpus: [] };
    expect(() => picture(name, empty)).not.toThrow();
  });

  it.for(VIEWS.map((view) => [view.name, view] as const))('%s has data for programs', ([, view]) => {
    expect(JSON.parse(JSON.stringify(view.data(VIEW, null)))).toBeTruthy();
  });
});

describe('slots that no page table names', () => {
  it('hold shared memory, or a page still in the swap cache', () => {
    const swap = {
      3: VIEW.swap[3]!,
      4: { slot: 4, references: 1, cachedPfn: null },
      5: { slot: 5, references: 0, cachedPfn: 20 },
    };
    const text = picture('swap', { ...VIEW, swap });
    expect(text).toMatch(/ 4 +1 +- +shared memory/);
    expect(text).toMatch(/ 5 +0 +frame 20 +swap cache/);
  });
});

describe('page tables', () => {
  const superpage = {
    ...VIEW.processes[1]!.pages['0x10000000']!,
    address: 0x10200000,
    pageBytes: 2 ** 21,
    target: 512,
  };
  const pages = { ...VIEW.processes[1]!.pages, '0x10200000': superpage };
  const view = { ...VIEW, processes: { ...VIEW.processes, 1: { ...VIEW.processes[1]!, pages } } };

  it('stand in the order of their entries, superpages between tables', () => {
    const later = { ...VIEW.processes[1]!.pages['0x10000000']!, address: 0x10400000 };
    const shown = { ...view.processes[1], pages: { ...pages, '0x10400000': later } };
    const text = picture('pagetable', { ...VIEW, processes: { 1: shown } });
    const places = ['L1[128]', 'L1[129]', 'L1[130]'].map((entry) => text.indexOf(entry));
    expect(places).toEqual([...places].sort((left, right) => left - right));
    expect(places).not.toContain(-1);
  });

  it('with --verbose have addresses and values', () => {
    const options = { style: PLAIN, names, format: FORMATS.sv39, process: 1, verbose: true, bare: false };
    const text = VIEWS.find(({ name }) => name === 'pagetable')!
      .text(view, options)
      .join('\n');
    expect(text).toContain('PTE at 0x5000 = 0x0000000000003053');
    expect(text).toContain('L2[0] PTE at 0x2000 → L1 table');
    expect(picture('pagetable', view)).not.toContain('PTE at');
  });
});

describe('bare hardware', () => {
  it('has no picture of what only a kernel has', () => {
    const options = { style: PLAIN, names, format: FORMATS.sv39, process: null, verbose: false, bare: true };
    for (const view of VIEWS) {
      const text = viewText(view, { ...VIEW, processes: {} }, options).join(' ');
      expect(text.startsWith(`no ${view.name} on this machine (kernel: none): `)).toBe(view.name !== 'tlb');
    }
  });
});
