/** What is wrong with a recording of the real thing, or with where its parts are. */
import type { ErrorCode } from './error-codes.ts';

export const CONFORM_ERROR_CODES: readonly ErrorCode[] = [
  {
    code: 'MEM-CNF-001',
    title: 'not a recording',
    text: '`conform cpython` takes result files (line 1: {"trace":…,"profile":…,"n_ops":…,"sha256":…,"detail":…}) and files of debug-hook cases ({"header":…,"cases":[…]}), plain or gzipped. They are known by their contents, not by their names.',
  },
  {
    code: 'MEM-CNF-002',
    title: 'a trace alone',
    text: 'A trace says what a program asked for, not what the real allocator answered. Name the result files; each finds its trace itself.',
  },
  {
    code: 'MEM-CNF-003',
    title: 'a header that cannot be read',
    text: 'The first line of a trace or result has fields with types; one is missing or of another type, or the format is newer than this version of mmulator.',
  },
  {
    code: 'MEM-CNF-004',
    title: 'a line that cannot be read',
    text: 'A line of the recording is not what belongs there: an op in a trace, the text of an op’s outcome or the checkpoints in a result.',
  },
  {
    code: 'MEM-CNF-005',
    title: 'cut short, or too long',
    text: 'The header says how many ops there are; the file has fewer or more, or the final state is missing. It was likely not copied as a whole.',
  },
  {
    code: 'MEM-CNF-006',
    title: 'the trace of something else',
    text: 'The trace that lies where a result’s trace should is another one, by its name or its number of ops.',
  },
  {
    code: 'MEM-CNF-007',
    title: 'arenas outside of what can be mapped',
    text: 'The header of the trace says at which addresses arenas come; there the emulated process can map nothing, since user space ends below or something else lies there.',
  },
  {
    code: 'MEM-CNF-008',
    title: 'the trace is missing',
    text: 'A result is checked by running its trace again. That is looked for as NAME.jsonl.gz and NAME.jsonl in ../traces beside the folder of the result and in that folder itself, or only in the folder that --traces names.',
  },
  {
    code: 'MEM-CNF-009',
    title: 'no recording in this folder',
    text: 'A folder stands for every result and every file of debug-hook cases in it and below it, ending in .jsonl or .json, also with .gz. There is none.',
  },
  {
    code: 'MEM-CNF-010',
    title: 'not a recording of Linux',
    text: '`conform linux` takes files of traces, one a line, plain or gzipped: {"trace":…,"family":…,"ops":[…],"base":{…},"results":[…]}. They are known by their contents, not by their names.',
  },
  {
    code: 'MEM-CNF-011',
    title: 'a trace that cannot be read',
    text: 'A line of the file is no trace, has fewer or more results than ops, or an op or result has a field that is missing or of another type. Ops are numbered from 0, as in the recording. Nothing of the file is replayed.',
  },
  {
    code: 'MEM-CNF-012',
    title: 'no trace of that name',
    text: '`--only NAME` compares the traces whose field `trace` is NAME, or matches it as a pattern: `fork-0*`. In none of the files is there one.',
  },
  {
    code: 'MEM-CNF-013',
    title: 'no such level',
    text: 'Recordings of Linux are compared at a level from 1 (results and data) to 6 (everything); docs/conform.md has them.',
  },
  {
    code: 'MEM-CNF-014',
    title: 'a list of traces that cannot be read',
    text: 'traces.json beside a recording is a JSON list of {"trace":…,"file":…,"refs":…,"idsFnv32":…}; in place of a file beside it, a trace may have {"generator":{"kind":"zipf" or "mix","n":…,"pages":…,"seed":…}}.',
  },
  {
    code: 'MEM-CNF-015',
    title: 'not the trace that was recorded',
    text: 'traces.json tells of each trace how many references it has, their fingerprint, and of some the pages and kinds of references. The file that lies there, or the trace made by the rule, is another one; nothing is compared with figures of another trace.',
  },
  {
    code: 'MEM-CNF-016',
    title: 'a row that cannot be read',
    text: 'A row of the recording has a field that is missing or of another type, describes a TLB that cannot be, or is about a trace that traces.json does not list or lists with another length. Nothing of the file is compared.',
  },
  {
    code: 'MEM-CNF-017',
    title: 'a trace or the list of traces is missing',
    text: 'The rows of a recording are about traces listed in traces.json, which is looked for in the folder of the recording, or in the one that --traces names, and so are the traces.',
  },
  {
    code: 'MEM-CNF-018',
    title: 'not such a recording',
    text: '`conform replacement` takes rows of policies on page traces, `conform tlb` rows of TLBs, `conform mrc` a list of miss-ratio curves. They are known by their contents, not by their names.',
  },
];
