import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MachineEvent } from '../../src/machine/events.ts';
import { reconcile } from '../../src/machine/reconcile.ts';
import { parseRecord, RecordBuilder, RecordPlayer, stringifyRecord } from '../../src/machine/record.ts';
import type { MachineView } from '../../src/machine/view.ts';
import { emptyView, machineView } from './machine-views.ts';

const views = fc.array(machineView, { minLength: 1, maxLength: 6 });

const eventOf = (slot: number): MachineEvent => ({ type: 'SwapOut', slot, pfn: 1 });

function build(sequence: readonly MachineView[], stepsMax?: number) {
  const builder = new RecordBuilder(structuredClone(sequence[0]!), stepsMax === undefined ? {} : { stepsMax });
  sequence.slice(1).forEach((view, index) => {
    builder.add([eventOf(index)], structuredClone(view));
  });
  return builder;
}

/** Paths at which two plain values differ, each as deep as the difference goes. */
function differences(a: unknown, b: unknown, path: string[] = []): string[] {
  if (Object.is(a, b)) return [];
  if (typeof a === 'object' && typeof b === 'object' && a && b && Array.isArray(a) === Array.isArray(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].flatMap((key) => differences(Reflect.get(a, key), Reflect.get(b, key), [...path, key]));
  }
  return [path.join('/')];
}

describe('reconcile', () => {
  it('gives the new value, and patches that lead there and back', () => {
    fc.assert(
      fc.property(machineView, machineView, (from, to) => {
        const before = structuredClone(from);
        const { value } = reconcile(from, to);
        expect(value).toEqual(to);
        expect(from).toEqual(before);
      }),
    );
  });

  it('patches only paths that changed', () => {
    fc.assert(
      fc.property(machineView, machineView, (from, to) => {
        const changed = differences(from, to);
        const { patches, inverse } = reconcile(from, to);
        for (const { path } of [...patches, ...inverse]) {
          const text = path.join('/').replace(/\/length$/, '/');
          expect(changed.some((one) => one.startsWith(text))).toBe(true);
        }
        if (changed.length === 0) expect([patches, inverse]).toEqual([[], []]);
        expect(patches.length).toBeLessThanOrEqual(changed.length);
      }),
    );
  });

  it('shares what did not change', () => {
    const from = { a: { deep: [1, 2] }, b: { x: 1 } };
    const { value, patches } = reconcile(from, { a: { deep: [1, 2] }, b: { x: 2 } });
    expect(value.a).toBe(from.a);
    expect(patches).toEqual([{ op: 'replace', path: ['b', 'x'], value: 2 }]);
  });
});

describe('a record', () => {
  it('plays forward and back through deep-equal views, from any position to any other', () => {
    fc.assert(
      fc.property(views, fc.array(fc.nat(5), { maxLength: 8 }), (sequence, jumps) => {
        const record = parseRecord(stringifyRecord(build(sequence).finish()));
        const player = new RecordPlayer(record);
        expect(player.range).toEqual({ first: 0, last: sequence.length - 1 });
        for (const jump of jumps) {
          const position = jump % sequence.length;
          expect(player.goTo(position)).toEqual(sequence[position]);
          expect(player.position).toBe(position);
        }
        while (player.forward()) expect(player.view).toEqual(sequence[player.position]);
        while (player.back()) expect(player.view).toEqual(sequence[player.position]);
        expect(player.position).toBe(0);
      }),
    );
  });

  it('keeps the newest steps when bounded, under their own numbers', () => {
    fc.assert(
      fc.property(views, fc.integer({ min: 1, max: 4 }), (sequence, stepsMax) => {
        const record = build(sequence, stepsMax).finish();
        const kept = Math.min(stepsMax, sequence.length - 1);
        expect(record.steps).toHaveLength(kept);
        expect(record.firstStep).toBe(sequence.length - 1 - kept);
        const player = new RecordPlayer(record);
        expect(player.view).toEqual(sequence[record.firstStep]);
        expect(player.goTo(sequence.length - 1)).toEqual(sequence.at(-1));
        expect(player.lastStep?.events ?? []).toEqual(sequence.length > 1 ? [eventOf(sequence.length - 2)] : []);
      }),
    );
  });

  it('is not changed by a builder that goes on', () => {
    const builder = build([emptyView, { ...emptyView, clock: 1 }]);
    const record = builder.finish();
    builder.add([], { ...emptyView, clock: 2 });
    expect(record.steps).toHaveLength(1);
    expect(builder.finish().steps).toHaveLength(2);
    expect(builder.view.clock).toBe(2);
  });

  it('keeps 64-bit addresses through JSON', () => {
    const builder = new RecordBuilder(emptyView);
    const address = 0xffff_8000_0000_0001n;
    const info = { signal: 'SIGSEGV', code: 'SI_KERNEL', address, errorCode: null, reason: 'non-canonical' } as const;
    builder.add([{ type: 'Signal', pid: 1, info, killed: true }], { ...emptyView, clock: 1 });
    const record = builder.finish();
    expect(parseRecord(stringifyRecord(record))).toEqual(record);
  });
});

describe('mistakes', () => {
  it.for([
    [2, 'positions go from 0 to 1'],
    [-1, 'positions go from 0 to 1'],
    [0.5, 'positions go from 0 to 1'],
  ] as const)('position %d of a record of one step', ([position, hint]) => {
    const player = new RecordPlayer(build([emptyView, emptyView]).finish());
    expect(() => player.goTo(position)).toThrow(expect.objectContaining({ code: 'MEM-REC-001', hint }));
  });

  it('a position that was not kept', () => {
    const player = new RecordPlayer(build([emptyView, emptyView, emptyView], 1).finish());
    const hint = 'the steps before 1 were not kept; replay the run to see them';
    expect(() => player.goTo(0)).toThrow(expect.objectContaining({ code: 'MEM-REC-001', hint }));
  });

  it.for(['', '{', '{}', '[]', 'null', '{"version":2,"firstStep":0,"first":{},"steps":[]}', '{"version":1}'])(
    'text that is no record: %j',
    (text) => {
      expect(() => parseRecord(text)).toThrow(expect.objectContaining({ code: 'MEM-REC-002' }));
    },
  );

  it('a record of no steps', () => {
    expect(() => new RecordBuilder(emptyView, { stepsMax: 0 })).toThrow(
      expect.objectContaining({ code: 'MEM-REC-003' }),
    );
  });
});
