/** Why the hardware refused, with what it would hand to the kernel: x86's error code or RISC-V's cause. */
import type { FaultInfo } from '../../mmu/fault.ts';
import { wrap } from '../columns.ts';
import { hex } from '../quantities.ts';
import { paint, type Style } from '../style.ts';

export function refusalLines(fault: FaultInfo, style: Style): string[] {
  const lines = wrap(fault.sentence, style.width - 16).map((line, index) => (index === 0 ? line : `       ${line}`));
  const latched = latchedText(fault);
  return [
    `${paint(style, 'red', 'fault')} ${lines.join('\n')}`.split('\n'),
    latched === '' ? [] : [paint(style, 'dim', `      rule ${fault.rule}; ${latched}`)],
  ].flat();
}

/** `error code 0x7 (present, write, user)`, `cause 15 (store page fault)`. */
export function latchedText(fault: FaultInfo): string {
  if (fault.errorCode !== null) return `error code ${hex(fault.errorCode)} (${errorCodeText(fault.errorCode)})`;
  if (fault.cause !== null) return `cause ${fault.cause} (${CAUSES[fault.cause] ?? 'reserved'})`;
  return '';
}

/** RISC-V privileged specification, table 3.6: scause. */
const CAUSES: Readonly<Record<number, string>> = {
  1: 'instruction access fault',
  5: 'load access fault',
  7: 'store access fault',
  12: 'instruction page fault',
  13: 'load page fault',
  15: 'store page fault',
};

/** Intel SDM volume 3, 4.7: the page-fault error code. Each bit says one thing when set, another when clear. */
function errorCodeText(code: number): string {
  const parts = [
    (code & 1) !== 0 ? 'present' : 'not present',
    (code & 16) !== 0 ? 'fetch' : (code & 2) !== 0 ? 'write' : 'read',
    (code & 4) !== 0 ? 'user' : 'supervisor',
  ];
  if ((code & 8) !== 0) parts.push('reserved bit set');
  return parts.join(', ');
}
