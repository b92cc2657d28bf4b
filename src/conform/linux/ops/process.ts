/** fork, exit and wait. */
import { fail } from '../../../kernel/linux-abi.ts';
import { HIDDEN } from '../observe.ts';
import { answerNumber, type Operations, type ProcessCall } from './operation.ts';

export const PROCESS_OPS: Operations = {
  fork: { by: 'process', perform: fork },
  exit: {
    by: 'process',
    uncounted: true,
    perform: ({ world, op, process, answer }) => {
      // A status has room for 8 bits.
      world.machine.exit(process, Number(op.code ?? 0) & 0xff);
      answer.ret = 0;
    },
  },
  wait: { by: 'process', uncounted: true, perform: wait },
};

function fork({ world, op, process, answer }: ProcessCall): void {
  const name = op.child!;
  const child = world.machine.fork(process, name);
  if (typeof child === 'number') {
    answerNumber(answer, child);
    return;
  }
  world.join(name, child);
  // The harness goes on in the child with its code and its scratch memory.
  for (const { start } of HIDDEN) world.machine.load(child, start, 1);
  answer.ret = name;
}

function wait({ world, process, answer }: ProcessCall): void {
  const result = world.machine.wait(process);
  if (typeof result === 'number') {
    // With WNOHANG, that no child has ended yet is no error.
    answerNumber(answer, result === fail('EAGAIN') ? 0 : result);
    return;
  }
  answer.ret = world.names.get(result.pid)!;
  if (result.code !== null) answer.status = result.code;
  if (result.signal !== null) answer.wsig = result.signal.replace('SIG', '');
}
