/** How an address translates, as `peek` sees it: for `explain`, `inspect`, events and views. Plain data. */

import type { FaultInfo } from './fault.ts';
import type { AccessName } from './units.ts';

export interface WalkStep {
  /** levels-1 at the root, 0 at the leaf level. */
  readonly level: number;
  /** The format's name for the level: PGD, PUD, PMD, PTE; L2, L1, L0. */
  readonly levelName: string;
  /** Index into this table, from the address. */
  readonly index: number;
  /** Physical address (bytes) of the table and of the entry read. */
  readonly tableAddress: number;
  readonly pteAddress: number;
  /** `0x…`, the format's full PTE width. */
  readonly pteValue: string;
  /** `VRWXUGAD` letters. */
  readonly letters: string;
  readonly kind: 'table' | 'leaf' | 'absent' | 'refused';
  /** Frame number in the entry (table or page), null when absent. */
  readonly pfn: number | null;
}

export interface TlbLookup {
  /** Which TLB answered: null for a miss or a machine without TLB. */
  readonly hit: null | 'L1' | 'L2';
  /** Set searched in L1 and tag compared (the page number without the set bits). */
  readonly set: number;
  readonly tag: number;
  readonly way: number | null;
  readonly asid: number;
}

export interface Translation {
  /** 0 to 2^64 - 1; a bigint for the upper half and for other constants of 2^53 and above. */
  readonly address: number | bigint;
  readonly access: AccessName;
  readonly user: boolean;
  /** The address bits above the page offset, as many as the format uses; never negative. */
  readonly vpn: number;
  readonly offset: number;
  readonly tlb: TlbLookup | null;
  /** Empty when the TLB answered: then no walk happens. `walkAlways` has it regardless. */
  readonly walk: readonly WalkStep[];
  /** A store that the TLB answers with an entry still clean: `walk` happens all the same, to set D. Else absent. */
  readonly dirtyWalk?: true;
  /** Physical address, or null when faulted. */
  readonly physical: number | null;
  /** Size in bytes of the page that maps it. */
  readonly pageBytes: number | null;
  readonly fault: FaultInfo | null;
}
