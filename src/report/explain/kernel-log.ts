/** What the OOM killer wrote to the kernel's log during a step, as `dmesg` would show it, without the times. */
import type { MachineEvent } from '../../machine/events.ts';
import { printable } from '../printable.ts';
import { paint, type Style } from '../style.ts';

/** Linux's own lines, so none is wrapped: columns of its tables stay below one another. */
export function kernelLogLines(events: readonly MachineEvent[], style: Style): string[] {
  const reports = events.flatMap((event) => (event.type === 'OomKill' ? (event.report ?? []) : []));
  if (reports.length === 0) return [];
  const title = paint(style, 'bold', 'kernel log');
  const about = paint(style, 'dim', 'what dmesg shows of it; `mmulator proc FILE dmesg` has the times');
  return ['', ` ${paint(style, 'yellow', '▸')} ${title}  ${about}`, ...reports.map((line) => `   ${printable(line)}`)];
}
