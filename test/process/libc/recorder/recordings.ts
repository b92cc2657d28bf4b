/** The recorded outcomes in `test/fixtures/libc`: one file for each family, one line of JSON for each sequence. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import { BIN_CORRUPTIONS } from './corruptions-of-bins.ts';
import { BLOCK_CORRUPTIONS } from './corruptions-of-blocks.ts';
import { EDGE_CORRUPTIONS } from './corruptions-of-edges.ts';
import { LIST_CORRUPTIONS } from './corruptions-of-lists.ts';
import { damagedSequence } from './damage.ts';
import { edgeSequences } from './edges.ts';
import { healthySequences } from './families.ts';
import type { RealLibrary, Recording } from './real-library.ts';
import { Script, type Sequence } from './script.ts';

export const CORRUPTIONS = [...LIST_CORRUPTIONS, ...BLOCK_CORRUPTIONS, ...BIN_CORRUPTIONS, ...EDGE_CORRUPTIONS];

const FOLDER = fileURLToPath(new URL('../../../fixtures/libc/', import.meta.url));
const SUFFIX = '.jsonl.gz';
const DAMAGED = 80;
/** A damaged program counts when so many runs, each with addresses and keys of its own, end alike. */
const RUNS = 12;

export function readRecordings(): Map<string, Recording[]> {
  const families = new Map<string, Recording[]>();
  for (const file of readdirSync(FOLDER).sort()) {
    if (!file.endsWith(SUFFIX)) continue;
    const lines = gunzipSync(readFileSync(`${FOLDER}${file}`))
      .toString('utf8')
      .trimEnd()
      .split('\n');
    families.set(
      file.slice(0, -SUFFIX.length),
      lines.map((line) => JSON.parse(line) as Recording),
    );
  }
  return families;
}

export function writeRecordings(families: ReadonlyMap<string, readonly Recording[]>): void {
  mkdirSync(FOLDER, { recursive: true });
  for (const [family, recordings] of families) {
    const text = recordings.map((recording) => `${JSON.stringify(recording)}\n`).join('');
    writeFileSync(`${FOLDER}${family}${SUFFIX}`, gzipSync(text, { level: 9 }));
  }
}

/** Every family whose programs are as they are written, whatever they end in. */
export function writtenSequences(seed = 0): Map<string, Sequence[]> {
  return new Map([...healthySequences(seed), ...edgeSequences(seed), ['abort', corruptionSequences()]]);
}

function corruptionSequences(): Sequence[] {
  return CORRUPTIONS.map(({ name, write }, index) => {
    const script = new Script(index + 1);
    write(script);
    return script.sequence(`abort-${name}`);
  });
}

/** Every family, run on the real library. `seed` 0: the programs of the fixtures. */
export function record(library: RealLibrary, seed = 0): Map<string, Recording[]> {
  const families = writtenSequences(seed);
  const damaged = Array.from({ length: DAMAGED }, (_, index) =>
    damagedSequence(seed * 1_000_003 + 900_000 + index, `damage-${index}`),
  );
  const runs = Array.from({ length: RUNS }, () => library.run(damaged).map((outcome) => JSON.stringify(outcome)));
  families.set(
    'damage',
    damaged.filter((_, index) => runs.every((run) => run[index] === runs[0]![index])),
  );
  const recordings = new Map<string, Recording[]>();
  for (const [family, sequences] of families) {
    const outcomes = library.run(sequences);
    recordings.set(
      family,
      sequences.map(({ name, operations }, index) => ({ name, operations, ...outcomes[index]! })),
    );
  }
  return recordings;
}
