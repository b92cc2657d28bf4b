/** Traces to files and standard output, packed where the name says so, and never half a file. */
import { gzipSync } from 'node:zlib';
import { InputError } from '../mmu/input-error.ts';
import type { ByteSink, TraceFormat } from '../trace/formats/format.ts';
import type { ScratchBytes } from '../trace/formats/scratch.ts';
import type { CliIo, OutputFile, OutputStream } from './io.ts';
import { writeProblem } from './read-input.ts';
import { STDIN } from './scenario-files.ts';

/** Bytes of a gzip member: a file of several is one file to whoever unpacks it. */
const MEMBER_BYTES = 1 << 20;

/** What an option `--output` means: standard output for `-` and for none. */
const isStandardOutput = (path: string | undefined): path is undefined => path === undefined || path === STDIN;

interface Destination {
  readonly name: string;
  readonly format: string;
  /** Where it goes to in the end; null for a file. */
  readonly stream: OutputStream | null;
}

/** @throws InputError MEM-CLI-013 when there is no writing there */
export function openTraceOutput(io: CliIo, path: string | undefined, format: TraceFormat): TraceOutput {
  if (isStandardOutput(path)) {
    const output = new StandardOutput(io);
    const file = format.headLast === true ? new Delayed(output, io) : output;
    return new TraceOutput(file, false, { name: 'standard output', format: format.name, stream: io.stdout });
  }
  if (path.endsWith('.zst')) {
    throw new InputError({
      code: 'MEM-TRC-036',
      message: `cannot write zstd: ${path}`,
      hint: 'write .gz, or write to standard output and pipe it into `zstd`',
    });
  }
  try {
    const file = io.createFile(path);
    const waits = format.headLast === true && file.isInOrder;
    const sink = waits ? new Delayed(file, io) : file;
    return new TraceOutput(sink, path.endsWith('.gz'), { name: path, format: format.name, stream: null });
  } catch (error) {
    throw writeProblem(error, path);
  }
}

export class TraceOutput implements ByteSink {
  /** As messages call it. */
  readonly name: string;
  /** The name of the format. */
  readonly format: string;
  private readonly file: OutputFile;
  private readonly packed: boolean;
  private readonly stream: OutputStream | null;
  /** Not yet packed. */
  private readonly waiting: Uint8Array;
  private used = 0;

  constructor(file: OutputFile, packed: boolean, { name, format, stream }: Destination) {
    this.file = file;
    this.packed = packed;
    this.stream = stream;
    this.name = name;
    this.format = format;
    this.waiting = new Uint8Array(packed ? MEMBER_BYTES : 0);
  }

  get isFile(): boolean {
    return this.stream === null;
  }

  /** Whoever read it has gone away (`| head`): the rest is of no use. */
  get isUnread(): boolean {
    return this.stream?.closed === true;
  }

  write(bytes: Uint8Array): void {
    this.attempt(() => {
      if (this.packed) this.pack(bytes);
      else this.file.write(bytes);
    });
  }

  /** @param head goes in front of everything */
  finish(head: Uint8Array): void {
    this.attempt(() => {
      this.flush();
      this.file.finish(this.packed && head.length > 0 ? gzipSync(head) : head);
    });
  }

  discard(): void {
    this.file.discard();
  }

  private pack(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      const taken = Math.min(bytes.length - at, MEMBER_BYTES - this.used);
      this.waiting.set(bytes.subarray(at, at + taken), this.used);
      this.used += taken;
      at += taken;
      if (this.used === MEMBER_BYTES) this.flush();
    }
  }

  private flush(): void {
    if (this.used > 0) this.file.write(gzipSync(this.waiting.subarray(0, this.used)));
    this.used = 0;
  }

  private attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      throw writeProblem(error, this.name);
    }
  }
}

/** As it comes, so that a trace of any length passes through. */
class StandardOutput implements OutputFile {
  readonly isInOrder = true;
  private readonly io: CliIo;

  constructor(io: CliIo) {
    this.io = io;
  }

  write(bytes: Uint8Array): void {
    // The writer uses its buffer again.
    this.io.stdout.write(bytes.slice());
  }

  finish(head: Uint8Array): void {
    if (head.length > 0) this.io.stdout.write(head);
  }

  discard(): void {}
}

const COPY_BYTES = 1 << 16;

/** What goes in front is known last: until then the rest waits in a file of its own. */
class Delayed implements OutputFile {
  readonly isInOrder = false;
  private readonly target: OutputFile;
  private readonly scratch: ScratchBytes;

  constructor(target: OutputFile, io: CliIo) {
    this.target = target;
    this.scratch = io.createScratch();
  }

  write(bytes: Uint8Array): void {
    this.scratch.append(bytes);
  }

  finish(head: Uint8Array): void {
    const { target, scratch } = this;
    if (head.length > 0) target.write(head);
    const piece = new Uint8Array(COPY_BYTES);
    for (let at = 0; at < scratch.length; at += piece.length) {
      const bytes = piece.subarray(0, Math.min(piece.length, scratch.length - at));
      scratch.read(at, bytes);
      target.write(bytes);
    }
    scratch.discard();
    target.finish(new Uint8Array(0));
  }

  discard(): void {
    this.scratch.discard();
    this.target.discard();
  }
}
