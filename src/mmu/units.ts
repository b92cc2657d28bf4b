/**
 * The units of memory, as types that cost nothing at run time.
 *
 * A *page* is virtual, a *frame* is physical; a page has a virtual page number (`Vpn`), a frame a physical frame
 * number (`Pfn`). The two are never mixed, and there is deliberately no conversion from one to the other: only a page
 * table knows it.
 *
 * Widths: addresses are doubles, exact from -2^53 to 2^53; negative ones are the upper half of a sign-extended format
 * (`sign-extension.ts`). Every user address of every supported format lies below 2^53 (`sv57` and `x86_64-la57` machines
 * place user memory there). A 64-bit constant that does not fit is a bigint and never reaches the translation path.
 *
 * Page sizes belong to the page-table format, so the arrows take the page shift. They divide and multiply instead of
 * shifting: JavaScript's bit operators are signed and 32 bits wide.
 */
declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

export type VirtualAddress = Unit<'VirtualAddress'>;
export type PhysicalAddress = Unit<'PhysicalAddress'>;
/** Virtual page number. */
export type Vpn = Unit<'Vpn'>;
/** Physical frame number. */
export type Pfn = Unit<'Pfn'>;
export type ByteCount = Unit<'ByteCount'>;
/** Address-space identifier: the tag by which a TLB tells address spaces apart. */
export type Asid = Unit<'Asid'>;

export const virtualAddress = (value: number): VirtualAddress => value as VirtualAddress;
export const physicalAddress = (value: number): PhysicalAddress => value as PhysicalAddress;
export const pfn = (value: number): Pfn => value as Pfn;
export const vpn = (value: number): Vpn => value as Vpn;
export const byteCount = (value: number): ByteCount => value as ByteCount;
export const asid = (value: number): Asid => value as Asid;

export const vpnOf = (address: VirtualAddress, pageBytes: number): Vpn => Math.floor(address / pageBytes) as Vpn;
export const addressOfVpn = (page: Vpn, pageBytes: number): VirtualAddress => (page * pageBytes) as VirtualAddress;
export const pfnOf = (address: PhysicalAddress, pageBytes: number): Pfn => Math.floor(address / pageBytes) as Pfn;
export const addressOfPfn = (frame: Pfn, pageBytes: number): PhysicalAddress => (frame * pageBytes) as PhysicalAddress;

/** Round down / up to a multiple of `unitBytes`, which need not be a power of two. */
export const alignDown = (value: number, unitBytes: number): number => value - (value % unitBytes);
export const alignUp = (value: number, unitBytes: number): number => {
  const rest = value % unitBytes;
  return rest === 0 ? value : value + (unitBytes - rest);
};

/** What an access wants to do. The numbers index per-kind tables. */
export const LOAD = 0;
export const STORE = 1;
export const FETCH = 2;
export type AccessKind = typeof LOAD | typeof STORE | typeof FETCH;
export const ACCESS_NAMES = ['load', 'store', 'fetch'] as const;
export type AccessName = (typeof ACCESS_NAMES)[number];
