/**
 * A file of debug-hook cases: each a few ops on a fresh interpreter with what it answered, printed and how it ended. A case is a
 * recording of its own: it passes, fails or, for a release that is not known, is skipped.
 *
 *     {"header":{…},"cases":[{"case":"fresh_r_0","python":"3.11.7","debug_hooks":true,"ops":[…],"out":[…],
 *                             "stderr":"…","returncode":0}, …]}
 */
import { InputError } from '../../mmu/input-error.ts';
import { Fields, isObject, Mistakes, parseJson } from '../fields.ts';
import { type Conformance, type Divergence, type FileConformance, LISTED_MAX } from '../outcome.ts';
import { type DebugCase, profileOfRelease, replayDebugCase } from './debug-hook-cases.ts';
import { parseDebugOp } from './debug-hook-ops.ts';

const NOT_CASES = 'MEM-CNF-003';
const WRONG_CASE = 'MEM-CNF-004';
/** Starting an interpreter for a case takes about as long as so many ops. */
const OPS_OF_A_START = 1000;

/** @throws InputErrors every mistake in the file */
export function conformDebugHooks(file: string, text: string): Conformance {
  const mistakes = new Mistakes(file);
  const json = parseJson(text);
  const cases = isObject(json) ? json.cases : undefined;
  if (!Array.isArray(cases)) {
    return mistakes.refuse(NOT_CASES, 0, 'not a file of debug-hook cases', 'expected JSON: {"header":…,"cases":[…]}');
  }
  const read = cases.map((item: unknown, index) => readCase(item, index, mistakes));
  mistakes.throwIfAny();
  return new DebugHookConformance(file, read);
}

function readCase(item: unknown, index: number, mistakes: Mistakes): DebugCase {
  const place = `case ${index + 1}: `;
  const fields = new Fields(isObject(item) ? item : {}, 0, mistakes, WRONG_CASE, place);
  const ops = fields.texts('ops');
  for (const op of ops) {
    try {
      parseDebugOp(op);
    } catch (thrown) {
      if (!(thrown instanceof InputError)) throw thrown;
      mistakes.add(thrown.code, 0, place + thrown.message, thrown.hint);
    }
  }
  return {
    name: fields.text('case'),
    python: fields.text('python'),
    debugHooks: fields.flag('debug_hooks'),
    ops,
    out: fields.texts('out'),
    stderr: fields.text('stderr'),
    returnCode: fields.whole('returncode', Number.MIN_SAFE_INTEGER),
  };
}

class DebugHookConformance implements Conformance {
  private readonly file: string;
  private readonly cases: readonly DebugCase[];
  private next = 0;
  private passed = 0;
  private failed = 0;
  private ops = 0;
  private readonly divergences: Divergence[] = [];
  /** Releases of skipped cases, each with how many. */
  private readonly unknown = new Map<string, number>();

  constructor(file: string, cases: readonly DebugCase[]) {
    this.file = file;
    this.cases = cases;
  }

  step(ops: number): boolean {
    for (let done = 0; done < ops && this.next < this.cases.length; this.next++) {
      const recorded = this.cases[this.next]!;
      this.conform(recorded);
      done += OPS_OF_A_START + recorded.ops.length;
    }
    return this.next >= this.cases.length;
  }

  result(): FileConformance {
    const { passed, failed, unknown } = this;
    const skipped = [...unknown.values()].reduce((sum, count) => sum + count, 0);
    const releases = [...unknown.keys()].join(', ');
    return {
      file: this.file,
      kind: 'debug hooks',
      profile: [...new Set(this.cases.map(({ python }) => python))].join(', '),
      outcome: failed > 0 ? 'failed' : passed === 0 && skipped > 0 ? 'skipped' : 'passed',
      reason: skipped === 0 ? null : `${skipped} of the cases are of releases that are not known: ${releases}`,
      passed,
      failed,
      skipped,
      ops: this.ops,
      divergences: this.divergences,
      unlisted: failed - this.divergences.length,
    };
  }

  private conform(recorded: DebugCase): void {
    const profile = profileOfRelease(recorded.python);
    if (profile === undefined) {
      this.unknown.set(recorded.python, (this.unknown.get(recorded.python) ?? 0) + 1);
      return;
    }
    const { divergence } = replayDebugCase(recorded, profile);
    this.ops += recorded.ops.length;
    if (divergence === null) {
      this.passed++;
      return;
    }
    this.failed++;
    if (this.divergences.length >= LISTED_MAX) return;
    const { where, op, expected, actual } = divergence;
    const hooks = recorded.debugHooks ? 'with hooks' : 'without hooks';
    this.divergences.push({
      where: `case ${recorded.name} (${recorded.python} ${hooks}), op ${op}: ${where}`,
      op,
      what: recorded.ops[op - 1] ?? null,
      expected,
      actual,
      notes: [],
    });
  }
}
