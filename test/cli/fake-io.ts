/** A world in memory: files by path, captured output, a terminal or none. */
import type { CliIo, FolderEntry, ProgramEnd } from '../../src/cli/io.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { WorkerTask } from '../../src/cli/sweep/answer-task.ts';
import { MemoryScratch } from '../../src/trace/formats/scratch.ts';

export interface FakeWorld {
  readonly io: CliIo;
  readonly files: Map<string, string>;
  readonly out: () => string;
  readonly err: () => string;
}

export interface FakeOptions {
  readonly files?: Readonly<Record<string, string | Uint8Array>>;
  readonly tty?: boolean;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string | Uint8Array;
  /** What another program does: what it says on its descriptor 3, and how it ends. Without: nothing is installed. */
  readonly program?: (program: string, args: readonly string[], heard: (bytes: Uint8Array) => void) => ProgramEnd;
  /** What importing a path yields. */
  readonly modules?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Ctrl-C has been pressed once so many pauses have passed. */
  readonly interruptAfter?: number;
  /** Milliseconds that pass at each pause; none unless said. */
  readonly pauseMs?: number;
  /** The reader of standard output is gone after so many writes. */
  readonly closeAfter?: number;
  /** Does the tasks of workers; default: as they would be done, with these files. */
  readonly worker?: (task: WorkerTask, otherwise: () => Promise<unknown>) => Promise<unknown>;
  /** Default 2. */
  readonly cores?: number;
}

const failure = (code: string, path: string): Error => Object.assign(new Error(`${code}: ${path}`), { code });

export function fakeWorld(options: FakeOptions = {}): FakeWorld {
  const bytes = new Map<string, Uint8Array>();
  for (const [path, content] of Object.entries(options.files ?? {})) {
    bytes.set(path, typeof content === 'string' ? new TextEncoder().encode(content) : content);
  }
  const files = new Map<string, string>();
  let out = '';
  let err = '';
  let writes = 0;
  let pauses = 0;
  const folders = new Set<string>();
  const isFolder = (path: string) =>
    path === '.' ||
    folders.has(path.replace(/\/$/, '')) ||
    [...bytes.keys()].some((file) => file.startsWith(`${path.replace(/\/$/, '')}/`));
  const io: CliIo = {
    stdout: {
      write: (data) => {
        writes++;
        // Bytes become characters of the same numbers.
        out += typeof data === 'string' ? data : String.fromCharCode(...data);
      },
      isTTY: options.tty ?? false,
      columns: options.tty === true ? 120 : undefined,
      get closed() {
        return options.closeAfter !== undefined && writes >= options.closeAfter;
      },
    },
    stderr: {
      write: (text) => {
        err += text;
      },
      isTTY: options.tty ?? false,
      columns: options.tty === true ? 120 : undefined,
      closed: false,
    },
    env: options.env ?? {},
    readBytes: (path) => {
      const content = bytes.get(path);
      if (content === undefined) throw failure(isFolder(path) ? 'EISDIR' : 'ENOENT', path);
      return content;
    },
    writeFile: (path, text) => {
      if (path.startsWith('nowhere/')) throw failure('ENOENT', path);
      files.set(path, text);
      bytes.set(path, new TextEncoder().encode(text));
    },
    kindOf: (path) => (bytes.has(path) ? 'file' : isFolder(path) ? 'folder' : null),
    listFolder: (folder) => listFolder([...bytes.keys()], folder),
    importModule: async (path) => {
      const found = options.modules?.[path];
      if (found === undefined) throw new Error(`no module ${path}`);
      return found;
    },
    readStdin: async () => stdinOf(options),
    async *readChunks(path) {
      const content = io.readBytes(path);
      // Small and uneven pieces: whoever reads must not care.
      for (let at = 0, length = 1000; at < content.length; at += length) {
        length = 1000 + (at % 333);
        yield content.slice(at, at + length);
      }
    },
    async *stdinChunks() {
      yield stdinOf(options);
    },
    sizeOf: (path) => bytes.get(path)?.length ?? null,
    createFile: (path) => {
      if (path.startsWith('nowhere/')) throw failure('ENOENT', path);
      const pieces: Buffer[] = [];
      return {
        isInOrder: false,
        write: (piece) => {
          pieces.push(Buffer.from(piece));
        },
        finish: (head) => {
          const content = Buffer.concat([head, ...pieces]);
          bytes.set(path, content);
          files.set(path, content.toString('latin1'));
        },
        discard: () => undefined,
      };
    },
    createScratch: () => new MemoryScratch(),
    runProgram: async (program, args, heard) => {
      if (options.program === undefined) throw failure('ENOENT', program);
      return options.program(program, args, heard);
    },
    // A clock that goes on only between two slices of work, and by as much as a test says.
    now: () => pauses * (options.pauseMs ?? 0),
    growFile: (path, length) => {
      if (path.startsWith('nowhere/')) throw failure('ENOENT', path);
      let content = Buffer.from((bytes.get(path) ?? new Uint8Array(0)).slice(0, length));
      const keep = (): void => {
        bytes.set(path, content);
        files.set(path, content.toString('utf8'));
      };
      keep();
      return {
        write: (text) => {
          content = Buffer.concat([content, Buffer.from(text)]);
          keep();
        },
        close: () => undefined,
      };
    },
    makeFolder: (path) => {
      folders.add(path.replace(/\/$/, ''));
    },
    startWorkers: async () => ({
      run: (task) => {
        // Only where it is needed: it brings the whole machine along.
        const otherwise = async () => {
          const { answerTask } = await import('../../src/cli/sweep/answer-task.ts');
          return answerTask(task as WorkerTask, io);
        };
        return options.worker === undefined ? otherwise() : options.worker(task as WorkerTask, otherwise);
      },
      stop: async () => undefined,
    }),
    cores: () => options.cores ?? 2,
    every: (_milliseconds, look) => {
      const timer = setInterval(() => {
        pauses++;
        look();
      }, 1);
      return () => clearInterval(timer);
    },
    pause: async () => {
      pauses++;
    },
    interrupted: () => options.interruptAfter !== undefined && pauses >= options.interruptAfter,
  };
  return { io, files, out: () => out, err: () => err };
}

function stdinOf({ stdin = '' }: FakeOptions): Uint8Array {
  return typeof stdin === 'string' ? new TextEncoder().encode(stdin) : stdin;
}

function listFolder(paths: readonly string[], folder: string): FolderEntry[] {
  const prefix = folder === '.' ? '' : `${folder.replace(/\/$/, '')}/`;
  const entries = new Map<string, FolderEntry>();
  for (const path of paths.filter((candidate) => candidate.startsWith(prefix))) {
    const [name, ...rest] = path.slice(prefix.length).split('/');
    entries.set(name!, { name: name!, kind: rest.length > 0 ? 'folder' : 'file' });
  }
  return [...entries.values()].sort((left, right) => (left.name < right.name ? -1 : 1));
}

/** Run a command line in a fresh world. */
export async function cli(argv: readonly string[], options: FakeOptions = {}) {
  const world = fakeWorld(options);
  const code = await runCli(argv, world.io);
  return { code, out: world.out(), err: world.err(), files: world.files };
}
