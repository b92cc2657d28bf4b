/** The shapes of what goes into and comes out of a Machine's methods. */
import type { Argument } from '../kernel/arguments.ts';
import type { SignalInfo, SignalName } from '../kernel/events.ts';
import type { ImageOptions } from '../process/image.ts';

/** A virtual address; a bigint only for constants of 2^53 and above. */
export type Address = number | bigint;
/** As Linux answers: 0 or more is the result, below 0 is -errno. */
export type SyscallResult = number;

export interface SpawnOptions {
  readonly name?: string | undefined;
  /** Default: one page each of text, rodata, data and bss. Sections left out of a given image are empty. */
  readonly image?: ImageOptions | undefined;
  readonly cpu?: number | undefined;
  /** `survive`: a fatal signal ends the access, not the process. */
  readonly signals?: 'kill' | 'survive' | undefined;
}

export interface MmapOptions {
  /** Hint, or with MAP_FIXED the address. Default 0. */
  readonly address?: Argument | undefined;
  /** Bytes. */
  readonly length: Argument;
  /** PROT_* bits. */
  readonly prot: number;
  /** MAP_* bits. */
  readonly flags: number;
  readonly offset?: Argument | undefined;
}

export interface AccessResult {
  readonly ok: boolean;
  /** Bytes read (rmw: the old byte; store: those stored), in memory order; null when refused. */
  readonly bytes: Uint8Array | null;
  /** Why it was refused. */
  readonly signal: SignalInfo | null;
  /** Faults of the acting process during the access. */
  readonly minor: number;
  readonly major: number;
}

export interface WaitResult {
  readonly pid: number;
  readonly code: number | null;
  readonly signal: SignalName | null;
}
