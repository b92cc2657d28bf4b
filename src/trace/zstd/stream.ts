import { ZstdError } from './bits.ts';
import { BLOCK_BYTES_MAX, BlockDecoder, type History } from './block.ts';
import { isSkipped, MAGIC } from './mark.ts';
import { Xxh64 } from './xxh64.ts';

export { ZstdError } from './bits.ts';

/**
 * Zstandard files unpacked piece by piece (RFC 8878): Node.js below 22.15 cannot.
 *
 * ```
 *   file   = frame | frame to skip | …
 *   frame  = magic, header, block, block, …, [checksum]
 *   bytes in → `pending`, until a whole header or block is there → BlockDecoder → Window → bytes out, a block at a time
 * ```
 *
 * Unpacked bytes are asked for, not handed out: four packed bytes may be a block of 128 KiB, so what a piece of a file
 * unpacks to has no bound.
 *
 *     for (const piece of file) {
 *       stream.push(piece);
 *       for (let block = stream.next(); block !== null; block = stream.next()) …
 *     }
 *     stream.end();
 *
 * Memory: a piece of packed bytes, and the frame's window (how far back its matches reach; at most 1 GiB is accepted).
 * Dictionaries are not known.
 */
const WINDOW_BYTES_MAX = 2 ** 30;
const SKIPPED_AT_ONCE = 1 << 16;

type State =
  | 'magic'
  | 'skip length'
  | 'skip'
  | 'frame descriptor'
  | 'frame header'
  | 'block header'
  | 'block'
  | 'checksum';

export class ZstdStream {
  private pending: Uint8Array;
  /** Of `pending`, bytes start … length - 1 have not been looked at. */
  private start: number;
  private length: number;
  private state: State;
  /** Bytes that the state waits for. */
  private need: number;
  private decoder: BlockDecoder;
  private window: Window;
  private blockType: number;
  private blockSize: number;
  private lastBlock: boolean;
  private hasChecksum: boolean;
  /** Lengths of the fields of the frame header. */
  private windowBytes: number;
  private dictionaryBytes: number;
  private contentBytes: number;
  /** Bytes the frame says it holds, -1 where it does not; and those seen. */
  private content: number;
  private produced: number;
  private frames: number;
  /** Of the contents of the frame at hand. */
  private sum: Xxh64;
  /** Bytes of a frame to skip that are still to come. */
  private skipLeft: number;

  constructor() {
    this.pending = new Uint8Array(1 << 16);
    this.start = 0;
    this.length = 0;
    this.state = 'magic';
    this.need = 4;
    this.decoder = new BlockDecoder();
    this.window = new Window(0);
    this.blockType = 0;
    this.blockSize = 0;
    this.lastBlock = false;
    this.hasChecksum = false;
    this.windowBytes = 0;
    this.dictionaryBytes = 0;
    this.contentBytes = 0;
    this.content = -1;
    this.produced = 0;
    this.frames = 0;
    this.sum = new Xxh64();
    this.skipLeft = 0;
  }

  /** More packed bytes; they are copied. What is there is to be asked for first, or it gathers. */
  push(chunk: Uint8Array): void {
    const { start, length } = this;
    this.pending.copyWithin(0, start, length);
    this.start = 0;
    this.length = length - start;
    this.keep(chunk);
    // Reading bits looks a little beyond the end.
    this.pending.fill(0, this.length, this.length + 8);
  }

  /**
   * The next block unpacked, not empty; null when it needs more packed bytes.
   * @returns bytes that are gone with the next call
   * @throws ZstdError for what is damaged or not supported
   */
  next(): Uint8Array | null {
    while (this.length - this.start >= this.need) {
      const at = this.start;
      this.start += this.need;
      const bytes = this.step(at, this.start);
      if (bytes !== null && bytes.length > 0) return bytes;
    }
    return null;
  }

  /** @throws ZstdError when the last frame breaks off */
  end(): void {
    if (this.state !== 'magic' || this.length > this.start) {
      throw new ZstdError('the file ends inside a frame', 'cut short');
    }
  }

  private keep(chunk: Uint8Array): void {
    const needed = this.length + chunk.length + 8;
    if (needed > this.pending.length) {
      const longer = new Uint8Array(Math.max(needed, 2 * this.pending.length));
      longer.set(this.pending.subarray(0, this.length));
      this.pending = longer;
    }
    this.pending.set(chunk, this.length);
    this.length += chunk.length;
  }

  /** Bytes at … end - 1 are what was waited for. @returns the block, if it was one */
  private step(at: number, end: number): Uint8Array | null {
    const view = new DataView(this.pending.buffer);
    switch (this.state) {
      case 'magic':
        this.magic(view.getUint32(at, true));
        return null;
      case 'skip length':
        this.skip(view.getUint32(at, true));
        return null;
      case 'skip':
        this.skip(this.skipLeft - (end - at));
        return null;
      case 'checksum':
        if (view.getUint32(at, true) !== this.sum.low32())
          throw new ZstdError('the checksum is not that of the contents');
        this.await('magic', 4);
        return null;
      case 'frame descriptor':
        this.frameDescriptor(this.pending[at]!);
        return null;
      case 'frame header':
        this.frameHeader(at);
        return null;
      case 'block header':
        this.blockHeader(this.pending[at]! | (this.pending[at + 1]! << 8) | (this.pending[at + 2]! << 16));
        return null;
      case 'block':
        return this.block(at, end);
    }
  }

  /** So many bytes that mean nothing, not more at once than need to be kept. */
  private skip(left: number): void {
    this.skipLeft = left;
    if (left === 0) this.await('magic', 4);
    else this.await('skip', Math.min(left, SKIPPED_AT_ONCE));
  }

  private await(state: State, need: number): void {
    this.state = state;
    this.need = need;
  }

  private magic(magic: number): void {
    if (magic === MAGIC) this.await('frame descriptor', 1);
    else if (isSkipped(magic)) this.await('skip length', 4);
    else throw new ZstdError(this.frames === 0 ? 'no Zstandard file' : 'something follows the last frame');
  }

  /** The descriptor says how long the rest of the header is. */
  private frameDescriptor(descriptor: number): void {
    const contentFlag = descriptor >>> 6;
    const single = (descriptor & 32) !== 0;
    if ((descriptor & 8) !== 0) throw new ZstdError('a frame of an unknown kind', 'unsupported');
    this.windowBytes = single ? 0 : 1;
    this.dictionaryBytes = [0, 1, 2, 4][descriptor & 3]!;
    this.contentBytes = contentFlag === 0 ? (single ? 1 : 0) : 2 ** contentFlag;
    this.hasChecksum = (descriptor & 4) !== 0;
    this.await('frame header', this.windowBytes + this.dictionaryBytes + this.contentBytes);
  }

  private frameHeader(start: number): void {
    const { pending, windowBytes, dictionaryBytes, contentBytes } = this;
    const dictionary = numberAt(pending, start + windowBytes, dictionaryBytes);
    if (dictionary !== 0) throw new ZstdError('it was packed with a dictionary', 'unsupported');
    const content = numberAt(pending, start + windowBytes + dictionaryBytes, contentBytes);
    // Two bytes would say nothing new below 256.
    this.content = contentBytes === 0 ? -1 : contentBytes === 2 ? content + 256 : content;
    const exponent = 2 ** (10 + (pending[start]! >>> 3));
    const window = windowBytes === 0 ? this.content : exponent + (exponent / 8) * (pending[start]! & 7);
    if (window > WINDOW_BYTES_MAX) throw new ZstdError('its window is above 1 GiB', 'unsupported');
    this.window = new Window(window);
    this.decoder = new BlockDecoder();
    this.sum = new Xxh64();
    this.produced = 0;
    this.frames++;
    this.await('block header', 3);
  }

  private blockHeader(word: number): void {
    this.lastBlock = (word & 1) !== 0;
    this.blockType = (word >>> 1) & 3;
    this.blockSize = word >>> 3;
    if (this.blockType === 3 || this.blockSize > BLOCK_BYTES_MAX) throw new ZstdError('an impossible block');
    this.await('block', this.blockType === 1 ? 1 : this.blockSize);
  }

  private block(at: number, end: number): Uint8Array {
    const { window } = this;
    window.beginBlock();
    if (this.blockType === 0) window.append(this.pending, at, end);
    else if (this.blockType === 1) window.fill(this.pending[at]!, this.blockSize);
    else this.decoder.decode(this.pending, at, end, window);
    const bytes = window.block();
    this.produced += bytes.length;
    if (this.hasChecksum) this.sum.update(bytes);
    if (!this.lastBlock) this.await('block header', 3);
    else this.endFrame();
    return bytes;
  }

  private endFrame(): void {
    if (this.content >= 0 && this.produced !== this.content) throw new ZstdError('a frame has not the length it says');
    if (this.hasChecksum) this.await('checksum', 4);
    else this.await('magic', 4);
  }
}

/** Little-endian; 0 of no bytes. */
function numberAt(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let index = count - 1; index >= 0; index--) value = value * 256 + bytes[at + index]!;
  return value;
}

/**
 * The last bytes of a frame, so many as matches may reach back, and the block at hand behind them.
 *
 * ```
 *   | …past (at most `reach`) | block at hand |      |      before a block whose bytes might not fit, the past moves
 *                             ^blockStart     ^used         to the front
 * ```
 */
class Window implements History {
  private readonly reach: number;
  private bytes: Uint8Array;
  private used: number;
  private blockStart: number;

  constructor(reach: number) {
    this.reach = reach;
    this.bytes = new Uint8Array(Math.min(reach, BLOCK_BYTES_MAX) + 2 * BLOCK_BYTES_MAX);
    this.used = 0;
    this.blockStart = 0;
  }

  beginBlock(): void {
    if (this.used + BLOCK_BYTES_MAX > this.bytes.length) {
      const kept = Math.min(this.used, this.reach);
      const most = this.reach + 8 * BLOCK_BYTES_MAX;
      if (2 * kept > this.bytes.length && this.bytes.length < most) {
        const larger = new Uint8Array(Math.min(most, 2 * this.bytes.length + BLOCK_BYTES_MAX));
        larger.set(this.bytes.subarray(this.used - kept, this.used));
        this.bytes = larger;
      } else this.bytes.copyWithin(0, this.used - kept, this.used);
      this.used = kept;
    }
    this.blockStart = this.used;
  }

  /** The bytes since `beginBlock`. */
  block(): Uint8Array {
    return this.bytes.subarray(this.blockStart, this.used);
  }

  append(from: Uint8Array, start: number, end: number): void {
    const at = this.grow(end - start);
    if (end - start > 16) this.bytes.set(from.subarray(start, end), at);
    else for (let index = start; index < end; index++) this.bytes[at + index - start] = from[index]!;
  }

  fill(byte: number, count: number): void {
    const at = this.grow(count);
    this.bytes.fill(byte, at, at + count);
  }

  repeat(offset: number, length: number): void {
    if (offset < 1 || offset > this.used) {
      // Dictionaries need not have a number.
      throw new ZstdError('a match reaches beyond the beginning; or it was packed with a dictionary');
    }
    const at = this.grow(length);
    const { bytes } = this;
    // The source may overlap the target: then what was just written is repeated.
    if (offset >= length && length > 16) bytes.copyWithin(at, at - offset, at - offset + length);
    else for (let index = 0; index < length; index++) bytes[at + index] = bytes[at + index - offset]!;
  }

  private grow(count: number): number {
    const at = this.used;
    if (at + count - this.blockStart > BLOCK_BYTES_MAX) throw new ZstdError('a block holds more than it may');
    this.used = at + count;
    return at;
  }
}
