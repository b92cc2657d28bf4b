/**
 * Addresses that no user mapping can have: 2^53 and above. A program's never reach the MMU; what the processor and the
 * kernel would make of them follows from the format alone (linux-vm.md section 1). Who asks the hardware itself
 * (`translate`, `explain`) gets its answer for those that it can take (src/mmu/sign-extension.ts).
 */
import type { SignalInfo } from '../kernel/events.ts';
import { InputError } from '../mmu/input-error.ts';
import type { PageTableFormat } from '../mmu/page-table/formats.ts';
import { EXACT_START, hexAddress, isCanonical } from '../mmu/sign-extension.ts';
import { type AccessKind, FETCH, STORE } from '../mmu/units.ts';
import { requireAddress } from './check-access.ts';

const ADDRESS_BITS = 64;
/** First address of the upper half that the MMU takes: 2^53 below the end. */
const UPPER_START = (1n << BigInt(ADDRESS_BITS)) + BigInt(EXACT_START);

/** The address modulo 2^64, as a number when that is exact and a bigint when not. */
export function normalizeAddress(address: number | bigint): number | bigint {
  if (typeof address === 'number' && address >= 0 && address <= Number.MAX_SAFE_INTEGER) return address;
  const wrapped = BigInt.asUintN(ADDRESS_BITS, BigInt(address));
  return wrapped <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(wrapped) : wrapped;
}

/**
 * Where an access of `size` bytes meets its refusal or begins. x86 looks at all of its addresses before any page: one that
 * runs out of the lower half into addresses that are not canonical is refused for those [measured].
 */
export function firstRefused(address: number | bigint, size: number, format: PageTableFormat): number | bigint {
  if (format.family !== 'x86' || format.canonical !== 'sign-extended') return address;
  const hole = 2 ** (format.virtualBits - 1);
  return address < hole && Number(address) + size > hole ? BigInt(hole) : address;
}

/**
 * The address modulo 2^64 as a processor of this format takes it: negative in the upper half; a bigint when it lies
 * outside the address space and no double holds it.
 * @throws InputError MEM-API-008 for what is no address, MEM-API-006 for one inside the space that no double holds (of `sv57` and `x86_64-la57` alone)
 */
export function processorAddress(address: number | bigint, format: PageTableFormat): number | bigint {
  requireAddress(address);
  const wrapped = normalizeAddress(address);
  if (typeof wrapped === 'number') return wrapped;
  if (wrapped >= UPPER_START) return Number(BigInt.asIntN(ADDRESS_BITS, wrapped));
  if (!isCanonical(wrapped, format)) return wrapped;
  throw new InputError({
    code: 'MEM-API-006',
    message: `${hexAddress(wrapped)} is an address of ${format.name} that mmulator cannot translate`,
    hint: `of the 64-bit space, addresses below 0x20000000000000 and from 0x${UPPER_START.toString(16)} on are emulated`,
  });
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
