/**
 * What is generated from the built package and checked in: the published JSON Schema and the reference pages.
 *
 *   node scripts/generate.mjs           writes schema/ and docs/ (the build does this last)
 *   node scripts/generate.mjs --check   writes nothing; fails when a file is stale
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ERROR_EXPLANATIONS } from '../dist/cli/error-explanations.js';
import { counterReference } from '../dist/report/counter-text.js';
import { policyReference } from '../dist/report/policy-text.js';
import { errorReference, scenarioReference } from '../dist/scenario/reference.js';
import { scenarioJsonSchema } from '../dist/scenario/schema.js';
import { sweepJsonSchema } from '../dist/sweep/sweep-schema.js';

const root = new URL('..', import.meta.url);
const files = {
  'schema/scenario.v1.json': `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`,
  'schema/sweep.v1.json': `${JSON.stringify(sweepJsonSchema(), null, 2)}\n`,
  'docs/scenario-reference.md': scenarioReference(),
  'docs/counters.md': counterReference(),
  'docs/replacement.md': policyReference(),
  'docs/errors.md': errorReference(ERROR_EXPLANATIONS),
};

const read = (path) => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
};

const stale = [];
for (const [name, text] of Object.entries(files)) {
  const path = fileURLToPath(new URL(name, root));
  if (read(path) === text) continue;
  stale.push(name);
  if (process.argv.includes('--check')) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
if (process.argv.includes('--check') && stale.length > 0) {
  process.stderr.write(`stale: ${stale.join(', ')}; run npm run build\n`);
  process.exitCode = 1;
}
