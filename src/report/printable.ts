/**
 * What a scenario calls things may hold any character, and a terminal obeys some of them (ESC, BEL): in text they are
 * shown, not sent. Formats for programs keep the strings as they are; they have an escaping of their own.
 */
import type { ExpectationResult, ScenarioResult, StepOutcome, StepResult } from '../scenario/result.ts';

/** Control characters other than tab and line breaks, and the marks that turn the direction of text around. */
const CONTROL = /[^\P{Cc}\t\n\r]|[\u202a-\u202e\u2066-\u2069]/gu;
const NAMED: Readonly<Record<string, string>> = { '\u0007': '\\a', '\u0008': '\\b', '\u001b': '\\e' };

/** `\e[31m` for the escape sequence that would colour what follows. */
export function printable(text: string): string {
  return text.replace(
    CONTROL,
    (character) => NAMED[character] ?? `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** The same length, for a source line above which carets stand. */
export const printableSource = (text: string): string => text.replace(CONTROL, '\ufffd');

const orNull = (text: string | null): string | null => (text === null ? null : printable(text));

/** A result as it may be shown to people. */
export function printableResult(result: ScenarioResult): ScenarioResult {
  return {
    ...result,
    file: printable(result.file),
    name: printable(result.name),
    description: orNull(result.description),
    steps: result.steps.map(printableStep),
    final: result.final.map(printableExpectation),
    symbols: Object.fromEntries(Object.entries(result.symbols).map(([name, address]) => [printable(name), address])),
  };
}

export function printableStep(step: StepResult): StepResult {
  return {
    ...step,
    text: printable(step.text),
    note: orNull(step.note),
    process: orNull(step.process),
    outcome: printableOutcome(step.outcome),
    expectations: step.expectations.map(printableExpectation),
  };
}

function printableOutcome(outcome: StepOutcome): StepOutcome {
  if (outcome.kind === 'process') return { ...outcome, name: printable(outcome.name) };
  if (outcome.kind === 'errno' && outcome.why !== undefined) return { ...outcome, why: printable(outcome.why) };
  return outcome.kind === 'dead' ? { ...outcome, why: printable(outcome.why) } : outcome;
}

const printableExpectation = (expectation: ExpectationResult): ExpectationResult => ({
  ...expectation,
  what: printable(expectation.what),
  expected: printable(expectation.expected),
  actual: printable(expectation.actual),
  explanation: expectation.explanation.map(printable),
});
