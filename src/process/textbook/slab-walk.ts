/** A heap of slabs from end to end, and the rules that should hold in it. */
import type { HeapBlock, HeapRegion } from '../allocator.ts';
import type { MemoryReader } from '../program-memory.ts';
import { hex, lost } from './fit-walk.ts';
import type { SlabAllocator } from './slab.ts';
import { EMPTY, FULL, PARTIAL } from './slab-caches.ts';
import { UNIT_FREE, UNIT_REST, UNIT_SLAB, UnitRuns } from './unit-runs.ts';

const LISTS = [
  [PARTIAL, 'partial'],
  [FULL, 'full'],
  [EMPTY, 'empty'],
] as const;

/** Which objects of a slab are free; broken: a sentence when its list of free objects cannot be followed. */
function freeObjects(reader: MemoryReader, heap: SlabAllocator, slab: number, cache: number) {
  const { caches } = heap;
  const free = new Set<number>();
  for (let index = caches.firstFree(reader, slab); index !== 0; ) {
    if (index > caches.perSlab(cache)) return { free, broken: `links to object ${index} of ${caches.perSlab(cache)}` };
    if (free.has(index - 1)) return { free, broken: `has object ${index} in its free list twice` };
    free.add(index - 1);
    index = reader.load32(caches.object(slab, cache, index - 1));
  }
  return { free, broken: null };
}

export function slabRegions(reader: MemoryReader, heap: SlabAllocator): HeapRegion[] {
  const { grid, source, units } = heap;
  const regions = units.bookkeeping(reader);
  for (let segment = 0; segment < source.count(reader); segment++) {
    const start = source.start(reader, segment);
    const end = source.end(reader, segment);
    const blocks: HeapBlock[] = [];
    const lastUnit = grid.endUnit(reader, segment);
    let unit = grid.firstUnit(reader, segment);
    const first = Math.min(end, grid.address(reader, unit));
    if (first > start) blocks.push(lost(start, first, 'alignment'));
    while (unit < lastUnit) {
      const kind = units.kind(reader, unit);
      if (kind === UNIT_SLAB) {
        pushSlab(reader, heap, grid.address(reader, unit++), blocks);
        continue;
      }
      const large = UnitRuns.largeUnits(kind);
      let next = unit + Math.max(1, large);
      while (large === 0 && next < lastUnit && units.kind(reader, next) === kind) next++;
      blocks.push(unitsBlock(reader, heap, unit, Math.min(next, lastUnit), kind));
      unit = next;
    }
    const stop = Math.max(first, Math.min(end, grid.address(reader, lastUnit)));
    if (stop < end) blocks.push(lost(stop, end, 'alignment'));
    regions.push({ name: source.name, start, end, blocks });
  }
  return regions.sort((left, right) => left.start - right.start);
}

function unitsBlock(reader: MemoryReader, heap: SlabAllocator, from: number, to: number, kind: number): HeapBlock {
  const start = heap.grid.address(reader, from);
  const bytes = (to - from) * heap.grid.unitBytes;
  if (kind === UNIT_REST) return lost(start, start + bytes, 'unreadable: the unit table is broken here');
  const state = kind === UNIT_FREE ? 'free' : 'used';
  return { start, bytes, state, payload: start, payloadBytes: bytes, detail: kind === UNIT_FREE ? 'no slab' : 'large' };
}

function pushSlab(reader: MemoryReader, heap: SlabAllocator, slab: number, blocks: HeapBlock[]): void {
  const { caches, grid } = heap;
  const end = slab + grid.unitBytes;
  const cache = caches.cacheOf(reader, slab);
  if (cache >= caches.count) {
    blocks.push(lost(slab, end, 'unreadable: the slab’s cache is broken'));
    return;
  }
  const bytes = caches.objectBytes(cache);
  const { free } = freeObjects(reader, heap, slab, cache);
  const detail = `cache ${bytes}`;
  const first = caches.object(slab, cache, 0);
  blocks.push({ start: slab, bytes: first - slab, state: 'header', payload: null, payloadBytes: 0, detail });
  for (let index = 0; index < caches.perSlab(cache); index++) {
    const start = caches.object(slab, cache, index);
    const state = free.has(index) ? 'free' : 'used';
    blocks.push({ start, bytes, state, payload: start, payloadBytes: bytes, detail });
  }
  const stop = caches.object(slab, cache, caches.perSlab(cache));
  if (stop < end) blocks.push(lost(stop, end, 'less than an object'));
}

export function brokenSlabRules(reader: MemoryReader, heap: SlabAllocator): string[] {
  const broken: string[] = [];
  const { caches, grid, source, units } = heap;
  const listed = listedSlabs(reader, heap, broken);
  for (let segment = 0; segment < source.count(reader); segment++) {
    const end = grid.endUnit(reader, segment);
    for (let unit = grid.firstUnit(reader, segment); unit < end; unit++) {
      const kind = units.kind(reader, unit);
      const large = UnitRuns.largeUnits(kind);
      const start = grid.address(reader, unit);
      if (kind === UNIT_REST) broken.push(`unit ${unit} is the rest of no large block`);
      for (let rest = 1; rest < large; rest++) {
        if (unit + rest < end && units.kind(reader, unit + rest) === UNIT_REST) continue;
        broken.push(`the large block at ${hex(start)} is not ${large} units long`);
        break;
      }
      if (large > 0) unit += large - 1;
      if (kind !== UNIT_SLAB) continue;
      const place = listed.get(start);
      listed.delete(start);
      if (place === undefined) {
        broken.push(`the slab at ${hex(start)} is in no list of a cache`);
        continue;
      }
      if (caches.cacheOf(reader, start) !== place.cache) {
        broken.push(`the slab at ${hex(start)} has lost its cache`);
        continue;
      }
      checkSlab(reader, heap, start, place, broken);
    }
  }
  for (const start of listed.keys()) broken.push(`a cache has ${hex(start)} in a list, which is no slab`);
  return broken;
}

interface Place {
  readonly cache: number;
  readonly list: string;
}

function checkSlab(reader: MemoryReader, heap: SlabAllocator, slab: number, place: Place, broken: string[]): void {
  const { caches } = heap;
  const { free, broken: cannotFollow } = freeObjects(reader, heap, slab, place.cache);
  if (cannotFollow !== null) {
    broken.push(`the slab at ${hex(slab)} ${cannotFollow}`);
    return;
  }
  const used = caches.perSlab(place.cache) - free.size;
  const inUse = caches.inUse(reader, slab);
  if (inUse !== used)
    broken.push(`the slab at ${hex(slab)} counts ${inUse} objects in use, its free list leaves ${used}`);
  const list = used === 0 ? 'empty' : free.size === 0 ? 'full' : 'partial';
  if (list !== place.list) broken.push(`the slab at ${hex(slab)} is ${list} and in the ${place.list} list`);
}

/** Every slab with the cache and the list that have it. */
function listedSlabs(reader: MemoryReader, heap: SlabAllocator, broken: string[]): Map<number, Place> {
  const { caches, source } = heap;
  const listed = new Map<number, Place>();
  for (let cache = 0; cache < caches.count; cache++) {
    let empty = 0;
    for (const [list, name] of LISTS) {
      let before = 0;
      for (let slab = caches.first(reader, cache, list); slab !== 0; slab = caches.next(reader, slab)) {
        if (source.segmentOf(reader, slab) < 0 || listed.has(slab)) {
          broken.push(`the ${name} list of cache ${caches.objectBytes(cache)} is broken at ${hex(slab)}`);
          break;
        }
        if (caches.previous(reader, slab) !== before) {
          broken.push(`the slab at ${hex(slab)} does not link back to the one before it`);
        }
        listed.set(slab, { cache, list: name });
        before = slab;
        if (list === EMPTY) empty++;
      }
    }
    if (empty !== caches.emptySlabs(reader, cache)) {
      broken.push(
        `cache ${caches.objectBytes(cache)} counts ${caches.emptySlabs(reader, cache)} empty slabs and has ${empty}`,
      );
    }
  }
  return listed;
}
