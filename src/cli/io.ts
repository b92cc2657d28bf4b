/**
 * The world outside, as the commands see it. The real one is `node-io.ts`; tests hand in their own, so that every command
 * can run without a child process, a disk or a terminal.
 */
import type { ScratchBytes } from '../trace/formats/scratch.ts';

export interface OutputStream {
  write(data: string | Uint8Array): void;
  readonly isTTY: boolean;
  /** Columns of the terminal; undefined when it is none. */
  readonly columns: number | undefined;
  /** The reader has gone away (EPIPE): writing on is useless, and no error. */
  readonly closed: boolean;
}

export interface FolderEntry {
  readonly name: string;
  readonly kind: 'file' | 'folder' | 'other';
}

/** A file that is there only once it is whole. */
export interface OutputFile {
  /** No plain file, but a pipe or a device: bytes go out as they come, and nothing can be put in front of them. */
  readonly isInOrder: boolean;
  write(bytes: Uint8Array): void;
  /** Everything is written: make it the file, with these bytes in front of it (they may be none). What fails is discarded. */
  finish(head: Uint8Array): void;
  /** It comes to nothing: what was there before stays. Also when it has come to nothing already. */
  discard(): void;
}

/** How another program ended: by an exit status or by a signal. */
export interface ProgramEnd {
  readonly status: number | null;
  readonly signal: string | null;
}

/** A file that grows; each write is whole or, when the process is killed in it, torn at the end of the file. */
export interface GrowingFile {
  write(text: string): void;
  close(): void;
}

/** Threads that do tasks. A task and what comes of it are copied, so they are plain data. */
export interface Workers {
  /** Rejected when the thread died of it. */
  run(task: unknown): Promise<unknown>;
  /** What is under way comes to nothing. */
  stop(): Promise<void>;
}

export interface CliIo {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** These throw Node's errors, whose `code` says what is wrong (`ENOENT`, `EISDIR`, `EACCES`). */
  readBytes(path: string): Uint8Array;
  writeFile(path: string, text: string): void;
  /** What a path is; null when there is nothing. */
  kindOf(path: string): FolderEntry['kind'] | null;
  /** In the order of their names. */
  listFolder(path: string): readonly FolderEntry[];
  /** What a JavaScript module exports: it runs. */
  importModule(path: string): Promise<Readonly<Record<string, unknown>>>;
  /** The bytes of a file in pieces, each the receiver's to keep. Errors as `readBytes`, before the first piece. */
  readChunks(path: string): AsyncIterable<Uint8Array>;
  /** Standard input in pieces. */
  stdinChunks(): AsyncIterable<Uint8Array>;
  /** Bytes of a file; null when nobody knows beforehand, as of a pipe. */
  sizeOf(path: string): number | null;
  /** Errors as `readBytes`. */
  createFile(path: string): OutputFile;
  /** Room for what is too much for memory, gone with the process. @throws InputError MEM-CLI-013, also later on */
  createScratch(): ScratchBytes;
  /** Write behind the first `bytes` bytes of a file; what stands behind them now goes away. Errors as `readBytes`. */
  growFile(path: string, bytes: number): GrowingFile;
  /** With those it lies in; no error when it is there. */
  makeFolder(path: string): void;
  /**
   * Run a program to its end, with the terminal and streams of this one.
   * @param heard what it writes to its file descriptor 3 @throws an error of code ENOENT when it is not installed
   */
  runProgram(program: string, args: readonly string[], heard: (bytes: Uint8Array) => void): Promise<ProgramEnd>;
  /** All of standard input. */
  readStdin(): Promise<Uint8Array>;
  /** Milliseconds since some moment: how long things take, for people who wait. */
  now(): number;
  /** Threads for the tasks of a sweep (`sweep/answer-task.ts`), `count` at most. */
  startWorkers(count: number): Promise<Workers>;
  /** Cores that this process may use. */
  cores(): number;
  /** Call it every so many milliseconds, until what is returned is called. */
  every(milliseconds: number, look: () => void): () => void;
  /** Let what is waiting (signals, writes) happen. */
  pause(): Promise<void>;
  /** Ctrl-C has been pressed. */
  interrupted(): boolean;
}

export function readText(io: CliIo, path: string): string {
  return new TextDecoder().decode(io.readBytes(path));
}
