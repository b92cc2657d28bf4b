/**
 * Bytes that are put down in their order, and then read and written over anywhere: what a writer cannot keep in memory and
 * cannot write yet. A file where there are files, else memory.
 */
export interface ScratchBytes {
  readonly length: number;
  append(bytes: Uint8Array): void;
  /** Fill `into` with the bytes from `at` on; all of them have been appended. */
  read(at: number, into: Uint8Array): void;
  /** Over bytes that have been appended. */
  write(at: number, bytes: Uint8Array): void;
  /** They are not needed any more. */
  discard(): void;
}

/** In memory, for whoever has no files. */
export class MemoryScratch implements ScratchBytes {
  length = 0;
  private bytes = new Uint8Array(1 << 16);

  append(bytes: Uint8Array): void {
    const end = this.length + bytes.length;
    if (end > this.bytes.length) {
      const larger = new Uint8Array(Math.max(end, 2 * this.bytes.length));
      larger.set(this.bytes.subarray(0, this.length));
      this.bytes = larger;
    }
    this.bytes.set(bytes, this.length);
    this.length = end;
  }

  read(at: number, into: Uint8Array): void {
    into.set(this.bytes.subarray(at, at + into.length));
  }

  write(at: number, bytes: Uint8Array): void {
    this.bytes.set(bytes, at);
  }

  discard(): void {
    this.bytes = new Uint8Array(0);
    this.length = 0;
  }
}
