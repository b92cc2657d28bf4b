/**
 * Turn one plain value into another by assigning only what differs, so that immer's patches are as small as the change.
 *
 * Objects are compared key by key and arrays index by index, all the way down; a branch that is equal is never touched,
 * so the result shares it with the old value. An element inserted in the middle of an array moves all that follow it,
 * and each of those counts as changed: data where things come and go belongs in objects with keys (`MachineView` does so).
 */
import { enablePatches, type Patch, produceWithPatches } from 'immer';

enablePatches();

export interface Reconciled<T> {
  /** Deep-equal to the new value; shares every unchanged branch with the old one. */
  readonly value: T;
  /** From the old value to the new one, and back. */
  readonly patches: readonly Patch[];
  readonly inverse: readonly Patch[];
}

/**
 * The difference between two plain values (objects, arrays and primitives; no classes, no `undefined` fields).
 * Both may be frozen by it: immer freezes what it returns.
 */
export function reconcile<T extends object>(from: T, to: T): Reconciled<T> {
  const [value, patches, inverse] = produceWithPatches(from, (draft: object) => {
    assignDifferences(from, to, () => draft);
  });
  return { value, patches, inverse };
}

/** `draftOf` opens the draft only where something differs: a draft costs a proxy and a copy of its object. */
function assignDifferences(from: object, to: object, draftOf: () => object): void {
  for (const key of Object.keys(to)) {
    const before: unknown = Object.hasOwn(from, key) ? Reflect.get(from, key) : undefined;
    const after: unknown = Reflect.get(to, key);
    if (Object.is(before, after)) continue;
    if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
      let child: object | null = null;
      assignDifferences(before, after, () => {
        child ??= childOf(draftOf(), key);
        return child;
      });
    } else {
      Reflect.set(draftOf(), key, after);
    }
  }
  if (Array.isArray(from)) {
    if (Array.isArray(to) && to.length < from.length) Reflect.set(draftOf(), 'length', to.length);
    return;
  }
  for (const key of Object.keys(from)) {
    if (!Object.hasOwn(to, key)) Reflect.deleteProperty(draftOf(), key);
  }
}

function childOf(draft: object, key: string): object {
  const child: unknown = Reflect.get(draft, key);
  return child as object;
}

function isContainer(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
