/** The C library's last words: what malloc prints when it finds its structures broken, and abort(). */
import type { ProgramMemory } from '../program-memory.ts';

/** malloc_printerr: `message` and a newline on stderr, SIGABRT. */
export function corrupted(memory: ProgramMemory, message: string): never {
  memory.error(`${message}\n`);
  memory.abort(message);
}

/** __malloc_assert: an assertion of malloc.c that failed, by the function that holds it and its text. */
export function assertionFailed(memory: ProgramMemory, where: string, text: string): never {
  const message = `Fatal glibc error: malloc assertion failure in ${where}: ${text}`;
  memory.error(`${message}\n`);
  memory.abort(message);
}
