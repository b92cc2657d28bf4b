/** Allocation by the watermarks under the `linux` policy (mm/page_alloc.c, mm/vmscan.c). */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  MAP_ANONYMOUS,
  MAP_POPULATE,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../../src/kernel/linux-abi.ts';
import { vmEvents } from '../../../src/kernel/pressure/vmstat.ts';
import { setSysctl } from '../../../src/kernel/sysctl.ts';
import type { MachineConfig } from '../../../src/machine/config.ts';
import type { MachineEvent } from '../../../src/machine/events.ts';
import { Machine } from '../../../src/machine/machine.ts';

const PAGE = 4096;
const RW = PROT_READ | PROT_WRITE;

function boot(config: Partial<MachineConfig> = {}) {
  const machine = new Machine({
    paging: 'x86_64',
    memory: 2 << 20,
    swap: 4 << 20,
    swapKind: 'zswap',
    overcommit: 1,
    replacement: 'linux',
    ...config,
  });
  const process = machine.spawn({ name: 'p', image: { stack: PAGE } });
  const { kernel } = machine;
  const map = (pages: number, flags = MAP_PRIVATE) =>
    machine.mmap(process, { length: pages * PAGE, prot: RW, flags: flags | MAP_ANONYMOUS });
  const events: MachineEvent[] = [];
  const of = <Type extends MachineEvent['type']>(type: Type) =>
    events.filter((event): event is Extract<MachineEvent, { type: Type }> => event.type === type);
  machine.on((event) => events.push(event));
  return { machine, process, kernel, map, of };
}

describe('one page after another', () => {
  it('at low kswapd is woken and makes more than high free; the process never stalls', () => {
    const { machine, process, kernel, map, of } = boot();
    const { min, low, high } = kernel.zone.watermarks;
    expect([min, low, high]).toEqual([45, 56, 67]);
    const start = map(700);
    const store = (page: number) => expect(machine.store(process, start + page * PAGE, page & 255).ok).toBe(true);
    let page = 0;
    for (; of('KswapdWoke').length === 0; page++) {
      expect(kernel.vmstat.pgscan_kswapd).toBe(0);
      store(page);
    }
    // The page was taken all the same.
    expect(of('KswapdWoke')).toEqual([{ type: 'KswapdWoke', free: low, low, high }]);
    expect(of('KswapdSlept')).toMatchObject([{ from: low - 1, high }]);
    // Every page had been used since it came in: the first try only took that note.
    expect(kernel.vmstat.kswapd_high_wmark_hit_quickly).toBe(1);
    expect(kernel.buddy.free).toBeGreaterThan(high);
    for (; page < 700; page++) {
      store(page);
      expect(kernel.buddy.free).toBeGreaterThanOrEqual(low);
    }
    expect(machine.checkInvariants()).toEqual([]);
    const { vmstat } = kernel;
    expect(vmstat).toMatchObject({ allocstall_normal: 0, pgscan_direct: 0, pgsteal_direct: 0 });
    expect(of('KswapdWoke').length).toBe(of('KswapdSlept').length);
    expect(vmstat.pageoutrun).toBe(of('KswapdWoke').length + vmstat.kswapd_high_wmark_hit_quickly);
    expect(vmstat.pgsteal_kswapd).toBe(of('KswapdSlept').reduce((sum, { reclaimed }) => sum + reclaimed, 0));
    expect(vmstat.pgscan_kswapd).toBeGreaterThanOrEqual(vmstat.pgsteal_kswapd);
    // Of the pages that left two were of zeros.
    expect(vmEvents(kernel)).toMatchObject({
      oom_kill: 0,
      zswpout: vmstat.pgsteal_kswapd - 2,
      swpout_zero: 2,
      pswpout: 0,
      nr_vmscan_write: vmstat.pgsteal_kswapd,
    });
    for (let at = 0; at < 700; at += 97) expect(machine.load(process, start + at * PAGE, 1).bytes![0]).toBe(at & 255);
  });

  it('woken again by the very next page counts as a low watermark hit quickly', () => {
    const { kernel, machine, process, map } = boot();
    const start = map(600);
    for (let page = 0; page < 600; page++) machine.store(process, start + page * PAGE, 1);
    expect(kernel.vmstat.pageoutrun).toBeGreaterThan(2);
    expect(kernel.vmstat.kswapd_low_wmark_hit_quickly).toBe(0);
    // All marks are one: whoever takes the page above it finds it reached.
    setSysctl(kernel.sysctl, 'min_free_kbytes', 0);
    setSysctl(kernel.sysctl, 'watermark_scale_factor', 1);
    for (let page = 0; page < 600; page++) machine.store(process, start + page * PAGE, 1);
    expect(kernel.vmstat.kswapd_low_wmark_hit_quickly).toBeGreaterThan(0);
  });
});

describe('pages paged out to a disk at the program’s wish', () => {
  it('stay in the swap cache, and are the first to leave', () => {
    const { machine, process, kernel, map } = boot({ swapKind: 'disk' });
    const start = map(600);
    const store = (page: number) => machine.store(process, start + page * PAGE, 1);
    for (let page = 0; page < 300; page++) store(page);
    machine.calls.madvise(process, start + 200 * PAGE, 10 * PAGE, 'PAGEOUT');
    expect(kernel.vmstat.pgrotated).toBe(10);
    expect(kernel.swapCacheFrames).toBe(10);
    const written = machine.counters().swapWrites;
    for (let page = 300; kernel.swapCacheFrames === 10; page++) store(page);
    // What had been written already is freed without writing it again, before anything else is.
    expect(kernel.swapCacheFrames).toBe(0);
    expect(machine.counters().cleanEvictions).toBe(10);
    expect(machine.counters().swapWrites - written).toBe(kernel.vmstat.pgsteal_kswapd - 10);
    expect(machine.load(process, start + 200 * PAGE, 1)).toMatchObject({ major: 1 });
    expect(machine.checkInvariants()).toEqual([]);
  });
});

describe('many pages at once', () => {
  it('one system call outruns kswapd: below min it reclaims itself, 32 pages and more at a time', () => {
    const { kernel, map, of } = boot();
    const { min, high } = kernel.zone.watermarks;
    expect(map(700, MAP_PRIVATE | MAP_POPULATE)).toBeGreaterThan(0);
    expect(of('KswapdWoke')).toHaveLength(1);
    const stalls = of('DirectReclaim');
    expect(stalls.length).toBeGreaterThan(3);
    for (const stall of stalls) expect(stall).toMatchObject({ pid: 1, free: min, min });
    for (const { reclaimed, scanned } of stalls) {
      expect(reclaimed).toBeGreaterThanOrEqual(32);
      expect(scanned).toBeGreaterThanOrEqual(reclaimed);
    }
    expect(kernel.vmstat.allocstall_normal).toBe(stalls.length);
    expect(kernel.vmstat.pgsteal_direct).toBe(stalls.reduce((sum, { reclaimed }) => sum + reclaimed, 0));
    // When the call was done kswapd ran.
    expect(kernel.buddy.free).toBeGreaterThan(high);
  });
});

describe('nothing to reclaim', () => {
  it('without swap memory is used down to min, then somebody is killed', () => {
    const { machine, process, kernel, map, of } = boot({ swap: 0 });
    const start = map(700);
    let least = kernel.buddy.free;
    for (let page = 0; process.state === 'running'; page++) {
      least = Math.min(least, kernel.buddy.free);
      machine.store(process, start + page * PAGE, 1);
    }
    expect(process.signal).toBe('SIGKILL');
    expect(least).toBe(kernel.zone.watermarks.min);
    expect(of('OomKill')).toHaveLength(1);
    expect(vmEvents(kernel).oom_kill).toBe(1);
    // Anonymous pages are not even looked at.
    expect(kernel.vmstat.pgscan_kswapd + kernel.vmstat.pgscan_direct).toBe(0);
    expect(kernel.kswapd!.isHopeless).toBe(true);
    expect(machine.kernelLog.some((line) => line.includes('all_unreclaimable? yes'))).toBe(true);
  });

  it('with swap full as well', () => {
    const { machine, process, kernel, map, of } = boot({ swap: 64 * PAGE });
    const start = map(900);
    let pages = 0;
    for (; process.state === 'running'; pages++) machine.store(process, start + pages * PAGE, 1);
    expect(of('OomKill')).toHaveLength(1);
    expect(machine.checkInvariants()).toEqual([]);
    expect(kernel.buddy.free).toBeGreaterThan(400);
  });
});

describe('with any other policy', () => {
  it.each(['fifo', 'clock', 'lru', 'random'])('%s uses memory to the last frame; there is no kswapd', (replacement) => {
    const { machine, process, kernel, map, of } = boot({ replacement });
    const start = map(600);
    for (let page = 0; page < 600; page++) machine.store(process, start + page * PAGE, 1);
    expect(kernel.buddy.free).toBe(0);
    expect(kernel.kswapd).toBeNull();
    expect([...of('KswapdWoke'), ...of('KswapdSlept'), ...of('DirectReclaim')]).toEqual([]);
    expect(kernel.sysctl['page-cluster']).toBe(0);
  });
});

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant('store' as const), who: fc.nat(3), page: fc.nat(239) }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('load' as const), who: fc.nat(3), page: fc.nat(239) }) },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('fill' as const), who: fc.nat(3), page: fc.nat(200), count: fc.nat(39) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('map' as const),
      who: fc.nat(3),
      pages: fc.integer({ min: 1, max: 120 }),
      shared: fc.boolean(),
      populate: fc.boolean(),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom(
        'PAGEOUT' as const,
        'WILLNEED' as const,
        'DONTNEED' as const,
        'FREE' as const,
        'COLD' as const,
      ),
      who: fc.nat(3),
      page: fc.nat(200),
      count: fc.nat(39),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), who: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), who: fc.nat(3) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

describe('what the watermarks promise', () => {
  const configs: Partial<MachineConfig>[] = [
    { swap: 1 << 20, swapKind: 'zswap' },
    { swap: 1 << 20, swapKind: 'disk' },
    { swap: 128 << 10, swapKind: 'disk', paging: 'sv39' },
    { swap: 0 },
    { swap: 1 << 20, paging: 'sv39', hardwareAccessedDirty: false, cpus: 2 },
  ];

  it.each(configs)('%j: at least min pages stay free, and low ones unless nothing can leave', (config) => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 30, maxLength: 60 }), (steps) => {
        const machine = new Machine({
          paging: 'x86_64',
          memory: 1 << 20,
          overcommit: 1,
          replacement: 'linux',
          ...config,
        });
        const { kernel } = machine;
        const arenas = new Map<number, number>();
        const spawn = () => {
          const process = machine.spawn({ name: 'p', image: { stack: PAGE } });
          const flags = MAP_PRIVATE | MAP_ANONYMOUS;
          arenas.set(process.pid, machine.mmap(process, { length: 240 * PAGE, prot: RW, flags }));
        };
        spawn();
        for (const each of steps) {
          if (kernel.processes.size === 0) spawn();
          const running = [...kernel.processes.values()].filter((process) => process.state === 'running');
          if (running.length === 0) break;
          perform(machine, running[each.who % running.length]!.pid, arenas, each);
          const { min, low } = kernel.zone.watermarks;
          expect(kernel.buddy.free).toBeGreaterThanOrEqual(min);
          if (!kernel.kswapd!.isHopeless) expect(kernel.buddy.free).toBeGreaterThanOrEqual(low);
          expect(kernel.kswapd!.woken).toBe(false);
        }
        expect(machine.checkInvariants()).toEqual([]);
      }),
      { numRuns: 12, seed: 5 },
    );
  });

  it('a machine that is rewound under pressure goes on as before', () => {
    const { machine, process, map } = boot({ memory: 1 << 20, swapKind: 'disk' });
    const start = map(500);
    const touch = (from: number, to: number) => {
      const actor = machine.process(process.pid)!;
      for (let page = from; page < to; page++) machine.store(actor, start + ((page * 7) % 500) * PAGE, page & 255);
      return { counters: machine.counters(), vmstat: { ...machine.kernel.vmstat }, log: machine.kernelLog };
    };
    touch(0, 300);
    const snapshot = machine.snapshot();
    const first = touch(300, 900);
    machine.restore(snapshot);
    expect(touch(300, 900)).toEqual(first);
    expect(first.vmstat.pgsteal_kswapd).toBeGreaterThan(100);
  });
});

function perform(machine: Machine, pid: number, arenas: Map<number, number>, each: Step): void {
  const process = machine.process(pid)!;
  const start = arenas.get(pid)!;
  switch (each.do) {
    case 'store':
      machine.store(process, start + each.page * PAGE, 1);
      return;
    case 'load':
      machine.load(process, start + each.page * PAGE, 1);
      return;
    case 'fill':
      for (let page = each.page; page <= each.page + each.count && process.state === 'running'; page++) {
        machine.store(process, start + page * PAGE, 7);
      }
      return;
    case 'map': {
      const flags = (each.shared ? MAP_SHARED : MAP_PRIVATE) | MAP_ANONYMOUS | (each.populate ? MAP_POPULATE : 0);
      machine.mmap(process, { length: each.pages * PAGE, prot: RW, flags });
      return;
    }
    case 'fork': {
      const child = machine.kernel.processes.size < 4 ? machine.fork(process) : -1;
      if (typeof child !== 'number') arenas.set(child.pid, start);
      return;
    }
    case 'exit':
      machine.exit(process);
      return;
    default:
      machine.calls.madvise(process, start + each.page * PAGE, (each.count + 1) * PAGE, each.do);
  }
}
