/** Results read back from their JSON, for `merge`: what is not as `resultsJson` writes it is refused. */
import { z } from 'zod';
import { InputError, InputErrors } from '../mmu/input-error.ts';
import type { SweepPlan } from './plan.ts';
import { planSchema } from './plan-schema.ts';
import { RESULTS_FORMAT, RESULTS_VERSION, type ResultRow, type SweepResults } from './results.ts';

const count = z.int().min(0);
const figure = z.number();

const tlbFigures = z.strictObject({ lookups: count, l1Hits: count, l2Hits: count, walks: count, hitRatio: figure });

const traceFigures = z.strictObject({
  kind: z.literal('trace'),
  references: count,
  hits: count.nullable(),
  faults: count.nullable(),
  coldFaults: count.nullable(),
  hitRatio: figure.nullable(),
  writeBacks: count.nullable(),
  meanResident: figure.nullable(),
  tlb: tlbFigures.nullable(),
});

const scenarioFigures = z.strictObject({
  kind: z.literal('scenario'),
  status: z.enum(['held', 'failed', 'step-limit']),
  steps: count,
  expectationsHeld: count,
  expectationsFailed: count,
  accesses: count,
  minorFaults: count,
  majorFaults: count,
  evictions: count,
  dirtyEvictions: count,
  swapReads: count,
  swapWrites: count,
  oomKills: count,
  tlbHits: count,
  tlbMisses: count,
  l2TlbHits: count,
  walks: count,
  pteReads: count,
});

const mapping = z.record(z.string(), z.unknown());
const file = z.strictObject({ file: z.string(), digest: z.string() });

/** What a row says again of its cell (input, parameters, times) is worked out anew by whoever reads it. */
const resultRow = z.strictObject({
  index: count,
  id: z.string(),
  input: z.string(),
  kind: z.enum(['trace', 'generated', 'scenario']),
  parameters: mapping,
  figures: z.discriminatedUnion('kind', [traceFigures, scenarioFigures]).nullable(),
  times: mapping.nullable(),
  error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string().nullable() }).nullable(),
});

const results = z.strictObject({
  format: z.literal(RESULTS_FORMAT),
  version: z.literal(RESULTS_VERSION),
  title: z.string().nullable(),
  planDigest: z.string(),
  plan: planSchema,
  inputs: z.strictObject({ traces: z.array(z.array(file)), scenarios: z.array(file) }),
  cells: count,
  rows: z.array(resultRow),
});

/**
 * A plan that could be one is taken as it is: `mergeResults` compares it with its digest before it makes anything of it.
 * @throws InputErrors MEM-SWP-040 not results of a sweep, or no longer; MEM-SWP-041 of a version that is not read
 */
export function parseResults(text: string, file: string): SweepResults {
  const raw = parsedJson(text, file);
  if (!isMapping(raw) || raw.format !== RESULTS_FORMAT) {
    throw noResults(file);
  }
  if (raw.version !== RESULTS_VERSION) {
    const hint = `this mmulator reads version ${RESULTS_VERSION}: measure and merge with the same one`;
    throw refused(file, 'MEM-SWP-041', `version ${JSON.stringify(raw.version)} of results`, hint);
  }
  const parsed = results.safeParse(raw);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const where = issue?.path.map(String).join('.') ?? '';
    throw refused(
      file,
      'MEM-SWP-040',
      `the results are damaged at ${where}: ${issue?.message ?? ''}`,
      'measure it again',
    );
  }
  // The plan's keys stay in their order: written again, it is the same text. What a row's parameters are made of, its id
  // vouches for.
  return {
    ...parsed.data,
    plan: raw.plan as SweepPlan,
    rows: parsed.data.rows as unknown as ResultRow[],
  };
}

const isMapping = (raw: unknown): raw is Record<string, unknown> =>
  typeof raw === 'object' && raw !== null && !Array.isArray(raw);

function parsedJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    // Such as the sweep itself, in YAML.
    if (!/^\s*\{/.test(text)) throw noResults(file);
    const what = error.message.replace(/\s+/g, ' ');
    throw refused(file, 'MEM-SWP-040', `not JSON: ${what}`, 'was the file written to its end?');
  }
}

const noResults = (file: string): InputErrors =>
  refused(file, 'MEM-SWP-040', 'these are no results of a sweep', '`mmulator sweep FILE -o part.json` writes some');

const refused = (file: string, code: string, message: string, hint: string): InputErrors =>
  new InputErrors([new InputError({ code, message, hint, file })]);
