/**
 * A file that is written beside its place and moved there when it is whole: whatever goes wrong on the way, nobody finds
 * half of it. What is no plain file (/dev/stdout, a pipe) has no beside and is written as it comes.
 */
import {
  closeSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { invariant } from '../mmu/invariant.ts';
import type { GrowingFile, OutputFile } from './io.ts';

const COPY_BYTES = 1 << 20;
/** As Linux follows at most. */
const LINKS_MAX = 40;
/** Folders whose files stand for streams and settings of the system, whatever `stat` says they are. */
const SYSTEM_FOLDERS = /^\/(proc|sys|dev\/fd)(\/|$)/;

/** Throws Node's errors. */
export function createFile(path: string): OutputFile {
  if (path === '' || path.endsWith('/')) throw failure('EISDIR', path);
  const place = placeOf(path);
  // What it leads to may be a plain file, but is nothing to put another in place of: it is open.
  if (place === null) return new Stream(path);
  const there = statSync(place, { throwIfNoEntry: false });
  if (there?.isDirectory() === true) throw failure('EISDIR', path);
  return there === undefined || there.isFile() ? new BesideFile(place) : new Stream(place);
}

/** Where a name leads, link by link; null when one of them lies in a folder of the system: /dev/stdout, /proc/self/fd/1. */
function placeOf(path: string): string | null {
  let place = resolve(path);
  for (let links = 0; links < LINKS_MAX; links++) {
    const folder = realpathSync(dirname(place));
    if (SYSTEM_FOLDERS.test(folder)) return null;
    place = join(folder, basename(place));
    if (lstatSync(place, { throwIfNoEntry: false })?.isSymbolicLink() !== true) return place;
    place = resolve(folder, readlinkSync(place));
  }
  throw failure('ELOOP', path);
}

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

/** The other way: a file that is worth something at any time, and grows by whole writes. */
export function growFile(path: string, bytes: number): GrowingFile {
  const file = openSync(path, 'a');
  ftruncateSync(file, bytes);
  return {
    write: (text) => writeAll(file, Buffer.from(text)),
    close: () => closeSync(file),
  };
}

/** An open file, closed once: its number may by then be that of another. */
class Descriptor {
  readonly number: number;
  private isOpen: boolean;

  constructor(path: string) {
    this.number = openSync(path, 'w');
    this.isOpen = true;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    closeSync(this.number);
  }
}

class Stream implements OutputFile {
  readonly isInOrder = true;
  private readonly file: Descriptor;

  constructor(path: string) {
    this.file = new Descriptor(path);
  }

  write(bytes: Uint8Array): void {
    writeAll(this.file.number, bytes);
  }

  finish(head: Uint8Array): void {
    invariant(head.length === 0, 'what is written in order has nothing in front');
    this.file.close();
  }

  discard(): void {
    quietly(() => this.file.close());
  }
}

/**
 * ```
 *   out.pgt.partial-PID        written first; alone, or with `-head` as a copy behind its head, it becomes out.pgt
 *   out.pgt.partial-PID-head
 * ```
 */
class BesideFile implements OutputFile {
  readonly isInOrder = false;
  private readonly path: string;
  private readonly body: string;
  private readonly whole: string;
  private readonly file: Descriptor;

  constructor(path: string) {
    this.path = path;
    this.body = `${path}.partial-${process.pid}`;
    this.whole = `${this.body}-head`;
    this.file = new Descriptor(this.body);
  }

  write(bytes: Uint8Array): void {
    writeAll(this.file.number, bytes);
  }

  finish(head: Uint8Array): void {
    try {
      this.file.close();
      if (head.length > 0) {
        copyBehind(head, this.body, this.whole);
        renameSync(this.whole, this.path);
        rmSync(this.body, { force: true });
      } else renameSync(this.body, this.path);
    } catch (error) {
      this.discard();
      throw error;
    }
  }

  /** Also when it has been discarded, or finished, already. */
  discard(): void {
    quietly(() => this.file.close());
    quietly(() => rmSync(this.body, { force: true }));
    quietly(() => rmSync(this.whole, { force: true }));
  }
}

/** What fails while something is given up must not hide why it is given up. */
function quietly(step: () => void): void {
  try {
    step();
  } catch {}
}

function copyBehind(head: Uint8Array, from: string, to: string): void {
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'w');
    try {
      writeAll(target, head);
      const piece = Buffer.allocUnsafe(COPY_BYTES);
      for (let length = readSync(source, piece); length > 0; length = readSync(source, piece)) {
        writeAll(target, piece.subarray(0, length));
      }
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}

/** A write may take fewer bytes than it was given. */
function writeAll(file: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
}
