/**
 * Things that lie at addresses, in the order of their addresses: which one lies at, before or behind a place.
 *
 *     chunks   [ [0x10, 0x30, 0x70], [0x90], [0xb0, 0xf0] ]      at most CHUNK_MAX in each
 *
 * I1: addresses ascend within a chunk and from chunk to chunk; no two are the same. I2: no chunk is empty.
 *
 * Adding and removing moves at most one chunk's worth of entries, and now and then the list of chunks: with 50,000 things
 * that is a few hundred entries instead of 50,000.
 */
interface Placed {
  readonly address: number;
}

const CHUNK_MAX = 512;

export class AddressOrder<T extends Placed> {
  private readonly chunks: T[][] = [];
  size = 0;

  /** The thing at exactly this address. */
  at(address: number): T | null {
    const found = this.before(address);
    return found !== null && found.address === address ? found : null;
  }

  /** The thing at the address, or nearest below it. */
  before(address: number): T | null {
    const chunk = this.chunks[this.chunkOf(address)];
    return chunk?.[countUpTo(chunk, address) - 1] ?? null;
  }

  /** The thing nearest above the address. */
  after(address: number): T | null {
    const index = this.chunkOf(address);
    const chunk = this.chunks[index];
    return chunk?.[countUpTo(chunk, address)] ?? this.chunks[index + 1]?.[0] ?? null;
  }

  /** Add it; what lay at its address is gone. Returns that, or null. */
  put(thing: T): T | null {
    const index = this.chunkOf(thing.address);
    const chunk = this.chunks[index];
    if (chunk === undefined) {
      this.chunks.push([thing]);
      this.size++;
      return null;
    }
    const count = countUpTo(chunk, thing.address);
    const old = chunk[count - 1];
    if (old?.address === thing.address) {
      chunk[count - 1] = thing;
      return old;
    }
    chunk.splice(count, 0, thing);
    this.size++;
    if (chunk.length > CHUNK_MAX) this.chunks.splice(index + 1, 0, chunk.splice(CHUNK_MAX / 2));
    return null;
  }

  /** Take away what lies at exactly this address; null when nothing does. */
  remove(address: number): T | null {
    const index = this.chunkOf(address);
    const chunk = this.chunks[index];
    if (chunk === undefined) return null;
    const at = countUpTo(chunk, address) - 1;
    const thing = chunk[at];
    if (thing === undefined || thing.address !== address) return null;
    chunk.splice(at, 1);
    this.size--;
    if (chunk.length === 0) this.chunks.splice(index, 1);
    else this.joinSmall(index);
    return thing;
  }

  /** All of them, ascending. */
  list(): T[] {
    return this.chunks.flat();
  }

  /** The same things in an order of its own. */
  copy(): AddressOrder<T> {
    const copy = new AddressOrder<T>();
    for (const chunk of this.chunks) copy.chunks.push([...chunk]);
    copy.size = this.size;
    return copy;
  }

  /** Two neighbours that fill half a chunk together become one: few things never stay spread over many chunks. */
  private joinSmall(index: number): void {
    const chunk = this.chunks[index]!;
    const next = this.chunks[index + 1];
    if (next === undefined || chunk.length + next.length > CHUNK_MAX / 2) return;
    chunk.push(...next);
    this.chunks.splice(index + 1, 1);
  }

  /** Index of the last chunk that starts at or below the address; 0 when all start above it. */
  private chunkOf(address: number): number {
    let low = 0;
    let high = this.chunks.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.chunks[middle]![0]!.address <= address) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

/** How many of them lie at or below the address. */
function countUpTo(chunk: readonly Placed[], address: number): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (chunk[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  return low;
}
