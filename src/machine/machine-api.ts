/** The shapes of what goes into and comes out of a Machine's methods. */
import type { Argument } from '../kernel/arguments.ts';
import type { SignalInfo, SignalName } from '../kernel/events.ts';
import type { ImageOptions } from '../process/image.ts';
import type { Frame } from '../process/python/frame.ts';
import type { PythonOptions } from '../process/python/runtime.ts';
import type { TextbookOptions, TextbookPolicy } from '../process/textbook/options.ts';

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
  /** What the C library's malloc is: glibc's (default) or one of a textbook, by its policy or with its options. */
  readonly malloc?: 'glibc' | TextbookPolicy | TextbookOptions | undefined;
  /** The Python that the process runs: a version such as `3.11`, or that with its settings. Default: none. */
  readonly python?: string | PythonSpawnOptions | undefined;
  /** Watch every access of the program as Valgrind's memcheck does. */
  readonly memcheck?: boolean | undefined;
}

/** Four settings may be spelled as Python's users do instead. */
export interface PythonSpawnOptions extends Omit<PythonOptions, 'profile'> {
  readonly version: string;
  /** The same as `pythonMalloc`. */
  readonly PYTHONMALLOC?: string | undefined;
  /** The same as `pythonMallocStats`. */
  readonly PYTHONMALLOCSTATS?: string | undefined;
  /** The same as `devMode`. */
  readonly dev?: boolean | undefined;
  /** The same as `ignoreEnvironment`. */
  readonly isolated?: boolean | undefined;
}

export interface CallOptions {
  /** Who calls, innermost first: what tracemalloc and reports show. Default: nobody known. */
  readonly frames?: readonly Frame[] | undefined;
  /** The Python thread that calls; it stays the one that runs. Default: the one that ran last. */
  readonly thread?: string | undefined;
}

export interface CallResult {
  /** False when a signal ended the call. */
  readonly ok: boolean;
  /** The pointer (0 is NULL) or number answered; null when there is none. */
  readonly value: number | bigint | null;
  /** The text answered; null when there is none. */
  readonly text: string | null;
  readonly signal: SignalInfo | null;
  /** Documented rules that the call broke without anybody noticing, one sentence each. */
  readonly remarks: readonly string[];
  /** What the call printed, one character to a byte. */
  readonly output: string;
  /** Faults of the process during the call. */
  readonly minor: number;
  readonly major: number;
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
  /** Descriptor of the file to map, where MAP_ANONYMOUS is not set. Default -1. */
  readonly fd?: number | undefined;
}

export interface OpenOptions {
  readonly canRead?: boolean | undefined;
  readonly canWrite?: boolean | undefined;
  /** O_PATH: only names the file. */
  readonly isPath?: boolean | undefined;
}

export interface OomScoreAdjOptions {
  /** With CAP_SYS_RESOURCE: any value, and later ones without it go no lower. */
  readonly isPrivileged?: boolean | undefined;
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

export interface MremapOptions {
  readonly address: Argument;
  /** Bytes. */
  readonly oldLength: Argument;
  readonly newLength: Argument;
  /** MREMAP_* bits. */
  readonly flags?: number | undefined;
  /** Where it goes with MREMAP_FIXED; a hint with MREMAP_DONTUNMAP. */
  readonly newAddress?: Argument | undefined;
}
