/** What a glossary entry is. */
export interface Term {
  readonly term: string;
  /** Other spellings that find it. */
  readonly aliases: readonly string[];
  /** Sentences for someone who meets the word for the first time. */
  readonly text: string;
  readonly see: readonly string[];
}

export const term = (name: string, aliases: readonly string[], text: string, see: readonly string[] = []): Term => ({
  term: name,
  aliases,
  text,
  see,
});
