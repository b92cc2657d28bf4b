/**
 * Filenames of tracebacks: each distinct one once in memory, so that two frames of the same file hold the same pointer.
 *
 *     filename   +0 hash, 32 bits   +4 bytes n, 32 bits   +8 n bytes of UTF-8
 *     table      key: address of the filename, value: 0
 *
 * CPython interns the str objects of its code objects and hashes them with a key drawn at each start; here the filename is a
 * block of its own from the inner raw allocator, and its hash (FNV-1a over UTF-16 units) the same in every run.
 */
import { NULL } from '../../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../../program-memory.ts';
import type { HashTables } from './hash-table.ts';
import { FILENAMES, SAVED, UNKNOWN_FILE } from './state.ts';
import type { TraceHost } from './trace-host.ts';

const UNKNOWN = '<unknown>';
const LENGTH = 4;
const TEXT = 8;
const ASCII_END = 0x80;
/** Longer is no filename: an overwritten length. */
const READ_MAX = 64 * 1024;
const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class Filenames {
  private readonly memory: ProgramMemory;
  private readonly state: number;
  private readonly tables: HashTables;
  private readonly host: TraceHost;

  constructor(memory: ProgramMemory, state: number, tables: HashTables, host: TraceHost) {
    this.memory = memory;
    this.state = state;
    this.tables = tables;
    this.host = host;
  }

  /** Write the name of what has no file, which is static. */
  initialize(): void {
    this.write(this.state + UNKNOWN_FILE, UNKNOWN, hashOf(UNKNOWN), utf8Length(UNKNOWN));
  }

  /** Where `file` is in memory, put there now if it is new. Without memory for that it counts as unknown, as in CPython. */
  intern(file: string): number {
    const { memory, tables, host, state } = this;
    const table = memory.load64(state + FILENAMES);
    const hash = hashOf(file);
    for (let entry = tables.first(table, hash); entry !== NULL; entry = tables.next(entry)) {
      if (tables.hashLow(entry) !== hash) continue;
      const known = tables.key(entry);
      if (this.holds(known, file)) return known;
    }
    const length = utf8Length(file);
    const address = host.callMalloc(state + SAVED, TEXT + length);
    if (address === NULL) return state + UNKNOWN_FILE;
    this.write(address, file, hash, length);
    if (tables.insert(table, hash, 0, address, 0)) return address;
    host.callFree(state + SAVED, address);
    return state + UNKNOWN_FILE;
  }

  hash(address: number): number {
    return this.memory.load32(address);
  }

  private holds(address: number, file: string): boolean {
    const { memory } = this;
    const length = memory.load32(address + LENGTH);
    // Most names are ASCII: a byte to a unit, compared in place.
    for (let index = 0; index < file.length; index++) {
      const unit = file.charCodeAt(index);
      if (unit >= ASCII_END) return readFilename(memory, address) === file;
      if (index >= length || memory.load8(address + TEXT + index) !== unit) return false;
    }
    return length === file.length;
  }

  private write(address: number, file: string, hash: number, length: number): void {
    const { memory } = this;
    memory.store32(address, hash);
    memory.store32(address + LENGTH, length);
    memory.write(address + TEXT, new TextEncoder().encode(file));
  }
}

export function readFilename(reader: MemoryReader, address: number): string {
  const length = Math.min(reader.load32(address + LENGTH), READ_MAX);
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(reader.bytes(address + TEXT, length));
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}

function hashOf(text: string): number {
  let hash = FNV_OFFSET;
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), FNV_PRIME);
  return hash >>> 0;
}
