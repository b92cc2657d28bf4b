/** A process with an arena of pages, and short ways to map, fill, read and advise them. */
import { expect } from 'vitest';
import {
  errnoName,
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_READ,
  PROT_WRITE,
  vmFlagLetters,
} from '../../src/kernel/linux-abi.ts';
import type { Process } from '../../src/kernel/process.ts';
import type { AdviceName } from '../../src/kernel/vm/advice.ts';
import type { MachineConfig } from '../../src/machine/config.ts';
import { Machine, type OpenOptions } from '../../src/machine/machine.ts';

export const PAGE = 4096;
export const ARENA = 0x1000_0000_0000;
export const HUGE = 2 << 20;
export const RW = PROT_READ | PROT_WRITE;
const READ_WRITE: OpenOptions = { canRead: true, canWrite: true };
export const ANON = MAP_PRIVATE | MAP_ANONYMOUS;
export const SHARED = MAP_SHARED | MAP_ANONYMOUS;
export const MIB = 1 << 20;

export const answer = (result: number): string | number => (result < 0 ? errnoName(result) : result);
export const at = (page: number): number => ARENA + page * PAGE;

export class Run {
  readonly machine: Machine;
  readonly process: Process;

  constructor(config: Partial<MachineConfig> = {}) {
    this.machine = new Machine({ paging: 'x86_64', memory: 16 * MIB, ...config });
    this.process = this.machine.spawn({ name: 'p', signals: 'survive' });
  }

  map(page: number, pages: number, flags = ANON, prot = RW): number {
    return this.machine.mmap(this.process, { address: at(page), length: pages * PAGE, prot, flags: flags | MAP_FIXED });
  }

  /** A file of `size` bytes, byte i of page p being `p + 1`, opened: the descriptor. */
  open(name: string, size: number, mode: OpenOptions = READ_WRITE, type: 'tmpfs' | 'disk' = 'disk'): number {
    const { files, calls } = this.machine;
    if (files.create(name, type) === 0 && size > 0) {
      files.write(
        name,
        0,
        Uint8Array.from({ length: size }, (_, at) => Math.floor(at / PAGE) + 1),
      );
      files.sync(name);
    }
    return calls.open(this.process, name, mode);
  }

  mapFile(page: number, pages: number, fd: number, flags = MAP_SHARED, prot = RW, offset = 0): string | number {
    const address = at(page);
    const result = this.machine.mmap(this.process, {
      address,
      length: pages * PAGE,
      prot,
      flags: flags | MAP_FIXED,
      fd,
      offset: offset * PAGE,
    });
    return answer(result);
  }

  /** Page i of the run gets the byte `first + i`. */
  fill(page: number, pages: number, first = 1): void {
    for (let i = 0; i < pages; i++) expect(this.machine.store(this.process, at(page + i), first + i).ok).toBe(true);
  }

  /** First byte of each page, or the code of the signal. */
  read(page: number, pages: number, process = this.process): (number | string | null)[] {
    return Array.from({ length: pages }, (_, i) => {
      const { bytes, signal } = this.machine.load(process, at(page + i), 1);
      return bytes === null ? signal!.code : bytes[0]!;
    });
  }

  mremap(page: number, pages: number, newPages: number, flags = 0, to = 0): string | number {
    const result = this.machine.calls.mremap(this.process, {
      address: at(page),
      oldLength: pages * PAGE,
      newLength: newPages * PAGE,
      flags,
      newAddress: at(to),
    });
    return answer(result);
  }

  advise(page: number, pages: number, advice: AdviceName | number): string | number {
    return answer(this.machine.calls.madvise(this.process, at(page), pages * PAGE, advice));
  }

  /** `[first page, end page, VmFlags]` of the areas within 256 pages of the arena. */
  areas(): [number, number, string][] {
    const found: [number, number, string][] = [];
    for (let area = this.process.space!.areas.find(ARENA); area && area.start < at(256); area = area.next) {
      found.push([(area.start - ARENA) / PAGE, (area.end - ARENA) / PAGE, vmFlagLetters(area.flags)]);
    }
    return found;
  }

  frameAt(page: number): number {
    const { pageTable } = this.machine;
    return pageTable.frame(pageTable.find(this.process.space!.root, at(page)));
  }

  check(): void {
    expect(this.machine.checkInvariants()).toEqual([]);
  }
}

export const TO = MREMAP_MAYMOVE | MREMAP_FIXED;
