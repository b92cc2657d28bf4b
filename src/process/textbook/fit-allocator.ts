/**
 * First, next, best and worst fit: a heap of blocks, a free list, a rule. After OSTEP chapter 17 and Knuth 2.5.
 *
 * malloc rounds the request, asks the search for a block, cuts off what is not needed. free gives the block back to the
 * list, merged with its free neighbours at once, later, or never. When nothing is large enough: merge (deferred), then grow.
 */
import type { HeapRegion, Size } from '../allocator.ts';
import { NULL } from '../allocator.ts';
import type { MemoryReader, ProgramMemory } from '../program-memory.ts';
import { BlockGeometry, type BlockStore } from './block-store.ts';
import { FitSearch } from './fit-search.ts';
import { brokenFitRules, fitRegions } from './fit-walk.ts';
import { FreeList, NOWHERE } from './free-list.ts';
import { HeapSource } from './heap-source.ts';
import { InBandBlocks } from './in-band-blocks.ts';
import { type FitOptions, HEAP_BYTES_MAX, type ResolvedFit, resolveFit } from './options.ts';
import { SegmentTable } from './segment-table.ts';
import { STATE_SPLITS } from './state.ts';
import { TextbookHeap } from './textbook-heap.ts';

export class FitAllocator extends TextbookHeap {
  private readonly options: ResolvedFit;
  private readonly source: HeapSource;
  private readonly blocks: BlockStore;
  private readonly list: FreeList;
  private readonly search: FitSearch;

  constructor(memory: ProgramMemory, state: number, options: FitOptions) {
    super(memory, state);
    const resolved = resolveFit(options);
    const geometry = new BlockGeometry(resolved.header, resolved.alignment);
    this.options = resolved;
    this.source = new HeapSource(this.state, resolved);
    this.blocks =
      resolved.header === 0 ? new SegmentTable(this.state, geometry) : new InBandBlocks(this.state, geometry);
    this.list = new FreeList(this.state, this.source, this.blocks, resolved);
    this.search = new FitSearch(this.state, this.list, resolved);
  }

  malloc(size: Size): number {
    this.state.countRequest();
    if (typeof size !== 'number' || size > HEAP_BYTES_MAX) return this.state.countFailure();
    const bytes = this.blocks.geometry.blockBytes(size);
    let before = this.search.find(bytes);
    if (before === NOWHERE && this.options.coalescing === 'deferred' && this.list.coalesceAll() > 0) {
      before = this.search.find(bytes);
    }
    if (before === NOWHERE && this.grow(bytes)) before = this.search.find(bytes);
    return before === NOWHERE ? this.state.countFailure() : this.take(before, bytes);
  }

  free(address: number): void {
    if (address === NULL) return;
    this.release(this.blocks.claim(address));
  }

  usableSize(address: number): number {
    return address === NULL ? 0 : Math.max(0, this.blocks.bytesAt(address) - this.blocks.geometry.header);
  }

  regions(reader: MemoryReader): HeapRegion[] {
    return fitRegions(reader, this.source, this.list);
  }

  brokenRules(reader: MemoryReader): string[] {
    return brokenFitRules(reader, this.source, this.list, this.options.coalescing);
  }

  /** The block after `before` becomes the program's, cut when what is left makes a block. */
  private take(before: number, bytes: number): number {
    const { blocks, list, memory } = this;
    const block = list.after(memory, before);
    const left = blocks.bytes(memory, block) - bytes;
    const rest = left >= Math.max(blocks.geometry.least, this.options.splitThreshold) ? blocks.split(block, bytes) : 0;
    if (rest === 0) list.removeAfter(before);
    else {
      list.replaceAfter(before, rest);
      this.state.add(STATE_SPLITS, 1);
    }
    blocks.markUsed(block);
    return blocks.start(memory, block) + blocks.geometry.header;
  }

  private release(block: number): void {
    if (this.options.coalescing === 'immediate') this.list.insertMerged(block);
    else this.list.insert(block);
  }

  /** Fresh memory for a block of `bytes`, free. */
  private grow(bytes: number): boolean {
    const { memory, source } = this;
    const { geometry } = this.blocks;
    if (!this.blocks.prepare()) return false;
    const from = source.grow(bytes + geometry.alignment + geometry.header);
    if (from === 0) return false;
    const last = source.count(memory) - 1;
    const segment = source.start(memory, last);
    const start = from === segment ? geometry.firstBlock(segment) : geometry.blocksEnd(segment, from);
    const end = geometry.blocksEnd(segment, source.end(memory, last));
    if (end - start < geometry.least) return false;
    this.release(this.blocks.adopt(start, end - start));
    return true;
  }
}
