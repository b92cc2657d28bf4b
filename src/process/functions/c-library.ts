/** The C library's allocation functions [malloc(3), memalign(3), malloc_usable_size(3), malloc_trim(3), mallopt(3), mallinfo(3)]. */
import { NULL, productOf } from '../allocator.ts';
import type { Program } from '../program.ts';
import { type Argument, type Parameter, type ProgramFunction, pointerAt, sizeAt } from './function.ts';

const size: Parameter = { name: 'size', kind: 'size', about: 'bytes wanted' };
const ptr: Parameter = { name: 'ptr', kind: 'pointer', about: 'the block' };
const nmemb: Parameter = { name: 'nmemb', kind: 'size', about: 'elements' };
const elementSize: Parameter = { name: 'size', kind: 'size', about: 'bytes of one element' };
const alignment: Parameter = { name: 'alignment', kind: 'size', about: 'a power of two' };
const bytesFrom = (index: number) => (args: readonly Argument[]) => sizeAt(args, index);
const OTHER = { kind: 'other' } as const;

/** memalign(3), and the name that C11 gave it: the same function in glibc 2.36. */
const ALIGNED: readonly ProgramFunction[] = ['memalign', 'aligned_alloc'].map((name) => ({
  name,
  of: 'glibc',
  parameters: [alignment, size],
  result: 'pointer',
  effect: { kind: 'allocates', family: 'libc', bytes: bytesFrom(1) },
  about: 'A block whose address is a multiple of `alignment`, or NULL.',
  run: (program, args) => program.glibc?.memalign(sizeAt(args, 0), sizeAt(args, 1)) ?? NULL,
}));

export const C_LIBRARY: readonly ProgramFunction[] = [
  {
    name: 'malloc',
    of: 'libc',
    parameters: [size],
    result: 'pointer',
    effect: { kind: 'allocates', family: 'libc', bytes: bytesFrom(0) },
    about: 'A block of `size` bytes, or NULL.',
    run: (program, args) => program.libc.malloc(sizeAt(args, 0)),
  },
  {
    name: 'calloc',
    of: 'libc',
    parameters: [nmemb, elementSize],
    result: 'pointer',
    effect: { kind: 'allocates', family: 'libc', bytes: (args) => productOf(sizeAt(args, 0), sizeAt(args, 1)) },
    about: 'A zeroed block of `nmemb` elements of `size` bytes, or NULL.',
    run: (program, args) => program.libc.calloc(sizeAt(args, 0), sizeAt(args, 1)),
  },
  {
    name: 'realloc',
    of: 'libc',
    parameters: [ptr, size],
    result: 'pointer',
    effect: { kind: 'reallocates', family: 'libc', pointer: 0, bytes: bytesFrom(1), zeroFrees: true },
    about: 'The block resized, moved if need be; NULL leaves it as it was.',
    run: (program, args) => program.libc.realloc(pointerAt(args, 0), sizeAt(args, 1)),
  },
  {
    name: 'free',
    of: 'libc',
    parameters: [ptr],
    result: 'nothing',
    effect: { kind: 'frees', family: 'libc', pointer: 0 },
    about: 'Give a block back.',
    run: (program, args) => {
      program.libc.free(pointerAt(args, 0));
      return null;
    },
  },
  {
    name: 'malloc_usable_size',
    of: 'libc',
    parameters: [ptr],
    result: 'number',
    effect: OTHER,
    about: 'Bytes that the block can hold: at least as many as were asked for.',
    run: (program, args) => program.libc.usableSize(pointerAt(args, 0)),
  },
  ...ALIGNED,
  {
    name: 'malloc_trim',
    of: 'glibc',
    parameters: [{ name: 'pad', kind: 'size', about: 'bytes to leave at the top', default: 0 }],
    result: 'number',
    effect: OTHER,
    about: 'Give free memory back to the kernel: 1 when some was, else 0.',
    run: (program, args) => program.glibc?.mallocTrim(Number(sizeAt(args, 0))) ?? 0,
  },
  {
    name: 'mallopt',
    of: 'glibc',
    parameters: [
      { name: 'param', kind: 'number', about: 'M_MXFAST 1, M_TRIM_THRESHOLD -1, M_TOP_PAD -2, M_MMAP_THRESHOLD -3, …' },
      { name: 'value', kind: 'number', about: 'its new value' },
    ],
    result: 'number',
    effect: OTHER,
    about: 'Set a parameter of the allocator: 1, or 0 when it is refused.',
    run: (program, args) => program.glibc?.mallopt(pointerAt(args, 0), pointerAt(args, 1)) ?? 0,
  },
  {
    name: 'mallinfo',
    of: 'glibc',
    parameters: [],
    result: 'text',
    effect: OTHER,
    about: 'The figures of mallinfo2 as the ints of struct mallinfo, which wrap at 2 GiB.',
    run: (program) => figuresText(program, (value) => value | 0),
  },
  {
    name: 'mallinfo2',
    of: 'glibc',
    parameters: [],
    result: 'text',
    effect: OTHER,
    about: 'The figures of struct mallinfo2, one `name value` to a line.',
    run: (program) => figuresText(program, (value) => value),
  },
  {
    name: 'malloc_stats',
    of: 'glibc',
    parameters: [],
    result: 'nothing',
    effect: OTHER,
    about: 'Print the bytes in use to standard error.',
    run: (program) => {
      program.memory.error(program.glibc?.mallocStats() ?? '');
      return null;
    },
  },
];

function figuresText({ glibc }: Program, shown: (value: number) => number): string {
  return Object.entries(glibc?.mallinfo2() ?? {})
    .map(([name, value]) => `${name} ${shown(Number(value))}\n`)
    .join('');
}
