/** A result as a list of test points, one an expectation: what TAP and JUnit both write down. */
import type { ExpectationResult, ScenarioResult } from '../scenario/result.ts';
import { counted } from './quantities.ts';
import { place, stepCount } from './reporter.ts';

export interface TestPoint {
  /** `step 3: store child buf+0x10 = 7: fault is copy-on-write`. */
  readonly name: string;
  readonly ok: boolean;
  /** One line; empty when ok. */
  readonly message: string;
  readonly expected: string | null;
  readonly actual: string | null;
  /** `file:line:column`, or null when no line is to blame. */
  readonly at: string | null;
  readonly explanation: readonly string[];
}

/** Never empty: a scenario without expectations has one point, that it ran to its end. */
export function testPoints(result: ScenarioResult): TestPoint[] {
  const points = result.steps.flatMap((step) =>
    step.expectations.map((expectation) =>
      expectationPoint(`step ${step.index + 1}: ${step.text}: ${expectation.what}`, expectation, result.file),
    ),
  );
  for (const expectation of result.final)
    points.push(expectationPoint(`end: ${expectation.what}`, expectation, result.file));
  if (result.status === 'step-limit') {
    points.push(endPoint(false, `stopped by the step limit after ${counted(stepCount(result), 'step')}`, []));
  } else if (points.length === 0) {
    points.push(endPoint(true, '', []));
  }
  if (result.invariants.length > 0) {
    points.push({
      ...endPoint(false, 'mmulator is wrong: invariants broken', result.invariants),
      name: 'invariants hold',
    });
  }
  return points;
}

function expectationPoint(name: string, expectation: ExpectationResult, file: string): TestPoint {
  return {
    name,
    ok: expectation.held,
    message: expectation.held ? '' : `${expectation.what}: expected ${expectation.expected}, got ${expectation.actual}`,
    expected: expectation.expected,
    actual: expectation.actual,
    at: place(file, expectation.range),
    explanation: expectation.explanation,
  };
}

function endPoint(ok: boolean, message: string, explanation: readonly string[]): TestPoint {
  return { name: 'runs to the end', ok, message, expected: null, actual: null, at: null, explanation };
}
