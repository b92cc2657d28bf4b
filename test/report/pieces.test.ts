/** The smaller pieces: folding, columns, numbers, names, reasons, the glossary. */
import { describe, expect, it } from 'vitest';
import { FAULT_KINDS } from '../../src/kernel/events.ts';
import { FAULT_RULES } from '../../src/mmu/fault.ts';
import { FORMATS } from '../../src/mmu/page-table/formats.ts';
import { columns, wrap } from '../../src/report/columns.ts';
import { stepStory } from '../../src/report/explain/story.ts';
import { fold } from '../../src/report/fold.ts';
import { findTerm, GLOSSARY, TERM_NAMES } from '../../src/report/glossary.ts';
import { makeNames } from '../../src/report/names.ts';
import { bytesText } from '../../src/report/outcome.ts';
import { allExpectationLines, stepTable } from '../../src/report/pretty-steps.ts';
import { printable, printableSource } from '../../src/report/printable.ts';
import { counted, hex, percent, size, thousands } from '../../src/report/quantities.ts';
import { REPORTERS } from '../../src/report/registry.ts';
import { PLAIN, paint, visibleWidth } from '../../src/report/style.ts';
import { whyLines, whyOf } from '../../src/report/why.ts';
import { expectation, fault, HELD, pageFault, rangeAt, stepResult } from './fixture.ts';

const names = makeNames(new Map([[1, 'hog']]), { buf: 0x1000, other: 0x3000 });

/** A loop of `turns` turns over lines 10, 11, …: one step a line. */
const loop = (turns: number, body: readonly string[], more: (turn: number) => object = () => ({})) =>
  Array.from({ length: turns * body.length }, (_, index) =>
    stepResult(index, body[index % body.length]!, {
      range: rangeAt(10 + (index % body.length)),
      ...more(Math.floor(index / body.length)),
    }),
  );
const shape = (steps: Parameters<typeof fold>[0]) =>
  fold(steps).map((item) => (item.kind === 'step' ? item.step.index : `${item.turns}×${item.period}`));

describe('folding', () => {
  it('shows one turn of a loop and counts the others', () => {
    expect(shape(loop(100, ['store']))).toEqual([0, '99×1']);
    expect(shape(loop(50, ['load', 'store', 'load']))).toEqual([0, 1, 2, '49×3']);
  });

  it('leaves two turns as they are', () => {
    expect(shape(loop(2, ['load', 'store']))).toEqual([0, 1, 2, 3]);
  });

  it('does not fold different lines that do the same', () => {
    expect(shape([1, 2, 3, 4].map((index) => stepResult(index, 'load')))).toEqual([1, 2, 3, 4]);
  });

  it('begins anew where something else happens', () => {
    const steps = loop(10, ['store'], (turn) => (turn === 4 ? { faults: [fault('demand-zero')] } : {}));
    expect(shape(steps)).toEqual([0, '3×1', 4, 5, '4×1']);
  });

  it('never hides a failure', () => {
    const steps = loop(10, ['load'], (turn) => ({ expectations: [expectation('value', '1', turn === 6 ? '2' : '1')] }));
    expect(shape(steps)).toContain(6);
  });

  it('adds up what it hides', () => {
    const steps = loop(10, ['store'], () => ({ faults: [fault('demand-zero')], cost: { pteReads: 3 } }));
    const lines = stepTable(steps, names, {
      style: PLAIN,
      file: 'f',
      unfolded: false,
      failuresOnly: false,
    });
    expect(lines).toEqual([
      '    1    store  demand-zero  3 PTE reads',
      '    ⋮    9 more like it (steps 2–10): demand-zero ×9; 27 PTE reads',
    ]);
  });
});

describe('columns', () => {
  it('aligns by what is visible', () => {
    const red = paint({ color: true, width: 80 }, 'red', 'ab');
    expect(
      columns([
        [red, 'x'],
        ['abc', 'y'],
      ]).map(visibleWidth),
    ).toEqual([6, 6]);
    expect(
      columns(
        [
          ['1', 'a'],
          ['100', 'b'],
        ],
        { align: 'r' },
      ),
    ).toEqual(['  1  a', '100  b']);
  });

  it('gives wide characters two columns', () => {
    expect(visibleWidth('頁')).toBe(2);
    expect(visibleWidth('e\u0301')).toBe(1);
  });

  it('wraps between words', () => {
    expect(wrap('one two three', 7)).toEqual(['one two', 'three']);
    expect(wrap('unbreakable', 4)).toEqual(['unbreakable']);
    expect(wrap('', 4)).toEqual([]);
  });
});

describe('quantities', () => {
  it.for([
    [4096, '4KiB'],
    [3 * 2 ** 20, '3MiB'],
    [2 ** 30, '1GiB'],
    [100, '100B'],
    [0, '0B'],
  ] as const)('%d bytes are %s', ([bytes, text]) => {
    expect(size(bytes)).toBe(text);
  });

  it('counts with the right noun', () => {
    expect([counted(1, 'walk'), counted(2, 'walk'), counted(0, 'miss', 'misses')]).toEqual([
      '1 walk',
      '2 walks',
      '0 misses',
    ]);
    expect(thousands(1234567)).toBe('1,234,567');
    expect([percent(1, 4), percent(1, 3), percent(0, 0)]).toEqual(['25 %', '33.3 %', '0 %']);
    expect([hex(255), hex(0xffffffffffffffffn)]).toEqual(['0xff', '0xffffffffffffffff']);
  });

  it('shortens long bytes, with or without blanks between them', () => {
    expect(bytesText('2a 00')).toBe('2a 00');
    expect(bytesText('2a00')).toBe('2a 00');
    expect(bytesText('68 65 79 21')).toBe('"hey!"');
    expect(bytesText('00'.repeat(64))).toBe('00 00 00 00 00 00 00 00 … (64 bytes)');
  });
});

describe('names', () => {
  it('shows the nearest symbol below, unless it is far', () => {
    expect(names.address(0x1000)).toBe('buf (0x1000)');
    expect(names.address(0x2fff)).toBe('buf+0x1fff (0x2fff)');
    expect(names.address(0x3010)).toBe('other+0x10 (0x3010)');
    expect(names.address(0x500)).toBe('0x500');
    expect(names.address(0x7fffffff)).toBe('0x7fffffff');
    expect([names.process(1), names.process(9)]).toEqual(['hog', 'pid 9']);
  });
});

describe('reasons', () => {
  it('says who lost a page and why', () => {
    const line = whyOf(
      {
        type: 'Eviction',
        pfn: 9,
        mappings: [
          { pid: 1, address: 0x1000 },
          { pid: 2, address: 0x1000 },
        ],
        dirty: true,
        policy: 'clock',
        to: 'swap',
        why: 'the hand found it unused',
      },
      names,
    );
    expect(line?.text).toBe(
      'evicted frame 9 of hog at buf (0x1000) and 1 more, dirty, to swap: the hand found it unused',
    );
  });

  it('says why the out-of-memory killer chose', () => {
    const candidates = [
      { pid: 1, badness: 90 },
      { pid: 2, badness: 10 },
    ];
    const line = whyOf({ type: 'OomKill', pid: 1, badness: 90, candidates }, names);
    expect(line?.text).toBe('out of memory: killed hog, badness 90 (against pid 2 10)');
  });

  it('says once why the out-of-memory killer struck', () => {
    const info = { signal: 'SIGKILL', code: null, address: 0, errorCode: null, reason: 'out of memory' } as const;
    const lines = whyLines(
      [
        { type: 'OomKill', pid: 1, badness: 90, candidates: [] },
        { type: 'Signal', pid: 1, info, killed: true },
      ],
      names,
    );
    expect(lines.map((line) => line.text)).toEqual(['out of memory: killed hog, badness 90 (the only candidate)']);
  });

  it('puts the reason before what was done for it, and a swap slot with its eviction', () => {
    const mappings = [{ pid: 1, address: 0x1000 }];
    const lines = whyLines(
      [
        { type: 'SwapOut', slot: 4, pfn: 9 },
        { type: 'Eviction', pfn: 9, mappings, dirty: true, policy: 'fifo', to: 'swap', why: 'it came first' },
        pageFault('demand-zero', 'first write'),
      ],
      names,
      new Set(['it came first']),
    );
    expect(lines.map((line) => line.text)).toEqual([
      'first write',
      'evicted frame 9 of hog at buf (0x1000), dirty, to swap slot 4',
    ]);
  });

  it('says nothing of what goes without saying', () => {
    expect(whyOf({ type: 'Wait', parent: 1, child: 2 }, names)).toBeNull();
  });
});

describe('the glossary', () => {
  it.each([
    ['kswapd', 'kswapd'],
    ['watermarks', 'watermark'],
    ['memory group', 'memory group'],
    ['madvise', 'madvise'],
    ['MADV_FREE', 'MADV_FREE'],
    ['mlock', 'mlock'],
    ['rlimit', 'rlimit'],
    ['max_map_count', 'max_map_count'],
    ['tmpfs', 'tmpfs'],
    ['read-ahead', 'readahead'],
    ['writeback', 'writeback'],
    ['anon_vma', 'anon_vma'],
    ['vmstat', 'vmstat'],
    ['zswap', 'zswap'],
    ['swappiness', 'swappiness'],
    ['Pss', 'Pss'],
    ['refault', 'refault'],
    ['inactive list', 'inactive list'],
    ['page cache', 'page cache'],
    ['shmget', 'shmget'],
  ])('%s is a word of its own, not a false friend', (word, name) => {
    expect(findTerm(word)?.term).toBe(name);
  });

  it.for([...FAULT_KINDS, ...FAULT_RULES])('knows %s', (name) => {
    const entry = findTerm(name);
    expect(entry, name).toBeDefined();
    // The entry is about the name itself, not about something that mentions it in passing.
    expect([entry!.term, ...entry!.aliases].map((word) => word.replaceAll(/[\s_-]/g, ' '))).toContain(
      name.replaceAll('-', ' '),
    );
  });

  it.for([
    'COW',
    'copy-on-write',
    'Copy On Write',
    'tlb',
    'PTE',
    'ptes',
    'page',
    'frames',
    'zombie',
    "Belady's anomaly",
  ])('finds %s', (word) => {
    expect(findTerm(word)).toBeDefined();
  });

  it('refers only to terms it has', () => {
    const missing = GLOSSARY.flatMap((entry) => entry.see.filter((other) => findTerm(other) === undefined));
    expect(missing).toEqual([]);
  });

  it('has one meaning for each spelling', () => {
    const seen = new Map<string, string>();
    const clashes: string[] = [];
    for (const { term, aliases } of GLOSSARY) {
      for (const alias of [term, ...aliases].map((word) => word.toLowerCase())) {
        const other = seen.get(alias);
        if (other !== undefined) clashes.push(`${alias}: ${other} and ${term}`);
        seen.set(alias, term);
      }
    }
    expect(clashes).toEqual([]);
    expect(TERM_NAMES.length).toBeGreaterThan(150);
  });
});

describe('expectations that fail together', () => {
  it('give a reason they share once', () => {
    const because = { explanation: ['b was evicted', 'a was not'] };
    const failed = [expectation('resident', '2', '1', because), expectation('value', '7', '42', because)];
    const lines = allExpectationLines(failed, PLAIN, 'f.yaml');
    expect(lines.filter((line) => line.includes('b was evicted'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('because'))).toHaveLength(2);
    expect(lines.filter((line) => line.includes('actual'))).toHaveLength(2);
  });
});

describe('control characters of a scenario', () => {
  it('are shown, not sent, by the reporters for people', () => {
    const nasty = 'red \u001b[31m bell \u0007 c1 \u009b turned \u202e';
    expect(printable(nasty)).toBe('red \\e[31m bell \\a c1 \\u009b turned \\u202e');
    expect(printable('tab\tand\nline')).toBe('tab\tand\nline');
    expect(printableSource(nasty)).toHaveLength(nasty.length);
    const failed = [expectation(nasty, nasty, '1', { explanation: [nasty] })];
    const result = {
      ...HELD,
      name: nasty,
      file: nasty,
      steps: [stepResult(0, `load ${nasty}`, { note: nasty, process: nasty, expectations: failed })],
    };
    for (const reporter of REPORTERS.filter(({ name }) => name !== 'json')) {
      const run = reporter.start({ style: PLAIN, files: 1, quiet: false, verbose: true, version: '0' });
      const text = run.file({ kind: 'ran', file: nasty, result }) + run.end();
      expect(text.replace(/[\t\n]/g, ''), reporter.name).not.toMatch(/[\p{Cc}\u202e]/u);
    }
    const told = stepStory(result, result.steps[0]!, { style: PLAIN, format: FORMATS.sv39, verbose: false });
    expect(told.join('')).not.toMatch(/[\p{Cc}\u202e]/u);
  });
});
