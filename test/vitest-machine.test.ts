/** The matchers on a real machine: what README.md and the docstring of src/vitest.ts promise. */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../src/kernel/linux-abi.ts';
import type { Process } from '../src/kernel/process.ts';
import { during } from '../src/machine/during.ts';
import { Machine } from '../src/machine/machine.ts';
import '../src/vitest.ts';

const PRIVATE = MAP_PRIVATE | MAP_ANONYMOUS;
const PAGE = 4096;

function boot(config: ConstructorParameters<typeof Machine>[0] = {}) {
  const machine = new Machine({ paging: 'sv39', memory: 64 * PAGE, swap: 0, ...config });
  const parent = machine.spawn({ name: 'parent' });
  const map = (process: Process, pages: number, flags = PRIVATE): number =>
    machine.mmap(process, { length: pages * PAGE, prot: PROT_READ | PROT_WRITE, flags });
  const fork = (process: Process, name: string): Process => {
    const child = machine.fork(process, name);
    if (typeof child === 'number') throw new Error(`fork answered ${child}`);
    return child;
  };
  return { machine, parent, map, fork };
}

/** What the failing matcher says. */
function complaint(check: () => void): string {
  try {
    check();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  throw new Error('the matcher should have failed');
}

describe('the matchers on a machine', () => {
  it('copy on write, as README.md has it', () => {
    const { machine, parent, map, fork } = boot();
    const buffer = map(parent, 2);
    expect(machine).not.toHaveResident(parent, buffer);
    expect(machine.store(parent, buffer, 42, 1)).toCost({ minorFaults: 1, majorFaults: 0 });
    expect(machine).toHaveResident('parent', buffer + 0x10);

    const child = fork(parent, 'child');
    const written = during(machine, () => machine.store(child, buffer, 7, 1));
    expect(written).toFault('copy-on-write');
    expect(written).toCost({ copyOnWriteFaults: 1, stores: 1, loads: 0 });
    expect(machine.load(parent, buffer, 1)).toHaveValue(42);
    expect(machine.load(child, buffer, 8)).toHaveValue(7n);
    expect(machine.store(child, 0, 1, 1)).toSegfault('SEGV_MAPERR');
    expect(machine).not.toHaveResident(child, buffer);
    expect(machine).toHaveCounters({ copyOnWriteFaults: 1, forks: 1, signals: 1 });
    expect(machine).toHaveLeakedNothing();
    expect(machine).toHaveHealthyInvariants();
  });

  it('tells why the kernel did what it did', () => {
    const { machine, parent, map } = boot();
    const buffer = map(parent, 1);
    const read = during(machine, () => machine.load(parent, buffer, 1));
    expect(read).toFault('zero-page');
    const message = complaint(() => expect(read).toFault('demand-zero'));
    expect(message).toContain(`zero-page at 0x${buffer.toString(16)}: ${read.faults[0]!.why}`);
  });

  it('follows a page to the swap device and back', () => {
    const { machine, parent, map } = boot({ memory: 32 * PAGE, swap: 64 * PAGE, replacement: 'fifo' });
    const buffer = map(parent, 40);
    for (let page = 0; page < 40; page += 1) machine.store(parent, buffer + page * PAGE, page, 1);
    expect(machine).not.toHaveResident(parent, buffer);
    expect(complaint(() => expect(machine).toHaveResident(parent, buffer))).toMatch(/but it is in swap slot \d+$/);
    const read = during(machine, () => machine.load(parent, buffer + 3 * PAGE, 1));
    expect(read).toFault('swap-in');
    expect(read).toFault('major');
    expect(read).toHaveValue(3);
    expect({ machine, process: parent, address: buffer + 3 * PAGE }).toBeResident();
    expect(machine).toHaveLeakedNothing();
  });

  it('accounts for frames through fork, sharing, swap and every way to die', () => {
    const { machine, parent, map, fork } = boot({ memory: 48 * PAGE, swap: 64 * PAGE, replacement: 'clock' });
    const before = machine.view();
    const children = ['a', 'b', 'c'].map((name) => fork(parent, name));
    for (const child of children) {
      const own = map(child, 20);
      const shared = map(child, 4, MAP_SHARED | MAP_ANONYMOUS);
      for (let page = 0; page < 20; page += 1) machine.store(child, own + page * PAGE, 1, 1);
      for (let page = 0; page < 4; page += 1) machine.store(child, shared + page * PAGE, 1, 1);
      const grandchild = fork(child, `${child.name}2`);
      machine.store(grandchild, own, 2, 1);
      machine.exit(grandchild);
      expect(machine).toHaveLeakedNothing();
    }
    expect(machine).not.toHaveLeakedNothing({ since: before });
    machine.exit(children[0]!, 0);
    machine.kill(children[1]!, 'SIGKILL');
    expect(machine.load(children[2]!, 0, 1)).toSegfault();
    expect(machine).toHaveLeakedNothing();
    for (const _ of children) machine.wait(parent);
    expect(machine.view().memory.freeSwapSlots).toBe(before.memory.swapSlots);
    expect(machine).toHaveLeakedNothing();
    expect(machine).toHaveHealthyInvariants();
  });

  it('judges translations of bare hardware', () => {
    const machine = new Machine({ kernel: 'none', paging: 'sv39', memory: 64 * PAGE });
    machine.setRoot(0, 8 * PAGE);
    expect(machine.translate(0, 0x1000, 'load')).toFault('not-present');
    expect(complaint(() => expect(machine.translate(0, 0x1000, 'load')).toFault('write'))).toMatch(/not-present: /);
  });
});
