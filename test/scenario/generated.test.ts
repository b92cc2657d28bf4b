/** The generated files that are checked in say what the sources say. `npm run build` writes them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { ERROR_EXPLANATIONS } from '../../src/cli/error-explanations.ts';
import { counterReference } from '../../src/report/counter-text.ts';
import { policyReference } from '../../src/report/policy-text.ts';
import { SCENARIO_ERRORS } from '../../src/scenario/error-catalogue.ts';
import { parseScenario } from '../../src/scenario/load.ts';
import { MACHINE_ERRORS } from '../../src/scenario/machine-error-catalogue.ts';
import { errorReference, scenarioReference } from '../../src/scenario/reference.ts';
import { COUNTER_NAMES, EXPECTATION_NAMES } from '../../src/scenario/schema/expect.ts';
import { STEP_NAMES } from '../../src/scenario/schema/steps.ts';
import { scenarioJsonSchema } from '../../src/scenario/schema.ts';

const checkedIn = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

describe('generated files are not stale', () => {
  it.for([
    ['schema/scenario.v1.json', () => `${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`],
    ['docs/scenario-reference.md', scenarioReference],
    ['docs/counters.md', counterReference],
    ['docs/replacement.md', policyReference],
    ['docs/errors.md', () => errorReference(ERROR_EXPLANATIONS)],
  ] as const)('%s', ([path, make]) => {
    expect(checkedIn(path)).toBe(make());
  });
});

describe('the reference page', () => {
  const page = scenarioReference();
  it.for(STEP_NAMES)('has a section on %s', (name) => {
    // Functions that look alike share a section.
    const titles = [...page.matchAll(/^### (.*)$/gm)].flatMap(([, title]) => (title ?? '').split(', '));
    expect(titles).toContain(name);
  });
  it.for(EXPECTATION_NAMES)('has a row for the expectation %s', (name) => {
    expect(page).toContain(`\n| \`${name}\` |`);
  });
  it('describes every row', () => {
    const bare = page.split('\n').filter((line) => /^\| `.*\|\s*\|$/.test(line));
    expect(bare).toEqual([]);
  });
});

describe('the JSON Schema', () => {
  const schema = scenarioJsonSchema();
  it('is draft-07 and strict', () => {
    expect(schema.$schema).toBe('http://json-schema.org/draft-07/schema#');
    expect(schema.additionalProperties).toBe(false);
    expect(schema.required).toEqual(['version', 'name', 'steps']);
  });
  it('names every step and counter', () => {
    const text = JSON.stringify(schema);
    for (const name of STEP_NAMES) expect(text).toMatch(new RegExp(`"(const":|enum":\\[[^\\]]*)"${name}"`));
    for (const name of COUNTER_NAMES) expect(text).toContain(`"${name}":`);
  });
});

describe('examples of the error catalogue', () => {
  /** The pieces that are whole steps, put into a file around which everything is right. */
  const steps = SCENARIO_ERRORS.filter(({ example }) => example.startsWith('- {') && !/^- \{ do: spawn/.test(example));
  const around = (piece: string): string =>
    `version: 1\nname: x\nsteps:\n- { do: mmap, as: buf, length: 4KiB }\n${piece}\n`;
  it.for(
    steps.filter(({ example }) => !/parent|process: child/.test(example)).map((entry) => [entry.code, entry] as const),
  )('%s shows the mistake, and its fix does not', ([code, { example, fix }]) => {
    if (code === 'MEM-SCN-004') return;
    expect(parseScenario(around(example)).errors.map((error) => error.code)).toContain(code);
    if (fix.startsWith('- {')) expect(parseScenario(around(fix)).errors).toEqual([]);
  });
  it.for(MACHINE_ERRORS.map((entry) => [entry.code, entry] as const))(
    '%s shows a mistake that is refused, by this code or by the schema before it',
    ([code, { example, fix }]) => {
      const steps = example.includes('kernel: none') ? '{ do: translate, at: 0 }' : '{ do: check }';
      const found = (machine: string) => parseScenario(`version: 1\nname: x\n${machine}\nsteps: [${steps}]\n`).errors;
      const codes = found(example).map((error) => error.code);
      const bySchema = [
        'MEM-CFG-001',
        'MEM-CFG-003',
        'MEM-CFG-008',
        'MEM-TLB-002',
        'MEM-TLB-004',
        'MEM-POL-001',
        'MEM-POL-002',
        'MEM-FMT-002',
        'MEM-FMT-004',
      ];
      if (bySchema.includes(code)) expect(codes.every((other) => other.startsWith('MEM-SCN-'))).toBe(true);
      else expect(codes).toContain(code);
      expect(codes).not.toEqual([]);
      if (fix.startsWith('machine:')) expect(found(fix)).toEqual([]);
    },
  );
  it('is YAML where it should be', () => {
    for (const { code, example } of SCENARIO_ERRORS) {
      if (code !== 'MEM-SCN-001' && code !== 'MEM-SCN-002') expect(() => parse(example), code).not.toThrow();
    }
  });
});
