/**
 * A program's accesses as the machine's callers see them: who acts is switched in, wild addresses are answered without
 * the MMU, listeners hear how each page translates and what came of it.
 */

import type { Kernel } from '../kernel/kernel.ts';
import { runKswapd } from '../kernel/pressure/kswapd.ts';
import type { Process } from '../kernel/process.ts';
import { activate } from '../kernel/schedule.ts';
import { deliver } from '../kernel/signal.ts';
import { ACCESS_NAMES, type AccessKind, FETCH, LOAD, STORE } from '../mmu/units.ts';
import { fetchByte, loadBytes, storeBytes, updateByte } from '../process/user-memory.ts';
import { requireAddress, requireSize } from './check-access.ts';
import type { AccessResult, Address } from './machine-api.ts';
import type { MachineTrap } from './trap.ts';
import { firstRefused, normalizeAddress, wildSignal } from './wild-address.ts';

export class AccessPort {
  private readonly kernel: Kernel;
  private readonly trap: MachineTrap;

  constructor(kernel: Kernel, trap: MachineTrap) {
    this.kernel = kernel;
    this.trap = trap;
  }

  load(process: Process, address: Address, size: number): AccessResult {
    return this.access(process, address, size, LOAD, (va) => loadBytes(this.kernel, process, va, size));
  }

  store(process: Process, address: Address, bytes: Uint8Array): AccessResult {
    return this.access(process, address, bytes.length, STORE, (va) =>
      storeBytes(this.kernel, process, va, bytes) ? bytes : null,
    );
  }

  fetch(process: Process, address: Address): AccessResult {
    return this.access(process, address, 1, FETCH, (va) => fetchByte(this.kernel, process, va));
  }

  rmw(process: Process, address: Address, update: (old: number) => number): AccessResult {
    return this.access(process, address, 1, STORE, (va) => updateByte(this.kernel, process, va, update));
  }

  private access(
    process: Process,
    address: Address,
    size: number,
    kind: AccessKind,
    perform: (address: number) => Uint8Array | null,
  ): AccessResult {
    requireAddress(address);
    requireSize(size);
    activate(this.kernel, process);
    const { minorFaults, majorFaults, cpu } = process;
    const listening = this.trap.listener !== null;
    process.lastSignal = null;
    const va = firstRefused(normalizeAddress(address), size, this.kernel.format);
    let bytes: Uint8Array | null = null;
    if (typeof va === 'bigint') {
      this.kernel.counters.protectionFaults++;
      deliver(this.kernel, process, wildSignal(this.kernel.format, va, kind));
    } else {
      if (listening) this.noteTranslations(process, va, size, kind);
      bytes = perform(va);
      if (listening) this.trap.untold = [];
    }
    if (listening) this.noteAccess(process, cpu, va, size, kind, bytes);
    if (this.kernel.kswapd !== null) runKswapd(this.kernel);
    return {
      ok: bytes !== null,
      bytes,
      signal: process.lastSignal,
      minor: process.minorFaults - minorFaults,
      major: process.majorFaults - majorFaults,
    };
  }

  /**
   * Tell how each page translates. Of the pages after the first, one that will fault is told when it does, by the trap: the
   * faults before it change the page table, and the access may never get so far.
   */
  private noteTranslations(process: Process, address: number, size: number, kind: AccessKind): void {
    const { trap, kernel } = this;
    const { pid, cpu } = process;
    const { pageBytes } = kernel;
    trap.attempt = 0;
    trap.size = size;
    trap.untold = [];
    const access = ACCESS_NAMES[kind];
    for (let at = address; at < address + size; at += pageBytes - (at % pageBytes)) {
      const translation = kernel.cpus[cpu]!.peek(at, kind);
      if (at !== address && translation.fault !== null) {
        trap.untold.push(at);
        continue;
      }
      trap.listener?.({ type: 'Translate', pid, cpu, attempt: 0, access, size, translation });
    }
  }

  private noteAccess(
    process: Process,
    cpu: number,
    address: Address,
    size: number,
    kind: AccessKind,
    bytes: Uint8Array | null,
  ): void {
    const done = typeof address === 'number' && bytes !== null;
    this.trap.listener?.({
      type: 'Access',
      pid: process.pid,
      cpu,
      access: ACCESS_NAMES[kind],
      address,
      size,
      bytes: bytes === null ? null : hexOf(bytes),
      physical: done ? this.kernel.cpus[cpu]!.peek(address, kind).physical : null,
    });
  }
}

const hexOf = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
