/** mremap, madvise, mincore, msync, mseal and remap_file_pages. */
import { MREMAP_FLAGS, MS_FLAGS } from '../../../kernel/flag-names.ts';
import { ADVICE, type AdviceName } from '../../../kernel/vm/advice.ts';
import { BASES, parseFlags, parseSize } from '../notation.ts';
import { PAGE_BYTES } from '../recorded-machine.ts';
import { flagsOf, isNumeral, onlyWith } from './known-words.ts';
import { answerAddress, answerNumber, type Operations, type ProcessCall } from './operation.ts';

export const ADDRESS_SPACE_OPS: Operations = {
  mremap: {
    by: 'process',
    unsupported: onlyWith({ flags: flagsOf(MREMAP_FLAGS) }),
    perform: (call) => answerAddress(call, mremap(call)),
  },
  madvise: {
    by: 'process',
    unsupported: onlyWith({ advice: (value) => Object.hasOwn(ADVICE, value) || isNumeral(value) }),
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.calls.madvise(process, address, parseSize(op.len!), adviceOf(op.advice!))),
  },
  mincore: { by: 'process', perform: mincore },
  msync: {
    by: 'process',
    unsupported: onlyWith({ flags: flagsOf(MS_FLAGS) }),
    perform: ({ world, op, process, address, answer }) => {
      const flags = parseFlags(op.flags ?? 0, MS_FLAGS)!;
      answerNumber(answer, world.machine.calls.msync(process, address, parseSize(op.len!), flags));
    },
  },
  mseal: {
    by: 'process',
    unsupported: onlyWith({ flags: isNumeral }),
    perform: ({ world, op, process, address, answer }) => {
      const flags = parseSize(op.flags ?? 0);
      answerNumber(answer, world.machine.calls.mseal(process, address, parseSize(op.len!), flags));
    },
  },
  remap_file_pages: {
    by: 'process',
    unsupported: onlyWith({ prot: isNumeral, flags: isNumeral }),
    perform: ({ world, op, process, address, answer }) => {
      const page = parseSize(op.pgoff ?? 0);
      const { calls } = world.machine;
      const length = parseSize(op.len!);
      answerNumber(
        answer,
        calls.remapFilePages(process, address, length, Number(op.prot ?? 0), page, Number(op.flags ?? 0)),
      );
    },
  },
};

function mremap({ world, op, process, address }: ProcessCall): number {
  return world.machine.calls.mremap(process, {
    address,
    oldLength: parseSize(op.old!),
    newLength: parseSize(op.new!),
    flags: parseFlags(op.flags ?? 0, MREMAP_FLAGS)!,
    newAddress: world.addressOf(op.naddr)!,
  });
}

function adviceOf(text: string | number): number {
  const named = Object.hasOwn(ADVICE, text) ? ADVICE[text as AdviceName] : undefined;
  return named ?? Number(text);
}

/** The vector goes to the harness's scratch memory unless the op names a place. */
function mincore({ world, op, process, address, answer }: ProcessCall): void {
  const { machine } = world;
  const vector = op.vec === undefined ? BASES.SCRATCH : world.addressOf(op.vec)!;
  const length = parseSize(op.len!);
  const result = machine.calls.mincore(process, address, length, vector);
  answerNumber(answer, result);
  if (result < 0 || op.vec !== undefined) return;
  const pages = Math.ceil(Number(length) / PAGE_BYTES);
  const bytes = pages === 0 ? [] : machine.load(process, vector, pages).bytes!;
  answer.vec = Array.from(bytes, (byte) => byte & 1).join('');
}
