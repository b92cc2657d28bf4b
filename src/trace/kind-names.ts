import { InputError } from '../mmu/input-error.ts';
import { suggest } from '../mmu/nearest.ts';
import { FETCH, LOAD, STORE } from '../mmu/units.ts';
import { MODIFY, type TraceKind } from './reference.ts';

/** By kind: load, store, fetch, modify. */
export const KIND_NAMES = ['load', 'store', 'fetch', 'modify'] as const;

const KINDS: Readonly<Record<string, readonly TraceKind[]>> = {
  fetch: [FETCH],
  load: [LOAD],
  store: [STORE],
  modify: [MODIFY],
  data: [LOAD, STORE, MODIFY],
};

/** Kinds of references as people write them: `load,store`; `data` is all but fetches. @throws InputError MEM-CLI-007 */
export function parseKinds(option: string, text: string): TraceKind[] {
  return text.split(',').flatMap((part) => {
    const name = part.trim();
    if (Object.hasOwn(KINDS, name)) return KINDS[name]!;
    throw new InputError({
      code: 'MEM-CLI-007',
      message: `${option}: no reference is a \`${name}\``,
      hint: suggest(name, Object.keys(KINDS), 'kinds'),
    });
  });
}
