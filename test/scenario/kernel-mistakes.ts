/** Files with mistakes about what only a kernel has: files, page cache, settings; and where each mistake is told. */
import type { Row } from './heap-mistakes.ts';

const HEAD = 'version: 1\nname: mistakes\nsteps:\n';
/** One step on line 4, in a file that is otherwise right. */
const step = (text: string): string => `${HEAD}  - ${text}\n`;

export const KERNEL: readonly Row[] = [
  {
    what: 'a vector that is none',
    text: step('{ do: mincore, at: 0, length: 1, expect: { vec: "1x0" } }'),
    at: 'MEM-SCN-037 4:55',
    hint: /quotes/,
  },
  {
    what: 'a file that memory and swap cannot hold',
    text: `${step('{ do: comment, note: x }')}files: { big: { kind: tmpfs, size: 64MiB, fill: 0 } }\n`,
    at: 'MEM-SCN-038 5:15',
    hint: /memory/,
  },
  {
    what: 'files on bare hardware',
    text: `${step('{ do: comment, note: x }')}machine: { kernel: none }\nfiles: { small: {} }\n`,
    at: 'MEM-SCN-026 6:1',
    hint: /leave/,
  },
  {
    what: 'a line that vmstat does not have',
    text: step('{ do: spawn, process: p, expect: { vmstat: { pgswpout: 2 } } }'),
    at: 'MEM-SCN-006 4:50',
    hint: /`pswpout`/,
  },
  {
    what: 'a field that status does not have',
    text: step('{ do: spawn, process: p, expect: { status: { VmLock: 0 } } }'),
    at: 'MEM-SCN-006 4:50',
    hint: /`VmLck`/,
  },
  {
    what: 'a field that smaps does not have',
    text: step('{ do: check, expect: { smaps: { "0": { RSS: 8KiB } } } }'),
    at: 'MEM-SCN-006 4:44',
    hint: /`Rss`/,
  },
  {
    what: 'a size that only the run could know',
    text: step('{ do: check, expect: { smaps: { "0": { Rss: 8*page } } } }'),
    at: 'MEM-SCN-009 4:49',
    hint: /only when the scenario runs/,
  },
  {
    what: 'a name that is not written to its end',
    text: step('{ do: sysctl, name: overcommit, value: 1 }'),
    at: 'MEM-SCN-010 4:25',
    hint: /`overcommit_memory`/,
  },
];
