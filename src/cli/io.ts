/**
 * The world outside, as the commands see it. The real one is `node-io.ts`; tests hand in their own, so that every command
 * can run without a child process, a disk or a terminal.
 */
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
  /** All of standard input. */
  readStdin(): Promise<Uint8Array>;
  /** Let what is waiting (signals, writes) happen. */
  pause(): Promise<void>;
  /** Ctrl-C has been pressed. */
  interrupted(): boolean;
}

export function readText(io: CliIo, path: string): string {
  return new TextDecoder().decode(io.readBytes(path));
}
