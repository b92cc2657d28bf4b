/**
 * Small numbers for the pages of several address spaces: 0, 1, 2, … in the order in which they first appear.
 *
 * As `PageNumbering`, but a page is three words: the process, and both halves of its 64-bit page number. So addresses and
 * object ids of all 64 bits are kept apart, which a double cannot do above 2^53. Open addressing, linear probing:
 *
 * ```
 *   slots:  [ 0 | id + 1 | 0 | id + 1 | … ]                    0: free; capacity a power of two, at most half full
 *   keys:   [ process high low | process high low | … ]        three words an id
 * ```
 *
 * - I1: the key of id slots[h] - 1 is found from its own hash without meeting a free slot
 */
export class AddressPages {
  /** Pages seen so far: the next id. */
  count: number;
  private slots: Int32Array;
  private keys: Int32Array;
  private mask: number;

  constructor() {
    this.count = 0;
    this.slots = new Int32Array(1024);
    this.keys = new Int32Array(3 * 512);
    this.mask = 1023;
  }

  /** @param high @param low halves of the page number, as int32 or uint32 */
  idOf(process: number, high: number, low: number): number {
    const { keys, slots, mask } = this;
    const p = process | 0;
    const h = high | 0;
    const l = low | 0;
    let place = hashOf(p, h, l) & mask;
    for (;;) {
      const id = slots[place]! - 1;
      if (id < 0) return this.add(p, h, l, place);
      const key = 3 * id;
      if (keys[key + 2] === l && keys[key + 1] === h && keys[key] === p) return id;
      place = (place + 1) & mask;
    }
  }

  processOf(id: number): number {
    return this.keys[3 * id]! >>> 0;
  }

  highOf(id: number): number {
    return this.keys[3 * id + 1]! >>> 0;
  }

  lowOf(id: number): number {
    return this.keys[3 * id + 2]! >>> 0;
  }

  private add(process: number, high: number, low: number, place: number): number {
    const id = this.count++;
    this.slots[place] = id + 1;
    this.keys[3 * id] = process;
    this.keys[3 * id + 1] = high;
    this.keys[3 * id + 2] = low;
    if (3 * this.count === this.keys.length) this.grow();
    return id;
  }

  private grow(): void {
    const keys = new Int32Array(this.keys.length * 2);
    keys.set(this.keys);
    this.keys = keys;
    this.slots = new Int32Array(this.slots.length * 2);
    this.mask = this.slots.length - 1;
    for (let id = 0; id < this.count; id++) {
      let place = hashOf(keys[3 * id]!, keys[3 * id + 1]!, keys[3 * id + 2]!) & this.mask;
      while (this.slots[place] !== 0) place = (place + 1) & this.mask;
      this.slots[place] = id + 1;
    }
  }
}

/** Fibonacci hashing of the three words: neighbouring pages, the common case, spread evenly. */
function hashOf(process: number, high: number, low: number): number {
  const mixed = Math.imul(low ^ Math.imul(high, 0x85ebca6b) ^ Math.imul(process, 0xc2b2ae35), 0x9e3779b1);
  return mixed ^ (mixed >>> 15);
}
