/**
 * LibcMalloc against the real C library: what glibc 2.36 did with each of these programs, recorded in
 * `test/fixtures/libc`, and done again here and now where a compiler and that library are.
 *
 *     LIBC_RECORD=1    write the recordings anew (needs glibc 2.36)
 *     LIBC_SEED=7      other programs of the same kinds, live only
 */
import { afterAll, describe, expect, it } from 'vitest';
import { divergence } from './recorder/divergence.ts';
import { RECORDED_VERSION, RealLibrary, type Recording } from './recorder/real-library.ts';
import { CORRUPTIONS, readRecordings, record, writeRecordings, writtenSequences } from './recorder/recordings.ts';
import { replay, replayMachine } from './recorder/replay.ts';

const SEQUENCES_MIN = 240;

const built = RealLibrary.build();
const library = typeof built !== 'string' && built.version === RECORDED_VERSION ? built : null;
const whyNot =
  typeof built === 'string' ? built : `the library here is glibc ${built.version}, not ${RECORDED_VERSION}`;
const liveTitle = library === null ? ` (skipped: ${whyNot})` : '';
const seed = Number(process.env.LIBC_SEED ?? 0);

if (process.env.LIBC_RECORD !== undefined && library !== null) writeRecordings(record(library));
const recordings = readRecordings();

afterAll(() => {
  if (typeof built !== 'string') built.remove();
});

/** Every difference between the recordings and the emulation. */
function differences(family: readonly Recording[]): string[] {
  const machine = replayMachine();
  return family.flatMap((recording) => divergence(recording, recording, replay(machine, recording)) ?? []);
}

function report(found: readonly string[], all: number): string {
  return found.length === 0 ? '' : `${found.length} of ${all} differ\n\n${found.slice(0, 5).join('\n\n')}`;
}

describe('the emulated malloc does what glibc 2.36 did', () => {
  it.for([...recordings])('%s', ([, family]) => {
    expect(report(differences(family), family.length)).toBe('');
  });
});

describe(`the real library here${liveTitle}`, () => {
  it.skipIf(library === null).for([...recordings])('does as recorded: %s', ([, family]) => {
    const outcomes = library!.run(family);
    const found = family.flatMap((recording, index) => divergence(recording, recording, outcomes[index]!) ?? []);
    expect(report(found, family.length)).toBe('');
  });

  it.skipIf(library === null || seed === 0)(`is matched on other programs: seed ${seed}`, () => {
    const found: string[] = [];
    let all = 0;
    for (const family of record(library!, seed).values()) {
      found.push(...differences(family));
      all += family.length;
    }
    expect(report(found, all)).toBe('');
  });
});

describe('the recordings', () => {
  it(`are of at least ${SEQUENCES_MIN} programs`, () => {
    expect([...recordings.values()].flat().length).toBeGreaterThanOrEqual(SEQUENCES_MIN);
  });

  it('are of the programs that are written here', () => {
    for (const [family, sequences] of writtenSequences()) {
      const recorded = recordings.get(family)!.map(({ name, operations }) => ({ name, operations }));
      expect(recorded, `${family}: record again with LIBC_RECORD=1`).toEqual(sequences);
    }
  });

  it.for(CORRUPTIONS)('$name ends with what it was written for', ({ name, message }) => {
    const { end, stderr } = recordings.get('abort')!.find((recording) => recording.name === `abort-${name}`)!;
    expect(end === 'exit' ? null : stderr.trimEnd() || end).toBe(message);
  });
});
