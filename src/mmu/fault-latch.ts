/**
 * The processor's fault registers: one latch per CPU, overwritten by every fault, so that the fault path allocates
 * nothing. `describeFault` makes the immutable description for people and events.
 */
import type { FaultInfo, FaultRule } from './fault.ts';
import { FAULT_RULES } from './fault.ts';
import type { PageTableFormat } from './page-table/formats.ts';
import { hexAddress, unsignedAddress } from './sign-extension.ts';
import { ACCESS_NAMES, type AccessKind, FETCH, LOAD, STORE } from './units.ts';

/** Rules as indices into FAULT_RULES; the name tells which. */
export const NOT_PRESENT = FAULT_RULES.indexOf('not-present');
export const RESERVED_BIT = FAULT_RULES.indexOf('reserved-bit');
export const MISALIGNED_SUPERPAGE = FAULT_RULES.indexOf('misaligned-superpage');
export const NO_LEAF = FAULT_RULES.indexOf('no-leaf');
export const USER_REFUSED = FAULT_RULES.indexOf('user');
export const SUPERVISOR_REFUSED = FAULT_RULES.indexOf('supervisor');
export const WRITE_REFUSED = FAULT_RULES.indexOf('write');
export const READ_REFUSED = FAULT_RULES.indexOf('read');
export const EXECUTE_REFUSED = FAULT_RULES.indexOf('execute');
export const ACCESSED_CLEAR = FAULT_RULES.indexOf('accessed-clear');
export const DIRTY_CLEAR = FAULT_RULES.indexOf('dirty-clear');
export const NON_CANONICAL = FAULT_RULES.indexOf('non-canonical');
export const OUT_OF_RANGE = FAULT_RULES.indexOf('out-of-range');
export const BAD_FRAME = FAULT_RULES.indexOf('bad-frame');

export class Fault {
  /** Index into FAULT_RULES. */
  rule = 0;
  /** Signed (sign-extension.ts). */
  address = 0;
  access: AccessKind = LOAD;
  user = true;
  /** Level of the deciding PTE; -1: none was read. */
  level = -1;
  /** Its physical address (-1: none) and value, as two unsigned words. */
  pteAddress = -1;
  pteLow = 0;
  pteHigh = 0;

  get ruleName(): FaultRule {
    return FAULT_RULES[this.rule]!;
  }

  /** Latch which access was refused. */
  latchAccess(address: number, access: AccessKind, user: boolean): void {
    this.address = address;
    this.access = access;
    this.user = user;
  }

  /** Latch that a rule refused it at this entry; words unsigned. */
  latchEntry(rule: number, level: number, address: number, low: number, high: number): void {
    this.rule = rule;
    this.level = level;
    this.pteAddress = address;
    this.pteLow = low;
    this.pteHigh = high;
  }

  /** Latch that a rule refused it for which no entry was read. */
  latchBareRule(rule: number): void {
    this.latchEntry(rule, -1, -1, 0, 0);
  }
}

/** x86 page-fault error code: bit 0 P (page present), 1 W, 2 U, 3 RSVD, 4 I (fetch, where NX exists). */
function x86ErrorCode(fault: Fault, format: PageTableFormat): number | null {
  const rule = fault.ruleName;
  // A non-canonical address raises #GP, a frame outside memory a bus error: no page fault, no error code.
  if (rule === 'non-canonical' || rule === 'out-of-range' || rule === 'bad-frame') return null;
  const present = rule === 'not-present' ? 0 : 1;
  const write = fault.access === STORE ? 2 : 0;
  const user = fault.user ? 4 : 0;
  const reserved = rule === 'reserved-bit' || rule === 'misaligned-superpage' ? 8 : 0;
  const fetch = fault.access === FETCH && format.has.execute ? 16 : 0;
  return present | write | user | reserved | fetch;
}

/** RISC-V scause, by access kind: page faults 13, 15, 12; access faults 5, 7, 1. */
const PAGE_FAULT_CAUSES = [13, 15, 12] as const;
const ACCESS_FAULT_CAUSES = [5, 7, 1] as const;

const REASONS: Readonly<Record<FaultRule, string>> = {
  'not-present': 'the entry is not valid',
  'reserved-bit': 'the entry has a reserved bit set',
  'misaligned-superpage': 'the superpage does not start at a multiple of its size',
  'no-leaf': 'the last level holds a pointer where a page should be',
  user: 'the page is not for user mode',
  supervisor: 'a supervisor may not use this user page',
  write: 'the page is not writable',
  read: 'the page is not readable',
  execute: 'the page is not executable',
  'accessed-clear': 'the accessed bit is clear and this hardware leaves setting it to software',
  'dirty-clear': 'the dirty bit is clear and this hardware leaves setting it to software',
  'non-canonical': 'the upper address bits are not copies of the top used bit',
  'out-of-range': 'the address lies past the virtual address space',
  'bad-frame': 'it leads outside physical memory',
};

/** `address`: what a person calls it, where the latch's double is not exact. */
export function describeFault(
  fault: Fault,
  format: PageTableFormat,
  address: number | bigint = unsignedAddress(fault.address),
): FaultInfo {
  const rule = fault.ruleName;
  const access = ACCESS_NAMES[fault.access];
  const level = fault.level >= 0 ? fault.level : null;
  const levelName = level === null ? null : (format.levels[level]?.name ?? null);
  const hasPte = fault.pteAddress >= 0;
  const raw = (BigInt(fault.pteHigh >>> 0) << 32n) | BigInt(fault.pteLow >>> 0);
  const pteValue = hasPte ? `0x${raw.toString(16).padStart(format.pteBytes * 2, '0')}` : null;
  const causes = rule === 'bad-frame' ? ACCESS_FAULT_CAUSES : PAGE_FAULT_CAUSES;
  const where =
    levelName === null || pteValue === null
      ? ''
      : ` (${levelName} entry at 0x${fault.pteAddress.toString(16)} = ${pteValue})`;
  const who = fault.user ? 'user' : 'supervisor';
  return {
    rule,
    address,
    access,
    user: fault.user,
    level,
    levelName,
    pteAddress: hasPte ? fault.pteAddress : null,
    pteValue,
    errorCode: format.family === 'x86' ? x86ErrorCode(fault, format) : null,
    cause: format.family === 'riscv' ? causes[fault.access] : null,
    sentence: `${who} ${access} at ${hexAddress(address)} refused: ${REASONS[rule]}${where}`,
  };
}
