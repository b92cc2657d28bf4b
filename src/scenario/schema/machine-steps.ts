/** Steps of an administrator: settings of the kernel while the machine runs. */
import { z } from 'zod';
import { SYSCTL_NAMES } from '../../kernel/sysctl.ts';
import { whole } from './scalars.ts';
import { happens } from './step-head.ts';

const sysctlName = z.enum(SYSCTL_NAMES);

/** `machine: { sysctl: … }`: settings from the start. */
export const sysctlSettings = z
  .strictObject(Object.fromEntries(SYSCTL_NAMES.map((name) => [name, whole('A number.').optional()])))
  .meta({ id: 'sysctl-settings' });

export const machineShapes = {
  sysctl: z.strictObject({
    ...happens('sysctl'),
    name: sysctlName.describe('Of /proc/sys/vm.'),
    value: whole('What to write there.', Number.MIN_SAFE_INTEGER),
  }),
} as const;
