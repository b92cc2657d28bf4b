/** Files: what the world does to them, and what processes do with their descriptors. */
import { fail } from '../../../kernel/linux-abi.ts';
import { parseSize } from '../notation.ts';
import { PAGE_BYTES } from '../recorded-machine.ts';
import type { Op } from '../recording.ts';
import type { World } from '../world.ts';
import { isHex, oneOf, onlyWith } from './known-words.ts';
import { answerNumber, type Operations, type ProcessCall, type WorldCall } from './operation.ts';

const SPECIAL: Readonly<Record<string, string>> = { '@zero': '/dev/zero', '@null': '/dev/null', '@dir': '/' };

const MODES: Readonly<Record<string, { canRead?: boolean; canWrite?: boolean; isPath?: boolean }>> = {
  r: { canRead: true },
  w: { canWrite: true },
  rw: { canRead: true, canWrite: true },
  path: { isPath: true },
};

const TYPES: Readonly<Record<string, 'tmpfs' | 'disk'>> = { tmpfs: 'tmpfs', ext4: 'disk' };

export const FILE_OPS: Operations = {
  file: {
    by: 'world',
    unsupported: onlyWith({ fs: oneOf(Object.keys(TYPES)), fill: oneOf(['pattern', 'hole']) }),
    perform: createFile,
  },
  ftruncate: onFile(({ files }, name, op) => files.truncate(name, Number(parseSize(op.size!)))),
  fwrite: {
    ...onFile(({ files }, name, op) => files.write(name, Number(parseSize(op.off!)), parseHex(op.hex!))),
    unsupported: onlyWith({ hex: isHex }),
  },
  fsync: onFile(({ files }, name) => files.sync(name)),
  punch: onFile(({ files }, name, op) => files.punch(name, Number(parseSize(op.off!)), Number(parseSize(op.len!)))),
  dropcache: onFile(({ files }, name) => files.dropCache(name)),
  fread: { by: 'world', perform: readFile },
  open: {
    by: 'process',
    uncounted: true,
    unsupported: onlyWith({ mode: oneOf(Object.keys(MODES)) }),
    perform: openFile,
  },
  close: {
    by: 'process',
    uncounted: true,
    perform: ({ world, op, process, answer }) =>
      answerNumber(answer, world.machine.calls.close(process, descriptorOf(world, op))),
  },
  sysread: transfer('pread'),
  syswrite: transfer('pwrite'),
  peek: {
    by: 'process',
    uncounted: true,
    perform: ({ world, process, address, answer }) => {
      const byte = world.machine.calls.peek(process, address);
      answerNumber(answer, byte < 0 ? byte : 1);
      if (byte >= 0) answer.val = `0x${byte.toString(16)}`;
    },
  },
  poke: {
    by: 'process',
    uncounted: true,
    perform: ({ world, op, process, address, answer }) =>
      answerNumber(answer, world.machine.calls.poke(process, address, Number(op.val!) & 0xff)),
  },
};

/** The number that the op's `fd` stands for; -1 for a name that nothing was opened under. */
export function descriptorOf(world: World, op: Op): number {
  const text = String(op.fd ?? -1);
  return world.descriptors.get(text) ?? (/^-?[0-9]+$/.test(text) ? Number(text) : -1);
}

function onFile(action: (machine: World['machine'], name: string, op: Op) => number): Operations[string] {
  return {
    by: 'world',
    perform: ({ world, op, answer }) => answerNumber(answer, action(world.machine, op.file!, op)),
  };
}

function createFile({ world, op, answer }: WorldCall): void {
  const { files } = world.machine;
  const name = op.file!;
  const size = Number(parseSize(op.size!));
  let result = files.create(name, TYPES[op.fs!]!);
  if (result === 0 && op.fill === 'pattern') {
    result = fillWithPattern(files, name, size);
  } else if (result === 0) {
    result = files.truncate(name, size);
  }
  answerNumber(answer, result);
}

/** A page at a time: a large file meets the end of memory soon. */
function fillWithPattern(files: World['machine']['files'], name: string, size: number): number {
  for (let page = 0; page * PAGE_BYTES < size; page++) {
    const bytes = patternOf(page).subarray(0, size - page * PAGE_BYTES);
    if (files.write(name, page * PAGE_BYTES, bytes) < bytes.length) return fail('ENOMEM');
  }
  return files.sync(name);
}

/** `file_pattern` of CONSTANTS.json: bytes that tell page and offset, and harmless instructions from 0xe00 on. */
function patternOf(page: number): Uint8Array {
  const bytes = new Uint8Array(PAGE_BYTES);
  for (let at = 0; at < PAGE_BYTES; at++) bytes[at] = page * 7 + at;
  return bytes.fill(0x90, 0xe00, 0xe10);
}

function readFile({ world, op, answer }: WorldCall): void {
  const read = world.machine.files.read(op.file!, Number(parseSize(op.off!)), Number(parseSize(op.len!)));
  answerNumber(answer, typeof read === 'number' ? read : read.length);
  if (typeof read !== 'number' && read.length > 0) {
    answer.hex = Array.from(read, (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
}

function openFile({ world, op, process, answer }: ProcessCall): void {
  const name = SPECIAL[op.file!] ?? op.file!;
  const fd = world.machine.calls.open(process, name, MODES[op.mode!] ?? {});
  if (fd >= 0) world.descriptors.set(String(op.fd), fd);
  answerNumber(answer, Math.min(fd, 0));
}

function transfer(call: 'pread' | 'pwrite'): Operations[string] {
  return {
    by: 'process',
    perform: ({ world, op, process, address, answer }) => {
      const { calls } = world.machine;
      const result = calls[call](process, descriptorOf(world, op), address, parseSize(op.len!), parseSize(op.off!));
      answerNumber(answer, result);
    },
  };
}

function parseHex(text: string): Uint8Array {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}
