/** An address space knows its process, and so the group that uses its pages. */
import { expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import { FrameFacts } from '../../src/kernel/reclaim/frame-facts.ts';
import { Machine } from '../../src/machine/machine.ts';

const RW = PROT_READ | PROT_WRITE;

it('uses by processes of another group do not count for a page, wherever its process moves', () => {
  const machine = new Machine({ paging: 'x86_64', memory: 4 << 20, replacement: 'linux' });
  for (const name of ['web', 'db']) expect(machine.groups.create(name)).toBe(0);
  const parent = machine.spawn({ name: 'parent' });
  const at = machine.mmap(parent, { length: 4096, prot: RW, flags: MAP_SHARED | MAP_ANONYMOUS });
  expect(machine.groups.move(parent, 'web')).toBe(0);
  machine.store(parent, at, 1);
  const child = machine.fork(parent);
  if (typeof child === 'number') throw new Error(`fork answered ${child}`);
  expect(machine.groups.move(child, 'db')).toBe(0);
  const { kernel } = machine;
  const pfn = kernel.pageTable.frame(kernel.pageTable.find(parent.space!.root, at));
  const [web, db] = [machine.groups.find('web')!.index, machine.groups.find('db')!.index];
  const facts = new FrameFacts(kernel);
  const usedBy = (group: number) => {
    machine.store(parent, at, 2);
    machine.store(child, at, 3);
    const references = facts.takeReferences(pfn, group);
    facts.takeReferences(pfn, -1);
    return references;
  };
  expect([usedBy(-1), usedBy(web), usedBy(db), usedBy(0)]).toEqual([2, 1, 1, 0]);
  expect(machine.groups.move(child, 'web')).toBe(0);
  expect([usedBy(web), usedBy(db)]).toEqual([2, 0]);
  expect(machine.checkInvariants()).toEqual([]);
});

it('a space is its process’s after a restore too, and nobody’s at the end', () => {
  const machine = new Machine({ paging: 'x86_64', memory: 4 << 20 });
  const process = machine.spawn({ name: 'stub' });
  const { space } = process;
  expect(space!.owner).toBe(process);
  const before = machine.snapshot();
  machine.exit(process);
  expect(space!.owner).toBeNull();
  machine.restore(before);
  const again = machine.process(process.pid)!;
  expect(again).not.toBe(process);
  expect(again.space!.owner).toBe(again);
  expect(machine.checkInvariants()).toEqual([]);
});
