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
    text: 'The bytes are gzip’s. The command unpacks files whose name ends in .gz; anything else must be plain text.',
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
    text: 'An access lies within the 64-bit address space, its last byte included.',
  },
  { code: 'MEM-TRC-006', title: 'no size', text: 'After the comma belongs the number of bytes, in decimal.' },
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
    text: 'A line of more than 1 MiB is not part of a Lackey trace; the file is likely something else.',
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
];
