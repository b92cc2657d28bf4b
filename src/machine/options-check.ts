/** Options objects from JavaScript, where no compiler looks: are their keys known, are their values what they must be? */
import { InputError } from '../mmu/input-error.ts';
import { suggest } from '../mmu/nearest.ts';

/** What a key's value must be, when it is given. */
export interface OptionKind {
  /** `true or false`. */
  readonly what: string;
  readonly holds: (value: unknown) => boolean;
}

export const TEXT: OptionKind = { what: 'a text', holds: (value) => typeof value === 'string' };
export const FLAG: OptionKind = { what: 'true or false', holds: (value) => typeof value === 'boolean' };
export const LIST: OptionKind = { what: 'a list', holds: Array.isArray };
/** Looked at by those whose it is. */
export const ANYTHING: OptionKind = { what: 'anything', holds: () => true };

/** `of`: whose options they are, `spawn`. undefined is as good as left out. @throws InputError with this code */
export function checkOptions(
  code: string,
  of: string,
  options: unknown,
  kinds: Readonly<Record<string, OptionKind>>,
): void {
  const known = Object.keys(kinds);
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    const message = `the options of ${of} are no object: ${shown(options)}`;
    throw new InputError({ code, message, hint: `its keys are ${known.join(', ')}` });
  }
  for (const [key, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, key) ? kinds[key] : undefined;
    if (kind === undefined) {
      throw new InputError({ code, message: `${of} has no option \`${key}\``, hint: suggest(key, known, 'options') });
    }
    if (value === undefined || kind.holds(value)) continue;
    const message = `\`${key}\` of ${of} must be ${kind.what}, not ${shown(value)}`;
    throw new InputError({ code, message, hint: 'leave it out for its default' });
  }
}

/** A value in a message: short, and whatever it is. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return `'${value.length > 60 ? `${value.slice(0, 60)}…` : value}'`;
    case 'object':
      return value === null ? 'null' : Array.isArray(value) ? 'a list' : 'an object';
    case 'function':
      return 'a function';
    default:
      return String(value);
  }
}
