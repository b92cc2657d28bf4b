/**
 * The machine's RAM: frames of bytes, little-endian, host memory committed as it is touched.
 *
 *     physical address  =  chunk * CHUNK_BYTES + offset
 *     chunks:  [ 0: views ][ 1: none yet ][ 2: views ] …      one ArrayBuffer each, made on first use
 *     blocks:  one byte per 4 KiB: has anything ever been written there?
 *
 * A chunk's ArrayBuffer comes from calloc, so the operating system commits its pages only when they are written:
 * a 64 GiB machine that touches 10 MiB costs about 10 MiB. The block marks make copies (`cloneState`) and zeroing cost
 * what was written, not what the machine has: a frame that nobody has used yet is not zeroed again.
 *
 * I1: a block whose mark is 0 holds only zero bytes.   I2: marks never go back to 0.
 */
import { invariant } from './invariant.ts';

const CHUNK_SHIFT = 28;
const CHUNK_BYTES = 2 ** CHUNK_SHIFT;
const CHUNK_MASK = CHUNK_BYTES - 1;
const PER_CHUNK = 1 / CHUNK_BYTES;
const BLOCK_SHIFT = 12;
const BLOCK_BYTES = 2 ** BLOCK_SHIFT;
const PER_BLOCK = 1 / BLOCK_BYTES;

const NO_BYTES = new Uint8Array(0);
const NO_HALVES = new Uint16Array(0);
const NO_WORDS = new Uint32Array(0);

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

export class PhysicalMemory {
  readonly bytes: number;
  readonly pageBytes: number;
  readonly frames: number;
  /** Views of each chunk; of length 0 until it is first used. The processor's hit path reads them directly. */
  readonly bytesOf: Uint8Array[];
  readonly halvesOf: Uint16Array[];
  readonly wordsOf: Uint32Array[];
  /**
   * The views of chunk 0, where all but the largest machines have everything, so that hot paths reach it without looking
   * up a chunk; of length 0 until it is first used.
   */
  nearBytes: Uint8Array = NO_BYTES;
  nearHalves: Uint16Array = NO_HALVES;
  nearWords: Uint32Array = NO_WORDS;
  /** First address past whole words that those views hold; 0 until chunk 0 is used. */
  nearEnd = 0;
  /** First address past whole frames that they hold. */
  nearFramesEnd = 0;
  private readonly written: Uint8Array;
  /** No frame lies in two blocks. */
  private readonly blocksHoldFrames: boolean;

  /** `frames` is `bytes / pageBytes`, rounded down; bytes past the last whole frame stay addressable. */
  constructor(bytes: number, pageBytes: number) {
    invariant(Number.isSafeInteger(bytes) && bytes > 0, 'physical memory has a positive whole number of bytes');
    invariant(Number.isSafeInteger(pageBytes) && pageBytes > 0, 'a page has a positive whole number of bytes');
    this.bytes = bytes;
    this.pageBytes = pageBytes;
    this.frames = Math.floor(bytes / pageBytes);
    const chunks = Math.ceil(bytes / CHUNK_BYTES);
    this.bytesOf = new Array<Uint8Array>(chunks).fill(NO_BYTES);
    this.halvesOf = new Array<Uint16Array>(chunks).fill(NO_HALVES);
    this.wordsOf = new Array<Uint32Array>(chunks).fill(NO_WORDS);
    this.written = new Uint8Array(Math.ceil(bytes / BLOCK_BYTES));
    this.blocksHoldFrames = BLOCK_BYTES % pageBytes === 0;
  }

  load8(pa: number): number {
    return this.byteView(pa)[pa & CHUNK_MASK]!;
  }

  load16(pa: number): number {
    if ((pa & 1) !== 0) return this.load8(pa) | (this.load8(pa + 1) << 8);
    this.byteView(pa + 1);
    return this.halvesOf[Math.floor(pa * PER_CHUNK)]![(pa & CHUNK_MASK) >>> 1]!;
  }

  /** Unsigned. */
  load32(pa: number): number {
    const near = pa >>> 0;
    if (near === pa && near < this.nearEnd && (near & 3) === 0) return this.nearWords[near >>> 2]!;
    if ((pa & 3) !== 0) return (this.load16(pa) | (this.load16(pa + 2) << 16)) >>> 0;
    this.byteView(pa + 3);
    return this.wordsOf[Math.floor(pa * PER_CHUNK)]![(pa & CHUNK_MASK) >>> 2]!;
  }

  store8(pa: number, value: number): void {
    this.byteView(pa)[pa & CHUNK_MASK] = value;
    this.markWritten(pa);
  }

  store16(pa: number, value: number): void {
    if ((pa & 1) !== 0) {
      this.store8(pa, value);
      this.store8(pa + 1, value >>> 8);
      return;
    }
    this.byteView(pa + 1);
    this.halvesOf[Math.floor(pa * PER_CHUNK)]![(pa & CHUNK_MASK) >>> 1] = value;
    this.markWritten(pa);
  }

  store32(pa: number, value: number): void {
    const near = pa >>> 0;
    if (near === pa && near < this.nearEnd && (near & 3) === 0) {
      this.nearWords[near >>> 2] = value;
      this.written[near >>> BLOCK_SHIFT] = 1;
      return;
    }
    if ((pa & 3) !== 0) {
      this.store16(pa, value);
      this.store16(pa + 2, value >>> 16);
      return;
    }
    this.byteView(pa + 3);
    this.wordsOf[Math.floor(pa * PER_CHUNK)]![(pa & CHUNK_MASK) >>> 2] = value;
    this.markWritten(pa);
  }

  /** Two words at a multiple of 8. */
  storePair(pa: number, low: number, high: number): void {
    const near = pa >>> 0;
    if (near === pa && near < this.nearEnd - 4 && (near & 7) === 0) {
      this.nearWords[near >>> 2] = low;
      this.nearWords[(near >>> 2) + 1] = high;
      this.written[near >>> BLOCK_SHIFT] = 1;
      return;
    }
    this.store32(pa, low);
    this.store32(pa + 4, high);
  }

  /** A copy of `length` bytes. */
  readBytes(pa: number, length: number): Uint8Array {
    const result = new Uint8Array(length);
    this.readInto(pa, length, result, 0);
    return result;
  }

  writeBytes(pa: number, bytes: Uint8Array): void {
    this.writeFrom(pa, bytes.length, bytes, 0);
  }

  zeroFrame(pfn: number): void {
    this.fillFrame(pfn, 0);
  }

  fillFrame(pfn: number, byte: number): void {
    let pa = this.frameAddress(pfn);
    const end = pa + this.pageBytes;
    // The common case first: a frame of one block that is in use already.
    if (end <= this.nearEnd && this.pageBytes === BLOCK_BYTES && this.written[pa >>> BLOCK_SHIFT] === 1) {
      this.nearBytes.fill(byte, pa, end);
      return;
    }
    while (pa < end) {
      const stop = Math.min(end, blockEnd(pa));
      if (byte !== 0 || this.everWritten(pa)) {
        this.byteView(pa).fill(byte, pa & CHUNK_MASK, (pa & CHUNK_MASK) + (stop - pa));
        this.markWritten(pa);
      }
      pa = stop;
    }
  }

  copyFrame(from: number, to: number): void {
    const source = this.frameAddress(from);
    const target = this.frameAddress(to);
    const chunk = Math.floor(source * PER_CHUNK);
    const last = chunk * CHUNK_BYTES + CHUNK_MASK;
    const sameChunk = chunk === Math.floor(target * PER_CHUNK);
    if (sameChunk && Math.max(source, target) + this.pageBytes - 1 <= last) {
      const start = source & CHUNK_MASK;
      this.byteView(source).copyWithin(target & CHUNK_MASK, start, start + this.pageBytes);
      this.markRange(target, this.pageBytes);
    } else {
      this.writeBytes(target, this.readBytes(source, this.pageBytes));
    }
  }

  readFrameInto(pfn: number, target: Uint8Array, targetOffset: number): void {
    this.readInto(this.frameAddress(pfn), this.pageBytes, target, targetOffset);
  }

  writeFrameFrom(pfn: number, source: Uint8Array, sourceOffset: number): void {
    this.writeFrom(this.frameAddress(pfn), this.pageBytes, source, sourceOffset);
  }

  /** FNV-1a, 32 bits, of the frame's bytes. */
  hashFrame(pfn: number): number {
    let pa = this.frameAddress(pfn);
    const end = pa + this.pageBytes;
    let hash = FNV_OFFSET;
    while (pa < end) {
      const stop = Math.min(end, blockEnd(pa));
      if (this.everWritten(pa)) {
        const view = this.byteView(pa);
        const from = pa & CHUNK_MASK;
        const to = from + (stop - pa);
        for (let i = from; i < to; i++) hash = Math.imul(hash ^ view[i]!, FNV_PRIME);
      } else {
        // A zero byte leaves only the multiplication.
        for (let i = stop - pa; i > 0; i--) hash = Math.imul(hash, FNV_PRIME);
      }
      pa = stop;
    }
    return hash >>> 0;
  }

  /** An independent copy, for snapshots. Costs what was ever written; chunks that exist also exist in the copy. */
  cloneState(): PhysicalMemory {
    const copy = new PhysicalMemory(this.bytes, this.pageBytes);
    // Those never written too: a processor's soft TLB may point into them.
    for (const [chunk, view] of this.bytesOf.entries()) if (view.length > 0) copy.byteView(chunk * CHUNK_BYTES);
    for (let block = this.written.indexOf(1); block !== -1; block = this.written.indexOf(1, block)) {
      const pa = block * BLOCK_BYTES;
      const start = pa & CHUNK_MASK;
      const view = this.byteView(pa);
      // Blocks in a row at once, within the chunk.
      const unwritten = this.written.indexOf(0, block);
      const last = unwritten === -1 ? this.written.length : unwritten;
      const stop = Math.min(start + (last - block) * BLOCK_BYTES, view.length);
      copy.byteView(pa).set(view.subarray(start, stop), start);
      const next = block + Math.ceil((stop - start) / BLOCK_BYTES);
      copy.written.fill(1, block, next);
      block = next;
    }
    return copy;
  }

  /** Chunk number of an address whose chunk is then sure to have views. */
  chunkOf(pa: number): number {
    if (pa >= 0 && pa < this.nearEnd) return 0;
    this.byteView(pa);
    return Math.floor(pa * PER_CHUNK);
  }

  /** Offset of an address in its chunk. */
  offsetInChunk(pa: number): number {
    return pa & CHUNK_MASK;
  }

  addressIn(chunk: number, offset: number): number {
    return chunk * CHUNK_BYTES + offset;
  }

  /** Tell that the bytes of this frame may be written through the views from now on. */
  markFrameWritten(pfn: number): void {
    const start = pfn * this.pageBytes;
    if (this.blocksHoldFrames && start < this.nearEnd) this.written[start >>> BLOCK_SHIFT] = 1;
    else this.markRange(start, this.pageBytes);
  }

  private frameAddress(pfn: number): number {
    invariant(pfn >= 0 && pfn < this.frames, 'frame number within physical memory');
    return pfn * this.pageBytes;
  }

  private byteView(pa: number): Uint8Array {
    invariant(pa >= 0 && pa < this.bytes, 'physical address within memory');
    const view = this.bytesOf[Math.floor(pa * PER_CHUNK)]!;
    return view.length !== 0 ? view : this.makeChunk(Math.floor(pa * PER_CHUNK));
  }

  private makeChunk(chunk: number): Uint8Array {
    // Rounded up so that the last bytes of a machine of odd size can be read as words too.
    const bytes = Math.ceil(Math.min(CHUNK_BYTES, this.bytes - chunk * CHUNK_BYTES) / 8) * 8;
    const buffer = new ArrayBuffer(bytes);
    const view = new Uint8Array(buffer);
    this.bytesOf[chunk] = view;
    this.halvesOf[chunk] = new Uint16Array(buffer);
    this.wordsOf[chunk] = new Uint32Array(buffer);
    if (chunk === 0) {
      this.nearBytes = view;
      this.nearHalves = this.halvesOf[0]!;
      this.nearWords = this.wordsOf[0]!;
      this.nearEnd = Math.min(CHUNK_BYTES, this.bytes - (this.bytes % 4));
      this.nearFramesEnd = this.nearEnd - (this.nearEnd % this.pageBytes);
    }
    return view;
  }

  private everWritten(pa: number): boolean {
    return this.written[Math.floor(pa * PER_BLOCK)] === 1;
  }

  private markWritten(pa: number): void {
    this.written[Math.floor(pa * PER_BLOCK)] = 1;
  }

  private markRange(pa: number, length: number): void {
    const last = Math.floor((pa + length - 1) * PER_BLOCK);
    for (let block = Math.floor(pa * PER_BLOCK); block <= last; block++) this.written[block] = 1;
  }

  private readInto(pa: number, length: number, target: Uint8Array, targetOffset: number): void {
    const end = pa + length;
    let at = targetOffset;
    let from = pa;
    while (from < end) {
      const stop = Math.min(end, blockEnd(from));
      const count = stop - from;
      if (this.everWritten(from)) {
        const start = from & CHUNK_MASK;
        target.set(this.byteView(from).subarray(start, start + count), at);
      } else {
        invariant(stop <= this.bytes, 'read within memory');
        target.fill(0, at, at + count);
      }
      at += count;
      from = stop;
    }
  }

  private writeFrom(pa: number, length: number, source: Uint8Array, sourceOffset: number): void {
    const end = pa + length;
    invariant(pa >= 0 && end <= this.bytes, 'write within memory');
    let at = sourceOffset;
    let from = pa;
    while (from < end) {
      const stop = Math.min(end, blockEnd(from));
      const count = stop - from;
      this.byteView(from).set(source.subarray(at, at + count), from & CHUNK_MASK);
      this.markWritten(from);
      at += count;
      from = stop;
    }
  }
}

/** Address just past the block that holds `pa`. Blocks divide chunks, so a block never straddles two. */
function blockEnd(pa: number): number {
  return (Math.floor(pa * PER_BLOCK) + 1) * BLOCK_BYTES;
}
