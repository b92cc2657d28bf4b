/**
 * Page-table formats as data. One walker (`walker.ts`) and one codec (`pte-codec.ts`) serve them all; a new format is a
 * new table here. Sources: RISC-V privileged specification 1.12 (Sv32–Sv57); Intel SDM volume 3, 4.3–4.5; Linux
 * arch/x86/include/asm/pgtable_types.h and arch/riscv/include/asm/pgtable-bits.h for the not-present encodings.
 */
import type { BitField, BitLayout } from './bit-layout.ts';

export type { BitField, BitLayout } from './bit-layout.ts';

export interface FormatLevel {
  readonly name: string;
  readonly indexBits: number;
  /** Lowest address bit of this level's index. */
  readonly shift: number;
  readonly canBeLeaf: boolean;
  /** Bytes mapped by a leaf here. */
  readonly pageBytes: number;
  /** Bits of an entry here that must be zero: in a pointer to a table, in a leaf. */
  readonly reservedInTable: readonly BitField[];
  readonly reservedInLeaf: readonly BitField[];
}

/** Where the formats differ in kind, not only in bit positions. */
export interface FormatRules {
  /** What makes an entry above level 0 a leaf: R, W or X set; its own bit (`leaf` in the layout); or nothing can. */
  readonly leafTest: 'permissions' | 'leaf-bit' | 'never';
  /** Which entries grant rights: only the leaf, or every level on the way (x86). */
  readonly permissions: 'leaf' | 'every-level';
  /** May a supervisor use user pages: only data and only with SUM (riscv) / EFLAGS.AC (x86, SMAP and SMEP); or always. */
  readonly supervisor: 'sum' | 'free';
  /** Low frame bits set in a superpage leaf: a misaligned superpage (RISC-V) or reserved bits (x86). */
  readonly misalignment: 'misaligned-superpage' | 'reserved-bit';
}

export interface PageTableFormat {
  readonly name: string;
  readonly family: 'riscv' | 'x86' | 'custom';
  readonly pageBytes: number;
  readonly pageShift: number;
  readonly virtualBits: number;
  readonly physicalBits: number;
  readonly pteBytes: 1 | 2 | 4 | 8;
  /** Leaf level first: levels[0] is level 0. */
  readonly levels: readonly FormatLevel[];
  readonly canonical: 'sign-extended' | 'zero-extended';
  /** First address past user space (Linux TASK_SIZE; at most 2^52, so that sums of addresses stay exact). */
  readonly userEnd: number;
  /**
   * Fields of a valid entry. Names with a meaning to the codec: valid read write execute noExecute user global accessed
   * dirty leaf frame. The others are only shown.
   */
  readonly layout: BitLayout;
  /** Fields of an entry whose valid bit is clear: protNone swap swapExclusive frame; null when it has no room. */
  readonly softwareLayout: BitLayout | null;
  readonly rules: FormatRules;
  readonly has: {
    readonly write: boolean;
    readonly execute: boolean;
    readonly user: boolean;
    readonly accessed: boolean;
    readonly dirty: boolean;
    readonly global: boolean;
    /** Room in a not-present entry for swap, PROT_NONE and guard entries. */
    readonly software: boolean;
  };
}

export type FormatName = 'sv32' | 'sv39' | 'sv48' | 'sv57' | 'x86_64' | 'x86_64-la57' | 'i386';

const RISCV_FLAGS = {
  valid: { bit: 0, width: 1, doc: 'V: the entry may be used to translate.' },
  read: { bit: 1, width: 1, doc: 'R: loads allowed; R, W and X all clear make a pointer to the next table.' },
  write: { bit: 2, width: 1, doc: 'W: stores allowed; W without R is reserved.' },
  execute: { bit: 3, width: 1, doc: 'X: instruction fetches allowed.' },
  user: { bit: 4, width: 1, doc: 'U: belongs to user mode; a supervisor needs SUM, and never fetches from it.' },
  global: { bit: 5, width: 1, doc: 'G: the same in every address space; survives ASID-wise flushes.' },
  accessed: { bit: 6, width: 1, doc: 'A: used since it was last cleared.' },
  dirty: { bit: 7, width: 1, doc: 'D: written since it was last cleared.' },
  rsw: { bit: 8, width: 2, doc: 'RSW: left to the supervisor software.' },
} as const satisfies BitLayout;

export const SV32_LAYOUT = {
  ...RISCV_FLAGS,
  frame: { bit: 10, width: 22, doc: 'PPN: physical page number.' },
} as const satisfies BitLayout;

export const SV39_LAYOUT = {
  ...RISCV_FLAGS,
  frame: { bit: 10, width: 44, doc: 'PPN: physical page number.' },
  reserved: { bit: 54, width: 7, doc: 'Reserved: must be zero.' },
  pbmt: { bit: 61, width: 2, doc: 'PBMT: memory type; this machine has no Svpbmt, so must be zero.' },
  napot: { bit: 63, width: 1, doc: 'N: 64 KiB contiguity; this machine has no Svnapot, so must be zero.' },
} as const satisfies BitLayout;

const riscvSoftware = (frame: BitField) =>
  ({
    valid: { bit: 0, width: 1, doc: 'Clear: the hardware ignores every other bit.' },
    protNone: { bit: 5, width: 1, doc: 'The frame is held, but the area is PROT_NONE.' },
    swap: { bit: 8, width: 1, doc: 'The frame field names a swap slot.' },
    swapExclusive: { bit: 9, width: 1, doc: 'With swap: the page was this mapping’s alone. Without: a guard marker.' },
    frame,
  }) as const satisfies BitLayout;

const X86_FLAGS = {
  valid: { bit: 0, width: 1, doc: 'P: present.' },
  write: { bit: 1, width: 1, doc: 'RW: writes allowed (needed at every level).' },
  user: { bit: 2, width: 1, doc: 'US: user accesses allowed (needed at every level).' },
  pwt: { bit: 3, width: 1, doc: 'PWT: write-through caching.' },
  pcd: { bit: 4, width: 1, doc: 'PCD: caching disabled.' },
  accessed: { bit: 5, width: 1, doc: 'A: used in a translation since it was last cleared.' },
  dirty: { bit: 6, width: 1, doc: 'D: written since it was last cleared (leaf only).' },
  leaf: { bit: 7, width: 1, doc: 'PS: a large page, above the lowest level; PAT at the lowest.' },
  global: { bit: 8, width: 1, doc: 'G: survives address-space switches (leaf only).' },
  software: { bit: 9, width: 3, doc: 'Left to software.' },
} as const satisfies BitLayout;

export const X86_64_LAYOUT = {
  ...X86_FLAGS,
  frame: { bit: 12, width: 40, doc: 'Physical frame number; bit 12 is PAT in a large page.' },
  available: { bit: 52, width: 7, doc: 'Left to software.' },
  protectionKey: { bit: 59, width: 4, doc: 'Protection key (not used: CR4.PKE is 0).' },
  noExecute: { bit: 63, width: 1, doc: 'NX: instruction fetches refused (at any level).' },
} as const satisfies BitLayout;

export const I386_LAYOUT = {
  ...X86_FLAGS,
  frame: { bit: 12, width: 20, doc: 'Physical frame number; bit 12 is PAT in a large page.' },
} as const satisfies BitLayout;

const x86Software = (frame: BitField) =>
  ({
    valid: { bit: 0, width: 1, doc: 'Clear: the hardware ignores every other bit.' },
    protNone: { bit: 8, width: 1, doc: 'The frame is held, but the area is PROT_NONE (Linux _PAGE_PROTNONE).' },
    swap: { bit: 9, width: 1, doc: 'The frame field names a swap slot.' },
    swapExclusive: { bit: 10, width: 1, doc: 'With swap: the page was this mapping’s alone. Without: a guard marker.' },
    frame,
  }) as const satisfies BitLayout;

const PAGE_SHIFT = 12;
const PAGE_BYTES = 2 ** PAGE_SHIFT;
/** Largest user address this emulator offers where the hardware has more (units.ts: addresses are doubles). */
const USER_END_MAX = 2 ** 52;

const ALL = {
  write: true,
  execute: true,
  user: true,
  accessed: true,
  dirty: true,
  global: true,
  software: true,
} as const;

function riscv(
  name: string,
  layout: BitLayout & { readonly frame: BitField },
  levelNames: readonly string[],
): PageTableFormat {
  const wide = levelNames.length > 2;
  const indexBits = wide ? 9 : 10;
  const virtualBits = PAGE_SHIFT + indexBits * levelNames.length;
  const always = ['reserved', 'pbmt', 'napot'].flatMap((field) => layout[field] ?? []);
  // A, D and U are reserved in a pointer to a table.
  const reservedInTable = [...always, RISCV_FLAGS.user, RISCV_FLAGS.accessed, RISCV_FLAGS.dirty];
  return {
    name,
    family: 'riscv',
    pageBytes: PAGE_BYTES,
    pageShift: PAGE_SHIFT,
    virtualBits,
    physicalBits: layout.frame.width + PAGE_SHIFT,
    pteBytes: wide ? 8 : 4,
    levels: levelNames.map((levelName, level) => ({
      name: levelName,
      indexBits,
      shift: PAGE_SHIFT + indexBits * level,
      canBeLeaf: true,
      pageBytes: PAGE_BYTES * 2 ** (indexBits * level),
      reservedInTable,
      reservedInLeaf: always,
    })),
    canonical: wide ? 'sign-extended' : 'zero-extended',
    userEnd: wide ? Math.min(2 ** (virtualBits - 1), USER_END_MAX) : 0xc0000000,
    layout,
    softwareLayout: riscvSoftware(layout.frame),
    rules: {
      leafTest: 'permissions',
      permissions: 'leaf',
      supervisor: 'sum',
      misalignment: 'misaligned-superpage',
    },
    has: ALL,
  };
}

function x86(
  name: string,
  layout: BitLayout & { readonly frame: BitField },
  levelNames: readonly string[],
): PageTableFormat {
  const wide = levelNames.length > 2;
  const indexBits = wide ? 9 : 10;
  const virtualBits = PAGE_SHIFT + indexBits * levelNames.length;
  return {
    name,
    family: 'x86',
    pageBytes: PAGE_BYTES,
    pageShift: PAGE_SHIFT,
    virtualBits,
    physicalBits: layout.frame.width + PAGE_SHIFT,
    pteBytes: wide ? 8 : 4,
    levels: levelNames.map((levelName, level) => {
      const shift = PAGE_SHIFT + indexBits * level;
      const canBeLeaf = level <= (wide ? 2 : 1);
      return {
        name: levelName,
        indexBits,
        shift,
        canBeLeaf,
        pageBytes: 2 ** shift,
        reservedInTable: canBeLeaf ? [] : [X86_FLAGS.leaf],
        // Bit 12 is PAT in a large page; the frame bits between it and the page size are reserved.
        reservedInLeaf: level === 0 ? [] : [{ bit: 13, width: shift - 13, doc: 'Reserved in a large page.' }],
      };
    }),
    canonical: wide ? 'sign-extended' : 'zero-extended',
    // One page below the canonical hole, as Linux: a SYSCALL at its very end would return to a bad address.
    userEnd: wide ? Math.min(2 ** (virtualBits - 1) - PAGE_BYTES, USER_END_MAX) : 0xc0000000,
    layout,
    softwareLayout: x86Software(layout.frame),
    rules: { leafTest: 'leaf-bit', permissions: 'every-level', supervisor: 'sum', misalignment: 'reserved-bit' },
    has: wide ? ALL : { ...ALL, execute: false },
  };
}

export const FORMATS: Readonly<Record<FormatName, PageTableFormat>> = {
  sv32: riscv('sv32', SV32_LAYOUT, ['L0', 'L1']),
  sv39: riscv('sv39', SV39_LAYOUT, ['L0', 'L1', 'L2']),
  sv48: riscv('sv48', SV39_LAYOUT, ['L0', 'L1', 'L2', 'L3']),
  sv57: riscv('sv57', SV39_LAYOUT, ['L0', 'L1', 'L2', 'L3', 'L4']),
  x86_64: x86('x86_64', X86_64_LAYOUT, ['PTE', 'PMD', 'PUD', 'PGD']),
  'x86_64-la57': x86('x86_64-la57', X86_64_LAYOUT, ['PTE', 'PMD', 'PUD', 'P4D', 'PGD']),
  i386: x86('i386', I386_LAYOUT, ['PTE', 'PGD']),
};
export const FORMAT_NAMES = Object.keys(FORMATS) as readonly FormatName[];
