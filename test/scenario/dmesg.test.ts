/** The kernel's log in scenarios: `expect: { dmesg: … }`, and `oom_score_adj` steps that choose the victim. */
import { describe, expect, it } from 'vitest';
import { InputErrors, loadScenario, runScenarioText, type ScenarioResult } from '../../src/index.ts';

/** Two processes; the second takes all memory there is. */
const scenario = (steps: string, end = ''): string => `
version: 1
name: memory runs out
machine: { memory: 256KiB, sysctl: { overcommit_memory: 1 } }
steps:
  - { do: spawn, process: small }
  - { do: spawn, process: large }
  - { do: mmap, process: large, length: 1MiB, as: buf }
${steps}
  - { do: touch, process: large, at: buf, length: 1MiB, expect: EXPECT }
${end}`;

function run(steps: string, expected: string, end = ''): ScenarioResult {
  return runScenarioText(scenario(steps, end).replace('EXPECT', expected));
}

/** What did not hold: expected and actual. */
const failures = ({ steps, final }: ScenarioResult): string[] =>
  [...steps.flatMap(({ expectations }) => expectations), ...final]
    .filter(({ held }) => !held)
    .map(({ what, expected, actual }) => `${what}: ${expected}, not ${actual}`);

describe('dmesg', () => {
  it.each([
    'Killed process 2 (large)',
    '[large invoked oom-killer, "Mem-Info:", "oom-kill:constraint=CONSTRAINT_NONE", "Killed process 2 (large)"]',
  ])('%s occurs', (text) => {
    const result = run('', `{ signal: SIGKILL, dmesg: ${text} }`, `expect: { dmesg: ${text} }`);
    expect(failures(result)).toEqual([]);
    expect(result.expectations?.held).toBe(3);
  });

  it.each([
    ['Killed process 1', '… "Killed process 1" …'],
    // In another order.
    ['["Mem-Info:", large invoked oom-killer]', '… "large invoked oom-killer" …'],
    ['[]', 'nothing in the log'],
  ])('%s does not', (text, expected) => {
    const [failure] = failures(run('', `{ dmesg: ${text} }`));
    expect(failure).toMatch(/^dmesg: /);
    expect(failure).toContain(`dmesg: ${expected}, not "large invoked oom-killer:`);
    expect(failure).toMatch(/ and \d\d more lines$/);
  });

  it('a step that is not told of anything wrote nothing, and the whole log is looked at in the end', () => {
    const quiet = '  - { do: load, process: small, at: stack-8, expect: { dmesg: [] } }';
    const after = '  - { do: check, process: small, expect: { dmesg: [] } }\nexpect: { dmesg: Out of memory }';
    expect(failures(run(quiet, '{ dmesg: Out of memory }', after))).toEqual([]);
    const late = '  - { do: check, process: small, expect: { dmesg: Out of memory } }';
    expect(failures(run('', '{}', late))).toEqual(['dmesg: … "Out of memory" …, not nothing in the log']);
  });

  it('an empty text is a mistake in the file', () => {
    expect(() => loadScenario(scenario('').replace('EXPECT', "{ dmesg: '' }"))).toThrow(InputErrors);
  });
});

describe('oom_score_adj', () => {
  const adjust = (process: string, value: number, rest: string) =>
    `  - { do: oom_score_adj, process: ${process}, value: ${value}, ${rest} }\n`;

  it('chooses the victim', () => {
    // Memory of 64 pages has no thousandth: only -1000 has an effect.
    const steps = adjust('large', -1000, 'privileged: true, expect: { errno: ok }');
    const result = run(steps, '{ dmesg: Killed process 1 (small) }', 'expect: { processes: [] }');
    expect(failures(result)).toEqual([]);
  });

  it.each([
    [-1, '', 'EACCES'],
    [1001, 'privileged: true, ', 'EINVAL'],
    [1000, '', 'ok'],
  ])('%d is answered with %s%s', (value, privileged, errno) => {
    const result = run(adjust('large', value, `${privileged}expect: { errno: ${errno} }`), '{}');
    expect(failures(result)).toEqual([]);
    const event = result.steps[3]!.events.find(({ type }) => type === 'Syscall');
    if (errno === 'ok') expect(event).toMatchObject({ name: 'write', result: 0 });
    else expect(event).toMatchObject({ result: errno, why: expect.stringContaining('oom_score_adj') });
    expect(result.steps[3]!.text).toBe(`oom_score_adj large ${value}${privileged === '' ? '' : ' privileged'}`);
  });
});
