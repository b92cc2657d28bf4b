/**
 * Addresses that no user mapping can have and no double holds exactly: 2^53 and above. They never reach the MMU; what
 * the processor and the kernel would make of them follows from the format alone (linux-vm.md section 1).
 */
import type { SignalInfo } from '../kernel/events.ts';
import type { PageTableFormat } from '../mmu/page-table/formats.ts';
import { type AccessKind, FETCH, STORE } from '../mmu/units.ts';

const ADDRESS_BITS = 64;

/** The address modulo 2^64, as a number when that is exact and a bigint when not. */
export function normalizeAddress(address: number | bigint): number | bigint {
  if (typeof address === 'number' && address >= 0 && address <= Number.MAX_SAFE_INTEGER) return address;
  const wrapped = BigInt.asUintN(ADDRESS_BITS, BigInt(address));
  return wrapped <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wrapped) : wrapped;
}

/** The signal an access to such an address ends in. */
export function wildSignal(format: PageTableFormat, address: bigint, access: AccessKind): SignalInfo {
  const at = `0x${address.toString(16)}`;
  if (format.family !== 'x86') {
    return { signal: 'SIGSEGV', code: 'SEGV_MAPERR', address, errorCode: null, reason: `${at} lies beyond user space` };
  }
  const top = address >> BigInt(format.virtualBits - 1);
  const canonical = top === 0n || top === (1n << BigInt(ADDRESS_BITS - format.virtualBits + 1)) - 1n;
  if (!canonical) {
    const reason = `${at} is not a canonical address: general protection fault`;
    return { signal: 'SIGSEGV', code: 'SI_KERNEL', address: 0, errorCode: null, reason };
  }
  // The kernel's half looks like a protection fault (bit 0), so that its layout does not show.
  const errorCode = 1 | (access === STORE ? 2 : 0) | 4 | (access === FETCH ? 16 : 0);
  return { signal: 'SIGSEGV', code: 'SEGV_MAPERR', address, errorCode, reason: `${at} belongs to the kernel's half` };
}
