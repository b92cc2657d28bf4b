/** System V shared memory: shmget, shmat, shmdt and shmrm, which is shmctl with IPC_RMID. */
import { SHM_FLAGS } from '../../../kernel/flag-names.ts';
import { parseFlags, parseSize } from '../notation.ts';
import type { Op } from '../recording.ts';
import type { World } from '../world.ts';
import { flagsOf, onlyWith } from './known-words.ts';
import { answerAddress, answerNumber, type Operations } from './operation.ts';

/** No segment has it. */
const NO_SEGMENT = -1;

export const SHM_OPS: Operations = {
  shmget: {
    by: 'process',
    uncounted: true,
    perform: ({ world, op, process, answer }) => {
      const id = world.machine.calls.shmget(process, parseSize(op.size!));
      if (id >= 0) world.segments.set(op.shm!, id);
      answerNumber(answer, Math.min(id, 0));
    },
  },
  shmrm: {
    by: 'process',
    uncounted: true,
    perform: ({ world, op, process, answer }) =>
      answerNumber(answer, world.machine.calls.shmrm(process, segmentOf(world, op))),
  },
  shmat: {
    by: 'process',
    perform: (call) => {
      const { world, op, process, address } = call;
      const flags = parseFlags(op.flags!, SHM_FLAGS)!;
      answerAddress(call, world.machine.calls.shmat(process, segmentOf(world, op), address, flags));
    },
    unsupported: onlyWith({ flags: flagsOf(SHM_FLAGS) }),
  },
  shmdt: {
    by: 'process',
    perform: ({ world, process, address, answer }) => answerNumber(answer, world.machine.calls.shmdt(process, address)),
  },
};

const segmentOf = (world: World, op: Op): number => world.segments.get(op.shm!) ?? NO_SEGMENT;
