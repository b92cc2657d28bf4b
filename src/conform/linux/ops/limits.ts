/** setrlimit. */
import type { Process } from '../../../kernel/process.ts';
import { PAGE_BYTES } from '../recorded-machine.ts';
import type { Op } from '../recording.ts';
import type { Operations } from './operation.ts';

const SUPPORTED = ['STACK', 'AS', 'DATA'];

export const LIMIT_OPS: Operations = {
  setrlimit: {
    by: 'process',
    uncounted: true,
    unsupported: ({ res = '' }) => (SUPPORTED.includes(res) ? null : `RLIMIT_${res}`),
    perform: ({ op, process, answer }) => {
      setLimit(op, process);
      answer.ret = 0;
    },
  },
};

function setLimit(op: Op, process: Process): void {
  const { limits } = process;
  const space = process.space!;
  const bytes = (current: number): number => {
    // Below zero it wraps around to no limit at all.
    const relative = current * PAGE_BYTES + (op.rel ?? 0);
    if (op.rel !== undefined) return relative < 0 ? Number.POSITIVE_INFINITY : relative;
    return op.val === 'inf' ? Number.POSITIVE_INFINITY : Number(op.val);
  };
  if (op.res === 'STACK') limits.stack = bytes(space.stackPages);
  else if (op.res === 'AS') limits.addressSpace = bytes(space.totalPages);
  else limits.data = bytes(space.dataPages);
}
