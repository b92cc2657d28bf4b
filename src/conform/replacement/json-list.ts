import { isObject, type JsonObject, jsonProblem, type Mistakes, parseJson } from '../fields.ts';

/** An object of a JSON list, and the line it begins on, from 1. */
export interface ListItem {
  readonly object: JsonObject;
  readonly line: number;
}

/**
 * The objects of a file that is one JSON list.
 * @throws InputErrors of this code when it is none, with the line where it stops being one
 */
export function readJsonList(text: string, mistakes: Mistakes, code: string, expected: string): readonly ListItem[] {
  const json = parseJson(text);
  if (json === undefined) {
    const { column, what } = jsonProblem(text);
    const before = text.slice(0, column - 1).split('\n');
    mistakes.add(
      code,
      before.length,
      `not JSON: ${what.replace(/ from column .*/, ' from here on')}`,
      expected,
      before.at(-1)!.length + 1,
    );
  } else if (!Array.isArray(json)) mistakes.add(code, 1, 'JSON, but no list', expected);
  mistakes.throwIfAny();
  const lines = itemLines(text);
  return (json as readonly unknown[]).flatMap((object, index) => {
    const line = lines[index] ?? 1;
    if (isObject(object)) return [{ object, line }];
    mistakes.add(code, line, `item ${index + 1} is no object`, expected);
    return [];
  });
}

/** Lines on which the items of a JSON list begin. The text is JSON: only strings, brackets and commas need a look. */
function itemLines(text: string): number[] {
  const lines: number[] = [];
  let depth = 0;
  let line = 1;
  let expects = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '\n') line++;
    if (/\s/.test(character)) continue;
    if (expects && depth === 1 && character !== ']') lines.push(line);
    expects = false;
    if (character === '"') at = stringEnd(text, at);
    else if (character === '[' || character === '{') expects = ++depth === 1;
    else if (character === ']' || character === '}') depth--;
    else if (character === ',') expects = depth === 1;
  }
  return lines;
}

function stringEnd(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
