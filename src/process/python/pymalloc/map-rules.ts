/** Rules of the arena map: it covers the live arenas, and nothing else. */
import { NULL } from '../../allocator.ts';
import { LEAF_BYTES, WHOLE_LEAF } from './arena-map.ts';
import { mapRootBytes } from './layout.ts';
import type { ArenaPicture, HeapWalk } from './walk.ts';

const WORD = 8;
const HIGH_HALF = 2 ** 32;
const NODES_MAX = 4096;
const REPORTS_MAX = 16;

export function brokenMapRules(walk: HeapWalk, arenas: readonly ArenaPicture[]): string[] {
  const { reader, layout } = walk;
  const { radix, arenaBytes } = layout.profile;
  if (radix === null) return [];
  const broken: string[] = [];
  const expected = leavesOf(arenas, arenaBytes);
  const middles = pointersAt(walk, layout.mapRoot, mapRootBytes(layout.profile));
  const middleNodes = reader.load64(layout.middleNodes);
  const bottomNodes = reader.load64(layout.bottomNodes);
  if (middles.length !== middleNodes)
    broken.push(`arena map: counted ${middleNodes} middle nodes, has ${middles.length}`);
  let bottoms = 0;
  // A table overwritten by the guest may hold thousands of pointers: no more nodes are read than were made.
  const limit = Math.min(bottomNodes, NODES_MAX);
  for (const [top, middle] of middles.slice(0, limit)) {
    for (const [index, bottom] of pointersAt(walk, middle, 2 ** radix.middleBits * WORD)) {
      bottoms++;
      if (bottoms > limit) break;
      const first = (top * 2 ** radix.middleBits + index) * 2 ** radix.bottomBits;
      const node = wordsAt(walk, bottom, 2 ** radix.bottomBits * LEAF_BYTES);
      for (let leaf = 0; leaf < node.length / 2; leaf++) {
        const key = first + leaf;
        const { high, low } = expected.get(key) ?? { high: 0, low: 0 };
        if (node[2 * leaf] !== high || node[2 * leaf + 1] !== low) {
          if (broken.length >= REPORTS_MAX) return broken;
          const found = `high ${node[2 * leaf]! | 0}, low ${node[2 * leaf + 1]! | 0}`;
          const at = `0x${(key * arenaBytes).toString(16)}`;
          broken.push(`arena map: the leaf of ${at} says ${found}, the live arenas high ${high | 0}, low ${low}`);
        }
        expected.delete(key);
      }
    }
  }
  if (bottoms !== bottomNodes) broken.push(`arena map: counted ${bottomNodes} bottom nodes, has ${bottoms}`);
  for (const key of expected.keys()) broken.push(`arena map: no leaf for 0x${(key * arenaBytes).toString(16)}`);
  return broken;
}

/** What the leaves should say, by address divided by the arena's size. */
function leavesOf(arenas: readonly ArenaPicture[], arenaBytes: number): Map<number, { high: number; low: number }> {
  const leaves = new Map<number, { high: number; low: number }>();
  const leaf = (key: number) => leaves.get(key) ?? { high: 0, low: 0 };
  for (const { address } of arenas) {
    const key = Math.floor(address / arenaBytes);
    const offset = address % arenaBytes;
    leaves.set(key, { ...leaf(key), high: offset === 0 ? WHOLE_LEAF : offset });
    if (offset !== 0) leaves.set(key + 1, { ...leaf(key + 1), low: offset });
  }
  return leaves;
}

/** The pointers of a node that are not NULL, with their indexes. */
function pointersAt(walk: HeapWalk, address: number, bytes: number): Array<[index: number, pointer: number]> {
  const words = wordsAt(walk, address, bytes);
  const pointers: Array<[number, number]> = [];
  for (let index = 0; index < words.length / 2; index++) {
    const pointer = words[2 * index + 1]! * HIGH_HALF + words[2 * index]!;
    if (pointer !== NULL) pointers.push([index, pointer]);
  }
  return pointers;
}

function wordsAt(walk: HeapWalk, address: number, bytes: number): Uint32Array {
  return new Uint32Array(walk.reader.bytes(address, bytes).buffer);
}
