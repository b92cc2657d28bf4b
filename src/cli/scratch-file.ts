/** A file that has no name and is gone with the process: for what is too much to keep in memory. */
import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../mmu/input-error.ts';
import type { ScratchBytes } from '../trace/formats/scratch.ts';
import { writeProblem } from './read-input.ts';

let made = 0;

/** @throws InputError MEM-CLI-013, as all it does: a full folder of temporary files is nothing unusual */
export function createScratch(): ScratchBytes {
  return new ScratchFile(tmpdir());
}

class ScratchFile implements ScratchBytes {
  length = 0;
  private readonly folder: string;
  private readonly file: number;
  private isOpen = true;

  constructor(folder: string) {
    this.folder = folder;
    this.file = this.attempt(() => {
      const path = join(folder, `mmulator-${process.pid}-${made++}`);
      const file = openSync(path, 'wx+', 0o600);
      // Open files stay until they are closed, also when the process is killed.
      rmSync(path, { force: true });
      return file;
    });
  }

  append(bytes: Uint8Array): void {
    this.write(this.length, bytes);
    this.length += bytes.length;
  }

  read(at: number, into: Uint8Array): void {
    this.attempt(() => {
      for (let done = 0; done < into.length; ) {
        const length = readSync(this.file, into, done, into.length - done, at + done);
        if (length === 0) throw Object.assign(new Error('EIO: a temporary file ends too soon'), { code: 'EIO' });
        done += length;
      }
    });
  }

  write(at: number, bytes: Uint8Array): void {
    this.attempt(() => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.file, bytes, done, bytes.length - done, at + done);
      }
    });
  }

  discard(): void {
    if (this.isOpen) closeSync(this.file);
    this.isOpen = false;
  }

  private attempt<T>(step: () => T): T {
    try {
      return step();
    } catch (error) {
      const { code, message } = writeProblem(error, this.folder);
      throw new InputError({
        code,
        message: `${message} (a temporary file)`,
        hint: 'TMPDIR=FOLDER says where there is room for temporary files',
        file: this.folder,
      });
    }
  }
}
