/** What a person reads of heaps: answers in lines, aborts without an address, tools in the table and in the story. */
import { expect, it } from 'vitest';
import { runScenarioText } from '../../src/index.ts';
import { printedBy } from '../../src/report/heap-report.ts';
import { makeNames } from '../../src/report/names.ts';
import { outcomeText } from '../../src/report/outcome.ts';

const names = makeNames(new Map(), {});
const steps = (...lines: string[]) =>
  runScenarioText(
    [
      'version: 1',
      'name: x',
      'machine: { paging: x86_64, memory: 8MiB }',
      'steps:',
      ...lines.map((line) => `  - ${line}`),
      '',
    ].join('\n'),
  ).steps;

it('an abort has no address to blame', () => {
  const [, , aborted] = steps('{ do: malloc, size: 24, as: p }', '{ do: free, ptr: p }', '{ do: free, ptr: p }');
  expect(outcomeText(aborted!.outcome, names)).toBe('SIGABRT');
  expect(aborted?.printed).toBe('free(): double free detected in tcache 2\n');
});

it('an answer in lines stands below its step, an empty one nowhere', () => {
  const [, started, , info] = steps(
    "{ do: spawn, process: p, python: '3.11' }",
    '{ do: tracemalloc.start }',
    '{ do: malloc, size: 9, as: q }',
    '{ do: mallinfo2 }',
  );
  expect(outcomeText(started!.outcome, names)).toBe('');
  expect(outcomeText(info!.outcome, names)).toBe('');
  expect(printedBy(info!)).toContain('ordblks 1');
});

it('bytes that are no text are shown as numbers', () => {
  const [step] = [{ printed: "API '\xdd'\n", outcome: { kind: 'ok' as const } }];
  expect(printedBy(step!)).toEqual(["API '\\xdd'"]);
});
