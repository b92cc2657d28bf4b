/** A file that has no name and is gone with the process: for what is too much to keep in memory. */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScratchBytes } from '../trace/formats/scratch.ts';

let made = 0;

/** Throws Node's errors, as when there is no room for temporary files. */
export function createScratch(): ScratchBytes {
  return new ScratchFile(join(tmpdir(), `mmulator-${process.pid}-${made++}`));
}

class ScratchFile implements ScratchBytes {
  length = 0;
  private readonly file: number;
  private isOpen = true;

  constructor(path: string) {
    this.file = openSync(path, 'wx+', 0o600);
    // Open files stay until they are closed, also when the process is killed.
    rmSync(path, { force: true });
  }

  append(bytes: Uint8Array): void {
    this.write(this.length, bytes);
    this.length += bytes.length;
  }

  read(at: number, into: Uint8Array): void {
    for (let done = 0; done < into.length; ) {
      const length = readSync(this.file, into, done, into.length - done, at + done);
      if (length === 0) throw Object.assign(new Error('EIO: a temporary file ends too soon'), { code: 'EIO' });
      done += length;
    }
  }

  write(at: number, bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length; ) {
      done += writeSync(this.file, bytes, done, bytes.length - done, at + done);
    }
  }

  discard(): void {
    if (this.isOpen) closeSync(this.file);
    this.isOpen = false;
  }
}
