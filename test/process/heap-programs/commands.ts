/** What random heap programs do: arbitrary commands, which name processes and blocks by numbers that are taken modulo how many there are. */
import fc from 'fast-check';
import type { Family } from '../../../src/process/functions/function.ts';

const FAMILIES: readonly Family[] = ['libc', 'raw', 'mem', 'obj'];
const DOMAINS = ['raw', 'mem', 'obj'] as const;
export const PROCESSES_MAX = 4;

const who = fc.nat(PROCESSES_MAX - 1);
const which = fc.nat(1e6);
const pick = fc.nat(100);
const family = fc.constantFrom(...FAMILIES, 'mem' as const, 'obj' as const, 'obj' as const);
const size = fc.oneof(
  { weight: 8, arbitrary: fc.integer({ min: 0, max: 96 }) },
  { weight: 6, arbitrary: fc.integer({ min: 97, max: 512 }) },
  { weight: 4, arbitrary: fc.integer({ min: 513, max: 6000 }) },
  { weight: 1, arbitrary: fc.integer({ min: 6001, max: 40_000 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, 8, 16, 24, 512, 513, 1032, 4096, 70_000) },
);
/** Rare: three such blocks are as much as the machine has frames. */
const hugeSize = fc.integer({ min: 100_000, max: 180_000 });
const anySize = fc.oneof({ weight: 25, arbitrary: size }, { weight: 1, arbitrary: hugeSize });
const domain = fc.constantFrom(...DOMAINS);

export const command = fc.oneof(
  {
    weight: 14,
    arbitrary: fc.record({ do: fc.constant('allocate' as const), who, family, pick, size: anySize, parts: fc.nat(9) }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('burst' as const),
      who,
      family,
      size: fc.oneof(fc.integer({ min: 1, max: 512 }), fc.constantFrom(512, 400, 256, 1000)),
      count: fc.integer({ min: 5, max: 90 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('resize' as const), who, which, pick, size: anySize }) },
  { weight: 12, arbitrary: fc.record({ do: fc.constant('release' as const), who, which, pick }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('release many' as const),
      who,
      which,
      keepEvery: fc.integer({ min: 2, max: 60 }),
      backwards: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('rewrite' as const), who, which }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('fork' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('exit' as const), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('migrate' as const), who, cpu: fc.nat(1) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('trace' as const), who, frames: fc.integer({ min: 1, max: 5 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wrap' as const),
      who,
      domain,
      host: fc.constantFrom('counting', 'failing', 'failing', 'logging', 'previous'),
      every: fc.integer({ min: 3, max: 9 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('wrap arenas' as const),
      who,
      host: fc.constantFrom('counting-arena', 'stingy-arena', 'previous'),
      every: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('trim' as const), who, pad: fc.constantFrom(0, 5000) }) },
);
export type Command = typeof command extends fc.Arbitrary<infer T> ? T : never;

/** Customizing is rare in random programs. Done at the beginning, most of a program runs with it. */
export const CUSTOMIZING: readonly Command[] = [
  { do: 'wrap', who: 0, domain: 'obj', host: 'counting', every: 3 },
  { do: 'wrap', who: 0, domain: 'mem', host: 'logging', every: 3 },
  { do: 'wrap', who: 0, domain: 'mem', host: 'failing', every: 4 },
  { do: 'wrap', who: 1, domain: 'raw', host: 'failing', every: 5 },
  { do: 'wrap arenas', who: 0, host: 'stingy-arena', every: 2 },
  { do: 'wrap arenas', who: 1, host: 'stingy-arena', every: 1 },
  { do: 'trace', who: 0, frames: 3 },
];
