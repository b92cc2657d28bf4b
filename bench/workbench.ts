/** A machine with one process and one private mapping, ready for direct use of its processor. */
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../src/kernel/linux-abi.ts';
import type { Process } from '../src/kernel/process.ts';
import type { MachineConfig } from '../src/machine/config.ts';
import { Machine } from '../src/machine/machine.ts';
import type { Cpu } from '../src/mmu/cpu.ts';
import type { TlbConfig } from '../src/mmu/tlb/config.ts';

export const PAGE = 4096;
export const MIB = 1024 * 1024;

/** The exact two-level TLB of the reference figures: 64 entries of 4 ways, then 1,536 of 12, LRU. */
export const TWO_LEVEL_TLB: TlbConfig = { entries: 64, ways: 4, l2: { entries: 1536, ways: 12 } };

export interface Workbench {
  readonly machine: Machine;
  readonly cpu: Cpu;
  readonly process: Process;
}

export function makeWorkbench(config: Partial<MachineConfig>): Workbench {
  const machine = new Machine({ tlb: TWO_LEVEL_TLB, ...config });
  const process = machine.spawn({ name: 'bench' });
  machine.switchTo(0, process);
  return { machine, cpu: machine.cpus[0]!, process };
}

/** Address of a fresh private anonymous mapping. */
export function mapPages({ machine }: Workbench, process: Process, pages: number): number {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const address = machine.mmap(process, { length: pages * PAGE, prot: PROT_READ | PROT_WRITE, flags });
  expect(address > 0, 'mmap succeeds');
  return address;
}

/** Store a word into every page. */
export function touchPages(cpu: Cpu, address: number, pages: number): void {
  const end = address + pages * PAGE;
  for (let at = address; at < end; at += PAGE) cpu.store32(at, at);
  expect(!cpu.faulted, 'every page can be stored to');
}

/** A child forked by the workbench's process, running on its CPU. */
export function forkChild({ machine, process }: Workbench): Process {
  const child = machine.fork(process);
  if (typeof child === 'number') throw new Error(`benchmark is wrong: fork answered ${child}`);
  return child;
}

export function endChild({ machine, process }: Workbench, child: Process): void {
  if (child.state === 'running') machine.exit(child);
  machine.wait(process, child.pid);
  machine.switchTo(0, process);
}

/** A benchmark must not report the speed of something else than it says. */
export function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(`benchmark is wrong: ${what}`);
}
