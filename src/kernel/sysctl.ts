/**
 * What an administrator may change while the machine runs: /proc/sys/vm/NAME, by Linux's names.
 *
 *     overcommit_memory     0 guess, 1 always, 2 never               overcommit_ratio    percent of RAM, mode 2
 *     overcommit_kbytes     instead of the ratio; 0: the ratio       max_map_count       areas of one process
 *     admin_reserve_kbytes, user_reserve_kbytes                      what mode 2 keeps back (accounting.ts)
 *     nr_hugepages          superpages for MAP_HUGETLB
 *     swappiness            how gladly anonymous pages are reclaimed, 0 … 200     (reclaim/scan-counts.ts)
 *     page-cluster          log2 of the slots that one swap-in reads       (swap/read-ahead.ts)
 *     min_free_kbytes, watermark_scale_factor                              (pressure/watermarks.ts)
 *
 * [mm/util.c:overcommit_policy_handler, overcommit_ratio_handler, overcommit_kbytes_handler; mm/mmap.c]
 */
import { fail } from './linux-abi.ts';
import { DEFAULT_WATERMARK_SCALE_FACTOR } from './pressure/watermarks.ts';
import { DEFAULT_SWAPPINESS } from './reclaim/page-facts.ts';
import { SWAPPINESS_MAX } from './reclaim/scan-counts.ts';

const INT_MAX = 2 ** 31 - 1;

interface Range {
  readonly least: number;
  readonly most: number;
}

const COUNT: Range = { least: 0, most: INT_MAX };
const AMOUNT: Range = { least: 0, most: Number.MAX_SAFE_INTEGER };

const RANGES = {
  overcommit_memory: { least: 0, most: 2 },
  overcommit_ratio: COUNT,
  overcommit_kbytes: AMOUNT,
  admin_reserve_kbytes: AMOUNT,
  user_reserve_kbytes: AMOUNT,
  max_map_count: COUNT,
  nr_hugepages: COUNT,
  swappiness: { least: 0, most: SWAPPINESS_MAX },
  'page-cluster': { least: 0, most: 31 },
  min_free_kbytes: COUNT,
  watermark_scale_factor: { least: 1, most: 3000 },
} as const satisfies Readonly<Record<string, Range>>;
export type SysctlName = keyof typeof RANGES;
export const SYSCTL_NAMES = Object.keys(RANGES) as [SysctlName, ...SysctlName[]];

export const isSysctl = (name: string): name is SysctlName => Object.hasOwn(RANGES, name);

export class Sysctls {
  overcommit_memory: number;
  overcommit_ratio = 50;
  overcommit_kbytes = 0;
  /** Linux sets these at boot by how much memory is free; nobody here needs a way back in, so nothing is kept. */
  admin_reserve_kbytes = 0;
  user_reserve_kbytes = 0;
  max_map_count = 65530;
  /** Superpages for MAP_HUGETLB; until it is set, as many as memory has free. */
  nr_hugepages = Number.POSITIVE_INFINITY;
  swappiness = DEFAULT_SWAPPINESS;
  'page-cluster' = 0;
  min_free_kbytes: number;
  watermark_scale_factor = DEFAULT_WATERMARK_SCALE_FACTOR;

  constructor(overcommit: number, minFreeKbytes: number) {
    this.overcommit_memory = overcommit;
    this.min_free_kbytes = minFreeKbytes;
  }
}

/** What it takes: whole numbers from `least` to `most`. */
export const sysctlRange = (name: SysctlName): Range => RANGES[name];

/** Is that a value the name takes? */
export function isSysctlValue(name: SysctlName, value: number): boolean {
  const { least, most } = RANGES[name];
  return Number.isInteger(value) && value >= least && value <= most;
}

/** Write a value: 0, or -EINVAL outside of what the name takes. */
export function setSysctl(sysctls: Sysctls, name: SysctlName, value: number): number {
  if (!isSysctlValue(name, value)) return fail('EINVAL');
  sysctls[name] = value;
  // Of ratio and amount the one written last counts.
  if (name === 'overcommit_ratio') sysctls.overcommit_kbytes = 0;
  if (name === 'overcommit_kbytes') sysctls.overcommit_ratio = 0;
  return 0;
}
