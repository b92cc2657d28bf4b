/**
 * The shape of one recorded trace of the real Linux kernel: a line of a recording's file.
 *
 *     {"trace":"fork-017","family":"fork","tags":[…],"ops":[{op},…],"base":{…},"results":[{result},…]}
 *
 * `results[i]` is what Linux answered to `ops[i]`. Addresses are `SYM+N` texts, sizes from 2^53 up hex texts. Fields that a
 * trace has besides those here are for other readers.
 */

/** One operation. Which fields are there depends on `op`: see op-fields.ts. */
export interface Op {
  readonly op: string;
  /** Acting process; default `P0`. */
  readonly p?: string;
  readonly addr?: string;
  readonly len?: number | string;
  readonly prot?: string;
  readonly flags?: string | number;
  readonly fd?: string | number;
  readonly off?: number | string;
  /** Name that the returned address is bound to. */
  readonly as?: string;
  readonly size?: number | string;
  readonly val?: number | string;
  readonly rw?: 'r' | 'w';
  readonly delta?: number | string;
  readonly child?: string;
  readonly code?: number;
  readonly res?: string;
  readonly rel?: number;
  readonly advice?: string | number;
  /** mremap: lengths before and after, and where to. */
  readonly old?: number | string;
  readonly new?: number | string;
  readonly naddr?: string;
  /** mincore: where the vector goes, when it is not the harness's own buffer. */
  readonly vec?: string;
  readonly pgoff?: number | string;
  readonly file?: string;
  readonly fs?: string;
  readonly fill?: string;
  readonly mode?: string;
  readonly hex?: string;
  readonly shm?: string;
  readonly name?: string;
  readonly add?: number;
  readonly ms?: number;
  readonly noswap?: number;
  /** 1: the call is made by a copy of the process, which then ends. */
  readonly probe?: number;
}

/** [start, end, perms, file offset, name, VmFlags]. */
export type MapLine = readonly [string, string, string, number, string, string];
/** [start of the area, run-length coded page classes]. */
export type PageRun = readonly [string, string];
/** `[ "P0:address", "P1:address", …, pages ]`. */
export type Share = readonly (string | number)[];

/** Figures of a snapshot, kB. */
export interface Memory {
  /** Of /proc/PID/status, minus the value of P0 at the start of the trace. */
  readonly status: Readonly<Record<string, number>>;
  /** [start of the area, its figures in smaps other than zero]. */
  readonly smaps: readonly (readonly [string, Readonly<Record<string, number>>])[];
}

/** What an operation gave: only the fields that apply. Maps, pages and shares only when changed. */
export interface Result {
  readonly i?: number;
  readonly ret?: number | string;
  readonly err?: string;
  readonly sig?: string;
  readonly code?: string;
  readonly fa?: string;
  readonly pfec?: number;
  readonly val?: string;
  /** Bits of mincore, and bytes of a file. */
  readonly vec?: string;
  readonly hex?: string;
  readonly n?: number;
  readonly f?: string;
  readonly skip?: string;
  readonly status?: number;
  readonly wsig?: string;
  readonly killed?: string;
  readonly min?: number;
  readonly maj?: number;
  readonly pg?: string;
  readonly maps?: Readonly<Record<string, readonly MapLine[]>>;
  readonly pt?: Readonly<Record<string, readonly PageRun[]>>;
  readonly share?: readonly Share[];
  readonly mem?: Readonly<Record<string, Memory>>;
  /** Fields that differed between runs of the recording machine. */
  readonly nd?: readonly string[];
}

/** An answer of ours under way. */
export type Answer = { -readonly [Field in keyof Result]: Result[Field] };

export interface Trace {
  readonly trace: string;
  readonly family: string;
  /** What a hand-made trace pins. */
  readonly note?: string;
  /** `"1"`: the process has no stack area. */
  readonly nostack?: string | number;
  /** `"1"`: swapping compresses at once, instead of writing to a disk in its own time. */
  readonly zswap?: string | number;
  readonly ops: readonly Op[];
  /** The state before the first op; a recording need not tell it. */
  readonly base?: Pick<Result, 'maps' | 'pt' | 'share'>;
  readonly results: readonly Result[];
}
