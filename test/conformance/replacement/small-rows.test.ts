/**
 * Recordings made up by naive models over random traces: capacities from 1 page to more than there are pages, where parts of
 * the memory are rounded to nothing. What real recordings of these kinds may hold, ours have to reproduce.
 */
import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/mmu/random.ts';
import { cli } from '../../cli/fake-io.ts';
import { fnv32 } from '../../trace/pgt1.ts';
import { NAIVE_CACHES } from './naive-libcachesim.ts';

const SIZES = [...Array.from({ length: 20 }, (_, index) => index + 1), 33, 64, 110, 200];
const TRACES = 20;

interface Trace {
  readonly name: string;
  readonly ids: number[];
  /** 0 fetch, 1 load, 2 store. */
  readonly kinds: number[];
}

/** Some pages often, some seldom; in some traces a loop between, or phases that move on. */
function randomTrace(seed: number): Trace {
  const random = new Random(seed);
  const pages = 2 + random.below(90);
  const skew = 1 + random.below(4);
  const known = new Map<number, number>();
  const ids: number[] = [];
  const length = 200 + random.below(400);
  for (let at = 0; at < length; at++) {
    const looped = seed % 3 === 0 && Math.floor(at / 50) % 2 === 0;
    const shift = seed % 4 === 1 ? Math.floor(at / 120) * 7 : 0;
    const page = looped ? at % (3 + (seed % 25)) : shift + Math.floor(pages * (random.below(1000) / 1000) ** skew);
    if (!known.has(page)) known.set(page, known.size);
    ids.push(known.get(page)!);
  }
  return { name: `t${seed}`, ids, kinds: ids.map(() => random.below(3)) };
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push(128 + (rest % 128));
  return [...bytes, rest];
}

const word = (value: number): number[] => [0, 8, 16, 24].map((shift) => (value >>> shift) & 255);

/** PGT1 with kinds and the numbers of the pages. */
function packed({ ids, kinds }: Trace, numbers: readonly number[]): Uint8Array {
  const zigzag = (delta: number): number => (delta < 0 ? -2 * delta - 1 : 2 * delta);
  const table = numbers.flatMap((number, id) => varint(zigzag(number - (numbers[id - 1] ?? 0))));
  const references = ids.flatMap((id, at) => varint(zigzag(id - (ids[at - 1] ?? 0)) * 4 + kinds[at]!));
  return Uint8Array.of(
    0x50,
    0x47,
    0x54,
    0x31,
    3,
    ...word(numbers.length),
    ...word(ids.length),
    ...table,
    ...references,
  );
}

/** As FORMAT.md has it, bit by bit. */
function fingerprint(missed: readonly boolean[]): string {
  const words: number[] = [];
  for (let at = 0; at < missed.length; at += 32) {
    const bits = missed.slice(at, at + 32);
    words.push(Number.parseInt(bits.map((miss) => (miss ? '1' : '0')).join(''), 2) | 0);
  }
  return fnv32(Int32Array.from(words));
}

const numbersOf = ({ ids }: Trace): number[] =>
  Array.from({ length: Math.max(...ids) + 1 }, (_, id) => 5 + 3 * id + (id % 7) * 4096);

const traces = Array.from({ length: TRACES }, (_, index) => randomTrace(index + 1));
const files: Record<string, string | Uint8Array> = {
  'rec/traces.json': JSON.stringify(
    traces.map((trace) => ({
      trace: trace.name,
      file: `${trace.name}.pgt`,
      refs: trace.ids.length,
      pages: Math.max(...trace.ids) + 1,
      idsFnv32: fnv32(Int32Array.from(trace.ids)),
    })),
  ),
  ...Object.fromEntries(traces.map((trace) => [`rec/${trace.name}.pgt`, packed(trace, numbersOf(trace))])),
};

async function conform(kind: string, content: string) {
  const name = kind === 'mrc' ? 'mrc.json' : `${kind}.jsonl`;
  const { code, out, err } = await cli(['conform', kind, `rec/${name}`, '--json'], {
    files: { ...files, [`rec/${name}`]: content },
  });
  expect(err).toBe('');
  const [file] = JSON.parse(out).files;
  const divergences = file.divergences.map(({ where }: { where: string }) => where);
  return { code, passed: file.passed, failed: file.failed, skipped: file.skipped, divergences };
}

const lines = (rows: readonly object[]): string => rows.map((row) => `${JSON.stringify(row)}\n`).join('');

describe('rows that naive models made', () => {
  it.each(NAIVE_CACHES)('$policy $params', async ({ policy, params, least, make }) => {
    const rows = traces.flatMap(({ name, ids }) =>
      SIZES.filter((size) => size >= least).map((size) => {
        const cache = make(size);
        const missed = ids.map((page, at) => !cache(page, ids.slice(at + 1)));
        const misses = missed.filter((miss) => miss).length;
        return { trace: name, policy, params, size, refs: ids.length, misses, missBitsFnv32: fingerprint(missed) };
      }),
    );
    const expected = { code: 0, passed: rows.length, failed: 0, skipped: 0, divergences: [] };
    expect(await conform('replacement', lines(rows))).toEqual(expected);
  });

  it.each(['FIFO', 'LRU'])('%s+dirty', async (policy) => {
    const rows = traces.flatMap(({ name, ids, kinds }) =>
      SIZES.map((size) => {
        const held = new Map<number, boolean>();
        let [misses, dirtyEvictions] = [0, 0];
        ids.forEach((page, at) => {
          const was = held.get(page);
          if (was === undefined) {
            misses++;
            const [first] = held;
            if (held.size === size && first !== undefined) {
              held.delete(first[0]);
              if (first[1]) dirtyEvictions++;
            }
          } else if (policy === 'LRU') held.delete(page);
          held.set(page, was === true || kinds[at] === 2);
        });
        return { trace: name, policy: `${policy}+dirty`, params: '', size, refs: ids.length, misses, dirtyEvictions };
      }),
    );
    const expected = { code: 0, passed: rows.length, failed: 0, skipped: 0, divergences: [] };
    expect(await conform('replacement', lines(rows))).toEqual(expected);
  });

  it('a cache in which libCacheSim keeps nothing is no row to compare with', async () => {
    const [{ name, ids }] = traces as [Trace];
    const row = { trace: name, params: '', refs: ids.length, misses: ids.length };
    const rows = [
      { ...row, policy: 'TwoQ', size: 3 },
      { ...row, policy: 'S3FIFO', size: 9 },
      { ...row, policy: 'LIRS-libcachesim', size: 2 },
      { ...row, policy: 'LIRS-libcachesim', size: 1 },
    ];
    expect(await conform('replacement', lines(rows))).toMatchObject({ code: 0, passed: 0, failed: 0, skipped: 4 });
  });

  it('TLBs of one entry, of one set, of three ways, of three sets', async () => {
    const geometries = [
      [1, 1],
      [2, 2],
      [3, 3],
      [6, 3],
      [3, 1],
      [12, 2],
      [16, 16],
      [48, 12],
      [64, 4],
    ] as const;
    const rows = traces.slice(0, 8).flatMap((trace) =>
      geometries.flatMap(([l1Entries, l1Ways], index) =>
        (['LRU', 'FIFO'] as const).map((policy) => {
          const [l2Entries, l2Ways] = geometries[(index + 3) % geometries.length]!;
          const level = (entries: number, ways: number): ((page: number) => boolean) => {
            const sets = Array.from({ length: entries / ways }, () => [] as number[]);
            return (page) => {
              const set = sets[page % sets.length]!;
              const at = set.indexOf(page);
              if (at >= 0 && policy === 'FIFO') return true;
              if (at >= 0) set.splice(at, 1);
              else if (set.length === ways) set.shift();
              set.push(page);
              return at >= 0;
            };
          };
          const [first, second] = [level(l1Entries, l1Ways), level(l2Entries, l2Ways)];
          const numbers = numbersOf(trace);
          const counts = { l1Hits: 0, l2Hits: 0, walks: 0 };
          for (const id of trace.ids) {
            const page = numbers[id]!;
            if (first(page)) counts.l1Hits++;
            else if (second(page)) counts.l2Hits++;
            else counts.walks++;
          }
          const common = { trace: trace.name, l1Entries, l1Ways, l2Entries, l2Ways, policy };
          return { ...common, refs: trace.ids.length, ...counts };
        }),
      ),
    );
    const expected = { code: 0, passed: rows.length, failed: 0, skipped: 0, divergences: [] };
    expect(await conform('tlb', lines(rows))).toEqual(expected);
  });

  it('curves at every size up to more than there are pages', async () => {
    const curves = traces.map(({ name, ids }) => {
      const misses = (size: number): number => {
        const cache = NAIVE_CACHES[1]!.make(size);
        return ids.filter((page) => !cache(page, [])).length;
      };
      const pages = Math.max(...ids) + 1;
      return { trace: name, refs: ids.length, pages, lruMissesBySize: SIZES.map((size) => [size, misses(size)]) };
    });
    const expected = { code: 0, passed: TRACES, failed: 0, skipped: 0, divergences: [] };
    expect(await conform('mrc', JSON.stringify(curves))).toEqual(expected);
  });
});
