import { WordHash } from './word-hash.ts';

/**
 * The fingerprint of a bitmap of misses, as FORMAT.md of the recordings defines it: FNV-1a over its 32-bit words (word-hash.ts), the first
 * reference in the highest bit; a last word that is not full is right-aligned.
 *
 *     const print = new MissFingerprint();
 *     print.words(bits, references);        // any number of times; only the last time may end within a word
 *     print.hex
 */
export class MissFingerprint {
  private readonly hash = new WordHash();

  /** @param references how many bits of `bits` count */
  words(bits: Uint32Array, references: number): void {
    const whole = references >>> 5;
    this.hash.words(bits, whole);
    const rest = references & 31;
    if (rest > 0) this.hash.word(bits[whole]! >>> (32 - rest));
  }

  /** Eight digits. */
  get hex(): string {
    return this.hash.hex;
  }
}
