import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  GENERATOR_NAMES,
  type GeneratorName,
  type GeneratorOptions,
  TraceGenerator,
} from '../../src/trace/generate.ts';
import { ostepReferences } from '../../src/trace/ostep.ts';
import { ReferenceBatch } from '../../src/trace/reference.ts';
import { Collector } from './format-samples.ts';
import { fnv32 } from './pgt1.ts';

function generate(name: GeneratorName, options: GeneratorOptions, slice = 1000) {
  const collector = new Collector();
  const batch = new ReferenceBatch(collector);
  const generator = new TraceGenerator(name, options);
  while (generator.left > 0) generator.feed(batch, slice);
  batch.flush();
  return collector.references;
}

const pagesOf = (name: GeneratorName, options: GeneratorOptions): number[] =>
  generate(name, options).map(({ number }) => Number(number));

describe('the homework of OSTEP', () => {
  test.each([
    [0, [8, 7, 4, 2, 5, 4, 7, 3, 4, 5]],
    [1, [1, 8, 7, 2, 4, 4, 6, 7, 0, 0]],
  ])('paging-policy.py -s %d -n 10', (seed, expected) => {
    expect(pagesOf('ostep', { seed, count: 10, pages: 10 })).toEqual(expected);
  });

  test('other options: as the reference string of the book', () => {
    expect(pagesOf('ostep', { seed: 7, count: 200, pages: 37 })).toEqual(
      ostepReferences({ seed: 7, count: 200, maxPage: 37 }),
    );
  });
});

describe('the generated traces of the recordings', () => {
  const traces = JSON.parse(readFileSync(new URL('../fixtures/replacement/traces.json', import.meta.url), 'utf8')) as {
    generator?: { kind: 'zipf' | 'mix'; n: number; pages: number; seed: number };
    refs: number;
    idsFnv32: string;
  }[];
  const generated = traces.filter(({ generator, refs }) => generator !== undefined && refs <= 1_000_000);

  test('there are some of both kinds', () => {
    expect(new Set(generated.map(({ generator }) => generator!.kind))).toEqual(new Set(['zipf', 'mix']));
  });

  test.each(generated.map((trace) => [trace.generator!, trace.idsFnv32] as const))(
    '%o',
    ({ kind, n, pages, seed }, idsFnv32) => {
      const ids = new Int32Array(n);
      let at = 0;
      const generator = new TraceGenerator(kind, { count: n, pages, seed });
      generator.feed(
        {
          access: (_kind, _high, low) => {
            ids[at++] = low;
          },
        },
        n,
      );
      expect(at).toBe(n);
      expect(fnv32(ids)).toBe(idsFnv32);
    },
  );
});

describe('the others', () => {
  test('loop and scan', () => {
    expect(pagesOf('loop', { seed: 0, count: 7, pages: 3 })).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(pagesOf('scan', { seed: 0, count: 5, pages: 3 })).toEqual([0, 1, 2, 3, 4]);
  });

  test('80-20: so many references to so many pages', () => {
    const pages = pagesOf('80-20', { seed: 3, count: 20_000, pages: 100 });
    const hot = pages.filter((page) => page < 20).length;
    expect(hot / pages.length).toBeCloseTo(0.8, 1);
    expect(new Set(pages).size).toBe(100);
  });

  test('locality: few pages in a phase, others in the next', () => {
    const pages = pagesOf('locality', { seed: 3, count: 4000, pages: 1000, localPages: 10, phase: 1000 });
    const phases = [0, 1, 2, 3].map((phase) => new Set(pages.slice(1000 * phase, 1000 * phase + 1000)));
    for (const phase of phases) {
      expect(phase.size).toBe(10);
      expect(Math.max(...phase) - Math.min(...phase)).toBe(9);
    }
    expect(new Set(phases.map((phase) => Math.min(...phase))).size).toBe(4);
  });

  test('a share of stores, and the same pages with it as without', () => {
    const references = generate('uniform', { seed: 5, count: 10_000, pages: 64, stores: 0.3 });
    expect(references.filter(({ kind }) => kind === 'S').length / 10_000).toBeCloseTo(0.3, 1);
    expect(references.map(({ number }) => Number(number))).toEqual(
      pagesOf('uniform', { seed: 5, count: 10_000, pages: 64 }),
    );
  });

  test('stores of one seed are not drawn by the numbers of the pages of another one nearby', () => {
    const count = 2000;
    const stores = generate('uniform', { seed: 7, count, pages: 2, stores: 0.5 }).map(({ kind }) => kind === 'S');
    for (let seed = -50; seed <= 50; seed++) {
      // Both are: is the fraction drawn below one half?
      const low = pagesOf('uniform', { seed, count, pages: 2 }).map((page) => page === 0);
      const agreeing = low.filter((is, at) => is === stores[at]).length / count;
      expect(Math.abs(agreeing - 0.5), `seed ${seed}`).toBeLessThan(0.07);
    }
  });

  test.each(GENERATOR_NAMES)('%s: the same from the same seed, however it is fed, and inside its pages', (name) => {
    const options = { seed: 11, count: 3000, pages: 64 };
    expect(generate(name, options, 7)).toEqual(generate(name, options, 3000));
    if (name !== 'mix' && name !== 'scan') {
      for (const { number } of generate(name, options)) expect(number).toBeLessThan(64n);
    }
  });

  test.each([
    ['mix', { pages: 15 }],
    ['zipf', { pages: 2 ** 26 + 1 }],
    ['80-20', { pages: 2 }],
    ['locality', { pages: 5, localPages: 6 }],
    ['uniform', { pages: 5, stores: 1.5 }],
  ] as const)('%s: impossible numbers', (name, options) => {
    expect(() => new TraceGenerator(name, { seed: 0, count: 1, ...options })).toThrow(
      expect.objectContaining({ code: 'MEM-TRC-040' }),
    );
  });
});
