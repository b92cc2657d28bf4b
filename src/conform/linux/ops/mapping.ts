/** mmap, munmap, mprotect, brk and sbrk. */
import { parseMapFlags, parseProtection, parseSize } from '../notation.ts';
import { descriptorOf } from './files.ts';
import { onlyWith } from './known-words.ts';
import { answerAddress, answerNumber, type Operations, type ProcessCall } from './operation.ts';

const isProtection = (value: string | number): boolean => parseProtection(String(value)) !== null;
const isMapFlags = (value: string | number): boolean => parseMapFlags(String(value)) !== null;

export const MAPPING_OPS: Operations = {
  mmap: {
    by: 'process',
    unsupported: onlyWith({ prot: isProtection, flags: isMapFlags }),
    perform: (call) => answerAddress(call, mmap(call)),
  },
  munmap: {
    by: 'process',
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.munmap(process, address, parseSize(op.len!))),
  },
  mprotect: {
    by: 'process',
    unsupported: onlyWith({ prot: isProtection }),
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.mprotect(process, address, parseSize(op.len!), parseProtection(op.prot!)!)),
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
    prot: parseProtection(op.prot!)!,
    flags: parseMapFlags(String(op.flags))!,
    offset: parseSize(op.off ?? 0),
    fd: descriptorOf(world, op),
  });
}
