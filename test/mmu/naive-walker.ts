/**
 * Page-table walks the slow, obvious way: one entry a bigint, one `if` per sentence of the specification, bit positions
 * written out by hand and not taken from the formats' tables. What the emulator's walker is compared with.
 */
import type { FaultRule } from '../../src/mmu/fault.ts';
import type { FormatName } from '../../src/mmu/page-table/formats.ts';
import type { PhysicalMemory } from '../../src/mmu/physical-memory.ts';
import type { AccessName } from '../../src/mmu/units.ts';

export interface NaiveOptions {
  readonly user: boolean;
  readonly sum: boolean;
  readonly mxr: boolean;
  readonly hardwareAccessedDirty: boolean;
}

export interface NaiveAnswer {
  readonly rule: FaultRule | null;
  readonly level: number | null;
  readonly pteAddress: number | null;
  readonly physical: bigint | null;
  /** Entries that a successful access rewrites (A and D), by address. */
  readonly updates: ReadonlyMap<number, bigint>;
}

const SHAPES: Readonly<Record<FormatName, { levels: number; indexBits: bigint; pteBytes: number; riscv: boolean }>> = {
  sv32: { levels: 2, indexBits: 10n, pteBytes: 4, riscv: true },
  sv39: { levels: 3, indexBits: 9n, pteBytes: 8, riscv: true },
  sv48: { levels: 4, indexBits: 9n, pteBytes: 8, riscv: true },
  sv57: { levels: 5, indexBits: 9n, pteBytes: 8, riscv: true },
  x86_64: { levels: 4, indexBits: 9n, pteBytes: 8, riscv: false },
  'x86_64-la57': { levels: 5, indexBits: 9n, pteBytes: 8, riscv: false },
  i386: { levels: 2, indexBits: 10n, pteBytes: 4, riscv: false },
};

export function readEntry(memory: PhysicalMemory, address: number, bytes: number): bigint {
  let value = 0n;
  for (let i = bytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(memory.load8(address + i));
  return value;
}

interface Step {
  readonly level: number;
  readonly address: number;
  readonly pte: bigint;
}

export function naiveWalk(
  name: FormatName,
  memory: PhysicalMemory,
  root: number,
  va: number,
  access: AccessName,
  options: NaiveOptions,
): NaiveAnswer {
  const shape = SHAPES[name];
  const refuse = (rule: FaultRule, step: Step | null): NaiveAnswer => ({
    rule,
    level: step?.level ?? null,
    pteAddress: step?.address ?? null,
    physical: null,
    updates: new Map(),
  });
  const address = BigInt.asUintN(64, BigInt(va));
  const vaBits = 12n + shape.indexBits * BigInt(shape.levels);
  const top = address >> (vaBits - 1n);
  if (shape.levels > 2) {
    if (top !== 0n && top !== (1n << (65n - vaBits)) - 1n) return refuse('non-canonical', null);
  } else if (address >= 1n << vaBits) return refuse('out-of-range', null);

  const steps: Step[] = [];
  let table = BigInt(root);
  for (let level = shape.levels - 1; ; level--) {
    const index = (address >> (12n + shape.indexBits * BigInt(level))) & ((1n << shape.indexBits) - 1n);
    const at = table + index * BigInt(shape.pteBytes);
    if (at + BigInt(shape.pteBytes) > BigInt(memory.bytes)) {
      return refuse('bad-frame', { level, address: Number(at), pte: 0n });
    }
    const pte = readEntry(memory, Number(at), shape.pteBytes);
    const step = { level, address: Number(at), pte };
    steps.push(step);
    if ((pte & 1n) === 0n) return refuse('not-present', step);
    const verdict = shape.riscv ? riscvEntry(pte, level, shape.pteBytes) : x86Entry(pte, level, shape);
    if (verdict !== 'table' && verdict !== 'leaf') return refuse(verdict, step);
    if (verdict === 'leaf') {
      const leafShift = 12n + shape.indexBits * BigInt(level);
      const frame = shape.riscv ? ((pte >> 10n) & ((1n << 44n) - 1n)) << 12n : pte & 0x000f_ffff_ffff_f000n;
      const physical = ((frame >> leafShift) << leafShift) | (address & ((1n << leafShift) - 1n));
      const rule = shape.riscv ? riscvRights(pte, access, options) : x86Rights(steps, access, options);
      if (rule !== null) return refuse(rule.rule, rule.step ?? step);
      const accessedBit = shape.riscv ? 1n << 6n : 1n << 5n;
      const dirtyBit = shape.riscv ? 1n << 7n : 1n << 6n;
      if (!options.hardwareAccessedDirty) {
        if ((pte & accessedBit) === 0n) return refuse('accessed-clear', step);
        if (access === 'store' && (pte & dirtyBit) === 0n) return refuse('dirty-clear', step);
      }
      if (physical >> 12n >= BigInt(memory.frames)) return refuse('bad-frame', step);
      const updates = new Map<number, bigint>();
      for (const { level: stepLevel, address: entry, pte: value } of steps) {
        const isLeaf = stepLevel === level;
        let wanted = value;
        if (isLeaf || !shape.riscv) wanted |= accessedBit;
        if (isLeaf && access === 'store') wanted |= dirtyBit;
        updates.set(entry, wanted);
      }
      return { rule: null, level, pteAddress: step.address, physical, updates };
    }
    if (level === 0) return refuse('no-leaf', step);
    table = (shape.riscv ? (pte >> 10n) & ((1n << 44n) - 1n) : (pte >> 12n) & ((1n << 40n) - 1n)) << 12n;
  }
}

function riscvEntry(pte: bigint, level: number, pteBytes: number): FaultRule | 'table' | 'leaf' {
  const readable = (pte & 2n) !== 0n;
  const writable = (pte & 4n) !== 0n;
  const executable = (pte & 8n) !== 0n;
  if (pteBytes === 8 && pte >> 54n !== 0n) return 'reserved-bit'; // bits 60-54, PBMT and N
  if (writable && !readable) return 'reserved-bit';
  if (!readable && !executable) return (pte & 0b1101_0000n) !== 0n ? 'reserved-bit' : 'table';
  const indexBits = pteBytes === 8 ? 9n : 10n;
  if (((pte >> 10n) & ((1n << (indexBits * BigInt(level))) - 1n)) !== 0n) return 'misaligned-superpage';
  return 'leaf';
}

function riscvRights(pte: bigint, access: AccessName, options: NaiveOptions): { rule: FaultRule; step?: Step } | null {
  const userPage = (pte & 16n) !== 0n;
  if (options.user && !userPage) return { rule: 'user' };
  if (!options.user && userPage && (access === 'fetch' || !options.sum)) return { rule: 'supervisor' };
  const readable = (pte & 2n) !== 0n || (options.mxr && (pte & 8n) !== 0n);
  if (access === 'load' && !readable) return { rule: 'read' };
  if (access === 'store' && (pte & 4n) === 0n) return { rule: 'write' };
  if (access === 'fetch' && (pte & 8n) === 0n) return { rule: 'execute' };
  return null;
}

function x86Entry(
  pte: bigint,
  level: number,
  shape: { levels: number; indexBits: bigint },
): FaultRule | 'table' | 'leaf' {
  const pageSize = (pte & 128n) !== 0n;
  if (level === 0) return 'leaf';
  if (!pageSize) return 'table';
  const largest = shape.levels === 2 ? 1 : 2;
  if (level > largest) return 'reserved-bit';
  const low = (1n << (12n + shape.indexBits * BigInt(level))) - 1n;
  return (pte & low & ~0x1fffn) !== 0n ? 'reserved-bit' : 'leaf';
}

function x86Rights(
  steps: readonly Step[],
  access: AccessName,
  options: NaiveOptions,
): { rule: FaultRule; step?: Step } | null {
  const lacksUser = steps.find(({ pte }) => (pte & 4n) === 0n);
  const lacksWrite = steps.find(({ pte }) => (pte & 2n) === 0n);
  const refusesFetch = steps.find(({ pte }) => pte >> 63n === 1n);
  if (options.user && lacksUser !== undefined) return { rule: 'user', step: lacksUser };
  if (!options.user && lacksUser === undefined && (access === 'fetch' || !options.sum)) return { rule: 'supervisor' };
  if (access === 'store' && lacksWrite !== undefined) return { rule: 'write', step: lacksWrite };
  if (access === 'fetch' && refusesFetch !== undefined) return { rule: 'execute', step: refusesFetch };
  return null;
}
