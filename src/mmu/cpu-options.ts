/** What a processor is built from. */
import type { PageTableFormat } from './page-table/formats.ts';
import type { PhysicalMemory } from './physical-memory.ts';
import type { TlbConfig } from './tlb/config.ts';

export interface CpuOptions {
  readonly index: number;
  readonly memory: PhysicalMemory;
  readonly format: PageTableFormat;
  /** null: no TLB, every access walks. */
  readonly tlb: TlbConfig | null;
  readonly seed: number;
  /** Does the hardware set A and D (true), or fault so that software does (RISC-V Svade)? */
  readonly hardwareAccessedDirty: boolean;
}
