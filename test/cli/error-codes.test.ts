/** Every code that the source can raise is explained, once, by `mmulator explain CODE`; and nothing else is. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { ERROR_EXPLANATIONS, findCode } from '../../src/cli/error-explanations.ts';

const SOURCE = fileURLToPath(new URL('../../src/', import.meta.url));
/** Files that explain codes instead of raising them. */
const CATALOGUES = /error-(?:codes|catalogue)\.ts$/;

/** Code → the first file that names it in a string (comments speak of codes too, and of ranges of them). */
function raised(): Map<string, string> {
  const found = new Map<string, string>();
  for (const name of readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('.ts') || CATALOGUES.test(name)) continue;
    const text = readFileSync(`${SOURCE}${name}`, 'utf8');
    for (const [, code] of text.matchAll(/['"`](MEM-[A-Z]+-\d{3})['"`]/g)) {
      if (code !== undefined && !found.has(code)) found.set(code, name);
    }
  }
  return found;
}

describe('error codes', () => {
  const inSource = raised();
  const explained = ERROR_EXPLANATIONS.map((entry) => entry.code);

  it('finds those of every floor', () => {
    const families = new Set([...inSource.keys()].map((code) => code.split('-')[1]));
    for (const family of ['API', 'CFG', 'CLI', 'FMT', 'GLD', 'POL', 'REC', 'REW', 'SCN', 'TLB', 'TRC'])
      expect(families).toContain(family);
  });
  it('are all explained', () => {
    const missing = [...inSource].filter(([code]) => findCode(code) === undefined);
    expect(missing).toEqual([]);
  });
  it('are explained once', () => {
    expect(explained.filter((code, index) => explained.indexOf(code) !== index)).toEqual([]);
  });
  it('are raised somewhere', () => {
    expect(explained.filter((code) => !inSource.has(code))).toEqual([]);
  });
});
