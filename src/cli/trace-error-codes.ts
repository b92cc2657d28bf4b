/** What is wrong with a recorded memory trace, or with what it is replayed on. */
import type { ErrorCode } from './error-codes.ts';

export const TRACE_ERROR_CODES: readonly ErrorCode[] = [
  {
    code: 'MEM-TRC-001',
    title: 'no references',
    text: 'The file is empty, or holds only lines that are not references (those that begin with `==`). Record one with `valgrind --tool=lackey --trace-mem=yes --log-file=FILE PROGRAM`.',
  },
  {
    code: 'MEM-TRC-002',
    title: 'still compressed',
    text: 'The bytes are those of gzip or zstd. The commands unpack both, whatever the file is called, but only once: this file is packed twice. The library takes unpacked bytes.',
  },
  {
    code: 'MEM-TRC-003',
    title: 'not a Lackey record',
    text: 'A line is `I  04025310,3`, ` L 1ffeffe7e0,8`, ` S 1ffeffe7d8,8` or ` M 0421c7cc,4`: the kind of access, a blank, the address in hexadecimal, a comma, the size in decimal.',
  },
  {
    code: 'MEM-TRC-004',
    title: 'no address',
    text: 'After the kind of access belongs an address in hexadecimal, without 0x.',
  },
  {
    code: 'MEM-TRC-005',
    title: 'beyond 64 bits',
    text: 'Addresses and page numbers have at most 64 bits; and an access lies within the 64-bit address space, its last byte included.',
  },
  {
    code: 'MEM-TRC-006',
    title: 'no size',
    text: 'Here belongs the number of bytes: decimal in most formats, hexadecimal in Dinero’s extended one.',
  },
  { code: 'MEM-TRC-007', title: 'an access of nothing', text: 'An access touches at least one byte.' },
  {
    code: 'MEM-TRC-008',
    title: 'an access too large',
    text: 'No instruction touches more than 65536 bytes at once; a number as large as this is not a size.',
  },
  {
    code: 'MEM-TRC-009',
    title: 'cut short',
    text: 'The last line breaks off in the middle, as when the recording was stopped or its disk was full. Remove the line to use the rest.',
  },
  {
    code: 'MEM-TRC-010',
    title: 'a line without end',
    text: 'A line of more than 1 MiB is not part of any trace; the file is likely something else.',
  },
  {
    code: 'MEM-TRC-011',
    title: 'address outside of user space',
    text: 'The program was recorded on a machine with a larger address space than this one has. `--paging x86_64` reaches as far as most programs do.',
  },
  {
    code: 'MEM-TRC-012',
    title: 'the kernel refuses to map a page',
    text: 'Every page of the trace is mapped when it is first touched; here mmap answered an error, as for the lowest addresses or when a process has too many areas.',
  },
  {
    code: 'MEM-TRC-020',
    title: 'not a page number',
    text: 'References are page numbers: whole numbers from 0.',
  },
  {
    code: 'MEM-TRC-021',
    title: 'impossible number of frames',
    text: 'References are replayed on 1 to 16777216 frames.',
  },
  {
    code: 'MEM-TRC-022',
    title: 'impossible initial pages',
    text: 'Frames may hold pages before the first reference: at most one page a frame, and no page twice.',
  },
  {
    code: 'MEM-POL-003',
    title: 'an option of a replacement policy',
    text: 'The conventions on which books differ are options, such as `window=50` or `lfuTies=first-loaded`. This one does not exist, or cannot have this value, or not with this policy, or not in a machine (`replacementOptions`), which lacks those of replays alone. docs/replacement.md tells who obeys which.',
  },
  {
    code: 'MEM-POL-004',
    title: 'write-backs of a policy that does not tell its victims',
    text: 'libCacheSim’s variant of LIRS lets pages leave on hits, as a side effect of its counting. Which ones does not come out of its loop, so nobody can tell whether they were dirty.',
  },
  {
    code: 'MEM-TRC-013',
    title: 'several processes in one trace',
    text: '`trace run` runs the trace as one process, so references of a second one have no place. `--process PID` takes those of one only.',
  },
  {
    code: 'MEM-TRC-030',
    title: 'unknown trace format',
    text: 'The beginning of the file fits none of the formats, or there is no format of that name. `--format` says which it is meant to be; then the first line that is wrong is named. docs/traces.md shows each format.',
  },
  {
    code: 'MEM-TRC-031',
    title: 'damaged packing',
    text: 'A gzip or zstd file ends too soon or does not unpack. The number is how many bytes came out before; what they held was read, and nothing is written of it. Zstandard files with a dictionary or a window above 1 GiB are not unpacked here: `zstd -d` does.',
  },
  {
    code: 'MEM-TRC-032',
    title: 'not a record of this format',
    text: 'A line, or a record of a binary trace, is nothing this format knows. Traces are read up to their first mistake: what follows damage is not to be trusted.',
  },
  {
    code: 'MEM-TRC-033',
    title: 'no number',
    text: 'Here belongs an address, a page number or a process number. In CSV and lists of pages hexadecimal numbers take 0x; perf script prints data addresses only with `-F …,addr`.',
  },
  {
    code: 'MEM-TRC-034',
    title: 'wrong length',
    text: 'A binary trace ends inside a record, or has another number of references than its header says: it was cut short while it was recorded or copied.',
  },
  {
    code: 'MEM-TRC-035',
    title: 'damaged header',
    text: 'A PGT1 file begins with `PGT1`, flags and two numbers; a CSV file with the names of its columns, one of which must be the address or page.',
  },
  {
    code: 'MEM-TRC-036',
    title: 'cannot be written so',
    text: 'The format can only be read, or it has no way to say this reference. `csv` and `csv-pages` hold everything.',
  },
  {
    code: 'MEM-TRC-037',
    title: 'Valgrind is not installed',
    text: '`trace record` runs the program under Valgrind’s Lackey. Install it (`apt install valgrind`, `dnf install valgrind`), or record where it is installed and take the file along.',
  },
  {
    code: 'MEM-TRC-038',
    title: 'impossible page size',
    text: 'Pages have a power of two of bytes, from 1 to 1 GiB; and a reference does not touch more than a million of them.',
  },
  {
    code: 'MEM-TRC-039',
    title: 'nothing recorded',
    text: 'The program did not start, or Valgrind could not run it: it says why above. Valgrind runs programs of its own architecture, up to the instructions it knows.',
  },
  {
    code: 'MEM-TRC-040',
    title: 'cannot generate',
    text: 'The numbers that describe the references to be made up do not fit together, such as more hot pages than pages.',
  },
  {
    code: 'MEM-TRC-041',
    title: 'more than fits into memory',
    text: 'What has to know all references before the first can be judged keeps them: `opt`, the story of a reference, frames of their own for processes, curves of policies other than lru. Everything else takes memory by the pages of the trace, however long it is.',
  },
  {
    code: 'MEM-TRC-045',
    title: 'nothing to sample',
    text: 'SHARDS looks at a part of the pages: a rate above 0 and at most 1 (from 2^-25 up, so that a page can be chosen), or a number of pages from 1 up.',
  },
];
