/**
 * A file that is written beside its place and moved there when it is whole: whatever goes wrong on the way, nobody finds
 * half of it. What is no plain file (/dev/stdout, a pipe) has no beside and is written as it comes.
 */
import { closeSync, ftruncateSync, openSync, readSync, renameSync, rmSync, statSync, writeSync } from 'node:fs';
import type { GrowingFile, OutputFile } from './io.ts';

const COPY_BYTES = 1 << 20;

export function createFile(path: string): OutputFile {
  const there = statSync(path, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) throw Object.assign(new Error(`EISDIR: ${path}`), { code: 'EISDIR' });
  // /dev/stdout is whatever standard output goes to: a plain file, maybe, but nothing to put another in place of.
  const isPlain = !isDevice(path) && (there === undefined || there.isFile());
  const body = isPlain ? `${path}.partial-${process.pid}` : path;
  return new BesideFile(path, body, isPlain);
}

/** Is it a place of the system, where names stand for streams? */
export const isDevice = (path: string): boolean => path.startsWith('/dev/') || path.startsWith('/proc/');

/** The other way: a file that is worth something at any time, and grows by whole writes. */
export function growFile(path: string, bytes: number): GrowingFile {
  const file = openSync(path, 'a');
  ftruncateSync(file, bytes);
  return {
    write: (text) => writeAll(file, Buffer.from(text)),
    close: () => closeSync(file),
  };
}

class BesideFile implements OutputFile {
  private readonly path: string;
  private readonly body: string;
  private readonly isPlain: boolean;
  private readonly file: number;

  constructor(path: string, body: string, isPlain: boolean) {
    this.path = path;
    this.body = body;
    this.isPlain = isPlain;
    this.file = openSync(body, 'w');
  }

  write(bytes: Uint8Array): void {
    writeAll(this.file, bytes);
  }

  finish(head: Uint8Array): void {
    closeSync(this.file);
    if (!this.isPlain) return;
    if (head.length === 0) {
      renameSync(this.body, this.path);
      return;
    }
    const whole = `${this.body}-head`;
    try {
      copyBehind(head, this.body, whole);
      renameSync(whole, this.path);
    } finally {
      rmSync(whole, { force: true });
      rmSync(this.body, { force: true });
    }
  }

  discard(): void {
    closeSync(this.file);
    if (this.isPlain) rmSync(this.body, { force: true });
  }
}

function copyBehind(head: Uint8Array, from: string, to: string): void {
  const source = openSync(from, 'r');
  const target = openSync(to, 'w');
  try {
    writeAll(target, head);
    const piece = Buffer.allocUnsafe(COPY_BYTES);
    for (let length = readSync(source, piece); length > 0; length = readSync(source, piece)) {
      writeAll(target, piece.subarray(0, length));
    }
  } finally {
    closeSync(source);
    closeSync(target);
  }
}

/** A write may take fewer bytes than it was given. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
