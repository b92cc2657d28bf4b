/** Everything a machine tells its listeners: what its kernel tells, and each access and system call around it. */

import type { KernelEvent, SignalInfo } from '../kernel/events.ts';
import type { Translation } from '../mmu/translation.ts';
import type { AccessName } from '../mmu/units.ts';

export type MachineEvent =
  | KernelEvent
  | {
      /** The processor starts (or, after a fault was handled, restarts) translating one page of an access. */
      readonly type: 'Translate';
      readonly pid: number;
      readonly cpu: number;
      /** 0 for the first try, 1 after one fault was handled, … */
      readonly attempt: number;
      readonly access: AccessName;
      readonly size: number;
      /** How it translates, looked at without changing anything. */
      readonly translation: Translation;
    }
  | {
      readonly type: 'Access';
      readonly pid: number;
      readonly cpu: number;
      readonly access: AccessName;
      readonly address: number | bigint;
      readonly size: number;
      /** Hex bytes read or written, in memory order; null when a signal ended the access. */
      readonly bytes: string | null;
      readonly physical: number | null;
    }
  | {
      readonly type: 'Syscall';
      readonly pid: number;
      readonly name: string;
      readonly args: Readonly<Record<string, string | number>>;
      /** Result: a number (address, pid, count) or an errno name. */
      readonly result: number | string;
      /** Of a call that was refused: which check refused it, in a sentence. */
      readonly why?: string;
    }
  | {
      /** A function of the program was called, by its C name. */
      readonly type: 'Call';
      readonly pid: number;
      readonly name: string;
      readonly args: Readonly<Record<string, string | number>>;
      readonly result: number | string | null;
      /** The result is an address. */
      readonly pointer: boolean;
      /** A signal ended it. */
      readonly stopped: boolean;
    };

export type MachineListener = (event: MachineEvent) => void;
export type { KernelEvent, SignalInfo };
