/** The mistakes one can make on the command line, as `mmulator explain MEM-CLI-001` tells them. */
export interface ErrorCode {
  readonly code: string;
  readonly title: string;
  readonly text: string;
}

export const CLI_ERROR_CODES: readonly ErrorCode[] = [
  {
    code: 'MEM-CLI-001',
    title: 'no such file',
    text: 'A path on the command line names nothing. Paths are relative to the folder the command is run in.',
  },
  {
    code: 'MEM-CLI-002',
    title: 'no file matches',
    text: 'A pattern such as `scenarios/**/*.yaml` matches no file. `*` stays inside one folder, `**` crosses them.',
  },
  {
    code: 'MEM-CLI-003',
    title: 'no scenario in this folder',
    text: 'A folder stands for every .yaml and .yml file in it and below it. There is none.',
  },
  {
    code: 'MEM-CLI-004',
    title: 'cannot read',
    text: 'The file is there, but reading it failed: it may be a folder, you may not have the permission, or it is gzipped and damaged.',
  },
  {
    code: 'MEM-CLI-005',
    title: 'unknown command',
    text: 'The first word after `mmulator` must be a command; `mmulator --help` lists them.',
  },
  {
    code: 'MEM-CLI-006',
    title: 'unknown option or too many arguments',
    text: 'The command takes no such option, or not so many arguments; `mmulator <command> --help` lists what it takes.',
  },
  {
    code: 'MEM-CLI-007',
    title: 'bad value for an option',
    text: 'The value of an option is missing, given twice, or not one the option takes. Sizes look like `256KiB`.',
  },
  {
    code: 'MEM-CLI-008',
    title: 'something is missing',
    text: 'The command needs an argument or an option that was not given.',
  },
  {
    code: 'MEM-CLI-009',
    title: 'nothing by that name',
    text: '`explain` takes an error code (MEM-SCN-007), a term of the glossary (copy on write), or a scenario and a step (fork.yaml --at 3).',
  },
  {
    code: 'MEM-CLI-010',
    title: 'no such step',
    text: 'Steps are numbered from 1, as `run` prints them, with loops unrolled. Step 0 stands for the machine before the first.',
  },
  {
    code: 'MEM-CLI-011',
    title: 'no such process',
    text: 'At this step no process has that name or pid: not spawned yet, or already reaped.',
  },
  {
    code: 'MEM-CLI-012',
    title: 'the file is already there',
    text: '`init` overwrites nothing unless told to with --force.',
  },
  {
    code: 'MEM-CLI-014',
    title: 'a module without allocators',
    text: '`--allocators` takes a JavaScript module whose default export is a list of allocators: each with a name, and malloc, calloc, realloc and free, or for arenas alloc and free.',
  },
  {
    code: 'MEM-CLI-015',
    title: 'no such file in /proc',
    text: '`proc` prints the files about memory: `mmulator proc --help` lists them. Those of a process are named alone (`maps`, with --process where there are several), behind a pid or a name (`2/maps`, `child/maps`), or whole (`/proc/2/maps`).',
  },
  {
    code: 'MEM-CLI-016',
    title: 'which process?',
    text: 'A file such as `maps` is about one process, and there are several, or several of the name that was given. Say which by its pid.',
  },
  {
    code: 'MEM-CLI-017',
    title: 'no /proc',
    text: 'A machine with `kernel: none` is bare hardware: there are no processes, and nobody who could tell about memory.',
  },
  {
    code: 'MEM-CLI-013',
    title: 'cannot write',
    text: 'Writing the file failed: the folder may not exist, or you may not have the permission.',
  },
];
