/** The names that an expectation may use are those that /proc has, no more and no fewer. */
import { expect, it } from 'vitest';
import { Machine } from '../../src/index.ts';
import { SMAPS_NAMES, STATUS_NAMES, VMSTAT_NAMES } from '../../src/scenario/schema/figures.ts';

const machine = new Machine({ memory: 256 * 1024 });
const shell = machine.spawn({ name: 'shell' });
const inKilobytes = (text: string) => new Set([...text.matchAll(/^(\w+):\s+\d+ kB$/gm)].map(([, name]) => name));

it.each([
  ['smaps', SMAPS_NAMES, inKilobytes(machine.proc.smaps(shell))],
  ['status', STATUS_NAMES, inKilobytes(machine.proc.status(shell))],
  ['vmstat', VMSTAT_NAMES, new Set([...machine.proc.read('/proc/vmstat').matchAll(/^\w+/gm)].map(([name]) => name))],
])('%s', (_file, names, there) => {
  expect(names.toSorted()).toEqual([...there].toSorted());
});
