/** What each CPU's TLBs hold: one line an entry, by set and way. */
import type { CpuView, MachineView } from '../../machine/view.ts';
import { columns } from '../columns.ts';
import { counted, hex, size } from '../quantities.ts';
import { paint } from '../style.ts';
import type { ViewOptions } from './view-options.ts';

export function tlbView(view: MachineView, options: ViewOptions): string[] {
  return view.cpus.flatMap((cpu, index) => [...(index === 0 ? [] : ['']), ...cpuLines(cpu, view, options)]);
}

function cpuLines(cpu: CpuView, view: MachineView, { style, names, process, format }: ViewOptions): string[] {
  const owners = new Map(Object.values(view.processes).map((owner) => [owner.asid, owner]));
  const entries = cpu.tlb.filter((entry) => process === null || owners.get(entry.asid)?.pid === process);
  const runs = cpu.pid === null ? 'idle' : `runs ${names.process(cpu.pid)}, ASID ${cpu.asid}`;
  const head = `${paint(style, 'bold', `CPU ${cpu.index}`)}  ${runs}, ${counted(entries.length, 'TLB entry', 'TLB entries')}`;
  if (entries.length === 0) return [head];
  const header = ['tlb', 'set', 'way', 'ASID', 'of', 'page', '', 'frame', 'size', 'flags'].map((cell) =>
    paint(style, 'dim', cell),
  );
  const rows = entries.map((entry) => {
    // vpn counts base pages, whatever the size of the page the entry maps.
    const address = entry.vpn * format.pageBytes;
    return [
      entry.tlb,
      String(entry.set),
      String(entry.way),
      entry.global ? 'all' : String(entry.asid),
      entry.global ? '' : (owners.get(entry.asid)?.name ?? ''),
      hex(address),
      paint(style, 'dim', names.symbol(address) ?? ''),
      String(entry.pfn),
      size(entry.pageBytes),
      entry.letters,
    ];
  });
  return [head, ...columns([header, ...rows], { align: 'lrrrlllrrl', indent: '  ' })];
}
