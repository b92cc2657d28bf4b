/**
 * Shell patterns as Python's fnmatch understands them: `*` any characters, `?` one, `[a-z]`, `[!a-z]`; `/` is nothing
 * special. Case counts, as it does on Linux. A `[` without its `]` stands for itself.
 */

interface CharacterSet {
  readonly negated: boolean;
  /** Pairs of first and last code point. */
  readonly ranges: readonly (readonly [number, number])[];
}

type Piece = '*' | '?' | number | CharacterSet;

export function matchesGlob(text: string, pattern: string): boolean {
  const pieces = piecesOf(pattern);
  const points = [...text].map((character) => character.codePointAt(0)!);
  // Where to go on when a match fails: behind the last `*`, which then swallows one more character.
  let starPiece = -1;
  let starPoint = 0;
  let piece = 0;
  let point = 0;
  while (point < points.length) {
    const wanted = pieces[piece];
    if (wanted === '*') {
      piece++;
      starPiece = piece;
      starPoint = point;
    } else if (wanted !== undefined && accepts(wanted, points[point]!)) {
      piece++;
      point++;
    } else if (starPiece >= 0) {
      starPoint++;
      point = starPoint;
      piece = starPiece;
    } else return false;
  }
  while (pieces[piece] === '*') piece++;
  return piece === pieces.length;
}

function accepts(piece: Exclude<Piece, '*'>, point: number): boolean {
  if (piece === '?') return true;
  if (typeof piece === 'number') return piece === point;
  return piece.ranges.some(([first, last]) => first <= point && point <= last) !== piece.negated;
}

function piecesOf(pattern: string): Piece[] {
  const characters = [...pattern];
  const pieces: Piece[] = [];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    const end = character === '[' ? endOfSet(characters, at) : -1;
    if (end >= 0) {
      pieces.push(setOf(characters.slice(at + 1, end)));
      at = end;
    } else if (character === '*' || character === '?') pieces.push(character);
    else pieces.push(character.codePointAt(0)!);
  }
  return pieces;
}

/** Where the `]` is that closes the set opened at `start`; -1: nowhere. One right after `[` or `[!` is a member. */
function endOfSet(characters: readonly string[], start: number): number {
  let at = start + 1;
  if (characters[at] === '!') at++;
  if (characters[at] === ']') at++;
  return characters.indexOf(']', at);
}

function setOf(content: readonly string[]): CharacterSet {
  const negated = content[0] === '!';
  const points = (negated ? content.slice(1) : content).map((character) => character.codePointAt(0)!);
  const dash = '-'.codePointAt(0)!;
  const ranges: [number, number][] = [];
  for (let at = 0; at < points.length; at++) {
    const isRange = points[at + 1] === dash && at + 2 < points.length;
    // A range that runs backwards holds nothing.
    ranges.push([points[at]!, isRange ? points[at + 2]! : points[at]!]);
    if (isRange) at += 2;
  }
  return { negated, ranges };
}
