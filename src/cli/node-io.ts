/** The real world: Node's streams, file system, environment and signals. Nothing else in the project touches them. */
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, readSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { EXIT } from './exit-codes.ts';
import type { CliIo, FolderEntry, OutputStream } from './io.ts';
import { createFile, growFile } from './output-file.ts';
import { runProgram } from './run-program.ts';
import { createScratch } from './scratch-file.ts';
import { startWorkers } from './sweep/worker-pool.ts';

/** In the built package; sources are not run as they are. */
const SWEEP_WORKER = new URL('./sweep-worker.js', import.meta.url).href;

export function nodeIo(): CliIo {
  let interrupted = false;
  // Once: a second Ctrl-C kills at once, for whoever cannot wait for the step at hand.
  process.once('SIGINT', () => {
    interrupted = true;
  });
  return {
    stdout: outputStream(process.stdout, outputLost),
    // There is nowhere left to say that standard error is broken.
    stderr: outputStream(process.stderr, () => undefined),
    env: process.env,
    readBytes: (path) => readFileSync(path),
    writeFile: (path, text) => writeFileSync(path, text),
    kindOf,
    listFolder,
    importModule: (path) => import(pathToFileURL(resolve(path)).href),
    readChunks,
    stdinChunks: () => process.stdin as AsyncIterable<Buffer>,
    sizeOf,
    createFile,
    createScratch,
    growFile,
    makeFolder: (path) => mkdirSync(path, { recursive: true }),
    runProgram,
    readStdin,
    startWorkers: (count) => startWorkers(SWEEP_WORKER, count),
    cores: availableParallelism,
    every: (milliseconds, look) => {
      const timer = setInterval(look, milliseconds);
      return () => clearInterval(timer);
    },
    now: () => performance.now(),
    pause: () => new Promise((resolve) => setImmediate(resolve)),
    interrupted: () => interrupted,
  };
}

/** A full disk, a broken device: what was to be said is lost, whatever the scenarios came to. */
function outputLost(error: NodeJS.ErrnoException): void {
  const reason = error.code === 'ENOSPC' ? 'no space left on the device' : (error.code ?? error.message);
  process.stderr.write(`mmulator: cannot write to standard output: ${reason}\n`);
  process.exit(EXIT.badInput);
}

function outputStream(stream: NodeJS.WriteStream, onFailure: (error: NodeJS.ErrnoException) => void): OutputStream {
  let closed = false;
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (closed) return;
    closed = true;
    // `mmulator run … | head` closes the pipe early; that is the reader's right, not a crash.
    if (error.code !== 'EPIPE') onFailure(error);
  });
  return {
    write: (data) => {
      if (!closed) stream.write(data);
    },
    get isTTY() {
      return stream.isTTY === true;
    },
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    get closed() {
      return closed;
    },
  };
}

function kindOf(path: string): FolderEntry['kind'] | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return null;
  return stats.isDirectory() ? 'folder' : stats.isFile() ? 'file' : 'other';
}

function listFolder(path: string): FolderEntry[] {
  return readdirSync(path, { withFileTypes: true })
    .map(
      (entry): FolderEntry => ({
        name: entry.name,
        kind: entry.isDirectory() ? 'folder' : entry.isFile() ? 'file' : 'other',
      }),
    )
    .sort((left, right) => (left.name < right.name ? -1 : left.name > right.name ? 1 : 0));
}

const CHUNK_BYTES = 1 << 20;

/** As `CliIo.readChunks`; also for threads, which have no streams and signals of their own. */
export async function* readChunks(path: string): AsyncGenerator<Uint8Array> {
  const file = openSync(path, 'r');
  try {
    for (;;) {
      // A fresh one each time: a decompressor behind may still be at work on the last.
      const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
      const length = readSync(file, chunk);
      if (length === 0) return;
      yield chunk.subarray(0, length);
    }
  } finally {
    closeSync(file);
  }
}

function sizeOf(path: string): number | null {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true ? stats.size : null;
}

async function readStdin(): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks);
}
