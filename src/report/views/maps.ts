/**
 * Address spaces as /proc/PID/maps shows them (Linux fs/proc/task_mmu.c show_vma_header_prefix, linux-vm.md section 8):
 *
 *   start-end perms offset major:minor inode          name from column 73
 *
 * Addresses have at least eight digits. Anonymous memory has no name, and a blank at the end where it would be.
 * Files of an emulated machine have no device or inode number: 00:00 0, as the kernel prints for none; shared
 * anonymous memory lives on the kernel's own tmpfs, device 00:01.
 */
import type { AreaView, MachineView } from '../../machine/view.ts';
import { paint } from '../style.ts';
import { processTitle, type ViewOptions } from './view-options.ts';

const NAME_COLUMN = 73;

export function mapsView(view: MachineView, options: ViewOptions): string[] {
  const processes = Object.values(view.processes).filter(
    (process) => options.process === null || process.pid === options.process,
  );
  if (processes.length === 0) return ['no process, so no address space'];
  const lines: string[] = [];
  for (const process of processes) {
    if (processes.length > 1) lines.push(paint(options.style, 'bold', `# ${processTitle(process)}`));
    if (process.state === 'zombie') lines.push(paint(options.style, 'dim', '# a zombie has no memory'));
    lines.push(...process.areas.map(mapsLine));
  }
  return lines;
}

/** One line, without line break. */
export function mapsLine(area: AreaView): string {
  const digits = (value: number) => value.toString(16).padStart(8, '0');
  const shared = area.name === 'shared';
  const device = shared ? '00:01' : '00:00';
  const prefix = `${digits(area.start)}-${digits(area.end)} ${area.perms} ${digits(area.offset)} ${device} 0 `;
  const name = linuxName(area.name);
  return name === '' ? prefix : `${prefix.padEnd(NAME_COLUMN)}${name}`;
}

function linuxName(name: string): string {
  if (name === 'anon') return '';
  return name === 'shared' ? '/dev/zero (deleted)' : name;
}
