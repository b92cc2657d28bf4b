/**
 * Names in reports that CPython writes while it is dying [Python/traceback.c:_Py_DumpASCII]: printable ASCII as it is, the
 * rest escaped, and no more than 500 characters.
 */

const NAME_CHARACTERS_MAX = 500;
const PRINTABLE_FIRST = 0x20;
const PRINTABLE_LAST = 0x7e;
const HEX = 16;

export function dumpedName(name: string): string {
  let text = '';
  let characters = 0;
  for (const character of name) {
    if (characters === NAME_CHARACTERS_MAX) return `${text}...`;
    characters++;
    const code = character.codePointAt(0)!;
    text += code >= PRINTABLE_FIRST && code <= PRINTABLE_LAST ? character : escaped(code);
  }
  return text;
}

function escaped(code: number): string {
  const digits = code.toString(HEX);
  if (code <= 0xff) return `\\x${digits.padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
