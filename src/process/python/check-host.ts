/**
 * What somebody hands over as an allocator written in JavaScript: is it one? The functions are only looked for, not called;
 * what they do is held against the rules at each call (host-calls.ts).
 */
import type { AnyHostAllocator } from './host-functions.ts';

export type CheckedHost =
  | { readonly host: AnyHostAllocator; readonly problem: null }
  /** `problem`: the rest of a sentence about it: `has no name`. */
  | { readonly host: null; readonly problem: string };

/** What an allocator must have, for hints. */
export const HOST_SHAPE =
  'an allocator has a name, a sentence `about` it, a number of `words`, and malloc, calloc, realloc, free (or alloc, free for arenas)';

const ALLOCATOR = ['malloc', 'calloc', 'realloc', 'free'];
const ARENA_ALLOCATOR = ['alloc', 'free'];

/** With `words` 0 and an empty `about` where they were left out. */
export function checkHost(item: unknown): CheckedHost {
  const refused = (problem: string): CheckedHost => ({ host: null, problem });
  if (typeof item !== 'object' || item === null) return refused('is no allocator');
  const fields = item as Readonly<Record<string, unknown>>;
  if (typeof fields.name !== 'string' || fields.name === '') return refused('has no name');
  const functions = 'alloc' in fields ? ARENA_ALLOCATOR : ALLOCATOR;
  const missing = functions.find((name) => typeof fields[name] !== 'function');
  if (missing !== undefined) return refused(`(${fields.name}) has no function \`${missing}\``);
  const { words = 0, about = '' } = fields;
  if (typeof words !== 'number' || !Number.isSafeInteger(words) || words < 0)
    return refused('has `words` that are no count');
  // Its shape has just been looked at. A prototype, so that its functions find what else it has through `this`.
  return {
    host: Object.assign(Object.create(item), { words, about: String(about) }) as AnyHostAllocator,
    problem: null,
  };
}
