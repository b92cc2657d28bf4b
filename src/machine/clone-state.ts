/**
 * A machine's state, copied: what a snapshot is made of.
 *
 * Answers "an object graph like this one, sharing nothing that can change". It copies whatever is reachable by fields,
 * so a class joins a machine's state by being pointed to and needs no code of its own:
 *
 *     original ──▶ AddressSpace ──▶ areas[ ] ──▶ Area ─┐        copy ──▶ AddressSpace' ──▶ areas'[ ] ──▶ Area' ─┐
 *                       ▲                              │                      ▲                                 │
 *                       └──────────── owner ───────────┘                      └───────────── owner ─────────────┘
 *
 * - Class instances keep their prototype, and their fields are copied; constructors do not run.
 * - Arrays (holes too, but only their elements), plain objects, Maps and Sets keep their order. Shared references and
 *   cycles stay shared.
 * - Several typed arrays over one ArrayBuffer become as many views over one copy of it.
 * - Primitives, bigints and symbols are themselves.
 * - An object with a `cloneState(clone)` method is asked to copy itself (physical memory copies only what was written).
 *   Whatever it hands out views of must not be held by others as raw buffers: they would get a copy of their own.
 *
 * A class says what is not state by static lists of field names, inherited by its subclasses unless they say otherwise:
 *
 *     static readonly transient = ['listener']; // not copied: null in the copy; kept as it is by `restoreState`
 *     static readonly shared = ['format'];      // immutable for ever: the copy points to the same object
 *
 * Functions (closures hide state), accessors, `WeakMap` and the like are refused by `invariant`: with them a rewound
 * machine would silently differ from one that was never rewound. `#private` fields cannot be seen from outside, which
 * is why the house does without them.
 *
 * Cost: one pass over the state, O(bytes). It keeps its own list of work, so that a linked list of 100,000 nodes does
 * not overflow the stack.
 */
import { invariant } from '../mmu/invariant.ts';

/** Copies one value of the same graph; for `cloneState` methods. */
export type CloneValue = <T>(value: T) => T;

/** An object that copies itself. It must return a new object of its own kind that shares nothing mutable with it. */
export interface SelfCloning {
  cloneState(clone: CloneValue): object;
}

/** An independent copy of `root` and of everything reachable from it. */
export function cloneState<T>(root: T): T {
  const cloner = new Cloner();
  const copy = cloner.clone(root);
  cloner.finish();
  return copy;
}

/**
 * Make `target` what `saved` was when it was cloned: its fields become an independent copy of `saved`'s, references
 * from inside to `saved` become references to `target`, and transient fields of `target` stay as they are. `saved` can
 * be restored from again. Both must be of one class.
 */
export function restoreState<T extends object>(target: T, saved: T): void {
  invariant(Object.getPrototypeOf(target) === Object.getPrototypeOf(saved), 'state is restored into its own class');
  const cloner = new Cloner();
  const transient = fieldNames(target, 'transient');
  for (const key of Reflect.ownKeys(target)) {
    if (!transient.includes(key) && !Object.hasOwn(saved, key)) Reflect.deleteProperty(target, key);
  }
  cloner.fillInto(saved, target);
  cloner.finish();
}

/** The intrinsic constructors, by tag: a Buffer is a `Uint8Array` whose constructor must not be called. */
const TYPED_ARRAYS: Readonly<
  Record<string, new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView>
> = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
};

const NOT_STATE = ['WeakMap', 'WeakSet', 'WeakRef', 'Promise', 'RegExp', 'Date', 'SharedArrayBuffer', 'Generator'];

class Cloner {
  /** Original → copy, for everything seen. An object that is copying itself is `pending`. */
  private readonly copies = new Map<object, object>();
  private readonly pending = new Set<object>();
  /** Pairs (original, empty copy) still to be filled, two entries each. */
  private readonly work: object[] = [];

  /** The copy of a value. An object's copy may be empty until `finish`. */
  readonly clone: CloneValue = <T>(value: T): T => {
    if (typeof value === 'function') invariant(false, 'a function is not state: declare its field transient or shared');
    if (typeof value !== 'object' || value === null) return value;
    return (this.copies.get(value) ?? this.cloneObject(value)) as T;
  };

  fillInto(original: object, target: object): void {
    this.copies.set(original, target);
    this.work.push(original, target);
  }

  finish(): void {
    for (let copy = this.work.pop(); copy !== undefined; copy = this.work.pop()) {
      const original = this.work.pop();
      if (original !== undefined) this.fill(original, copy);
    }
  }

  private cloneObject(original: object): object {
    invariant(!this.pending.has(original), 'objects that copy themselves must not contain each other');
    if (isSelfCloning(original)) {
      this.pending.add(original);
      const copy = original.cloneState(this.clone);
      this.pending.delete(original);
      invariant(copy !== original, 'cloneState returns a new object');
      this.copies.set(original, copy);
      return copy;
    }
    const copy = this.shell(original);
    this.copies.set(original, copy);
    if (!ArrayBuffer.isView(copy) && !(copy instanceof ArrayBuffer)) this.work.push(original, copy);
    return copy;
  }

  /** A new object of the same kind: whole for bytes, empty for what holds references. */
  private shell(original: object): object {
    const prototype: object | null = Object.getPrototypeOf(original);
    if (original instanceof ArrayBuffer) {
      invariant(!('resizable' in original && original.resizable === true), 'a resizable buffer is not state');
      return original.slice(0);
    }
    if (ArrayBuffer.isView(original)) return withPrototype(this.cloneView(original), prototype);
    if (Array.isArray(original)) return withPrototype(new Array(original.length), prototype);
    if (original instanceof Map) return withPrototype(new Map(), prototype);
    if (original instanceof Set) return withPrototype(new Set(), prototype);
    invariant(!NOT_STATE.includes(tagOf(original)), 'this kind of object is not state: declare its field transient');
    return Object.create(prototype);
  }

  private cloneView(original: ArrayBufferView): ArrayBufferView {
    invariant(original.buffer instanceof ArrayBuffer, 'shared memory is not state');
    const buffer = this.clone(original.buffer);
    if (original instanceof DataView) return new DataView(buffer, original.byteOffset, original.byteLength);
    const view = TYPED_ARRAYS[tagOf(original)];
    invariant(view !== undefined, 'a typed array of a known kind');
    const length = 'length' in original && typeof original.length === 'number' ? original.length : 0;
    return new view(buffer, original.byteOffset, length);
  }

  private fill(original: object, copy: object): void {
    if (Array.isArray(original) && Array.isArray(copy)) {
      // Index by index, not by `map`: holes stay holes.
      for (let index = 0; index < original.length; index += 1) {
        if (index in original) copy[index] = this.clone(original[index]);
      }
      return;
    }
    if (original instanceof Map && copy instanceof Map) {
      copy.clear();
      for (const [key, value] of original) copy.set(this.clone(key), this.clone(value));
    }
    if (original instanceof Set && copy instanceof Set) {
      copy.clear();
      for (const value of original) copy.add(this.clone(value));
    }
    this.fillFields(original, copy);
  }

  private fillFields(original: object, copy: object): void {
    const transient = fieldNames(original, 'transient');
    const shared = fieldNames(original, 'shared');
    for (const key of Reflect.ownKeys(original)) {
      if (transient.includes(key)) {
        if (!Object.hasOwn(copy, key)) define(copy, key, null);
        continue;
      }
      const descriptor = Object.getOwnPropertyDescriptor(original, key);
      invariant(descriptor !== undefined && 'value' in descriptor, 'an accessor is not state');
      const value: unknown = descriptor.value;
      define(copy, key, shared.includes(key) ? value : this.clone(value), descriptor.enumerable);
    }
  }
}

/** Define, not assign: a field named `__proto__` or one that a prototype has as an accessor is a field like any other. */
function define(target: object, key: PropertyKey, value: unknown, enumerable = true): void {
  Object.defineProperty(target, key, { value, enumerable, writable: true, configurable: true });
}

function isSelfCloning(value: object): value is SelfCloning {
  return 'cloneState' in value && typeof value.cloneState === 'function';
}

function fieldNames(instance: object, list: 'transient' | 'shared'): readonly PropertyKey[] {
  const maker: unknown = Object.getPrototypeOf(instance)?.constructor;
  if (typeof maker !== 'function' || !(list in maker)) return [];
  const names: unknown = Reflect.get(maker, list);
  invariant(Array.isArray(names), 'transient and shared are lists of field names');
  return names;
}

function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function withPrototype<T extends object>(value: T, prototype: object | null): T {
  if (Object.getPrototypeOf(value) !== prototype) Object.setPrototypeOf(value, prototype);
  return value;
}
