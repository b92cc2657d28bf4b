/** Which files /proc has here: their names, what they tell, and how each is written. */
import type { Kernel } from '../../kernel/kernel.ts';
import type { Process } from '../../kernel/process.ts';
import { mapsText } from './maps.ts';
import { meminfoText } from './meminfo.ts';
import { oomScoreText } from './oom-score.ts';
import { rollupText, smapsText } from './smaps.ts';
import { statmText, statusText } from './status.ts';
import { swapsText } from './swaps.ts';
import { vmstatText } from './vmstat.ts';
import { buddyinfoText, zoneinfoText } from './zoneinfo.ts';

/** A file of the machine as a whole: /proc/NAME. */
export interface SystemFile {
  readonly summary: string;
  text(kernel: Kernel): string;
}

/** A file about a process: /proc/PID/NAME. `text` is null when Linux answers ESRCH: of a zombie, some files cannot be read. */
export interface ProcessFile {
  readonly summary: string;
  text(kernel: Kernel, process: Process): string | null;
}

export const SYSTEM_FILES = {
  meminfo: { summary: 'memory of the machine, by use', text: meminfoText },
  vmstat: { summary: 'counts of pages and events', text: vmstatText },
  zoneinfo: { summary: 'the zones: watermarks and counts', text: zoneinfoText },
  buddyinfo: { summary: 'free blocks by order', text: buddyinfoText },
  swaps: { summary: 'the swap device', text: swapsText },
  kmsg: {
    summary: 'the kernel’s log, as dmesg prints it',
    text: ({ log }) =>
      log
        .lines()
        .map((line) => `${line}\n`)
        .join(''),
  },
} as const satisfies Readonly<Record<string, SystemFile>>;

export const PROCESS_FILES = {
  maps: { summary: 'areas of the address space', text: (kernel, { space }) => mapsText(kernel, space) },
  smaps: { summary: 'areas, and what of each is in memory', text: (kernel, { space }) => smapsText(kernel, space) },
  smaps_rollup: {
    summary: 'the same, of all areas together',
    text: (kernel, { space }) => (space === null ? null : rollupText(kernel, space)),
  },
  status: { summary: 'the process, and its memory', text: statusText },
  statm: { summary: 'its memory in pages', text: (kernel, { space }) => statmText(kernel, space) },
  oom_score: { summary: 'how likely it is killed when memory runs out', text: oomScoreText },
  oom_score_adj: { summary: 'what was added to that by hand', text: (_kernel, process) => `${process.oomScoreAdj}\n` },
} as const satisfies Readonly<Record<string, ProcessFile>>;

/** The one file that is no text: eight bytes a page. */
export const PAGEMAP = 'pagemap';
export const PAGEMAP_SUMMARY = 'the frame or swap slot of every page';

export type SystemFileName = keyof typeof SYSTEM_FILES;
export type ProcessFileName = keyof typeof PROCESS_FILES;

/** A file goes by the name of the command that prints it, too. */
export const fileCalled = (word: string): string => (word === 'dmesg' ? 'kmsg' : word);

export const isSystemFile = (name: string): name is SystemFileName => Object.hasOwn(SYSTEM_FILES, name);
export const isProcessFile = (name: string): name is ProcessFileName => Object.hasOwn(PROCESS_FILES, name);

/** Names of the files of each kind, pagemap among those of a process. */
export const SYSTEM_FILE_NAMES = Object.keys(SYSTEM_FILES) as readonly SystemFileName[];
export const PROCESS_FILE_NAMES: readonly string[] = [...Object.keys(PROCESS_FILES), PAGEMAP];
