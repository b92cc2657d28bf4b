/** Memory groups: who pays, what happens at the limit, and that it all holds together through random lives. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;
const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;
const SHARED = MAP_SHARED | MAP_ANONYMOUS;

function boot(config: Partial<MachineConfig> = {}) {
  const machine = new Machine({ paging: 'sv39', memory: 4 << 20, swap: 4 << 20, replacement: 'linux', ...config });
  expect(machine.groups.create('web')).toBe(0);
  const process = machine.spawn({ name: 'p', image: {} });
  expect(machine.groups.move(process, 'web')).toBe(0);
  const map = (pages: number, flags = PRIVATE, by = process) =>
    machine.mmap(by, { length: pages * PAGE, prot: RW, flags });
  const touch = (at: number, pages: number, by = process) => {
    for (let n = 0; n < pages && by.state === 'running'; n++) machine.store(by, at + n * PAGE, n & 0xff);
  };
  const web = machine.groups.find('web')!;
  const usage = () => web.usage;
  return { machine, process, map, touch, web, usage };
}

describe.each(['linux', 'clock', 'fifo'])('a group, under %s', (replacement) => {
  it('pays for pages, page cache and tables that its processes are the first to need', () => {
    const { machine, process, map, touch, usage } = boot({ replacement });
    const a = map(8);
    machine.load(process, a, 1);
    // Two tables on the way down; the zero page is nobody's.
    expect(usage()).toBe(2);
    touch(a, 8);
    expect(usage()).toBe(10);
    machine.files.create('data', 'disk');
    machine.files.write('data', 0, new Uint8Array(4 * PAGE));
    expect(usage()).toBe(10);
    machine.files.sync('data');
    machine.files.dropCache('data');
    const fd = machine.calls.open(process, 'data', { canRead: true });
    machine.calls.pread(process, fd, a, PAGE, 0);
    expect(usage()).toBe(14);
    machine.exit(process);
    expect(usage()).toBe(4);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('at its limit gives up its own pages, not those of others', () => {
    const { machine, map, touch, web } = boot({ replacement });
    const other = machine.spawn({ name: 'other', image: {} });
    const theirs = map(16, PRIVATE, other);
    touch(theirs, 16, other);
    expect(machine.groups.setLimit('web', 40 * PAGE)).toBe(0);
    const a = map(64);
    touch(a, 64);
    expect(web.usage).toBeLessThanOrEqual(40);
    expect(web.failcnt).toBeGreaterThan(0);
    expect(web.swapUsage).toBeGreaterThanOrEqual(26);
    expect(other.space!.residentAnon).toBe(16);
    expect(machine.load(other, theirs, 1).major).toBe(0);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('that may not swap loses a process instead, in the middle of an access', () => {
    const { machine, process, map, touch, web } = boot({ replacement });
    const bystander = machine.spawn({ name: 'bystander', image: {} });
    const theirs = map(100, PRIVATE, bystander);
    touch(theirs, 100, bystander);
    machine.groups.setSwappiness('web', 0);
    machine.groups.setLimit('web', 20 * PAGE);
    const child = machine.fork(process) as Process;
    const a = map(64, PRIVATE, child);
    touch(a, 64, child);
    expect([child.signal, process.state, bystander.state]).toEqual(['SIGKILL', 'running', 'running']);
    expect([web.oomKills, web.swapUsage]).toEqual([1, 0]);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('keeps paying for what was charged to it when its process moves on', () => {
    const { machine, process, map, touch, web } = boot({ replacement });
    machine.groups.create('db');
    const a = map(8);
    touch(a, 4);
    const before = web.usage;
    machine.groups.move(process, 'db');
    touch(a + 4 * PAGE, 4);
    expect([web.usage, machine.groups.find('db')!.usage]).toEqual([before, 4]);
    // Also what comes back from swap is paid for by who had paid before.
    machine.groups.reclaim('web');
    expect([web.usage, web.swapUsage]).toEqual([2, 4]);
    touch(a, 4);
    expect([web.usage, machine.groups.find('db')!.usage]).toEqual([6, 4]);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('is inherited by fork, and a copy is charged to who writes it', () => {
    const { machine, process, map, touch, web } = boot({ replacement });
    const a = map(4);
    touch(a, 4);
    const child = machine.fork(process) as Process;
    expect(child.group).toBe(web.index);
    const before = web.usage;
    machine.groups.create('db');
    machine.groups.move(child, 'db');
    touch(a, 1, child);
    expect([web.usage, machine.groups.find('db')!.usage]).toEqual([before, 1]);
  });

  it('refuses a limit that its pages do not fit into', () => {
    const { machine, process, map, touch, web } = boot({ replacement });
    const a = map(16);
    touch(a, 16);
    machine.calls.mlock(process, a, 16 * PAGE);
    expect(machine.groups.setLimit('web', 8 * PAGE)).toBe(-16);
    expect(web.limit).toBe(Number.POSITIVE_INFINITY);
    machine.calls.munlock(process, a, 16 * PAGE);
    expect(machine.groups.setLimit('web', 8 * PAGE)).toBe(0);
    expect(web.usage).toBeLessThanOrEqual(8);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('force_empty evicts all but what is locked', () => {
    const { machine, process, map, touch, web } = boot({ replacement });
    const a = map(16);
    touch(a, 16);
    const shared = map(4, SHARED);
    touch(shared, 4);
    machine.calls.mlock(process, a, 2 * PAGE);
    machine.groups.reclaim('web');
    const { residentAnon, residentShared, swapEntries } = process.space!;
    expect([residentAnon, residentShared, swapEntries, web.swapUsage]).toEqual([2, 0, 14, 18]);
    expect(machine.load(process, a + 5 * PAGE, 1).bytes).toEqual(Uint8Array.of(5));
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('comes back with a snapshot', () => {
    const { machine, map, touch } = boot({ replacement });
    machine.groups.setLimit('web', 30 * PAGE);
    const a = map(64);
    touch(a, 40);
    const saved = machine.snapshot();
    const told = () => JSON.stringify([machine.view(), machine.groups.find('web'), machine.kernel.lru?.totalsOf(1)]);
    const before = told();
    const go = () => {
      const process = machine.process('p')!;
      touch(a, 64, process);
      machine.groups.reclaim('web');
      touch(a, 10, process);
      return told();
    };
    const after = go();
    machine.restore(saved);
    expect(told()).toBe(before);
    expect(go()).toBe(after);
    expect(machine.checkInvariants()).toEqual([]);
  });
});

test('superpages have to fit into the limit, too', () => {
  const block = 2 << 20;
  const { machine, process, touch, web } = boot({ memory: 16 << 20, transparentSuperpages: true });
  const a = machine.mmap(process, { address: 1 << 30, length: 2 * block, prot: RW, flags: PRIVATE });
  expect(a % block).toBe(0);
  touch(a, 1);
  expect(web.usage).toBeGreaterThan(512);
  machine.groups.setLimit('web', 600 * PAGE);
  touch(a + block, 4);
  expect(process.space!.residentAnon).toBe(516);
  expect(machine.checkInvariants()).toEqual([]);
});

test('pages in use get several rounds before somebody is killed', () => {
  const { machine, process, map, touch, web } = boot();
  machine.groups.setLimit('web', 12 * PAGE);
  const a = map(24);
  for (let round = 0; round < 4; round++) touch(a, 24);
  expect([process.state, web.oomKills]).toEqual(['running', 0]);
  expect(web.usage).toBeLessThanOrEqual(12);
});

test.for([
  ['a name that is taken', (machine: Machine) => machine.groups.create('web'), -17],
  ['a name with a slash', (machine: Machine) => machine.groups.create('a/b'), -22],
  ['no name', (machine: Machine) => machine.groups.create(''), -22],
  ['a limit for nobody', (machine: Machine) => machine.groups.setLimit('nobody', 0), -2],
  ['a limit for the root', (machine: Machine) => machine.groups.setLimit('/', PAGE), -22],
  ['swappiness beyond 200', (machine: Machine) => machine.groups.setSwappiness('web', 201), -22],
  ['emptying the root', (machine: Machine) => machine.groups.reclaim('/'), -22],
] as const)('%s is refused', ([, action, errno]) => {
  expect(action(boot().machine)).toBe(errno);
});

test('there are 256 groups at most, the root included', () => {
  const { machine } = boot();
  for (let n = 2; n < 256; n++) expect(machine.groups.create(`g${n}`)).toBe(0);
  expect(machine.groups.create('one more')).toBe(-28);
});

const verbs = fc.constantFrom(
  'touch',
  'read',
  'fork',
  'move',
  'limit',
  'empty',
  'lock',
  'unlock',
  'free',
  'file',
  'exit',
);
const lives = fc.array(fc.tuple(verbs, fc.nat({ max: 5 }), fc.nat({ max: 60 }), fc.nat({ max: 30 })), {
  maxLength: 60,
});

test.for(['linux', 'clock'])('usage and lists hold together through any life: %s', (replacement) => {
  fc.assert(
    fc.property(lives, (steps) => {
      const { machine, process: first, map } = boot({ replacement, memory: 1 << 20, swap: 1 << 19 });
      machine.groups.create('db');
      machine.files.create('data', 'disk');
      machine.files.write('data', 0, new Uint8Array(24 * PAGE));
      const fd = machine.calls.open(first, 'data', { canRead: true, canWrite: true });
      const a = map(64);
      const s = map(32, SHARED);
      const f = machine.mmap(first, { length: 24 * PAGE, prot: RW, flags: MAP_SHARED, fd });
      const names = ['/', 'web', 'db'];
      for (const [verb, who, where, count] of steps) {
        const alive = [...machine.kernel.processes.values()].filter(({ state }) => state === 'running');
        if (alive.length === 0) break;
        const process = alive[who % alive.length]!;
        const at = (where % 3 === 0 ? s : a) + (where % 32) * PAGE;
        const name = names[where % 3]!;
        const each = (action: (address: number) => void) => {
          for (let n = 0; n < Math.min(count, 32) && process.state === 'running'; n++) action(at + (n % 32) * PAGE);
        };
        if (verb === 'touch') each((address) => machine.store(process, address, 1));
        else if (verb === 'read') each((address) => machine.load(process, address, 1));
        else if (verb === 'fork' && alive.length < 5) machine.fork(process);
        else if (verb === 'move') machine.groups.move(process, name);
        else if (verb === 'limit') machine.groups.setLimit(name, (10 + count) * PAGE);
        else if (verb === 'empty') machine.groups.reclaim(name);
        else if (verb === 'lock') machine.calls.mlock(process, at, (count % 8) * PAGE);
        else if (verb === 'unlock') machine.calls.munlock(process, at, count * PAGE);
        else if (verb === 'free') machine.calls.madvise(process, a, 64 * PAGE, count % 2 === 0 ? 'FREE' : 'COLD');
        else if (verb === 'file') machine.store(process, f + (where % 24) * PAGE, 1);
        else if (verb === 'exit' && alive.length > 1) machine.exit(process);
        expect(machine.checkInvariants()).toEqual([]);
      }
    }),
    { numRuns: 40 },
  );
});
