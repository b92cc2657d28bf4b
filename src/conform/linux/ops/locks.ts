/** mlock, mlock2, munlock, mlockall and munlockall. */
import { MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT, MLOCK_ONFAULT } from '../../../kernel/linux-abi.ts';
import { parseFlags, parseSize } from '../notation.ts';
import { flagsOf, onlyWith } from './known-words.ts';
import { answerNumber, type Operations } from './operation.ts';

const MLOCK2_FLAGS = { onfault: MLOCK_ONFAULT };
const MLOCKALL_FLAGS = { current: MCL_CURRENT, future: MCL_FUTURE, onfault: MCL_ONFAULT };

export const LOCK_OPS: Operations = {
  mlock: {
    by: 'process',
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.calls.mlock(process, address, parseSize(op.len!))),
  },
  mlock2: {
    by: 'process',
    unsupported: onlyWith({ flags: flagsOf(MLOCK2_FLAGS) }),
    perform: ({ world, op, process, address, answer }) => {
      const flags = parseFlags(op.flags!, MLOCK2_FLAGS)!;
      answerNumber(answer, world.machine.calls.mlock2(process, address, parseSize(op.len!), flags));
    },
  },
  munlock: {
    by: 'process',
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.calls.munlock(process, address, parseSize(op.len!))),
  },
  mlockall: {
    by: 'process',
    unsupported: onlyWith({ flags: flagsOf(MLOCKALL_FLAGS) }),
    perform: ({ world, op, process, answer }) =>
      answerNumber(answer, world.machine.calls.mlockall(process, parseFlags(op.flags!, MLOCKALL_FLAGS)!)),
  },
  munlockall: {
    by: 'process',
    perform: ({ world, process, answer }) => answerNumber(answer, world.machine.calls.munlockall(process)),
  },
};
