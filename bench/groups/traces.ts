/**
 * Traces as such: a miss-ratio curve against a run of LRU, Valgrind's text against a loop over lines, and LRU as teaching
 * simulators do it.
 */
import { closeSync, openSync, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLoop } from '../../src/kernel/reclaim/loops/registry.ts';
import { Random } from '../../src/mmu/random.ts';
import { StackDistances } from '../../src/trace/mrc/stack-distance.ts';
import { TraceReader } from '../../src/trace/reader.ts';
import { BATCH_REFERENCES, type ReferenceBatch } from '../../src/trace/reference.ts';
import { type Group, stopwatch, type Timed } from '../harness.ts';
import { askNative, hasProgram, scratchFolder } from '../native-linux.ts';
import { expect } from '../workbench.ts';
import { FRAMES, wordFile, zipfTrace } from '../zipf-trace.ts';
import { expectMisses, type Misses, timeLoop } from './replacement.ts';

export function traceGroups(): Group[] {
  return [curveGroup(), textGroup(), teachingGroup()];
}

function curveGroup(): Group {
  return {
    name: 'miss-ratio curve, a reference of the zipf trace',
    timings() {
      const trace = zipfTrace();
      const misses: Misses = new Map();
      return { 'one LRU run': timeLoop('lru', trace, misses), curve: timeCurve(misses) };
    },
    comparisons: [
      {
        id: 'mrc-exact',
        title: 'LRU at all sizes, exact, one pass',
        subject: 'curve',
        reference: 'one LRU run',
        kind: 'speed',
        aim: { good: 0.05, goal: 0.1 },
      },
    ],
    rounds: 3,
  };
}

function timeCurve(misses: Misses): Timed {
  const { ids } = zipfTrace();
  return {
    operations: ids.length,
    run() {
      let counted: readonly number[] = [];
      const nanoseconds = stopwatch(() => {
        const distances = new StackDistances();
        for (let from = 0; from < ids.length; from += BATCH_REFERENCES) {
          const batch = ids.subarray(from, from + BATCH_REFERENCES);
          distances.feed(batch, batch.length);
        }
        counted = distances.missesAt([FRAMES]);
      });
      expectMisses(misses, 'lru', counted[0]!);
      return nanoseconds;
    },
  };
}

const LINES = 1_000_000;
const CHUNK_BYTES = 1 << 16;

function textGroup(): Group {
  return {
    name: 'text of valgrind --tool=lackey, a byte',
    timings() {
      const { path, bytes } = makeText();
      let sizes: number | null = null;
      const agree = (references: number, sum: number): void => {
        sizes ??= sum;
        expect(references === LINES && sizes === sum, 'every line is read');
      };
      const script = fileURLToPath(new URL('../line-loop.js', import.meta.url));
      return {
        parsed: timeParser(path, bytes, agree),
        'readline loop': askNative(process.execPath, [script, path, bytes], bytes, ([references, sum]) =>
          agree(references!, sum!),
        ),
      };
    },
    comparisons: [
      {
        id: 'lackey-parsing',
        title: 'parsed',
        subject: 'parsed',
        reference: 'readline loop',
        kind: 'speed',
        aim: { good: 3, goal: 5.5 },
      },
    ],
    rounds: 11,
  };
}

/** A program's look: code in order, its stack and its heap in between. */
function makeText(): { readonly path: string; readonly bytes: number } {
  const path = join(scratchFolder(), 'lackey');
  const random = new Random(1);
  const lines = Array.from({ length: LINES }, () => {
    const drawn = random.below(10);
    if (drawn < 6) return `I  ${hex(0x0401_0000 + random.below(1 << 18))},${1 + random.below(7)}\n`;
    if (drawn < 8) return ` L ${hex(0x1f_feff_0000 + random.below(1 << 14))},8\n`;
    return ` ${drawn < 9 ? 'S' : 'M'} ${hex(0x0521_0000 + random.below(1 << 24))},4\n`;
  });
  const text = Buffer.from(lines.join(''));
  writeFileSync(path, text);
  return { path, bytes: text.length };
}

const hex = (address: number): string => address.toString(16).padStart(8, '0');

/** File to batches of references, as every command reads it. */
function timeParser(path: string, bytes: number, agree: (references: number, sizes: number) => void): Timed {
  const chunk = new Uint8Array(CHUNK_BYTES);
  return {
    operations: bytes,
    run() {
      let references = 0;
      let sizes = 0;
      const sink = {
        take(batch: ReferenceBatch, count: number): void {
          for (let at = 0; at < count; at++) sizes += batch.sizes[at]!;
          references += count;
        },
      };
      const nanoseconds = stopwatch(() => {
        const reader = new TraceReader(() => sink);
        const file = openSync(path, 'r');
        for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
          reader.push(chunk.subarray(0, length));
        }
        closeSync(file);
        reader.end();
      });
      agree(references, sizes);
      return nanoseconds;
    },
  };
}

/** A list of this many pages; the Python program needs about 10 us to look through it. */
const LISTED = 1000;
const TAUGHT = 100_000;
/** Times the loop goes over its references, for a time that clocks can tell. */
const PASSES = 10;

function teachingGroup(): Group {
  const python = hasProgram('python3');
  return {
    name: 'LRU as teaching simulators do it, 1,000 frames, a reference',
    timings() {
      const ids = zipfTrace().ids.slice(0, TAUGHT);
      const misses: Misses = new Map();
      const script = fileURLToPath(new URL('../../../bench/native/linear-lru.py', import.meta.url));
      return {
        loop: timeSmallLoop(ids, misses),
        ...(python
          ? {
              'list in Python': askNative('python3', [script, wordFile(ids), LISTED], TAUGHT, ([counted]) =>
                expectMisses(misses, 'lru', counted!),
              ),
            }
          : {}),
      };
    },
    comparisons: [
      {
        id: 'teaching-lru',
        title: 'lru',
        subject: 'loop',
        reference: python ? 'list in Python' : null,
        kind: 'speed',
        aim: { good: null, goal: 500 },
      },
    ],
    rounds: 11,
    notes: python ? [] : ['LRU as teaching simulators do it: no python3'],
  };
}

function timeSmallLoop(ids: Int32Array, misses: Misses): Timed {
  const pages = 1 + ids.reduce((most, id) => Math.max(most, id), 0);
  const context = { frames: LISTED, options: {}, random: new Random(0) };
  return {
    operations: PASSES * ids.length,
    run() {
      const counted = new Set<number>();
      const nanoseconds = stopwatch(() => {
        for (let pass = 0; pass < PASSES; pass++) {
          const loop = createLoop('lru', context)!;
          loop.grow(pages);
          counted.add(loop.run(ids, 0, ids.length, null, null));
        }
      });
      for (const count of counted) expectMisses(misses, 'lru', count);
      return nanoseconds;
    },
  };
}
