/**
 * The meaning of a page-table entry, apart from the bits that carry it.
 *
 * Each format's codec turns its own bits into these flags and back; the kernel reads and writes PTEs only in this
 * vocabulary, so one fault handler serves every format. The low eight are RISC-V's V R W X U G A D, in that order.
 */
export const PTE_VALID = 1 << 0;
export const PTE_READ = 1 << 1;
export const PTE_WRITE = 1 << 2;
export const PTE_EXEC = 1 << 3;
export const PTE_USER = 1 << 4;
export const PTE_GLOBAL = 1 << 5;
export const PTE_ACCESSED = 1 << 6;
export const PTE_DIRTY = 1 << 7;
/** Software: the entry holds a frame but is not valid to the hardware, because the area is PROT_NONE. */
export const PTE_PROT_NONE = 1 << 8;
/** Software, only in a not-present entry: it names a swap slot (in the place of the frame number). */
export const PTE_SWAP = 1 << 9;
/** Software, only with PTE_SWAP: the page belonged to this one mapping (Linux `pte_swp_exclusive`). */
export const PTE_SWAP_EXCLUSIVE = 1 << 10;
/** Software, only in a not-present entry: a guard marker (MADV_GUARD_INSTALL). */
export const PTE_GUARD = 1 << 11;

export const PTE_LETTERS: readonly (readonly [number, string])[] = [
  [PTE_VALID, 'V'],
  [PTE_READ, 'R'],
  [PTE_WRITE, 'W'],
  [PTE_EXEC, 'X'],
  [PTE_USER, 'U'],
  [PTE_GLOBAL, 'G'],
  [PTE_ACCESSED, 'A'],
  [PTE_DIRTY, 'D'],
];

/**
 * `VRW-U-AD`: one letter a flag, a dash where it is clear. Small letters for flags in `implied`: the format has no bit for
 * them, so they are always granted.
 */
export function pteLetters(flags: number, implied = 0): string {
  return PTE_LETTERS.map(([bit, letter]) => {
    if ((flags & bit) === 0) return '-';
    return (implied & bit) === 0 ? letter : letter.toLowerCase();
  }).join('');
}
