/** The processes: who lives, whose child, what they hold, what they have cost. */
import type { MachineView, ProcessView } from '../../machine/view.ts';
import { columns } from '../columns.ts';
import { paint } from '../style.ts';
import type { ViewOptions } from './view-options.ts';

export function processesView(view: MachineView, { style, names, process: only }: ViewOptions): string[] {
  const shown = Object.values(view.processes).filter((process) => only === null || process.pid === only);
  if (shown.length === 0) return ['no process'];
  const header = ['pid', 'name', 'parent', 'state', 'cpu', 'resident', 'swapped', 'tables', 'minor', 'major'];
  const rows = shown.map((process) => [
    String(process.pid),
    process.name,
    process.parent === null ? '-' : names.process(process.parent),
    stateText(process),
    String(process.cpu),
    String(process.residentPages),
    String(process.swappedPages),
    String(process.tableFrames),
    String(process.minorFaults),
    String(process.majorFaults),
  ]);
  return [
    ...columns([header.map((cell) => paint(style, 'dim', cell)), ...rows], { align: 'rlllrrrrrr' }),
    paint(style, 'dim', 'resident, swapped: pages; tables: page-table frames; minor, major: faults so far'),
  ];
}

function stateText(process: ProcessView): string {
  if (process.state === 'running') return 'running';
  return process.signal === null ? `zombie, exit ${process.exitCode ?? 0}` : `zombie, ${process.signal}`;
}
