import { expect, test } from 'vitest';
import type { Process } from '../../src/kernel/process.ts';
import type { Machine } from '../../src/machine/machine.ts';
import { Random } from '../../src/mmu/random.ts';
import type { ImageOptions } from '../../src/process/image.ts';
import { bytesAt, expectBytes, makeFile, mapFile, open, readBack } from './file-calls.ts';
import { forkOf, KIB, MIB, PAGE, type Run, sbrk, store, usertest, waitFor } from './xv6-machine.ts';

/**
 * Pintos' `page-merge-*`: a buffer is cut into chunks, each chunk is written to a file that a child sorts, and the sorted
 * chunks are merged and compared with what sorting by counting gives. Its children are programs run by exec; here they
 * are forked, which gives copy on write something to do besides.
 */
const PROGRAM: ImageOptions = { text: PAGE, data: PAGE, bss: PAGE, stack: PAGE };
/** Everything at once does not fit: buffer, files, and what the children copy. */
const SMALL = { image: PROGRAM, config: { paging: 'i386', memory: 1 * MIB, swap: 8 * MIB } } as const;
const CHUNKS = 8;
const CHUNK = 64 * KIB;
const SIZE = CHUNKS * CHUNK;

/** How a child sorts the file of that name: it must have sorted bytes in the end. */
type Sorter = (run: Run, name: string) => void;

/** child-sort: read into memory, sort there, write back. */
const inHeap: Sorter = (run, name) => sortBetween(run, name, sbrk(run, CHUNK));

/** child-qsort: the memory is on the stack. */
const onStack: Sorter = (run, name) => sortBetween(run, name, run.process.space!.stackTop - 2 * PAGE - CHUNK);

/** child-qsort-mm: the file is mapped, and sorted where it lies. */
const inMapping: Sorter = (run, name) => {
  const at = mapFile(run, name, CHUNK);
  store(run, at, bytesAt(run, at, CHUNK).sort());
};

function sortBetween(run: Run, name: string, buffer: number): void {
  const { machine, process } = run;
  const fd = open(run, name, 'rw');
  expect(machine.calls.pread(process, fd, buffer, CHUNK, 0)).toBe(CHUNK);
  store(run, buffer, bytesAt(run, buffer, CHUNK).sort());
  expect(machine.calls.pwrite(process, fd, buffer, CHUNK, 0)).toBe(CHUNK);
  expect(machine.calls.close(process, fd)).toBe(0);
}

const nameOf = (chunk: number): string => `buf${chunk}`;

/** Merge of the sorted files into memory at `to`, through memory all the way. */
function merge(run: Run, to: number): void {
  const chunks = Array.from({ length: CHUNKS }, (_, chunk) => readBack(run, nameOf(chunk), CHUNK));
  const heads = chunks.map(() => 0);
  const merged = new Uint8Array(SIZE);
  for (let at = 0; at < SIZE; at++) {
    let least = -1;
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      if (heads[chunk]! === CHUNK) continue;
      if (least < 0 || chunks[chunk]![heads[chunk]!]! < chunks[least]![heads[least]!]!) least = chunk;
    }
    merged[at] = chunks[least]![heads[least]!++]!;
  }
  store(run, to, merged);
}

function mergeTest(sort: Sorter, order: 'one by one' | 'at once'): void {
  usertest(SMALL, (run) => {
    const { machine, process } = run;
    const buffer = sbrk(run, SIZE);
    const random = new Random(3);
    const contents = Uint8Array.from({ length: SIZE }, () => random.below(256));
    store(run, buffer, contents);
    for (let chunk = 0; chunk < CHUNKS; chunk++) {
      makeFile(run, nameOf(chunk), bytesAt(run, buffer + chunk * CHUNK, CHUNK));
    }
    const work = (child: Process, chunk: number): void => {
      sort({ machine, process: child }, nameOf(chunk));
      machine.exit(child, 123);
    };
    if (order === 'at once') {
      const children = Array.from({ length: CHUNKS }, () => forkOf(machine, process));
      children.forEach(work);
      reap(machine, process, children);
    } else {
      for (let chunk = 0; chunk < CHUNKS; chunk++) {
        const child = forkOf(machine, process);
        work(child, chunk);
        reap(machine, process, [child]);
      }
    }
    merge(run, buffer);
    expectBytes(bytesAt(run, buffer, SIZE), contents.sort());
    expect(machine.counters().evictions).toBeGreaterThan(0);
  });
}

function reap(machine: Machine, parent: Process, children: readonly Process[]): void {
  for (const child of children) expect(waitFor(machine, parent, child)).toMatchObject({ code: 123, signal: null });
}

test('page-merge-seq: chunks sorted by one child after another', () => mergeTest(inHeap, 'one by one'));
test('page-merge-par: chunks sorted by children that live at once', () => mergeTest(inHeap, 'at once'));
test('page-merge-stk: the children sort on their stacks', () => mergeTest(onStack, 'at once'));
test('page-merge-mm: the children sort the mapped file', () => mergeTest(inMapping, 'at once'));
