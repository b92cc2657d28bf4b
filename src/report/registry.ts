/** The reporters, by name. A new one is a file and a line here. */
import { jsonReporter } from './json.ts';
import { junitReporter } from './junit.ts';
import { prettyReporter } from './pretty.ts';
import type { Reporter } from './reporter.ts';
import { tapReporter } from './tap.ts';

export const REPORTERS: readonly Reporter[] = [prettyReporter, jsonReporter, tapReporter, junitReporter];

export function reporterNamed(name: string): Reporter | undefined {
  return REPORTERS.find((reporter) => reporter.name === name);
}
