/**
 * Going back in the middle of heap programs: what lies ahead of a snapshot is the same every time, byte for byte: addresses,
 * output, counters, pictures. Host allocators are installed on the way; their code is not state, their words are.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rewinder } from '../../src/machine/rewind.ts';
import { CUSTOMIZING, command } from '../process/heap-programs/commands.ts';
import { type HarnessState, HeapHarness } from '../process/heap-programs/harness.ts';
import type { HeapCase } from '../process/heap-programs/heap-case.ts';

const KIB = 1024;
const MIB = KIB * KIB;
const STEPS = 80;
const SEED = Number(process.env.HEAP_PROGRAMS_SEED ?? 20_261_122);

const CASES: readonly HeapCase[] = [
  {
    name: 'Python 3.8 and 3.13, sv39',
    config: { paging: 'sv39', memory: 400 * KIB, swap: 16 * MIB, residentPages: 30 },
    programs: [{ python: '3.8' }, { python: { version: '3.13', pythonMalloc: 'debug' } }],
  },
  {
    name: 'glibc and next fit, x86_64',
    config: { paging: 'x86_64', memory: 440 * KIB, swap: 16 * MIB, residentPages: 30, replacement: 'lru' },
    programs: [{}, { malloc: { policy: 'next-fit', grow: 4096 } }, { malloc: { policy: 'slab' } }],
  },
];

const programs = fc
  .array(command, { minLength: STEPS, maxLength: STEPS, size: 'max' })
  .map((rest) => [...CUSTOMIZING, ...rest]);
const picture = (harness: HeapHarness): string =>
  JSON.stringify([
    harness.machine.view(),
    harness.pairs.map((pair) => [pair.model.blocks, harness.process(pair).output.length]),
  ]);

function outputs(harness: HeapHarness): string {
  return [...harness.machine.kernel.processes.values()]
    .map(({ output }) => String.fromCharCode(...output.slice(-5000)))
    .join('|');
}

describe.each(CASES)('$name', (heapCase) => {
  it('a restored machine goes on as it did, and as one that was never stopped', () => {
    let logged = 0;
    fc.assert(
      fc.property(programs, fc.integer({ min: CUSTOMIZING.length, max: STEPS - 20 }), (program, stop) => {
        const harness = new HeapHarness(heapCase);
        for (const step of program.slice(0, stop)) harness.run(step);
        const saved = harness.save();
        const goOn = (): string[] => {
          const seen = program.slice(stop).map((step, index) => {
            harness.run(step);
            return index % 15 === 0 ? picture(harness) : JSON.stringify(harness.machine.counters());
          });
          for (const pair of harness.pairs) harness.checkAllContents(pair);
          return [...seen, picture(harness), outputs(harness)];
        };
        const first = goOn();
        for (let again = 0; again < 2; again++) {
          harness.load(saved);
          const next = goOn();
          const differs = first.findIndex((each, index) => each !== next[index]);
          expect(differs).toBe(-1);
        }
        const other = new HeapHarness(heapCase);
        for (const step of program) other.run(step);
        for (const pair of other.pairs) other.checkAllContents(pair);
        expect(picture(other) === first.at(-2)).toBe(true);
        expect(outputs(other) === first.at(-1)).toBe(true);
        logged += first.at(-1)!.length;
        // And all is whole on both.
        harness.checkRules();
        harness.finish();
        other.finish('backwards');
      }),
      { numRuns: 3, seed: SEED, endOnFailure: true },
    );
    if (heapCase.programs.some(({ python }) => python !== undefined)) expect(logged).toBeGreaterThan(100);
  });

  it('goes to any step of a program by way of checkpoints', () => {
    fc.assert(
      fc.property(programs, fc.array(fc.nat(STEPS), { minLength: 4, maxLength: 6 }), (program, stops) => {
        const harness = new HeapHarness(heapCase);
        const seen = [picture(harness)];
        const start = harness.save();
        for (const step of program) {
          harness.run(step);
          seen.push(picture(harness));
        }
        harness.load(start);
        const rewindable = {
          snapshot: () => harness.save(),
          restore: (state: HarnessState) => harness.load(state),
        };
        const rewinder = new Rewinder(rewindable, (step) => harness.run(program[step]!), { every: 9, countMax: 4 });
        for (const stop of stops) {
          rewinder.goTo(stop);
          expect(picture(harness) === seen[stop]).toBe(true);
          harness.checkRules();
        }
        harness.finish();
      }),
      { numRuns: 2, seed: SEED, endOnFailure: true },
    );
  });
});
