/**
 * Python's memory interface: the functions of the three domains, the macros of the type-oriented interface and the old macro
 * names [Doc/c-api/memory.rst].
 *
 *     family   malloc               calloc               realloc               free
 *     raw      PyMem_RawMalloc      PyMem_RawCalloc      PyMem_RawRealloc      PyMem_RawFree
 *     mem      PyMem_Malloc  …      macros PyMem_MALLOC, PyMem_REALLOC, PyMem_FREE, PyMem_DEL, PyMem_Del
 *     obj      PyObject_Malloc …    macros PyObject_MALLOC, PyObject_REALLOC, PyObject_FREE, PyObject_Del, PyObject_DEL
 */
import { NULL, PTRDIFF_MAX, productOf, type Size } from '../allocator.ts';
import { DOMAIN_NAMES, type Domain, MEM, OBJ, RAW } from '../python/allocator-record.ts';
import { type Argument, type Parameter, type ProgramFunction, pointerAt, sizeAt } from './function.ts';
import { runtimeOf } from './runtime-of.ts';

const size: Parameter = { name: 'size', kind: 'size', about: 'bytes wanted' };
const ptr: Parameter = { name: 'ptr', kind: 'pointer', about: 'the block' };
const nelem: Parameter = { name: 'nelem', kind: 'size', about: 'elements' };
const elsize: Parameter = { name: 'elsize', kind: 'size', about: 'bytes of one element' };
/** The TYPE of the type-oriented macros is the only thing of a type that matters to memory: its size. */
const type: Parameter = { name: 'type', kind: 'size', about: 'sizeof(TYPE), bytes' };

type Names = readonly string[];
/** Domains came with 3.4, calloc with 3.5 [What's New in Python 3.4, 3.5]. */
const WITH_DOMAINS = '3.4';
const WITH_CALLOC = '3.5';
const sinceOf = (domain: Domain) => (domain === RAW ? WITH_DOMAINS : undefined);

function mallocOf(domain: Domain, names: Names): ProgramFunction[] {
  return names.map((name) => ({
    name,
    of: 'python',
    since: sinceOf(domain),
    parameters: [size],
    result: 'pointer',
    effect: { kind: 'allocates', family: DOMAIN_NAMES[domain], bytes: (args) => sizeAt(args, 0) },
    about: `A block of the ${DOMAIN_NAMES[domain]} domain, or NULL. 0 bytes get a block of their own too.`,
    run: (program, args) => runtimeOf(program).malloc(domain, sizeAt(args, 0)),
  }));
}

function callocOf(domain: Domain, name: string): ProgramFunction {
  return {
    name,
    of: 'python',
    since: WITH_CALLOC,
    parameters: [nelem, elsize],
    result: 'pointer',
    effect: { kind: 'allocates', family: DOMAIN_NAMES[domain], bytes: elements },
    about: `A zeroed block of the ${DOMAIN_NAMES[domain]} domain, or NULL.`,
    run: (program, args) => runtimeOf(program).calloc(domain, sizeAt(args, 0), sizeAt(args, 1)),
  };
}

function reallocOf(domain: Domain, names: Names): ProgramFunction[] {
  return names.map((name) => ({
    name,
    of: 'python',
    since: sinceOf(domain),
    parameters: [ptr, size],
    result: 'pointer',
    effect: {
      kind: 'reallocates',
      family: DOMAIN_NAMES[domain],
      pointer: 0,
      bytes: (args) => sizeAt(args, 1),
      zeroFrees: false,
    },
    about: `A block of the ${DOMAIN_NAMES[domain]} domain resized; NULL leaves it as it was.`,
    run: (program, args) => runtimeOf(program).realloc(domain, pointerAt(args, 0), sizeAt(args, 1)),
  }));
}

function freeOf(domain: Domain, names: Names): ProgramFunction[] {
  return names.map((name) => ({
    name,
    of: 'python',
    since: sinceOf(domain),
    parameters: [ptr],
    result: 'nothing',
    effect: { kind: 'frees', family: DOMAIN_NAMES[domain], pointer: 0 },
    about: `Give a block back to the ${DOMAIN_NAMES[domain]} domain.`,
    run: (program, args) => {
      runtimeOf(program).free(domain, pointerAt(args, 0));
      return null;
    },
  }));
}

/** PyMem_New(TYPE, n): NULL when n * sizeof(TYPE) would exceed PY_SSIZE_T_MAX [Include/pymem.h]. */
const newOf: ProgramFunction[] = ['PyMem_New', 'PyMem_NEW'].map((name) => ({
  name,
  of: 'python',
  parameters: [type, nelem],
  result: 'pointer',
  effect: { kind: 'allocates', family: 'mem', bytes: elements },
  about: 'Room for n objects of a type, or NULL.',
  run: (program, args) => (fits(args[0], args[1]) ? runtimeOf(program).malloc(MEM, elements(args)) : NULL),
}));

/** PyMem_Resize(p, TYPE, n): the result is assigned to p, NULL included: who did not keep p has lost the block then. */
const resizeOf: ProgramFunction[] = ['PyMem_Resize', 'PyMem_RESIZE'].map((name) => ({
  name,
  of: 'python',
  parameters: [ptr, type, nelem],
  result: 'pointer',
  effect: {
    kind: 'reallocates',
    family: 'mem',
    pointer: 0,
    bytes: (args) => elements(args.slice(1)),
    zeroFrees: false,
  },
  about: 'The block resized to n objects of a type; p becomes the result, NULL included.',
  run: (program, args) =>
    fits(args[1], args[2]) ? runtimeOf(program).realloc(MEM, pointerAt(args, 0), elements(args.slice(1))) : NULL,
}));

export const PYTHON_MEMORY: readonly ProgramFunction[] = [
  ...mallocOf(RAW, ['PyMem_RawMalloc']),
  callocOf(RAW, 'PyMem_RawCalloc'),
  ...reallocOf(RAW, ['PyMem_RawRealloc']),
  ...freeOf(RAW, ['PyMem_RawFree']),
  ...mallocOf(MEM, ['PyMem_Malloc', 'PyMem_MALLOC']),
  callocOf(MEM, 'PyMem_Calloc'),
  ...reallocOf(MEM, ['PyMem_Realloc', 'PyMem_REALLOC']),
  ...freeOf(MEM, ['PyMem_Free', 'PyMem_FREE', 'PyMem_Del', 'PyMem_DEL']),
  ...newOf,
  ...resizeOf,
  ...mallocOf(OBJ, ['PyObject_Malloc', 'PyObject_MALLOC']),
  callocOf(OBJ, 'PyObject_Calloc'),
  ...reallocOf(OBJ, ['PyObject_Realloc', 'PyObject_REALLOC']),
  ...freeOf(OBJ, ['PyObject_Free', 'PyObject_FREE', 'PyObject_Del', 'PyObject_DEL']),
];

function elements(args: readonly Argument[]): Size {
  return productOf(sizeAt(args, 0), sizeAt(args, 1));
}

function fits(first: Argument | undefined, second: Argument | undefined): boolean {
  const product = productOf(sizeAt([first ?? 0], 0), sizeAt([second ?? 0], 0));
  return BigInt(product) <= PTRDIFF_MAX;
}
