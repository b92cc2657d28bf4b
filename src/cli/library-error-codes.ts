/** What the library refuses of a program that calls it: machines, records, rewinding, golden files. */
import type { ErrorCode } from './error-codes.ts';

export const LIBRARY_ERROR_CODES: readonly ErrorCode[] = [
  {
    code: 'MEM-API-001',
    title: 'the process has ended',
    text: 'A process that exited or was killed makes no more accesses and system calls; its parent can still wait for it. In a scenario such a step fails instead of ending the run.',
  },
  {
    code: 'MEM-API-002',
    title: 'no memory for another process',
    text: 'A process needs at least a frame for the root of its page table. Give the machine more memory, or end another process first.',
  },
  {
    code: 'MEM-API-003',
    title: 'no processes on bare hardware',
    text: 'A machine with `kernel: none` has nobody who could make processes or handle their faults. Write its page tables into memory, and use `translate`.',
  },
  {
    code: 'MEM-API-004',
    title: 'program image too large',
    text: 'The sections of a program image, one after the other, must fit into the user half of the address space.',
  },
  {
    code: 'MEM-API-005',
    title: 'no such CPU',
    text: 'CPUs are numbered from 0; `cpus` in the machine’s configuration says how many there are.',
  },
  {
    code: 'MEM-API-006',
    title: 'an address that cannot be emulated',
    text: 'mmulator computes addresses in doubles, which are exact 2^53 bytes from either end of the 64-bit space. Of the formats, only `sv57` and `x86_64-la57` have addresses between; to look those up is refused instead of rounding them.',
  },
  {
    code: 'MEM-API-007',
    title: 'not a process',
    text: 'Accesses and system calls are made by a process: what spawn, fork or process(name) returned, not its name or pid.',
  },
  {
    code: 'MEM-API-008',
    title: 'not a whole number',
    text: 'Addresses, lengths and offsets are whole numbers. Constants of 2^53 and above are bigints, because a double would round them.',
  },
  {
    code: 'MEM-API-009',
    title: 'impossible access size',
    text: 'An access reads or writes at least one byte and at most 2^30. Sizes 1, 2, 4 and 8 are single accesses; others are copied page by page.',
  },
  {
    code: 'MEM-API-010',
    title: 'value does not fit',
    text: 'A number is stored in so many bytes; it must lie between the least negative and the greatest unsigned value of that width.',
  },
  {
    code: 'MEM-API-011',
    title: 'a process of another time',
    text: 'After `restore` the machine has new objects for its processes; one kept from before belongs to a state that is gone. Find it again by name or pid.',
  },
  {
    code: 'MEM-API-012',
    title: 'cannot translate so',
    text: '`translate` runs an access on bare hardware (`kernel: none`), as `load`, `store` or `fetch`; on a machine with a kernel processes make accesses, and `translate` only looks (`peek: true`).',
  },
  {
    code: 'MEM-API-013',
    title: 'no such function, or arguments that do not fit',
    text: 'Programs are called by the C names of their functions, with an argument for each parameter (a size has 64 bits, a domain is raw, mem or obj): `mmulator list steps` shows those that scenarios use, and `PROGRAM_FUNCTIONS` all of them.',
  },
  {
    code: 'MEM-API-014',
    title: 'no room for the libraries',
    text: 'A program’s C library and its Python are mapped when it first needs them; the address space, or the memory that may be promised, is too small.',
  },
  {
    code: 'MEM-API-015',
    title: 'the program does not have this function',
    text: 'Functions of Python need a process that was spawned with one, and with a version that has them already; those of glibc’s malloc one whose malloc is glibc’s.',
  },
  {
    code: 'MEM-API-016',
    title: 'no such Python, or one that cannot be emulated',
    text: 'The versions whose memory manager is known are 2.7 and 3.3 to 3.13; mimalloc, which 3.13 can use, is not emulated.',
  },
  {
    code: 'MEM-API-017',
    title: 'no such thread',
    text: 'Threads are known by their names. A Python program begins with `main`; `threading.Thread` and `pthread_create` start others.',
  },
  {
    code: 'MEM-API-018',
    title: 'no such host allocator',
    text: '`PyMem_SetAllocator` and `PyObject_SetArenaAllocator` take allocators by name: `counting`, `failing`, `logging` and `counting-arena` are always there, others after `machine.programs.addAllocator`, or with the run option `allocators`.',
  },
  {
    code: 'MEM-API-019',
    title: 'a host allocator that cannot be added',
    text: 'An allocator has a name, a sentence `about` it, a number of `words`, and malloc, calloc, realloc and free, or for arenas alloc and free. They are told apart by their names, and a machine has room for about fifty.',
  },
  {
    code: 'MEM-API-020',
    title: 'pages too small for this Python',
    text: 'Up to 3.9, pymalloc reads the start of the 4 KiB around any pointer that is freed; where pages are smaller, nothing need be there, and the process would die of SIGSEGV. Take larger pages, Python 3.10 or later, or (from 3.6) `PYTHONMALLOC=malloc`.',
  },
  {
    code: 'MEM-API-021',
    title: 'spawn options that do not fit',
    text: '`spawn` knows name, image, cpu, signals, malloc, python and memcheck. `malloc` is `glibc`, a textbook’s policy, or that with its own options (docs/heaps.md lists them); `python` is a version, or that with settings such as PYTHONMALLOC.',
  },
  {
    code: 'MEM-API-022',
    title: 'a host allocator failed',
    text: 'An allocator that you wrote threw, called itself without end, or answered or passed on what is no address and no size; or it named a word of its ctx that it has not. To refuse a request it returns 0. The call ends halfway, so the heaps below the allocator may be damaged.',
  },
  {
    code: 'MEM-API-023',
    title: 'no such file in /proc',
    text: '`machine.proc.read` knows the files that `machine.proc.list()` names: some about the machine (`/proc/meminfo`), and some about each process (`/proc/1/maps`), until it has ended and was waited for.',
  },
  {
    code: 'MEM-API-024',
    title: 'a file of /proc that cannot be read so',
    text: 'pagemap is binary: `machine.proc.pagemap` reads it. And a zombie has no memory any more: of its files Linux answers ESRCH for pagemap and smaps_rollup, while maps and smaps are empty.',
  },
  {
    code: 'MEM-API-025',
    title: 'an impossible range of pagemap',
    text: '`machine.proc.pagemap` takes an address and a length in bytes, whole numbers from 0, and answers for at most 2^24 pages at once.',
  },
  {
    code: 'MEM-API-026',
    title: 'a name that Linux has not, or this machine has not',
    text: 'Advice of madvise and resources of setrlimit go by Linux’s names in upper or lower case, with or without MADV_ and RLIMIT_; settings of `machine.sysctl` by their names in /proc/sys/vm; `machine.files.create` makes files of `tmpfs` and of `disk`. A number is taken for advice as it is: what Linux does not know it answers with EINVAL.',
  },
  {
    code: 'MEM-API-027',
    title: 'options of a system call that do not fit',
    text: '`open` takes canRead, canWrite and isPath, all of them true or false; `mremap` address, oldLength, newLength, flags and newAddress; `setOomScoreAdj` isPrivileged.',
  },
  {
    code: 'MEM-API-028',
    title: 'no name for a file, or no bytes to write',
    text: 'A file of `machine.files` has a name of at least one character, and what is written into it is a Uint8Array.',
  },
  {
    code: 'MEM-REC-001',
    title: 'no such position in the record',
    text: 'Positions count steps from the start of the run. A bounded record forgets its oldest steps, so its first position may be later than 0.',
  },
  {
    code: 'MEM-REC-002',
    title: 'not a record',
    text: '`parseRecord` reads what `stringifyRecord` wrote, in the same version of the record’s format.',
  },
  {
    code: 'MEM-REC-003',
    title: 'a record of no steps',
    text: '`stepsMax` says how many steps a record keeps before it forgets the oldest; it keeps at least one.',
  },
  {
    code: 'MEM-REW-001',
    title: 'checkpoint options out of range',
    text: 'Checkpoints are taken every so many steps, one or more, and at least two are kept.',
  },
  {
    code: 'MEM-REW-002',
    title: 'no such position to rewind to',
    text: 'A position is a number of steps done: a whole number from 0.',
  },
  {
    code: 'MEM-GLD-001',
    title: 'not a golden record',
    text: 'The file beside the scenario that ends in .golden.json is not one that `mmulator run --update` wrote. Write it anew with that command.',
  },
];
