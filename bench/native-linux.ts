/**
 * A native program that is set up once and then asked for one timing after another, so that it can take turns with the
 * emulated side. The benchmark is synchronous, Node's pipes to children are not: two named pipes are.
 *
 *     benchmark ──"\n"──► QUESTIONS ──► program        blocking on both sides; the program ends when QUESTIONS is closed,
 *     benchmark ◄──"1234.5\n"── ANSWERS ◄── program    at the latest with the benchmark itself
 *
 * An answer is the nanoseconds of one operation; what was counted on the way may follow it: "1234.5 5038682\n".
 */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Timed } from './harness.ts';
import { expect } from './workbench.ts';

const scratchFolders: string[] = [];

/** A new one, gone with the benchmark. */
export function scratchFolder(): string {
  if (scratchFolders.length === 0) {
    process.on('exit', () => {
      for (const folder of scratchFolders) rmSync(folder, { recursive: true, force: true });
    });
  }
  const folder = mkdtempSync(join(tmpdir(), 'mmulator-bench-'));
  scratchFolders.push(folder);
  return folder;
}

/** Path of the program compiled from bench/native/NAME.c, or null without a compiler or off Linux. */
export function compileNative(name: string): string | null {
  const source = fileURLToPath(new URL(`../../bench/native/${name}.c`, import.meta.url));
  const program = join(scratchFolder(), name);
  try {
    execFileSync('cc', ['-O2', source, '-o', program], { stdio: 'pipe' });
    return program;
  } catch {
    return null;
  }
}

/** Is there a program of this name that says its version? */
export function hasProgram(name: string): boolean {
  try {
    execFileSync(name, ['--version'], { stdio: 'pipe' });
    return true;
  } catch {
    return false;
  }
}

/**
 * The program with these arguments and the two pipes; it is started when it is first asked.
 * @param check is told what each answer counted
 */
export function askNative(
  program: string,
  args: readonly (string | number)[],
  operations: number,
  check: (counts: readonly number[]) => void = () => {},
): Timed {
  let channel: { readonly questions: number; readonly answers: number } | null = null;
  return {
    operations,
    run() {
      channel ??= startNative(program, args);
      writeSync(channel.questions, '\n');
      const answer = Buffer.alloc(64);
      const length = readSync(channel.answers, answer, 0, answer.length, null);
      expect(length > 0, `the native side of ${args[0]} answers`);
      const [nanoseconds, ...counts] = answer.toString('ascii', 0, length).trim().split(' ').map(Number);
      check(counts);
      return nanoseconds! * operations;
    },
  };
}

let pipeFolder: string | null = null;
let started = 0;

function startNative(program: string, args: readonly (string | number)[]) {
  pipeFolder ??= scratchFolder();
  const folder = pipeFolder;
  started++;
  const pipes = [join(folder, `questions-${started}`), join(folder, `answers-${started}`)] as const;
  execFileSync('mkfifo', pipes);
  const child = spawn(program, [...args.map(String), ...pipes], { stdio: ['ignore', 'ignore', 'inherit'] });
  child.unref();
  return { questions: openSync(pipes[0], 'w'), answers: openSync(pipes[1], 'r') };
}
