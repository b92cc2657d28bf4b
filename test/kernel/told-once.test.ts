/** The reference that loads a page is told to the policy once, by `admit`, whatever else is read ahead with the page. */
import { describe, expect, it } from 'vitest';
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../../src/kernel/linux-abi.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine } from '../../src/machine/machine.ts';

const PAGE = 4096;
const FILE_PAGES = 20;
const prot = PROT_READ | PROT_WRITE;

function bench(config: Partial<MachineConfig>) {
  const machine = new Machine({ memory: 64 * PAGE, swap: 256 * PAGE, replacement: 'lru', ...config });
  const process = machine.spawn();
  const { policy } = machine.kernel;
  const told: string[] = [];
  const admit = policy.admit.bind(policy);
  const touch = policy.touch.bind(policy);
  policy.admit = (frame, page) => {
    told.push('admit');
    admit(frame, page);
  };
  policy.touch = (frame) => {
    told.push('touch');
    touch(frame);
  };
  /** What the policy is told while a byte of the page is loaded. */
  const load = (address: number) => {
    told.length = 0;
    expect(machine.load(process, address, 1).ok).toBe(true);
    return { admitted: told.filter((what) => what === 'admit').length, touched: told.includes('touch') };
  };
  return { machine, process, load };
}

describe('a page that comes with others', () => {
  it('of a file on the disk', () => {
    const { machine, process, load } = bench({});
    machine.files.create('data', 'disk');
    machine.files.write('data', 0, new Uint8Array(FILE_PAGES * PAGE).fill(7));
    machine.files.sync('data');
    machine.files.dropCache('data');
    const fd = machine.calls.open(process, 'data', { canRead: true, canWrite: true });
    const at = machine.mmap(process, { length: FILE_PAGES * PAGE, prot, flags: MAP_SHARED, fd });
    expect(load(at + 2 * PAGE)).toEqual({ admitted: FILE_PAGES, touched: false });
    expect(load(at + 2 * PAGE)).toEqual({ admitted: 0, touched: true });
    // The one read last is referenced by nobody until now.
    expect(load(at + (FILE_PAGES - 1) * PAGE)).toEqual({ admitted: 0, touched: true });
  });

  it('from swap', () => {
    const { machine, process, load } = bench({ sysctl: { 'page-cluster': 3 } });
    const at = machine.mmap(process, { length: 80 * PAGE, prot, flags: MAP_PRIVATE | MAP_ANONYMOUS });
    for (let page = 0; page < 80; page++) machine.store(process, at + page * PAGE, page, 1);
    // Room for those that are read ahead.
    machine.munmap(process, at + 60 * PAGE, 20 * PAGE);
    const first = load(at + 10 * PAGE);
    expect(first.admitted).toBeGreaterThan(1);
    expect(first.touched).toBe(false);
  });
});
