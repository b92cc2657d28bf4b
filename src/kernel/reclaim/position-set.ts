/**
 * A set of positions 0 … length - 1 that answers "which is the last?" and "which is the first from here on?".
 *
 * Bits in words, and above them one bit per word that is not zero, and so on up to a single word:
 *
 * ```
 *   level 1                 1            0            1         bit w: word w of level 0 has a bit set
 *   level 0   …0010 0000 0001    …0000 0000    1000 0000…       bit p: position p is in the set
 * ```
 *
 * - I1: a bit of level n + 1 is set exactly when its word of level n is not zero
 *
 * Every operation looks at one word a level, `from` at two: at most seven levels for 2^31 positions.
 */
export class PositionSet {
  private readonly levels: Int32Array[];

  constructor(length: number) {
    this.levels = [];
    let bits = Math.max(1, length);
    do {
      bits = Math.ceil(bits / 32);
      this.levels.push(new Int32Array(bits));
    } while (bits > 1);
  }

  add(position: number): void {
    let index = position;
    for (const level of this.levels) {
      const word = index >>> 5;
      const before = level[word]!;
      level[word] = before | (1 << (index & 31));
      if (before !== 0) return;
      index = word;
    }
  }

  delete(position: number): void {
    let index = position;
    for (const level of this.levels) {
      const word = index >>> 5;
      const after = level[word]! & ~(1 << (index & 31));
      level[word] = after;
      if (after !== 0) return;
      index = word;
    }
  }

  has(position: number): boolean {
    return ((this.levels[0]![position >>> 5]! >>> (position & 31)) & 1) === 1;
  }

  /** The last position in the set, -1 when it is empty. */
  last(): number {
    let index = 0;
    for (let level = this.levels.length - 1; level >= 0; level--) {
      const word = this.levels[level]![index]!;
      if (word === 0) return -1;
      index = index * 32 + 31 - Math.clz32(word);
    }
    return index;
  }

  /** The first position in the set that is not before this one, -1 when there is none. */
  from(position: number): number {
    const { levels } = this;
    let index = position;
    for (let level = 0; level < levels.length; level++) {
      const words = levels[level]!;
      const word = index >>> 5;
      if (word >= words.length) return -1;
      const rest = words[word]! & (-1 << (index & 31));
      if (rest !== 0) {
        index = (word << 5) + firstBit(rest);
        for (let below = level - 1; below >= 0; below--) index = (index << 5) + firstBit(levels[below]![index]!);
        return index;
      }
      index = word + 1;
    }
    return -1;
  }

  /** How many positions it holds. Looks at every word. */
  count(): number {
    let positions = 0;
    for (const word of this.levels[0]!) for (let rest = word; rest !== 0; rest &= rest - 1) positions++;
    return positions;
  }
}

/** Of a word that is not 0. */
const firstBit = (word: number): number => 31 - Math.clz32(word & -word);
