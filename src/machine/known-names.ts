/** Linux's names as a caller of the library may write them: `DONTNEED`, `dontneed`, `MADV_DONTNEED`, `madv_dontneed`. */
import { RESOURCE_NAMES, type ResourceName } from '../kernel/limits.ts';
import { ADVICE, ADVICE_NAMES, type AdviceName } from '../kernel/vm/advice.ts';
import { InputError } from '../mmu/input-error.ts';
import { suggest } from '../mmu/nearest.ts';
import { requireAddress } from './check-access.ts';
import { shown } from './options-check.ts';

const CODE = 'MEM-API-026';

type Spelt<Name extends string, Prefix extends string> =
  | Name
  | `${Prefix}${Name}`
  | Lowercase<Name>
  | Lowercase<`${Prefix}${Name}`>;
export type SpeltAdvice = Spelt<AdviceName, 'MADV_'>;
export type SpeltResource = Spelt<ResourceName, 'RLIMIT_'>;

/** The number, and the name as Linux has it without MADV_ where one was given. @throws InputError MEM-API-026, -008 */
export function adviceOf(advice: SpeltAdvice | number): { readonly number: number; readonly shown: string | number } {
  if (typeof advice === 'number') {
    requireAddress(advice);
    return { number: advice, shown: advice };
  }
  const name = nameAmong(ADVICE_NAMES, advice, 'MADV_', 'advice');
  return { number: ADVICE[name], shown: name };
}

/** @throws InputError MEM-API-026 */
export const resourceOf = (resource: SpeltResource): ResourceName =>
  nameAmong(RESOURCE_NAMES, resource, 'RLIMIT_', 'limits');

/** One of the words, as it stands. @throws InputError MEM-API-026 */
export function wordAmong<Word extends string>(words: readonly Word[], given: unknown, what: string): Word {
  const found = words.find((word) => word === given);
  if (found !== undefined) return found;
  throw noSuch(given, words, what);
}

function nameAmong<Name extends string>(names: readonly Name[], given: unknown, prefix: string, what: string): Name {
  const upper = typeof given === 'string' ? given.toUpperCase() : '';
  const bare = upper.startsWith(prefix) ? upper.slice(prefix.length) : upper;
  const found = names.find((name) => name === bare);
  if (found !== undefined) return found;
  throw noSuch(given, names, what, bare);
}

/** `bare`: the spelling to look for the nearest of. */
function noSuch(given: unknown, known: readonly string[], what: string, bare = String(given)): InputError {
  const message = `${shown(given)} is none of the ${what} known here`;
  return new InputError({ code: CODE, message, hint: suggest(bare, known, what) });
}
