/** One line on each kind of step, for `mmulator list steps`. A kind without its line does not compile. */
import { PROGRAM_FUNCTIONS } from '../process/functions/registry.ts';
import type { ActionStep } from '../scenario/schema/steps.ts';

const SUMMARIES: Readonly<Record<Exclude<ActionStep['do'], 'call'> | 'repeat' | 'for', string>> = {
  spawn: 'start a process, with a program image if wanted',
  mmap: 'map anonymous memory; `as` names the address',
  munmap: 'unmap pages',
  mprotect: 'change what may be done with pages',
  brk: 'move the end of the heap to an address',
  sbrk: 'grow or shrink the heap by so many bytes',
  fork: 'make a child with a copy of the address space',
  exit: 'end the process',
  wait: 'collect a dead child',
  kill: 'send a process a fatal signal',
  load: 'read memory',
  store: 'write memory: a number, bytes or text',
  fetch: 'fetch an instruction',
  rmw: 'read, modify and write one byte in one go',
  touch: 'access one byte of each page of a range',
  read: 'system call: the kernel writes into user memory',
  write: 'system call: the kernel reads user memory',
  switch: 'move the process to another CPU',
  peek: 'look how an address translates; nothing changes',
  translate: 'translate on bare hardware (machine: { kernel: none })',
  check: 'check something at this point; does nothing itself',
  comment: 'tell the reader something',
  repeat: 'do the steps of its body so many times',
  for: 'do the steps of its body with a loop variable',
};

/** Calls of a program's functions say what the functions say. */
const CALLS = Object.fromEntries(PROGRAM_FUNCTIONS.map(({ name, about }) => [name, `call: ${about}`]));

export const STEP_SUMMARIES: Readonly<Record<string, string>> = { ...SUMMARIES, ...CALLS };
