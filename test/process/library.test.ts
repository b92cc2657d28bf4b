/** Where libraries of a program lie, and that Python runs wherever that is. */
import { expect, it } from 'vitest';
import { Machine } from '../../src/machine/machine.ts';

const SEGMENT = 2 ** 32;
const MIB = 2 ** 20;
const PAGE = 4096;

/** A Python whose mappings begin `pages` pages above a multiple of 4 GiB. */
function pythonAbove(pages: number) {
  // User space ends a page below 2^47, and a stack's guard gap is a MiB.
  const stackMax = SEGMENT - MIB - (pages + 1) * PAGE;
  const machine = new Machine({ paging: 'x86_64', memory: 16 * MIB, swap: 0, stackMax });
  const process = machine.spawn({ python: '3.11' });
  expect(process.space?.mmapBase).toBe(2 ** 47 - SEGMENT + pages * PAGE);
  return { machine, process, program: machine.programs.require(process) };
}

it.for([0, 1, 2, 3, 5, 40, 66, 67, 68, 69, 70])(
  'no library lies across a multiple of 4 GiB, %i pages above which mappings begin',
  (pages) => {
    const { machine, process, program } = pythonAbove(pages);
    for (const at of [program.libcAt, program.pythonAt]) {
      expect(Math.floor(at!.text / SEGMENT)).toBe(Math.floor((at!.bss + at!.bssBytes - 1) / SEGMENT));
    }
    const blocks = Array.from({ length: 200 }, (_, index) =>
      Number(machine.call(process, 'PyObject_Malloc', [16 * (1 + (index % 32))]).value),
    );
    expect(new Set(blocks).size).toBe(200);
    for (const block of blocks) {
      expect(program.python?.pymalloc.isInside(block)).toBe(true);
      machine.call(process, 'PyObject_Free', [block]);
    }
    expect(machine.checkInvariants()).toEqual([]);
  },
);
