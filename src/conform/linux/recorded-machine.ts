/**
 * A machine whose processes start with the address space of the recorded ones (FORMAT.md, section 2; CONSTANTS.json).
 *
 *     TEXT        r-x  1 page     the harness's stub, resident            ┐ hidden from results, but they take addresses,
 *     SCRATCH     rw-s 16 pages   its shared scratch memory, resident     ┘ and count as mapped
 *     HEAP             the break, empty
 *     TOP              kernel-chosen mappings go below
 *     STACK-0x21000    rw-p, only the top page resident
 */
import { MAP_ANONYMOUS, MAP_FIXED, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../kernel/linux-abi.ts';
import type { Process } from '../../kernel/process.ts';
import { Machine } from '../../machine/machine.ts';
import { BASES, parseAddress } from './notation.ts';
import type { Op, Trace } from './recording.ts';

const KIB = 1024;
export const PAGE_BYTES = 4096;
/** The memory group that the recorded processes are in. What the harness has for itself is not charged to it. */
export const RECORDED_GROUP = 'vmor';
/** The recording machine's: together they bound what one request is promised. */
const LINUX_MEMORY_BYTES = 24684084 * KIB;
const LINUX_SWAP_BYTES = 262140 * KIB;
const LINUX_LIMIT_BYTES = LINUX_MEMORY_BYTES + LINUX_SWAP_BYTES;
/** Enough for every trace, and made much faster. */
const SMALL_MEMORY_BYTES = 64 * 1024 * KIB;
/** end_data - start_data of the stub, counted by RLIMIT_DATA. */
const DATA_BYTES = 449;
/** Soft RLIMIT_MEMLOCK; the hard one is 8 MiB, as everywhere. */
const MEMLOCK_BYTES = 65536;
const STACK_BYTES = 0x21000;
/** What Linux keeps back of promises under overcommit_memory 2 on a machine with so much memory [mm/mmap.c], kB. */
const ADMIN_RESERVE_KBYTES = 8 * 1024;
const USER_RESERVE_KBYTES = 128 * 1024;
const SCRATCH_BYTES = 16 * PAGE_BYTES;

export interface RecordedMachine {
  readonly machine: Machine;
  readonly process: Process;
}

export function makeRecordedMachine(trace: Pick<Trace, 'nostack' | 'zswap' | 'ops'>): RecordedMachine {
  const machine = new Machine({
    paging: 'x86_64',
    replacement: 'linux',
    ...memoryFor(trace.ops),
    swapKind: isOn(trace.zswap) ? 'zswap' : 'disk',
    // No recording fills its disk.
    disk: 2 ** 44,
  });
  machine.kernel.sysctl.admin_reserve_kbytes = ADMIN_RESERVE_KBYTES;
  machine.kernel.sysctl.user_reserve_kbytes = USER_RESERVE_KBYTES;
  const stack = isOn(trace.nostack) ? 0 : STACK_BYTES;
  const process = machine.spawn({ name: 'P0', image: { text: PAGE_BYTES, stack }, signals: 'survive' });
  const space = process.space!;
  space.dataBytes = DATA_BYTES;
  process.limits.memlock = MEMLOCK_BYTES;
  // The recording machine reads single slots of swap, and keeps no superpages for MAP_HUGETLB.
  machine.kernel.sysctl['page-cluster'] = 0;
  machine.kernel.sysctl.nr_hugepages = 0;
  machine.load(process, BASES.TEXT, 1);
  const scratch = machine.mmap(process, {
    address: BASES.SCRATCH,
    length: SCRATCH_BYTES,
    prot: PROT_READ | PROT_WRITE,
    flags: MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED,
  });
  for (let at = scratch; at < scratch + SCRATCH_BYTES; at += PAGE_BYTES) machine.store(process, at, 1);
  machine.groups.create(RECORDED_GROUP);
  machine.groups.move(process, RECORDED_GROUP);
  if (stack > 0) machine.store(process, BASES.STACK - 8, 0, 8);
  return { machine, process };
}

/** Of a header of the trace: `"1"`, as the recorder writes it, or 1. */
const isOn = (header: string | number | undefined): boolean => String(header) === '1';

/** The recording machine's memory where a request is so large that it could matter, a small one elsewhere. */
function memoryFor(ops: readonly Op[]): { memory: number; swap: number } {
  const largest = Math.max(0, ...ops.map(largestRequest).filter((bytes) => bytes <= LINUX_LIMIT_BYTES));
  if (largest > SMALL_MEMORY_BYTES) return { memory: LINUX_MEMORY_BYTES, swap: LINUX_SWAP_BYTES };
  return { memory: SMALL_MEMORY_BYTES, swap: LINUX_SWAP_BYTES };
}

/** Bytes that the op could ask for at most; a break may be anywhere above the heap's start. */
function largestRequest({ op, addr, len, new: newLength, size, fill }: Op): number {
  if (op === 'file') return fill === 'pattern' ? Number(size) : 0;
  if (op === 'brk') return Number(parseAddress(addr!, new Map()) ?? 0) - BASES.HEAP;
  return Math.max(Number(len ?? 0), Number(newLength ?? 0));
}
