import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageNumbering } from '../../src/trace/page-numbering.ts';

const page = fc.oneof(
  fc.nat({ max: 50 }),
  fc.maxSafeNat(),
  fc.nat().map((high) => high * 2 ** 21),
);

test('pages get 0, 1, 2, … in the order they appear, as a Map would give', () => {
  fc.assert(
    fc.property(fc.array(page), (pages) => {
      const numbering = new PageNumbering();
      const model = new Map<number, number>();
      for (const entry of pages) {
        if (!model.has(entry)) model.set(entry, model.size);
        expect(numbering.idOf(entry)).toBe(model.get(entry));
      }
      expect(numbering.count).toBe(model.size);
      for (const [entry, id] of model) expect(numbering.pageOf(id)).toBe(entry);
    }),
  );
});

test('a hundred thousand pages at several strides keep their numbers while the table grows', () => {
  for (const stride of [1, 512, 2 ** 32]) {
    const numbering = new PageNumbering();
    for (let index = 0; index < 100_000; index++) numbering.idOf(index * stride);
    expect(numbering.count).toBe(100_000);
    for (let index = 0; index < 100_000; index += 997) expect(numbering.idOf(index * stride)).toBe(index);
  }
});
