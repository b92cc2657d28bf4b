/**
 * Why hardware refused a translation. A fault is data: it is returned, never thrown.
 *
 * `Fault` is the processor's own latch, reused for every fault (the fault path allocates nothing);
 * `FaultInfo` is the immutable description made from it for people and events.
 */
import type { AccessName } from './units.ts';

/** The rule that refused. Names are stable: scenarios and tests match on them. */
export const FAULT_RULES = [
  'not-present', // valid bit clear, at any level
  'reserved-bit', // a bit the format reserves is set (x86 RSVD; RISC-V reserved or W without R)
  'misaligned-superpage', // a leaf above level 0 whose low frame bits are not zero
  'no-leaf', // level 0 holds a pointer
  'user', // a user access to a supervisor page (some level, on x86)
  'supervisor', // a supervisor access to a user page (SUM/SMAP), or fetch from one (SMEP)
  'write', // store without write permission
  'read', // load without read permission
  'execute', // fetch without execute permission / NX
  'accessed-clear', // Svade: A clear and hardware does not set it
  'dirty-clear', // Svade: store with D clear
  'non-canonical', // upper address bits are not a copy of the top used bit
  'out-of-range', // address beyond the space of a zero-extended format
  'bad-frame', // the walk left physical memory (RISC-V access fault)
] as const;
export type FaultRule = (typeof FAULT_RULES)[number];

export interface FaultInfo {
  readonly rule: FaultRule;
  /** 0 to 2^64 - 1; a bigint for the upper half and for other constants of 2^53 and above. */
  readonly address: number | bigint;
  readonly access: AccessName;
  readonly user: boolean;
  /** Level of the deciding PTE: 0 is the leaf level, levels-1 the root; null when no PTE was read. */
  readonly level: number | null;
  readonly levelName: string | null;
  /** Physical address (bytes) of the deciding PTE. */
  readonly pteAddress: number | null;
  /** Its value, as `0x…`. */
  readonly pteValue: string | null;
  /** x86 formats: the page-fault error code. RISC-V: null. */
  readonly errorCode: number | null;
  /** RISC-V formats: the cause (12, 13, 15; 1, 5, 7 for access faults). Others: null. */
  readonly cause: number | null;
  /** One sentence for a person. */
  readonly sentence: string;
}
