/** The machine's own files against those of a real Linux 6.18 (test/fixtures/proc): keys, order, columns. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_HUGETLB, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../../src/kernel/linux-abi.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { vmValues } from '../../../src/machine/proc/vmstat.ts';
import { parseSmaps, parseTable } from './parse.ts';

const PAGE = 4096;
const MIB = 1024 * 1024;
const real = (name: string): string =>
  readFileSync(new URL(`../../fixtures/proc/${name}.txt`, import.meta.url), 'utf8');
/** Numbers and the blanks before them are the machine's own; the width they take together is the format's. */
const shape = (text: string): string => text.replaceAll(/ *\d+(?= kB$| ?$)/gm, (value) => `<${value.length}>`);

const machine = new Machine({ paging: 'x86_64', memory: 16 * MIB, swap: 4 * MIB, cpus: 2 });
const process = machine.spawn({ name: 'shell' });

it('meminfo has the same lines in the same columns', () => {
  // Beyond eight digits a number pushes the rest to the right.
  const lines = (text: string) => shape(text).replace(/^VmallocTotal.*$/m, 'VmallocTotal');
  expect(lines(machine.proc.read('/proc/meminfo'))).toBe(lines(real('meminfo')));
});

it('vmstat has the same names in the same order', () => {
  const names = (text: string) => text.split('\n').map((line) => line.replace(/ \d+$/, ''));
  expect(names(machine.proc.read('vmstat'))).toEqual(names(real('vmstat')));
  for (const name of Object.keys(vmValues(machine.kernel))) expect(names(real('vmstat'))).toContain(name);
});

it('zoneinfo has the same zones with the same lines', () => {
  const zones = (text: string) =>
    text
      .split(/^(?=Node)/m)
      .map((zone) => zone.replaceAll(/\d+/g, '0'))
      .map((zone) => zone.split('\n'));
  const ours = zones(machine.proc.read('zoneinfo'));
  const theirs = zones(real('zoneinfo'));
  expect(ours.map(([header]) => header)).toEqual(theirs.map(([header]) => header));
  // Theirs has its node's figures in the first zone with memory, ours too: that is the third.
  const [first, , normal, movable] = theirs;
  expect(ours[2]!.slice(1)).toEqual(first!.slice(1));
  expect(ours[2]!.filter((line) => !first!.includes(line))).toEqual(normal!.slice(0, 1));
  expect(ours[3]).toEqual(movable);
});

it('buddyinfo has the same columns, and eleven orders', () => {
  const ours = machine.proc.read('buddyinfo').replaceAll(/ *\d+ /g, (value) => `<${value.length}>`);
  const normal = real('buddyinfo').split('\n')[2]!;
  expect(ours).toBe(`${normal.replaceAll(/ *\d+ /g, (value) => `<${value.length}>`)}\n`);
});

describe('swaps', () => {
  it('has the header alone without swap', () => {
    expect(new Machine({}).proc.read('swaps')).toBe(real('swaps'));
  });

  // [mm/swapfile.c:swap_show]
  it('has tabs that line up with the header', () => {
    const device = '/dev/swap                               partition\t4096\t\t0\t\t-2\n';
    expect(machine.proc.read('swaps')).toBe(`${real('swaps')}${device}`);
  });
});

it('meminfo and vmstat tell what zswap holds', () => {
  const zswap = new Machine({ paging: 'x86_64', memory: MIB, swap: MIB, swapKind: 'zswap' });
  const user = zswap.spawn({ name: 'user' });
  const prot = PROT_READ | PROT_WRITE;
  const at = zswap.mmap(user, { length: 4 * PAGE, prot, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  // Three pages with contents, and one of zeros, which needs no room.
  for (let page = 0; page < 4; page++) zswap.store(user, at + page * PAGE, page, 1);
  zswap.calls.madvise(user, at, 4 * PAGE, 'PAGEOUT');
  const meminfo = parseTable(zswap.proc.read('meminfo'));
  expect([meminfo.get('SwapTotal')! - meminfo.get('SwapFree')!, meminfo.get('Zswapped')]).toEqual([16, 12]);
  const vmstat = parseTable(zswap.proc.read('vmstat'));
  expect(['zswpout', 'swpout_zero', 'pswpout'].map((name) => vmstat.get(name))).toEqual([3, 1, 0]);
  expect(parseTable(zswap.proc.status(user)).get('VmSwap')).toBe(16);
});

describe('superpages', () => {
  const RW = PROT_READ | PROT_WRITE;

  it('of MAP_HUGETLB are counted beside Rss', () => {
    const huge = new Machine({ paging: 'x86_64', memory: 16 * MIB });
    const user = huge.spawn({ name: 'user' });
    const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
    const at = huge.mmap(user, { length: 4 * MIB, prot: RW, flags });
    huge.store(user, at, 1, 1);
    const entry = parseSmaps(huge.proc.smaps(user)).find(({ start }) => start === at)!;
    // As Linux 6.18 answered for such a mapping.
    expect(entry.name).toBe('/anon_hugepage (deleted)');
    expect(entry.flags).toEqual(['rd', 'wr', 'mr', 'mw', 'me', 'de', 'ht']);
    expect(Object.fromEntries(entry.fields)).toMatchObject({
      Size: 4096,
      KernelPageSize: 2048,
      MMUPageSize: 2048,
      Rss: 0,
      Private_Hugetlb: 2048,
    });
    expect(parseTable(huge.proc.status(user)).get('HugetlbPages')).toBe(2048);
    const meminfo = parseTable(huge.proc.read('meminfo'));
    expect([meminfo.get('HugePages_Total'), meminfo.get('Hugetlb')]).toEqual([1, 2048]);
    const [first, second] = huge.proc.pagemap(user, at, 2 * PAGE);
    expect(second! - first!).toBe(1n);
    expect(huge.proc.pagemap(user, at + 2 * MIB, PAGE)[0]).toBe(0n);
  });

  it('of plain memory are part of it', () => {
    const huge = new Machine({ paging: 'x86_64', memory: 16 * MIB, transparentSuperpages: true });
    const user = huge.spawn({ name: 'user' });
    const at = huge.mmap(user, { length: 6 * MIB, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    const block = Math.ceil(at / (2 * MIB)) * 2 * MIB;
    huge.store(user, block, 1, 1);
    const entry = parseSmaps(huge.proc.smaps(user)).find(({ start }) => start === at)!;
    expect(Object.fromEntries(entry.fields)).toMatchObject({
      Rss: 2048,
      Pss: 2048,
      Private_Dirty: 2048,
      Anonymous: 2048,
      AnonHugePages: 2048,
      THPeligible: 1,
    });
    expect(parseTable(huge.proc.read('meminfo')).get('AnonHugePages')).toBe(2048);
    // Where nobody wants them, there are none.
    expect(huge.calls.madvise(user, block + 2 * MIB, 2 * MIB, 'NOHUGEPAGE')).toBe(0);
    huge.store(user, block + 2 * MIB, 1, 1);
    const plain = parseSmaps(huge.proc.smaps(user)).find(({ start }) => start === block + 2 * MIB)!;
    expect(Object.fromEntries(plain.fields)).toMatchObject({ Rss: 4, AnonHugePages: 0, THPeligible: 0 });
    expect(parseTable(huge.proc.read('vmstat')).get('nr_anon_transparent_hugepages')).toBe(1);
  });
});

describe('maps', () => {
  it('names the heap, the stack, programs and libraries', () => {
    const python = new Machine({ paging: 'x86_64', memory: 16 * MIB });
    const user = python.spawn({ name: 'user', python: '3.11' });
    python.call(user, 'malloc', [100]);
    python.call(user, 'PyMem_RawMalloc', [100]);
    const names = parseSmaps(python.proc.smaps(user)).map(({ name }) => name);
    for (const name of ['/bin/user', '[heap]', '[stack]', '/usr/lib/libc.so.6', '']) expect(names).toContain(name);
    const inodes = [...python.proc.maps(user).matchAll(/ (\d+) +\/bin\/user$/gm)].map(([, inode]) => inode);
    expect(inodes.length).toBeGreaterThan(1);
    expect(new Set(inodes).size).toBe(1);
  });

  it('has no heap while the break is where it began', () => {
    expect(machine.proc.maps(process)).not.toContain('[heap]');
    const before = machine.sbrk(process, PAGE);
    const line = `${before.toString(16).padStart(8, '0')}-${(before + PAGE).toString(16).padStart(8, '0')} rw-p`;
    expect(machine.proc.maps(process)).toContain(line);
    expect(machine.proc.maps(process)).toContain('[heap]');
  });

  it('escapes line ends in names, and says which files are gone', () => {
    const files = new Machine({ paging: 'x86_64', memory: MIB });
    const user = files.spawn();
    files.files.create('odd\nname', 'disk');
    files.files.truncate('odd\nname', PAGE);
    const fd = files.calls.open(user, 'odd\nname', { canRead: true });
    files.mmap(user, { length: PAGE, prot: PROT_READ, flags: MAP_PRIVATE, fd });
    expect(files.proc.maps(user)).toContain(' /odd\\012name\n');
    files.files.unlink('odd\nname');
    expect(files.proc.maps(user)).toContain(' /odd\\012name (deleted)\n');
  });
});

describe('what cannot be read', () => {
  it.for([
    ['/proc/memino', 'MEM-API-023', 'did you mean `meminfo`?'],
    ['1/mpas', 'MEM-API-023', 'did you mean `maps`?'],
    ['/proc/99/maps', 'MEM-API-023', 'machine.proc.list()'],
    ['maps', 'MEM-API-023', ''],
    ['/proc/1/pagemap', 'MEM-API-024', 'machine.proc.pagemap'],
  ] as const)('%s: %s', ([path, code, hint]) => {
    expect(() => machine.proc.read(path)).toThrow(
      expect.objectContaining({ code, hint: expect.stringContaining(hint) }),
    );
  });

  it('a range that is none', () => {
    for (const [address, length] of [
      [-1, PAGE],
      [0, 2 ** 50],
      [0.5, PAGE],
    ] as const) {
      expect(() => machine.proc.pagemap(process, address, length)).toThrow(
        expect.objectContaining({ code: 'MEM-API-025' }),
      );
    }
  });

  it('a process that was waited for', () => {
    const child = machine.fork(process);
    if (typeof child === 'number') throw new Error('no child');
    machine.exit(child);
    expect(machine.proc.maps(child)).toBe('');
    machine.wait(process);
    expect(() => machine.proc.maps(child)).toThrow(expect.objectContaining({ code: 'MEM-API-011' }));
  });
});

it('oom_score is two thirds of a thousand, and more for who has much', () => {
  const small = new Machine({ paging: 'x86_64', memory: 16 * MIB });
  const user = small.spawn({ name: 'user' });
  // Linux shows 666 for an idle process.
  expect(small.proc.oomScore(user)).toBe('666\n');
  const at = small.mmap(user, { length: 4 * MIB, prot: PROT_READ | PROT_WRITE, flags: MAP_PRIVATE | MAP_ANONYMOUS });
  for (let page = 0; page < 1024; page++) small.store(user, at + page * PAGE, 1, 1);
  expect(Number(small.proc.oomScore(user))).toBe(Math.trunc(((1000 + 250) * 2) / 3));
  user.oomScoreAdj = -1000;
  expect(small.proc.oomScore(user)).toBe('0\n');
});
