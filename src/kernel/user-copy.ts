/**
 * The kernel's own access to user memory (copy_to_user, copy_from_user): through the processor's MMU with supervisor
 * rights, so it faults pages in like the program would. What cannot be accessed ends the copy: a short count, or EFAULT
 * when nothing was copied. No signal.
 */
import type { Cpu } from '../mmu/cpu.ts';
import { sizeText } from '../mmu/size-text.ts';
import { type AccessKind, LOAD, STORE } from '../mmu/units.ts';
import { type Argument, numberOf } from './arguments.ts';
import type { Kernel } from './kernel.ts';
import type { Process } from './process.ts';

const STDIN = 0;
const STDOUT = 1;
const STDERR = 2;

/** The console keeps so many bytes of a process's output: 16 MiB, more than anybody reads. */
const OUTPUT_MAX = 2 ** 24;

const BEYOND_USER = 'the buffer reaches beyond user space';
const NO_BUFFER =
  'the buffer cannot be accessed for the process: not mapped, or without the right; a system call answers EFAULT, no signal is sent';

/** write(2) to the console: bytes written, fewer when its 16 MiB are full, or -EBADF, -EFAULT, -ENOSPC. */
export function writeCall(kernel: Kernel, process: Process, fd: number, address: Argument, length: Argument): number {
  if (fd !== STDOUT && fd !== STDERR)
    return kernel.refuse('EBADF', `descriptor ${fd} is not the console’s: only 1 and 2 are open for writing`);
  // The length asked for counts here, not how much the console takes [fs/read_write.c:vfs_write].
  if (!isInUserSpace(kernel, numberOf(address), numberOf(length))) return kernel.refuse('EFAULT', BEYOND_USER);
  const room = OUTPUT_MAX - process.output.length;
  if (room <= 0 && numberOf(length) > 0)
    return kernel.refuse(
      'ENOSPC',
      `the console has kept ${sizeText(OUTPUT_MAX)} of the process’s output, and keeps no more`,
    );
  const { memory } = kernel;
  return copyPages(kernel, process, numberOf(address), Math.min(numberOf(length), room), LOAD, (physical, bytes) => {
    for (const byte of memory.readBytes(physical, bytes)) process.output.push(byte);
  });
}

/** read(2) from the console's waiting input: bytes read, 0 when there is none, or -EBADF, -EFAULT. */
export function readCall(kernel: Kernel, process: Process, fd: number, address: Argument, length: Argument): number {
  if (fd !== STDIN) return kernel.refuse('EBADF', `descriptor ${fd} is not the console’s: only 0 is open for reading`);
  // The length asked for counts here, not how much input there is [fs/read_write.c:vfs_read].
  if (!isInUserSpace(kernel, numberOf(address), numberOf(length))) return kernel.refuse('EFAULT', BEYOND_USER);
  const wanted = Math.min(numberOf(length), process.input.length);
  const { memory } = kernel;
  return copyPages(kernel, process, numberOf(address), wanted, STORE, (physical, bytes) => {
    memory.writeBytes(physical, Uint8Array.from(process.input.splice(0, bytes)));
  });
}

/** access_ok: the whole range must lie in user space. */
export function isInUserSpace(kernel: Kernel, address: number, length: number): boolean {
  return address + length <= kernel.format.userEnd;
}

/** Visit [address, address + length), which lies in user space, page by page, each made accessible first. */
function copyPages(
  kernel: Kernel,
  process: Process,
  address: number,
  length: number,
  access: AccessKind,
  visit: (physical: number, bytes: number) => void,
): number {
  if (length === 0) return 0;
  const cpu = kernel.cpus[process.cpu]!;
  return asSupervisor(cpu, () => {
    let done = 0;
    while (done < length) {
      const at = address + done;
      const bytes = Math.min(length - done, kernel.pageBytes - (at % kernel.pageBytes));
      const physical = cpu.translate(at, access);
      if (physical < 0) break;
      visit(physical, bytes);
      done += bytes;
    }
    return done === 0 ? kernel.refuse('EFAULT', NO_BUFFER) : done;
  });
}

/** Run `action` with the processor in supervisor mode, allowed to touch user pages. */
export function asSupervisor<T>(cpu: Cpu, action: () => T): T {
  const { user, sumBit } = cpu;
  cpu.user = false;
  cpu.sumBit = true;
  try {
    return action();
  } finally {
    cpu.user = user;
    cpu.sumBit = sumBit;
  }
}
