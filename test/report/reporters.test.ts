/** What each reporter writes for a result that holds, one that fails, and a file that could not be run. */
import { describe, expect, it } from 'vitest';
import { InputError } from '../../src/mmu/input-error.ts';
import { REPORTERS, reporterNamed } from '../../src/report/registry.ts';
import type { FileReport, ReportContext } from '../../src/report/reporter.ts';
import { PLAIN } from '../../src/report/style.ts';
import type { ScenarioResult } from '../../src/scenario/result.ts';
import { expectation, FAILED, HELD, rangeAt, stepResult } from './fixture.ts';

const ran = (result: ScenarioResult): FileReport => ({ kind: 'ran', file: result.file, result });
const BAD: FileReport = {
  kind: 'bad',
  file: 'scenarios/bad.yaml',
  errors: [
    new InputError({
      code: 'MEM-SCN-007',
      message: 'unknown step `stroe`',
      hint: 'did you mean `store`?',
      range: rangeAt(6),
    }),
  ],
};

function report(name: string, reports: readonly FileReport[], more: Partial<ReportContext> = {}): string {
  const context: ReportContext = {
    style: PLAIN,
    files: reports.length,
    quiet: false,
    verbose: false,
    version: '0.1.0',
    ...more,
  };
  const run = reporterNamed(name)!.start(context);
  return reports.map((each) => run.file(each)).join('') + run.end();
}

describe('pretty', () => {
  it('tells a scenario that holds step by step', () => {
    expect(report('pretty', [ran(HELD)])).toMatchInlineSnapshot(`
      "
       copy on write gives each process its own page
       scenarios/cow.yaml

          1    spawn parent                pid 1
          2    mmap parent 8KiB rw as buf  = 0x10000000
          3    fork parent as child        pid 2
               # from here on both share every frame
               │ 1 page-table entry copied, 3 table frames made
          4 ✓  store child buf+0x10 = 7    copy-on-write               2 TLB misses, 6 PTE reads
               │ frame 12 is shared by 2 mappings, so the writer gets a copy
               │ frame 12 copied to frame 13 for child
          5 ✓  load parent buf+0x10        = 42
          6 ✓  store child 0 = 1           SIGSEGV SEGV_MAPERR at 0x0  1 TLB miss
               │ no area covers address 0x0; child is killed

       ✓ 5 expectations held, 6 steps
         accesses  3: 1 load, 2 stores
         TLB       1 hit (25 %), 3 misses
         walks     3, reading 9 PTEs
         faults    1 minor, 0 major: 1 copy-on-write, 1 protection fault
         kernel    2 system calls, 1 fork, 1 signal

      "
    `);
  });

  it('shows expected, actual and why when an expectation fails', () => {
    expect(report('pretty', [ran(FAILED)])).toMatchInlineSnapshot(`
      "
       what <they> "believe" & # why
       scenarios/wrong.yaml

          1    spawn parent                pid 1
          2    mmap parent 8KiB rw as buf  = 0x10000000
          3    fork parent as child        pid 2
               # from here on both share every frame
               │ 1 page-table entry copied, 3 table frames made
          4 ✓  store child buf+0x10 = 7    copy-on-write  2 TLB misses, 6 PTE reads
               │ frame 12 is shared by 2 mappings, so the writer gets a copy
               │ frame 12 copied to frame 13 for child
          5 ✗  load parent buf+0x10        = 42
              ✗ value  scenarios/wrong.yaml:9:5
                  expected  7
                  actual    42
                  because   child wrote 7 to a copy of its own (frame 13) at step 4
                  because   parent still maps frame 12

        at the end
              ✗ frames.leaked  scenarios/wrong.yaml:15:5
                  expected  0
                  actual    2

       ✗ 2 of 3 expectations failed, 5 steps
         accesses  3: 1 load, 2 stores
         TLB       1 hit (25 %), 3 misses
         walks     3, reading 9 PTEs
         faults    1 minor, 0 major: 1 copy-on-write, 1 protection fault
         kernel    2 system calls, 1 fork, 1 signal

      "
    `);
  });

  it('gives each of many files a line, and says of those that fail what failed', () => {
    expect(report('pretty', [ran(HELD), ran(FAILED), BAD])).toMatchInlineSnapshot(`
      "✓ scenarios/cow.yaml  copy on write gives each process its own page
      ✗ scenarios/wrong.yaml  what <they> "believe" & # why
          5 ✗  load parent buf+0x10  = 42
              ✗ value  scenarios/wrong.yaml:9:5
                  expected  7
                  actual    42
                  because   child wrote 7 to a copy of its own (frame 13) at step 4
                  because   parent still maps frame 12

        at the end
              ✗ frames.leaked  scenarios/wrong.yaml:15:5
                  expected  0
                  actual    2
        ✗ 2 of 3 expectations failed, 5 steps
      ✗ scenarios/bad.yaml  not run: unknown step \`stroe\`

      3 scenarios: 1 held, 1 failed, 1 not run (11 steps, 8 expectations)
      "
    `);
  });

  it('is silent about what held when quiet', () => {
    const text = report('pretty', [ran(HELD), ran(FAILED)], { quiet: true });
    expect(text).not.toContain('cow.yaml');
    expect(text).toContain('wrong.yaml');
    expect(text.trimEnd().split('\n').at(-1)).toBe('2 scenarios: 1 held, 1 failed (11 steps, 8 expectations)');
  });

  it('says when the step limit ended a run, and when mmulator is wrong', () => {
    const limited: ScenarioResult = { ...HELD, passed: false, status: 'step-limit' };
    expect(report('pretty', [ran(limited)])).toContain('stopped by the step limit after 6 steps');
    const broken: ScenarioResult = {
      ...HELD,
      passed: false,
      invariants: ['step 3: frame 4 has 2 mappings and count 1'],
    };
    expect(report('pretty', [ran(broken)])).toContain('mmulator is wrong: 1 invariant broken');
  });

  it('colours only when the style allows', () => {
    expect(report('pretty', [ran(HELD)])).not.toContain('\u001b');
    const colored = report('pretty', [ran(HELD)], { style: { color: true, width: 100 } });
    expect(colored).toContain('\u001b[32m✓');
    const ESC = '\u001b';
    expect(colored.replaceAll(new RegExp(`${ESC}\\[\\d+m`, 'g'), '')).toBe(report('pretty', [ran(HELD)]));
  });

  it('stays below 100 columns', () => {
    const long = stepResult(0, `store child buf+0x10 = ${'"long text "'.repeat(3)}`, {
      outcome: { kind: 'value', bytes: '00 '.repeat(64).trim(), number: null },
      cost: { tlbMisses: 12, pteReads: 48, evictions: 12, swapReads: 12, swapWrites: 12 },
      note: 'a note that goes on and on '.repeat(8),
    });
    const text = report('pretty', [ran({ ...HELD, steps: [long] })]);
    for (const line of text.split('\n')) expect(line.length).toBeLessThan(100);
  });
});

describe('tap', () => {
  it('is TAP 14 with a subtest a scenario and YAML below failures', () => {
    expect(report('tap', [ran(HELD), ran(FAILED), BAD])).toMatchInlineSnapshot(`
      "TAP version 14
      # Subtest: copy on write gives each process its own page (scenarios/cow.yaml)
          1..5
          ok 1 - step 4: store child buf+0x10 = 7: fault
          ok 2 - step 5: load parent buf+0x10: value
          ok 3 - step 6: store child 0 = 1: signal
          ok 4 - step 6: store child 0 = 1: code
          ok 5 - end: counters.copyOnWriteFaults
      ok 1 - copy on write gives each process its own page (scenarios/cow.yaml)
      # Subtest: what <they> "believe" & \\# why (scenarios/wrong.yaml)
          1..3
          ok 1 - step 4: store child buf+0x10 = 7: fault
          not ok 2 - step 5: load parent buf+0x10: value
            ---
            message: "value: expected 7, got 42"
            severity: "fail"
            expected: "7"
            actual: "42"
            at: "scenarios/wrong.yaml:9:5"
            because:
              - "child wrote 7 to a copy of its own (frame 13) at step 4"
              - "parent still maps frame 12"
            ...
          not ok 3 - end: frames.leaked
            ---
            message: "frames.leaked: expected 0, got 2"
            severity: "fail"
            expected: "0"
            actual: "2"
            at: "scenarios/wrong.yaml:15:5"
            ...
      not ok 2 - what <they> "believe" & \\# why (scenarios/wrong.yaml)
      not ok 3 - scenarios/bad.yaml
        ---
        severity: "error"
        errors:
          - code: "MEM-SCN-007"
            message: "unknown step \`stroe\`"
            at: "scenarios/bad.yaml:6:5"
            hint: "did you mean \`store\`?"
        ...
      1..3
      "
    `);
  });

  it('of nothing is a plan of nothing', () => {
    expect(report('tap', [])).toBe('TAP version 14\n1..0\n');
  });
});

describe('junit', () => {
  it('is XML with every special character escaped', () => {
    expect(report('junit', [ran(FAILED), BAD])).toMatchInlineSnapshot(`
      "<?xml version="1.0" encoding="UTF-8"?>
      <testsuites name="mmulator 0.1.0" tests="4" failures="2" errors="1">
        <testsuite name="what &lt;they&gt; &quot;believe&quot; &amp; # why" file="scenarios/wrong.yaml" tests="3" failures="2" errors="0" skipped="0">
          <properties>
            <property name="seed" value="7"/>
          </properties>
          <testcase name="step 4: store child buf+0x10 = 7: fault" classname="scenarios/wrong.yaml"/>
          <testcase name="step 5: load parent buf+0x10: value" classname="scenarios/wrong.yaml">
            <failure message="value: expected 7, got 42" type="expectation">scenarios/wrong.yaml:9:5
      expected  7
      actual    42
      because   child wrote 7 to a copy of its own (frame 13) at step 4
      because   parent still maps frame 12</failure>
          </testcase>
          <testcase name="end: frames.leaked" classname="scenarios/wrong.yaml">
            <failure message="frames.leaked: expected 0, got 2" type="expectation">scenarios/wrong.yaml:15:5
      expected  0
      actual    2</failure>
          </testcase>
        </testsuite>
        <testsuite name="scenarios/bad.yaml" file="scenarios/bad.yaml" tests="1" failures="0" errors="1" skipped="0">
          <testcase name="is a valid scenario" classname="scenarios/bad.yaml">
            <error message="unknown step \`stroe\`" type="MEM-SCN-007">scenarios/bad.yaml:6:5: MEM-SCN-007: unknown step \`stroe\`</error>
          </testcase>
        </testsuite>
      </testsuites>
      "
    `);
  });

  it('writes no character that XML 1.0 forbids', () => {
    const text = report('junit', [ran({ ...FAILED, name: 'bell \u0007 escape \u001b lone \ud800 tab \t fine' })]);
    expect(text).toContain('name="bell \ufffd escape \ufffd lone \ufffd tab &#9; fine"');
  });
});

describe('json', () => {
  it('is one document with the results as they are', () => {
    const document = JSON.parse(report('json', [ran(HELD), ran(FAILED), BAD]));
    expect(document).toMatchObject({
      mmulator: '0.1.0',
      version: 1,
      results: [
        { file: 'scenarios/cow.yaml', passed: true, status: 'held', seed: 7 },
        { file: 'scenarios/wrong.yaml', passed: false, status: 'failed' },
        { file: 'scenarios/bad.yaml', status: 'bad-input', errors: [{ code: 'MEM-SCN-007', range: { line: 6 } }] },
      ],
      summary: { scenarios: 3, held: 1, failed: 1, bad: 1, steps: 11, expectations: 8, expectationsFailed: 2 },
    });
    expect(document.results[0].steps).toEqual(JSON.parse(JSON.stringify(HELD.steps)));
    expect(document.results[0]).not.toHaveProperty('lastView');
  });

  it('writes 64-bit constants as text', () => {
    const step = stepResult(0, 'load 0xffffffffffffffff', {
      outcome: {
        kind: 'signal',
        info: {
          signal: 'SIGSEGV',
          code: 'SI_KERNEL',
          address: 0xffffffffffffffffn,
          errorCode: null,
          reason: 'not canonical',
        },
      },
    });
    const document = JSON.parse(report('json', [ran({ ...HELD, steps: [step] })]));
    expect(document.results[0].steps[0].outcome.info.address).toBe('0xffffffffffffffff');
  });

  it('of nothing is still a document', () => {
    expect(JSON.parse(report('json', []))).toMatchObject({ results: [], summary: { scenarios: 0 } });
  });
});

describe('every reporter', () => {
  it.for(REPORTERS.map(({ name }) => name))('%s says that a scenario without expectations ran', (name) => {
    const bare: ScenarioResult = { ...HELD, steps: [stepResult(0, 'comment hello')], final: [] };
    expect(report(name, [ran(bare)])).toMatch(
      /ran to the end|ok 1 - runs to the end|name="runs to the end"|"status": "held"/,
    );
  });

  it.for(REPORTERS.map(({ name }) => name))('%s gives the same text every time', (name) => {
    const reports = [ran(HELD), ran(FAILED), BAD];
    expect(report(name, reports)).toBe(report(name, reports));
  });
});

describe('what was not held anywhere else', () => {
  it('a final expectation that fails is told where it stands', () => {
    const result: ScenarioResult = {
      ...FAILED,
      final: [expectation('frames.leaked', '0', '2', { range: rangeAt(15) })],
    };
    expect(report('pretty', [ran(result)])).toContain('scenarios/wrong.yaml:15:5');
  });
});
