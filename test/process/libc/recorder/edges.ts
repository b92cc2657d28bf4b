/** Programs about the exact places where a rule of the library begins to hold: sizes on both sides of each. */
import { Script, type Sequence } from './script.ts';

/** Bytes of chunks at which a large bin begins, or might: every multiple of its width. */
const BIN_EDGES = [
  ...multiples(64, 1024, 3648),
  ...multiples(512, 3584, 11_776),
  ...multiples(4096, 8192, 53_248),
  ...multiples(32_768, 32_768, 229_376),
  ...multiples(262_144, 262_144, 1_048_576),
];
const HEAP_BYTES = 0x21000;
const TCACHE_CHUNK = 0x290;
const M_MMAP_THRESHOLD = -3;

function multiples(of: number, from: number, to: number): number[] {
  const found: number[] = [];
  for (let value = Math.ceil(from / of) * of; value <= to; value += of) found.push(value);
  return found;
}

/**
 * Of three equal chunks, a request in their own bin gets the second, one from a bin below gets the last: which bin a size
 * is in shows.
 */
function binEdge(script: Script, edge: number): void {
  script.emit('mallopt', M_MMAP_THRESHOLD, 10_000_000);
  const equal: number[] = [];
  for (let index = 0; index < 3; index++) {
    equal.push(script.malloc(edge - 8));
    script.malloc(24);
  }
  for (const slot of equal) script.free(slot);
  script.emit('malloc', 900, 2 * edge);
  for (const request of [edge - 24, edge - 40, edge - 8]) script.malloc(request);
  script.freeAll();
}

/** What is left of top decides; `left` bytes of it when a block of `taken` bytes is asked for. */
function topEdge(script: Script, how: 'malloc' | 'realloc', left: number): void {
  script.emit('mallopt', M_MMAP_THRESHOLD, 1_000_000);
  const slot = script.malloc(24);
  const request = HEAP_BYTES - TCACHE_CHUNK - left - 8;
  if (how === 'realloc') script.realloc(slot, request);
  else script.malloc(request - 32);
  script.look();
  script.malloc(24);
  script.malloc(5000);
}

function trimEdges(script: Script): void {
  script.malloc(24);
  const top = HEAP_BYTES - TCACHE_CHUNK - 32;
  for (const pages of [1, 3, 4]) {
    for (const off of [1, 0, -1]) {
      script.emit('trim', top - 32 - pages * 4096 + off);
      script.look();
    }
  }
  script.freeAll();
  // Freeing trims when top reaches the threshold, at 128 KiB.
  for (const size of [131_072 - 64, 131_072 - 48, 131_072 - 32, 131_072 - 16]) {
    script.emit('mallopt', M_MMAP_THRESHOLD, 1_000_000);
    const slot = script.malloc(size);
    script.malloc(24);
    script.free(slot);
    script.look();
    script.freeAll();
    script.look();
  }
}

/** The longest request that the tcache, the fastbins, the small bins, the heap rather than a mapping, serve. */
function sizeEdges(script: Script): void {
  for (const edge of [24, 120, 1000, 1016, 1032, 65_504, 131_048, 131_064]) {
    for (const size of [edge - 16, edge, edge + 1, edge + 16]) {
      const slots = script.mallocs(9, size);
      script.look();
      for (const slot of slots) script.free(slot);
      script.look();
    }
    script.malloc(2000);
  }
}

/** Something is mapped behind the break, so that the heap goes on in mappings. */
function wall(script: Script): void {
  script.malloc(100);
  script.emit('wall', script.pick([1, 3, 20, 100]));
  const most = script.pick([3000, 30_000, 120_000]);
  for (let step = 0; step < 90; step++) {
    const choice = script.between(0, 19);
    if (script.live.size === 0 || (choice < 9 && script.live.size < 40)) script.malloc(script.sizeBetween(10, most));
    else if (choice < 10) script.calloc(1, script.sizeBetween(10, most));
    else if (choice < 13) script.realloc(script.pickLive(), script.sizeBetween(10, most));
    else if (choice < 14) script.emit('info');
    else script.free(script.pickLive());
  }
  script.emit('trim', 0);
  script.freeAll();
  script.look();
  script.malloc(50_000);
}

type Edge = readonly [name: string, write: (script: Script) => void];

/** Families `edges` and `wall`; of the latter, other programs with another `seed`. */
export function edgeSequences(seed: number): Map<string, Sequence[]> {
  const edges: Edge[] = [];
  for (const edge of new Set(BIN_EDGES)) edges.push([`bin-${edge}`, (script) => binEdge(script, edge)]);
  for (const left of [0, 16, 32, 48]) {
    edges.push([`top-malloc-${left}`, (script) => topEdge(script, 'malloc', left)]);
    edges.push([`top-realloc-${left}`, (script) => topEdge(script, 'realloc', left)]);
  }
  edges.push(['trim', trimEdges], ['sizes', sizeEdges]);
  const walls = Array.from({ length: 10 }, (_, index): Edge => [`${index}`, wall]);
  return new Map([
    ['edges', written('edges', edges, 700_000)],
    ['wall', written('wall', walls, seed * 1_000_003 + 800_000)],
  ]);
}

function written(family: string, edges: readonly Edge[], seed: number): Sequence[] {
  return edges.map(([name, write], index) => {
    const script = new Script(seed + index);
    write(script);
    return script.sequence(`${family}-${name}`);
  });
}
