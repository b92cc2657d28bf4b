/** The words of memory management as mmulator uses them: `mmulator explain <term>`, and the docs. */
import { HARDWARE_TERMS, RULE_TERMS } from './glossary/hardware.ts';
import { HEAP_TERMS } from './glossary/heaps.ts';
import { KERNEL_TERMS } from './glossary/kernel.ts';
import { LINUX_TERMS } from './glossary/linux.ts';
import type { Term } from './glossary/term.ts';

export type { Term };

export const GLOSSARY: readonly Term[] = [
  ...HARDWARE_TERMS,
  ...RULE_TERMS,
  ...KERNEL_TERMS,
  ...LINUX_TERMS,
  ...HEAP_TERMS,
];

/** Case, blanks, dashes and underscores do not matter. */
const normal = (word: string): string =>
  word
    .toLowerCase()
    .replace(/[\s_-]+/g, ' ')
    .replaceAll('’', "'")
    .trim();

const BY_NAME: ReadonlyMap<string, Term> = new Map(
  // A term's own name wins over another's alias.
  [
    ...GLOSSARY.flatMap((entry) => entry.aliases.map((alias) => [normal(alias), entry] as const)),
    ...GLOSSARY.map((entry) => [normal(entry.term), entry] as const),
  ],
);

/** The entry for a word, its plural or one of its other spellings. */
export function findTerm(word: string): Term | undefined {
  const wanted = normal(word);
  return BY_NAME.get(wanted) ?? BY_NAME.get(wanted.replace(/s$/, ''));
}

/** Every spelling `findTerm` knows. */
export const TERM_NAMES: readonly string[] = [...BY_NAME.keys()];
