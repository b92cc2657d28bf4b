/**
 * Small numbers for the pages of several address spaces: 0, 1, 2, … in the order in which they first appear.
 *
 * A page is three words: the process, and both halves of its 64-bit page number. So addresses and object ids of all 64 bits
 * are kept apart, which a double cannot do above 2^53. Open addressing, linear probing:
 *
 * ```
 *   slots:  [ 0 0 | id + 1, low | 0 0 | id + 1, low | … ]      two words; id 0: free; at most half full
 *             └── 8 slots: a line of the cache, for 8 neighbouring pages ──┘
 *   keys:   [ process high low | process high low | … ]        three words an id
 * ```
 *
 * Neighbouring pages, the common case, share a line of the host's cache. As long as all pages have the same process and
 * upper half, as in most traces, the lower half in the slot decides and the keys are not looked at (`isUniform`).
 *
 * - I1: the key of an id is found from its own hash without meeting a free slot
 * - I2: isUniform: the first two words of all keys are `process` and `high`
 */
export class AddressPages {
  /** Pages seen so far: the next id. */
  count: number;
  private slots: Int32Array;
  private keys: Int32Array;
  /** Shifting a hash right by it leaves the number of a line of slots. */
  private shift: number;
  private isUniform: boolean;
  private process: number;
  private high: number;

  constructor() {
    this.count = 0;
    this.slots = new Int32Array(2 << SLOTS_SHIFT);
    this.keys = new Int32Array(3 << (SLOTS_SHIFT - 1));
    this.shift = 32 - (SLOTS_SHIFT - LINE_SHIFT);
    this.isUniform = true;
    this.process = 0;
    this.high = 0;
  }

  /** @param high @param low halves of the page number, as int32 or uint32 */
  idOf(process: number, high: number, low: number): number {
    const { slots } = this;
    const last = slots.length - 1;
    const p = process | 0;
    const h = high | 0;
    const l = low | 0;
    let slot = firstSlot(p, h, l, this.shift);
    let id = slots[slot]!;
    if (this.isUniform && h === this.high && p === this.process) {
      while (id !== 0 && slots[slot | 1] !== l) {
        slot = (slot + 2) & last;
        id = slots[slot]!;
      }
    } else {
      while (id !== 0 && !(slots[slot | 1] === l && this.hasKey(id, p, h))) {
        slot = (slot + 2) & last;
        id = slots[slot]!;
      }
    }
    return id === 0 ? this.add(p, h, l, slot) : id - 1;
  }

  /**
   * The ids of many pages, in turn: those of the addresses at positions from … to - 1 of three columns.
   * @param shift logarithm of the page size, 0 … 30; 0 where the columns hold page numbers
   * @param ids where they are put, from position `at` on
   */
  idsOf(
    processes: Uint32Array,
    highs: Uint32Array,
    lows: Uint32Array,
    from: number,
    to: number,
    shift: number,
    ids: Int32Array,
    at: number,
  ): void {
    const offset = (at - from) | 0;
    for (let place = from | 0; place < to; place = (place + 1) | 0) {
      const high = highs[place]!;
      // Shifted by 32 - shift, which for 0 JavaScript takes for 0.
      const low = (lows[place]! >>> shift) | ((high << 1) << (31 - shift));
      ids[place + offset] = this.idOf(processes[place]!, high >>> shift, low);
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

  /** @param id one more than the id */
  private hasKey(id: number, process: number, high: number): boolean {
    const { keys } = this;
    const key = 3 * id - 3;
    return keys[key + 1] === high && keys[key] === process;
  }

  private add(process: number, high: number, low: number, slot: number): number {
    const id = this.count++;
    if (id === 0) {
      this.process = process;
      this.high = high;
    } else if (process !== this.process || high !== this.high) this.isUniform = false;
    this.slots[slot] = id + 1;
    this.slots[slot + 1] = low;
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
    const slots = new Int32Array(this.slots.length * 2);
    this.slots = slots;
    this.shift--;
    const { count, shift } = this;
    const last = slots.length - 1;
    for (let id = 0; id < count; id++) {
      const low = keys[3 * id + 2]!;
      let slot = firstSlot(keys[3 * id]!, keys[3 * id + 1]!, low, shift);
      while (slots[slot] !== 0) slot = (slot + 2) & last;
      slots[slot] = id + 1;
      slots[slot + 1] = low;
    }
  }
}

/** Logarithm of the slots at first, and of those in a line. */
const SLOTS_SHIFT = 10;
const LINE_SHIFT = 3;

/**
 * Where the search begins: Fibonacci hashing of the page number without its lowest digit of eight, which says where in a
 * line. So runs of pages fill lines, and the lines of a long run spread evenly.
 */
function firstSlot(process: number, high: number, low: number, shift: number): number {
  const mixed = low ^ Math.imul(high, 0x85ebca6b) ^ Math.imul(process, 0xc2b2ae35);
  return (((Math.imul(mixed >>> LINE_SHIFT, 0x9e3779b1) >>> shift) << LINE_SHIFT) | (mixed & 7)) << 1;
}
