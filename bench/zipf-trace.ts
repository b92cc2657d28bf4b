/**
 * The trace of the aims for replacement: page numbers of `trace generate --like zipf`, as programs of the field are given
 * them, and as dense ids in the order of first appearance, as replays want them. Made when it is first asked for and
 * shared by all groups.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TraceGenerator } from '../src/trace/generate.ts';
import { PageNumbering } from '../src/trace/page-numbering.ts';
import { scratchFolder } from './native-linux.ts';

export interface ZipfTrace {
  /** Page number of each reference. */
  readonly numbers: Int32Array;
  /** The same, numbered 0, 1, 2, … as they appear. */
  readonly ids: Int32Array;
  /** Different pages in it. */
  readonly pages: number;
}

const REFERENCES = 20_000_000;
const PAGES = 1_000_000;
/** A tenth of the pages. */
export const FRAMES = 100_000;
const SEED = 1;

let trace: ZipfTrace | null = null;

export function zipfTrace(): ZipfTrace {
  trace ??= generate();
  return trace;
}

function generate(): ZipfTrace {
  const numbers = new Int32Array(REFERENCES);
  const ids = new Int32Array(REFERENCES);
  const numbering = new PageNumbering();
  let at = 0;
  const generator = new TraceGenerator('zipf', { count: REFERENCES, pages: PAGES, seed: SEED });
  const sink = {
    access(_kind: number, _high: number, page: number): void {
      numbers[at] = page;
      ids[at++] = numbering.idOf(page);
    },
  };
  generator.feed(sink, REFERENCES);
  return { numbers, ids, pages: numbering.count };
}

/** A file of 32-bit words, gone with the benchmark. */
export function wordFile(words: Int32Array): string {
  const path = join(scratchFolder(), 'trace');
  writeFileSync(path, new Uint8Array(words.buffer, words.byteOffset, words.byteLength));
  return path;
}
