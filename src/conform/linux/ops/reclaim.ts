/** reclaim and memlimit: what the world does to the memory group that the trace's processes are in. */
import { RECORDED_GROUP } from '../recorded-machine.ts';
import type { Op } from '../recording.ts';
import { answerNumber, type Operations } from './operation.ts';

/** What a number in a file of the cgroup file system may end with [lib/cmdline.c:memparse]. */
const UNITS: Readonly<Record<string, number>> = { '': 1, K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const AMOUNT = /^(\d+)([KMG]?)$/i;

export const RECLAIM_OPS: Operations = {
  reclaim: {
    by: 'world',
    perform: ({ world, answer }) => answerNumber(answer, world.machine.groups.reclaim(RECORDED_GROUP)),
  },
  memlimit: {
    by: 'world',
    unsupported: ({ val }: Op) => (bytesOf(val) === null ? `val ${val}` : null),
    perform: ({ world, op, answer }) => {
      const { groups } = world.machine;
      groups.setSwappiness(RECORDED_GROUP, op.noswap === 1 ? 0 : null);
      answerNumber(answer, groups.setLimit(RECORDED_GROUP, bytesOf(op.val)!));
    },
  },
};

/** `2M`; -1 is no limit. Null for what is no amount. */
function bytesOf(text: Op['val']): number | null {
  if (String(text) === '-1') return Number.POSITIVE_INFINITY;
  const found = AMOUNT.exec(String(text));
  return found === null ? null : Number(found[1]) * UNITS[found[2]!.toUpperCase()]!;
}
