/** Files with mistakes about the libraries a process has, and where each mistake is told. */

export interface Row {
  readonly what: string;
  readonly text: string;
  /** `code line:column`. */
  readonly at: string;
  readonly hint: RegExp;
}

const HEAD = 'version: 1\nname: mistakes\nsteps:\n';
/** One step on line 4, in a file that is otherwise right. */
const step = (text: string): string => `${HEAD}  - ${text}\n`;
const python = (version: string, ...more: string[]): string =>
  [`${HEAD}  - { do: spawn, process: p, python: ${version} }`, ...more.map((text) => `  - ${text}`), ''].join('\n');
/** Pages of 256 bytes: a pool of pymalloc has sixteen. */
export const SMALL_PAGES = `machine:
  memory: 256KiB
  paging:
    pageBytes: 256
    pteBytes: 4
    levels: [8, 6, 6]
    fields: { valid: 0, read: 1, write: 2, execute: 3, user: 4, accessed: 6, dirty: 7, frame: { bit: 8, width: 18 } }
`;

export const HEAPS: readonly Row[] = [
  { what: 'no Python', text: step('{ do: PyMem_Malloc, size: 5, as: p }'), at: 'MEM-SCN-035 4:11', hint: /python: / },
  {
    what: 'no glibc',
    text: `${HEAD}  - { do: spawn, process: p, malloc: first-fit }\n  - { do: malloc_trim }\n`,
    at: 'MEM-SCN-035 5:11',
    hint: /malloc: glibc/,
  },
  {
    what: 'an older Python',
    text: python("'3.4'", '{ do: PyMem_Calloc, nelem: 1, elsize: 4, as: x }'),
    at: 'MEM-SCN-035 5:11',
    hint: /3\.5/,
  },
  {
    what: 'before domains',
    text: python("'3.3'", '{ do: tracemalloc.start }'),
    at: 'MEM-SCN-035 5:11',
    hint: /3\.4/,
  },
  {
    what: 'before sys.getallocatedblocks',
    text: python("'3.3'", '{ do: sys.getallocatedblocks }'),
    at: 'MEM-SCN-035 5:11',
    hint: /3\.4/,
  },
  {
    what: 'before tracemalloc.reset_peak',
    text: python("'3.8'", '{ do: tracemalloc.reset_peak }'),
    at: 'MEM-SCN-035 5:11',
    hint: /3\.9/,
  },
  {
    what: 'mimalloc',
    text: python("{ version: '3.13', PYTHONMALLOC: mimalloc_debug }"),
    at: 'MEM-SCN-035 4:38',
    hint: /pymalloc/,
  },
  {
    what: 'a Python that reads the start of its pool, on pages that are smaller',
    text: `version: 1\nname: mistakes\n${SMALL_PAGES}steps:\n  - { do: spawn, process: p, python: '3.9' }\n`,
    at: 'MEM-SCN-035 11:38',
    hint: /3\.10/,
  },
  {
    what: 'nobody watches',
    text: step('{ do: malloc, size: 5, as: p, expect: { errors: none } }'),
    at: 'MEM-SCN-035 4:43',
    hint: /memcheck: true/,
  },
  {
    what: 'the child of a process without Python',
    text: `${HEAD}  - { do: fork, as: child }\n  - { do: PyMem_Malloc, process: child, size: 5, as: p }\n`,
    at: 'MEM-SCN-035 5:11',
    hint: /python: /,
  },
  {
    what: 'no such thread',
    text: python(
      "'3.11'",
      '{ do: threading.Thread, name: worker }',
      '{ do: PyMem_Malloc, size: 5, as: x, thread: wroker }',
    ),
    at: 'MEM-SCN-036 6:49',
    hint: /`worker`/,
  },
  {
    what: 'an unknown Python',
    text: python("'3.14'"),
    at: 'MEM-SCN-010 4:38',
    hint: /did you mean/,
  },
  {
    what: 'a Python that YAML took for a number',
    text: python('3.11'),
    at: 'MEM-SCN-009 4:38',
    hint: /quotes/,
  },
  {
    what: 'an option of another policy',
    text: `${HEAD}  - { do: spawn, process: p, malloc: { policy: buddy, order: address } }\n`,
    at: 'MEM-SCN-034 4:38',
    hint: /heaps\.md/,
  },
  { what: 'a missing size', text: step('{ do: malloc, as: p }'), at: 'MEM-SCN-008 4:5', hint: /64KiB/ },
  {
    what: 'a misspelt function',
    text: step('{ do: pymem_malloc, size: 5 }'),
    at: 'MEM-SCN-007 4:11',
    hint: /PyMem_Malloc/,
  },
  {
    what: 'a misspelt variable of the environment',
    text: python("{ version: '3.11', PYTHONMALOC: debug }"),
    at: 'MEM-SCN-006 4:57',
    hint: /PYTHONMALLOC/,
  },
];
