/** A machine and its programs to run random commands on, and what these came to. */
import type { MachineConfig } from '../../../src/machine/config.ts';
import type { SpawnOptions } from '../../../src/machine/machine-api.ts';

export interface HeapCase {
  readonly name: string;
  readonly config: Partial<MachineConfig>;
  /** One process each, from the beginning. */
  readonly programs: readonly SpawnOptions[];
  /** Least alignment of what a textbook allocator gives. */
  readonly textbookAlignment?: number;
  /** Memory may run out: processes may be killed while they run, and fork refused. */
  readonly mayDie?: boolean;
  /** Something but a failing host allocator may refuse: a region that gets full, a limit. */
  readonly isBounded?: boolean;
}

/** How often programs came where they should. */
export interface Reached {
  [what: string]: number;
}
