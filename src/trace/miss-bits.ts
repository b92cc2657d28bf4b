/**
 * The fingerprint of a bitmap of misses, as FORMAT.md of the recordings defines it: FNV-1a over its 32-bit words, the first
 * reference in the highest bit; a last word that is not full is right-aligned.
 *
 *     const print = new MissFingerprint();
 *     print.words(bits, references);        // any number of times; only the last time may end within a word
 *     print.hex
 */
export class MissFingerprint {
  private hash: number;

  constructor() {
    this.hash = 0x811c9dc5;
  }

  /** @param references how many bits of `bits` count */
  words(bits: Uint32Array, references: number): void {
    const whole = references >>> 5;
    let hash = this.hash;
    for (let word = 0; word < whole; word++) hash = Math.imul(hash ^ bits[word]!, 16777619);
    const rest = references & 31;
    if (rest > 0) hash = Math.imul(hash ^ (bits[whole]! >>> (32 - rest)), 16777619);
    this.hash = hash;
  }

  /** Eight digits. */
  get hex(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }
}
