/**
 * Programs of random system calls, the whole list of them, on machines short of memory: whatever they ask for, and however it
 * is answered, every invariant holds after each, and in the end nothing is left over.
 */
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { MachineConfig } from '../../src/machine/config.ts';
import { CALL_NAMES, type CallName, type RandomCall, RandomMachine } from './random-calls.ts';

const KIB = 1024;
const PROGRAM_LENGTH = 150;
const PROGRAMS = 40;

const MACHINES: readonly { readonly name: string; readonly config: Partial<MachineConfig> }[] = [
  { name: 'x86_64, room enough', config: { paging: 'x86_64', memory: 4096 * KIB, swap: 512 * KIB } },
  {
    name: 'x86_64, 90 frames, clock',
    config: { paging: 'x86_64', memory: 360 * KIB, swap: 256 * KIB, replacement: 'clock' },
  },
  { name: 'sv39, 90 frames, no swap', config: { paging: 'sv39', memory: 360 * KIB, swap: 0 } },
  {
    name: 'i386, 90 frames, promises counted',
    config: { paging: 'i386', memory: 360 * KIB, swap: 1024 * KIB, overcommit: 2, replacement: 'fifo' },
  },
];

/** The commonest calls come up more often: without memory the others have nothing to work on. */
const name = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom<CallName>('access') },
  { weight: 3, arbitrary: fc.constantFrom<CallName>('mapAnonymous', 'mapFile') },
  { weight: 12, arbitrary: fc.constantFrom(...CALL_NAMES) },
);
const call: fc.Arbitrary<RandomCall> = fc.record({
  name,
  who: fc.nat(3),
  page: fc.nat(39),
  pages: fc.integer({ min: 1, max: 8 }),
  choice: fc.nat(255),
  other: fc.nat(255),
});

describe('any system call leaves the machine whole', () => {
  const granted = new Map<CallName, number>();
  const refused = new Map<CallName, number>();

  it.for(MACHINES)('$name', { timeout: 120_000 }, ({ config }) => {
    const program = fc.array(call, { minLength: PROGRAM_LENGTH, maxLength: PROGRAM_LENGTH, size: 'max' });
    const property = fc.property(program, (calls) => {
      const random = new RandomMachine(config);
      for (const one of calls) {
        const answered = random.run(one) < 0 ? refused : granted;
        answered.set(one.name, (answered.get(one.name) ?? 0) + 1);
        const broken = random.machine.checkInvariants();
        if (broken.length > 0) throw new Error(`after ${JSON.stringify(one)}: ${broken.join('; ')}`);
      }
      expect(random.leftOver()).toEqual({ frames: 0, slots: 0, committed: 0 });
      expect(random.machine.checkInvariants()).toEqual([]);
    });
    fc.assert(property, { numRuns: PROGRAMS, seed: 20261121 });
  });

  afterAll(() => {
    for (const one of CALL_NAMES) expect(granted.get(one) ?? 0, `${one} is granted`).toBeGreaterThan(20);
    for (const one of ['mremap', 'madvise', 'mlock', 'mapFile', 'shmat'] as const) {
      expect(refused.get(one) ?? 0, `${one} is refused`).toBeGreaterThan(20);
    }
  });
});
