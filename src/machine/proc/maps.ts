/**
 * /proc/PID/maps: a line for each area [fs/proc/task_mmu.c:show_map_vma].
 *
 *     start-end         rights offset   device inode        what it maps, from column 73 on
 *     5583d0c01000-5583d0c02000 r-xp 00001000 fe:00 2318347                    /bin/sample
 *     7fe20076e000-7fe20076f000 rw-p 00000000 00:00 0                          (nothing: anonymous, with a blank at the end)
 */
import { Inode } from '../../kernel/fs/inode.ts';
import type { Kernel } from '../../kernel/kernel.ts';
import { permsOf, VM_HUGETLB } from '../../kernel/linux-abi.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import type { Area } from '../../kernel/vm/area.ts';
import { hex } from './text.ts';

/** Columns before the name, less the blank in front of it. */
const NAME_COLUMN = 72;

/** Numbers of the devices that files are on, as on the machine that the samples are of. */
const DISK = 'fe:00';
const TMPFS = '00:1b';
/** Where shared memory without a name is. */
const UNNAMED = '00:01';
const DEVICES = '00:06';
const HUGETLBFS = '00:11';
const NO_DEVICE = '00:00';
/** /dev/zero on devtmpfs. */
const ZERO_INODE = 4;
/** The first inode of an ext4 that users get; those of programs begin further up. */
const FIRST_INODE = 12;
const FIRST_PROGRAM_INODE = 1_000_000;

interface MappedFile {
  readonly device: string;
  readonly inode: number;
  /** Empty for what has no name. */
  readonly name: string;
}

export function mapsText(kernel: Kernel, space: AddressSpace | null): string {
  let text = '';
  for (let area = space?.areas.first ?? null; area !== null; area = area.next) text += mapLine(kernel, space!, area);
  return text;
}

/** The area's line, with its end. */
export function mapLine(kernel: Kernel, space: AddressSpace, area: Area): string {
  const { device, inode, name } = mappedFile(kernel, space, area);
  const offset = area.object?.part?.offset ?? 0;
  const isAnonymous = area.object === null && area.file === null;
  const start = isAnonymous ? 0 : offset + area.pageOffset * kernel.pageBytes;
  return headerLine(area.start, area.end, permsOf(area.flags), start, device, inode, name);
}

export function headerLine(
  start: number,
  end: number,
  perms: string,
  offset: number,
  device: string,
  inode: number,
  name: string,
): string {
  const prefix = `${hex(start)}-${hex(end)} ${perms} ${hex(offset)} ${device} ${inode} `;
  return name === '' ? `${prefix}\n` : `${prefix.padEnd(NAME_COLUMN)} ${escaped(name)}\n`;
}

function mappedFile(kernel: Kernel, space: AddressSpace, area: Area): MappedFile {
  const { object } = area;
  // To Linux, such memory is a file without a name.
  if (area.has(VM_HUGETLB)) return { device: HUGETLBFS, inode: FIRST_INODE, name: '/anon_hugepage (deleted)' };
  if (object === null) {
    if (area.file === null) return { device: NO_DEVICE, inode: 0, name: specialName(space, area) };
    return { device: DEVICES, inode: ZERO_INODE, name: pathOf(area.file.inode.name) };
  }
  if (object.part !== null) {
    return { device: DISK, inode: FIRST_PROGRAM_INODE + object.part.inode, name: object.part.path };
  }
  const inode = FIRST_INODE + object.id;
  if (object.segmentId !== null) {
    return { device: UNNAMED, inode: object.segmentId, name: '/SYSV00000000 (deleted)' };
  }
  if (!(object instanceof Inode)) return { device: UNNAMED, inode, name: '/dev/zero (deleted)' };
  const isNamed = kernel.files.get(object.name) === object;
  const device = object.type === 'tmpfs' ? TMPFS : DISK;
  return { device, inode, name: pathOf(object.name) + (isNamed ? '' : ' (deleted)') };
}

/** What overlaps the break is the heap, what holds the first stack pointer the stack [include/linux/mm.h]. */
function specialName(space: AddressSpace, area: Area): string {
  if (area.start < space.brk && area.end > space.brkStart) return '[heap]';
  return area.start < space.stackTop && area.end >= space.stackTop ? '[stack]' : '';
}

/** Files here have plain names, and no folders: all are in the root. */
const pathOf = (name: string): string => (name.startsWith('/') ? name : `/${name}`);

const escaped = (path: string): string => path.replaceAll('\n', '\\012');
