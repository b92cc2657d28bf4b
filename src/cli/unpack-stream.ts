/**
 * Packed input, unpacked as it is read: gzip (also several members one behind the other) and zstd, known by their first
 * bytes whatever the file is called. Memory is that of a piece and of what the packing looks back on, however much comes out.
 */
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { InputError } from '../mmu/input-error.ts';
import { isZstd } from '../trace/zstd/mark.ts';
import { ZstdError, ZstdStream } from '../trace/zstd/stream.ts';

/** The longest mark. */
const MARK_BYTES = 4;
const UNPACKED_BYTES = 1 << 18;

/**
 * Pieces are the taker's only until it asks for the next.
 * @throws InputError MEM-TRC-031 while it is iterated, with the number of bytes unpacked up to there
 */
export async function* unpackedChunks(
  packed: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const source = packed[Symbol.asyncIterator]();
  const first: Uint8Array[] = [];
  const mark = new Uint8Array(MARK_BYTES);
  let marked = 0;
  while (marked < MARK_BYTES) {
    const { done, value } = await source.next();
    if (done === true) break;
    first.push(value);
    mark.set(value.subarray(0, MARK_BYTES - marked), marked);
    marked += Math.min(value.length, MARK_BYTES - marked);
  }
  const all = chain(first, source);
  if (mark[0] === 0x1f && mark[1] === 0x8b) yield* gunzipped(all, file);
  else if (isZstd(mark)) yield* unzstd(all, file);
  else yield* all;
}

async function* chain(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* first;
    for (let next = await rest.next(); next.done !== true; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}

async function* gunzipped(
  packed: AsyncIterable<Uint8Array>,
  file: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let unpacked = 0;
  const source = Readable.from(packed, { objectMode: false });
  const gunzip = source.pipe(createGunzip({ chunkSize: UNPACKED_BYTES }));
  // What keeps the file from being read is not the packing's fault.
  let sourceError: unknown = null;
  source.on('error', (error) => {
    sourceError = error;
    gunzip.destroy(error);
  });
  try {
    for await (const chunk of gunzip as AsyncIterable<Buffer>) {
      unpacked += chunk.length;
      yield chunk;
    }
  } catch (error) {
    // Thrown by zlib, not by whoever takes the chunks: that one's errors do not pass through here.
    if (sourceError !== null) throw sourceError;
    const said = error instanceof Error ? error.message : '';
    if (said === 'unexpected end of file') throw cutShort('gzip', unpacked, file);
    throw damaged('gzip', GZIP_REASONS[said] ?? said, file);
  } finally {
    source.destroy();
  }
}

/** Each piece only until the next one is asked for. */
async function* unzstd(packed: AsyncIterable<Uint8Array>, file: string): AsyncGenerator<Uint8Array, void, undefined> {
  let unpacked = 0;
  const stream = new ZstdStream();
  const attempt = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof ZstdError)) throw error;
      if (error.problem === 'cut short') throw cutShort('zstd', unpacked, file);
      throw error.problem === 'damaged' ? damaged('zstd', error.message, file) : unsupported(error.message, file);
    }
  };
  const next = (): Uint8Array | null => attempt(() => stream.next());
  for await (const chunk of packed) {
    stream.push(chunk);
    for (let piece = next(); piece !== null; piece = next()) {
      unpacked += piece.length;
      yield piece;
    }
  }
  attempt(() => stream.end());
}

/** What zlib says, for people. */
const GZIP_REASONS: Readonly<Record<string, string>> = {
  'incorrect data check': 'the checksum is not that of the contents',
  'incorrect length check': 'the contents have not the length they should',
  'incorrect header check': 'something follows that is not gzip',
};

/** @param unpacked bytes that were handed on before */
const cutShort = (packer: string, unpacked: number, file: string): InputError =>
  new InputError({
    code: 'MEM-TRC-031',
    message: `the ${packer} file is cut short after ${unpacked} unpacked bytes`,
    hint: 'copy or download it again',
    file,
  });

const damaged = (packer: string, reason: string, file: string): InputError =>
  new InputError({
    code: 'MEM-TRC-031',
    message: `the ${packer} file is damaged: ${reason}`,
    hint: 'copy or download it again',
    file,
  });

const unsupported = (reason: string, file: string): InputError =>
  new InputError({
    code: 'MEM-TRC-031',
    message: `the zstd file cannot be unpacked here: ${reason}`,
    hint: 'let zstd unpack it first: `zstd -d` (with -D DICTIONARY or --long=31 as when it was packed)',
    file,
  });
