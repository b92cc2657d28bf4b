/**
 * The system calls of the machine's processes beyond the oldest ones, which `Machine` has itself:
 * `machine.calls.pread(process, fd, address, 4096, 0)`.
 *
 * Each is the kernel's function of that name between `enter` (the process runs now, the call is counted) and `note`
 * (those who listen hear of it). 0 or more is the result, below 0 is -errno; addresses, lengths and offsets may be
 * bigints, 64 bits wide.
 */
import { type Argument, numberOf } from '../kernel/arguments.ts';
import { peek, poke } from '../kernel/fault/debugger.ts';
import { closeFile, openFile } from '../kernel/fs/descriptors.ts';
import { fallocate, fsync, ftruncate, truncate } from '../kernel/fs/file-calls.ts';
import { SHM_REMAP, shmat, shmdt, shmget, shmrm } from '../kernel/fs/shm.ts';
import { pread, pwrite } from '../kernel/fs/transfer.ts';
import type { Kernel } from '../kernel/kernel.ts';
import { setrlimit } from '../kernel/limits.ts';
import { errnoName } from '../kernel/linux-abi.ts';
import { setOomScoreAdj } from '../kernel/oom.ts';
import { runKswapd } from '../kernel/pressure/kswapd.ts';
import type { Process } from '../kernel/process.ts';
import { activate } from '../kernel/schedule.ts';
import { madvise } from '../kernel/vm/madvise.ts';
import { mincore } from '../kernel/vm/mincore.ts';
import { mlock, mlock2, mlockall, munlock, munlockall } from '../kernel/vm/mlock.ts';
import { mremap } from '../kernel/vm/mremap.ts';
import { mseal } from '../kernel/vm/mseal.ts';
import { msync } from '../kernel/vm/msync.ts';
import { remapFilePages } from '../kernel/vm/remap-file-pages.ts';
import { limitOf, requireAddress, requireRunning } from './check-access.ts';
import { adviceOf, resourceOf, type SpeltAdvice, type SpeltResource } from './known-names.ts';
import type { MremapOptions, OomScoreAdjOptions, OpenOptions } from './machine-api.ts';
import { ANYTHING, checkOptions, FLAG } from './options-check.ts';
import type { ProgramPort } from './program-port.ts';
import type { MachineTrap } from './trap.ts';

const OPTIONS_CODE = 'MEM-API-027';
const OPEN_OPTIONS = { canRead: FLAG, canWrite: FLAG, isPath: FLAG };
const OOM_SCORE_ADJ_OPTIONS = { isPrivileged: FLAG };
/** Their values are looked at as those of all calls. */
const MREMAP_OPTIONS = {
  address: ANYTHING,
  oldLength: ANYTHING,
  newLength: ANYTHING,
  flags: ANYTHING,
  newAddress: ANYTHING,
};

export class SystemCalls {
  private readonly kernel: Kernel;
  private readonly trap: MachineTrap;
  private readonly programs: ProgramPort;

  constructor(kernel: Kernel, trap: MachineTrap, programs: ProgramPort) {
    this.kernel = kernel;
    this.trap = trap;
    this.programs = programs;
  }

  /**
   * The lowest free descriptor from 3 on, or -ENOENT, -EMFILE. Files: `machine.files`, `/dev/zero`, `/dev/null`, `/`.
   * @throws InputError MEM-API-027 for options that there are not
   */
  open(process: Process, name: string, options: OpenOptions = {}): number {
    checkOptions(OPTIONS_CODE, 'open', options, OPEN_OPTIONS);
    this.enter(process);
    const { canRead = false, canWrite = false, isPath = false } = options;
    return this.note(process, 'open', { name }, openFile(this.kernel, process, name, { canRead, canWrite, isPath }));
  }

  /** 0 or -EBADF. */
  close(process: Process, fd: number): number {
    this.enter(process, fd);
    return this.note(process, 'close', { fd }, closeFile(this.kernel, process, fd));
  }

  /** Bytes read into the process's memory, 0 at the end of the file; or -errno. */
  pread(process: Process, fd: number, address: Argument, length: Argument, offset: Argument): number {
    this.enter(process, fd, address, length, offset);
    const result = pread(this.kernel, process, fd, address, length, offset);
    return this.note(process, 'pread64', { fd, address, length, offset }, result);
  }

  /** Bytes written from the process's memory, or -errno. */
  pwrite(process: Process, fd: number, address: Argument, length: Argument, offset: Argument): number {
    this.enter(process, fd, address, length, offset);
    const result = pwrite(this.kernel, process, fd, address, length, offset);
    return this.note(process, 'pwrite64', { fd, address, length, offset }, result);
  }

  /** 0, or -EBADF, -EINVAL; beyond RLIMIT_FSIZE -EFBIG and SIGXFSZ. */
  ftruncate(process: Process, fd: number, size: Argument): number {
    this.enter(process, fd, size);
    return this.note(process, 'ftruncate', { fd, size }, ftruncate(this.kernel, process, fd, size));
  }

  /** 0, or -ENOENT, -EISDIR, -EINVAL; beyond RLIMIT_FSIZE -EFBIG and SIGXFSZ. */
  truncate(process: Process, name: string, size: Argument): number {
    this.enter(process, size);
    return this.note(process, 'truncate', { name, size }, truncate(this.kernel, process, name, size));
  }

  /** `mode`: FALLOC_FL_* bits; holes can be punched, with FALLOC_FL_KEEP_SIZE. 0 or -errno. */
  fallocate(process: Process, fd: number, mode: number, offset: Argument, length: Argument): number {
    this.enter(process, fd, mode, offset, length);
    const result = fallocate(this.kernel, process, fd, mode, offset, length);
    return this.note(process, 'fallocate', { fd, mode, offset, length }, result);
  }

  /** 0, or -EBADF, -EINVAL. */
  fsync(process: Process, fd: number): number {
    this.enter(process, fd);
    return this.note(process, 'fsync', { fd }, fsync(this.kernel, process, fd));
  }

  /** A debugger reads one byte of the process, whatever its rights: the byte or -EIO. */
  peek(process: Process, address: Argument): number {
    requireRunning(this.kernel, process);
    requireAddress(address);
    return peek(this.kernel, process, numberOf(address));
  }

  /** A debugger writes one byte, into a private copy where the process itself may not write: 1 or -EIO. */
  poke(process: Process, address: Argument, value: number): number {
    requireRunning(this.kernel, process);
    requireAddress(address);
    requireAddress(value);
    return poke(this.kernel, process, numberOf(address), value);
  }

  /** Lock the pages of the range in memory and make them present: 0, or -EPERM, -ENOMEM, -EINVAL. */
  mlock(process: Process, address: Argument, length: Argument): number {
    this.enter(process, address, length);
    return this.note(process, 'mlock', { address, length }, mlock(this.kernel, process, address, length));
  }

  /** `flags`: MLOCK_ONFAULT locks a page when it comes instead of bringing it. */
  mlock2(process: Process, address: Argument, length: Argument, flags: number): number {
    this.enter(process, address, length, flags);
    return this.note(
      process,
      'mlock2',
      { address, length, flags },
      mlock2(this.kernel, process, address, length, flags),
    );
  }

  munlock(process: Process, address: Argument, length: Argument): number {
    this.enter(process, address, length);
    return this.note(process, 'munlock', { address, length }, munlock(this.kernel, process, address, length));
  }

  /** `flags`: MCL_* bits. */
  mlockall(process: Process, flags: number): number {
    this.enter(process, flags);
    return this.note(process, 'mlockall', { flags }, mlockall(this.kernel, process, flags));
  }

  munlockall(process: Process): number {
    this.enter(process);
    return this.note(process, 'munlockall', {}, munlockall(this.kernel, process));
  }

  /** Address of the mapping, moved or not, or -errno. */
  mremap(process: Process, options: MremapOptions): number {
    checkOptions(OPTIONS_CODE, 'mremap', options, MREMAP_OPTIONS);
    const { address, oldLength, newLength, flags = 0, newAddress = 0 } = options;
    this.enter(process, address, oldLength, newLength, flags, newAddress);
    this.programs.noteRemapping(process, Number(address), Number(oldLength));
    const result = mremap(this.kernel, process, { address, oldLength, newLength, flags, newAddress });
    if (result >= 0) this.programs.noteRemapping(process, result, Number(newLength));
    return this.note(process, 'mremap', { address, oldLength, newLength, flags, newAddress }, result);
  }

  /**
   * Advice by number (MADV_*) or by name, in upper or lower case, MADV_ before it or not: 0 or -errno.
   * @throws InputError MEM-API-026 for a name that there is not
   */
  madvise(process: Process, address: Argument, length: Argument, advice: SpeltAdvice | number): number {
    const given = adviceOf(advice);
    this.enter(process, address, length);
    this.programs.noteRemapping(process, Number(address), Number(length));
    const result = madvise(this.kernel, process, address, length, given.number);
    return this.note(process, 'madvise', { address, length, advice: given.shown }, result);
  }

  /** A byte for each page into memory at `vector`: 0, or -EINVAL, -ENOMEM, -EFAULT. */
  mincore(process: Process, address: Argument, length: Argument, vector: Argument): number {
    this.enter(process, address, length, vector);
    const result = mincore(this.kernel, process, address, length, vector);
    return this.note(process, 'mincore', { address, length, vector }, result);
  }

  /** The same with a vector that costs the process nothing: for each page, is it in memory? -errno: where there is none, and -EFAULT beyond 2^24 pages. */
  residency(process: Process, address: Argument, length: Argument): boolean[] | number {
    this.enter(process, address, length);
    const bytes: number[] = [];
    const result = mincore(this.kernel, process, address, length, null, bytes);
    this.note(process, 'mincore', { address, length }, result);
    return result < 0 ? result : bytes.map((byte) => byte !== 0);
  }

  /** `flags`: MS_* bits. 0, or -EINVAL, -EBUSY, -ENOMEM. */
  msync(process: Process, address: Argument, length: Argument, flags: number): number {
    this.enter(process, address, length, flags);
    const result = msync(this.kernel, process, address, length, flags);
    return this.note(process, 'msync', { address, length, flags }, result);
  }

  /** 0, or -EINVAL, -ENOMEM. */
  mseal(process: Process, address: Argument, length: Argument, flags: Argument = 0): number {
    this.enter(process, address, length, flags);
    const result = mseal(this.kernel, process, address, length, flags);
    return this.note(process, 'mseal', { address, length, flags }, result);
  }

  /** Put the object's pages from `page` on where the range is: 0 or -errno. */
  remapFilePages(
    process: Process,
    address: Argument,
    length: Argument,
    prot: number,
    page: Argument,
    flags = 0,
  ): number {
    this.enter(process, address, length, prot, page, flags);
    this.programs.noteRemapping(process, Number(address), Number(length));
    const result = remapFilePages(this.kernel, process, address, length, prot, page, flags);
    return this.note(process, 'remap_file_pages', { address, length, prot, page, flags }, result);
  }

  /** A new segment of System V shared memory, of `size` bytes: its identifier, or -EINVAL, -ENOSPC, -ENOMEM. */
  shmget(process: Process, size: Argument): number {
    this.enter(process, size);
    return this.note(process, 'shmget', { size }, shmget(this.kernel, process, size));
  }

  /** Map the segment: its address or -errno. Address 0: anywhere. `flags`: SHM_* bits. */
  shmat(process: Process, id: number, address: Argument = 0, flags = 0): number {
    this.enter(process, id, address, flags);
    if ((flags & SHM_REMAP) !== 0)
      this.programs.noteRemapping(process, Number(address), this.kernel.segments.get(id)?.size ?? 0);
    return this.note(process, 'shmat', { id, address, flags }, shmat(this.kernel, process, id, address, flags));
  }

  /** Unmap what was attached at the address: 0 or -EINVAL. */
  shmdt(process: Process, address: Argument): number {
    this.enter(process, address);
    return this.note(process, 'shmdt', { address }, shmdt(this.kernel, process, address));
  }

  /** shmctl with IPC_RMID: the segment ends with its last attachment. 0 or -EINVAL. */
  shmrm(process: Process, id: number): number {
    this.enter(process, id);
    return this.note(process, 'shmctl', { id, command: 'IPC_RMID' }, shmrm(this.kernel, id));
  }

  /**
   * Limits in bytes, Infinity or -1 for none; `hard` left out: it stays. The resource in upper or lower case, RLIMIT_ before
   * it or not. 0, or -EINVAL, -EPERM. @throws InputError MEM-API-026 for a resource that there is not, -008
   */
  setrlimit(process: Process, resource: SpeltResource, soft: number, hard?: number): number {
    const name = resourceOf(resource);
    const most = hard === undefined ? undefined : limitOf(hard);
    const least = limitOf(soft);
    this.enter(process);
    const limit = least === Number.POSITIVE_INFINITY ? 'infinity' : least;
    const result = setrlimit(this.kernel, process, name, least, most);
    return this.note(process, 'setrlimit', { resource: name, limit }, result);
  }

  /**
   * The process writes its own /proc/PID/oom_score_adj, -1000 … 1000, thousandths of RAM and swap added to its badness when a
   * victim is sought; -1000: it is never killed. Children inherit it. 0, or -EINVAL out of that range, -EACCES below the least
   * that privilege has set (0 at first): `isPrivileged` writes as root does, and sets that too.
   */
  setOomScoreAdj(process: Process, value: number, options: OomScoreAdjOptions = {}): number {
    checkOptions(OPTIONS_CODE, 'setOomScoreAdj', options, OOM_SCORE_ADJ_OPTIONS);
    this.enter(process, value);
    const result = setOomScoreAdj(this.kernel, process, value, options.isPrivileged ?? false);
    return this.note(process, 'write', { file: 'oom_score_adj', value }, result);
  }

  /** Begin a system call of the process. */
  enter(process: Process, ...args: Argument[]): void {
    requireRunning(this.kernel, process);
    args.forEach(requireAddress);
    activate(this.kernel, process);
    this.kernel.counters.syscalls++;
    this.kernel.refusal = null;
  }

  /** Tell who listens what the call gave, and give it. */
  note(process: Process, name: string, args: Readonly<Record<string, Argument | string>>, result: number): number {
    const { listener } = this.trap;
    if (listener !== null) {
      const shown = Object.fromEntries(Object.entries(args).map(([key, value]) => [key, show(value)]));
      const said = result < 0 ? errnoName(result) : result;
      const why = this.whyRefused(name, args, result);
      listener({
        type: 'Syscall',
        pid: process.pid,
        name,
        args: shown,
        result: said,
        ...(why === null ? {} : { why }),
      });
    }
    if (this.kernel.kswapd !== null) runKswapd(this.kernel);
    return result;
  }

  /** What the check that refused the call noted; null for one that was granted. */
  private whyRefused(name: string, args: Readonly<Record<string, Argument | string>>, result: number): string | null {
    // A brk that is refused answers the break as it was.
    const stayed = name === 'brk' && BigInt.asUintN(64, BigInt(args.address ?? 0)) !== BigInt(result);
    return result < 0 || stayed ? this.kernel.refusal : null;
  }
}

/** An argument for an event: exact even beyond 2^53. */
const show = (argument: Argument | string): string | number =>
  typeof argument === 'bigint' ? argument.toString() : argument;
