/**
 * Where blocks were allocated: stacks of frames, each distinct one once in memory (there are far fewer of them than blocks).
 *
 *     traceback   +0 hash   +8 frames stored, 16 bits   +10 frames in all, 16 bits   +12 frame 0, +24 frame 1, …
 *     frame (12)  +0 address of the filename            +8 line, 32 bits
 *     table       key: address of the traceback, value: 0
 *
 * Frame 0 is the innermost call. `limit` frames are stored at most; all are counted, up to 65,535 (3.9; before, +8 is one
 * 32-bit count of the stored ones). Tracebacks come from the inner raw allocator: the record of raw that start() saved.
 * A block allocated while no Python code runs has the static traceback `<unknown>`:0, which is in no table.
 */
import { NULL } from '../../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../../program-memory.ts';
import type { PythonProfile } from '../profiles.ts';
import { Filenames, readFilename } from './filenames.ts';
import type { HashTables } from './hash-table.ts';
import { BUFFER, LIMIT, NOWHERE, SAVED, TRACEBACKS, UNKNOWN_FILE } from './state.ts';
import type { TraceHost } from './trace-host.ts';
import type { TraceFrame } from './traceback.ts';

const COUNTS = 8;
const FRAMES = 12;
const FRAME_BYTES = 12;
const LINE = 8;
/** Frames counted at most (3.9). */
export const FRAMES_MAX = 0xffff;
/** Multiplier and additions of the hash of tuples. */
const HASH_SEED = 0x345678;
const HASH_MULTIPLIER = 1000003;
const HASH_STEP = 82520;
const HASH_END = 97531;

export class Tracebacks {
  readonly filenames: Filenames;
  private readonly memory: ProgramMemory;
  private readonly state: number;
  private readonly tables: HashTables;
  private readonly host: TraceHost;
  private readonly countsAll: boolean;

  constructor(memory: ProgramMemory, state: number, profile: PythonProfile, tables: HashTables, host: TraceHost) {
    this.memory = memory;
    this.state = state;
    this.tables = tables;
    this.host = host;
    this.countsAll = profile.countsAllFrames;
    this.filenames = new Filenames(memory, state, tables, host);
  }

  /** Write the traceback of nowhere. */
  initialize(): void {
    this.filenames.initialize();
    const nowhere = this.state + NOWHERE;
    this.writeFrame(nowhere, 0, this.state + UNKNOWN_FILE, 0);
    this.writeCounts(nowhere, 1, 1);
    this.memory.store64(nowhere, this.hashOf(nowhere, 1, 1));
  }

  /** Bytes of a traceback of so many frames. */
  bytes(frames: number): number {
    return FRAMES + frames * FRAME_BYTES;
  }

  /** The interned traceback of the running code; NULL: no memory for it [traceback_new]. */
  current(): number {
    const { memory, state, tables, host } = this;
    const running = host.frames();
    if (running.length === 0) return state + NOWHERE;
    const stored = Math.min(running.length, memory.load64(state + LIMIT));
    const total = Math.min(running.length, FRAMES_MAX);
    const buffer = memory.load64(state + BUFFER);
    for (let index = 0; index < stored; index++) {
      const { file, line } = running[index]!;
      this.writeFrame(buffer, index, this.filenames.intern(file), Math.max(0, line));
    }
    this.writeCounts(buffer, stored, total);
    const hash = this.hashOf(buffer, stored, total);
    memory.store64(buffer, hash);
    const table = memory.load64(state + TRACEBACKS);
    for (let entry = tables.first(table, hash); entry !== NULL; entry = tables.next(entry)) {
      if (tables.hashLow(entry) !== hash) continue;
      const known = tables.key(entry);
      if (this.same(known, buffer, stored)) return known;
    }
    const bytes = this.bytes(stored);
    const copy = host.callMalloc(state + SAVED, bytes);
    if (copy === NULL) return NULL;
    memory.copy(copy, buffer, bytes);
    if (tables.insert(table, hash, 0, copy, 0)) return copy;
    host.callFree(state + SAVED, copy);
    return NULL;
  }

  /** The frames of a traceback, innermost first. */
  read(reader: MemoryReader, traceback: number): TraceFrame[] {
    const stored = this.stored(reader, traceback);
    const frames: TraceFrame[] = [];
    for (let index = 0; index < stored; index++) {
      const at = traceback + FRAMES + index * FRAME_BYTES;
      frames.push({ file: readFilename(reader, reader.load64(at)), line: reader.load32(at + LINE) });
    }
    return frames;
  }

  /** Frames that the code had, stored or not; null before 3.9. */
  total(reader: MemoryReader, traceback: number): number | null {
    return this.countsAll ? reader.load32(traceback + COUNTS) >>> 16 : null;
  }

  /** Addresses of the filenames of a traceback's frames. */
  filesOf(reader: MemoryReader, traceback: number): number[] {
    const files: number[] = [];
    const stored = this.stored(reader, traceback);
    for (let index = 0; index < stored; index++) files.push(reader.load64(traceback + FRAMES + index * FRAME_BYTES));
    return files;
  }

  /** Never above FRAMES_MAX, so that an overwritten count stays readable. */
  private stored(reader: MemoryReader, traceback: number): number {
    return Math.min(FRAMES_MAX, reader.load32(traceback + COUNTS) & (this.countsAll ? FRAMES_MAX : -1)) >>> 0;
  }

  private writeFrame(traceback: number, index: number, file: number, line: number): void {
    const at = traceback + FRAMES + index * FRAME_BYTES;
    this.memory.store64(at, file);
    this.memory.store32(at + LINE, line);
  }

  private writeCounts(traceback: number, stored: number, total: number): void {
    this.memory.store32(traceback + COUNTS, this.countsAll ? stored + total * 2 ** 16 : stored);
  }

  /** 32 bits of what CPython computes in 64, over hashes that differ from its own anyway [traceback_hash]. */
  private hashOf(traceback: number, stored: number, total: number): number {
    const { memory, filenames } = this;
    let hash = HASH_SEED;
    let multiplier = HASH_MULTIPLIER;
    for (let index = 0; index < stored; index++) {
      const at = traceback + FRAMES + index * FRAME_BYTES;
      const part = filenames.hash(memory.load64(at)) ^ memory.load32(at + LINE);
      hash = Math.imul(hash ^ part, multiplier);
      multiplier += HASH_STEP + 2 * (stored - 1 - index);
    }
    return ((this.countsAll ? hash ^ total : hash) + HASH_END) >>> 0;
  }

  /** Do two tracebacks have the same frames and counts? Filenames are interned: their addresses tell. */
  private same(one: number, other: number, stored: number): boolean {
    const { memory } = this;
    if (memory.load32(one + COUNTS) !== memory.load32(other + COUNTS)) return false;
    const end = FRAMES + stored * FRAME_BYTES;
    for (let at = FRAMES; at < end; at += 4) {
      if (memory.load32(one + at) !== memory.load32(other + at)) return false;
    }
    return true;
  }
}
