/**
 * Rings of pages in one array of interleaved links: `[next, previous]` of each node beside each other.
 *
 * A node is the index of its `next`, an even number, so that `| 1` is the index of its `previous`. A ring is closed by a sentinel, a node that is no page; `next` of the sentinel is
 * the first page, its `previous` the last. An empty ring is a sentinel linked to itself.
 */

/** Take a node out of whatever ring it is in. */
export function unlink(links: Int32Array, node: number): void {
  const next = links[node]!;
  const previous = links[node | 1]!;
  links[previous] = next;
  links[next | 1] = previous;
}

/** Put a node that is in no ring first into the ring of the sentinel. */
export function pushFirst(links: Int32Array, sentinel: number, node: number): void {
  const first = links[sentinel]!;
  links[node] = first;
  links[node | 1] = sentinel;
  links[first | 1] = node;
  links[sentinel] = node;
}

/** Links with `sentinels` empty rings, whose nodes are 0, 2, 4, …; the pages' nodes come behind them. */
export function emptyRings(sentinels: number): Int32Array {
  const links = new Int32Array(2 * sentinels);
  for (let node = 0; node < links.length; node += 2) {
    links[node] = node;
    links[node + 1] = node;
  }
  return links;
}
