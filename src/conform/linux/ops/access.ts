/** Accesses of a program: read, write, rmw, exec, and touch for a run of pages. */
import type { Argument } from '../../../kernel/arguments.ts';
import type { Process } from '../../../kernel/process.ts';
import type { AccessResult } from '../../../machine/machine.ts';
import { formatAddress, narrow, parseSize, runLengths } from '../notation.ts';
import { type PageState, pageAt } from '../observe.ts';
import { PAGE_BYTES } from '../recorded-machine.ts';
import type { Answer } from '../recording.ts';
import type { World } from '../world.ts';
import { oneOf, onlyWith } from './known-words.ts';
import type { Operations, ProcessCall } from './operation.ts';

const ofKnownSize = onlyWith({ size: (value) => [1, 2, 4, 8].includes(Number(value)) });

export const ACCESS_OPS: Operations = {
  read: { by: 'process', unsupported: ofKnownSize, perform: access },
  write: { by: 'process', unsupported: ofKnownSize, perform: access },
  rmw: { by: 'process', perform: access },
  exec: { by: 'process', perform: access },
  touch: { by: 'process', unsupported: onlyWith({ rw: oneOf(['r', 'w']) }), perform: touch },
};

function access(call: ProcessCall): void {
  const { world, op, process, address, answer } = call;
  const before = pageState(world, process, address);
  const result = performAccess(call);
  if (!result.ok) refuse(answer, result);
  else if (op.op === 'read') answer.val = hexOf(result.bytes!);
  else answer.ret = 0;
  const after = pageState(world, process, address);
  if (before.letter === '.' && after.letter === '.') return;
  answer.pg = `${before.letter}>${after.letter}`;
  // The recordings do not compare frames around an instruction fetch.
  if (op.op !== 'exec' && before.pfn >= 0 && after.pfn >= 0) answer.pg += before.pfn === after.pfn ? '=' : '!';
}

function performAccess({ world, op, process, address }: ProcessCall): AccessResult {
  const { machine } = world;
  const size = Number(op.size ?? 1);
  // A store takes the low bytes of the register.
  const value = op.op === 'write' || op.op === 'rmw' ? BigInt.asUintN(size * 8, BigInt(op.val!)) : 0n;
  switch (op.op) {
    case 'read':
      return machine.load(process, address, size);
    case 'write':
      return machine.store(process, address, value, size);
    case 'rmw':
      return machine.rmw(process, address, (old) => old + Number(value));
    default:
      return machine.fetch(process, address);
  }
}

function pageState({ machine }: World, process: Process, address: Argument): PageState {
  const { kernel, format } = machine;
  if (process.space === null || typeof address === 'bigint' || address >= format.userEnd) {
    return { letter: '.', pfn: -1 };
  }
  return pageAt(kernel, process.space, address);
}

function touch({ world, op, process, address, answer }: ProcessCall): void {
  const start = BigInt(address);
  const pages = Math.ceil(Number(parseSize(op.len!)) / PAGE_BYTES);
  let letters = '';
  answer.n = 0;
  for (let n = 0; n < pages; n++) {
    const at = narrow(BigInt.asUintN(64, start + BigInt(n * PAGE_BYTES)));
    const value = op.val === undefined ? (n + 1) & 0xff : Number(BigInt.asUintN(8, BigInt(op.val)));
    const { machine } = world;
    const result = op.rw === 'w' ? machine.store(process, at, value) : machine.load(process, at, 1);
    if (process.state !== 'running') {
      // Killed in the middle: nobody is left to tell how far it came.
      delete answer.n;
      return;
    }
    if (!result.ok) {
      refuse(answer, result);
      break;
    }
    answer.n++;
    letters += result.major > 0 ? 'M' : (['.', 'm'][result.minor] ?? '2');
  }
  answer.f = runLengths(letters);
}

function refuse(answer: Answer, { signal }: AccessResult): void {
  // A death for want of memory is told by the replay.
  if (signal!.signal === 'SIGKILL') return;
  answer.sig = signal!.signal.replace('SIG', '');
  answer.code = (signal!.code ?? '').replace(/^(SEGV_|BUS_|SI_)/, '');
  answer.fa = formatAddress(signal!.address);
  // A general protection fault is no page fault; its signal frame carries 0.
  answer.pfec = signal!.errorCode ?? 0;
}

/** Little-endian bytes as one hex number. */
function hexOf(bytes: Uint8Array): string {
  let value = 0n;
  for (let i = bytes.length - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[i]!);
  return `0x${value.toString(16)}`;
}
