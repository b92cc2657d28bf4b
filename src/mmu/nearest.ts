/**
 * Nearest spelling: which of the known words did the person probably mean?
 *
 * Distance is Damerau-Levenshtein in its optimal-string-alignment form (insert, delete, replace, swap of neighbours),
 * compared without regard to case. A word is offered only when at most a third of it would have to change.
 */
export function spellingDistance(left: string, right: string): number {
  const columns = right.length + 1;
  let beforePrevious = new Uint16Array(columns);
  let previous = Uint16Array.from({ length: columns }, (_, column) => column);
  let current = new Uint16Array(columns);
  for (let row = 1; row <= left.length; row++) {
    current[0] = row;
    for (let column = 1; column < columns; column++) {
      const same = left[row - 1] === right[column - 1];
      let best = Math.min(previous[column]! + 1, current[column - 1]! + 1, previous[column - 1]! + (same ? 0 : 1));
      const swapped =
        row > 1 && column > 1 && left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      if (swapped) best = Math.min(best, beforePrevious[column - 2]! + 1);
      current[column] = best;
    }
    [beforePrevious, previous, current] = [previous, current, beforePrevious];
  }
  return previous[right.length]!;
}

/** The closest of `known` to `word`, or null when none is close enough to be worth suggesting. */
export function nearest(word: string, known: Iterable<string>): string | null {
  const wanted = word.toLowerCase();
  let best: string | null = null;
  let bestDistance = Math.max(1, Math.floor(Math.max(3, wanted.length) / 3)) + 1;
  for (const candidate of known) {
    const lower = candidate.toLowerCase();
    // A length difference alone already costs that many edits.
    if (Math.abs(lower.length - wanted.length) >= bestDistance) continue;
    const distance = spellingDistance(wanted, lower);
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `did you mean "store"?`, or the whole list when nothing is close: what a hint says. */
export function suggest(word: string, known: readonly string[], what: string): string {
  const close = nearest(word, known);
  if (close !== null) return `did you mean \`${close}\`?`;
  if (known.length === 0) return `there is no ${what} yet`;
  return `known ${what}: ${known.join(', ')}`;
}
