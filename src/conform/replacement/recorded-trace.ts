import { InputError } from '../../mmu/input-error.ts';
import { invariant } from '../../mmu/invariant.ts';
import { FETCH, LOAD, STORE } from '../../mmu/units.ts';
import { TraceGenerator } from '../../trace/generate.ts';
import { inFile } from '../../trace/in-file.ts';
import { PageRecording } from '../../trace/page-recording.ts';
import { type PageSink, PageStream } from '../../trace/page-stream.ts';
import { TraceReader } from '../../trace/reader.ts';
import { ReferenceBatch } from '../../trace/reference.ts';
import { WordHash } from '../../trace/word-hash.ts';
import type { ListedTrace, TraceFact } from './trace-list.ts';

export interface TraceFile {
  readonly path: string;
  /** Unpacked. */
  readonly bytes: Uint8Array;
}
/** A file beside the list of traces. @throws InputError when it is missing or cannot be unpacked */
export type ReadTraceFile = (name: string) => TraceFile;

/** A trace in memory: what many rows of a recording are about. */
export interface RecordedPages {
  /** Pages, numbered in the order of their first appearance. */
  readonly ids: Int32Array;
  /** As in a batch of references. */
  readonly kinds: Uint8Array;
  /** The page number of each id. */
  readonly numbers: Float64Array;
}

const NOT_THE_TRACE = 'MEM-CNF-015';
/** Of traces of addresses; the recorded ones are of pages. */
const PAGE_BYTES = 4096;

/**
 * A listed trace on its way into memory, through the parsers and the numbering of `trace simulate`. It must be the one that was
 * recorded, to the last reference: figures of another would be riddles.
 *
 *     while (!trace.step(65536)) { … }            // in steps, since some are made up and millions long
 *     trace.pages()
 */
export class RecordedTrace {
  private readonly listed: ListedTrace;
  private readonly sink = new GatheredPages();
  private stream: PageStream | null = null;
  /** What remains to be read or made. */
  private readonly file: TraceFile | null;
  private readonly generator: TraceGenerator | null;
  private readonly batch: ReferenceBatch;
  private hash = new WordHash();

  /** @throws InputError when the file is missing or the rule cannot be followed */
  constructor(listed: ListedTrace, readFile: ReadTraceFile) {
    this.listed = listed;
    const { source } = listed;
    this.file = typeof source === 'string' ? readFile(source) : null;
    this.generator = typeof source === 'string' ? null : new TraceGenerator(source.kind, source.options);
    this.batch = new ReferenceBatch({
      take: (made, count) => {
        // The recordings tell generated traces by their page numbers, not by what these are numbered here.
        this.hash.words(made.lows, count);
        this.streamOf('page').take(made, count);
      },
    });
  }

  /** @returns true when all of it is there @throws InputError what is wrong with the trace */
  step(references: number): boolean {
    const { generator, file } = this;
    if (generator !== null) {
      generator.feed(this.batch, references);
      if (generator.left > 0) return false;
      this.batch.flush();
    }
    if (file !== null) this.readAll(file);
    this.stream?.flush();
    this.check();
    return true;
  }

  pages(): RecordedPages {
    const { stream, sink } = this;
    invariant(stream !== null, 'a trace has been read before its pages are asked for');
    const { numbering } = stream;
    const numbers = Float64Array.from(
      { length: numbering.count },
      (_, id) => numbering.highOf(id) * 0x1_0000_0000 + numbering.lowOf(id),
    );
    return { ids: sink.ids, kinds: sink.kinds, numbers };
  }

  private streamOf(unit: 'address' | 'page'): PageStream {
    this.stream ??= new PageStream(this.sink, { pageBytes: PAGE_BYTES, unit });
    return this.stream;
  }

  private readAll({ path, bytes }: TraceFile): void {
    const reader = new TraceReader((_format, unit) => this.streamOf(unit));
    try {
      reader.push(bytes);
      reader.end();
    } catch (thrown) {
      throw inFile(thrown, path);
    }
    this.stream?.flush();
    this.hash.words(this.sink.ids, this.sink.count);
  }

  private check(): void {
    const { listed, sink, stream } = this;
    const wrong: string[] = [];
    const compare = (what: string, expected: number | string, actual: number | string): void => {
      if (expected !== actual) wrong.push(`${what} ${actual}, not ${expected}`);
    };
    compare('references', listed.refs, sink.count);
    for (const [fact, expected] of Object.entries(listed.facts)) {
      compare(fact, expected, sink.fact(fact as TraceFact, stream?.numbering.count ?? 0));
    }
    compare('idsFnv32', listed.idsFnv32, this.hash.hex);
    if (wrong.length === 0) return;
    throw new InputError({
      code: NOT_THE_TRACE,
      message: `\`${listed.trace}\` is not the trace that was recorded: ${wrong.join('; ')}`,
      hint: 'copy the traces again, together with their list',
      file: this.file?.path,
    });
  }
}

class GatheredPages implements PageSink {
  private readonly kept = new PageRecording();

  pages(ids: Int32Array, kinds: Uint8Array, count: number): void {
    this.kept.add(ids, kinds, count);
  }

  get ids(): Int32Array {
    return this.kept.ids.subarray(0, this.kept.length);
  }

  get kinds(): Uint8Array {
    return this.kept.kinds.subarray(0, this.kept.length);
  }

  get count(): number {
    return this.kept.length;
  }

  fact(fact: TraceFact, distinct: number): number {
    switch (fact) {
      case 'pages':
        return distinct;
      case 'fetches':
        return this.ofKind(FETCH);
      case 'loads':
        return this.ofKind(LOAD);
      case 'stores':
        return this.count - this.ofKind(FETCH) - this.ofKind(LOAD);
      case 'pagesWritten': {
        const { ids, kinds } = this;
        const written = new Uint8Array(distinct);
        for (let at = 0; at < ids.length; at++) written[ids[at]!]! |= kinds[at]! & STORE;
        return written.reduce((total, bit) => total + bit, 0);
      }
    }
  }

  private ofKind(kind: number): number {
    let found = 0;
    for (const other of this.kinds) if (other === kind) found++;
    return found;
  }
}
