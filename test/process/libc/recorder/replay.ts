/** The same sequences on the emulated C library: one machine, a process for each sequence, results in the same notation. */
import { MAP_FIXED_NOREPLACE } from '../../../../src/kernel/linux-abi.ts';
import { activate } from '../../../../src/kernel/schedule.ts';
import { Machine } from '../../../../src/machine/machine.ts';
import { LIBC_STATE_BYTES, LibcMalloc } from '../../../../src/process/libc/malloc.ts';
import { loadLibrary } from '../../../../src/process/library.ts';
import { ProgramMemory } from '../../../../src/process/program-memory.ts';
import { ProgramStopped } from '../../../../src/process/program-stopped.ts';
import type { Outcome } from './real-library.ts';
import type { Sequence } from './script.ts';

const MEMORY_BYTES = 256 << 20;
/**
 * Where the heap begins: among the places that a kernel draws for position-independent programs, because links are mangled
 * with their addresses, and a mangled link may be taken for a size; at a multiple of 64 MiB, with as much in front of it
 * that the program got by moving the break itself, like the recorder's.
 */
const HEAP_START = 0x5581_1400_0000;
const HEAP_ALIGNMENT = 64 << 20;
const WALK_MAX = 30_000;
const PAGE = 4096;
const WORD = 2n ** 64n;

export function replayMachine(): Machine {
  return new Machine({ paging: 'x86_64', memory: MEMORY_BYTES, swap: 0, aslr: false });
}

/** Run one sequence in a new process of `machine`. */
export function replay(machine: Machine, { name, operations }: Sequence): Outcome {
  const process = machine.spawn({ name });
  activate(machine.kernel, process);
  process.space!.brkStart = HEAP_START - HEAP_ALIGNMENT;
  process.space!.brk = process.space!.brkStart;
  const library = loadLibrary(machine.kernel, process.space!, 'libc.so.6', 16, LIBC_STATE_BYTES)!;
  const memory = new ProgramMemory(machine.kernel, process, machine.programs.calls);
  const program = new Replay(memory, new LibcMalloc(memory, library.bss));
  const results: string[] = [];
  try {
    for (const line of operations) {
      results.push('');
      results[results.length - 1] = program.operate(line.split(' '));
    }
  } catch (problem) {
    if (!(problem instanceof ProgramStopped)) throw problem;
  }
  const end = process.signal ?? 'exit';
  const stderr = String.fromCharCode(...process.output);
  if (process.signal === null) machine.exit(process);
  return { results, end, stderr };
}

/** A decimal or hexadecimal number, modulo 2^64; a plain number when it is exact. */
function parse(word: string): number | bigint {
  const value = word.startsWith('-') ? -BigInt(word.slice(1)) : BigInt(word);
  const bits = BigInt.asUintN(64, value);
  return bits < 2n ** 53n ? Number(bits) : bits;
}

class Replay {
  private readonly memory: ProgramMemory;
  private readonly libc: LibcMalloc;
  private readonly heapStart: number;
  private readonly slots: number[] = [];
  private lastBreak: number;

  constructor(memory: ProgramMemory, libc: LibcMalloc) {
    this.memory = memory;
    this.libc = libc;
    memory.sbrk(HEAP_ALIGNMENT);
    this.heapStart = memory.sbrk(0);
    this.lastBreak = this.heapStart;
  }

  operate(words: readonly string[]): string {
    const result = this.perform(words);
    const now = this.memory.sbrk(0);
    if (now === this.lastBreak) return result;
    this.lastBreak = now;
    return `${result} ^${(now - this.heapStart).toString(16)}`;
  }

  private perform(words: readonly string[]): string {
    const { memory, libc, slots } = this;
    const [name] = words;
    const slot = Number(words[1] ?? 0);
    const block = slots[slot] ?? 0;
    const size = (index: number): number | bigint => parse(words[index]!);
    const at = (): number => block + Number(words[2]);
    const last = (index: number): number => Number(words[index]);
    switch (name) {
      case 'malloc':
        return this.got(slot, libc.malloc(size(2)));
      case 'calloc':
        return this.got(slot, libc.calloc(size(2), size(3)));
      case 'realloc':
        return this.got(slot, libc.realloc(block, size(2)));
      case 'memalign':
        return this.got(slot, libc.memalign(size(2), size(3)));
      case 'mallocs':
        for (let index = 0; index < last(2); index++) slots[slot + index] = libc.malloc(last(3));
        return this.place(slots[slot + last(2) - 1]!);
      case 'frees':
        for (let index = 0; index < last(2); index++) libc.free(slots[slot + index * last(3)]!);
        return '';
      case 'free':
        libc.free(block);
        return '';
      case 'usable':
        return String(libc.usableSize(block));
      case 'trim':
        return String(libc.mallocTrim(last(1)));
      case 'mallopt':
        return String(libc.mallopt(last(1), last(2)));
      case 'info':
        return this.mallinfo();
      case 'stats':
        memory.error(libc.mallocStats());
        return '';
      case 'walk':
        return this.walk();
      case 'sbrk':
        memory.sbrk(last(1));
        return '';
      case 'wall': {
        const wall = Math.ceil(memory.sbrk(0) / PAGE) * PAGE + last(1) * PAGE;
        return memory.mmap(PAGE, wall, MAP_FIXED_NOREPLACE) === wall ? '1' : '0';
      }
      case 'fill':
        memory.fill(at(), last(4), last(3));
        return '';
      case 'sum':
        return sumOf(memory.bytes(at(), last(3)));
      case 'nonzero':
        return String(memory.bytes(at(), last(3)).filter((byte) => byte !== 0).length);
      case 'load':
        return this.word(memory.loadBig(at()));
      case 'store':
        memory.storeBig(at(), BigInt(size(3)));
        return '';
      case 'store8':
        memory.store8(at(), last(3));
        return '';
      case 'pointer':
        memory.store64(at(), slots[last(3)]! + last(4));
        return '';
      case 'link':
        memory.storeBig(at(), (BigInt(at()) >> 12n) ^ BigInt((slots[last(3)] ?? 0) + last(4)));
        return '';
      case 'alias':
        slots[slot] = slots[last(2)]! + last(3);
        return '';
      default:
        throw new Error(`unknown operation ${words.join(' ')}`);
    }
  }

  private got(slot: number, address: number): string {
    if (address !== 0) this.slots[slot] = address;
    return this.place(address);
  }

  private place(address: number): string {
    if (address === 0) return 'null';
    if (this.isInHeap(BigInt(address))) return `h${(address - this.heapStart).toString(16)}`;
    return `m${(address % PAGE).toString(16)}/${this.libc.usableSize(address)}`;
  }

  private word(value: bigint): string {
    if (this.isInHeap(value)) return `h${(value - BigInt(this.heapStart)).toString(16)}`;
    return value >> 24n === 0n ? String(value) : 'big';
  }

  private isInHeap(address: bigint): boolean {
    return address >= BigInt(this.heapStart) && address < BigInt(this.memory.sbrk(0));
  }

  private walk(): string {
    const { memory } = this;
    const end = memory.sbrk(0);
    const fields: string[] = [];
    let chunk = this.heapStart;
    while (fields.length < WALK_MAX && chunk >= this.heapStart && chunk + 16 <= end) {
      const field = memory.loadBig(chunk + 8);
      fields.push(field.toString(16));
      const size = field & ~7n;
      if (size < 16n) break;
      // Wraps around like the C program's pointer, which ends both walks alike.
      chunk = Number((BigInt(chunk) + size) % WORD);
    }
    return fields.join(',');
  }

  private mallinfo(): string {
    const info = this.libc.mallinfo2();
    return [
      info.arena,
      info.ordblks,
      info.smblks,
      info.hblks,
      info.hblkhd,
      info.usmblks,
      info.fsmblks,
      info.uordblks,
      info.fordblks,
      info.keepcost,
    ]
      .map((figure) => (figure < 2 ** 53 ? figure : 'big'))
      .join(' ');
  }
}

/** FNV-1a. */
function sumOf(bytes: Uint8Array): string {
  let sum = 2166136261;
  for (const byte of bytes) sum = Math.imul(sum ^ byte, 16777619);
  return (sum >>> 0).toString(16);
}
