import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Rewindable, Rewinder } from '../../src/machine/rewind.ts';

/** A machine whose state depends on every step it took: a wrong replay cannot go unnoticed. */
class ToyMachine implements Rewindable<Uint32Array> {
  readonly words = new Uint32Array(4);
  steps = 0;

  step(step: number): void {
    const slot = step % this.words.length;
    this.words[slot] = Math.imul(this.words[slot]! ^ (step + 1), 0x9e3779b1) + this.words[(slot + 1) % 4]!;
    this.steps += 1;
  }
  snapshot(): Uint32Array {
    return this.words.slice();
  }
  restore(snapshot: Uint32Array): void {
    this.words.set(snapshot);
  }
}

function stateAfter(steps: number): number[] {
  const machine = new ToyMachine();
  for (let step = 0; step < steps; step += 1) machine.step(step);
  return [...machine.words];
}

function rewinderOf(options: { every?: number; countMax?: number }) {
  const machine = new ToyMachine();
  return { machine, rewinder: new Rewinder(machine, (step) => machine.step(step), options) };
}

describe('rewind', () => {
  it('brings the machine to the exact state of any step, in any order of visits', () => {
    const visits = fc.array(fc.nat(300), { maxLength: 12 });
    fc.assert(
      fc.property(visits, fc.integer({ min: 1, max: 40 }), fc.integer({ min: 2, max: 9 }), (stops, every, countMax) => {
        const { machine, rewinder } = rewinderOf({ every, countMax });
        for (const stop of stops) {
          const before = machine.steps;
          const replayed = rewinder.goTo(stop);
          expect([...machine.words]).toEqual(stateAfter(stop));
          expect(rewinder.position).toBe(stop);
          expect(machine.steps - before).toBe(replayed);
          expect(rewinder.checkpoints.length).toBeLessThanOrEqual(countMax);
          expect(rewinder.checkpoints[0]).toBe(0);
          expect(rewinder.checkpoints).toEqual([...new Set(rewinder.checkpoints)].sort((a, b) => a - b));
          for (const position of rewinder.checkpoints) expect(position % every).toBe(0);
        }
      }),
    );
  });

  it('keeps checkpoints sparser the further back: replay is never longer than the way back (I3)', () => {
    const every = 4;
    const { rewinder } = rewinderOf({ every, countMax: 30 });
    for (let step = 0; step < 4096 * every; step += 1) {
      rewinder.forward();
      if (rewinder.position % (every * 97) !== 0) continue;
      const kept = rewinder.checkpoints;
      const newest = kept.at(-1)!;
      kept.slice(1).forEach((after, index) => {
        const longest = after - 1 - kept[index]!;
        expect(longest).toBeLessThanOrEqual(Math.max(newest - after + 1, every));
      });
    }
    expect(rewinder.checkpoints).toHaveLength(30);
  });

  it('replays nothing at a checkpoint, and goes on from where it is when that is nearest', () => {
    const { rewinder } = rewinderOf({ every: 10 });
    expect(rewinder.goTo(35)).toBe(35);
    expect(rewinder.goTo(20)).toBe(0);
    expect(rewinder.goTo(23)).toBe(3);
    expect(rewinder.goTo(27)).toBe(4);
    expect(rewinder.goTo(34)).toBe(4);
    expect(rewinder.checkpoints).toEqual([0, 10, 20, 30]);
  });
});

describe('mistakes', () => {
  it.for([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('there is no step %d', (position) => {
    const { rewinder } = rewinderOf({});
    expect(() => rewinder.goTo(position)).toThrow(expect.objectContaining({ code: 'MEM-REW-002' }));
    expect(rewinder.position).toBe(0);
  });

  it.for([{ every: 0 }, { every: 1.5 }, { countMax: 1 }])('%j is out of range', (options) => {
    expect(() => rewinderOf(options)).toThrow(expect.objectContaining({ code: 'MEM-REW-001' }));
  });
});
