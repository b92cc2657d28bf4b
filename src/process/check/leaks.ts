/**
 * Which blocks a program has lost, as Valgrind's leak check tells it [Valgrind manual 4.2.9].
 *
 *     still reachable    a pointer to its start lies in memory that is no heap block (data, bss, stack, mappings), or in a
 *                        block that is itself reachable
 *     possibly lost      only pointers into its middle lead to it
 *     indirectly lost    only lost blocks point to it
 *     definitely lost    nothing does
 *
 * The names of a scenario (`as: p`) are the program's local variables: they are gone at its end and hold nothing.
 */
import { VM_READ, VM_WRITE } from '../../kernel/linux-abi.ts';
import type { PeekMemory } from '../peek-memory.ts';
import type { Program } from '../program.ts';
import type { LiveBlock } from './ledger.ts';

export const LOSS_KINDS = ['definitely', 'indirectly', 'possibly', 'reachable'] as const;
export type LossKind = (typeof LOSS_KINDS)[number];

/** Blocks of one kind of loss that were allocated at one place. */
export interface LossRecord {
  readonly kind: LossKind;
  readonly blocks: readonly LiveBlock[];
  readonly bytes: number;
}

export interface LeakReport {
  readonly inUse: { readonly bytes: number; readonly blocks: number };
  readonly allocations: number;
  readonly frees: number;
  readonly bytesAllocated: number;
  readonly totals: Readonly<Record<LossKind, { readonly bytes: number; readonly blocks: number }>>;
  /** Smallest first, as Valgrind lists them. */
  readonly records: readonly LossRecord[];
}

const UNKNOWN = 0;
const REACHABLE = 1;
const POSSIBLY = 2;
const INDIRECTLY = 3;
const POINTER_BYTES = 8;

/** What the program holds right now and whether it could still free it. Looks without touching. */
export function findLeaks(program: Program): LeakReport {
  const { ledger } = program;
  const blocks = ledger.live;
  const kinds = classify(program, blocks);
  const records = collect(blocks, kinds);
  const total = (kind: LossKind) => {
    const those = records.filter((record) => record.kind === kind);
    return {
      bytes: those.reduce((sum, { bytes }) => sum + bytes, 0),
      blocks: those.reduce((sum, record) => sum + record.blocks.length, 0),
    };
  };
  return {
    inUse: { bytes: ledger.liveBytes, blocks: blocks.length },
    allocations: ledger.allocations,
    frees: ledger.frees,
    bytesAllocated: ledger.bytesAllocated,
    totals: {
      definitely: total('definitely'),
      indirectly: total('indirectly'),
      possibly: total('possibly'),
      reachable: total('reachable'),
    },
    records,
  };
}

function classify(program: Program, blocks: readonly LiveBlock[]): Uint8Array {
  const found = new Uint8Array(blocks.length);
  const reader = program.peek();
  const search = new PointerSearch(program, blocks, found, reader);
  search.scanRoots();
  search.follow(REACHABLE);
  search.follow(POSSIBLY);
  // What is left is lost; of that, a block another lost one points to is lost with it.
  for (let index = 0; index < blocks.length; index++) {
    if (found[index] === UNKNOWN) search.adopt(index);
  }
  return found;
}

class PointerSearch {
  private readonly program: Program;
  private readonly blocks: readonly LiveBlock[];
  private readonly found: Uint8Array;
  private readonly reader: PeekMemory;
  private readonly pending: number[] = [];

  constructor(program: Program, blocks: readonly LiveBlock[], found: Uint8Array, reader: PeekMemory) {
    this.program = program;
    this.blocks = blocks;
    this.found = found;
    this.reader = reader;
  }

  /** Pointers in memory that is the program's own and no allocator's. */
  scanRoots(): void {
    const { space } = this.program.memory.process;
    if (space === null || this.blocks.length === 0) return;
    const { pageBytes } = this.program.memory;
    for (let area = space.areas.first; area !== null; area = area.next) {
      if (!area.has(VM_READ) || !area.has(VM_WRITE)) continue;
      let page = this.reader.nextHeld(area.start, area.end);
      for (; page < area.end; page = this.reader.nextHeld(page + pageBytes, area.end)) {
        if (this.isLibrary(page) || this.program.calls.touches(page, page + pageBytes)) continue;
        this.scan(page, pageBytes, REACHABLE);
      }
    }
  }

  /** Let reachability spread from blocks already found to those they point to. */
  follow(kind: number): void {
    for (let index = this.pending.pop(); index !== undefined; index = this.pending.pop()) {
      const { address, size } = this.blocks[index]!;
      this.scan(address, size, this.found[index] === POSSIBLY ? POSSIBLY : kind);
    }
  }

  /** A block nothing leads to: what it points to, and was found by nobody, is lost with it. */
  adopt(index: number): void {
    const before = this.pending.length;
    const { address, size } = this.blocks[index]!;
    this.scan(address, size, INDIRECTLY, index);
    while (this.pending.length > before) {
      const next = this.pending.pop()!;
      const block = this.blocks[next]!;
      this.scan(block.address, block.size, INDIRECTLY, index);
    }
  }

  private scan(start: number, length: number, kind: number, leader = -1): void {
    const { reader } = this;
    const { pageBytes } = this.program.memory;
    const end = start + length;
    let at = Math.ceil(start / POINTER_BYTES) * POINTER_BYTES;
    while (at + POINTER_BYTES <= end) {
      const page = at - (at % pageBytes);
      const held = reader.nextHeld(page, end);
      if (held > page) {
        at = held;
        continue;
      }
      for (; at < page + pageBytes && at + POINTER_BYTES <= end; at += POINTER_BYTES) {
        const pointer = reader.load64(at);
        if (pointer !== 0) this.notePointer(pointer, kind, leader);
      }
    }
  }

  private notePointer(pointer: number, kind: number, leader: number): void {
    const block = this.program.ledger.before(pointer);
    if (block === null || pointer >= block.address + Math.max(1, block.size)) return;
    const index = this.indexOf(block);
    if (index === leader) return;
    const isStart = pointer === block.address;
    const wanted = kind === REACHABLE && !isStart ? POSSIBLY : kind;
    const now = this.found[index]!;
    if (now !== UNKNOWN && now <= wanted) return;
    this.found[index] = wanted;
    this.pending.push(index);
  }

  private indexOf(block: LiveBlock): number {
    let low = 0;
    let high = this.blocks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.blocks[middle]!.address < block.address) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The allocators' own variables are no roots: they know every block, lost or not. */
  private isLibrary(page: number): boolean {
    const { libcAt, pythonAt } = this.program;
    const within = (bss: number, bytes: number) => page >= bss && page < bss + bytes;
    return within(libcAt.bss, libcAt.bssBytes) || (pythonAt !== null && within(pythonAt.bss, pythonAt.bssBytes));
  }
}

const KIND_NAMES: readonly LossKind[] = ['definitely', 'reachable', 'possibly', 'indirectly'];

/** One record for each kind and place of allocation. */
function collect(blocks: readonly LiveBlock[], kinds: Uint8Array): LossRecord[] {
  const groups = new Map<string, { kind: LossKind; blocks: LiveBlock[]; bytes: number }>();
  blocks.forEach((block, index) => {
    const kind = KIND_NAMES[kinds[index]!]!;
    const { step, frame } = block.at;
    const key = `${kind} ${block.by} ${frame === null ? step : `${frame.file}:${frame.line}`}`;
    const group = groups.get(key) ?? { kind, blocks: [], bytes: 0 };
    group.blocks.push(block);
    group.bytes += block.size;
    groups.set(key, group);
  });
  return [...groups.values()].sort((a, b) => a.bytes - b.bytes || a.blocks[0]!.at.step - b.blocks[0]!.at.step);
}
