/**
 * CPython's debug hooks: a layer over an allocator that pads every block, fills it with bytes that no program expects, and
 * looks at the padding when the block comes back [Objects/obmalloc.c:_PyMem_Debug*].
 *
 * One layer serves all three domains. What tells them apart is a slot in static memory that their record's ctx points to:
 *
 *     state   +0     slot of raw   | id 'r' (8 bytes) | record of the allocator below (40 bytes) |
 *             +48    slot of mem
 *             +96    slot of obj
 *             +144   serial number last given, by any domain (3.7 and before)
 *
 * A request of n bytes becomes one of n + 24 (n + 32 with serial numbers) to the allocator below; its block is laid out as
 * debug-layout.ts draws it. Fresh bytes read as clean bytes, freed ones as dead bytes.
 *
 * The hooks of a big mem or obj request stand over those of raw, since pymalloc passes it on to the raw domain: such a
 * block is padded twice.
 */
import { NULL, PTRDIFF_MAX, productOf, SIZE_BITS, type Size } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import {
  type AllocatorFunctions,
  DOMAIN_LETTERS,
  DOMAIN_NAMES,
  type Domain,
  RECORD_BYTES,
} from './allocator-record.ts';
import { badIdMessage, dumpBlock } from './debug-dump.ts';
import { DebugHooksWithGil } from './debug-gil.ts';
import type { DebugHost } from './debug-host.ts';
import {
  extraBytesOf,
  HEAD_BYTES,
  matches,
  readSize,
  TRAILING_PADS,
  tailOf,
  WORD_BYTES,
  writeSize,
} from './debug-layout.ts';
import { erase, restore } from './debug-realloc.ts';
import type { PythonProfile } from './profiles.ts';
import { isSince } from './version-order.ts';

const LOWER = 8;
const SLOT_BYTES = LOWER + RECORD_BYTES;
const SERIAL = DOMAIN_NAMES.length * SLOT_BYTES;
export const DEBUG_STATE_BYTES = SERIAL + 8;

/** The functions of the raw domain, which any thread may call at any time. */
export class DebugHooks implements AllocatorFunctions {
  /** Those of mem and obj. */
  readonly withGil: DebugHooksWithGil;
  private readonly memory: ProgramMemory;
  private readonly state: number;
  private readonly profile: PythonProfile;
  private readonly host: DebugHost;
  private readonly extra: number;
  /** 3.7 and later: realloc erases the old block first, and a failed call has no number. */
  private readonly erases: boolean;

  constructor(memory: ProgramMemory, state: number, profile: PythonProfile, host: DebugHost) {
    this.memory = memory;
    this.state = state;
    this.profile = profile;
    this.host = host;
    this.extra = extraBytesOf(profile);
    this.erases = isSince(profile, '3.7.3');
    this.withGil = new DebugHooksWithGil(this, host, isSince(profile, '3.6.0'));
  }

  /** Write the API ids into zeroed state. Once per program. */
  initialize(): void {
    for (let domain = 0; domain < DOMAIN_NAMES.length; domain++) {
      this.memory.store64(this.state + domain * SLOT_BYTES, DOMAIN_LETTERS.charCodeAt(domain));
    }
  }

  /** Address of the domain's slot: the ctx of its debug record. */
  slot(domain: Domain): number {
    return this.state + domain * SLOT_BYTES;
  }

  /** Address of the record that the domain's hooks call: 40 bytes, written when they are installed. */
  lowerRecord(domain: Domain): number {
    return this.slot(domain) + LOWER;
  }

  /** Blocks made (3.7) or calls begun (before); 0 in the versions that number nothing. */
  serialNumber(reader: MemoryReader): number {
    return reader.load64(this.state + SERIAL);
  }

  malloc(ctx: number, size: Size): number {
    this.countAttempt();
    if (this.overflows(size)) return NULL;
    const head = this.host.callMalloc(ctx + LOWER, this.padded(size));
    if (head === NULL) return NULL;
    this.dress(ctx, head, size, this.newSerial());
    this.memory.fill(head + HEAD_BYTES, this.profile.cleanByte, Number(size));
    return head + HEAD_BYTES;
  }

  /** The allocator below is asked for one element, which it zeroes. */
  calloc(ctx: number, count: Size, size: Size): number {
    const requested = productOf(count, size);
    this.countAttempt();
    if (this.overflows(requested)) return NULL;
    const head = this.host.callCalloc(ctx + LOWER, 1, this.padded(requested));
    if (head === NULL) return NULL;
    this.dress(ctx, head, requested, this.newSerial());
    return head + HEAD_BYTES;
  }

  free(ctx: number, address: number): void {
    if (address === NULL) return;
    const size = this.check('_PyMem_DebugRawFree', ctx, address);
    const head = address - HEAD_BYTES;
    this.memory.fill(head, this.profile.deadByte, this.bytesOf(size));
    this.host.callFree(ctx + LOWER, head);
  }

  /** The block is checked before its new size is. */
  realloc(ctx: number, address: number, size: Size): number {
    if (address === NULL) return this.malloc(ctx, size);
    const oldSize = this.check('_PyMem_DebugRawRealloc', ctx, address);
    this.countAttempt();
    if (this.overflows(size)) return NULL;
    return this.erases ? this.resizeErased(ctx, address, oldSize, size) : this.resize(ctx, address, oldSize, size);
  }

  /**
   * The old block is erased, at its ends at least, before the allocator below may give it away: who still uses it after a
   * move reads dead bytes. A refusal puts everything back.
   */
  private resizeErased(ctx: number, address: number, oldSize: Size, size: Size): number {
    const { memory, profile } = this;
    const oldTail = tailOf(address, oldSize);
    const oldSerial = profile.hasSerial ? readSize(memory, oldTail + TRAILING_PADS) : 0;
    const erased = erase(memory, profile, address, oldSize, oldTail);
    const moved = this.host.callRealloc(ctx + LOWER, address - HEAD_BYTES, this.padded(size));
    if (moved === NULL) {
      this.dress(ctx, address - HEAD_BYTES, oldSize, oldSerial);
      restore(memory, erased, address, Number(oldSize));
      return NULL;
    }
    const data = moved + HEAD_BYTES;
    this.dress(ctx, moved, size, this.newSerial());
    restore(memory, erased, data, Number(size));
    this.cleanGrown(data, Number(oldSize), Number(size));
    return data;
  }

  /** As it was up to 3.6: what is left of the old block after a move reads as it did. */
  private resize(ctx: number, address: number, oldSize: Size, size: Size): number {
    const moved = this.host.callRealloc(ctx + LOWER, address - HEAD_BYTES, this.padded(size));
    if (moved === NULL) return NULL;
    const data = moved + HEAD_BYTES;
    this.dress(ctx, moved, size, this.newSerial());
    this.cleanGrown(data, Number(oldSize), Number(size));
    return data;
  }

  private cleanGrown(data: number, from: number, to: number): void {
    if (to > from) this.memory.fill(data + from, this.profile.cleanByte, to - from);
  }

  private overflows(size: Size): boolean {
    return typeof size === 'bigint' && size > PTRDIFF_MAX - BigInt(this.extra);
  }

  private padded(size: Size): Size {
    if (typeof size === 'number' && size <= Number.MAX_SAFE_INTEGER - this.extra) return size + this.extra;
    return BigInt(size) + BigInt(this.extra);
  }

  /** Bytes of a whole block whose header says `size`, as C computes it: modulo 2^64. */
  private bytesOf(size: Size): number {
    return typeof size === 'number' ? size + this.extra : Number(BigInt.asUintN(SIZE_BITS, size + BigInt(this.extra)));
  }

  /** Up to 3.6 every call is numbered as it begins, whether it succeeds or not; later every block as it is made. */
  private countAttempt(): void {
    if (!this.erases) this.count();
  }

  private newSerial(): number {
    if (!this.profile.hasSerial) return 0;
    return this.erases ? this.count() : this.serialNumber(this.memory);
  }

  private count(): number {
    const serial = this.serialNumber(this.memory) + 1;
    this.memory.store64(this.state + SERIAL, serial);
    return serial;
  }

  /** Write everything around the data. */
  private dress(ctx: number, head: number, size: Size, serial: Size): void {
    const { memory } = this;
    const { forbiddenByte, hasSerial } = this.profile;
    writeSize(memory, head, size);
    memory.fill(head + WORD_BYTES, forbiddenByte, WORD_BYTES);
    memory.store8(head + WORD_BYTES, memory.load8(ctx));
    const tail = tailOf(head + HEAD_BYTES, size);
    memory.fill(tail, forbiddenByte, TRAILING_PADS);
    if (hasSerial) writeSize(memory, tail + TRAILING_PADS, serial);
  }

  /**
   * The size of the block, if it is this domain's and its pads are whole; else a dump and a fatal error. In this order: id,
   * leading pads, trailing pads [_PyMem_DebugCheckAddress].
   */
  private check(func: string, ctx: number, data: number): Size {
    const { memory } = this;
    const { forbiddenByte } = this.profile;
    const id = memory.load8(ctx);
    const ids = data - WORD_BYTES;
    if (!matches(memory, ids, id, forbiddenByte)) {
      const found = memory.load8(ids);
      this.refuse(func, data, found === id ? 'bad leading pad byte' : badIdMessage(this.profile, found, id));
    }
    const size = readSize(memory, data - HEAD_BYTES);
    if (!matches(memory, tailOf(data, size), forbiddenByte, forbiddenByte)) {
      this.refuse(func, data, 'bad trailing pad byte');
    }
    return size;
  }

  private refuse(func: string, data: number, message: string): never {
    dumpBlock(this.memory, this.profile, this.host, data);
    this.host.fatalError(func, message);
  }
}
