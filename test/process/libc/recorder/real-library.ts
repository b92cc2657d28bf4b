/** The recorder as a running program: is there a compiler, which library is it, and what does it answer. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Sequence } from './script.ts';

/** What one sequence did: README.md describes the notation of the results. */
export interface Outcome {
  /** One for each operation, up to the one that ended the program. */
  readonly results: readonly string[];
  /** `exit`, or the signal's name. */
  readonly end: string;
  readonly stderr: string;
}

export interface Recording extends Sequence, Outcome {}

/** The library that the recordings are of. */
export const RECORDED_VERSION = '2.36';
const SOURCE = fileURLToPath(new URL('recorder.c', import.meta.url));
/** malloc(3) must be called, whatever the compiler knows about it. */
const FLAGS = ['-O1', '-fno-builtin', '-w'];
const OUTPUT_MAX = 64 << 20;

export class RealLibrary {
  readonly version: string;
  private readonly folder: string;
  private readonly program: string;

  private constructor(folder: string, program: string, version: string) {
    this.folder = folder;
    this.program = program;
    this.version = version;
  }

  /** The compiled recorder, or a sentence why there is none. */
  static build(): RealLibrary | string {
    if (process.platform !== 'linux' || process.arch !== 'x64') return `not Linux on x86-64 but ${process.platform}`;
    const folder = mkdtempSync(join(tmpdir(), 'mmulator-libc-'));
    const program = join(folder, 'recorder');
    const compiled = spawnSync('cc', [...FLAGS, SOURCE, '-o', program], { encoding: 'utf8' });
    if (compiled.error !== undefined || compiled.status !== 0) {
      rmSync(folder, { recursive: true });
      return compiled.error !== undefined ? 'no C compiler' : `the recorder does not compile: ${compiled.stderr}`;
    }
    const version = spawnSync(program, ['version'], { encoding: 'utf8', env: {} }).stdout;
    return new RealLibrary(folder, program, version);
  }

  /** Run the sequences, each in a process of its own. */
  run(sequences: readonly Sequence[]): Outcome[] {
    const input = sequences.map(
      ({ name, operations }) => `= ${name}\n${operations.map((line) => `${line}\n`).join('')}`,
    );
    // No environment: GLIBC_TUNABLES and MALLOC_* would be other programs.
    const { stdout, stderr, status } = spawnSync(this.program, {
      input: input.join(''),
      encoding: 'latin1',
      env: {},
      maxBuffer: OUTPUT_MAX,
    });
    if (status !== 0) throw new Error(`the recorder ended with ${status}: ${stderr}`);
    return stdout
      .trimEnd()
      .split('\n')
      .map((line) => {
        const { results, end, stderr: text } = JSON.parse(line) as Outcome;
        return { results, end, stderr: text };
      });
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
