/** What running a recorded trace showed, as text. */
import type { MachineConfig } from '../machine/config.ts';
import type { TraceReport } from '../trace/run.ts';
import { columns, wrap } from './columns.ts';
import { counted, percent, size, thousands } from './quantities.ts';
import { paint, type Style } from './style.ts';

export function traceLines(report: TraceReport, machine: MachineConfig, file: string, style: Style): string[] {
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
      tlb.l2Hits > 0 ? `${thousands(tlb.l1Misses)} in L1, ${counted(tlb.l2Hits, 'hit')} in L2` : '',
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
    ['pages', thousands(pages.distinct), `different ones; at most ${thousands(pages.peakResident)} resident at once`],
  ];
  const lines = [
    ` ${paint(style, 'bold', file)}`,
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

/** What the trace was run on. */
function machineText({ paging, memory, swap, residentPages, replacement, tlb, seed }: MachineConfig): string {
  return [
    typeof paging === 'string' ? paging : paging.name,
    `${size(memory)} memory`,
    swap === 0 ? 'no swap' : `${size(swap)} swap`,
    ...(residentPages === null ? [] : [`at most ${counted(residentPages, 'page')} resident`]),
    `replacement ${replacement}`,
    tlb === null ? 'no TLB' : `TLB of ${counted(tlb.entries, 'entry', 'entries')} in ${counted(tlb.ways, 'way')}`,
    `seed ${seed}`,
  ].join(', ');
}

const percentOf = (part: number, whole: number, of: string): string =>
  whole === 0 ? '' : `${percent(part, whole)} ${of}`;
