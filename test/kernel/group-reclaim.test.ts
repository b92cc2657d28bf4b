/** How a memory group loses many pages at once, under the policies that name them one by one. */
import { describe, expect, it, vi } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const PAGES = 512;

function withGroup(replacement: string) {
  const machine = new Machine({ paging: 'x86_64', memory: 8 << 20, swap: 8 << 20, replacement });
  expect(machine.groups.create('web')).toBe(0);
  const process = machine.spawn({ name: 'stub' });
  expect(machine.groups.move(process, 'web')).toBe(0);
  const at = machine.mmap(process, {
    length: PAGES * PAGE,
    prot: PROT_READ | PROT_WRITE,
    flags: MAP_PRIVATE | MAP_ANONYMOUS,
  });
  for (let n = 0; n < PAGES; n++) machine.store(process, at + n * PAGE, n & 0xff);
  return { machine, process, at, web: machine.groups.find('web')! };
}

describe.each(['clock', 'fifo', 'lru', 'random'])('under %s', (replacement) => {
  it('a lower limit asks for the order a few times, not once a page', () => {
    const { machine, process, at, web } = withGroup(replacement);
    const { policy } = machine.kernel;
    const order = vi.spyOn(policy, 'order');
    const leaving = policy.order().filter((pfn) => machine.kernel.frames.group[pfn] === web.index);
    const wanted = web.usage - 100;
    order.mockClear();
    expect(machine.groups.setLimit('web', 100 * PAGE)).toBe(0);
    expect(order.mock.calls.length).toBeLessThanOrEqual(2);
    expect(web.usage).toBe(100);
    // Those that left are the first in the order, and no others.
    const gone = leaving.filter((pfn) => machine.kernel.frames.group[pfn] !== web.index);
    expect(gone).toEqual(leaving.slice(0, wanted));
    for (let n = 0; n < PAGES; n++) expect(machine.load(process, at + n * PAGE, 1).bytes?.[0]).toBe(n & 0xff);
    expect(machine.checkInvariants()).toEqual([]);
  });

  it('pages written after MADV_FREE leave in the second round', () => {
    const { machine, process, at, web } = withGroup(replacement);
    expect(machine.calls.madvise(process, at, PAGES * PAGE, 'FREE')).toBe(0);
    for (let n = 0; n < PAGES; n++) machine.store(process, at + n * PAGE, (n + 1) & 0xff);
    expect(machine.groups.setLimit('web', 20 * PAGE)).toBe(0);
    expect(web.usage).toBe(20);
    for (let n = 0; n < PAGES; n++) expect(machine.load(process, at + n * PAGE, 1).bytes?.[0]).toBe((n + 1) & 0xff);
    expect(machine.checkInvariants()).toEqual([]);
  });
});
