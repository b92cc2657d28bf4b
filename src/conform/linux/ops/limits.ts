/** setrlimit: the soft limit, up to the hard one. */
import type { ResourceName } from '../../../kernel/limits.ts';
import type { Process } from '../../../kernel/process.ts';
import { PAGE_BYTES } from '../recorded-machine.ts';
import type { Op } from '../recording.ts';
import { isNumeral, oneOf, onlyWith } from './known-words.ts';
import { answerNumber, type Operations } from './operation.ts';

const RESOURCES: readonly string[] = ['AS', 'STACK', 'DATA', 'MEMLOCK', 'FSIZE'] satisfies readonly ResourceName[];

export const LIMIT_OPS: Operations = {
  setrlimit: {
    by: 'process',
    uncounted: true,
    unsupported: onlyWith({ res: oneOf(RESOURCES), val: (value) => value === 'inf' || isNumeral(value) }),
    perform: ({ world, op, process, answer }) => {
      const resource = op.res as ResourceName;
      const soft = Math.min(wantedBytes(op, process), process.limits.hard[resource]);
      answerNumber(answer, world.machine.calls.setrlimit(process, resource, soft));
    },
  },
};

/** `val`, or with `rel` so much more than is mapped now; below zero that wraps around to no limit at all. */
function wantedBytes({ res, val, rel }: Op, process: Process): number {
  if (rel === undefined) return val === 'inf' ? Number.POSITIVE_INFINITY : Number(val);
  const space = process.space!;
  const bytes = (res === 'AS' ? space.totalPages : space.dataPages) * PAGE_BYTES + rel;
  return bytes < 0 ? Number.POSITIVE_INFINITY : bytes;
}
