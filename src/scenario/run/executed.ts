/** What doing one step yields: the outcome for the record, and details that only expectations ask for. */

import { errnoName } from '../../kernel/linux-abi.ts';
import type { SignalInfo } from '../../machine/events.ts';
import type { AccessResult } from '../../machine/machine.ts';
import type { Translation } from '../../mmu/translation.ts';
import type { LeakReport } from '../../process/check/leaks.ts';
import type { HeapError } from '../../process/check/memcheck.ts';
import type { StepOutcome } from '../result.ts';

export interface Executed {
  readonly outcome: StepOutcome;
  /** Bytes read by load, rmw, check. */
  readonly bytes?: Uint8Array | undefined;
  /** How far a touch got; also when a signal ended it. */
  readonly count?: number | undefined;
  /** The system call's errno name, or `ok`. */
  readonly errno?: string | undefined;
  readonly signal?: SignalInfo | undefined;
  readonly translation?: Translation | undefined;
  /** What wait collected, or that a Python ended with as it should have started. */
  readonly exitCode?: number | null | undefined;
  readonly killedBy?: string | null | undefined;
  readonly pid?: number | undefined;
  /** Of mincore: a digit for each page. */
  readonly vec?: string | undefined;
  /** Of a call: the pointer answered, 0 for NULL. */
  readonly pointer?: number | undefined;
  /** Of a call: the number or text answered. */
  readonly answer?: number | bigint | string | undefined;
  /** Of a call, or a Python that starts: what it printed, one character to a byte. */
  readonly printed?: string | undefined;
  /** Of a call: documented rules it broke without anybody noticing. */
  readonly remarks?: readonly string[] | undefined;
  /** What memcheck found during the step. */
  readonly errors?: readonly HeapError[] | undefined;
  /** Of an exit: what the program had lost. */
  readonly leaks?: LeakReport | undefined;
}

export const DONE: Executed = { outcome: { kind: 'ok' } };

export const hexOf = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** Little-endian, unsigned. */
export function littleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  for (let index = bytes.length - 1; index >= 0; index--) value = (value << 8n) | BigInt(bytes[index]!);
  return value;
}

/** Bytes read, as an outcome. */
export function valueOutcome(bytes: Uint8Array): StepOutcome {
  const isNumber = bytes.length === 1 || bytes.length === 2 || bytes.length === 4 || bytes.length === 8;
  return { kind: 'value', bytes: hexOf(bytes), number: isNumber ? littleEndian(bytes).toString() : null };
}

/** An access that reads (`reads`) or only writes. */
export function accessExecuted(result: AccessResult, reads: boolean): Executed {
  if (result.signal !== null) return { outcome: { kind: 'signal', info: result.signal }, signal: result.signal };
  if (!reads || result.bytes === null) return DONE;
  return { outcome: valueOutcome(result.bytes), bytes: result.bytes };
}

/** A system call's answer: an errno, or what `succeeded` makes of the result. */
export function syscallExecuted(result: number, succeeded: (result: number) => StepOutcome): Executed {
  if (result < 0) {
    const errno = errnoName(result);
    return { outcome: { kind: 'errno', errno }, errno };
  }
  return { outcome: succeeded(result), errno: 'ok' };
}

export function translationExecuted(translation: Translation): Executed {
  const { physical, fault } = translation;
  if (physical !== null) return { outcome: { kind: 'physical', address: physical }, translation };
  return {
    outcome: { kind: 'refused', rule: fault?.rule ?? 'not-present', sentence: fault?.sentence ?? '' },
    translation,
  };
}
