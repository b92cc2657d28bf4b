/**
 * Segregated fits (CSAPP 9.9.14; Wilson et al. 1995): a free list for each class of sizes, blocks with boundary tags.
 *
 *     class of   ≤ 32   ≤ 64   ≤ 128   ...   larger           a freed block goes to the front of its class
 *     head        |      |       |             |
 *                 v      v       v             v
 *               block  block   NULL          block
 *
 * A request looks through its own class for the first block that is large enough, then takes the first of a higher class; what
 * is left over goes to the class of its size. Free neighbours merge at once, when a request would fail, or never.
 * Invariants: a free block is in the list of its class; both its sizes agree; the block behind it knows that it is free.
 */
import { type HeapRegion, NULL, type Size } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { stopInCircle } from './assertion.ts';
import { BoundaryTags, PREVIOUS_USED, USED } from './boundary-tags.ts';
import { HeapSource } from './heap-source.ts';
import { HEAP_BYTES_MAX, type ResolvedSegregated, resolveSegregated, type SegregatedOptions } from './options.ts';
import { brokenSegregatedRules, segregatedRegions } from './segregated-walk.ts';
import { STATE_COALESCES, STATE_POLICY, STATE_SPLITS, WORD_BYTES } from './state.ts';
import { TextbookHeap } from './textbook-heap.ts';

const STEPS_UNCHECKED = 0x3ff;

export class SegregatedAllocator extends TextbookHeap {
  readonly options: ResolvedSegregated;
  readonly source: HeapSource;
  readonly tags: BoundaryTags;

  constructor(memory: ProgramMemory, state: number, options: SegregatedOptions) {
    super(memory, state);
    this.options = resolveSegregated(options);
    this.source = new HeapSource(this.state, this.options);
    this.tags = new BoundaryTags(this.state, this.options.header, this.options.alignment);
  }

  malloc(size: Size): number {
    this.state.countRequest();
    if (typeof size !== 'number' || size > HEAP_BYTES_MAX) return this.state.countFailure();
    const bytes = this.tags.blockBytes(size);
    let block = this.find(bytes);
    if (block === 0 && this.options.coalescing === 'deferred' && this.coalesceAll() > 0) block = this.find(bytes);
    if (block === 0 && this.grow(bytes)) block = this.find(bytes);
    return block === 0 ? this.state.countFailure() : this.take(block, bytes);
  }

  free(address: number): void {
    if (address === NULL) return;
    const block = this.tags.claim(address);
    this.release(block, this.tags.size(this.memory, block));
  }

  usableSize(address: number): number {
    if (address === NULL) return 0;
    return Math.max(0, this.tags.size(this.memory, Math.max(0, address - this.tags.header)) - this.tags.header);
  }

  regions(reader: MemoryReader): HeapRegion[] {
    return segregatedRegions(reader, this);
  }

  brokenRules(reader: MemoryReader): string[] {
    return brokenSegregatedRules(reader, this);
  }

  get classes(): number {
    return this.options.classes.length + 1;
  }

  /** The class whose blocks have `bytes` bytes; the last holds all that is larger. */
  classOf(bytes: number): number {
    const { classes } = this.options;
    let index = 0;
    while (index < classes.length && bytes > classes[index]!) index++;
    return index;
  }

  first(reader: MemoryReader, index: number): number {
    return this.state.get(reader, STATE_POLICY + index * WORD_BYTES);
  }

  /** The block to take, still in its list; 0: none. An empty class costs no element. */
  private find(bytes: number): number {
    const { memory, tags } = this;
    let searched = 0;
    let found = 0;
    for (let index = this.classOf(bytes); index < this.classes && found === 0; index++) {
      for (let block = this.first(memory, index); block !== 0; block = tags.next(memory, block)) {
        if ((++searched & STEPS_UNCHECKED) === STEPS_UNCHECKED && searched > this.source.bytes(memory) / tags.least) {
          stopInCircle(memory);
        }
        if (tags.size(memory, block) < bytes) continue;
        found = block;
        break;
      }
    }
    this.state.countSearched(searched);
    return found;
  }

  private take(block: number, bytes: number): number {
    const { memory, tags } = this;
    const whole = tags.size(memory, block);
    this.unlink(block, whole);
    const left = whole - bytes;
    if (left < Math.max(tags.least, this.options.splitThreshold)) tags.writeUsed(block, whole);
    else {
      // The rest first: the used block then tells it that it has a used one before it.
      tags.writeFree(block + bytes, left, PREVIOUS_USED);
      this.link(block + bytes, left);
      tags.writeUsed(block, bytes);
      this.state.add(STATE_SPLITS, 1);
    }
    return block + tags.header;
  }

  /** `size` bytes from `block` on become free. */
  private release(block: number, size: number): void {
    const { memory, tags } = this;
    let start = block;
    let bytes = size;
    if (this.options.coalescing === 'immediate') {
      const behind = block + size;
      if (!tags.isUsed(memory, behind)) bytes += this.merge(behind, tags.size(memory, behind));
      if (!tags.isPreviousUsed(memory, block)) {
        const before = tags.previousSize(memory, block);
        start -= before;
        bytes += this.merge(start, before);
      }
    }
    tags.writeFree(start, bytes, tags.flags(memory, start));
    this.link(start, bytes);
  }

  /** A free block leaves its list to be part of another: its bytes. */
  private merge(block: number, bytes: number): number {
    this.unlink(block, bytes);
    this.state.add(STATE_COALESCES, 1);
    return bytes;
  }

  /** Every run of free blocks becomes one. How many merged. */
  private coalesceAll(): number {
    const { memory, source, tags } = this;
    let merged = 0;
    for (let index = source.count(memory) - 1; index >= 0; index--) {
      const start = source.start(memory, index);
      const fence = tags.fence(start, source.end(memory, index));
      let block = tags.firstBlock(start);
      while (block < fence) {
        let size = tags.size(memory, block);
        // Overwritten: the real loop would not come past it.
        if (size === 0) stopInCircle(memory);
        if (!tags.isUsed(memory, block)) {
          const alone = size;
          for (let behind = block + size; behind < fence && !tags.isUsed(memory, behind); behind = block + size) {
            const more = tags.size(memory, behind);
            if (more === 0) stopInCircle(memory);
            if (size === alone) this.unlink(block, size);
            size += this.merge(behind, more);
            merged++;
          }
          if (size > alone) {
            tags.writeFree(block, size, tags.flags(memory, block));
            this.link(block, size);
          }
        }
        block += size;
      }
    }
    return merged;
  }

  private link(block: number, bytes: number): void {
    const word = STATE_POLICY + this.classOf(bytes) * WORD_BYTES;
    const next = this.state.get(this.memory, word);
    this.tags.setNext(block, next);
    this.tags.setPrevious(block, 0);
    if (next !== 0) this.tags.setPrevious(next, block);
    this.state.set(word, block);
  }

  private unlink(block: number, bytes: number): void {
    const next = this.tags.next(this.memory, block);
    const previous = this.tags.previous(this.memory, block);
    if (previous === 0) this.state.set(STATE_POLICY + this.classOf(bytes) * WORD_BYTES, next);
    else this.tags.setNext(previous, next);
    if (next !== 0) this.tags.setPrevious(next, previous);
  }

  /** Fresh memory, where the fence was or in a new segment, becomes a free block before a new fence. */
  private grow(bytes: number): boolean {
    const { memory, source, tags } = this;
    const from = source.grow(bytes + 2 * tags.alignment + 2 * tags.header);
    if (from === 0) return false;
    const last = source.count(memory) - 1;
    const segment = source.start(memory, last);
    const fence = tags.fence(segment, source.end(memory, last));
    const isNew = from === segment;
    const start = isNew ? tags.firstBlock(segment) : tags.fence(segment, from);
    // Not even a block and its fence.
    if (fence - start < tags.least) return false;
    tags.writeFence(fence, USED);
    if (isNew) tags.writeFence(start, PREVIOUS_USED);
    this.release(start, fence - start);
    return true;
  }
}
