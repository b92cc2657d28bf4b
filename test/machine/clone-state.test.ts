import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type CloneValue, cloneState, restoreState } from '../../src/machine/clone-state.ts';

class Frame {
  owners: Frame[] = [];
  readonly pfn: number;
  constructor(pfn: number) {
    this.pfn = pfn;
  }
  get doubled(): number {
    return this.pfn * 2;
  }
}

class Base {
  static readonly transient: readonly string[] = ['listener'];
  static readonly shared: readonly string[] = ['format'];
  listener: (() => number) | null = () => 1;
  format = { decode: (word: number) => word & 1 };
  count = 0;
}
class Derived extends Base {
  self: Derived = this;
  pages = new Map<number, Frame>();
}

/** Every object reachable by fields, entries and buffers. */
function reachable(root: unknown, seen = new Set<object>()): Set<object> {
  if (typeof root !== 'object' || root === null || seen.has(root)) return seen;
  seen.add(root);
  if (root instanceof Map) for (const pair of root) for (const value of pair) reachable(value, seen);
  if (root instanceof Set) for (const value of root) reachable(value, seen);
  if (ArrayBuffer.isView(root)) reachable(root.buffer, seen);
  else for (const key of Reflect.ownKeys(root)) reachable(Reflect.get(root, key), seen);
  return seen;
}

const anyState = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.constantFrom<unknown>(0, -0, Number.NaN, 2n ** 70n, 'text', true, null, undefined, Symbol.for('kept')),
    fc.integer(),
    fc.uint8Array({ maxLength: 8 }),
    fc.float64Array({ maxLength: 4 }),
    fc.bigUint64Array({ maxLength: 3 }),
    fc.array(tie('node'), { maxLength: 4 }),
    fc.sparseArray(tie('node'), { maxLength: 6, maxNumElements: 3 }),
    fc.dictionary(fc.string({ maxLength: 3 }), tie('node'), { maxKeys: 4 }),
    fc.array(fc.tuple(tie('node'), tie('node')), { maxLength: 3 }).map((pairs) => new Map(pairs)),
    fc.array(tie('node'), { maxLength: 3 }).map((values) => new Set(values)),
    fc.tuple(fc.integer(), fc.array(tie('node'), { maxLength: 2 })).map(([pfn, owners]) => {
      const frame = new Frame(pfn);
      Object.assign(frame, { owners });
      return frame;
    }),
  ),
})).node;

describe('cloning state', () => {
  it('gives an equal graph that shares no object with the original', () => {
    fc.assert(
      fc.property(anyState, (state) => {
        const copy = cloneState(state);
        expect(copy).toStrictEqual(state);
        const before = reachable(state);
        const after = reachable(copy);
        expect(after.size).toBe(before.size);
        for (const object of after) expect(before.has(object)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it('keeps sharing and cycles as they were, whatever points to whatever', () => {
    const edges = fc.array(fc.tuple(fc.nat(9), fc.nat(9)), { maxLength: 30 });
    fc.assert(
      fc.property(edges, (pairs) => {
        const frames = Array.from({ length: 10 }, (_, pfn) => new Frame(pfn));
        for (const [from, to] of pairs) frames[from]!.owners.push(frames[to]!);
        const copies = cloneState(frames);
        for (const frame of copies) {
          expect(frame.owners.map((owner) => owner.pfn)).toEqual(frames[frame.pfn]!.owners.map((owner) => owner.pfn));
          for (const owner of frame.owners) expect(owner).toBe(copies[owner.pfn]);
        }
      }),
    );
  });

  it('keeps classes, methods and getters without running constructors', () => {
    const copy = cloneState(new Frame(21));
    expect(copy).toBeInstanceOf(Frame);
    expect(copy.doubled).toBe(42);
  });

  it('keeps views of one buffer on one buffer, at their offsets', () => {
    const buffer = new ArrayBuffer(32);
    const state = {
      bytes: new Uint8Array(buffer),
      words: new Uint32Array(buffer, 8, 2),
      view: new DataView(buffer, 4),
    };
    const copy = cloneState(state);
    copy.bytes[8] = 0x2a;
    expect(copy.words[0]).toBe(0x2a);
    expect(copy.words).toHaveLength(2);
    expect(copy.view.getUint8(4)).toBe(0x2a);
    expect(copy.words.buffer).toBe(copy.bytes.buffer);
    expect(state.words[0]).toBe(0);
  });

  it("keeps a Node Buffer's contents although its constructor is not a typed array's", () => {
    const copy = cloneState({ bytes: Buffer.from('paging') });
    expect(copy.bytes.toString()).toBe('paging');
  });

  it('does not overflow the stack on a long list', () => {
    interface Node {
      next: Node | null;
    }
    let head: Node | null = null;
    for (let index = 0; index < 200_000; index += 1) head = { next: head };
    let length = 0;
    for (let node = cloneState(head); node !== null; node = node.next) length += 1;
    expect(length).toBe(200_000);
  });

  it('keeps objects without a prototype and fields with awkward names', () => {
    const state = Object.assign(Object.create(null), { constructor: 1, toString: 2 });
    const copy = cloneState(state);
    expect(Object.getPrototypeOf(copy)).toBe(null);
    expect(copy).toEqual(state);
    const named: object = JSON.parse('{"__proto__": {"a": 1}}');
    expect(JSON.stringify(cloneState(named))).toBe('{"__proto__":{"a":1}}');
  });
});

describe('what is not copied', () => {
  it('leaves transient fields null and shares shared ones, in subclasses too', () => {
    const state = new Derived();
    state.pages.set(1, new Frame(5));
    const copy = cloneState(state);
    expect(copy.listener).toBe(null);
    expect(copy.format).toBe(state.format);
    expect(copy.self).toBe(copy);
    expect(copy.pages.get(1)).toEqual(state.pages.get(1));
  });

  it.for([
    ['a closure', { listener: () => 1 }],
    ['an accessor', Object.defineProperty({}, 'now', { get: () => 1, enumerable: true })],
    ['a weak map', { cache: new WeakMap() }],
    ['a promise', [Promise.resolve()]],
    ['a date', { started: new Date(0) }],
    ['a regular expression', [/x/]],
    ['shared memory', new Uint8Array(new SharedArrayBuffer(4))],
  ] as const)('refuses %s', ([, state]) => {
    expect(() => cloneState<unknown>(state)).toThrow(/not state/);
  });
});

describe('objects that copy themselves', () => {
  class Sparse {
    written = new Map<number, number>();
    owner: { memory: Sparse | null };
    constructor(owner: { memory: Sparse | null }) {
      this.owner = owner;
    }
    cloneState(clone: CloneValue): Sparse {
      const copy = new Sparse(clone(this.owner));
      copy.written = new Map([...this.written].filter(([, value]) => value !== 0));
      return copy;
    }
  }

  it('are asked once, and may ask for the rest of the graph, themselves included', () => {
    const owner: { memory: Sparse | null } = { memory: null };
    const memory = new Sparse(owner);
    owner.memory = memory;
    memory.written.set(1, 0).set(2, 9);
    const [first, second] = cloneState([memory, memory]);
    expect(first).toBe(second);
    expect(first!.owner).not.toBe(owner);
    expect(first!.owner.memory).toBe(first);
    expect([...first!.written]).toEqual([[2, 9]]);
  });

  it('must not return themselves', () => {
    class Lazy {
      cloneState(): Lazy {
        return this;
      }
    }
    expect(() => cloneState(new Lazy())).toThrow('cloneState returns a new object');
  });
});

describe('restoring', () => {
  it('puts the saved fields back into the same object, again and again', () => {
    const machine = new Derived();
    machine.pages.set(1, new Frame(5));
    const saved = cloneState(machine);
    const { listener } = machine;
    for (let round = 0; round < 2; round += 1) {
      machine.count = 99;
      machine.pages.clear();
      restoreState(machine, saved);
      expect(machine.count).toBe(0);
      expect(machine.pages.get(1)?.pfn).toBe(5);
      expect(machine.pages.get(1)).not.toBe(saved.pages.get(1));
      expect(machine.self).toBe(machine);
      expect(machine.listener).toBe(listener);
    }
  });

  it('forgets a field that the saved state did not have', () => {
    const target: { a: number; b?: number } = { a: 1, b: 2 };
    restoreState(target, { a: 3 });
    expect(target).toEqual({ a: 3 });
  });

  it('refuses another class', () => {
    expect(() => restoreState<object>(new Frame(1), new Derived())).toThrow('into its own class');
  });
});
