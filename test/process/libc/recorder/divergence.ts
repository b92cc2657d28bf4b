/** The first place where two outcomes of a sequence differ, told so that one can go and look. */
import type { Outcome } from './real-library.ts';
import type { Sequence } from './script.ts';

/** Operations shown before the one that differs. */
const BEFORE = 6;

/** null: they are the same. */
export function divergence(sequence: Sequence, expected: Outcome, actual: Outcome): string | null {
  const { name, operations } = sequence;
  const count = Math.max(expected.results.length, actual.results.length);
  for (let index = 0; index < count; index++) {
    const [wanted, got] = [expected.results[index], actual.results[index]];
    if (wanted === got) continue;
    const lines = [`${name}: operation ${index} of ${operations.length} differs`];
    for (let shown = Math.max(0, index - BEFORE); shown < index; shown++) {
      lines.push(`    ${shown}  ${operations[shown]}  ->  ${expected.results[shown]}`);
    }
    lines.push(`    ${index}  ${operations[index]}`);
    lines.push(`       expected  ${wanted ?? `(${expected.end}: ${expected.stderr.trimEnd()})`}`);
    lines.push(`       actual    ${got ?? `(${actual.end}: ${actual.stderr.trimEnd()})`}`);
    return lines.join('\n');
  }
  const last = operations[count - 1];
  if (expected.end !== actual.end || expected.stderr !== actual.stderr) {
    return (
      `${name}: ends otherwise, at operation ${count - 1} (${last})\n` +
      `    expected  ${expected.end} ${JSON.stringify(expected.stderr)}\n` +
      `    actual    ${actual.end} ${JSON.stringify(actual.stderr)}`
    );
  }
  return null;
}
