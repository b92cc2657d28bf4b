/** A result file and its trace: the trace is run again here, and every line, every hash and the final state compared. */
import { InputError } from '../../mmu/input-error.ts';
import { invariant } from '../../mmu/invariant.ts';
import { ProgramStopped } from '../../process/program-stopped.ts';
import { pythonProfile } from '../../process/python/profiles.ts';
import { Mistakes } from '../fields.ts';
import { differingFields } from '../first-difference.ts';
import type { Conformance, Divergence, FileConformance, MakeHash } from '../outcome.ts';
import { finalState } from './final-state.ts';
import { LineComparison } from './line-comparison.ts';
import { KNOWN_PROFILES, pythonOfProfile } from './profiles.ts';
import { type RecordedProgram, startRecordedProgram } from './recorded-program.ts';
import { ResultFile } from './result-file.ts';
import { opText, TraceFile } from './trace-file.ts';
import { TraceReplay } from './trace-replay.ts';

const KIND = 'allocations';
const TRACE_OF_ANOTHER = 'MEM-CNF-006';

/** A result file that has been opened: which trace it is about, and whether it can be replayed at all. */
export class AllocationResult {
  readonly file: string;
  readonly recording: ResultFile;
  private readonly mistakes: Mistakes;

  /** @throws InputErrors when its beginning is not that of a result */
  constructor(file: string, text: string) {
    this.file = file;
    this.mistakes = new Mistakes(file);
    this.recording = new ResultFile(text, this.mistakes);
    this.mistakes.throwIfAny();
  }

  /** Name of the trace that it is a result of. */
  get trace(): string {
    return this.recording.header.trace;
  }

  /** Why it cannot be replayed; null when it can. */
  skipped(): FileConformance | null {
    const { profile, python } = this.recording.header;
    if (pythonOfProfile(profile) !== undefined) return null;
    const reason = `profile \`${profile}\` (${python}) is not known; known are ${KNOWN_PROFILES.join(', ')}`;
    const counts = { passed: 0, failed: 0, skipped: 1, ops: 0, divergences: [], unlisted: 0 };
    return { file: this.file, kind: KIND, profile, outcome: 'skipped', reason, ...counts };
  }

  /** @throws InputErrors when the trace is none, or not this result's */
  replay(traceFile: string, traceText: string, makeHash: MakeHash): Conformance {
    const mistakes = new Mistakes(traceFile);
    const trace = new TraceFile(traceText, mistakes);
    const { header } = this.recording;
    if (mistakes.errors.length === 0 && (trace.header.trace !== header.trace || trace.header.ops !== header.ops)) {
      const message = `this is trace \`${trace.header.trace}\` of ${trace.header.ops} ops`;
      const hint = `${this.file} is the result of \`${header.trace}\`, ${header.ops} ops`;
      mistakes.add(TRACE_OF_ANOTHER, 1, message, hint);
    }
    mistakes.throwIfAny();
    return new AllocationConformance(this.file, this.recording, traceFile, trace, makeHash);
  }
}

class AllocationConformance implements Conformance {
  private readonly file: string;
  private readonly recording: ResultFile;
  private readonly traceFile: string;
  private readonly trace: TraceFile;
  private readonly comparison: LineComparison;
  private readonly makeHash: MakeHash;
  private readonly program: RecordedProgram;
  private readonly replay: TraceReplay;
  /** Of the end: the program's death, or its final state. */
  private readonly last: Divergence[] = [];

  constructor(file: string, recording: ResultFile, traceFile: string, trace: TraceFile, makeHash: MakeHash) {
    this.file = file;
    this.recording = recording;
    this.traceFile = traceFile;
    this.trace = trace;
    this.makeHash = makeHash;
    this.comparison = new LineComparison(recording, makeHash);
    const { profile: name, debugHooks } = recording.header;
    const profile = pythonProfile(pythonOfProfile(name) ?? '');
    invariant(profile !== undefined, `profile ${name} is one of the table's`);
    this.program = startRecordedProgram(trace.header, profile, debugHooks);
    this.replay = new TraceReplay(this.program);
  }

  step(ops: number): boolean {
    try {
      for (let done = 0; done < ops; done++) {
        if (!this.trace.next()) {
          this.end();
          return true;
        }
        this.replay.perform(this.trace.op);
        this.comparison.add(this.trace.number, this.trace.op, this.replay.line, this.replay.placement);
      }
      return false;
    } catch (thrown) {
      if (thrown instanceof InputError) throw this.ofTrace(thrown);
      if (!(thrown instanceof ProgramStopped)) throw thrown;
      this.died();
      return true;
    }
  }

  result(): FileConformance {
    const { comparison, recording, trace, last } = this;
    const divergences = [...comparison.divergences, ...last];
    const holds = divergences.length === 0;
    return {
      file: this.file,
      kind: KIND,
      profile: recording.header.profile,
      outcome: holds ? 'passed' : 'failed',
      reason: null,
      passed: holds ? 1 : 0,
      failed: holds ? 0 : 1,
      skipped: 0,
      ops: trace.number,
      divergences,
      unlisted: comparison.unlisted,
    };
  }

  /** The arena allocator knows what is wrong with the header, but not what the file is called. */
  private ofTrace({ code, message, hint }: InputError): InputError {
    const range = { line: 1, column: 1, endLine: 1, endColumn: 1 };
    return new InputError({ code, message, hint, range, file: this.traceFile });
  }

  private end(): void {
    this.comparison.end();
    const differences = differingFields(this.recording.final(), finalState(this.program, this.makeHash), 'final');
    for (const { path, expected, actual } of differences) {
      this.last.push({ where: path, op: null, what: null, expected, actual, notes: [] });
    }
  }

  /** A signal ended the program in the middle of an op. */
  private died(): void {
    const { process } = this.program.memory;
    const { number, op } = this.trace;
    const signal = process.lastSignal;
    this.last.push({
      where: `op ${number}`,
      op: number,
      what: opText(op),
      expected: this.recording.checkpoints === null ? this.recording.nextLine() : 'the program goes on',
      actual: signal === null ? 'the program ended' : `the program was ended by ${signal.signal}: ${signal.reason}`,
      notes: lastWords(process.output),
    });
  }
}

/** Bytes of the program's console shown when it has died. */
const LAST_WORDS_BYTES = 400;

function lastWords(output: readonly number[]): string[] {
  const text = String.fromCharCode(...output.slice(-LAST_WORDS_BYTES));
  return text.split('\n').filter((line) => line !== '');
}
