/**
 * The last page of a file, and holes: what a real Linux 6.18.44 answered when it was asked (ext4 and tmpfs), where
 * neither the recordings nor a model of plain bytes decide.
 */
import { describe, expect, it } from 'vitest';
import { MAP_PRIVATE, MAP_SHARED, MS_SYNC, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const TYPES = ['tmpfs', 'disk'] as const;
type Type = (typeof TYPES)[number];
const X = 88;
const Y = 89;

interface Setting {
  readonly machine: Machine;
  readonly process: Process;
  readonly fd: number;
  /** Four pages of it, shared and writable. */
  readonly at: number;
}

/** A file of these contents, mapped; a page at a time was written, so no two belong together. */
function mapped(type: Type, contents: Uint8Array): Setting {
  const machine = new Machine({ paging: 'x86_64', memory: 1 << 20, swap: 1 << 20 });
  const process = machine.spawn({ signals: 'survive' });
  machine.files.create('data', type);
  for (let done = 0; done < contents.length; done += PAGE) {
    machine.files.write('data', done, contents.subarray(done, done + PAGE));
  }
  const fd = machine.calls.open(process, 'data', { canRead: true, canWrite: true });
  const at = machine.mmap(process, { length: 4 * PAGE, prot: RW, flags: MAP_SHARED, fd });
  return { machine, process, fd, at };
}

const HELLO = new Uint8Array(Buffer.from('hello'));

/** `hello`, with stores at 10 and 100 behind its end. */
function withTail(type: Type): Setting {
  const setting = mapped(type, HELLO);
  const { machine, process, at } = setting;
  machine.store(process, at + 10, X);
  machine.store(process, at + 100, Y);
  return setting;
}

const tailOf = ({ machine, process, at }: Setting): number[] => [
  ...machine.load(process, at + 10, 1).bytes!,
  ...machine.load(process, at + 100, 1).bytes!,
];

describe('bytes stored behind the end of a file', () => {
  it.each<[string, (setting: Setting) => unknown, Record<Type, number[]>]>([
    ['stay for a while', () => 0, { tmpfs: [X, Y], disk: [X, Y] }],
    ['fsync', ({ machine }) => machine.files.sync('data'), { tmpfs: [X, Y], disk: [0, 0] }],
    [
      'msync',
      ({ machine, process, at }) => machine.calls.msync(process, at, PAGE, MS_SYNC),
      { tmpfs: [X, Y], disk: [0, 0] },
    ],
    ['growing by ftruncate', ({ machine }) => machine.files.truncate('data', PAGE), { tmpfs: [X, Y], disk: [0, 0] }],
    ['shrinking by ftruncate', ({ machine }) => machine.files.truncate('data', 3), { tmpfs: [0, 0], disk: [0, 0] }],
    ['ftruncate to the same size', ({ machine }) => machine.files.truncate('data', 5), { tmpfs: [0, 0], disk: [0, 0] }],
    [
      'a write further behind, in the page',
      ({ machine }) => machine.files.write('data', 50, HELLO),
      { tmpfs: [X, Y], disk: [0, Y] },
    ],
    [
      'a write to another page',
      ({ machine }) => machine.files.write('data', PAGE + 1, HELLO),
      { tmpfs: [X, Y], disk: [0, 0] },
    ],
    ['a hole at the beginning', ({ machine }) => machine.files.punch('data', 0, 2), { tmpfs: [X, Y], disk: [X, Y] }],
    ['a hole up to the end', ({ machine }) => machine.files.punch('data', 0, 5), { tmpfs: [X, Y], disk: [X, Y] }],
    ['a hole just beyond it', ({ machine }) => machine.files.punch('data', 0, 6), { tmpfs: [X, Y], disk: [0, 0] }],
    ['a hole behind the end', ({ machine }) => machine.files.punch('data', 8, 8), { tmpfs: [0, Y], disk: [X, Y] }],
    [
      'a hole from the middle on',
      ({ machine }) => machine.files.punch('data', 4, 5000),
      { tmpfs: [0, 0], disk: [0, 0] },
    ],
  ])('%s', (_, change, expected) => {
    for (const type of TYPES) {
      const setting = withTail(type);
      expect(change(setting), type).toBeGreaterThanOrEqual(0);
      expect(tailOf(setting), type).toEqual(expected[type]);
      expect(setting.machine.checkInvariants()).toEqual([]);
    }
  });

  it('a private copy keeps its own, but for what ftruncate takes away', () => {
    for (const type of TYPES) {
      const setting = withTail(type);
      const { machine, process, fd } = setting;
      const copy = machine.mmap(process, { length: PAGE, prot: RW, flags: MAP_PRIVATE, fd });
      machine.store(process, copy, 1);
      machine.files.sync('data');
      expect(tailOf({ ...setting, at: copy })).toEqual([X, Y]);
      machine.files.truncate('data', 3);
      expect(tailOf({ ...setting, at: copy })).toEqual([X, Y]);
      machine.files.truncate('data', 0);
      expect(machine.load(process, copy, 1).signal).toMatchObject({ signal: 'SIGBUS' });
    }
  });
});

describe('faults after a hole', () => {
  const PAGES = Array.from({ length: 3 }, (_, page) => page);

  /** Which of three dirty mapped pages fault when they are read again, and what kind of fault it is. */
  function faults(type: Type, offset: number, length: number): string {
    const { machine, process, at } = mapped(type, new Uint8Array(3 * PAGE).fill(7));
    for (const page of PAGES) machine.store(process, at + page * PAGE, X);
    expect(machine.files.punch('data', offset, length)).toBe(0);
    const kinds = PAGES.map((page) => {
      const { minor, major } = machine.load(process, at + page * PAGE + 51, 1);
      return major > 0 ? 'M' : minor > 0 ? 'm' : '.';
    });
    expect(machine.checkInvariants()).toEqual([]);
    return kinds.join('');
  }

  it.each([
    // What ends within the first page unmaps all that follows its beginning.
    [0, 2, 'm..', 'm..'],
    [8, 8, '.m.', '.m.'],
    // Parts of later pages unmap nothing.
    [PAGE, 10, '...', '...'],
    [PAGE + 4, 10, '...', '...'],
    [4000, 200, '...', '...'],
    // Whole pages.
    [PAGE, PAGE, '.m.', '.M.'],
    [4000, 5000, '.m.', '.M.'],
    [2 * PAGE, 10 * PAGE, '..m', '..M'],
    [2 * PAGE + 8, 8, '...', '...'],
  ])('punched at %i for %i: tmpfs %s, disk %s', (offset, length, tmpfs, disk) => {
    expect([faults('tmpfs', offset, length), faults('disk', offset, length)]).toEqual([tmpfs, disk]);
  });

  it('a dirty page that a hole only touches stays writable, and dirty', () => {
    const { machine, process, at } = mapped('disk', new Uint8Array(3 * PAGE).fill(7));
    machine.store(process, at + 2 * PAGE, X);
    machine.files.punch('data', 2 * PAGE + 8, 8);
    expect(machine.store(process, at + 2 * PAGE, Y)).toMatchObject({ ok: true, minor: 0, major: 0 });
    machine.munmap(process, at, 4 * PAGE);
    machine.files.dropCache('data');
    const bytes = machine.files.read('data', 2 * PAGE, 17) as Uint8Array;
    expect([...bytes]).toEqual([Y, 7, 7, 7, 7, 7, 7, 7, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
  });
});

it.each([1, 2])('a write behind the end has its page to itself, with room for %i', (residentPages) => {
  const machine = new Machine({ paging: 'x86_64', memory: 1 << 20, swap: 0, residentPages });
  machine.files.create('data', 'disk');
  machine.files.write('data', 0, HELLO);
  machine.files.dropCache('data');
  // The page with the old end is wanted while the new one is being written.
  expect(machine.files.write('data', PAGE + 3, HELLO)).toBe(HELLO.length);
  machine.files.dropCache('data');
  expect(machine.files.read('data', PAGE + 2, 10)).toEqual(Uint8Array.of(0, ...HELLO));
  expect(machine.files.read('data', 4, 3)).toEqual(Uint8Array.of(HELLO[4]!, 0, 0));
  expect(machine.checkInvariants()).toEqual([]);
});
