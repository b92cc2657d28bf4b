/** The figures of /proc add up: among themselves, and to what the machine has. */
import { beforeAll, describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../../src/kernel/linux-abi.ts';
import type { Process } from '../../../src/kernel/process.ts';
import { Machine } from '../../../src/machine/machine.ts';
import { Random } from '../../../src/mmu/random.ts';
import { parseBuddyinfo, parseSmaps, parseTable } from './parse.ts';

const PAGE = 4096;
const KIB = 4;
const RW = PROT_READ | PROT_WRITE;
const SUMMED = [
  'Rss',
  'Pss_Dirty',
  'Shared_Clean',
  'Shared_Dirty',
  'Private_Clean',
  'Private_Dirty',
  'Referenced',
  'Anonymous',
  'Swap',
] as const;

/** Processes that share, write, lock and are swapped out, at random. */
function busyMachine(seed: number, replacement: string): Machine {
  const machine = new Machine({ paging: 'sv39', memory: 76 * PAGE, swap: 512 * PAGE, seed, replacement });
  const random = new Random(seed);
  const first = machine.spawn({ name: 'first', signals: 'survive' });
  machine.files.create('data', 'disk');
  machine.files.write('data', 0, new Uint8Array(8 * PAGE));
  const fd = machine.calls.open(first, 'data', { canRead: true, canWrite: true });
  const length = 24 * PAGE;
  const areas = [
    machine.mmap(first, { length, prot: RW, flags: MAP_PRIVATE | MAP_ANONYMOUS }),
    machine.mmap(first, { length, prot: RW, flags: MAP_SHARED | MAP_ANONYMOUS }),
    machine.mmap(first, { length: 8 * PAGE, prot: RW, flags: MAP_SHARED, fd }),
  ];
  machine.calls.mlock(first, areas[0]!, 2 * PAGE);
  const processes = [first];
  for (let step = 0; step < 300; step++) {
    const process = processes[random.below(processes.length)]!;
    const index = random.below(areas.length);
    // Some pages are used again and again.
    const pages = random.below(2) === 0 ? 4 : index === 2 ? 8 : 24;
    const address = areas[index]! + random.below(pages) * PAGE;
    if (random.below(3) === 0) machine.load(process, address, 1);
    else machine.store(process, address, step % 256, 1);
    if (step % 100 !== 50) continue;
    const child = machine.fork(process);
    if (typeof child !== 'number') processes.push(child);
  }
  // One page of the program that nobody else has touched.
  machine.load(processes.at(-1)!, first.space!.areas.first!.start, 1);
  return machine;
}

describe.for([
  [1, 'clock'],
  [2, 'lru'],
  [3, 'linux'],
  [4, 'linux'],
] as const)('seed %i under %s', ([seed, replacement]) => {
  let machine: Machine;
  let living: Process[];
  beforeAll(() => {
    machine = busyMachine(seed, replacement);
    living = [...machine.kernel.processes.values()].filter(({ state }) => state === 'running');
  });

  const total = (text: string, key: string): number =>
    parseSmaps(text).reduce((sum, { fields }) => sum + fields.get(key)!, 0);

  it('the state is one worth looking at', () => {
    const all = living.map((process) => machine.proc.smaps(process)).join('');
    for (const key of [...SUMMED, 'Locked']) expect(total(all, key), key).toBeGreaterThan(0);
    expect(living.length).toBeGreaterThan(2);
  });

  it('areas of smaps are those of maps', () => {
    for (const process of living) {
      const headers = machine.proc.smaps(process).match(/^[0-9a-f]{8,}-.*\n/gm)!;
      expect(headers.join('')).toBe(machine.proc.maps(process));
    }
  });

  it('Rss is what is clean and dirty, shared and private', () => {
    for (const process of living) {
      for (const { fields } of parseSmaps(machine.proc.smaps(process))) {
        const parts = ['Shared_Clean', 'Shared_Dirty', 'Private_Clean', 'Private_Dirty'].map((key) => fields.get(key)!);
        expect(parts.reduce((sum, part) => sum + part)).toBe(fields.get('Rss'));
        expect(fields.get('Pss')).toBeLessThanOrEqual(fields.get('Rss')!);
      }
    }
  });

  it('the roll-up is the sum of the areas, and status agrees with both', () => {
    for (const process of living) {
      const smaps = machine.proc.smaps(process);
      const [rollup] = parseSmaps(machine.proc.smapsRollup(process));
      const areas = parseSmaps(smaps);
      for (const key of SUMMED.filter((name) => name !== 'Pss_Dirty')) {
        expect(rollup!.fields.get(key), key).toBe(total(smaps, key));
      }
      // Each area's share is rounded down by itself.
      const lost = rollup!.fields.get('Pss')! - total(smaps, 'Pss');
      expect(lost).toBeGreaterThanOrEqual(0);
      expect(lost).toBeLessThan(areas.length);
      const status = parseTable(machine.proc.status(process));
      expect(status.get('VmRSS')).toBe(total(smaps, 'Rss'));
      expect(status.get('VmRSS')).toBe(status.get('RssAnon')! + status.get('RssFile')! + status.get('RssShmem')!);
      expect(status.get('VmSize')).toBe(total(smaps, 'Size'));
      expect(status.get('VmHWM')).toBeGreaterThanOrEqual(status.get('VmRSS')!);
      expect([rollup!.start, rollup!.end]).toEqual([areas[0]!.start, areas.at(-1)!.end]);
    }
  });

  it('shares of all processes together are the frames that are mapped', () => {
    const shares = living.map((process) => parseSmaps(machine.proc.smapsRollup(process))[0]!.fields.get('Pss')!);
    const { frames } = machine.kernel;
    const mapped = frames.mapCount.reduce((count, maps) => count + (maps > 0 ? 1 : 0), 0);
    const sum = shares.reduce((left, right) => left + right);
    expect(sum).toBeLessThanOrEqual(mapped * KIB);
    expect(sum).toBeGreaterThanOrEqual(mapped * KIB - living.length);
    const meminfo = parseTable(machine.proc.read('meminfo'));
    expect(meminfo.get('AnonPages')! + meminfo.get('Mapped')!).toBe(mapped * KIB);
  });

  it('meminfo accounts for every page', () => {
    const meminfo = parseTable(machine.proc.read('meminfo'));
    const of = (...keys: string[]) => keys.reduce((sum, key) => sum + meminfo.get(key)!, 0);
    const zeroPage = KIB;
    // Pages in the swap cache that somebody maps are among AnonPages, the others are not.
    const { frames } = machine.kernel;
    let idle = 0;
    for (let pfn = 0; pfn < frames.frames; pfn++) {
      if (frames.useName(pfn) === 'anon' && frames.mapCount[pfn] === 0) idle += KIB;
    }
    expect(of('MemFree', 'AnonPages', 'Cached', 'PageTables') + idle + zeroPage).toBe(of('MemTotal'));
    expect(of('Active', 'Inactive', 'Unevictable')).toBe(of('AnonPages', 'Cached') + idle);
    expect(of('Active(anon)', 'Active(file)')).toBe(of('Active'));
    expect(of('Mlocked')).toBeGreaterThan(0);
    expect(of('SwapTotal') - of('SwapFree')).toBe(machine.kernel.swap.inUse().length * KIB);
    expect(of('MemAvailable')).toBeLessThanOrEqual(of('MemFree', 'Active(file)', 'Inactive(file)'));
  });

  it('active and inactive are the lists of the linux policy', () => {
    const sizes = machine.kernel.lru?.totalsOf(0);
    expect(sizes !== undefined).toBe(replacement === 'linux');
    if (sizes === undefined) return;
    const meminfo = parseTable(machine.proc.read('meminfo'));
    const shown = ['Inactive(anon)', 'Active(anon)', 'Inactive(file)', 'Active(file)'].map((key) => meminfo.get(key)!);
    const { inactiveAnon, activeAnon, inactiveFile, activeFile } = sizes;
    expect(shown).toEqual([inactiveAnon, activeAnon, inactiveFile, activeFile].map((pages) => pages * KIB));
    expect(activeAnon).toBeGreaterThan(0);
  });

  it('vmstat, buddyinfo, zoneinfo and swaps say the same', () => {
    const meminfo = parseTable(machine.proc.read('meminfo'));
    const vmstat = parseTable(machine.proc.read('vmstat'));
    const same = [
      ['nr_free_pages', 'MemFree'],
      ['nr_anon_pages', 'AnonPages'],
      ['nr_mapped', 'Mapped'],
      ['nr_shmem', 'Shmem'],
      ['nr_inactive_file', 'Inactive(file)'],
      ['nr_page_table_pages', 'PageTables'],
      ['nr_swapcached', 'SwapCached'],
    ] as const;
    for (const [name, key] of same) expect(vmstat.get(name)! * KIB, name).toBe(meminfo.get(key));
    expect(vmstat.get('pgfault')).toBe(
      machine.counters().minorFaults + machine.counters().majorFaults + machine.counters().protectionFaults,
    );
    const free = parseBuddyinfo(machine.proc.read('buddyinfo')).reduce((sum, n, order) => sum + n * 2 ** order, 0);
    expect(free * KIB).toBe(meminfo.get('MemFree'));
    const zones = parseTable(machine.proc.read('zoneinfo'));
    for (const name of ['nr_anon_pages', 'nr_free_pages', 'nr_mlock']) expect(zones.get(name)).toBe(vmstat.get(name));
    const [size, used] = machine.proc.read('swaps').split('\n')[1]!.split(/\s+/).slice(2).map(Number);
    expect([size, size! - used!]).toEqual([meminfo.get('SwapTotal'), meminfo.get('SwapFree')]);
  });

  it('pagemap names each page where it is', () => {
    for (const process of living) {
      const pages = machine.proc.pagemapPages(process);
      const present = pages.filter(({ value }) => value >> 63n === 1n && (value & 0xffffffffn) !== 0n);
      const swapped = pages.filter(({ value }) => ((value >> 62n) & 1n) === 1n);
      expect(present.length * KIB).toBe(parseTable(machine.proc.status(process)).get('VmRSS'));
      expect(swapped.length * KIB).toBe(parseTable(machine.proc.status(process)).get('VmSwap'));
      for (const { address, value } of present) {
        const [entry] = machine.proc.pagemap(process, address, PAGE);
        expect(entry).toBe(value);
        const pfn = Number(value & ((1n << 55n) - 1n));
        expect((value >> 56n) & 1n).toBe(machine.kernel.frames.mapCount[pfn] === 1 ? 1n : 0n);
      }
    }
  });

  it('looking changes nothing', () => {
    const before = JSON.stringify(machine.view());
    const texts = () => machine.proc.list().map((path) => (path.endsWith('pagemap') ? '' : machine.proc.read(path)));
    expect(texts()).toEqual(texts());
    for (const process of living) machine.proc.pagemapPages(process);
    expect(JSON.stringify(machine.view())).toBe(before);
    expect(machine.checkInvariants()).toEqual([]);
  });
});
