/** sysctl: /proc/sys/vm/NAME. */
import { isSysctl, setSysctl } from '../../../kernel/sysctl.ts';
import { PAGE_BYTES } from '../recorded-machine.ts';
import type { Op } from '../recording.ts';
import { answerNumber, type Operations } from './operation.ts';

/** So much more than is promised already, swap space aside: the value of an amount that mode 2 is to stop at. */
const RELATIVE = 'committed+';
const KIB = 1024;

export const SYSCTL_OPS: Operations = {
  sysctl: {
    by: 'world',
    unsupported: ({ name, val }: Op) =>
      isSysctl(name!) && (val === RELATIVE || /^\d+$/.test(String(val))) ? null : `${name}=${val}`,
    perform: ({ world, op, answer }) => {
      const { kernel } = world.machine;
      const relative = (kernel.committedPages - kernel.swap.slots) * PAGE_BYTES + (op.add ?? 0);
      const value = op.val === RELATIVE ? Math.floor(relative / KIB) : Number(op.val);
      if (isSysctl(op.name!)) answerNumber(answer, setSysctl(kernel.sysctl, op.name, value));
    },
  },
};
