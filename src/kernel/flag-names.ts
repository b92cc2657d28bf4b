/**
 * The bits that system calls take, by Linux's names without their prefix, in lower case: `MAP_FIXED_NOREPLACE` is
 * `fixed_noreplace`. What scenarios write and reports show [include/uapi/asm-generic/mman-common.h, linux/mman.h,
 * linux/falloc.h, linux/shm.h; arch/x86/include/uapi/asm/mman.h].
 */
import { SHM_EXEC, SHM_RDONLY, SHM_REMAP, SHM_RND } from './fs/shm.ts';
import * as abi from './linux-abi.ts';

/** The type of a mapping is a number in the lowest four bits, not bits of its own. */
export const MAP_TYPES = {
  shared: abi.MAP_SHARED,
  private: abi.MAP_PRIVATE,
  shared_validate: abi.MAP_SHARED_VALIDATE,
  droppable: abi.MAP_DROPPABLE,
} as const;

export const MAP_FLAGS = {
  ...MAP_TYPES,
  fixed: abi.MAP_FIXED,
  anonymous: abi.MAP_ANONYMOUS,
  '32bit': abi.MAP_32BIT,
  above4g: abi.MAP_ABOVE4G,
  growsdown: abi.MAP_GROWSDOWN,
  denywrite: abi.MAP_DENYWRITE,
  executable: abi.MAP_EXECUTABLE,
  locked: abi.MAP_LOCKED,
  noreserve: abi.MAP_NORESERVE,
  populate: abi.MAP_POPULATE,
  nonblock: abi.MAP_NONBLOCK,
  stack: abi.MAP_STACK,
  hugetlb: abi.MAP_HUGETLB,
  sync: abi.MAP_SYNC,
  fixed_noreplace: abi.MAP_FIXED_NOREPLACE,
  uninitialized: abi.MAP_UNINITIALIZED,
} as const;

export const PROT_FLAGS = {
  read: abi.PROT_READ,
  write: abi.PROT_WRITE,
  exec: abi.PROT_EXEC,
  sem: abi.PROT_SEM,
  growsdown: abi.PROT_GROWSDOWN,
  growsup: abi.PROT_GROWSUP,
} as const;

/** Of /proc/PID/maps, and where rights are written short: `rw`. */
export const PROT_LETTERS = { r: abi.PROT_READ, w: abi.PROT_WRITE, x: abi.PROT_EXEC } as const;

export const MREMAP_FLAGS = {
  maymove: abi.MREMAP_MAYMOVE,
  fixed: abi.MREMAP_FIXED,
  dontunmap: abi.MREMAP_DONTUNMAP,
} as const;

export const MLOCK_FLAGS = { onfault: abi.MLOCK_ONFAULT } as const;
export const MCL_FLAGS = { current: abi.MCL_CURRENT, future: abi.MCL_FUTURE, onfault: abi.MCL_ONFAULT } as const;
export const MS_FLAGS = { async: abi.MS_ASYNC, invalidate: abi.MS_INVALIDATE, sync: abi.MS_SYNC } as const;
export const SHM_FLAGS = { rdonly: SHM_RDONLY, rnd: SHM_RND, remap: SHM_REMAP, exec: SHM_EXEC } as const;

/** Modes of fallocate(2). */
export const FALLOC_FLAGS = {
  keep_size: abi.FALLOC_FL_KEEP_SIZE,
  punch_hole: abi.FALLOC_FL_PUNCH_HOLE,
  collapse_range: abi.FALLOC_FL_COLLAPSE_RANGE,
  zero_range: abi.FALLOC_FL_ZERO_RANGE,
  insert_range: abi.FALLOC_FL_INSERT_RANGE,
  unshare_range: abi.FALLOC_FL_UNSHARE_RANGE,
} as const;

type Bits = Readonly<Record<string, number>>;

/** `MAP_PRIVATE|MAP_ANONYMOUS`; bits without a name in hexadecimal; `none` for 0. */
export function flagNames(value: number, bits: Bits, prefix: string, none = '0'): string {
  let rest = value;
  const names: string[] = [];
  for (const [name, bit] of Object.entries(bits)) {
    if ((rest & bit) !== bit) continue;
    rest &= ~bit;
    names.push(prefix + name.toUpperCase());
  }
  if (rest !== 0) names.push(`0x${(rest >>> 0).toString(16)}`);
  return names.length === 0 ? none : names.join('|');
}

/** The same for the flags of mmap(2). */
export function mapFlagNames(value: number): string {
  const type = value & abi.MAP_TYPE;
  const { shared: _s, private: _p, shared_validate: _v, droppable: _d, ...others } = MAP_FLAGS;
  const known = Object.entries(MAP_TYPES).find(([, number]) => number === type);
  const rest = flagNames(known === undefined ? value : value & ~abi.MAP_TYPE, others, 'MAP_', '');
  const all = [known === undefined ? '' : `MAP_${known[0].toUpperCase()}`, rest].filter((part) => part !== '');
  return all.join('|') || '0';
}
