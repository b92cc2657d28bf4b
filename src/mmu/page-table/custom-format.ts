/**
 * Formats for coursework: a page table described field by field, down to the tiny machines of textbooks.
 *
 *     OSTEP's multi-level homework:  { pageBytes: 32, pteBytes: 1, levels: [5, 5] }
 *     (15-bit addresses, one-byte entries, valid bit on top, frame number below it)
 */
import { InputError, InputErrors } from '../input-error.ts';
import type { BitField, BitLayout } from './bit-layout.ts';
import { overlappingFields } from './bit-layout.ts';
import type { FormatLevel, PageTableFormat } from './formats.ts';

export interface CustomLevel {
  readonly name?: string | undefined;
  readonly indexBits: number;
  /** May an entry here map a large page? Needs `fields.leaf`. Default false. */
  readonly canBeLeaf?: boolean | undefined;
}

/** Single bits by position; a flag left out is not in the entry, and what it would allow is allowed. */
export interface CustomFields {
  /** Frame number. Default: from bit 0, up to the physical address size or to the flags. */
  readonly frame?: { readonly bit: number; readonly width: number } | undefined;
  /** Default: the entry's top bit. */
  readonly valid?: number | undefined;
  readonly read?: number | undefined;
  readonly write?: number | undefined;
  readonly execute?: number | undefined;
  /** Execution refused when set; instead of `execute`. */
  readonly noExecute?: number | undefined;
  readonly user?: number | undefined;
  readonly global?: number | undefined;
  readonly accessed?: number | undefined;
  readonly dirty?: number | undefined;
  /** Marks a large page above the last level. */
  readonly leaf?: number | undefined;
}

export interface CustomFormat {
  readonly name?: string | undefined;
  /** A power of two, 4 or more. */
  readonly pageBytes: number;
  readonly pteBytes: 1 | 2 | 4 | 8;
  /** Index bits of each table, root first, as books draw them: `[10, 10]`; or with names. */
  readonly levels: readonly (number | CustomLevel)[];
  /** Default: what the index bits and the page offset add up to; if given it must be that. */
  readonly virtualBits?: number | undefined;
  /** Default: what the frame field can say. */
  readonly physicalBits?: number | undefined;
  readonly fields?: CustomFields | undefined;
  /** Default `zero-extended`: addresses past the space are out of range. */
  readonly canonical?: 'sign-extended' | 'zero-extended' | undefined;
  /** Must every level grant a right, as on x86, or only the leaf? Default `leaf`. */
  readonly permissions?: 'leaf' | 'every-level' | undefined;
}

const VIRTUAL_BITS_MAX = 52;
const PHYSICAL_BITS_MAX = 52;
const INDEX_BITS_MAX = 28;
const LEVELS_MAX = 8;

const FLAG_DOCS = {
  valid: 'The entry may be used to translate.',
  read: 'Loads allowed.',
  write: 'Stores allowed.',
  execute: 'Instruction fetches allowed.',
  noExecute: 'Instruction fetches refused.',
  user: 'User accesses allowed.',
  global: 'The same in every address space.',
  accessed: 'Used since it was last cleared.',
  dirty: 'Written since it was last cleared.',
  leaf: 'Maps a large page.',
} as const;
type FlagName = keyof typeof FLAG_DOCS;
const FLAG_NAMES = Object.keys(FLAG_DOCS) as readonly FlagName[];

/** The format a description means. Throws InputErrors with everything wrong with it (MEM-FMT-001 to -012). */
export function compileCustomFormat(custom: CustomFormat): PageTableFormat {
  const errors: InputError[] = [];
  const wrong = (code: string, message: string, hint: string) => {
    errors.push(new InputError({ code, message: `paging: ${message}`, hint }));
  };

  const { pageBytes, pteBytes } = custom;
  const pageShift = Math.log2(pageBytes);
  if (!Number.isInteger(pageShift) || pageBytes < 4 || pageShift > 28) {
    wrong('MEM-FMT-001', 'pageBytes must be a power of two from 4 to 2^28', `it is ${pageBytes}`);
  }
  if (![1, 2, 4, 8].includes(pteBytes)) wrong('MEM-FMT-002', 'pteBytes must be 1, 2, 4 or 8', `it is ${pteBytes}`);
  const rootFirst = custom.levels.map((level) => (typeof level === 'number' ? { indexBits: level } : level));
  if (rootFirst.length < 1 || rootFirst.length > LEVELS_MAX) {
    wrong('MEM-FMT-003', `levels must have 1 to ${LEVELS_MAX} entries`, `it has ${rootFirst.length}`);
  }
  for (const { indexBits } of rootFirst) {
    if (!Number.isInteger(indexBits) || indexBits < 1 || indexBits > INDEX_BITS_MAX) {
      wrong('MEM-FMT-004', `index bits must be a whole number from 1 to ${INDEX_BITS_MAX}`, `one is ${indexBits}`);
    }
  }
  if (errors.length > 0) throw new InputErrors(errors);

  const virtualBits = pageShift + rootFirst.reduce((sum, { indexBits }) => sum + indexBits, 0);
  if (custom.virtualBits !== undefined && custom.virtualBits !== virtualBits) {
    const sum = [...rootFirst.map(({ indexBits }) => indexBits), pageShift].join(' + ');
    wrong(
      'MEM-FMT-005',
      `index bits and page offset (${sum}) do not add up to ${custom.virtualBits} bits`,
      `${sum} = ${virtualBits}`,
    );
  }
  if (virtualBits > VIRTUAL_BITS_MAX) {
    wrong('MEM-FMT-006', `virtual addresses of ${virtualBits} bits are too wide`, `at most ${VIRTUAL_BITS_MAX}`);
  }

  const layout = compileFields(custom, pageShift, wrong);
  const physicalBits = custom.physicalBits ?? Math.min(layout.frame.width + pageShift, PHYSICAL_BITS_MAX);
  if (!Number.isInteger(physicalBits) || physicalBits < pageShift || physicalBits > PHYSICAL_BITS_MAX) {
    wrong(
      'MEM-FMT-010',
      `physicalBits must be a whole number from ${pageShift} to ${PHYSICAL_BITS_MAX}`,
      `it is ${physicalBits}`,
    );
  } else if (layout.frame.width < physicalBits - pageShift) {
    const need = physicalBits - pageShift;
    wrong(
      'MEM-FMT-011',
      `the frame field (${layout.frame.width} bits) cannot hold a frame number of ${need} bits`,
      'widen fields.frame, or lower physicalBits',
    );
  }
  if (layout.leaf === undefined && rootFirst.slice(0, -1).some(({ canBeLeaf }) => canBeLeaf === true)) {
    wrong('MEM-FMT-012', 'a level that can be a leaf needs a leaf bit', 'give fields.leaf a bit number');
  }
  if (errors.length > 0) throw new InputErrors(errors);

  const softwareLayout = spareFields(layout, pteBytes * 8);
  return {
    name: custom.name ?? 'custom',
    family: 'custom',
    pageBytes,
    pageShift,
    virtualBits,
    physicalBits,
    pteBytes,
    levels: compileLevels(rootFirst.toReversed(), pageShift),
    canonical: custom.canonical ?? 'zero-extended',
    userEnd: 2 ** (custom.canonical === 'sign-extended' ? virtualBits - 1 : virtualBits),
    layout,
    softwareLayout,
    rules: {
      leafTest: layout.leaf === undefined ? 'never' : 'leaf-bit',
      permissions: custom.permissions ?? 'leaf',
      supervisor: 'free',
      misalignment: 'misaligned-superpage',
    },
    has: {
      write: layout.write !== undefined,
      execute: layout.execute !== undefined || layout.noExecute !== undefined,
      user: layout.user !== undefined,
      accessed: layout.accessed !== undefined,
      dirty: layout.dirty !== undefined,
      global: layout.global !== undefined,
      software: softwareLayout !== null,
    },
  };
}

type CustomLayout = { frame: BitField } & { [Name in FlagName]?: BitField };

function compileFields(
  custom: CustomFormat,
  pageShift: number,
  wrong: (code: string, message: string, hint: string) => void,
): CustomLayout {
  const pteBits = custom.pteBytes * 8;
  const fields = custom.fields ?? {};
  const flags: { [Name in FlagName]?: BitField } = {};
  for (const name of FLAG_NAMES) {
    const bit = name === 'valid' ? (fields.valid ?? pteBits - 1) : fields[name];
    if (bit !== undefined) flags[name] = { bit, width: 1, doc: FLAG_DOCS[name] };
  }
  if (flags.execute !== undefined && flags.noExecute !== undefined) {
    wrong('MEM-FMT-009', 'execute and noExecute cannot both be given', 'keep one of the two');
  }
  const lowestFlag = Math.min(...Object.values(flags).map((field) => field.bit));
  const room = custom.physicalBits === undefined ? PHYSICAL_BITS_MAX - pageShift : custom.physicalBits - pageShift;
  const frame = {
    ...(fields.frame ?? { bit: 0, width: Math.max(1, Math.min(lowestFlag, room)) }),
    doc: 'Physical frame number.',
  };
  const layout: CustomLayout = { ...flags, frame };
  for (const [name, { bit, width }] of Object.entries<BitField>(layout as BitLayout)) {
    if (!Number.isInteger(bit) || !Number.isInteger(width) || bit < 0 || width < 1 || bit + width > pteBits) {
      wrong(
        'MEM-FMT-007',
        `field '${name}' does not fit an entry of ${pteBits} bits`,
        `its bits are ${bit} to ${bit + width - 1}`,
      );
    }
  }
  for (const [one, other] of overlappingFields(layout as BitLayout)) {
    wrong('MEM-FMT-008', `fields '${one}' and '${other}' overlap`, 'give each its own bits');
  }
  return layout;
}

function compileLevels(leafFirst: readonly CustomLevel[], pageShift: number): FormatLevel[] {
  let shift = pageShift;
  return leafFirst.map(({ name, indexBits, canBeLeaf }, level) => {
    const compiled = {
      name: name ?? `L${level}`,
      indexBits,
      shift,
      canBeLeaf: level === 0 || canBeLeaf === true,
      pageBytes: 2 ** shift,
      reservedInTable: [],
      reservedInLeaf: [],
    };
    shift += indexBits;
    return compiled;
  });
}

/** Three bits no field uses make room for software's not-present entries. */
function spareFields(layout: CustomLayout, pteBits: number): BitLayout | null {
  const used = new Set<number>();
  for (const { bit, width } of Object.values<BitField>(layout as BitLayout)) {
    for (let i = bit; i < bit + width; i++) used.add(i);
  }
  const spare = Array.from({ length: pteBits }, (_, bit) => bit).filter((bit) => !used.has(bit));
  const [protNone, swap, swapExclusive] = spare;
  if (protNone === undefined || swap === undefined || swapExclusive === undefined || layout.valid === undefined)
    return null;
  return {
    valid: layout.valid,
    frame: layout.frame,
    protNone: { bit: protNone, width: 1, doc: 'The frame is held, but the area is PROT_NONE.' },
    swap: { bit: swap, width: 1, doc: 'The frame field names a swap slot.' },
    swapExclusive: {
      bit: swapExclusive,
      width: 1,
      doc: 'With swap: the page was this mapping’s alone. Without: a guard marker.',
    },
  };
}
