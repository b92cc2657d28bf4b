/** Another program, run with the terminal of this one; what it writes to its file descriptor 3 is heard. */
import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { ProgramEnd } from './io.ts';

export function runProgram(
  program: string,
  args: readonly string[],
  heard: (bytes: Uint8Array) => void,
): Promise<ProgramEnd> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: ['inherit', 'inherit', 'inherit', 'pipe'] });
    const channel = child.stdio[3] as Readable | null;
    let failure: unknown = null;
    channel?.on('data', (bytes: Buffer) => {
      if (failure !== null) return;
      try {
        heard(bytes);
      } catch (error) {
        // What it writes is of no use any more: it need not go on.
        failure = error;
        child.kill();
      }
    });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      if (failure === null) resolve({ status, signal });
      else reject(failure);
    });
  });
}
