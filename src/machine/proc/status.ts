/**
 * /proc/PID/status and statm [fs/proc/array.c:proc_pid_status, proc_pid_statm; fs/proc/task_mmu.c:task_mem, task_statm].
 *
 * A zombie has no memory any more: its status lacks those lines, and its statm is zeros, as in Linux.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import { VM_EXEC, VM_GROWSDOWN, VM_HUGETLB, VM_WRITE } from '../../kernel/linux-abi.ts';
import { commandOf, type Process, USER_ID } from '../../kernel/process.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import { tableOrder } from '../../kernel/vm/tables.ts';
import { alignUp } from '../../mmu/units.ts';
import { addArea, MemoryFigures } from './figures.ts';
import { kibibytes } from './text.ts';

const FD_SIZE_MIN = 64;
const NODE_MASK_WORDS = 32;
const NO_SIGNALS = '0'.repeat(16);
const ALL_CAPABILITIES = '000001ffffffffff';

/** Pages, as status has them. */
export interface SpaceFigures {
  readonly total: number;
  readonly locked: number;
  readonly data: number;
  readonly stack: number;
  readonly code: number;
  readonly libraries: number;
  /** Page-table frames, the root not counted. */
  readonly tables: number;
  readonly anon: number;
  readonly file: number;
  readonly shared: number;
  readonly swap: number;
}

export function spaceFigures(kernel: Kernel, space: AddressSpace): SpaceFigures {
  let executable = 0;
  for (let area = space.areas.first; area !== null; area = area.next) {
    const isCode = (area.flags & (VM_EXEC | VM_WRITE | VM_GROWSDOWN)) === VM_EXEC;
    if (isCode) executable += (area.end - area.start) / kernel.pageBytes;
  }
  const code = Math.min(alignUp(space.codeBytes, kernel.pageBytes) / kernel.pageBytes, executable);
  return {
    total: space.totalPages,
    locked: space.lockedPages,
    data: space.dataPages,
    stack: space.stackPages,
    code,
    libraries: executable - code,
    tables: space.tableFrames - (1 << tableOrder(kernel, kernel.format.levels.length - 1)),
    anon: space.residentAnon,
    file: space.residentFile,
    shared: space.residentShared,
    swap: space.swapEntries,
  };
}

export function statusText(kernel: Kernel, process: Process): string {
  const { space } = process;
  const [state, memory] = space === null ? ['Z (zombie)', []] : ['R (running)', memoryLines(kernel, space)];
  const session = sessionOf(process);
  const cpus = kernel.cpus.length;
  const lines = [
    `Name:\t${shortName(process)}`,
    // A process that has ended has let go of its file system, too.
    ...(space === null ? [] : ['Umask:\t0022']),
    `State:\t${state}`,
    `Tgid:\t${process.pid}`,
    'Ngid:\t0',
    `Pid:\t${process.pid}`,
    `PPid:\t${process.parent?.pid ?? 0}`,
    'TracerPid:\t0',
    `Uid:${`\t${USER_ID}`.repeat(4)}`,
    `Gid:${`\t${USER_ID}`.repeat(4)}`,
    `FDSize:\t${space === null ? 0 : descriptorTableSize(process)}`,
    `Groups:\t${USER_ID} `,
    `NStgid:\t${process.pid}`,
    `NSpid:\t${process.pid}`,
    `NSpgid:\t${session}`,
    `NSsid:\t${session}`,
    'Kthread:\t0',
    ...memory,
    'Threads:\t1',
    'SigQ:\t0/0',
    ...['SigPnd', 'ShdPnd', 'SigBlk', 'SigIgn', 'SigCgt'].map((name) => `${name}:\t${NO_SIGNALS}`),
    ...['CapInh', 'CapPrm', 'CapEff'].map((name) => `${name}:\t${NO_SIGNALS}`),
    `CapBnd:\t${ALL_CAPABILITIES}`,
    `CapAmb:\t${NO_SIGNALS}`,
    'NoNewPrivs:\t0',
    'Seccomp:\t0',
    'Seccomp_filters:\t0',
    'Speculation_Store_Bypass:\tnot vulnerable',
    'SpeculationIndirectBranch:\tnot affected',
    `Cpus_allowed:\t${(2 ** cpus - 1).toString(16).padStart(Math.ceil(cpus / 4), '0')}`,
    `Cpus_allowed_list:\t${cpus === 1 ? '0' : `0-${cpus - 1}`}`,
    `Mems_allowed:\t${`${'0'.repeat(8)},`.repeat(NODE_MASK_WORDS - 1)}${'1'.padStart(8, '0')}`,
    'Mems_allowed_list:\t0',
    'voluntary_ctxt_switches:\t0',
    'nonvoluntary_ctxt_switches:\t0',
  ];
  return `${lines.join('\n')}\n`;
}

function memoryLines(kernel: Kernel, space: AddressSpace): string[] {
  const { pageBytes } = kernel;
  const pages = spaceFigures(kernel, space);
  const rows: [string, number][] = [
    ['VmPeak', Math.max(space.peakTotalPages, pages.total) * pageBytes],
    ['VmSize', pages.total * pageBytes],
    ['VmLck', pages.locked * pageBytes],
    ['VmPin', 0],
    ['VmHWM', Math.max(space.peakResidentPages, space.residentPages) * pageBytes],
    ['VmRSS', space.residentPages * pageBytes],
    ['RssAnon', pages.anon * pageBytes],
    ['RssFile', pages.file * pageBytes],
    ['RssShmem', pages.shared * pageBytes],
    ['VmData', pages.data * pageBytes],
    ['VmStk', pages.stack * pageBytes],
    ['VmExe', pages.code * pageBytes],
    ['VmLib', pages.libraries * pageBytes],
    ['VmPTE', pages.tables * pageBytes],
    ['VmSwap', pages.swap * pageBytes],
    ['HugetlbPages', hugetlbBytes(kernel, space)],
  ];
  return [
    ...rows.map(([name, bytes]) => `${name}:\t${kibibytes(bytes)}`),
    'CoreDumping:\t0',
    // That the process may have them, not that the machine makes any.
    'THP_enabled:\t1',
    `untag_mask:\t0x${'f'.repeat(16)}`,
  ];
}

/** Pages: size, resident, resident of files and shared memory, code, 0, data and stack, 0. */
export function statmText(kernel: Kernel, space: AddressSpace | null): string {
  if (space === null) return '0 0 0 0 0 0 0\n';
  const { total, anon, file, shared, code, data, stack } = spaceFigures(kernel, space);
  return `${[total, anon + file + shared, file + shared, code, 0, data + stack, 0].join(' ')}\n`;
}

function hugetlbBytes(kernel: Kernel, space: AddressSpace): number {
  const figures = new MemoryFigures();
  for (let area = space.areas.first; area !== null; area = area.next) {
    if (area.has(VM_HUGETLB)) addArea(kernel, space, area, figures);
  }
  return figures.sharedHugetlb + figures.privateHugetlb;
}

function shortName(process: Process): string {
  return commandOf(process).replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

/** The table of descriptors doubles when it is full. */
function descriptorTableSize({ files }: Process): number {
  let size = FD_SIZE_MIN;
  for (const fd of files.keys()) while (size <= fd) size *= 2;
  return size;
}

/** Whoever was spawned leads a session; forked children are in their parent's. */
function sessionOf(process: Process): number {
  let leader = process;
  while (leader.parent !== null) leader = leader.parent;
  return leader.pid;
}
