/** What running a recorded trace showed, as text. */
import type { MachineConfig } from '../machine/config.ts';
import type { TraceReport } from '../trace/run.ts';
import type { RunTimes } from '../trace/run-cost.ts';
import { columns, wrap } from './columns.ts';
import { printable } from './printable.ts';
import { counted, percent, size, thousands } from './quantities.ts';
import { duration } from './simulation-report.ts';
import { paint, type Style } from './style.ts';

export function traceLines(
  report: TraceReport,
  times: RunTimes,
  machine: MachineConfig,
  file: string,
  style: Style,
): string[] {
  const { references, accesses, tlb, walks, pteReads, faults, evictions, swap, pages } = report;
  const kinds = [
    counted(references.fetches, 'fetch', 'fetches'),
    counted(references.loads, 'load'),
    counted(references.stores, 'store'),
    counted(references.modifies, 'modify', 'modifies'),
  ].join(', ');
  const rows: [string, string, string][] = [
    ['references', thousands(references.total), kinds],
    [
      'accesses',
      thousands(accesses),
      `pages touched one by one; ${counted(references.pageCrossings, 'reference')} crossed a page boundary`,
    ],
    ['TLB hits', thousands(tlb.hits), percentOf(tlb.hits, tlb.hits + tlb.misses, 'of lookups')],
    [
      'TLB misses',
      thousands(tlb.misses),
      machine.tlb?.l2 === undefined
        ? ''
        : `${thousands(tlb.l1Misses)} in L1, of which ${counted(tlb.l2Hits, 'hit')} in L2`,
    ],
    ['walks', thousands(walks), `reading ${counted(pteReads, 'PTE')}`],
    ['minor faults', thousands(faults.minor), 'served from memory'],
    ['major faults', thousands(faults.major), 'served from swap'],
    [
      'evictions',
      thousands(evictions.clean + evictions.dirty),
      `${thousands(evictions.dirty)} dirty, ${thousands(evictions.clean)} clean`,
    ],
    ['swap writes', thousands(swap.writes), counted(swap.writes, 'page')],
    ['swap reads', thousands(swap.reads), counted(swap.reads, 'page')],
    ['time', duration(Number(times.effective.toPrecision(4))), costText(times)],
    ['pages', thousands(pages.distinct), `different ones; at most ${thousands(pages.peakResident)} resident at once`],
  ];
  const lines = [
    ` ${paint(style, 'bold', printable(file))}`,
    ...wrap(machineText(machine), style.width - 4).map((line) => ` ${paint(style, 'dim', line)}`),
    '',
    ...columns(
      rows.map(([name, number, meaning]) => [name, paint(style, 'cyan', number), paint(style, 'dim', meaning)]),
      { align: 'lrl', indent: '   ' },
    ),
  ];
  if (report.killed !== null) {
    const { line, signal, reason } = report.killed;
    lines.push('', ` ${paint(style, 'red', `✗ killed by ${signal} at line ${line}`)}: ${reason}`);
  }
  return lines;
}

/** What the mean access is made of. */
const costText = ({ access, fault, minor }: RunTimes): string =>
  `an access; ${short(access)} without a fault, ${short(fault)} with a major one, ${short(minor)} more for a minor one`;

const short = (nanoseconds: number): string => duration(Number(nanoseconds.toPrecision(3)));

/** What the trace was run on. */
function machineText(machine: MachineConfig): string {
  const { paging, memory, swap, residentPages, replacement, replacementOptions, tlb, seed } = machine;
  const options = Object.entries(replacementOptions).map(([name, value]) => `${name}=${String(value)}`);
  return [
    typeof paging === 'string' ? paging : paging.name,
    `${size(memory)} memory`,
    swap === 0 ? 'no swap' : `${size(swap)} swap`,
    ...(residentPages === null ? [] : [`at most ${counted(residentPages, 'page')} resident`]),
    [`replacement ${replacement}`, ...options].join(' '),
    tlbText(tlb),
    `seed ${seed}`,
  ].join(', ');
}

function tlbText(tlb: MachineConfig['tlb']): string {
  if (tlb === null) return 'no TLB';
  const level = ({ entries, ways }: { readonly entries: number; readonly ways: number }): string =>
    `${counted(entries, 'entry', 'entries')} in ${counted(ways, 'way')}`;
  const first = `${tlb.split === true ? 'two TLBs (code, data)' : 'TLB'} of ${level(tlb)}`;
  const policy = tlb.policy === undefined ? '' : `, ${tlb.policy}`;
  return `${first}${policy}${tlb.l2 === undefined ? '' : `, then one of ${level(tlb.l2)}`}`;
}

const percentOf = (part: number, whole: number, of: string): string =>
  whole === 0 ? '' : `${percent(part, whole)} ${of}`;
