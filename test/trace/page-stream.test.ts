/** Addresses to dense page ids, against doing it with bigints one by one. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageStream } from '../../src/trace/page-stream.ts';
import { BATCH_REFERENCES, ReferenceBatch, type TraceKind, type TraceUnit } from '../../src/trace/reference.ts';

interface Access {
  readonly kind: TraceKind;
  readonly address: bigint;
  readonly size: number;
  readonly process: number;
}

function idsOf(accesses: readonly Access[], pageBytes: number, unit: TraceUnit) {
  const ids: number[] = [];
  const kinds: number[] = [];
  const stream = new PageStream(
    {
      pages: (found, foundKinds, count) => {
        ids.push(...found.subarray(0, count));
        kinds.push(...foundKinds.subarray(0, count));
      },
    },
    { pageBytes, unit },
  );
  const batch = new ReferenceBatch(stream);
  for (const [at, { kind, address, size, process }] of accesses.entries()) {
    batch.access(kind, Number(address >> 32n), Number(address & 0xffff_ffffn), size, at + 1, process);
  }
  batch.flush();
  stream.flush();
  return { ids, kinds, stream };
}

/** Keys of the pages, in the order touched. */
function pagesOf(accesses: readonly Access[], pageBytes: number, unit: TraceUnit): string[] {
  return accesses.flatMap(({ address, size, process }) => {
    if (unit === 'page') return [`${process}:${address}`];
    const first = address / BigInt(pageBytes);
    const last = (address + BigInt(size) - 1n) / BigInt(pageBytes);
    return Array.from({ length: Number(last - first) + 1 }, (_, page) => `${process}:${first + BigInt(page)}`);
  });
}

const accesses = fc.array(
  fc.record({
    kind: fc.constantFrom<TraceKind>(0, 1, 2, 3),
    address: fc.oneof(
      fc.bigInt({ min: 0n, max: 20_000n }),
      fc.bigInt({ min: 2n ** 32n - 9000n, max: 2n ** 32n + 9000n }),
      fc.bigInt({ min: 2n ** 63n, max: 2n ** 64n - 70_000n }),
      fc.bigInt({ min: 2n ** 53n - 4n, max: 2n ** 53n + 4n }),
    ),
    size: fc.oneof(fc.integer({ min: 1, max: 16 }), fc.integer({ min: 1, max: 9000 })),
    process: fc.integer({ min: 0, max: 2 }),
  }),
  { maxLength: 60 },
);

test('ids are those of the order of first appearance', () => {
  fc.assert(
    fc.property(
      accesses,
      fc.constantFrom(1, 2, 512, 4096, 16_384, 2 ** 21, 2 ** 30),
      fc.constantFrom<TraceUnit>('address', 'page'),
      (all, pageBytes, unit) => {
        const { ids, kinds, stream } = idsOf(all, pageBytes, unit);
        const pages = pagesOf(all, pageBytes, unit);
        const seen = [...new Set(pages)];
        expect(ids).toEqual(pages.map((page) => seen.indexOf(page)));
        expect(kinds).toHaveLength(pages.length);
        expect(stream.pageReferences).toBe(pages.length);
        const { numbering } = stream;
        const named = seen.map((_, id) => {
          const page = (BigInt(numbering.highOf(id)) << 32n) | BigInt(numbering.lowOf(id));
          return `${numbering.processOf(id)}:${page}`;
        });
        expect(named).toEqual(seen);
      },
    ),
    { numRuns: 200 },
  );
});

test('more references than a batch holds', () => {
  const many = Array.from({ length: 3 * BATCH_REFERENCES + 7 }, (_, at): Access => {
    return { kind: 0, address: BigInt(4096 * (at % 5000)), size: 1, process: 0 };
  });
  expect(idsOf(many, 4096, 'address').ids).toEqual(many.map((_, at) => at % 5000));
});

test('a reference of a million pages is refused', () => {
  const wide = [{ kind: 0, address: 0n, size: 4_000_000_000, process: 0 }] as const;
  expect(() => idsOf(wide, 1, 'address')).toThrow(expect.objectContaining({ code: 'MEM-TRC-038' }));
});
