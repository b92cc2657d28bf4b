/**
 * Glob patterns, for quoted ones and for shells that expand none (Node 20 has no `fs.glob` yet).
 * `*` and `?` stay inside one name, `**` crosses folders, `[abc]` and `{a,b}` choose.
 */
export const isGlob = (path: string): boolean => /[*?[{]/.test(path);

/** The folder in which everything that matches must lie. */
export function globRoot(pattern: string): string {
  const parts = pattern.split('/');
  const first = parts.findIndex(isGlob);
  const fixed = parts.slice(0, first < 0 ? parts.length - 1 : first);
  if (fixed.length === 0) return '.';
  return fixed.join('/') || '/';
}

export function globToRegExp(pattern: string): RegExp {
  const text = pattern.replace(/^(\.\/)+/, '');
  const lead = pattern.length === text.length ? '' : '(?:\\./)?';
  let source = '';
  for (let position = 0; position < text.length; ) {
    const [piece, length] = pieceAt(text, position);
    source += piece;
    position += length;
  }
  return new RegExp(`^${lead}${source}$`);
}

/** The expression for what stands at `position`, and how many characters it took. */
function pieceAt(text: string, position: number): readonly [string, number] {
  const rest = text.slice(position);
  if (rest.startsWith('**/')) return ['(?:[^/]+/)*', 3];
  if (rest.startsWith('**')) return ['.*', 2];
  const character = rest[0]!;
  if (character === '*') return ['[^/]*', 1];
  if (character === '?') return ['[^/]', 1];
  const bracket = /^\[(!?)([^\]]+)\]/.exec(rest);
  if (bracket !== null)
    return [`[${bracket[1] === '!' ? '^/' : ''}${bracket[2]!.replace(/[\\^]/g, '\\$&')}]`, bracket[0].length];
  const brace = /^\{([^{}]+)\}/.exec(rest);
  if (brace !== null) {
    const choices = brace[1]!.split(',').map((choice) => globToRegExp(choice).source.slice(1, -1));
    return [`(?:${choices.join('|')})`, brace[0].length];
  }
  return [character.replace(/[.+^$(){}|[\]\\]/g, '\\$&'), 1];
}
