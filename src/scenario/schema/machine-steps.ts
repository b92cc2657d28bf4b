/** Steps of an administrator: settings of the kernel and memory groups, while the machine runs. */
import { z } from 'zod';
import { SYSCTL_NAMES, type SysctlName } from '../../kernel/sysctl.ts';
import { byteLimit, processName, whole } from './scalars.ts';
import { happens } from './step-head.ts';

const sysctlName = z.enum(SYSCTL_NAMES);

/** Range, meaning and default of each, in the words of the reference. */
const SYSCTL_DESCRIPTIONS: Readonly<Record<SysctlName, string>> = {
  overcommit_memory: '0, 1 or 2: 0 refuses only absurd requests, 1 none, 2 whatever is beyond CommitLimit. Default: 0.',
  overcommit_ratio:
    'Percent of RAM that may be promised in mode 2, besides swap. Setting it sets overcommit_kbytes to 0. Default: 50.',
  overcommit_kbytes:
    'KiB that may be promised in mode 2, besides swap, instead of the ratio; 0: by the ratio. Default: 0.',
  admin_reserve_kbytes: 'KiB that mode 2 keeps back for an administrator. Default: 0.',
  user_reserve_kbytes: 'KiB that mode 2 keeps back from a process that has much already. Default: 0.',
  max_map_count: 'Areas that one process may have; what would need more is refused with ENOMEM. Default: 65530.',
  nr_hugepages: 'Superpages kept for MAP_HUGETLB. Default: as many as memory has free.',
  swappiness:
    '0 … 200: how gladly anonymous pages are swapped rather than file pages dropped; `replacement: linux` only. Default: 60.',
  'page-cluster':
    '0 … 31: binary logarithm of the slots that one swap-in reads at most. Default: 3 with `replacement: linux` (2 below 16 MiB of memory), else 0.',
  min_free_kbytes:
    'KiB of the min watermark, from which the others follow. Default: by the size of memory (docs/memory-pressure.md).',
  watermark_scale_factor:
    '1 … 3000: distance between watermarks in ten-thousandths of memory, if that is more than min / 4. Default: 10.',
};

/** `machine: { sysctl: … }`: settings from the start. */
export const sysctlSettings = z
  .strictObject(Object.fromEntries(SYSCTL_NAMES.map((name) => [name, whole(SYSCTL_DESCRIPTIONS[name]).optional()])))
  .meta({ id: 'sysctl-settings' });

const group = z.string().min(1).describe('Name of the memory group; `/` is the root, which all others are not in.');
const swappiness = whole('0 … 200: how gladly its anonymous pages are swapped; 0: never.', 0);

export const machineShapes = {
  group_create: z.strictObject({
    ...happens('group_create'),
    group: group.describe('Name of the new memory group.'),
    limit: byteLimit('Bytes that its processes may have in memory together. Default: `infinity`.').optional(),
    swappiness: swappiness.optional(),
  }),
  group_limit: z.strictObject({
    ...happens('group_limit'),
    group,
    limit: byteLimit('Bytes, or `infinity`. What is too much now is reclaimed.'),
    swappiness: swappiness.optional(),
  }),
  group_move: z.strictObject({
    ...happens('group_move'),
    process: processName('Who moves. What it has stays charged where it is. Default: the only one.').optional(),
    group,
  }),
  reclaim: z.strictObject({ ...happens('reclaim'), group: group.describe('Group that gives up all it can.') }),
  sysctl: z.strictObject({
    ...happens('sysctl'),
    name: sysctlName.describe('Of /proc/sys/vm.'),
    value: whole('What to write there.', Number.MIN_SAFE_INTEGER),
  }),
} as const;
