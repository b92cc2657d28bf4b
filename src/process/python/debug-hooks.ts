/**
 * CPython's debug hooks: a layer over an allocator that pads every block, fills it with bytes that no program expects, and
 * looks at the padding when the block comes back [Objects/obmalloc.c:_PyMem_Debug*].
 *
 * One layer serves all three domains. What tells them apart is a slot in static memory that their record's ctx points to:
 *
 *     state   +0     slot of raw   | id 'r' (8 bytes) | record of the allocator below (40 bytes) |
 *             +48    slot of mem
 *             +96    slot of obj
 *             +144   serial number of the last block made, by any domain (3.7 and before)
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

  constructor(memory: ProgramMemory, state: number, profile: PythonProfile, host: DebugHost) {
    this.memory = memory;
    this.state = state;
    this.profile = profile;
    this.host = host;
    this.extra = extraBytesOf(profile);
    this.withGil = new DebugHooksWithGil(this, host);
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

  /** How many blocks have been made, in the versions that number them; else 0. */
  serialNumber(reader: MemoryReader): number {
    return reader.load64(this.state + SERIAL);
  }

  malloc(ctx: number, size: Size): number {
    if (this.overflows(size)) return NULL;
    const head = this.host.callMalloc(ctx + LOWER, this.padded(size));
    if (head === NULL) return NULL;
    const serial = this.nextSerial();
    this.dress(ctx, head, size, serial);
    this.memory.fill(head + HEAD_BYTES, this.profile.cleanByte, Number(size));
    return head + HEAD_BYTES;
  }

  /** The allocator below is asked for one element, which it zeroes. */
  calloc(ctx: number, count: Size, size: Size): number {
    const requested = productOf(count, size);
    if (this.overflows(requested)) return NULL;
    const head = this.host.callCalloc(ctx + LOWER, 1, this.padded(requested));
    if (head === NULL) return NULL;
    const serial = this.nextSerial();
    this.dress(ctx, head, requested, serial);
    return head + HEAD_BYTES;
  }

  free(ctx: number, address: number): void {
    if (address === NULL) return;
    const size = this.check('_PyMem_DebugRawFree', ctx, address);
    const head = address - HEAD_BYTES;
    this.memory.fill(head, this.profile.deadByte, this.bytesOf(size));
    this.host.callFree(ctx + LOWER, head);
  }

  /**
   * The old block is erased, at its ends at least, before the allocator below may give it away: who still uses it after a
   * move reads dead bytes. A refusal puts everything back.
   */
  realloc(ctx: number, address: number, size: Size): number {
    if (address === NULL) return this.malloc(ctx, size);
    const { memory, profile } = this;
    const oldSize = this.check('_PyMem_DebugRawRealloc', ctx, address);
    if (this.overflows(size)) return NULL;
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
    const bytes = Number(size);
    this.dress(ctx, moved, size, this.nextSerial());
    restore(memory, erased, data, bytes);
    if (bytes > erased.bytes) memory.fill(data + erased.bytes, profile.cleanByte, bytes - erased.bytes);
    return data;
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

  /** The next number, where blocks are numbered. */
  private nextSerial(): number {
    if (!this.profile.hasSerial) return 0;
    const serial = this.memory.load64(this.state + SERIAL) + 1;
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
      this.refuse(func, data, found === id ? 'bad leading pad byte' : badIdMessage(found, id));
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
