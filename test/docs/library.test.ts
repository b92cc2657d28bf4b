/** docs/library.md is one program: it is run, and each line that ends in `// => value` must come to that value. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import * as mmulator from '../../src/index.ts';

const PAGE = readFileSync(new URL('../../docs/library.md', import.meta.url), 'utf8');
const CLAIM = /^(?:const (\w+) = )?(.*); \/\/ => (.*)$/;

/** `expression; // => value` as a call of `claim`, with the line that makes it. */
function withClaims(line: string): string {
  const [, name, expression, value] = CLAIM.exec(line) ?? [];
  if (expression === undefined) return line;
  const call = `claim(${expression}, ${value}, ${JSON.stringify(line)})`;
  return name === undefined ? `${call};` : `const ${name} = ${call};`;
}

const asData = (value: unknown): unknown => (value instanceof Uint8Array ? [...value] : value);

it('says what happens', () => {
  const code = [...PAGE.matchAll(/^```js\n([\s\S]*?)^```/gm)].map(([, block]) => block!).join('');
  const program = code
    .replace(/^import (\{[^}]*\}) from 'mmulator';$/m, 'const $1 = mmulator;')
    .split('\n')
    .map(withClaims)
    .join('\n');
  let claims = 0;
  const claim = (actual: unknown, expected: unknown, line: string): unknown => {
    claims++;
    expect(asData(actual), line).toEqual(expected);
    return actual;
  };
  new Function('mmulator', 'claim', program)(mmulator, claim);
  expect(claims).toBe(PAGE.match(/\/\/ => /g)!.length);
});

/** A page nobody links is a page nobody reads. */
it.each([
  'conform',
  'counters',
  'errors',
  'heaps',
  'library',
  'memory-pressure',
  'performance',
  'proc',
  'scenario-reference',
  'scenarios-linux',
])('README.md leads to docs/%s.md', (name) => {
  expect(readFileSync(new URL('../../README.md', import.meta.url), 'utf8')).toContain(`(docs/${name}.md)`);
});
