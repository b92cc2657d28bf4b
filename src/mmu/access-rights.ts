/** Which rule, if any, refuses an access to a page with given rights. Shared by the walk and by TLB hits. */
import { EXECUTE_REFUSED, READ_REFUSED, SUPERVISOR_REFUSED, USER_REFUSED, WRITE_REFUSED } from './fault-latch.ts';
import { PTE_EXEC, PTE_READ, PTE_USER, PTE_WRITE } from './pte-flags.ts';
import { type AccessKind, FETCH, LOAD, STORE } from './units.ts';

/** Nothing refuses. */
export const ALLOWED = -1;

/** Privilege of an access, packed: who asks, and what eases the rules. */
export const AS_USER = 1;
/** SUM (RISC-V) / EFLAGS.AC (x86): a supervisor may use data of user pages. */
export const SUM = 2;
/** MXR (RISC-V): executable pages are readable. */
export const MXR = 4;
/** The format puts no limit on a supervisor (custom formats). */
export const SUPERVISOR_FREE = 8;

/** Index of the refusing rule, or ALLOWED. `flags` are the rights granted by all levels together. */
export function refusal(flags: number, kind: AccessKind, privilege: number): number {
  if ((privilege & AS_USER) !== 0) {
    if ((flags & PTE_USER) === 0) return USER_REFUSED;
  } else if ((flags & PTE_USER) !== 0 && (privilege & SUPERVISOR_FREE) === 0) {
    if (kind === FETCH || (privilege & SUM) === 0) return SUPERVISOR_REFUSED;
  }
  if (kind === STORE) return (flags & PTE_WRITE) !== 0 ? ALLOWED : WRITE_REFUSED;
  if (kind === FETCH) return (flags & PTE_EXEC) !== 0 ? ALLOWED : EXECUTE_REFUSED;
  if ((flags & PTE_READ) !== 0 || ((privilege & MXR) !== 0 && (flags & PTE_EXEC) !== 0)) return ALLOWED;
  return READ_REFUSED;
}

/** The one right the rule found missing: what a level must lack to have decided. 0 for the other rules. */
export function missingRight(rule: number): number {
  if (rule === USER_REFUSED) return PTE_USER;
  if (rule === WRITE_REFUSED) return PTE_WRITE;
  if (rule === EXECUTE_REFUSED) return PTE_EXEC;
  if (rule === READ_REFUSED) return PTE_READ;
  return 0;
}

export const LOAD_GRANTED = 1 << LOAD;
export const STORE_GRANTED = 1 << STORE;

const FLAG_BITS = 8;
/** Where the privilege stands in an index of `GRANTED`, above the hardware flags. */
export const PRIVILEGE_SHIFT = FLAG_BITS;
const PRIVILEGES = 16;
/** By privilege and hardware flags: a bit for each access kind that nothing refuses. */
export const GRANTED = Uint8Array.from({ length: PRIVILEGES << FLAG_BITS }, (_, index) => {
  const flags = index & (2 ** FLAG_BITS - 1);
  const granted = (kind: AccessKind) => (refusal(flags, kind, index >> FLAG_BITS) === ALLOWED ? 1 << kind : 0);
  return granted(LOAD) | granted(STORE) | granted(FETCH);
});

/** The access kinds that these rights allow: bit 1 << kind for each. */
export function grantedKinds(flags: number, privilege: number): number {
  return GRANTED[(privilege << FLAG_BITS) | (flags & (2 ** FLAG_BITS - 1))]!;
}
