/** mlock, mlock2, munlock, mlockall and munlockall. */
import { MCL_FLAGS, MLOCK_FLAGS } from '../../../kernel/flag-names.ts';
import { parseFlags, parseSize } from '../notation.ts';
import { flagsOf, onlyWith } from './known-words.ts';
import { answerNumber, type Operations } from './operation.ts';

export const LOCK_OPS: Operations = {
  mlock: {
    by: 'process',
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.calls.mlock(process, address, parseSize(op.len!))),
  },
  mlock2: {
    by: 'process',
    unsupported: onlyWith({ flags: flagsOf(MLOCK_FLAGS) }),
    perform: ({ world, op, process, address, answer }) => {
      const flags = parseFlags(op.flags!, MLOCK_FLAGS)!;
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
    unsupported: onlyWith({ flags: flagsOf(MCL_FLAGS) }),
    perform: ({ world, op, process, answer }) =>
      answerNumber(answer, world.machine.calls.mlockall(process, parseFlags(op.flags!, MCL_FLAGS)!)),
  },
  munlockall: {
    by: 'process',
    perform: ({ world, process, answer }) => answerNumber(answer, world.machine.calls.munlockall(process)),
  },
};
