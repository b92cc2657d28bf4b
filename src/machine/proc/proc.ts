/**
 * /proc: what Linux would tell about this machine, in its own text, to the byte.
 *
 *     machine.proc.list();                          // ['/proc/meminfo', …, '/proc/1/maps', …]
 *     machine.proc.read('/proc/1/maps');            // or '1/maps'
 *     machine.proc.smaps(shell);                    // of a process at hand
 *     machine.proc.pagemap(shell, buffer, 8192);    // BigUint64Array of two entries
 *
 * Only reads: the machine is the same afterwards. docs/proc.md says what each field counts here.
 */
import type { Kernel } from '../../kernel/kernel.ts';
import type { Process } from '../../kernel/process.ts';
import type { AddressSpace } from '../../kernel/vm/address-space.ts';
import { InputError } from '../../mmu/input-error.ts';
import { suggest } from '../../mmu/nearest.ts';
import { requireKnown } from '../check-access.ts';
import {
  fileCalled,
  isProcessFile,
  isSystemFile,
  PAGEMAP,
  PROCESS_FILE_NAMES,
  PROCESS_FILES,
  type ProcessFileName,
  SYSTEM_FILE_NAMES,
  SYSTEM_FILES,
} from './files.ts';
import { forEachPagemapEntry, pagemapEntries } from './pagemap.ts';

/** Most entries that one call of `pagemap` answers: 128 MiB of them. */
const ENTRIES_MAX = 2 ** 24;

/** A page that has a pagemap entry. */
export interface PagemapEntry {
  readonly address: number;
  /** The 64 bits, as Linux's Documentation/admin-guide/mm/pagemap.rst lays them out. */
  readonly value: bigint;
}

export class MachineProc {
  private readonly kernel: Kernel;

  constructor(kernel: Kernel) {
    this.kernel = kernel;
  }

  /** Paths of all files there are now: those of the machine, then those of each process, zombies included. */
  list(): string[] {
    return [
      ...SYSTEM_FILE_NAMES.map((name) => `/proc/${name}`),
      ...[...this.kernel.processes.keys()].flatMap((pid) => PROCESS_FILE_NAMES.map((name) => `/proc/${pid}/${name}`)),
    ];
  }

  /**
   * The text of a file: `/proc/meminfo`, `/proc/1/maps`, or without `/proc/`.
   * @throws InputError MEM-API-023 for a file or a process that there is not, MEM-API-024 for one that cannot be read as text
   */
  read(path: string): string {
    const short = fileCalled(path.replace(/^\/proc\//, ''));
    if (isSystemFile(short)) return SYSTEM_FILES[short].text(this.kernel);
    const match = /^(\d+)\/([^/]+)$/.exec(short);
    const name = match?.[2] ?? '';
    if (match === null || !(PROCESS_FILE_NAMES as readonly string[]).includes(name)) throw noSuchFile(path, short);
    const process = this.kernel.processes.get(Number(match[1]));
    if (process === undefined) {
      throw new InputError({
        code: 'MEM-API-023',
        message: `there is no process ${match[1]}, so no ${path}`,
        hint: 'machine.proc.list() lists the files there are; a process that was waited for is gone',
      });
    }
    if (isProcessFile(name)) return this.textOf(process, name);
    const hint = 'machine.proc.pagemap(process, address, length) reads it';
    throw new InputError({ code: 'MEM-API-024', message: `${path} is not text`, hint });
  }

  // Files of a process at hand. All of them throw InputError MEM-API-007 or -011 for what is no process of the machine.

  /** Areas, a line each; empty of a zombie, as in Linux. */
  maps(process: Process): string {
    return this.textOf(process, 'maps');
  }

  /** Areas, and what of each is in memory or swap; empty of a zombie. */
  smaps(process: Process): string {
    return this.textOf(process, 'smaps');
  }

  /** The figures of smaps for all areas together. @throws InputError MEM-API-024 of a zombie */
  smapsRollup(process: Process): string {
    return this.textOf(process, 'smaps_rollup');
  }

  status(process: Process): string {
    return this.textOf(process, 'status');
  }

  statm(process: Process): string {
    return this.textOf(process, 'statm');
  }

  oomScore(process: Process): string {
    return this.textOf(process, 'oom_score');
  }

  /**
   * Entries of /proc/PID/pagemap for the pages of `length` bytes from `address`, zero where nothing is mapped: what
   * reading 8 bytes a page at offset address / page size * 8 gives to root.
   * @throws InputError MEM-API-007, -011, -024 of a zombie, -025 for a range that is none or has more than 2^24 pages
   */
  pagemap(process: Process, address: number, length: number): BigUint64Array {
    const space = this.spaceOf(process);
    const { pageBytes } = this.kernel;
    const isRange = [address, length].every((value) => Number.isSafeInteger(value) && value >= 0);
    if (!isRange || length / pageBytes > ENTRIES_MAX - 1) {
      throw new InputError({
        code: 'MEM-API-025',
        message: `pagemap cannot answer for ${length} bytes from ${address}`,
        hint: `address and length are whole numbers from 0, of at most ${ENTRIES_MAX} pages at once`,
      });
    }
    return pagemapEntries(this.kernel, space, address, address + length);
  }

  /** The pages of the process whose pagemap entry is not zero, in order. @throws InputError as `pagemap` */
  pagemapPages(process: Process): PagemapEntry[] {
    const space = this.spaceOf(process);
    const pages: PagemapEntry[] = [];
    for (let area = space.areas.first; area !== null; area = area.next) {
      forEachPagemapEntry(this.kernel, space, area, (address, value) => pages.push({ address, value }));
    }
    return pages;
  }

  private textOf(process: Process, file: ProcessFileName): string {
    requireKnown(this.kernel, process);
    const text = PROCESS_FILES[file].text(this.kernel, process);
    if (text === null) throw unreadable(process, file);
    return text;
  }

  private spaceOf(process: Process): AddressSpace {
    requireKnown(this.kernel, process);
    if (process.space === null) throw unreadable(process, PAGEMAP);
    return process.space;
  }
}

function noSuchFile(path: string, short: string): InputError {
  const wanted = /^\d+\//.test(short) ? short.replace(/^\d+\//, '') : short;
  const hint = suggest(wanted, [...SYSTEM_FILE_NAMES, ...PROCESS_FILE_NAMES], 'files');
  return new InputError({ code: 'MEM-API-023', message: `there is no file \`${path}\` in this /proc`, hint });
}

function unreadable(process: Process, file: string): InputError {
  return new InputError({
    code: 'MEM-API-024',
    message: `${file} of the zombie ${process.name} (pid ${process.pid}) cannot be read: its memory is gone (ESRCH)`,
    hint: 'look before it ends',
  });
}
