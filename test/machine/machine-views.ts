/** Random machine views for the tests of what reads views: plausible in shape, not in meaning. */
import fc from 'fast-check';
import type { Counters, MachineView } from '../../src/machine/view.ts';

const COUNTERS: Counters = {
  accesses: 0,
  loads: 0,
  stores: 0,
  fetches: 0,
  tlbHits: 0,
  tlbMisses: 0,
  l1TlbMisses: 0,
  l2TlbHits: 0,
  tlbInvalidations: 0,
  tlbFlushes: 0,
  tlbShootdowns: 0,
  walks: 0,
  pteReads: 0,
  minorFaults: 0,
  majorFaults: 0,
  protectionFaults: 0,
  demandZeroFaults: 0,
  zeroPageFaults: 0,
  copyOnWriteFaults: 0,
  reuseFaults: 0,
  fileFaults: 0,
  sharedFaults: 0,
  swapInFaults: 0,
  swapCacheFaults: 0,
  stackGrowths: 0,
  hugeFaults: 0,
  spuriousFaults: 0,
  evictions: 0,
  cleanEvictions: 0,
  dirtyEvictions: 0,
  swapReads: 0,
  swapWrites: 0,
  syscalls: 0,
  signals: 0,
  forks: 0,
  exits: 0,
  oomKills: 0,
  contextSwitches: 0,
};

export const emptyView: MachineView = {
  clock: 0,
  memory: { frames: 16, freeFrames: 15, pageBytes: 4096, swapSlots: 4, freeSwapSlots: 4 },
  processes: {},
  frames: {},
  swap: {},
  cpus: [{ index: 0, pid: null, asid: 0, tlb: [] }],
  counters: COUNTERS,
};

const small = fc.nat(3);
const mappings = fc.array(fc.record({ pid: small, address: small.map((page) => page * 4096) }), { maxLength: 3 });
const frame = fc.record({
  pfn: small,
  use: fc.constantFrom('kernel', 'zero', 'table', 'anon', 'shared', 'file', 'swap-cache'),
  references: small,
  mappings,
  dirty: fc.boolean(),
  accessed: fc.boolean(),
  contentHash: fc.constantFrom('0x1', '0x2'),
});
const area = fc.record({
  start: small,
  end: small,
  perms: fc.constantFrom('rw-p', 'r--p'),
  name: fc.constantFrom('[heap]', '[stack]'),
  flags: fc.constant('rd mr'),
  offset: fc.constant(0),
  residentPages: small,
  swappedPages: small,
});
const pte = fc.record({
  address: small,
  pteAddress: small,
  value: fc.constantFrom('0x0', '0xc7'),
  letters: fc.constantFrom('VRWXU-AD', 'V-------'),
  state: fc.constantFrom('present', 'prot-none', 'swapped', 'guard'),
  target: fc.option(small),
  pageBytes: fc.constant(4096),
  what: fc.constant('anonymous'),
});
const process = fc.record({
  pid: small,
  name: fc.constantFrom('parent', 'child'),
  parent: fc.option(small),
  state: fc.constantFrom('running', 'zombie'),
  exitCode: fc.option(small),
  signal: fc.option(fc.constant('SIGSEGV')),
  cpu: small,
  asid: small,
  root: small,
  brk: fc.record({ start: small, end: small }),
  areas: fc.array(area, { maxLength: 4 }),
  pages: fc.dictionary(
    small.map((page) => `0x${page}000`),
    pte,
  ),
  minorFaults: small,
  majorFaults: small,
  residentPages: small,
  swappedPages: small,
  tableFrames: small,
  heap: fc.constant(null),
});
const tlbEntry = fc.record({
  tlb: fc.constantFrom('L1', 'L2'),
  set: small,
  way: small,
  asid: small,
  global: fc.boolean(),
  vpn: small,
  pfn: small,
  pageBytes: fc.constant(4096),
  letters: fc.constant('VR------'),
});

const keyed = <T>(values: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> => fc.dictionary(small.map(String), values);

export const machineView: fc.Arbitrary<MachineView> = fc.record({
  clock: small,
  memory: fc.record({
    frames: fc.constant(16),
    freeFrames: small,
    pageBytes: fc.constant(4096),
    swapSlots: fc.constant(4),
    freeSwapSlots: small,
  }),
  processes: keyed(process),
  frames: keyed(frame),
  swap: keyed(fc.record({ slot: small, references: small, cachedPfn: fc.option(small) })),
  cpus: fc.array(
    fc.record({ index: small, pid: fc.option(small), asid: small, tlb: fc.array(tlbEntry, { maxLength: 4 }) }),
    { maxLength: 2 },
  ),
  counters: fc.tuple(small, small).map(([loads, walks]) => ({ ...COUNTERS, loads, walks })),
});
