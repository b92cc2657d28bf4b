/**
 * FNV-1a over words of 32 bits: what recordings of other programs are known by, as their FORMAT.md has it.
 *
 *     const hash = new WordHash();
 *     hash.words(ids, 1000);        // any number of times
 *     hash.hex
 */
export class WordHash {
  private hash = 0x811c9dc5;

  /** @param count only so many of them */
  words(words: Int32Array | Uint32Array, count: number): void {
    let { hash } = this;
    for (let at = 0; at < count; at++) hash = Math.imul(hash ^ words[at]!, 16777619);
    this.hash = hash;
  }

  word(word: number): void {
    this.hash = Math.imul(this.hash ^ word, 16777619);
  }

  /** Eight digits. */
  get hex(): string {
    return (this.hash >>> 0).toString(16).padStart(8, '0');
  }
}
