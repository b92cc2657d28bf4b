/** mmap, munmap, mprotect, brk and sbrk. */
import { parseMapFlags, parseProtection, parseSize } from '../notation.ts';
import type { Op } from '../recording.ts';
import { descriptorOf } from './files.ts';
import { answerAddress, answerNumber, type Operations, type ProcessCall } from './operation.ts';

export const MAPPING_OPS: Operations = {
  mmap: { by: 'process', perform: (call) => answerAddress(call, mmap(call)), unsupported: unsupportedMapping },
  munmap: {
    by: 'process',
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.munmap(process, address, parseSize(op.len!))),
  },
  mprotect: {
    by: 'process',
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.mprotect(process, address, parseSize(op.len!), parseProtection(op.prot!))),
  },
  brk: {
    by: 'process',
    perform: (call) => answerAddress(call, call.world.machine.brk(call.process, call.address)),
  },
  sbrk: {
    by: 'process',
    perform: (call) => {
      const delta = Number(BigInt.asIntN(64, BigInt(call.op.delta!)));
      answerAddress(call, call.world.machine.sbrk(call.process, delta));
    },
  },
};

function mmap({ world, op, process, address }: ProcessCall): number {
  return world.machine.mmap(process, {
    address,
    length: parseSize(op.len!),
    prot: parseProtection(op.prot!),
    flags: parseMapFlags(String(op.flags))!,
    offset: parseSize(op.off ?? 0),
    fd: descriptorOf(world, op),
  });
}

function unsupportedMapping(op: Op): string | null {
  const flags = parseMapFlags(String(op.flags));
  if (flags === null) return `flags ${op.flags}`;
  return null;
}
