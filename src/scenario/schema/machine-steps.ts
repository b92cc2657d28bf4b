/** Steps of an administrator: settings of the kernel and memory groups, while the machine runs. */
import { z } from 'zod';
import { SYSCTL_NAMES } from '../../kernel/sysctl.ts';
import { byteLimit, processName, whole } from './scalars.ts';
import { happens } from './step-head.ts';

const sysctlName = z.enum(SYSCTL_NAMES);

/** `machine: { sysctl: … }`: settings from the start. */
export const sysctlSettings = z
  .strictObject(Object.fromEntries(SYSCTL_NAMES.map((name) => [name, whole('A number.').optional()])))
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
