/** What a report says of a system call that was refused: the kernel has noted which check it was (Kernel.refuse). */
import type { MachineEvent } from '../machine/events.ts';

export type SyscallEvent = Extract<MachineEvent, { type: 'Syscall' }>;

/** Null for a call that was not refused. */
export const refusalReason = (event: SyscallEvent): string | null =>
  errnoOf(event) === null ? null : (event.why ?? null);

/** A brk that fails answers the break as it was, no errno. */
export function errnoOf({ name, args, result }: SyscallEvent): string | null {
  if (typeof result === 'string') return result;
  return name === 'brk' && BigInt.asUintN(64, BigInt(args.address ?? 0)) !== BigInt(result) ? 'ENOMEM' : null;
}
