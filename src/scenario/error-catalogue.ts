/**
 * Every mistake a scenario file can contain, by its stable code: what `mmulator explain MEM-SCN-007` shows, and the
 * source of docs/errors.md. Codes are never reused; a test finds each code thrown in src/scenario here, and back.
 */
import { MACHINE_ERRORS } from './machine-error-catalogue.ts';

export interface CatalogueEntry {
  readonly code: string;
  /** A few words. */
  readonly title: string;
  readonly explanation: string;
  /** A piece of a file that has the mistake. */
  readonly example: string;
  /** The same piece without it, or what to do. */
  readonly fix: string;
}

/** Found by the scenario floor itself. */
export const LOADER_ERRORS: readonly CatalogueEntry[] = [
  {
    code: 'MEM-SCN-001',
    title: 'not YAML',
    explanation:
      'The file breaks the syntax of YAML 1.2, so nothing in it can be read. Only this is reported until it is mended.',
    example: 'name: "first touch\nsteps: []',
    fix: 'name: "first touch"\nsteps: […]',
  },
  {
    code: 'MEM-SCN-002',
    title: 'key given twice',
    explanation: 'A mapping holds a key once. YAML readers differ in which of two they keep; mmulator keeps neither.',
    example: '- { do: load, at: 0, at: buf }',
    fix: '- { do: load, at: buf }',
  },
  {
    code: 'MEM-SCN-003',
    title: 'empty file',
    explanation: 'The file holds nothing but blanks and comments.',
    example: '# a scenario, one day',
    fix: 'version: 1\nname: first touch\nsteps:\n  - { do: mmap, as: buf, length: 4KiB }',
  },
  {
    code: 'MEM-SCN-004',
    title: 'not a mapping',
    explanation:
      'A scenario is a mapping with `version`, `name`, `steps` and, if wanted, `description`, `machine`, `expect`.',
    example: '- { do: spawn, process: p }',
    fix: 'version: 1\nname: spawn\nsteps:\n  - { do: spawn, process: p }',
  },
  {
    code: 'MEM-SCN-005',
    title: 'unknown version',
    explanation: 'This mmulator reads version 1 of the scenario format. A later version of mmulator may be needed.',
    example: 'version: 2',
    fix: 'version: 1',
  },
  {
    code: 'MEM-SCN-006',
    title: 'unknown key',
    explanation:
      'The key is not one of those that the step, the machine or the expectation has. Usually it is misspelt.',
    example: '- { do: mmap, as: buf, lenght: 4KiB }',
    fix: '- { do: mmap, as: buf, length: 4KiB }',
  },
  {
    code: 'MEM-SCN-007',
    title: 'unknown step',
    explanation: '`do` names a step that does not exist. docs/scenario-reference.md lists them all.',
    example: '- { do: stroe, at: buf, value: 1 }',
    fix: '- { do: store, at: buf, value: 1 }',
  },
  {
    code: 'MEM-SCN-008',
    title: 'missing key',
    explanation: 'Something the step or the file cannot do without is not there.',
    example: '- { do: mmap, as: buf }',
    fix: '- { do: mmap, as: buf, length: 4KiB }',
  },
  {
    code: 'MEM-SCN-009',
    title: 'wrong type',
    explanation:
      'The value is of another type than the key takes: a list where a number belongs, a text where a mapping does.',
    example: '- { do: load, at: [buf] }',
    fix: '- { do: load, at: buf }',
  },
  {
    code: 'MEM-SCN-010',
    title: 'not one of the choices',
    explanation: 'The key takes one of a few words or numbers, and this is none of them.',
    example: 'expect: { fault: demand-zro }',
    fix: 'expect: { fault: demand-zero }',
  },
  {
    code: 'MEM-SCN-011',
    title: 'out of range',
    explanation: 'The number is too small or too large for what it stands for, or a list that needs an entry is empty.',
    example: 'machine: { cpus: 0 }',
    fix: 'machine: { cpus: 1 }',
  },
  {
    code: 'MEM-SCN-012',
    title: 'size beyond 2^53',
    explanation: 'Sizes and counts are exact up to 2^53 - 1. Only addresses and values may use all 64 bits.',
    example: 'machine: { memory: 9007199254740993 }',
    fix: 'machine: { memory: 64GiB }',
  },
  {
    code: 'MEM-SCN-013',
    title: 'unknown unit',
    explanation:
      'Sizes take B, KiB, MiB, GiB and TiB, which are powers of 1024. KB and MB mean two things, so they mean nothing here.',
    example: 'machine: { memory: 64KB }',
    fix: 'machine: { memory: 64KiB }',
  },
  {
    code: 'MEM-SCN-014',
    title: 'expression not understood',
    explanation: 'Addresses, lengths and values are expressions of numbers, names, `+`, `-`, `*` and parentheses.',
    example: '- { do: load, at: buf+ }',
    fix: '- { do: load, at: buf+0x10 }',
  },
  {
    code: 'MEM-SCN-015',
    title: 'more than 64 bits',
    explanation: 'An address or value has at most 64 bits; the constant has more, and is not cut off silently.',
    example: '- { do: load, at: "0x10000000000000000" }',
    fix: '- { do: load, at: "0xffffffffffffffff" }',
  },
  {
    code: 'MEM-SCN-016',
    title: 'unknown name in an expression',
    explanation:
      'No step above binds this name by `as:`, no loop around has it as variable, and it is not built in (text, rodata, data, bss, heap, brk, stack, page).',
    example: '- { do: mmap, as: buf, length: 4KiB }\n- { do: load, at: bfu }',
    fix: '- { do: load, at: buf }',
  },
  {
    code: 'MEM-SCN-017',
    title: 'unknown process',
    explanation: 'No step above spawns or forks a process of this name.',
    example: '- { do: spawn, process: parent }\n- { do: load, process: parnet, at: 0 }',
    fix: '- { do: load, process: parent, at: 0 }',
  },
  {
    code: 'MEM-SCN-018',
    title: 'which process?',
    explanation: '`process:` may be left out while exactly one process is running. Here there are several, or none.',
    example: '- { do: fork, process: parent, as: child }\n- { do: load, at: buf }',
    fix: '- { do: load, process: child, at: buf }',
  },
  {
    code: 'MEM-SCN-019',
    title: 'process already exited',
    explanation: 'An earlier step makes the process exit, so this one could never run.',
    example: '- { do: exit, process: child }\n- { do: load, process: child, at: buf }',
    fix: 'Move the step before the exit.',
  },
  {
    code: 'MEM-SCN-020',
    title: 'name already taken',
    explanation: 'A running process, or a loop around, has this name already.',
    example: '- { do: spawn, process: p }\n- { do: spawn, process: p }',
    fix: '- { do: spawn, process: q }',
  },
  {
    code: 'MEM-SCN-021',
    title: 'keys exclude each other',
    explanation: 'Two keys say the same thing in different ways; which one should hold?',
    example: '- { do: store, at: buf, value: 1, text: one }',
    fix: '- { do: store, at: buf, value: 1 }',
  },
  {
    code: 'MEM-SCN-022',
    title: 'value does not fit its size',
    explanation:
      'A store writes `size` bytes, 4 unless it says otherwise, and the value needs more. Likewise a load never reads a value wider than what it reads.',
    example: '- { do: store, at: buf, value: 300, size: 1 }',
    fix: '- { do: store, at: buf, value: 300, size: 2 }',
  },
  {
    code: 'MEM-SCN-023',
    title: 'too many steps',
    explanation:
      'With its loops unrolled the file has more than 10,000,000 steps. (A run stops earlier, at --max-steps, unless that is raised.)',
    example: '- { do: repeat, times: 100000000, steps: [{ do: load, at: buf }] }',
    fix: '- { do: repeat, times: 1000, steps: [{ do: load, at: buf }] }',
  },
  {
    code: 'MEM-SCN-024',
    title: 'not hex bytes',
    explanation: 'Bytes are written as two hex digits each, without 0x, blanks between them as you like.',
    example: '- { do: store, at: buf, bytes: "abc" }',
    fix: '- { do: store, at: buf, bytes: "0a bc" }',
  },
  {
    code: 'MEM-SCN-025',
    title: 'not a whole number of pages',
    explanation: 'Memory and swap consist of whole pages of the page-table format.',
    example: 'machine: { memory: 5000 }',
    fix: 'machine: { memory: 8KiB }',
  },
  {
    code: 'MEM-SCN-026',
    title: 'the machine has no such thing',
    explanation:
      'With `kernel: none` there are no processes and no system calls, only `translate`; with a kernel, page tables and TLB contents are the kernel’s to make.',
    example: 'machine: { kernel: none }\nsteps: [{ do: fork, as: child }]',
    fix: 'machine: {}\nsteps: [{ do: fork, as: child }]',
  },
  {
    code: 'MEM-SCN-027',
    title: 'not a protection',
    explanation: '`prot` is `none`, or letters of `rwx`, each at most once.',
    example: '- { do: mmap, length: 4KiB, prot: rq }',
    fix: '- { do: mmap, length: 4KiB, prot: rw }',
  },
  {
    code: 'MEM-SCN-029',
    title: 'reserved name',
    explanation:
      'text, rodata, data, bss, heap, brk, stack and page always mean the parts of the running process and the page size.',
    example: '- { do: mmap, as: heap, length: 4KiB }',
    fix: '- { do: mmap, as: arena, length: 4KiB }',
  },
  {
    code: 'MEM-SCN-030',
    title: 'expectation that can mean nothing here',
    explanation: 'The expectation exists, but not for this step: a munmap reads no value.',
    example: '- { do: munmap, at: buf, length: 4KiB, expect: { value: 0 } }',
    fix: '- { do: munmap, at: buf, length: 4KiB, expect: { errno: ok } }',
  },
  {
    code: 'MEM-SCN-031',
    title: 'not a name',
    explanation:
      'Names are made of letters, digits and `_` (processes also `-` and, in loops, `{i}`), starting with a letter.',
    example: '- { do: mmap, as: 2nd, length: 4KiB }',
    fix: '- { do: mmap, as: second, length: 4KiB }',
  },
  {
    code: 'MEM-SCN-033',
    title: 'not an area line',
    explanation: 'A line of `maps` is a range, permissions as in /proc/PID/maps, and perhaps a name.',
    example: 'expect: { maps: [buf rw-p] }',
    fix: 'expect: { maps: [buf..buf+8KiB rw-p] }',
  },
  {
    code: 'MEM-SCN-034',
    title: 'options that a malloc does not have',
    explanation:
      'Each textbook allocator has options of its own, and some exclude each other: docs/heaps.md lists them.',
    example: '- { do: spawn, process: p, malloc: { policy: buddy, order: address } }',
    fix: '- { do: spawn, process: p, malloc: { policy: buddy, minOrder: 4 } }',
  },
  {
    code: 'MEM-SCN-035',
    title: 'a process without that library or tool',
    explanation:
      'A process has what it is spawned with: `python` brings the `PyMem_…` and `tracemalloc…` functions of that version, ' +
      '`malloc` decides whose malloc it is, and without `memcheck: true` nobody looks for `errors`.',
    example: '- { do: PyMem_Malloc, size: 64, as: p }',
    fix: "Spawn the process with one: `- { do: spawn, process: app, python: '3.11' }`.",
  },
  {
    code: 'MEM-SCN-036',
    title: 'no such thread',
    explanation:
      'A Python begins with the thread `main`; `threading.Thread` and `pthread_create` start others by name.',
    example: "- { do: spawn, process: app, python: '3.11' }\n- { do: PyMem_Malloc, size: 64, as: p, thread: worker }",
    fix: "- { do: spawn, process: app, python: '3.11' }\n- { do: threading.Thread, name: worker }\n- { do: PyMem_RawMalloc, size: 64, as: p, thread: worker }",
  },
  {
    code: 'MEM-SCN-037',
    title: 'not a vector of pages',
    explanation:
      'What mincore answered is written with a digit for each page, 1 for one that is in memory, 0 for one that is not.',
    example: '- { do: mincore, at: buf, length: 12KiB, expect: { vec: "1x0" } }',
    fix: '- { do: mincore, at: buf, length: 12KiB, expect: { vec: "110" } }',
  },
  {
    code: 'MEM-SCN-038',
    title: 'a file cannot be made',
    explanation:
      'What is in `files:` is written before the first step, through the page cache of the machine. There is no room for it, or a file of that name is there already.',
    example: 'machine: { memory: 64KiB }\nfiles:\n  data: { kind: tmpfs, size: 1MiB, fill: 0 }',
    fix: 'machine: { memory: 4MiB }\nfiles:\n  data: { kind: tmpfs, size: 1MiB, fill: 0 }',
  },
];

/** Every mistake that a scenario file can contain, those that the machine finds included. */
export const SCENARIO_ERRORS: readonly CatalogueEntry[] = [...LOADER_ERRORS, ...MACHINE_ERRORS];
