/** The machine's counters as a summary: one line a subject, subjects where nothing happened left out. */
import type { Counters } from '../machine/view.ts';
import { columns } from './columns.ts';
import { counted, percent, thousands } from './quantities.ts';
import { paint, type Style } from './style.ts';

/** Parts that are zero are left out. */
function parts(counts: readonly (readonly [number, string, string?])[]): string {
  return counts
    .filter(([count]) => count > 0)
    .map(([count, noun, plural]) => counted(count, noun, plural))
    .join(', ');
}

export function counterLines(counters: Counters, style: Style, indent = '  '): string[] {
  const rows: [string, string][] = [];
  const add = (subject: string, text: string) => {
    if (text !== '') rows.push([paint(style, 'dim', subject), text]);
  };
  add('accesses', accessText(counters));
  add('TLB', tlbText(counters));
  add('walks', counters.walks > 0 ? `${thousands(counters.walks)}, reading ${counted(counters.pteReads, 'PTE')}` : '');
  add('faults', faultText(counters));
  add('reclaim', reclaimText(counters));
  add(
    'swap',
    parts([
      [counters.swapWrites, 'page written', 'pages written'],
      [counters.swapReads, 'page read', 'pages read'],
    ]),
  );
  add(
    'kernel',
    parts([
      [counters.syscalls, 'system call'],
      [counters.forks, 'fork'],
      [counters.exits, 'exit'],
      [counters.contextSwitches, 'context switch', 'context switches'],
      [counters.signals, 'signal'],
      [counters.oomKills, 'out-of-memory kill'],
    ]),
  );
  return columns(rows, { indent });
}

function accessText(counters: Counters): string {
  if (counters.accesses === 0) return '';
  const kinds = parts([
    [counters.loads, 'load'],
    [counters.stores, 'store'],
    [counters.fetches, 'fetch', 'fetches'],
  ]);
  return `${thousands(counters.accesses)}: ${kinds}`;
}

function tlbText(counters: Counters): string {
  const lookups = counters.tlbHits + counters.tlbMisses;
  if (lookups === 0) return '';
  const hits = `${counted(counters.tlbHits, 'hit')} (${percent(counters.tlbHits, lookups)}), ${counted(counters.tlbMisses, 'miss', 'misses')}`;
  const more = parts([
    [counters.l2TlbHits, 'L2 hit'],
    [counters.tlbInvalidations, 'invalidation'],
    [counters.tlbFlushes, 'flush', 'flushes'],
    [counters.tlbShootdowns, 'shootdown'],
  ]);
  return more === '' ? hits : `${hits}; ${more}`;
}

function reclaimText(counters: Counters): string {
  if (counters.evictions === 0) return '';
  return `${counted(counters.evictions, 'eviction')}: ${thousands(counters.dirtyEvictions)} dirty, ${thousands(counters.cleanEvictions)} clean`;
}

function faultText(counters: Counters): string {
  const { minorFaults, majorFaults, protectionFaults } = counters;
  if (minorFaults + majorFaults + protectionFaults === 0) return '';
  const same = (count: number, name: string) => [count, name, name] as const;
  const kinds = parts([
    same(counters.demandZeroFaults, 'demand-zero'),
    same(counters.zeroPageFaults, 'zero-page'),
    same(counters.copyOnWriteFaults, 'copy-on-write'),
    same(counters.reuseFaults, 'reuse'),
    same(counters.fileFaults, 'file'),
    same(counters.sharedFaults, 'shared'),
    same(counters.swapInFaults, 'swap-in'),
    same(counters.swapCacheFaults, 'swap-cache'),
    same(counters.stackGrowths, 'stack-growth'),
    same(counters.hugeFaults, 'huge'),
    same(counters.spuriousFaults, 'spurious'),
    [protectionFaults, 'protection fault'],
  ]);
  return `${thousands(minorFaults)} minor, ${thousands(majorFaults)} major${kinds === '' ? '' : `: ${kinds}`}`;
}
