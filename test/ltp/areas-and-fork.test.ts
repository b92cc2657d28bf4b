/**
 * Areas that merge or must not, and memory shared by fork, each test named after the LTP case or kernel selftest whose
 * assertion it repeats (testcases/kernel/mem/vma, tools/testing/selftests/mm/{merge,cow,rmap,mlock2-tests}).
 */
import { describe, expect, it } from 'vitest';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { setSysctl } from '../../src/kernel/sysctl.ts';
import { ANON, answer, at, MIB, PAGE, Run, RW, SHARED, TO } from './arena.ts';

const spans = (run: Run): [number, number][] => run.areas().map(([start, end]) => [start, end]);

/** Where the areas of another process are, in pages. */
function spansOf(process: Process): [number, number][] {
  const found: [number, number][] = [];
  for (let area = process.space!.areas.find(at(0)); area && area.start < at(256); area = area.next) {
    found.push([(area.start - at(0)) / PAGE, (area.end - at(0)) / PAGE]);
  }
  return found;
}

const forkOf = (run: Run, parent = run.process): Process => {
  const child = run.machine.fork(parent);
  if (typeof child === 'number') throw new Error(`fork answered ${child}`);
  return child;
};

describe('merging', () => {
  it('vma01: what fork cloned does not merge with a new neighbour in the child; without contents it does', () => {
    const run = new Run();
    const { machine } = run;
    run.map(0, 3);
    run.map(10, 3);
    run.fill(0, 3);
    const child = forkOf(run);
    const map = (page: number) =>
      machine.mmap(child, { address: at(page), length: 3 * PAGE, prot: RW, flags: ANON | 0x10 });
    expect([map(3), map(13)]).toEqual([at(3), at(13)]);
    expect(spansOf(child)).toEqual([
      [0, 3],
      [3, 6],
      [10, 16],
    ]);
    run.check();
  });

  it.each<[string, number[], [number, number][]]>([
    ['both untouched', [], [[0, 6]]],
    ['left touched', [0], [[0, 6]]],
    ['right touched', [5], [[0, 6]]],
    // Two sides with contents of their own do not become one; the new area joins the left of them.
    [
      'both touched',
      [0, 5],
      [
        [0, 4],
        [4, 6],
      ],
    ],
  ])('merge: a hole filled between areas, %s', (_, touched, expected) => {
    const run = new Run();
    run.map(0, 2);
    run.map(4, 2);
    for (const page of touched) run.fill(page, 1);
    run.map(2, 2);
    expect(spans(run)).toEqual(expected);
    run.check();
  });

  it('merge: moved away and back, an area with contents merges in its old place', () => {
    const run = new Run();
    run.map(0, 6);
    run.fill(0, 6);
    expect(run.mremap(2, 2, 2, TO, 20)).toBe(at(20));
    expect(spans(run)).toEqual([
      [0, 2],
      [4, 6],
      [20, 22],
    ]);
    expect(run.mremap(20, 2, 2, TO, 2)).toBe(at(2));
    expect(spans(run)).toEqual([[0, 6]]);
    expect(run.read(0, 6)).toEqual([1, 2, 3, 4, 5, 6]);
    run.check();
  });

  it('merge: an untouched area moved next to one with contents merges, a touched one from elsewhere does not', () => {
    const run = new Run();
    run.map(0, 2);
    run.fill(0, 2);
    run.map(20, 2);
    run.map(30, 2);
    run.fill(30, 2);
    run.mremap(20, 2, 2, TO, 2);
    run.mremap(30, 2, 2, TO, 4);
    expect(spans(run)).toEqual([
      [0, 4],
      [4, 6],
    ]);
    run.check();
  });

  it('mlock2-tests: locking the middle splits, unlocking merges again', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 3);
    expect(machine.calls.mlock2(process, at(1), PAGE, 1)).toBe(0);
    expect(spans(run)).toHaveLength(3);
    expect(machine.calls.munlock(process, at(1), PAGE)).toBe(0);
    expect(spans(run)).toEqual([[0, 3]]);
  });

  it('max_map_count: areas are had up to one more than it says', () => {
    const run = new Run();
    setSysctl(run.machine.kernel.sysctl, 'max_map_count', 50);
    let page = 0;
    while (typeof run.map(page, 1) === 'number' && run.process.space!.areas.at(at(page)) !== null) page += 2;
    expect(run.process.space!.areas.count).toBe(51);
    run.check();
  });
});

describe('fork', () => {
  it('fork14: more memory than 16 TiB is promised once more or refused, and never counted wrong', () => {
    const run = new Run({ overcommit: 1 });
    const { machine, process } = run;
    const length = 2 ** 44;
    for (let n = 0; n < 3; n++) {
      expect(machine.mmap(process, { length, prot: RW, flags: ANON })).toBeGreaterThan(0);
    }
    const { committedPages } = machine.kernel;
    expect(committedPages).toBeGreaterThan((3 * length) / PAGE - 1);
    const child = forkOf(run);
    expect(machine.kernel.committedPages).toBe(2 * committedPages);
    machine.exit(child);
    setSysctl(machine.kernel.sysctl, 'overcommit_memory', 2);
    expect(answer(machine.fork(process) as number)).toBe('ENOMEM');
    expect(machine.kernel.committedPages).toBe(committedPages);
    run.check();
  });

  it.each([
    ['plain pages', (run: Run) => run.fill(0, 4)],
    [
      'swapped pages',
      (run: Run) => {
        run.fill(0, 4);
        expect(run.advise(0, 4, 'PAGEOUT')).toBe(0);
      },
    ],
    [
      'pages moved by mremap',
      (run: Run) => {
        run.map(40, 4);
        run.fill(40, 4);
        expect(run.mremap(40, 4, 4, TO, 0)).toBe(at(0));
      },
    ],
  ])('cow: %s: what either writes afterwards the other never sees, in a tree of three', (_, prepare) => {
    const run = new Run({ swap: MIB });
    const { machine, process } = run;
    run.map(0, 4);
    prepare(run);
    const child = forkOf(run);
    const grandchild = forkOf(run, child);
    machine.store(child, at(0), 50);
    machine.store(process, at(1), 60);
    machine.store(grandchild, at(2), 70);
    expect(run.read(0, 4)).toEqual([1, 60, 3, 4]);
    expect(run.read(0, 4, child)).toEqual([50, 2, 3, 4]);
    expect(run.read(0, 4, grandchild)).toEqual([1, 2, 70, 4]);
    machine.exit(child);
    expect(run.read(0, 4, grandchild)).toEqual([1, 2, 70, 4]);
    run.check();
  });

  it('cow: zero pages and pages of a private file mapping', () => {
    const run = new Run();
    const { machine, process } = run;
    run.map(0, 2);
    run.mapFile(4, 2, run.open('f', 2 * PAGE), MAP_PRIVATE);
    expect([...run.read(0, 2), ...run.read(4, 2)]).toEqual([0, 0, 1, 2]);
    const child = forkOf(run);
    for (const page of [0, 4]) machine.store(child, at(page), 9);
    for (const page of [1, 5]) machine.store(process, at(page), 8);
    expect([...run.read(0, 2), ...run.read(4, 2)]).toEqual([0, 8, 1, 8]);
    expect([...run.read(0, 2, child), ...run.read(4, 2, child)]).toEqual([9, 0, 9, 2]);
    expect(machine.files.read('f', 0, 1)).toEqual(Uint8Array.of(1));
    run.check();
  });

  it.each([
    ['anonymous', (run: Run) => run.map(0, 1)],
    ['shared anonymous', (run: Run) => run.map(0, 1, SHARED)],
    ['file', (run: Run) => run.mapFile(0, 1, run.open('f', PAGE), MAP_SHARED)],
    ['private file', (run: Run) => run.mapFile(0, 1, run.open('f', PAGE, { canRead: true }), MAP_PRIVATE, PROT_READ)],
  ])('rmap: a page of %s memory, mapped by a tree of five, is found everywhere when it leaves', (kind, map) => {
    const run = new Run({ swap: MIB });
    const { machine, process } = run;
    map(run);
    if (kind !== 'private file') run.fill(0, 1, 42);
    const family = [process];
    for (let depth = 0; depth < 4; depth++) family.push(forkOf(run, family[depth]));
    const expected = kind === 'private file' ? 1 : 42;
    for (const member of family) expect(run.read(0, 1, member)).toEqual([expected]);
    const frame = run.frameAt(0);
    expect(machine.kernel.frames.mapCount[frame]).toBe(5);
    for (const member of family.slice(1)) machine.munmap(member, at(0), PAGE);
    expect(machine.kernel.frames.mapCount[frame]).toBe(1);
    if (kind !== 'anonymous') expect(run.advise(0, 1, 'DONTNEED')).toBe(0);
    expect(run.read(0, 1)).toEqual([expected]);
    run.check();
  });
});
